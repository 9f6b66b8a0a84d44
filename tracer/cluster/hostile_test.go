package cluster_test

import (
	"fmt"
	"math/big"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"tsuiseki/chains"
	"tsuiseki/tracer/cluster"
)

// reporter is what *testing.T and *rapid.T have in common.
type reporter interface {
	Helper()
	Fatalf(format string, args ...any)
	Errorf(format string, args ...any)
}

// checkAnswers asks everything of a transaction and holds the answers to what is
// always so.
func checkAnswers(t reporter, tx *chains.Tx, chain cluster.Chain) {
	t.Helper()
	for _, sign := range cluster.JointSigns(tx) {
		if tx.Coinbase() || (sign.Verdict != yes && sign.Verdict != no && sign.Verdict != open) || (sign.Heuristic == cluster.PayJoin && sign.Verdict == yes) {
			t.Errorf("%s: sign %+v", tx.ID, sign)
		}
	}
	guard := cluster.DoNotCluster(tx)
	evidence := cluster.CoSpend(tx, cluster.DoNotCluster)
	if len(evidence) >= max(len(tx.Inputs), 1) || (len(evidence) > 0 && (guard != no || tx.Coinbase())) {
		t.Errorf("%s: %d links of %d inputs, the guard says %s", tx.ID, len(evidence), len(tx.Inputs), guard)
	}
	for _, e := range evidence {
		if e.From == e.To || e.Heuristic != cluster.CoSpending || e.Tx != tx.ID {
			t.Errorf("evidence %+v", e)
		}
	}
	change, err := cluster.FindChange(tx, chain)
	if err != nil {
		t.Fatalf("%s: %v", tx.ID, err)
	}
	if len(change.Rules) > 0 && (tx.Coinbase() || guard != no) {
		t.Errorf("%s: change of a transaction without one payer: %+v", tx.ID, change)
	}
	for _, rule := range change.Rules {
		ordered := slices.IsSorted(rule.Outputs) && len(slices.Compact(slices.Clone(rule.Outputs))) == len(rule.Outputs)
		if !ordered || slices.ContainsFunc(rule.Outputs, func(n uint32) bool {
			return int(n) >= len(tx.Outputs) || tx.Outputs[n].Type == "op_return" || tx.Outputs[n].Value.Sign() <= 0
		}) {
			t.Errorf("%s: %s leaves %v", tx.ID, rule.ID, rule.Outputs)
		}
		ofItsOwn := rule.ID != "one-time-change"
		if change.Agreed != nil && ofItsOwn && !slices.Contains(rule.Outputs, *change.Agreed) {
			t.Errorf("%s: agreed on %d, which %s rules out", tx.ID, *change.Agreed, rule.ID)
		}
	}
	if change.Agreed != nil && len(change.By) < 2 {
		t.Errorf("%s: agreed by %v", tx.ID, change.By)
	}
	for _, e := range change.Evidence(tx) {
		if e.Heuristic != cluster.Agreement || e.To != tx.Outputs[*change.Agreed].Address || e.From == e.To {
			t.Errorf("evidence %+v", e)
		}
	}
	cluster.FingerprintOf(tx)
	if peel, err := cluster.FindPeel(tx, chain, 20); err != nil || (peel != nil && (tx.Coinbase() || peel.Before > 20 || peel.After > 20)) {
		t.Errorf("%s: peel %+v, %v", tx.ID, peel, err)
	}
}

func drawCoin(t *rapid.T, name string) coin {
	return coin{
		address: rapid.SampledFrom([]string{"", "a", "b", "c", "d", "e", "f"}).Draw(t, name),
		value:   rapid.OneOf(rapid.SampledFrom([]int64{0, 1, 1_000, 2_730, 2_731, 100_000, 1_000_000, 10_000_000, 1<<63 - 1, -5}), rapid.Int64()).Draw(t, name+" value"),
		kind:    rapid.SampledFrom([]string{"", "p2pkh", "p2tr", "op_return", "nonstandard", "multisig", "?"}).Draw(t, name+" type"),
	}
}

func drawTx(t *rapid.T) *chains.Tx {
	var ins, outs []coin
	for range rapid.IntRange(0, 25).Draw(t, "inputs") {
		if in := drawCoin(t, "in"); rapid.IntRange(0, 9).Draw(t, "known") > 0 {
			ins = append(ins, in)
		} else {
			ins = append(ins, unknown)
		}
	}
	for range rapid.IntRange(0, 25).Draw(t, "outputs") {
		outs = append(outs, drawCoin(t, "out"))
	}
	tx := hand(ins, outs)
	tx.Weight = rapid.Uint32().Draw(t, "weight")
	tx.LockTime = rapid.Uint32().Draw(t, "lock time")
	if len(outs) > 0 && rapid.Bool().Draw(t, "huge") {
		tx.Outputs[0].Value = chains.BigAmount(new(big.Int).Lsh(big.NewInt(1), 200))
	}
	if len(ins) == 1 && rapid.Bool().Draw(t, "coinbase") {
		tx.Inputs[0].Prevout = chains.Outpoint{Index: 0xffffffff}
	}
	return tx
}

func TestHostileShapes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tx := drawTx(t)
		// A chain that leads in circles is walked to the limit, not for ever.
		chain := around{
			fresh:    map[chains.Address]cluster.Verdict{"a": no, "b": open},
			spenders: map[uint32]*chains.Tx{0: tx, 1: drawTx(t)},
			back:     map[*chains.Tx]*chains.Tx{tx: tx},
		}
		checkAnswers(t, tx, chain)
	})
}

// An unknown prevout may only open an answer, never turn it around.
func TestUnknownPrevoutsOnlyOpenAnswers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tx := drawTx(t)
		less := *tx
		less.Inputs = slices.Clone(tx.Inputs)
		if len(less.Inputs) > 0 {
			less.Inputs[rapid.IntRange(0, len(less.Inputs)-1).Draw(t, "forgotten")].Spent = nil
		}
		for _, ask := range append([]cluster.Protocol{{Heuristic: cluster.Guard, Fits: cluster.DoNotCluster}, {Heuristic: cluster.Joint, Fits: cluster.CoinJoin}}, cluster.Protocols()...) {
			if known, open := ask.Fits(tx), ask.Fits(&less); open != known && open != cluster.Undecided {
				t.Fatalf("%s: %s with a prevout less, %s with all", ask.ID, open, known)
			}
		}
	})
}

func TestHugeTransaction(t *testing.T) {
	const many = 30_000
	ins, outs := make([]coin, 0, many), make([]coin, 0, many)
	for i := range many {
		ins = append(ins, coin{fmt.Sprint("a", i), 5_000, ""})
		outs = append(outs, coin{fmt.Sprint("b", i), int64(4_000 + i), ""})
	}
	tx := hand(ins, outs)
	checkAnswers(t, tx, around{})
	if got := len(cluster.CoSpend(tx, cluster.DoNotCluster)); got != many-1 {
		t.Errorf("%d links", got)
	}
}
