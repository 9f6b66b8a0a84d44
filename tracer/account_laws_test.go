package tracer_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tsuiseki/chains"
	"tsuiseki/tracer"
	"tsuiseki/tracer/taint"
)

var unit = chains.NewAmount(1)

// forEachAccountRule checks a law for every allocation rule, over more histories
// than rapid would draw: most of what happens in one is soon over.
func forEachAccountRule(t *testing.T, law func(t *rapid.T, rule taint.Rule)) {
	for range 3 {
		forEachRule(t, law)
	}
}

// TestAccountReferenceAgrees: the sweep finds just what the plain reference
// finds, deposit by deposit.
func TestAccountReferenceAgrees(t *testing.T) {
	forEachAccountRule(t, func(t *rapid.T, rule taint.Rule) {
		h := drawHistory(t, rule.Name)
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

// drawGaps is a ledger that lacks a part of some blocks, or all before a height.
func drawGaps(t *rapid.T, h *accountHistory) *memoryLedger {
	d := historyDraw{h.accountChain, t}
	ledger := h.ledger()
	if d.chance("late", 4) {
		ledger.blocks = ledger.blocks[d.n("from", 0, int64(len(ledger.blocks))-1):]
	}
	for range d.n("gaps", 0, 2) {
		part := rapid.SampledFrom(chains.Parts()).Draw(t, "part")
		lacking := map[uint64]bool{}
		for _, height := range rapid.SliceOfN(rapid.IntRange(0, len(h.blocks)), 0, 4).Draw(t, "lacking") {
			lacking[uint64(height)] = true
		}
		ledger = ledger.without(part, func(height uint64) bool { return lacking[height] })
	}
	if h.deposits = drawAccountDeposits(t, ledger.blocks); h.deposits == nil {
		t.Skip("no payment is known")
	}
	return ledger
}

// drawPartialTrace is a trace of a ledger that may lack facts.
func drawPartialTrace(t *rapid.T, rule string) (*tracer.Result, *memoryLedger) {
	h := drawHistory(t, rule)
	ledger := drawGaps(t, &h)
	return traceAccounts(t, ledger, h.deposits, h.params), ledger
}

// TestAccountGaps: what is not held of the blocks that a place was in is named,
// and nothing is said to be unspent over blocks that could show it leave.
func TestAccountGaps(t *testing.T) {
	forEachAccountRule(t, func(t *rapid.T, rule taint.Rule) {
		r, l := drawPartialTrace(t, rule.Name)
		for _, e := range r.Ends {
			rests := e.Kind == tracer.EndUnspent || e.Kind == tracer.EndContract && e.Label == nil && e.Address != chains.Address(e.Asset)
			if !rests && e.Kind != tracer.EndIncomplete {
				continue
			}
			parts := []chains.Part{chains.PartLogs}
			if e.Asset == ether {
				parts = []chains.Part{chains.PartTransactions, chains.PartReceipts, chains.PartInternal, chains.PartWithdrawals}
			}
			contract, _ := l.Contract(e.Address)
			for _, part := range parts {
				missing, _ := l.Missing(part, e.Height, l.Snapshot().Height)
				shows := part != chains.PartWithdrawals && (part != chains.PartInternal || contract)
				for _, m := range missing {
					if shows && rests {
						t.Fatalf("%+v, but %s of %v are not held", e, part, m)
					}
					if !slices.ContainsFunc(r.Missing, func(named tracer.Missing) bool { return covers(named, part, m) }) {
						t.Fatalf("%s of %v are not held, and not named for %+v:\n%+v", part, m, e, r.Missing)
					}
				}
			}
		}
	})
}

func covers(named tracer.Missing, part chains.Part, m chains.Heights) bool {
	var from, to uint64
	_, err := fmt.Sscanf(named.Range, "%d-%d", &from, &to)
	return err == nil && named.What == string(part) && from <= m.From && to >= m.To
}

// rangeOf is the range of heights that a lack is of.
func rangeOf(t *rapid.T, m tracer.Missing) (from, to uint64) {
	if _, err := fmt.Sscanf(m.Range, "%d-%d", &from, &to); err != nil {
		t.Fatalf("%+v: %v", m, err)
	}
	return from, to
}

// TestAccountDeterminism: the order of deposits changes nothing.
func TestAccountDeterminism(t *testing.T) {
	forEachAccountRule(t, func(t *rapid.T, rule taint.Rule) {
		h := drawHistory(t, rule.Name)
		ledger := drawGaps(t, &h)
		first := traceAccounts(t, ledger, h.deposits, h.params)
		again := traceAccounts(t, ledger, rapid.Permutation(h.deposits).Draw(t, "order"), h.params)
		if a, b := document(t, first), document(t, again); a != b {
			t.Fatalf("%s\nthen\n%s", a, b)
		}
		if ok, err := first.Verify(); err != nil || !ok {
			t.Fatalf("the digest is not the document's (%v)", err)
		}
	})
}

// TestAccountDepositsAreIndependent: what is traced beside a deposit changes nothing of it.
func TestAccountDepositsAreIndependent(t *testing.T) {
	forEachAccountRule(t, func(t *rapid.T, rule taint.Rule) {
		h := drawHistory(t, rule.Name)
		ledger := drawGaps(t, &h)
		together := traceAccounts(t, ledger, h.deposits, h.params)
		for _, p := range h.deposits {
			alone := traceAccounts(t, ledger, []transferPlace{p}, h.params)
			if a, b := forDeposit(t, alone, p.String()), forDeposit(t, together, p.String()); a != b {
				t.Fatalf("%s\nalone, or with others:\n%s", h.accountChain, cmp.Diff(a, b))
			}
		}
	})
}

// TestAccountScale: amounts of any size are traced exactly. A swap's rate rounds,
// so histories in which one is traced do not count.
func TestAccountScale(t *testing.T) {
	factor, err := chains.ParseAmount("1000000000000000007")
	if err != nil {
		t.Fatal(err)
	}
	times := func(a chains.Amount) chains.Amount {
		product, _ := a.MulDiv(factor, unit)
		return product
	}
	rapid.Check(t, func(t *rapid.T) {
		h := drawHistory(t, "fifo")
		small := h.run(t)
		if slices.ContainsFunc(small.Hops, func(h tracer.Hop) bool { return h.Swapped != nil }) {
			return
		}
		h.params.MinAmount = times(h.params.MinAmount)
		large := traceAccounts(t, h.ledger().scaled(times), h.deposits, h.params)
		for i := range small.Hops {
			small.Hops[i].Amount, small.Hops[i].Traced = times(small.Hops[i].Amount), times(small.Hops[i].Traced)
		}
		for i := range small.Ends {
			e := &small.Ends[i]
			if e.Amount, e.Traced = times(e.Amount), times(e.Traced); e.Kind == tracer.EndBelowMinimum {
				e.Detail = large.Ends[i].Detail // which tells the minimum
			}
		}
		for _, p := range h.deposits {
			if a, b := forDeposit(t, large, p.String()), forDeposit(t, small, p.String()); a != b {
				t.Fatalf("%s\nand by unit\n%s", a, b)
			}
		}
	})
}
