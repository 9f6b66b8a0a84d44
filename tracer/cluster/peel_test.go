package cluster_test

import (
	"slices"
	"testing"

	"tsuiseki/chains"
	"tsuiseki/tracer/cluster"
)

// peelChain cuts a payment off each time, the rest at index 1.
func peelChain(steps int, payment int64) ([]*chains.Tx, around) {
	chain := around{links: map[*chains.Tx]*chains.Tx{}, back: map[*chains.Tx]*chains.Tx{}}
	var txs []*chains.Tx
	for i := range steps {
		rest := int64(10_000_000 - 100_000*i)
		tx := hand(several("r", rest), several("p", payment, rest-payment))
		tx.Inputs[0].Prevout.Index = 1
		if i > 0 {
			chain.links[txs[i-1]], chain.back[tx] = tx, txs[i-1]
		}
		txs = append(txs, tx)
	}
	chain.links[txs[steps-1]] = nil
	return txs, chain
}

func TestFindPeel(t *testing.T) {
	txs, chain := peelChain(5, 100_000)
	for i, tx := range txs {
		peel, err := cluster.FindPeel(tx, chain, 100)
		want := cluster.Peel{Heuristic: cluster.PeelChain, Before: i, After: 4 - i, Payment: 0, Rest: 1}
		if err != nil || peel == nil || *peel != want {
			t.Errorf("step %d: %+v, %v", i, peel, err)
		}
	}
	if peel, _ := cluster.FindPeel(txs[2], chain, 1); peel == nil || !peel.More || peel.Before != 1 || peel.After != 1 {
		t.Errorf("walked further than one step, or did not say so: %+v", peel)
	}
	if peel, _ := cluster.FindPeel(txs[2], chain, 2); peel == nil || peel.More {
		t.Errorf("all was walked: %+v", peel)
	}
	for name, build := range map[string]func() (*chains.Tx, around){
		"two steps": func() (*chains.Tx, around) {
			txs, chain := peelChain(2, 100_000)
			return txs[0], chain
		},
		"large payments": func() (*chains.Tx, around) {
			txs, chain := peelChain(5, 4_000_000)
			return txs[2], chain
		},
		"the payment is what goes on": func() (*chains.Tx, around) {
			txs, chain := peelChain(3, 100_000)
			txs[1].Inputs[0].Prevout.Index, txs[2].Inputs[0].Prevout.Index = 0, 0
			return txs[2], chain
		},
		"a second input": func() (*chains.Tx, around) {
			txs, chain := peelChain(3, 100_000)
			txs[1].Inputs = slices.Concat(txs[1].Inputs, txs[1].Inputs)
			return txs[2], chain
		},
	} {
		tx, chain := build()
		if peel, err := cluster.FindPeel(tx, chain, 100); peel != nil || err != nil {
			t.Errorf("%s: %+v, %v", name, peel, err)
		}
	}
}

func TestFingerprint(t *testing.T) {
	tx := hand([]coin{{"a", 5, "p2tr"}, {"b", 5, "p2pkh"}, {"c", 5, ""}, unknown}, []coin{{"d", 4, "p2sh"}, {"e", 4, ""}, {"f", 5, "p2sh"}})
	tx.LockTime, tx.Inputs[1].Sequence = 499_999_999, 0xfffffffe
	f := cluster.FingerprintOf(tx)
	if f.TxVersion != 2 || f.LockKind != cluster.HeightLock || !f.LockEnforced || f.RBF || !f.BIP69 || f.Segwit != cluster.SomeOf || f.Taproot != cluster.SomeOf || f.Unknown != 1 {
		t.Errorf("%+v", f)
	}
	wantEqual(t, "inputs", f.InputTypes, []string{"p2pkh", "p2tr", "p2wpkh"})
	wantEqual(t, "outputs", f.OutputTypes, []string{"p2sh", "p2wpkh"})

	tx.LockTime, tx.Inputs[1].Sequence = 500_000_000, 0xfffffffd
	tx.Outputs[0], tx.Outputs[1] = tx.Outputs[1], tx.Outputs[0] // equal values are ordered by script
	if f = cluster.FingerprintOf(tx); f.LockKind != cluster.TimeLock || !f.RBF || f.BIP69 {
		t.Errorf("%+v", f)
	}
	taproot := hand(kinds("p2tr", several("a", 5, 6)), several("b", 4))
	if f = cluster.FingerprintOf(taproot); f.Segwit != cluster.AllOf || f.Taproot != cluster.AllOf {
		t.Errorf("%+v", f)
	}
	final := hand(several("a", 5), several("b", 4))
	final.LockTime = 7
	if f = cluster.FingerprintOf(final); f.LockEnforced || f.Segwit != cluster.AllOf || f.Taproot != cluster.NoneOf {
		t.Errorf("%+v", f)
	}
	final.Inputs = []chains.Input{{Prevout: chains.Outpoint{Index: 1}}, {Prevout: chains.Outpoint{Index: 0}}}
	if f = cluster.FingerprintOf(final); f.BIP69 || f.Segwit != cluster.NoneOf {
		t.Errorf("%+v", f)
	}
}
