package cluster_test

import (
	"errors"
	"math/big"
	"testing"

	"tsuiseki/chains"
	"tsuiseki/tracer/cluster"
)

func rule(t *testing.T, id string) cluster.ChangeRule {
	t.Helper()
	for _, r := range cluster.ChangeRules() {
		if r.ID == id {
			return r
		}
	}
	t.Fatalf("no rule %s", id)
	return cluster.ChangeRule{}
}

// spender is a transaction of one coin with a lock time, a fee and a number of outputs.
func spender(lockTime uint32, fee int64, outputs int) *chains.Tx {
	tx := hand(several("s", 1_000_000), several("o", times(outputs, (1_000_000-fee)/int64(outputs))...))
	tx.LockTime = lockTime
	return tx
}

func TestChangeRules(t *testing.T) {
	two := hand(several("a", 600_000, 500_000), several("b", 700_000, 399_200)) // fee 800 at 200 vB: 4 sat/vB
	one := hand(several("a", 1_000_000), several("b", 700_000, 299_200))
	huge := hand(several("a", 9), several("b", 0, 1_999_999))
	huge.Outputs[0].Value = chains.BigAmount(new(big.Int).Mul(new(big.Int).Lsh(big.NewInt(1), 100), big.NewInt(1_000_000)))
	locked := *one
	locked.LockTime = 99
	for _, c := range []struct {
		name, rule string
		tx         *chains.Tx
		chain      around
		want       []uint32
	}{
		{"an address that pays", "address-reuse", hand(several("a", 9, 9), []coin{{"b", 3, ""}, {"a1", 4, ""}}), around{}, []uint32{1}},
		{"none that pays", "address-reuse", two, around{}, []uint32{0, 1}},

		{"below the smallest input", "optimal-change", two, around{}, []uint32{1}},
		{"equal to the smallest input", "optimal-change", hand(several("a", 6, 5), several("b", 5, 4)), around{}, []uint32{1}},
		{"none below", "optimal-change", hand(several("a", 6, 2), several("b", 5, 3)), around{}, nil},
		{"one input", "optimal-change", one, around{}, []uint32{0, 1}},
		{"no prevout", "optimal-change", hand([]coin{unknown, unknown}, several("b", 5, 3)), around{}, []uint32{0, 1}},
		{"some prevout", "optimal-change", hand([]coin{unknown, {"a", 4, ""}}, several("b", 5, 3)), around{}, []uint32{1}},

		{"round payment", "power-of-ten", hand(several("a", 9), several("b", 2_000_000, 1_999_999)), around{}, []uint32{1}},
		{"all round", "power-of-ten", hand(several("a", 9), several("b", 2_000_000, 1_000_000)), around{}, []uint32{0, 1}},
		{"none round", "power-of-ten", hand(several("a", 9), several("b", 2_100_000, 500_000)), around{}, []uint32{0, 1}},

		{"more than any chain has", "power-of-ten", huge, around{}, []uint32{1}},

		{"one has the type", "address-type", hand(several("a", 9), []coin{{"b", 4, "p2pkh"}, {"c", 4, ""}}), around{}, []uint32{1}},
		{"mixed inputs", "address-type", hand([]coin{{"a", 9, ""}, {"x", 9, "p2pkh"}}, []coin{{"b", 4, "p2pkh"}, {"c", 4, ""}}), around{}, []uint32{0, 1}},
		{"none has the type", "address-type", hand(several("a", 9), []coin{{"b", 4, "p2pkh"}, {"c", 4, "p2sh"}}), around{}, []uint32{0, 1}},
		{"an unknown type", "address-type", hand(append(several("a", 9), unknown), []coin{{"b", 4, "p2pkh"}, {"c", 4, ""}}), around{}, []uint32{0, 1}},

		{"one fresh", "fresh-address", two, around{fresh: map[chains.Address]cluster.Verdict{"b0": no}}, []uint32{1}},
		{"change where the coins were", "fresh-address", hand(several("a", 10), []coin{{"a0", 4, ""}, {"b", 5, ""}}), around{fresh: map[chains.Address]cluster.Verdict{"a0": no}}, []uint32{0, 1}},
		{"none fresh", "fresh-address", two, around{fresh: map[chains.Address]cluster.Verdict{"b0": no, "b1": no}}, nil},
		{"not known", "fresh-address", two, around{fresh: map[chains.Address]cluster.Verdict{"b0": no, "b1": open}}, []uint32{1}},

		{"same lock habit", "locktime", &locked, around{spenders: map[uint32]*chains.Tx{0: spender(0, 10, 1), 1: spender(101, 10, 1)}}, []uint32{1}},
		{"a time is no height", "locktime", &locked, around{spenders: map[uint32]*chains.Tx{0: spender(1_700_000_000, 10, 1), 1: spender(101, 10, 1)}}, []uint32{1}},
		{"unspent", "locktime", &locked, around{}, []uint32{0, 1}},
		{"nobody shows it", "locktime", &locked, around{spenders: map[uint32]*chains.Tx{1: spender(0, 10, 1)}}, []uint32{0, 1}},
		{"one shows it, one may", "locktime", &locked, around{spenders: map[uint32]*chains.Tx{1: spender(101, 10, 1)}}, []uint32{0, 1}},
		{"no such habit", "locktime", &locked, around{spenders: map[uint32]*chains.Tx{0: spender(0, 1, 1), 1: spender(0, 1, 1)}}, []uint32{0, 1}},

		{"same fee rate", "fixed-fee-rate", two, around{spenders: map[uint32]*chains.Tx{0: spender(0, 1_000, 1), 1: spender(0, 999, 1)}}, []uint32{1}},
		{"another fee rate shows nothing", "fixed-fee-rate", two, around{spenders: map[uint32]*chains.Tx{0: spender(0, 999, 1)}}, []uint32{0, 1}},
		{"fee not known", "fixed-fee-rate", hand([]coin{unknown}, several("b", 5, 3)), around{spenders: map[uint32]*chains.Tx{0: spender(0, 1, 1)}}, []uint32{0, 1}},

		{"goes on", "peeling-chain", one, around{spenders: map[uint32]*chains.Tx{0: spender(0, 10, 1), 1: spender(0, 10, 2)}}, []uint32{1}},
		{"ends", "peeling-chain", one, around{spenders: map[uint32]*chains.Tx{0: spender(0, 10, 1), 1: spender(0, 10, 3)}}, []uint32{0, 1}},
		{"nobody goes on", "peeling-chain", one, around{spenders: map[uint32]*chains.Tx{0: spender(0, 10, 3)}}, []uint32{0, 1}},
		{"is none", "peeling-chain", two, around{spenders: map[uint32]*chains.Tx{0: spender(0, 10, 1), 1: spender(0, 10, 2)}}, []uint32{0, 1}},

		{"all conditions", "one-time-change", hand(several("a", 9_000, 8_000), []coin{{"b", 9_000, ""}, {"c", 7_001, ""}}), around{}, []uint32{1}},
		{"two fit", "one-time-change", hand(several("a", 9_000, 8_000), []coin{{"b", 7_002, ""}, {"c", 7_001, ""}}), around{}, []uint32{0, 1}},
		{"round", "one-time-change", hand(several("a", 9_000, 8_000), []coin{{"b", 9_000, ""}, {"c", 7_000, ""}}), around{}, []uint32{0, 1}},
		{"not fresh", "one-time-change", hand(several("a", 9_000, 8_000), []coin{{"b", 9_000, ""}, {"c", 7_001, ""}}), around{fresh: map[chains.Address]cluster.Verdict{"c": no}}, []uint32{0, 1}},
		{"freshness not known", "one-time-change", hand(several("a", 9_000, 8_000), []coin{{"b", 9_000, ""}, {"c", 7_001, ""}}), around{fresh: map[chains.Address]cluster.Verdict{"c": open}}, []uint32{0, 1}},
		{"paid twice", "one-time-change", hand(several("a", 9_000, 8_000), []coin{{"c", 1_001, ""}, {"c", 7_001, ""}}), around{}, []uint32{0, 1}},
		{"another type", "one-time-change", hand(several("a", 9_000, 8_000), []coin{{"b", 9_000, ""}, {"c", 7_001, "p2pkh"}}), around{}, []uint32{0, 1}},
		{"mixed inputs", "one-time-change", hand([]coin{{"a", 9_000, ""}, {"x", 8_000, "p2pkh"}}, []coin{{"b", 9_000, ""}, {"c", 7_001, ""}}), around{}, []uint32{0, 1}},
		{"eleven outputs", "one-time-change", hand(several("a", 90_000), append(several("b", times(10, 8_000)...), coin{"c", 7_001, ""})), around{}, []uint32{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10}},
		{"data is no change", "one-time-change", hand(several("a", 9_000, 8_000), []coin{{"b", 9_000, ""}, {"c", 7_001, ""}, {"d", 0, "op_return"}}), around{}, []uint32{1}},
	} {
		got, err := rule(t, c.rule).Left(c.tx, c.chain)
		if err != nil {
			t.Fatal(err)
		}
		wantEqual(t, c.rule+": "+c.name, got, c.want)
	}
}

