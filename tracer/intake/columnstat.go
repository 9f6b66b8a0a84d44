package intake

import (
	"slices"
	"strings"
)

// columnStat counts what the first cells of a column are.
type columnStat struct {
	filled, ids, addresses, times, assets, prefectures, units int
}

// mostly reports whether more than half of the cells are such.
func (s columnStat) mostly(n int) bool { return 2*n > s.filled }

func columnStats(body []record) (stats []columnStat) {
	for i := range body {
		for len(stats) < len(body[i].cells) {
			stats = append(stats, columnStat{})
		}
		if subtotal(&body[i]) {
			continue
		}
		for c, cell := range body[i].cells {
			stats[c].add(cell)
		}
	}
	return stats
}

func (s *columnStat) add(c cell) {
	t := tidy(c.text)
	if t == "" {
		return
	}
	s.filled++
	switch {
	case holdsID(t):
		s.ids++
	case addressLike(t):
		s.addresses++
	case c.date || timeLike(t):
		s.times++
	case !decimal.MatchString(t) && prefectureCode(t) != "":
		s.prefectures++
	default:
		if _, ok := assetNamed(t); ok {
			s.assets++
		} else if q, err := parseQuantity(t); err == nil && q.unit != "" && !q.yen {
			s.units++
		}
	}
}

// dataLike reports whether a tidied cell is data rather than a word that heads data.
func dataLike(t string) bool {
	var s columnStat
	s.add(cell{text: t})
	_, err := parseQuantity(t)
	return s.ids+s.addresses+s.times+s.units > 0 || err == nil || slices.ContainsFunc(idTokens(t), idLike)
}

// idLike reports whether a word is what stands where an id should, right or wrong.
func idLike(word string) bool {
	switch r := readID(word); r.kind {
	case idHash, idTruncated, idTooLong, idAddress:
		return true
	case idTrade:
		const least = 4
		return len(strings.Map(digitsOnly, word)) >= least
	}
	return false
}

// subtotals are the words with which a row of sums begins.
var subtotals = []string{"合計", "小計", "総計", "計", "総合計", "total", "subtotal", "grandtotal", "sum"}

// subtotal reports whether a row holds sums, and so no payment: a cell says so, and
// none holds an id.
func subtotal(r *record) bool {
	said := false
	for _, c := range r.cells {
		t := strings.ToLower(strings.Trim(without(tidy(c.text)), ":"))
		if holdsID(t) {
			return false
		}
		for _, word := range subtotals {
			said = said || t == word
		}
	}
	return said
}

// remark reports whether a row is a single sentence below or between the data, as
// lists have them: ※…, 以上.
func remark(r *record) bool {
	said := ""
	for _, c := range r.cells {
		t := tidy(c.text)
		if t != "" && said != "" {
			return false
		}
		said += t
	}
	if holdsID(said) {
		return false
	}
	return strings.HasPrefix(said, "※") || strings.HasPrefix(said, "注)") || strings.HasPrefix(said, "(注") || said == "以上" || said == "以下余白"
}

func digitsOnly(r rune) rune {
	if r >= '0' && r <= '9' {
		return r
	}
	return -1
}
