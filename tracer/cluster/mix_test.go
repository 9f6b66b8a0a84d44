package cluster_test

import (
	"testing"

	"pgregory.net/rapid"

	"tsuiseki/chains"
	"tsuiseki/tracer/cluster"
)

// asWritten describes scripts made by hand, which are a kind and an address.
type asWritten map[string]chains.Output

func (a asWritten) Describe(script []byte) (chains.Address, string) {
	return a[string(script)].Address, a[string(script)].Type
}

func scriptsOf(tx *chains.Tx) asWritten {
	a := asWritten{}
	for _, out := range tx.Outputs {
		a[string(out.Script)] = out
	}
	for _, in := range tx.Inputs {
		if in.Spent != nil {
			a[string(in.Spent.Script)] = *in.Spent
		}
	}
	return a
}

func TestFindMix(t *testing.T) {
	tx := hand(several("a", 1_000_000, 1_000_000, 1_000_000, 1_000_100, 1_110_000), several("b", times(5, 1_000_000)...))
	m, found := cluster.FindMix(tx, scriptsOf(tx))
	if !found || m.Outputs != 5 || !m.Value.Equal(chains.NewAmount(1_000_000)) || len(m.Protocols) != 1 || m.Protocols[0].ID != "whirlpool" {
		t.Errorf("whirlpool: %+v, %v", m, found)
	}
	batch := hand(several("a", 9_000_000, 9_000_000, 9_000_000), several("b", append(times(5, 1_500_000), 1, 2, 3, 4, 5, 6)...))
	if m, found := cluster.FindMix(batch, scriptsOf(batch)); found {
		t.Errorf("a batch, which is undecided: %+v", m)
	}
}

// TestMixHasInputs: fewer inputs than FewestMixInputs never are a CoinJoin.
func TestMixHasInputs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.SampledFrom([]int64{100_000, 1_000_000, 10_000_000, 1 << 25})
		coins := func(name string, n int) []coin { return several(name, rapid.SliceOfN(value, n, n).Draw(t, name)...) }
		ins := coins("a", rapid.IntRange(0, 6).Draw(t, "inputs"))
		tx := hand(ins, coins("b", rapid.IntRange(0, 12).Draw(t, "outputs")))
		_, found := cluster.FindMix(tx, scriptsOf(tx))
		if want := cluster.CoinJoin(tx) == cluster.Yes; found != want {
			t.Fatalf("found %v, the heuristic says %v", found, want)
		}
	})
}