func TestChangeNeedsTwoSigns(t *testing.T) {
	inputs := several("a", 6_000_000, 5_000_000)
	for _, c := range []struct {
		name  string
		tx    *chains.Tx
		chain around
		by    []string // nil: nothing is agreed
	}{
		{"two signs", hand(inputs, []coin{{"b", 9_000_000, ""}, {"c", 1_999_000, ""}}), around{}, []string{"optimal-change", "power-of-ten"}},
		{"three signs", hand(inputs, []coin{{"b", 9_000_000, "p2pkh"}, {"c", 1_999_000, ""}}), around{}, []string{"optimal-change", "power-of-ten", "address-type"}},
		{"one sign", hand(inputs, []coin{{"b", 9_000_001, ""}, {"c", 1_999_000, ""}}), around{}, nil},
		{"a sign against", hand(inputs, []coin{{"b", 9_000_000, ""}, {"c", 1_999_000, "p2pkh"}}), around{}, nil},
		{"not fresh", hand(inputs, []coin{{"b", 9_000_000, ""}, {"c", 1_999_000, ""}}), around{fresh: map[chains.Address]cluster.Verdict{"c": no}}, nil},
		{"a lone output", hand(inputs, several("b", 999_001)), around{}, nil},
		{"several owners", hand(several("a", 6_000_000, 5_000_000, 5_000_000), append(several("b", 4_000_000, 4_000_000, 4_000_000), coin{"c", 1_999_000, ""})), around{}, nil},
		{"no outputs", hand(inputs, nil), around{}, nil},
	} {
		change, err := cluster.FindChange(c.tx, c.chain)
		if err != nil {
			t.Fatal(err)
		}
		wantEqual(t, c.name, change.By, c.by)
		evidence := change.Evidence(c.tx)
		if c.by == nil {
			if change.Agreed != nil || evidence != nil {
				t.Errorf("%s: agreed on %d, evidence %v", c.name, *change.Agreed, evidence)
			}
			continue
		}
		want := cluster.Evidence{Heuristic: cluster.Agreement, Tx: c.tx.ID, At: c.tx.Position(), From: "a0", To: "c", Confidence: 99}
		wantEqual(t, c.name, evidence, []cluster.Evidence{want})
	}
}

