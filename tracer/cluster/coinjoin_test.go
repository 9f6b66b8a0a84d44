package cluster_test

import (
	"testing"

	"tsuiseki/chains"
	"tsuiseki/tracer/cluster"
)

const (
	yes  = cluster.Yes
	no   = cluster.No
	open = cluster.Undecided
)

func TestDoNotCluster(t *testing.T) {
	for _, c := range []struct {
		name      string
		ins, outs []coin
		want      cluster.Verdict
	}{
		{"three payees of one value", several("a", 1, 2, 3), several("b", 2_731, 2_731, 2_731), yes},
		{"dust", several("a", 1, 2, 3), several("b", 2_730, 2_730, 2_730), no},
		{"two payees of one value", several("a", 1, 2, 3), several("b", 5_000, 5_000, 6_000), no},
		{"one payee three times", several("a", 1, 2, 3), []coin{{"b", 5_000, ""}, {"b", 5_000, ""}, {"b", 5_000, ""}}, no},
		{"two payers", several("a", 1, 2), several("b", times(5, 5_000)...), no},
		{"one payer three times", []coin{{"a", 1, ""}, {"a", 2, ""}, {"a", 3, ""}}, several("b", times(5, 5_000)...), no},
		{"repeated values", several("a", times(10, 9_000)...), several("b", 5_000, 5_000, 6_000, 6_000), yes},
		{"nine inputs", several("a", times(9, 9_000)...), several("b", 5_000, 5_000, 6_000, 6_000), no},
		{"two repeated values", several("a", times(10, 9_000)...), several("b", 5_000, 5_000, 6_000), no},
		{"unknown payers", []coin{{"a", 1, ""}, unknown, unknown}, several("b", times(3, 5_000)...), open},
		{"too few even with the unknown", []coin{{"a", 1, ""}, {"a", 1, ""}, unknown}, several("b", times(3, 5_000)...), no},
		{"known payers suffice", append(several("a", 1, 2, 3), unknown), several("b", times(3, 5_000)...), yes},
		{"unknown payers of an ordinary payment", []coin{unknown, unknown, unknown}, several("b", 5_000, 6_000), no},
		{"anyone's scripts are no payers", kinds("nonstandard", several("a", 1, 2, 3)), several("b", times(3, 5_000)...), no},
	} {
		if got := cluster.DoNotCluster(hand(c.ins, c.outs)); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func wasabi1(equal, inputs int, value int64) (ins, outs []coin) {
	return several("a", times(inputs, value+50_000)...), join(several("b", times(equal, value)...), several("c", 1_234_567, 47_654_321))
}

// wasabi2 has standard denominations and the given number of others at the end.
func wasabi2(inputs, others int) (ins, outs []coin) {
	standard := []int64{1_000_000_000, 500_000_000, 200_000_000, 134_217_728, 43_046_721, 14_348_907, 1_062_882, 50_000}
	for i := range others {
		standard = append(standard, int64(7_001-i))
	}
	values := make([]int64, inputs)
	for i := range values {
		values[i] = int64(200_000_000 - 1_000*i)
	}
	return several("a", values...), several("b", standard...)
}

func TestProtocols(t *testing.T) {
	whirlpool := []int64{1_000_000, 1_000_000, 1_000_000, 1_000_100, 1_110_000}
	ordinary, batch := several("a", 400, 500), several("b", 300, 550)
	type verdicts struct{ joint, whirlpool, wasabi1, wasabi2, joinMarket cluster.Verdict }
	check := func(name string, ins, outs []coin, want verdicts) {
		t.Helper()
		tx := hand(ins, outs)
		got := verdicts{cluster.CoinJoin(tx), cluster.Whirlpool(tx), cluster.Wasabi1(tx), cluster.Wasabi2(tx), cluster.JoinMarket(tx)}
		if got != want {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
	check("ordinary payment", ordinary, batch, verdicts{no, no, no, no, no})
	check("nothing at all", nil, nil, verdicts{no, no, no, no, no})

	check("whirlpool", several("a", whirlpool...), several("b", times(5, 1_000_000)...), verdicts{yes, yes, no, no, no})
	check("whirlpool of 8", several("a", append(times(4, 5_000_000), times(4, 5_000_200)...)...), several("b", times(8, 5_000_000)...), verdicts{yes, yes, no, no, no})
	// Whatever the protocol, mixing is mixing: 'is it one' does not wait for a name.
	check("no pool's amount", several("a", times(5, 1_100_000)...), several("b", times(5, 1_000_001)...), verdicts{yes, no, no, no, no})
	check("five entrants", several("a", times(5, 1_000_100)...), several("b", times(5, 1_000_000)...), verdicts{yes, no, no, no, no})
	check("no entrant", several("a", times(5, 1_000_099)...), several("b", times(5, 1_000_000)...), verdicts{yes, no, no, no, no})
	check("an input too large", several("a", 1_000_000, 1_000_000, 1_000_000, 1_000_100, 1_110_001), several("b", times(5, 1_000_000)...), verdicts{yes, no, no, no, no})
	check("an input too small", several("a", 999_999, 1_000_000, 1_000_000, 1_000_100, 1_110_000), several("b", times(5, 1_000_000)...), verdicts{yes, no, no, no, no})
	check("an unknown prevout", append(several("a", whirlpool[:4]...), unknown), several("b", times(5, 1_000_000)...), verdicts{open, open, no, no, no})
	check("only unknown prevouts", []coin{unknown, unknown, unknown, unknown, unknown}, several("b", times(5, 1_000_000)...), verdicts{open, open, no, no, no})

	ins, outs := wasabi1(10, 10, 10_000_000)
	check("wasabi 1", ins, outs, verdicts{yes, no, yes, no, no})
	ins[4] = unknown
	check("wasabi 1 with an unknown prevout", ins, outs, verdicts{open, no, open, no, no})
	ins, outs = wasabi1(10, 10, 8_000_000)
	check("wasabi 1 at its least", ins, outs, verdicts{yes, no, yes, no, no})
	ins, outs = wasabi1(10, 10, 7_999_999)
	check("below wasabi 1's value", ins, outs, verdicts{yes, no, no, no, no})
	ins, outs = wasabi1(9, 10, 10_000_000)
	check("nine equal outputs", ins, outs, verdicts{yes, no, no, no, no})
	ins, outs = wasabi1(10, 9, 10_000_000)
	check("fewer inputs than equal outputs", ins, outs, verdicts{open, no, no, no, no})
	ins, outs = wasabi1(10, 10, 10_000_000)
	ins[0].kind = "p2pkh"
	check("another script among the inputs", ins, outs, verdicts{yes, no, no, no, no})

	ins, outs = wasabi2(20, 2)
	check("wasabi 2", ins, outs, verdicts{yes, no, no, yes, no})
	ins[3].kind, ins[5].kind = "p2tr", "p2tr"
	check("wasabi 2 with taproot", ins, outs, verdicts{yes, no, no, yes, no})
	ins[3].kind = "p2wsh"
	check("another script in wasabi 2", ins, outs, verdicts{no, no, no, no, no})
	ins, outs = wasabi2(19, 2)
	check("nineteen inputs", ins, outs, verdicts{no, no, no, no, no})
	ins, outs = wasabi2(20, 0)
	check("three outputs of wasabi 2", ins, outs[:3], verdicts{yes, no, no, yes, no})
	check("a sweep into a round amount", ins, outs[:1], verdicts{no, no, no, no, no})
	check("a sweep into two round amounts", ins, outs[:2], verdicts{no, no, no, no, no})
	ins, outs = wasabi2(20, 3) // 8 of 11: less than three quarters
	check("too few denominations", ins, outs, verdicts{no, no, no, no, no})
	ins, outs = wasabi2(20, 2)
	outs[0], outs[1] = outs[1], outs[0]
	check("unsorted outputs", ins, outs, verdicts{no, no, no, no, no})
	ins, outs = wasabi2(20, 2)
	ins[0], ins[1] = ins[1], ins[0]
	check("unsorted inputs", ins, outs, verdicts{no, no, no, no, no})

	maker := several("a", 3_000_000, 2_500_000, 4_000_000)
	check("joinmarket", maker, join(several("b", times(3, 2_345_678)...), several("c", 650_000, 150_000, 1_640_000)), verdicts{yes, no, no, no, yes})
	check("joinmarket without the taker's change", maker, join(several("b", times(3, 2_345_678)...), several("c", 650_000, 150_000)), verdicts{yes, no, no, no, yes})
	check("joinmarket with an unknown prevout", append(several("a", 3_000_000, 2_500_000), unknown), join(several("b", times(3, 2_345_678)...), several("c", 650_000, 150_000)), verdicts{open, no, no, no, open})
	check("two changes short", maker, join(several("b", times(3, 2_345_678)...), several("c", 650_000)), verdicts{yes, no, no, no, no})
	check("a second repeated value", maker, join(several("b", times(3, 2_345_678)...), several("c", 150_000, 150_000)), verdicts{yes, no, no, no, no})
	check("with data", maker, join(several("b", times(3, 2_345_678)...), several("c", 650_000, 150_000), []coin{{"d", 0, "op_return"}}), verdicts{yes, no, no, no, no})
	check("one owner's address", []coin{{"a", 9_000_000, ""}, {"a", 9_000_000, ""}, {"a", 9_000_000, ""}}, join(several("b", times(3, 2_345_678)...), several("c", 650_000, 150_000)), verdicts{no, no, no, no, no})
	// A batch of equal payments is not clustered, but nobody says that it mixes.
	check("batch", several("a", 9_000_000, 9_000_000, 9_000_000), several("b", append(times(5, 1_500_000), 1, 2, 3, 4, 5, 6)...), verdicts{open, no, no, no, no})
}

func TestPayJoinSuspicion(t *testing.T) {
	for _, c := range []struct {
		name      string
		ins, outs []coin
		want      cluster.Verdict
	}{
		{"an unnecessary input", several("a", 10_000, 3_000), several("b", 8_000, 4_900), open},
		{"just necessary", several("a", 10_000, 3_000), several("b", 9_901, 2_999), no},
		{"both inputs necessary", several("a", 6_000, 5_000), several("b", 9_000, 1_900), no},
		{"one input", several("a", 10_000), several("b", 8_000, 1_900), no},
		{"one address", []coin{{"a", 10_000, ""}, {"a", 3_000, ""}}, several("b", 8_000, 4_900), no},
		{"three outputs", several("a", 10_000, 3_000), several("b", 8_000, 2_000, 2_900), no},
		{"different scripts", []coin{{"a", 10_000, "p2pkh"}, {"b", 3_000, ""}}, several("b", 8_000, 4_900), no},
		{"unknown prevout", []coin{{"a", 10_000, ""}, unknown}, several("b", 8_000, 4_900), open},
	} {
		tx := hand(c.ins, c.outs)
		if got := cluster.PayJoinSuspicion(tx); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
		if c.name == "an unnecessary input" && len(cluster.CoSpend(tx, cluster.DoNotCluster)) != 1 {
			t.Errorf("%s: a suspicion decided a merge", c.name)
		}
	}
}

func TestCoSpend(t *testing.T) {
	tx := hand([]coin{{"a", 1, ""}, {"b", 2, ""}, {"a", 3, ""}, {"c", 4, "multisig"}, {"x", 5, "nonstandard"}, {"y", 5, "witness_v1"}, unknown}, several("d", 5))
	want := cluster.Evidence{Heuristic: cluster.CoSpending, Tx: tx.ID, At: tx.Position(), From: "a", To: "b", Confidence: 99}
	second := want
	second.To = "c"
	wantEqual(t, "evidence", cluster.CoSpend(tx, cluster.DoNotCluster), []cluster.Evidence{want, second})
	for _, verdict := range []cluster.Verdict{yes, open} {
		if got := cluster.CoSpend(tx, func(*chains.Tx) cluster.Verdict { return verdict }); got != nil {
			t.Errorf("the guard says %s, yet %v", verdict, got)
		}
	}
	coinbase := &chains.Tx{Inputs: []chains.Input{{Prevout: chains.Outpoint{Index: 0xffffffff}}}}
	if got := cluster.CoSpend(coinbase, cluster.DoNotCluster); got != nil || len(cluster.JointSigns(coinbase)) > 0 {
		t.Errorf("a coinbase has evidence %v or signs", got)
	}
}
