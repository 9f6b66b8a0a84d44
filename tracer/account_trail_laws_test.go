package tracer_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"tsuiseki/chains"
	"tsuiseki/tracer"
	"tsuiseki/tracer/taint"
)

// TestAccountConservation: asset by asset, what came in by a deposit and by swaps
// is what went out by swaps, ends, fees, and is unresolved.
func TestAccountConservation(t *testing.T) {
	forEachAccountRule(t, func(t *rapid.T, rule taint.Rule) {
		r, _ := drawPartialTrace(t, rule.Name)
		type account struct {
			deposit string
			asset   chains.Asset
		}
		ended, swappedIn := map[account]chains.Amount{}, map[account]chains.Amount{}
		for _, e := range r.Ends {
			at := account{e.Deposit, e.Asset}
			ended[at] = ended[at].Add(e.Traced)
			if e.Traced.Cmp(e.Amount) > 0 || e.Traced.Sign() <= 0 {
				t.Fatalf("end with %s of %s traced: %+v", e.Traced, e.Amount, e)
			}
		}
		for _, h := range r.Hops {
			if h.Traced.Cmp(h.Amount) > 0 || h.Traced.Sign() < 0 || h.Traced.IsZero() && h.Swapped == nil {
				t.Fatalf("hop with %s of %s traced: %+v", h.Traced, h.Amount, h)
			}
			if s := h.Swapped; s != nil {
				at := account{h.Deposit, h.Asset}
				swappedIn[at] = swappedIn[at].Add(h.Traced)
				if s.Traced.Cmp(s.Amount) > 0 || s.Traced.Sign() <= 0 {
					t.Fatalf("swap of %s of %s traced: %+v", s.Traced, s.Amount, h)
				}
			}
		}
		for _, total := range r.Totals {
			at := account{total.Deposit, total.Asset}
			out := chains.Sum(total.Ends, total.Fees, total.Unresolved)
			if !out.Equal(ended[at]) || !total.SwappedIn.Equal(swappedIn[at]) {
				t.Fatalf("total %+v, but ends of %s, swaps of %s", total, ended[at], swappedIn[at])
			}
			if in := total.In.Add(total.SwappedIn); rule.Conserves && !in.Equal(out.Add(total.SwappedOut)) {
				t.Fatalf("%+v: %s in", total, in)
			}
			delete(ended, at)
		}
		if len(ended) > 0 {
			t.Fatalf("no total for ends %v", ended)
		}
	})
}

// TestAccountNoSilentEnd: what reaches an account leaves it by hops, swaps and
// fees, or ends there; and what could not be known is named.
func TestAccountNoSilentEnd(t *testing.T) {
	forEachAccountRule(t, func(t *rapid.T, rule taint.Rule) {
		r, _ := drawPartialTrace(t, rule.Name)
		for _, d := range r.Deposits {
			checkAccountTrail(t, r, d, rule.Conserves)
		}
		incomplete := slices.ContainsFunc(r.Ends, func(e tracer.End) bool { return e.Kind == tracer.EndIncomplete })
		if incomplete && len(r.Missing) == 0 {
			t.Fatal("an incomplete end, but nothing is missing")
		}
	})
}

func checkAccountTrail(t *rapid.T, r *tracer.Result, d tracer.DepositDoc, conserves bool) {
	left := map[accountPlace]chains.Amount{{issuerFor(d.Address, d.Asset), d.Asset}: d.Amount}
	goes := map[accountPlace]bool{} // leaves or ends
	take := func(account chains.Address, asset chains.Asset, n chains.Amount) {
		at := accountPlace{account, asset}
		goes[at], left[at] = true, left[at].Sub(n)
	}
	give := func(account chains.Address, asset chains.Asset, n chains.Amount) {
		at := accountPlace{account, asset}
		left[at] = left[at].Add(n)
	}
	swapped := map[string]bool{}
	for _, h := range r.Hops {
		switch s := h.Swapped; {
		case h.Deposit != d.ID:
		case s == nil:
			take(issuerFor(h.From.Address, h.Asset), h.Asset, h.Traced)
			give(issuerFor(h.To.Address, h.Asset), h.Asset, h.Traced)
		default: // what was given for several assets is said with each of them
			if key := fmt.Sprint(h.Tx, h.From.Address, s.Asset); !swapped[key] {
				take(h.From.Address, s.Asset, s.Traced)
				swapped[key] = true
			}
			give(h.To.Address, h.Asset, h.Traced)
		}
	}
	fees := map[chains.Asset]chains.Amount{}
	for _, e := range r.Ends {
		switch {
		case e.Deposit != d.ID:
		case e.Kind == tracer.EndFee:
			fees[e.Asset] = fees[e.Asset].Add(e.Traced)
		default:
			take(e.Address, e.Asset, e.Traced)
		}
	}
	rest := map[chains.Asset]chains.Amount{}
	for at, n := range left {
		rest[at.asset] = rest[at.asset].Add(n)
		if n.Sign() > 0 && !goes[at] && fees[at.asset].IsZero() || conserves && n.Sign() < 0 {
			t.Fatalf("the trail of %s: %s of %s at %s", d.ID, n, at.asset, at.account)
		}
	}
	for asset, n := range rest {
		if conserves && !n.Equal(fees[asset]) {
			t.Fatalf("the trail of %s: %s of %s leave otherwise than by hops, fees are %s", d.ID, n, asset, fees[asset])
		}
	}
}

// issuerFor is the token's contract for those who are paid by a burn or pay by a mint.
func issuerFor(account chains.Address, asset chains.Asset) chains.Address {
	if account == chains.ZeroAddress {
		return chains.Address(asset)
	}
	return account
}
