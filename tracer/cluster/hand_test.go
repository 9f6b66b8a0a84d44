package cluster_test

import (
	"fmt"
	"slices"
	"testing"

	"tsuiseki/chains"
	"tsuiseki/tracer/cluster"
)

// coin is one input's prevout or one output of a transaction made by hand.
type coin struct {
	address string
	value   int64
	kind    string // p2wpkh where empty
}

func (c coin) output() chains.Output {
	if c.kind == "" {
		c.kind = "p2wpkh"
	}
	return chains.Output{Value: chains.NewAmount(c.value), Script: []byte(c.kind + c.address), Address: chains.Address(c.address), Type: c.kind}
}

// unknown stands for an input whose prevout is not known.
var unknown = coin{value: -1}

func hand(ins, outs []coin) *chains.Tx {
	tx := &chains.Tx{ID: chains.TxID{1}, Block: chains.BlockRef{Height: 100}, Index: 3, Version: 2, Weight: 800}
	for i, in := range ins {
		input := chains.Input{Prevout: chains.Outpoint{Tx: chains.TxID{9}, Index: uint32(i)}, Sequence: 0xffffffff}
		if in != unknown {
			spent := in.output()
			input.Spent = &spent
		}
		tx.Inputs = append(tx.Inputs, input)
	}
	for _, out := range outs {
		tx.Outputs = append(tx.Outputs, out.output())
	}
	return tx
}

// several are coins of different addresses with these values.
func several(name string, values ...int64) (coins []coin) {
	for i, value := range values {
		coins = append(coins, coin{address: fmt.Sprint(name, i), value: value})
	}
	return coins
}

func times(n int, value int64) []int64 { return slices.Repeat([]int64{value}, n) }

func join(lists ...[]coin) []coin { return slices.Concat(lists...) }

func kinds(kind string, coins []coin) []coin {
	for i := range coins {
		coins[i].kind = kind
	}
	return coins
}

// around is a chain made by hand.
type around struct {
	fresh    map[chains.Address]cluster.Verdict // Yes where absent
	spenders map[uint32]*chains.Tx
	links    map[*chains.Tx]*chains.Tx // transaction → what spends its rest
	back     map[*chains.Tx]*chains.Tx
	err      error
}

func (a around) Fresh(out *chains.Output, _ chains.Position) (cluster.Verdict, error) {
	if verdict, ok := a.fresh[out.Address]; ok {
		return verdict, a.err
	}
	return cluster.Yes, a.err
}

func (a around) Spender(tx *chains.Tx, n uint32) (*chains.Tx, error) {
	if next, ok := a.links[tx]; ok {
		return next, a.err
	}
	return a.spenders[n], a.err
}

func (a around) Creator(tx *chains.Tx, _ uint32) (*chains.Tx, error) { return a.back[tx], a.err }

func wantEqual[T comparable](t *testing.T, name string, got, want []T) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %v, want %v", name, got, want)
	}
}
