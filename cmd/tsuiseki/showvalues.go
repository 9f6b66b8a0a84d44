package main

import (
	"errors"
	"time"

	"tsuiseki/chains"
	"tsuiseki/tracer"
	"tsuiseki/tracer/rate"
)

// addValues says what a transaction's amounts were worth, where rates are known.
// decimals are those of the assets of an account chain.
func (f *rateFlags) addValues(s *session, d *txDoc, decimals map[chains.Asset]int) (err error) {
	v, err := f.open(s)
	if v == nil || err != nil {
		return err
	}
	defer func() { err = errors.Join(err, v.Close()) }()
	pricer, err := rate.NewPricer(v.book, v.params)
	if err != nil {
		return usageError{err}
	}
	worth := tracer.NewValuation(d.Chain, decimals, pricer)
	if err := d.value(worth, d.Height, d.Time); err != nil {
		return asUsage(err)
	}
	d.Rates = worth.Doc()
	for _, m := range worth.Missing() {
		d.Missing = append(d.Missing, missingDoc{What: m.What, Range: m.Range, Reason: m.Reason})
	}
	return nil
}

func (d *txDoc) value(worth *tracer.Valuation, height uint64, at time.Time) (err error) {
	for i := range d.Inputs {
		in := &d.Inputs[i]
		if in.Amount == nil {
			continue
		}
		if in.Value, err = worth.Value(d.Asset, *in.Amount, nil, height, at); err != nil {
			return err
		}
	}
	for i := range d.Outputs {
		out := &d.Outputs[i]
		if out.Value, err = worth.Value(d.Asset, out.Amount, nil, height, at); err != nil {
			return err
		}
	}
	for i := range d.Transfers {
		t := &d.Transfers[i]
		if t.TokenID != nil || t.Amount.IsZero() { // an item has no rate, and nothing is worth nothing
			continue
		}
		if t.Value, err = worth.Value(t.Asset, t.Amount, nil, height, at); err != nil {
			return err
		}
	}
	return nil
}

// worthCell is a cell with what an amount was worth, where amounts are valued.
func worthCell(d *rate.Doc, v *tracer.Value) string {
	switch {
	case d == nil:
		return ""
	case v == nil:
		return "\t"
	}
	return worth(v, v.Amount) + "\t"
}

// decimals are how many places the assets have that are known.
func (u units) decimals() map[chains.Asset]int {
	places := map[chains.Asset]int{}
	for asset, unit := range u {
		places[asset] = unit.places
	}
	return places
}
