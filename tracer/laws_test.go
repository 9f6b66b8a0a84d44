package tracer_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tsuiseki/chains"
	"tsuiseki/fixtures"
	"tsuiseki/tracer"
	"tsuiseki/tracer/taint"
)

// forEachRule checks a law for every allocation rule, over random scenarios.
func forEachRule(t *testing.T, law func(t *rapid.T, rule taint.Rule)) {
	for _, rule := range taint.Rules() {
		t.Run(rule.Name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) { law(t, rule) })
		})
	}
}

// TestReferenceAgrees: the sweep finds just the hops and ends that the plain
// reference finds, deposit by deposit.
func TestReferenceAgrees(t *testing.T) {
	forEachRule(t, func(t *rapid.T, rule taint.Rule) { checkReference(t, drawScenario(t, rule.Name)) })
}

// TestReferenceAgreesUnderLimits: where several limits apply at once, the sweep
// says the same one as the reference.
func TestReferenceAgreesUnderLimits(t *testing.T) {
	forEachRule(t, func(t *rapid.T, rule taint.Rule) {
		s := drawScenario(t, rule.Name)
		on := func(name string, hi int) int {
			return rapid.IntRange(1, hi).Draw(t, name) * rapid.SampledFrom([]int{0, 1}).Draw(t, name+" on")
		}
		begin := int(s.deposits[0].at.Height)
		last := rapid.IntRange(begin, len(s.src.Decoded)-1).Draw(t, "until")
		s.params.MaxHops, s.params.Until = rapid.IntRange(1, 2).Draw(t, "hops"), s.src.Decoded[last].Time.UTC()
		s.params.HubDegree, s.params.Budget, s.params.MinAmount = on("degree", 5), on("visits", 2), chains.NewAmount(int64(on("least", 8)))
		checkReference(t, s)
	})
}

func checkReference(t *rapid.T, s scenario) {
	network := s.src.Network()
	var deposits []refDeposit
	for _, p := range s.deposits {
		tx := s.src.Decoded[p.at.Height].Txs[p.at.Tx]
		deposits = append(deposits, refDeposit{chains.Outpoint{Tx: tx.ID, Index: p.index}, p.at})
	}
	want := reference(s.src.Decoded, int(s.asOf), network.Describe, deposits, s.params)
	got := s.run(t)
	sameLines(t, "hops", engineHops(got), s.referenceHops(want))
	sameLines(t, "ends", engineEnds(got), s.referenceEnds(want))
}

