package rate

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"tsuiseki/chains"
)

// Step is a rate that a value rests on.
type Step struct {
	Asset  chains.Asset `json:"asset"`
	Quote  string       `json:"quote"`
	Rate   Decimal      `json:"rate"`
	At     time.Time    `json:"at"`
	Source string       `json:"source"`
}

// MarshalJSON writes a decimal string: JSON numbers lose digits.
func (d Decimal) MarshalJSON() ([]byte, error) { return []byte(`"` + d.String() + `"`), nil }

// Price is what one unit of an asset was worth: by its rate in the currency, or by
// two, over another one (USDT in USD, USD in JPY).
type Price struct {
	Steps  []Step
	places int // of the currency
}

// Of is what an amount of at least zero was worth, rounded half to even to the
// currency's smallest unit, as a decimal string. decimals is how many base units
// make up one unit of the asset, as a power of ten.
func (p *Price) Of(amount chains.Amount, decimals int) string {
	numerator, places := amount.Big(), decimals
	for _, s := range p.Steps {
		numerator.Mul(numerator, s.Rate.big())
		places += int(s.Rate.places)
	}
	numerator.Mul(numerator, powerOfTen(p.places))
	return point(roundHalfEven(numerator, powerOfTen(places)).String(), p.places)
}

// NoRateError says that there is no rate for an asset at a moment.
type NoRateError struct {
	Pair   Pair
	Reason string // without the moment
}

func (e *NoRateError) Error() string { return fmt.Sprintf("rate of %s: %s", e.Pair, e.Reason) }

// AmbiguousError says that several sources have rates of a pair and none was named.
type AmbiguousError struct {
	Pair    Pair
	Sources []string
}

func (e *AmbiguousError) Error() string {
	return fmt.Sprintf("rates of %s are told by %d sources: name the one to use with --rate-source: %q", e.Pair, len(e.Sources), e.Sources)
}

// Pricer values amounts by the rates of a book. It is not safe for concurrent use.
type Pricer struct {
	book   *Book
	params Params
	paths  map[Pair][][]*history
	used   map[*history]struct{} // that answers rest on, also where they found nothing

	last     chains.Asset // what was asked last: a transaction moves one asset in many places
	lastOn   chains.Chain
	lastAt   time.Time
	lastSaid Price
	lastErr  error
}

// NewPricer checks the parameters.
func NewPricer(book *Book, params Params) (*Pricer, error) {
	if err := params.check(); err != nil {
		return nil, err
	}
	return &Pricer{book: book, params: params, paths: map[Pair][][]*history{}, used: map[*history]struct{}{}}, nil
}

// Currency is what values are in.
func (p *Pricer) Currency() string { return p.params.Currency }

// Price is what one unit of an asset on a chain was worth at a moment: by its rate
// in the currency where there is one, else by two rates over another currency, of
// which the first in the order of the alphabet is taken. A *NoRateError says that
// there is none, an *AmbiguousError that a person must choose.
func (p *Pricer) Price(chain chains.Chain, asset chains.Asset, at time.Time) (*Price, error) {
	if p.lastAt.Equal(at) && p.last == asset && p.lastOn == chain && (p.lastErr != nil || p.lastSaid.Steps != nil) {
		said := p.lastSaid
		return &said, p.lastErr
	}
	price, err := p.price(chain, asset, at)
	p.last, p.lastOn, p.lastAt, p.lastSaid, p.lastErr = asset, chain, at, price, err
	return &price, err
}

func (p *Pricer) price(chain chains.Chain, asset chains.Asset, at time.Time) (price Price, err error) {
	price.places = p.params.Places
	pair := Pair{chain, asset, p.params.Currency}
	paths, err := p.pathsOf(pair)
	if err != nil {
		return price, err
	}
	for _, path := range paths {
		steps := make([]Step, 0, len(path))
		for _, h := range path {
			p.used[h] = struct{}{}
			e, found, err := p.params.at(h, at)
			if err != nil {
				return price, err
			}
			if !found {
				break
			}
			steps = append(steps, Step{h.Asset, h.Quote, e.Rate, e.Time(), h.Source})
		}
		if len(steps) == len(path) {
			price.Steps = steps
			return price, nil
		}
	}
	if len(paths) == 0 {
		return price, &NoRateError{pair, "no rate file has it"}
	}
	return price, &NoRateError{pair, p.params.why()}
}

