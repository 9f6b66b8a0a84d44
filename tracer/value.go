package tracer

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"tsuiseki/chains"
	"tsuiseki/tracer/rate"
)

// Value is what amounts were worth when the block of their transaction was made:
// whole units of the currency as a decimal string. It decorates a ledger and never
// enters it.
type Value struct {
	Currency string      `json:"currency"`
	Amount   string      `json:"amount"`
	Traced   string      `json:"traced,omitempty"` // where there is a traced part
	Rates    []rate.Step `json:"rates"`            // of one unit, and of the currency that it is in
}

// RangeValue is what the amounts of a Range were worth.
type RangeValue struct {
	Currency string      `json:"currency"`
	Amount   string      `json:"amount"`
	Least    string      `json:"least"`
	Most     string      `json:"most"`
	Rates    []rate.Step `json:"rates"`
}

// coinDecimals is how many decimal places the coin of a chain in Bitcoin's format has.
const coinDecimals = 8

// Valuation values amounts, of one chain if not told otherwise, and keeps account of those without a
// rate.
type Valuation struct {
	chain    chains.Chain
	pricer   *rate.Pricer
	decimals map[chains.Asset]int // of account chains
	without  map[valueGap]*valueGaps
}

// valueGap is a reason why amounts of an asset have no value.
type valueGap struct {
	chain  chains.Chain
	asset  chains.Asset
	reason string
}

type valueGaps struct {
	amounts  int
	from, to uint64
}

// NewValuation values amounts by a pricer. decimals tells how many base units make
// up a unit of each asset; of chains in Bitcoin's format that is known.
func NewValuation(chain chains.Chain, decimals map[chains.Asset]int, pricer *rate.Pricer) *Valuation {
	return &Valuation{chain, pricer, decimals, map[valueGap]*valueGaps{}}
}

// on is the valuation of another chain's amounts, which keeps the same account.
func (v *Valuation) on(chain chains.Chain) *Valuation {
	other := *v
	other.chain = chain
	return &other
}

// price is what one unit was worth, nil where that is not known, and its decimals.
func (v *Valuation) price(asset chains.Asset, height uint64, at time.Time) (*rate.Price, int, error) {
	decimals, known := v.decimals[asset]
	if v.chain.Family() == chains.Bitcoin {
		decimals, known = coinDecimals, true
	}
	if at.IsZero() {
		v.miss(asset, height, "the time of the block is not known")
		return nil, 0, nil
	}
	price, err := v.pricer.Price(v.chain, asset, at)
	if none, ok := errors.AsType[*rate.NoRateError](err); ok {
		v.miss(asset, height, none.Reason)
		return nil, 0, nil
	}
	if err == nil && !known {
		v.miss(asset, height, "the token does not say its decimals")
		return nil, 0, nil
	}
	return price, decimals, err
}

func (v *Valuation) miss(asset chains.Asset, height uint64, reason string) {
	of := valueGap{v.chain, asset, reason}
	if v.without[of] == nil {
		v.without[of] = &valueGaps{from: height}
	}
	g := v.without[of]
	g.amounts++
	g.from, g.to = min(g.from, height), max(g.to, height)
}

// Value is what an amount, and a traced part of it where there is one, were worth;
// nil where no rate tells.
func (v *Valuation) Value(asset chains.Asset, amount chains.Amount, traced *chains.Amount, height uint64, at time.Time) (*Value, error) {
	price, decimals, err := v.price(asset, height, at)
	if price == nil || err != nil {
		return nil, err
	}
	value := &Value{Currency: v.pricer.Currency(), Amount: price.Of(amount, decimals), Rates: price.Steps}
	if traced != nil {
		value.Traced = price.Of(*traced, decimals)
	}
	return value, nil
}

// Doc says what the values told so far rest on.
func (v *Valuation) Doc() *rate.Doc { return v.pricer.Doc() }

