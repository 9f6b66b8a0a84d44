package intake

import (
	"context"

	"tsuiseki/chains"
)

// sum holds what one amount for several transactions says against what they move
// together. Where it does not fit, none of them is taken.
func (c *checker) sum(ctx context.Context, row *row, items []item, out []outcome) error {
	q := row.shared()
	if q == nil {
		return nil
	}
	var total chains.Amount
	var asset chains.Asset
	var on chains.Chain
	mixed, deposits := false, 0
	for _, o := range out {
		if o.deposit == nil {
			continue
		}
		mixed = mixed || deposits > 0 && (asset != o.deposit.Asset || on != o.deposit.Chain)
		asset, on, total = o.deposit.Asset, o.deposit.Chain, total.Add(o.deposit.Amount)
		deposits++
	}
	if deposits == 0 {
		return nil
	}
	together, fits := "several assets", false
	if !mixed && deposits == len(out) && !row.lost {
		for _, chain := range c.chains {
			if chain.Snapshot().Chain != on {
				continue
			}
			probe := items[0]
			probe.amount = q
			f := found{chain: chain}
			want, e, err := c.wanted(ctx, &probe, f, asset)
			if err != nil {
				return err
			}
			fits = e == nil && want.Equal(total)
			if together, err = c.people(ctx, f, payment{asset: asset, amount: total}); err != nil {
				return err
			}
		}
	} else if !mixed {
		together = total.String() + " base units in those that were found"
	}
	if fits {
		return nil
	}
	for i, o := range out {
		if o.deposit == nil {
			continue
		}
		delete(c.claims, o.deposit.Place)
		out[i] = failed(items[i].error(FieldAmount, AmountSum, together, q.String()))
	}
	return nil
}
