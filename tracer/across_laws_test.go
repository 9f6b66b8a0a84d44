package tracer_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/btcsuite/btcd/wire/v2"
	"pgregory.net/rapid"

	"tsuiseki/chains"
	"tsuiseki/fixtures"
	"tsuiseki/tracer"
	"tsuiseki/tracer/taint"
)

// limited draws limits beside the case.
func (c *crossCase) limited(t *rapid.T) {
	rule := c.params.Rule
	c.params = drawParams(t, rule)
	c.params.Until = time.Time{}
	if draw := drawFrom(t); draw("until on", 0, 3) == 0 {
		c.params.Until = minute(0).Add(time.Duration(draw("until", 1, 1500)) * time.Minute).UTC()
	}
}

// TestAcrossConserves: of each deposit, each chain's asset balances by itself, and
// its ends and fees are what the totals say.
func TestAcrossConserves(t *testing.T) {
	forEachRule(t, func(t *rapid.T, rule taint.Rule) {
		c := drawCrossCase(t, rule.Name)
		c.limited(t)
		r := c.run(t)
		type key struct {
			deposit string
			chain   chains.Chain
		}
		left := map[key]chains.Amount{}
		for _, e := range r.Ends {
			k := key{e.Deposit, e.Chain}
			left[k] = left[k].Add(e.Traced)
		}
		for _, total := range r.Totals {
			k := key{total.Deposit, total.Chain}
			if total.Chain == "" {
				k.chain = r.Snapshot[0].Chain
			}
			out := chains.Sum(total.Ends, total.Fees, total.Unresolved)
			if !out.Equal(left[k]) {
				t.Fatalf("total %+v, and ends of %s", total, left[k])
			}
			if in := total.In.Add(total.SwappedIn); rule.Conserves && !in.Equal(out.Add(total.SwappedOut)) {
				t.Fatalf("in %s, out %s: %+v", in, out.Add(total.SwappedOut), total)
			}
			delete(left, k)
		}
		if len(left) > 0 {
			t.Fatalf("ends without a total: %v", left)
		}
		for _, h := range r.Hops {
			if h.Kind == "bridge" && (h.Traced.Cmp(h.Amount) > 0 || h.Swapped.Traced.Cmp(h.Swapped.Amount) > 0 || h.Bridge == nil || h.FromChain == "") {
				t.Fatalf("hop %+v", h)
			}
		}
		if own, err := r.Verify(); err != nil || !own {
			t.Fatalf("digest: %v, %v", own, err)
		}
	})
}

// TestAcrossDeterminism: the order of deposits changes no byte, and each deposit is
// traced as if alone.
func TestAcrossDeterminism(t *testing.T) {
	forEachRule(t, func(t *rapid.T, rule taint.Rule) {
		c := drawCrossCase(t, rule.Name)
		c.limited(t)
		together := c.run(t)
		turned := c
		turned.outputs, turned.transfers = slices.Clone(c.outputs), slices.Clone(c.transfers)
		slices.Reverse(turned.outputs)
		slices.Reverse(turned.transfers)
		if a, b := document(t, together), document(t, turned.run(t)); a != b {
			t.Fatalf("in another order\n%s\nwant\n%s", b, a)
		}
		for i := range c.outputs {
			alone := c
			alone.outputs, alone.transfers = c.outputs[i:i+1], nil
			id := c.outputs[i].String()
			if a, b := forDeposit(t, alone.run(t), id), forDeposit(t, together, id); a != b {
				t.Fatalf("deposit %s alone\n%s\nand with others\n%s", id, a, b)
			}
		}
		for i := range c.transfers {
			alone := c
			alone.outputs, alone.transfers = nil, c.transfers[i:i+1]
			id := c.transfers[i].String()
			if a, b := forDeposit(t, alone.run(t), id), forDeposit(t, together, id); a != b {
				t.Fatalf("deposit %s alone\n%s\nand with others\n%s", id, a, b)
			}
		}
	})
}

// chainOfSwaps swaps on one chain as often as asked: each payment is swapped again.
func chainOfSwaps(t runningTest, n int) (c crossCase) {
	w := &twoChains{bitcoin: fixtures.NewChain(), ether: newAccountChain(), draw: func(_ string, lo, _ int) int { return lo }}
	w.network = openSource(t, w.bitcoin).Network()
	w.now = minute(0)
	mine := func(txs ...*wire.MsgTx) *wire.MsgBlock {
		w.now = w.now.Add(time.Hour)
		return w.bitcoin.MineAt(w.now, w.bitcoin.Coinbase(wire.NewTxOut(1_000, w.script(vaultOwner))), txs...)
	}
	coin := fixtures.Coins(w.bitcoin.MineAt(w.now, w.bitcoin.Coinbase(wire.NewTxOut(1_000, w.script(0)))).Transactions[0])[0]
	vault := fixtures.Coins(mine().Transactions[0])[0]
	for i := range n {
		from, to := i%2, (i+1)%2
		in := w.bitcoin.Pay([]fixtures.Coin{coin}, wire.NewTxOut(1_000, w.script(vaultOwner)), wire.NewTxOut(0, memoScript("=:b:"+w.address(to))))
		_ = from
		block := mine(in)
		out := w.bitcoin.Pay([]fixtures.Coin{vault}, wire.NewTxOut(1_000, w.script(to)), wire.NewTxOut(0, memoScript("OUT:"+strings.ToUpper(idOf(in).String()))))
		vault = fixtures.Coins(block.Transactions[0])[0]
		mine(out)
		coin = fixtures.Coins(out)[0]
	}
	c = crossCase{twoChains: w, params: tracer.Params{Rule: "fifo"}}
	c.world = w.open(t)
	c.outputs = []place{{at: chains.Position{Height: 1}}}
	return c
}

// TestAcrossSettles: a trail that crosses as often as the chains are swept is
// followed to its end, and one that crosses more often is stopped, with words.
func TestAcrossSettles(t *testing.T) {
	for _, crossings := range []int{0, 1, 2, 30, 31, 32, 33, 70} {
		r := chainOfSwaps(t, crossings).run(t)
		bridges := 0
		for _, h := range r.Hops {
			if h.Kind == "bridge" {
				bridges++
			}
		}
		last := r.Ends[len(r.Ends)-1]
		if len(r.Ends) != 1 || !last.Traced.Equal(chains.NewAmount(1_000)) {
			t.Fatalf("ends %+v", r.Ends)
		}
		switch {
		case crossings <= 31 && (bridges != crossings || last.Kind != tracer.EndUnspent):
			t.Fatalf("%d of %d crossings followed, and then %+v", bridges, crossings, last)
		case crossings > 32 && (last.Kind != tracer.EndBudget || !strings.Contains(last.Detail, "had not settled")):
			t.Fatalf("%d of %d crossings followed, and then %+v", bridges, crossings, last)
		}
		total := r.Totals[0]
		if in, out := total.In.Add(total.SwappedIn), chains.Sum(total.SwappedOut, total.Ends, total.Fees, total.Unresolved); !in.Equal(out) {
			t.Fatal(fmt.Sprint(total))
		}
	}
}