// Missing lists, once for each asset and reason, what has no value.
func (v *Valuation) Missing() (missing []Missing) {
	for of, g := range v.without {
		missing = append(missing, NewMissing(
			of.chain, fmt.Sprintf("rate of %s in %s", of.asset, v.pricer.Currency()), chains.Heights{From: g.from, To: g.to},
			fmt.Sprintf("%s: %d amounts have no value", of.reason, g.amounts),
		))
	}
	slices.SortFunc(missing, compareMissing)
	return missing
}

// AddValues says what the deposits, hops and ends were worth by the rates of a book,
// and what that rests on. An end's value is of the time at which the transaction
// that it names brought it there. What no rate tells is listed as missing. A
// *rate.AmbiguousError says that a person must choose between sources.
func (r *Result) AddValues(book *rate.Book, params rate.Params) error {
	v, err := r.valuation(book, params)
	if err != nil {
		return err
	}
	for i := range r.Deposits {
		d := &r.Deposits[i]
		if d.Value, err = v.on(d.Chain).Value(d.Asset, d.Amount, nil, d.Height, d.Time); err != nil {
			return err
		}
	}
	for i := range r.Hops {
		h := &r.Hops[i]
		if h.Value, err = v.on(h.Chain).Value(h.Asset, h.Amount, &h.Traced, h.Height, h.Time); err != nil {
			return err
		}
		if s := h.Swapped; s != nil {
			from := h.Chain
			if h.FromChain != "" {
				from = h.FromChain
			}
			if s.Value, err = v.on(from).Value(s.Asset, s.Amount, &s.Traced, h.Height, h.Time); err != nil {
				return err
			}
		}
	}
	for i := range r.Ends {
		e := &r.Ends[i]
		if e.Value, err = v.on(e.Chain).Value(e.Asset, e.Amount, &e.Traced, e.Height, e.Time); err != nil {
			return err
		}
	}
	r.Rates = v.Doc()
	return r.alsoMissing(v.Missing())
}

// valuation has a pricer of its own: what it says to rest on must not depend on
// what else is valued.
func (r *Result) valuation(book *rate.Book, params rate.Params) (*Valuation, error) {
	pricer, err := rate.NewPricer(book, params)
	if err != nil {
		return nil, err
	}
	decimals := map[chains.Asset]int{}
	for _, a := range r.Assets {
		if a.Decimals != nil {
			decimals[a.Asset] = int(*a.Decimals)
		}
	}
	return NewValuation(r.Snapshot[0].Chain, decimals, pricer), nil
}

// AddValues says what the traces' amounts and the ranges were worth, a range at the
// time of the transaction that it names. What no rate tells, and what values rest
// on, stands in the traces.
func (c *Comparison) AddValues(book *rate.Book, params rate.Params) error {
	type moment struct {
		chain chains.Chain
		at    chains.Position
	}
	times := map[moment]time.Time{}
	for _, r := range c.Traces {
		if err := r.AddValues(book, params); err != nil {
			return err
		}
		for i := range r.Ends {
			times[moment{r.Ends[i].Chain, r.Ends[i].at}] = r.Ends[i].Time
		}
	}
	// Tokens are named by the traces that met them.
	all := *c.Traces[0]
	all.Assets = nil
	for _, r := range c.Traces {
		all.Assets = append(all.Assets, r.Assets...)
	}
	v, err := all.valuation(book, params)
	if err != nil {
		return err
	}
	for i := range c.Ranges {
		r := &c.Ranges[i]
		price, decimals, err := v.on(r.Chain).price(r.Asset, r.at.Height, times[moment{r.Chain, r.at}])
		if err != nil {
			return err
		}
		if price != nil {
			r.Value = &RangeValue{
				Currency: params.Currency, Amount: price.Of(r.Amount, decimals), Least: price.Of(r.Least, decimals), Most: price.Of(r.Most, decimals),
				Rates: price.Steps,
			}
		}
	}
	c.Digest, err = c.digest()
	return err
}