func sameLines(t *rapid.T, what string, got, want []string) {
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Fatalf("%s:\n\t%s\nwant\n\t%s", what, strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// engineHops are a result's hops, summed over inputs for haircut.
func engineHops(r *tracer.Result) (lines []string) {
	type hop struct{ deposit, tx, from, to, amount string }
	sums := map[hop]chains.Amount{}
	for _, h := range r.Hops {
		from := fmt.Sprintf("%s:%d", h.From.Tx, h.From.Index)
		if r.Rule == "haircut" {
			from = "*"
		}
		key := hop{h.Deposit, fmt.Sprintf("%d %s", h.Height, h.Tx), from, fmt.Sprintf("%s:%d", h.To.Tx, h.To.Index), h.Amount.String()}
		sums[key] = sums[key].Add(h.Traced)
	}
	for h, sum := range sums {
		lines = append(lines, fmt.Sprintf("%s in %s from %s to %s %s/%s", h.deposit, h.tx, h.from, h.to, sum, h.amount))
	}
	return lines
}

func (s scenario) referenceHops(r refResult) (lines []string) {
	for _, h := range r.hops {
		from := "*"
		if h.fromTx != (chains.TxID{}) {
			from = fmt.Sprintf("%s:%d", h.fromTx, h.fromIndex)
		}
		lines = append(lines, fmt.Sprintf("%s in %d %s from %s to %s:%d %d/%d", s.deposits[h.deposit], h.at.Height, h.tx, from, h.tx, h.toIndex, h.traced, h.amount))
	}
	return lines
}

func engineEnds(r *tracer.Result) (lines []string) {
	for _, e := range r.Ends {
		index := int64(-1)
		if e.Index != nil {
			index = int64(*e.Index)
		}
		lines = append(lines, fmt.Sprintf("%s %s %d %s:%d %s/%s", e.Deposit, e.Kind, e.Height, e.Tx, index, e.Traced, e.Amount))
	}
	return lines
}

func (s scenario) referenceEnds(r refResult) (lines []string) {
	for _, e := range r.ends {
		lines = append(lines, fmt.Sprintf("%s %s %d %s:%d %d/%d", s.deposits[e.deposit], e.kind, e.at.Height, e.tx, e.index, e.traced, e.amount))
	}
	return lines
}

// drawPartial is a trace on an index that starts late and lacks some prevouts.
func drawPartial(t *rapid.T, rule string) *tracer.Result {
	draw := drawFrom(t)
	s := drawScenario(t, rule)
	from := uint64(draw("from", 1, int(s.asOf)))
	unknown := byte(draw("unknown", 0, 1) * 120)
	s.src.Unknown = func(id chains.TxID) bool { return id[31] < unknown }
	x := openIndex(t, s.src, 0)
	sync(t, x, s.src, from)
	deposits := drawDeposits(t, s.src, from, s.asOf)
	return trace(t, view(t, x, s.asOf), deposits, s.params)
}

// TestConservation: what a deposit brought in is the sum of its ends, fees and
// what is unresolved, to the last unit, also where facts are missing.
func TestConservation(t *testing.T) {
	forEachRule(t, func(t *rapid.T, rule taint.Rule) {
		r := drawPartial(t, rule.Name)
		sums := map[string]chains.Amount{}
		for _, e := range r.Ends {
			sums[e.Deposit] = sums[e.Deposit].Add(e.Traced)
			if e.Traced.Cmp(e.Amount) > 0 || e.Traced.Sign() <= 0 {
				t.Fatalf("end with %s of %s traced: %+v", e.Traced, e.Amount, e)
			}
		}
		for i, total := range r.Totals {
			out := chains.Sum(total.Ends, total.Fees, total.Unresolved)
			if total.Deposit != r.Deposits[i].ID || !total.In.Equal(r.Deposits[i].Amount) || !out.Equal(sums[total.Deposit]) {
				t.Fatalf("total %+v of deposit %+v, whose ends sum to %s", total, r.Deposits[i], sums[total.Deposit])
			}
			if rule.Conserves && !out.Equal(total.In) || out.Cmp(total.In) < 0 && rule.Name != "poison" {
				t.Fatalf("%s in, %s out", total.In, out)
			}
		}
	})
}

// TestNoSilentEnd: from the deposit on, all that reaches a place leaves it in
// hops and fees, or ends there; and what could not be known is named.
func TestNoSilentEnd(t *testing.T) {
	forEachRule(t, func(t *rapid.T, rule taint.Rule) {
		r := drawPartial(t, rule.Name)
		for _, d := range r.Deposits {
			checkTrail(t, r, d, rule.Conserves)
		}
		incomplete := slices.ContainsFunc(r.Ends, func(e tracer.End) bool { return e.Kind == tracer.EndIncomplete })
		if incomplete && len(r.Missing) == 0 {
			t.Fatal("an incomplete end, but nothing is missing")
		}
	})
}

func checkTrail(t *rapid.T, r *tracer.Result, d tracer.DepositDoc, conserves bool) {
	start := tracer.Endpoint{Tx: d.Tx, Index: d.Index, Address: d.Address}
	held := map[tracer.Endpoint]chains.Amount{start: d.Amount} // and not seen to leave
	moved, ended := map[tracer.Endpoint]bool{}, map[tracer.Endpoint]bool{}
	for _, h := range r.Hops { // in chain order
		if h.Deposit != d.ID {
			continue
		}
		if _, reached := held[h.From]; !reached {
			t.Fatalf("a hop from where nothing came: %+v", h)
		}
		held[h.From], held[h.To] = held[h.From].Sub(h.Traced), held[h.To].Add(h.Traced)
		moved[h.From] = true
	}
	var fees chains.Amount
	for _, e := range r.Ends {
		if e.Deposit != d.ID {
			continue
		}
		if e.Index == nil {
			fees = fees.Add(e.Traced)
			continue
		}
		p := tracer.Endpoint{Tx: e.Tx, Index: *e.Index, Address: e.Address}
		if moved[p] || ended[p] {
			t.Fatalf("a place ends twice, or ends and moves on: %+v", e)
		}
		held[p], ended[p] = held[p].Sub(e.Traced), true
	}
	var rest chains.Amount
	for p, left := range held {
		rest = rest.Add(left)
		if !moved[p] && !ended[p] && fees.IsZero() {
			t.Fatalf("the trail of %s goes silent at %+v", d.ID, p)
		}
		if conserves && left.Sign() < 0 {
			t.Fatalf("%s more leaves %+v than came", left, p)
		}
	}
	if conserves && !rest.Equal(fees) {
		t.Fatalf("deposit %s: %s left places other than by hops, fees are %s", d.ID, rest, fees)
	}
}

// TestDeterminism: neither the order of deposits nor how the index was made
// changes a byte, and the digest is the document's own.
func TestDeterminism(t *testing.T) {
	forEachRule(t, func(t *rapid.T, rule taint.Rule) {
		s := drawScenario(t, rule.Name)
		first := s.run(t)
		x := openIndex(t, s.src, drawFrom(t)("batch bytes", 1, 3000))
		sync(t, x, s.src, 0)
		again := trace(t, view(t, x, s.asOf), rapid.Permutation(s.deposits).Draw(t, "order"), s.params)
		if a, b := document(t, first), document(t, again); a != b {
			t.Fatalf("%s\nthen\n%s", a, b)
		}
		if ok, err := first.Verify(); err != nil || !ok {
			t.Fatalf("the digest is not the document's (%v)", err)
		}
		first.Totals[0].Ends = first.Totals[0].Ends.Add(chains.NewAmount(1))
		if ok, err := first.Verify(); err != nil || ok {
			t.Fatalf("the digest does not notice a change (%v)", err)
		}
	})
}

// TestDepositsAreIndependent: what is traced beside a deposit changes nothing of it.
func TestDepositsAreIndependent(t *testing.T) {
	forEachRule(t, func(t *rapid.T, rule taint.Rule) {
		s := drawScenario(t, rule.Name)
		together := s.run(t)
		for _, p := range s.deposits {
			alone := s
			alone.deposits = []place{p}
			if a, b := forDeposit(t, alone.run(t), p.String()), forDeposit(t, together, p.String()); a != b {
				t.Fatalf("alone\n%s\nwith others\n%s", a, b)
			}
		}
	})
}

// TestReorg: a trace after a reorg is the one made on the new chain alone.
func TestReorg(t *testing.T) {
	forEachRule(t, func(t *rapid.T, rule taint.Rule) {
		draw := drawFrom(t)
		s := drawScenario(t, rule.Name)
		best := s.chain.Fork(draw("fork", 1, s.chain.Height()))
		best.Extend(draw, s.chain.Height()-best.Height()+draw("longer by", 1, 3))
		after := openSource(t, best)

		x := openIndex(t, s.src, draw("batch bytes", 1, 3000))
		sync(t, x, s.src, 0)
		sync(t, x, after, 0)
		fresh := scenario{chain: best, src: after, asOf: uint64(best.Height()), params: s.params}
		fresh.deposits = drawDeposits(t, after, 1, fresh.asOf)
		if a, b := document(t, trace(t, view(t, x, fresh.asOf), fresh.deposits, fresh.params)), document(t, fresh.run(t)); a != b {
			t.Fatalf("after the reorg\n%s\nfresh\n%s", a, b)
		}
	})
}

// TestDuplicateDepositsEnd: a deposit into a coinbase that a duplicate replaced
// (BIP30) is burnt, one into the duplicate is not.
func TestDuplicateDepositsEnd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := fixtures.NewChain()
		c.Extend(drawFrom(t), 2)
		coinbase := c.Blocks()[1].Transactions[0]
		c.Mine(coinbase)
		c.Mine(coinbase)
		src := openSource(t, c)
		n := slices.IndexFunc(src.Decoded[3].Txs[0].Outputs, func(o chains.Output) bool { return o.Value.Sign() > 0 })
		if n < 0 {
			return
		}
		x := openIndex(t, src, 0)
		sync(t, x, src, 0)
		at := func(height uint64) place { return place{chains.Position{Height: height}, uint32(n)} }
		r := trace(t, view(t, x, 4), []place{at(3), at(4)}, tracer.Params{Rule: "fifo"})
		if len(r.Ends) != 2 || r.Ends[0].Kind != tracer.EndBurn || r.Ends[0].Height != 3 || r.Ends[1].Height != 4 {
			t.Fatalf("ends %+v", r.Ends)
		}
	})
}
