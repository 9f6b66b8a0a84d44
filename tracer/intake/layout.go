package intake

import (
	"fmt"
	"strings"
	"time"
)

// Decision says what was made of a column, and why.
type Decision struct {
	Column  string `json:"column"`  // as a spreadsheet names it: A, B, …
	Heading string `json:"heading"` // as the file has it; empty where there is none
	Field   Field  `json:"field"`   // empty where the column is not read
	Why     string `json:"why"`
	WhyJA   string `json:"why_ja"`
}

// layout says which column holds what.
type layout struct {
	columns   map[Field]int
	headings  []string // empty where the file has none
	heading   int      // row number of the headings; 0 where there are none
	titles    []record // above the headings
	decisions []Decision
	base      bool           // amounts without a point are in base units
	zone      *time.Location // of times, where the heading names it: 日時(UTC)
	unit      string         // of amounts, where the heading names one: 数量(BTC)
	width     int
}

func (l *layout) column(f Field) int {
	if c, ok := l.columns[f]; ok {
		return c
	}
	return -1
}

// columnOf names the column of a field; empty where there is none.
func (l *layout) columnOf(f Field) string {
	if c := l.column(f); c >= 0 {
		return columnName(c)
	}
	return ""
}

// newLayout decides from the first rows of a file. It fails with a FileError where
// it cannot tell, naming the choices; want says which columns a person chose.
func newLayout(sample []record, want map[Field]string) (*layout, error) {
	l := &layout{columns: map[Field]int{}}
	words := headingWords()
	at := l.findHeading(sample, words)
	body := sample[at:]
	stats := columnStats(body)
	l.width = max(len(stats), len(l.headings))
	named := make([]Field, l.width)
	for i, h := range l.headings {
		named[i] = words[headingKey(h)]
	}
	l.decisions = make([]Decision, l.width)
	for i := range l.decisions {
		l.decisions[i].Column = columnName(i)
		if i < len(l.headings) {
			l.decisions[i].Heading = strings.TrimSpace(l.headings[i])
		}
	}
	if err := l.choose(want); err != nil {
		return nil, err
	}
	if err := l.findIDs(stats, named); err != nil {
		return nil, err
	}
	if err := l.findNamed(stats, named); err != nil {
		return nil, err
	}
	l.findByContent(stats)
	for i := range l.decisions {
		if d := &l.decisions[i]; d.Why == "" {
			d.Why, d.WhyJA = "not read: no known heading, and its cells do not tell", "読み取りません(見出しも内容も該当なし)。"
		}
	}
	l.findZone()
	l.findUnits()
	return l, nil
}

// findHeading finds the row of headings among the first rows: the one with most
// known words, above the first row with an id. It returns where the data begins.
func (l *layout) findHeading(sample []record, words map[string]Field) (body int) {
	best, at := 0, -1
	for i := range sample {
		known, ids := 0, false
		for _, c := range sample[i].cells {
			_, ok := words[headingKey(c.text)]
			if ok && tidy(c.text) != "" {
				known++
			}
			ids = ids || holdsID(c.text)
		}
		if ids {
			// A row of words right above the first id heads the columns, known or not.
			if best == 0 && i > 0 && headsColumns(&sample[i-1], &sample[i]) {
				at = i - 1
			}
			break
		}
		if known > best {
			best, at = known, i
		}
	}
	if at < 0 {
		return 0
	}
	l.headings, l.heading = sample[at].texts(), sample[at].number
	l.titles = append(l.titles, sample[:at]...)
	return at + 1
}

// headsColumns reports whether a row may name the columns of the one below it: it
// has a word for most of its cells, and no data.
func headsColumns(r, below *record) bool {
	words := 0
	for _, c := range r.cells {
		t := tidy(c.text)
		if t == "" {
			continue
		}
		if dataLike(t) {
			return false
		}
		words++
	}
	filled := 0
	for _, c := range below.cells {
		if tidy(c.text) != "" {
			filled++
		}
	}
	return words > 0 && 2*words > filled
}

