package tracer_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/btcsuite/btcd/wire/v2"
	"pgregory.net/rapid"

	"tsuiseki/chains"
	"tsuiseki/fixtures"
	"tsuiseki/tracer"
	"tsuiseki/tracer/cluster"
)

// Three owners mix 5000 each; a takes her change where she paid from.
var refMixed = [][]string{
	{"a: > 9000@A"}, {"b: > 8000"}, {"c: > 7000"}, {"d: > 1", "m: a:0 b:0 c:0 > 5000 5000 5000 3000@A 2500"}, {"e: > 1", "u: m:0 m:3 > 7900"},
}

var refMixCases = []refCase{
	{
		name: "a coinjoin ends the trail", blocks: refMixed, deposits: []string{"a:0", "b:0"}, params: tracer.Params{Rule: "fifo"},
		want: []string{"0 coinjoin a:0 @0:0 9000/9000", "1 coinjoin b:0 @1:0 8000/8000"},
	},
	{
		name: "a coinjoin ends the trail by poison", blocks: refMixed, deposits: []string{"a:0"}, params: tracer.Params{Rule: "poison"},
		want: []string{"0 coinjoin a:0 @0:0 9000/9000"},
	},
	{
		name: "through a coinjoin", blocks: refMixed, deposits: []string{"a:0"}, params: tracer.Params{Rule: "fifo", Without: []string{"coinjoin"}},
		want: []string{
			"0 a:0 > m:0 @3:1 5000/5000", "0 a:0 > m:1 @3:1 4000/5000", "0 unspent m:1 @3:1 4000/5000",
			"0 m:0 > u:0 @4:1 5000/7900", "0 unspent u:0 @4:1 5000/7900",
		},
	},
	{
		name: "a limit comes before a coinjoin", blocks: refMixed, deposits: []string{"a:0"}, params: tracer.Params{Rule: "fifo", MinAmount: chains.NewAmount(9001)},
		want: []string{"0 below-minimum a:0 @0:0 9000/9000"},
	},
	{
		name: "a coinjoin comes before the budget", blocks: [][]string{{"a: > 9000"}, {"b: > 8000"}, {"c: > 7000"}, {"d: > 1", "s: a:0 > 8999", "m: s:0 b:0 c:0 > 5000 5000 5000"}},
		deposits: []string{"a:0"}, params: tracer.Params{Rule: "fifo", Budget: 1},
		want: []string{"0 a:0 > s:0 @3:1 8999/8999", "0 fee s @3:1 1/1", "0 coinjoin s:0 @3:1 8999/8999"},
	},
	{ // the same payments by one owner are a batch, and by two are no mix
		name: "equal payments of two owners", blocks: [][]string{{"a: > 9000"}, {"b: > 8000"}, {"d: > 1", "m: a:0 b:0 > 5000 5000 5000 2000"}},
		deposits: []string{"a:0"}, params: tracer.Params{Rule: "lifo"},
		want: []string{
			"0 a:0 > m:1 @2:1 2000/5000", "0 a:0 > m:2 @2:1 5000/5000", "0 a:0 > m:3 @2:1 2000/2000",
			"0 unspent m:1 @2:1 2000/5000", "0 unspent m:2 @2:1 5000/5000", "0 unspent m:3 @2:1 2000/2000",
		},
	},
}

// TestCoinJoinDetail: the end says which heuristic in which transaction, and how many
// outputs may be whose; these are leads, as is what certainly is the payer's.
func TestCoinJoinDetail(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		owners := rapid.IntRange(3, 6).Draw(t, "owners")
		c := fixtures.NewChain()
		var coins []fixtures.Coin
		for i := range owners {
			block := c.Mine(c.Coinbase(wire.NewTxOut(int64(20_000+i), fixtures.Script("p2wpkh", i))))
			coins = append(coins, fixtures.Coins(block.Transactions[0])...)
		}
		var outputs []*wire.TxOut
		for i := range owners {
			outputs = append(outputs, wire.NewTxOut(12_345, fixtures.Script("p2wpkh", 100+i)))
		}
		outputs = append(outputs, wire.NewTxOut(7_000, fixtures.Script("p2wpkh", 0)))
		mix := c.Pay(coins, outputs...)
		c.Mine(c.Coinbase(), mix)
		src := openSource(t, c)
		x := openIndex(t, src, 0)
		sync(t, x, src, 0)

		r := trace(t, view(t, x, uint64(c.Height())), []place{{at: chains.Position{Height: 1}}, {at: chains.Position{Height: 2}}}, tracer.Params{Rule: "fifo"})
		if len(r.Ends) != 2 || len(r.Hops) > 0 {
			t.Fatalf("ends %+v", r.Ends)
		}
		want := fmt.Sprintf("moved on into a CoinJoin, %s at height %d (heuristic coinjoin %d): %d outputs of 12345 may each be its owner's", mix.TxHash(), c.Height(), cluster.Joint.Version, owners)
		leads := map[string]int{} // by deposit
		for i, e := range r.Ends {
			got := strings.ReplaceAll(e.Detail, ", joinmarket 1)", ")")
			if e.Kind != tracer.EndCoinJoin || got != want || e.Label != nil {
				t.Fatalf("end %s %q, want %q", e.Kind, got, want)
			}
			for _, l := range r.Leads {
				back := strings.Contains(l.Detail, "certainly its owner's")
				if l.Deposit != r.Deposits[i].ID || back != (l.Index == uint32(owners)) {
					continue
				}
				if l.Tx.String() != mix.TxHash().String() || !strings.Contains(l.Detail, "coinjoin ") || l.Address == "" {
					t.Fatalf("lead %+v", l)
				}
				leads[l.Deposit]++
			}
		}
		if leads[r.Deposits[0].ID] != owners+1 || leads[r.Deposits[1].ID] != owners || len(r.Leads) != 2*owners+1 {
			t.Fatalf("%d owners, leads %+v", owners, r.Leads)
		}
		if h := r.Params.Heuristics; len(h) != 1 || h[0].Heuristic != cluster.Joint.ID || h[0].Version != cluster.Joint.Version || r.Params.Without != nil {
			t.Fatalf("params %+v", r.Params)
		}
	})
}

// TestWithout: switched off, a heuristic is listed as such, and ends nothing.
func TestWithout(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawScenario(t, "fifo")
		s.params.Without = []string{"coinjoin", "coinjoin"}
		r := s.run(t)
		if len(r.Params.Without) != 1 || len(r.Params.Heuristics) > 0 {
			t.Fatalf("params %+v", r.Params)
		}
		for _, e := range r.Ends {
			if e.Kind == tracer.EndCoinJoin {
				t.Fatalf("an end %+v of a heuristic that is switched off", e)
			}
		}
	})
}
