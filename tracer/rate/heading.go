package rate

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// field is what a column may hold.
type field string

const (
	fieldTime   field = "time"
	fieldAsset  field = "asset"
	fieldChain  field = "chain"
	fieldPair   field = "pair"
	fieldQuote  field = "quote"
	fieldRate   field = "rate"
	fieldSource field = "source"
	fieldOther  field = "" // of a price list, but no rate
)

// headings are the words under which files have columns, in lower case. An unknown
// one is refused: it may be a misspelt "quote", without which a rate means another thing.
var headings = map[field][]string{
	fieldTime:   {"time", "timestamp", "datetime", "date", "day", "snapped_at", "日時", "日付", "日付け", "年月日", "時刻"},
	fieldAsset:  {"asset", "coin", "資産", "通貨", "暗号資産"},
	fieldChain:  {"chain", "チェーン"},
	fieldPair:   {"pair", "product_code", "通貨ペア", "銘柄"},
	fieldQuote:  {"quote", "quote_currency", "決済通貨", "建値通貨"},
	fieldRate:   {"rate", "price", "close", "レート", "価格", "終値"},
	fieldSource: {"source", "出典", "情報源"},
	fieldOther: {
		"open", "high", "low", "adj close", "volume", "vol.", "change", "change %", "market_cap", "total_volume",
		"始値", "高値", "安値", "出来高", "売買高", "前日比", "変化率", "変化率 %", "前日比%",
	},
}

// columns say where fields stand; -1 where they do not.
type columns struct {
	time, asset, chain, pair, quote, rate, source int

	ignored []string // headings
	count   int
}

// newColumns reads a line of headings. Its problems are about line 1.
func newColumns(cells []string) (columns, []string) {
	c := columns{time: -1, asset: -1, chain: -1, pair: -1, quote: -1, rate: -1, source: -1, count: len(cells)}
	places := map[field]*int{
		fieldTime: &c.time, fieldAsset: &c.asset, fieldChain: &c.chain, fieldPair: &c.pair, fieldQuote: &c.quote, fieldRate: &c.rate, fieldSource: &c.source,
	}
	var problems []string
	for i, cell := range cells {
		heading := strings.ToLower(normal(cell))
		f, known := fieldOf(heading)
		switch {
		case !known && heading == "" && i == len(cells)-1: // lines end in a comma
		case !known:
			problems = append(problems, fmt.Sprintf("heading %.40q is none that is known: remove the column, or name it time, asset, chain, pair, quote, rate or source", cell))
		case f == fieldOther:
			c.ignored = append(c.ignored, heading)
		case *places[f] >= 0:
			problems = append(problems, fmt.Sprintf("headings %.40q and %.40q both stand for the %s: remove one of the columns", cells[*places[f]], cell, f))
		default:
			*places[f] = i
		}
	}
	for _, need := range []field{fieldTime, fieldRate} {
		if *places[need] < 0 {
			problems = append(problems, fmt.Sprintf("no column is the %s: name one by a heading, such as %s", need, strings.Join(headings[need], ", ")))
		}
	}
	if c.pair >= 0 && (c.asset >= 0 || c.quote >= 0) {
		problems = append(problems, "a pair says both asset and quote: remove either the pair or those")
	}
	return c, problems
}

func fieldOf(heading string) (field, bool) {
	for f, words := range headings {
		if slices.Contains(words, heading) {
			return f, true
		}
	}
	return "", false
}

// normal is text as people meant it: full-width digits and letters as others, and
// no blanks around it, seen or unseen.
func normal(text string) string {
	ascii := true
	for i := range len(text) {
		ascii = ascii && text[i] < 0x80
	}
	if !ascii {
		text = norm.NFKC.String(text)
	}
	return strings.Trim(text, " \t\r\n\u3000\u200b\u200e\ufeff")
}
