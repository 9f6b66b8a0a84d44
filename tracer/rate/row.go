package rate

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"tsuiseki/chains"
)

// defaultQuote is what rates are in where a file does not say.
const defaultQuote = "JPY"

// reader turns a file into rows, and tells all that is wrong with it.
type reader struct {
	opt      FileOptions
	name     string
	moments  moments
	series   map[Series]uint32
	list     []Series // by number
	last     Series   // of the row before, mostly of this one too
	lastID   uint32
	put      func(row) error
	rows     int
	ignored  []string // headings of columns that are no rates
	problems []Problem
	refused  int
}

// row is one rate of a file.
type row struct {
	series uint32
	line   uint32
	Entry
}

func (r *reader) problem(line int, f field, format string, args ...any) {
	r.refused++
	if len(r.problems) < mostProblems {
		r.problems = append(r.problems, Problem{r.name, line, string(f), fmt.Sprintf(format, args...)})
	}
}

// record is what a row says, as text.
type record struct {
	time, asset, chain, pair, quote, rate, source string
}

// take reads a row. Only what keeps a row from being stored is an error.
func (r *reader) take(line int, rec record) error {
	r.rows++
	at, err := r.moments.parse(rec.time)
	if err != nil {
		r.problem(line, fieldTime, "%.40q %v", rec.time, err)
		return nil
	}
	s, f, err := r.seriesOf(&rec)
	if err != nil {
		r.problem(line, f, "%v", err)
		return nil
	}
	number := rec.rate
	if s.Quote == defaultQuote {
		number = strings.TrimSuffix(strings.TrimLeft(number, "¥\\"), "円")
	}
	value, err := ParseDecimal(number)
	if err != nil {
		r.problem(line, fieldRate, "%.40q %v", rec.rate, err)
		return nil
	}
	id, err := r.idOf(s)
	if err != nil {
		r.problem(line, fieldSource, "%v", err)
		return nil
	}
	return r.put(row{id, uint32(line), Entry{at, value}})
}

// idOf numbers a series.
func (r *reader) idOf(s Series) (uint32, error) {
	if len(r.list) > 0 && s == r.last {
		return r.lastID, nil
	}
	id, known := r.series[s]
	if !known {
		if len(r.list) == mostSeries {
			return 0, fmt.Errorf("the file has more than %d series of rates: split it", mostSeries)
		}
		id = uint32(len(r.list))
		r.series[s], r.list = id, append(r.list, s)
	}
	r.last, r.lastID = s, id
	return id, nil
}

// mostSeries bounds what a file can make of pairs and sources.
const mostSeries = 10_000

// seriesOf is what a row is about, with the field that is wrong where one is.
func (r *reader) seriesOf(rec *record) (s Series, f field, err error) {
	asset, quote, chain := rec.asset, rec.quote, rec.chain
	if rec.pair != "" {
		var ok bool
		if asset, quote, ok = cutPair(rec.pair); !ok {
			return s, fieldPair, fmt.Errorf("%.40q: want BTC/JPY or BTC_JPY", rec.pair)
		}
	}
	if asset == "" {
		asset = string(r.opt.Asset)
	}
	if chain == "" {
		chain = string(r.opt.Chain)
	}
	if quote == "" {
		quote = r.opt.Quote
	}
	if quote == "" {
		quote = defaultQuote
	}
	s.Chain = chains.Chain(strings.ToLower(chain))
	if s.Asset, err = ParseAsset(asset); err != nil {
		return s, fieldAsset, err
	}
	name, err := ParseAsset(quote)
	if err != nil || isContract(name) {
		return s, fieldQuote, fmt.Errorf("%.40q: want the name of a currency, such as JPY", quote)
	}
	s.Quote = string(name)
	switch {
	case s.Quote == string(s.Asset):
		return s, fieldQuote, fmt.Errorf("a rate of %s in itself says nothing", s.Asset)
	case isContract(s.Asset) && s.Chain == "":
		return s, fieldChain, fmt.Errorf("a contract's address is another token on another chain: name the chain of %s", s.Asset)
	case len(s.Chain) > longestName || !utf8.ValidString(string(s.Chain)):
		return s, fieldChain, fmt.Errorf("%.40q is no name of a chain", chain)
	}
	if s.Source = rec.source; s.Source == "" {
		s.Source = r.opt.Source
	}
	if s.Source == "" {
		return s, fieldSource, errors.New("is not told: say where the rates are from")
	}
	if len(s.Source) > longestSource {
		return s, fieldSource, fmt.Errorf("has more than %d bytes", longestSource)
	}
	return s, "", nil
}

const (
	longestName   = 40
	longestSource = 300
)

func cutPair(pair string) (asset, quote string, ok bool) {
	at := strings.LastIndexAny(pair, "/_-")
	if at < 0 {
		return "", "", false
	}
	return pair[:at], pair[at+1:], true
}

// ParseAsset reads the name of a coin or currency, or a token's contract.
func ParseAsset(text string) (chains.Asset, error) {
	if len(text) > 2 && (text[:2] == "0x" || text[:2] == "0X") {
		address := strings.ToLower(text)
		if len(address) != 42 || strings.Trim(address[2:], "0123456789abcdef") != "" {
			return "", fmt.Errorf("%.60q: want 0x and 40 hexadecimal digits", text)
		}
		return chains.Asset(address), nil
	}
	name := strings.ToUpper(text)
	if name == "" {
		return "", errors.New("is not told: say which asset the rates are of")
	}
	for i := range len(name) {
		if c := name[i]; (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '.' || len(name) > longestName {
			return "", fmt.Errorf("%.40q: want a coin's name, such as BTC, or a token's contract", text)
		}
	}
	return chains.Asset(name), nil
}

func isContract(asset chains.Asset) bool { return strings.HasPrefix(string(asset), "0x") }
