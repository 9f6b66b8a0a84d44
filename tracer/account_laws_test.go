package tracer_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tsuiseki/chains"
	"tsuiseki/tracer"
	"tsuiseki/tracer/taint"
)

var unit = chains.NewAmount(1)

// TestAccountReferenceAgrees: the sweep finds just what the plain reference
// finds, deposit by deposit.
func TestAccountReferenceAgrees(t *testing.T) {
	forEachRule(t, func(t *rapid.T, rule taint.Rule) {
		h := drawHistory(t, rule.Name, unit)
		got := h.run(t)
		hops, ends, totals := traceNaively(h.ledger(), h.deposits, h.params)
		same := func(what string, got, want naiveLines) {
			if a, b := got.list(), want.list(); !slices.Equal(a, b) {
				t.Fatalf("%s\n%s:\n\t%s\nwant\n\t%s", h.accountChain, what, strings.Join(a, "\n\t"), strings.Join(b, "\n\t"))
			}
		}
		same("hops", accountHops(got), hops)
		same("ends", accountEnds(got), ends)
		same("totals", accountTotals(got), totals)
	})
}

func (l naiveLines) list() (lines []string) {
	for text, n := range l {
		if n != 0 {
			lines = append(lines, fmt.Sprintf("%s: %d", text, n))
		}
	}
	slices.Sort(lines)
	return lines
}

func accountHops(r *tracer.Result) naiveLines {
	lines := naiveLines{}
	for _, h := range r.Hops {
		name := naiveHop(h.Deposit, h.Tx, h.To.Index, h.From.Address, h.To.Address, h.Asset, h.Amount)
		if h.Swapped != nil {
			name = naiveSwap(h.Deposit, h.Tx, h.To.Address, h.Asset)
		}
		lines[name] += refInt64(h.Traced)
	}
	return lines
}

func accountEnds(r *tracer.Result) naiveLines {
	lines := naiveLines{}
	for _, e := range r.Ends {
		name := fmt.Sprintf("%s fee in %s", e.Deposit, e.Tx)
		if e.Kind != tracer.EndFee {
			name = naiveEnd(e.Deposit, e.Kind, e.Tx, *e.Index, accountPlace{e.Address, e.Asset}, e.Amount.String())
		}
		lines[name] += refInt64(e.Traced)
	}
	return lines
}

func accountTotals(r *tracer.Result) naiveLines {
	lines := naiveLines{}
	for _, total := range r.Totals {
		for name, n := range map[string]chains.Amount{
			"in": total.In, "swapped in": total.SwappedIn, "swapped out": total.SwappedOut,
			"ends": total.Ends, "fees": total.Fees, "unresolved": total.Unresolved,
		} {
			lines[fmt.Sprintf("%s %s %s", total.Deposit, total.Asset, name)] += refInt64(n)
		}
	}
	return lines
}