// pathsOf are the ways from an asset to the currency, in the order in which they
// are tried.
func (p *Pricer) pathsOf(pair Pair) ([][]*history, error) {
	if paths, known := p.paths[pair]; known {
		return paths, nil
	}
	var paths [][]*history
	direct, err := p.find(pair)
	if err != nil {
		return nil, err
	}
	if direct != nil {
		paths = append(paths, []*history{direct})
	}
	for _, over := range p.quotes(pair) {
		second, err := p.find(Pair{"", chains.Asset(over), pair.Quote})
		if err != nil {
			return nil, err
		}
		if second == nil {
			continue
		}
		first, err := p.find(Pair{pair.Chain, pair.Asset, over})
		if err != nil {
			return nil, err
		}
		if first != nil {
			paths = append(paths, []*history{first, second})
		}
	}
	p.paths[pair] = paths
	return paths, nil
}

// quotes are the other currencies in which there are rates of an asset.
func (p *Pricer) quotes(pair Pair) []string {
	found := map[string]struct{}{}
	for other := range p.book.pairs {
		if other.Asset == pair.Asset && other.Quote != pair.Quote && (other.Chain == pair.Chain || other.Chain == "") {
			found[other.Quote] = struct{}{}
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// find picks the series of a pair: of its chain, else of a coin whatever the chain.
func (p *Pricer) find(pair Pair) (*history, error) {
	for _, chain := range slices.Compact([]chains.Chain{pair.Chain, ""}) {
		h, err := p.choose(Pair{chain, pair.Asset, pair.Quote})
		if h != nil || err != nil {
			return h, err
		}
	}
	return nil, nil
}

func (p *Pricer) choose(pair Pair) (*history, error) {
	list := p.book.pairs[pair]
	if len(p.params.Sources) == 0 {
		if len(list) > 1 {
			ambiguous := &AmbiguousError{Pair: pair}
			for _, h := range list {
				ambiguous.Sources = append(ambiguous.Sources, h.Source)
			}
			return nil, ambiguous
		}
		if len(list) == 1 {
			return list[0], nil
		}
		return nil, nil
	}
	for _, source := range p.params.Sources {
		for _, h := range list {
			if h.Source == source {
				return h, nil
			}
		}
	}
	return nil, nil
}

// Doc says what values rest on, in the shape of its JSON: the rule, and of the
// files that answers came from, or might have, the digests.
type Doc struct {
	Currency string      `json:"currency"`
	Rule     Rule        `json:"rule"`
	MaxAge   *int64      `json:"max_age_seconds"` // null where the rule has none
	Rounding string      `json:"rounding"`
	Series   []SeriesDoc `json:"series"`
}

// SeriesDoc is a series with its files, the newest first.
type SeriesDoc struct {
	Series
	Files []FileDoc `json:"files"`
}

// FileDoc names a file by its digest.
type FileDoc struct {
	SHA256 string    `json:"sha256"`
	Days   Days      `json:"days"`
	Rates  int       `json:"rates"`
	First  time.Time `json:"first"`
	Last   time.Time `json:"last"`
}

// Rounding is how values are rounded.
const Rounding = "half-even"

// Doc says what all values told so far rest on.
func (p *Pricer) Doc() *Doc {
	d := &Doc{Currency: p.params.Currency, Rule: p.params.Rule, Rounding: Rounding, Series: []SeriesDoc{}}
	if p.params.Rule != DayClose {
		seconds := int64(p.params.MaxAge / time.Second)
		d.MaxAge = &seconds
	}
	for _, h := range slices.SortedFunc(maps.Keys(p.used), func(a, b *history) int { return a.compare(b.Series) }) {
		doc := SeriesDoc{Series: h.Series}
		for _, v := range h.versions {
			s := v.stored()
			doc.Files = append(doc.Files, FileDoc{v.segment.SHA256, v.segment.Days, s.Rates, Entry{At: s.First}.Time(), Entry{At: s.Last}.Time()})
		}
		d.Series = append(d.Series, doc)
	}
	return d
}

// String says it for people, in lines.
func (d *Doc) String() string {
	var text strings.Builder
	rule := string(d.Rule)
	if d.MaxAge != nil {
		rule += fmt.Sprintf(", at most %s from it", time.Duration(*d.MaxAge)*time.Second)
	}
	fmt.Fprintf(&text, "values in %s at the time of each block, by %s, rounded %s\n", d.Currency, rule, d.Rounding)
	for _, s := range d.Series {
		fmt.Fprintf(&text, "  %s from %s\n", s.Pair, s.Source)
		for _, f := range s.Files {
			fmt.Fprintf(&text, "    %d rates, %s to %s, days of %s, sha256:%s\n", f.Rates, f.First.Format(time.RFC3339), f.Last.Format(time.RFC3339), f.Days, f.SHA256)
		}
	}
	return text.String()
}