func (l *layout) set(f Field, column int, why, whyJA string) {
	l.columns[f] = column
	d := &l.decisions[column]
	d.Field, d.Why, d.WhyJA = f, why, whyJA
}

// choose takes up what a person said of columns.
func (l *layout) choose(want map[Field]string) error {
	for _, f := range fieldOrder {
		name, ok := want[f]
		if !ok {
			continue
		}
		found := -1
		for i := range l.decisions {
			if strings.EqualFold(l.decisions[i].Column, name) || l.decisions[i].Heading != "" && tidy(l.decisions[i].Heading) == tidy(name) {
				found = i
			}
		}
		if found < 0 {
			return refuse(FileColumnMissing, 0, fmt.Sprintf("there is no column %q: columns are %s", name, l.names(allColumns(l.width))), fmt.Sprintf("列 %q がありません。", name))
		}
		l.set(f, found, "chosen by a person", "担当者が指定した列です。")
	}
	return nil
}

func allColumns(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// names lists columns with their headings.
func (l *layout) names(columns []int) string {
	var out []string
	for _, c := range columns {
		name := l.decisions[c].Column
		if h := tidy(l.decisions[c].Heading); h != "" {
			name += " (" + clipped(h) + ")"
		}
		out = append(out, name)
	}
	return strings.Join(out, ", ")
}

// findIDs finds the column of transaction ids: the one whose cells mostly are ids,
// whatever it is called; else the one that is called so.
func (l *layout) findIDs(stats []columnStat, named []Field) error {
	if l.column(FieldTx) >= 0 {
		return nil
	}
	var full, called []int
	for i := range l.width {
		if l.decisions[i].Field != "" || named[i] == fieldReasonEN || named[i] == fieldReasonJA || named[i] == FieldNote {
			continue
		}
		if i < len(stats) && stats[i].mostly(stats[i].ids) {
			full = append(full, i)
		}
		if named[i] == FieldTx {
			called = append(called, i)
		}
	}
	both := intersect(full, called)
	switch {
	case len(full) == 1:
		s := stats[full[0]]
		l.set(FieldTx, full[0], fmt.Sprintf("read as transaction ID because %d of its first %d cells hold one", s.ids, s.filled), fmt.Sprintf("最初の %d セルのうち %d が取引IDなので、取引IDとして読みます。", s.filled, s.ids))
	case len(both) == 1:
		l.set(FieldTx, both[0], "read as transaction ID because of its heading and its cells", "見出しと内容から取引IDとして読みます。")
	case len(full) > 1:
		return l.ambiguous(FieldTx, full)
	case len(called) == 1:
		l.set(FieldTx, called[0], "read as transaction ID because of its heading", "見出しから取引IDとして読みます。")
	case len(called) > 1:
		return l.ambiguous(FieldTx, called)
	case l.width == 1:
		l.set(FieldTx, 0, "read as transaction ID because it is the only column", "唯一の列なので取引IDとして読みます。")
	default:
		return refuse(FileNoIDs, 0, "no column holds transaction ids, and none is headed txid or 取引ID: columns are "+l.names(allColumns(l.width)),
			"取引IDの列が見つかりません。見出しを「取引ID」としてください。")
	}
	return nil
}

func (l *layout) ambiguous(f Field, columns []int) error {
	return refuse(FileAmbiguous, l.heading, fmt.Sprintf("columns %s may each be the %s: say which, or head only one of them so", l.names(columns), f),
		fmt.Sprintf("列 %s のどれが%sか決められません。指定するか、見出しを一つだけにしてください。", l.names(columns), fieldNamesJA[f]))
}

func intersect(a, b []int) (both []int) {
	for _, x := range a {
		for _, y := range b {
			if x == y {
				both = append(both, x)
			}
		}
	}
	return both
}

// findNamed gives columns the fields that their headings name.
func (l *layout) findNamed(stats []columnStat, named []Field) error {
	for _, f := range fieldOrder {
		if l.column(f) >= 0 {
			continue
		}
		var called, filled []int
		for i, n := range named {
			if n == f && l.decisions[i].Field == "" {
				called = append(called, i)
				if i < len(stats) && stats[i].filled > 0 {
					filled = append(filled, i)
				}
			}
		}
		if len(called) > 1 && len(filled) == 1 {
			called = filled // the others are empty
		}
		switch {
		case len(called) == 0 || f == FieldTx: // an id column was found by its cells
		case len(called) == 1:
			why, whyJA := fmt.Sprintf("read as %s because of its heading", f), fmt.Sprintf("見出しから%sとして読みます。", fieldNamesJA[f])
			if f == fieldReasonEN || f == fieldReasonJA {
				why, whyJA = "left out: reasons of an earlier answer", "以前の回答の理由なので読みません。"
			}
			l.set(f, called[0], why, whyJA)
		default:
			return l.ambiguous(f, called)
		}
	}
	return nil
}

// findByContent gives columns that nothing named a field that only their cells tell.
func (l *layout) findByContent(stats []columnStat) {
	for _, t := range []struct {
		f     Field
		count func(columnStat) int
		what  string
	}{
		{FieldAddress, func(s columnStat) int { return s.addresses }, "アドレス"},
		{FieldTime, func(s columnStat) int { return s.times }, "日時"},
		{FieldAsset, func(s columnStat) int { return s.assets }, "通貨"},
		{FieldPrefecture, func(s columnStat) int { return s.prefectures }, "都道府県"},
		{FieldAmount, func(s columnStat) int { return s.units }, "単位付きの数量"},
	} {
		if l.column(t.f) >= 0 {
			continue
		}
		var fit []int
		for i, s := range stats {
			if l.decisions[i].Field == "" && s.mostly(t.count(s)) {
				fit = append(fit, i)
			}
		}
		if len(fit) == 1 {
			s := stats[fit[0]]
			l.set(t.f, fit[0], fmt.Sprintf("read as %s because %d of its first %d cells are such", t.f, t.count(s), s.filled), fmt.Sprintf("最初の %d セルのうち %d が%sなので、そのように読みます。", s.filled, t.count(s), t.what))
		}
		for _, i := range fit {
			if len(fit) > 1 {
				l.decisions[i].Why = fmt.Sprintf("not read: columns %s may each be the %s, and none is headed so", l.names(fit), t.f)
				l.decisions[i].WhyJA = fmt.Sprintf("読み取りません(列 %s のどれが%sか決められません)。", l.names(fit), t.what)
			}
		}
	}
}

// findZone takes the zone that the heading of times names.
func (l *layout) findZone() {
	c := l.column(FieldTime)
	if c < 0 || c >= len(l.headings) {
		return
	}
	inner := strings.Trim(inBrackets.FindString(strings.ToLower(tidy(l.headings[c]))), "()[]【】〔〕「」 ")
	zone, err := parseZone(without(inner))
	if err != nil {
		return
	}
	l.zone = zone
	d := &l.decisions[c]
	d.Why += "; times are in " + strings.ToUpper(inner) + " because the heading says so"
	d.WhyJA += "時刻は見出しの " + strings.ToUpper(inner) + " です。"
}

// findUnits says how amounts are to be read.
func (l *layout) findUnits() {
	c := l.column(FieldAmount)
	if c < 0 || c >= len(l.headings) {
		return
	}
	d := &l.decisions[c]
	if at := inBrackets.FindString(tidy(d.Heading)); at != "" {
		inner := strings.Trim(at, "()[]【】〔〕「」 ")
		if l.unit = unitNamed(inner); l.unit != "" {
			d.Why += "; amounts are in " + inner + " because the heading says so"
			d.WhyJA += "単位は見出しの " + inner + " です。"
			return
		}
	}
	if tidy(l.headings[c]) != "amount" {
		return
	}
	for i, h := range l.headings {
		key := tidy(h)
		if key != "" && !plainHeadings[key] && l.decisions[i].Field != fieldReasonEN && l.decisions[i].Field != fieldReasonJA {
			return
		}
	}
	l.base = true
	d.Why += "; a number without a point counts base units, because the file has the plain form's headings"
	d.WhyJA += "標準形の見出しなので、小数点のない数は最小単位(satoshi・wei)です。"
}
