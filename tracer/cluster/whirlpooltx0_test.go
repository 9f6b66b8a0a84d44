package cluster_test

import (
	"testing"

	"tsuiseki/tracer/cluster"
)

func TestWhirlpoolTx0(t *testing.T) {
	message := kinds("op_return", []coin{{address: "m"}})
	fee := several("fee", 50_000)
	for _, c := range []struct {
		name string
		outs []coin
		want cluster.Verdict
	}{
		{"one coin to mix", join(several("a", 1_005_000), fee, message), yes},
		{"several and change", join(several("a", times(4, 1_005_000)...), fee, several("c", 777_777), message), yes},
		{"the least and the most an entrant brings", join(several("a", 1_000_100), fee, message), yes},
		{"less", join(several("a", 1_000_099), fee, message), no},
		{"the most", join(several("a", 1_110_000), fee, message), yes},
		{"more", join(several("a", 1_110_001), fee, message), no},
		{"a discount", join(several("a", 1_005_000), several("f", 25_000), message), yes},
		{"too low a fee", join(several("a", 1_005_000), several("f", 24_999), message), no},
		{"three times the fee", join(several("a", 1_005_000), several("f", 150_000), message), yes},
		{"too high a fee", join(several("a", 1_005_000), several("f", 150_001), message), no},
		{"two that could be the fee", join(several("a", 1_005_000), several("f", 50_000, 60_000), message), no},
		{"no fee", join(several("a", 1_005_000, 1_005_000), message), no},
		{"no message", join(several("a", 1_005_000), fee), no},
		{"two messages", join(several("a", 1_005_000), fee, message, message), no},
		{"three others", join(several("a", 1_005_000), fee, several("c", 700_000, 800_000), message), no},
		{"no pool's amount", join(several("a", 505_000), fee, message), no},
		{"values that differ", join(several("a", 1_005_000, 1_006_000, 1_007_000), fee, message), no},
		{"the largest pool", join(several("a", 50_001_000), several("f", 1_750_000), message), yes},
	} {
		if got := cluster.WhirlpoolTx0(hand(several("i", 900_000_000), c.outs)); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// TestTx0IsNoCoinJoin enters with coins of several addresses, which looks like a mix.
func TestTx0IsNoCoinJoin(t *testing.T) {
	outs := join(several("a", times(3, 1_005_000)...), several("fee", 50_000), several("c", 777_777), kinds("op_return", []coin{{address: "m"}}))
	if got := cluster.CoinJoin(hand(several("i", times(4, 1_000_000)...), outs)); got == yes {
		t.Error("one owner's entry into Whirlpool is taken for a CoinJoin")
	}
}