func TestSelfChangeIsCertain(t *testing.T) {
	// The rest of an amount that people do not pay, back to an address that pays: no other sign is needed.
	tx := hand(several("a", 1_000_001), []coin{{"a0", 600_000, ""}, {"b", 400_001, ""}})
	change, err := cluster.FindChange(tx, around{fresh: map[chains.Address]cluster.Verdict{"a0": no}})
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "certain", change.Self, []uint32{0})
	if evidence := change.Evidence(tx); change.Agreed != nil || evidence != nil {
		t.Errorf("an address joined itself: %v", evidence)
	}
}

func TestErrorsOfTheChainAreHandedOn(t *testing.T) {
	broken := around{err: errors.New("disk")}
	tx := hand(several("a", 100_000), several("b", 10_001, 80_001))
	tx.LockTime = 5
	for _, id := range []string{"fresh-address", "locktime", "fixed-fee-rate", "peeling-chain", "one-time-change"} {
		if _, err := rule(t, id).Left(tx, broken); !errors.Is(err, broken.err) {
			t.Errorf("%s: %v", id, err)
		}
	}
	if _, err := cluster.FindChange(tx, broken); !errors.Is(err, broken.err) {
		t.Errorf("FindChange: %v", err)
	}
	if _, err := cluster.FindPeel(tx, broken, 5); !errors.Is(err, broken.err) {
		t.Errorf("FindPeel: %v", err)
	}
}
