package main

import (
	"errors"
	"iter"
	"slices"

	"tsuiseki/chains"
	"tsuiseki/chains/index"
	"tsuiseki/graph"
)

// outputGraph is where the graph of a chain in Bitcoin's format grows from.
type outputGraph struct {
	*opened
	tip *index.View
}

var _ graph.Chain = outputGraph{}

// History implements graph.Chain.
func (g outputGraph) History(address chains.Address) iter.Seq2[*graph.Tx, error] {
	return func(yield func(*graph.Tx, error) bool) {
		_, key, err := g.network.AddressKey(string(address))
		if err != nil {
			yield(nil, err)
			return
		}
		for tx, err := range g.Touching(address, key) {
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(g.tx(tx), nil) {
				return
			}
		}
	}
}

// tx is a transaction as the graph has it: without what nobody can spend.
func (g outputGraph) tx(tx *chains.Tx) *graph.Tx {
	out := graphTx(g.Snapshot().Chain, tx)
	for i := range tx.Inputs {
		in := &tx.Inputs[i]
		if in.Coinbase() {
			continue
		}
		spend := graph.Spend{Output: in.Prevout}
		if in.Spent != nil {
			spend.Address, _ = g.Describe(in.Spent.Script)
			spend.Amount = in.Spent.Value
		}
		out.Spends = append(out.Spends, spend)
	}
	for i := range tx.Outputs {
		o := &tx.Outputs[i]
		address, kind := g.Describe(o.Script)
		if o.Value.Sign() > 0 && kind != "op_return" {
			out.Transfers = append(out.Transfers, graph.Transfer{
				Key: graph.Key{Chain: out.Chain, At: out.At, N: uint32(i)}, Kind: graph.Output, Index: uint32(i),
				To: address, Asset: g.network.Asset, Amount: o.Value, Time: tx.Time,
			})
		}
	}
	return out
}

// Hash implements graph.Chain.
func (g outputGraph) Hash(height uint64) (chains.BlockHash, bool, error) {
	return hashAt(g.tip, height)
}

// Close closes what was opened for the graph.
func (g outputGraph) Close() error { return errors.Join(g.tip.Close(), g.opened.Close()) }

// accountGraph is where the graph of an account chain grows from.
type accountGraph struct {
	*openedAccounts
	tip *index.AccountView
}

var _ graph.Chain = accountGraph{}

// History implements graph.Chain.
func (g accountGraph) History(address chains.Address) iter.Seq2[*graph.Tx, error] {
	return func(yield func(*graph.Tx, error) bool) {
		pays := func(t chains.Transfer) bool { return t.Payment() && (t.From == address || t.To == address) }
		for tx, err := range g.Touching(address, chains.Position{}) {
			if err != nil {
				yield(nil, err)
				return
			}
			if tx.Failed || tx.ID == (chains.TxID{}) || !slices.ContainsFunc(tx.Transfers, pays) {
				continue
			}
			if !yield(g.tx(tx), nil) {
				return
			}
		}
	}
}

// tx is a transaction as the graph has it: its payments, without its fees.
func (g accountGraph) tx(tx *chains.Tx) *graph.Tx {
	out := graphTx(g.Snapshot().Chain, tx)
	for i := range tx.Transfers {
		if t := &tx.Transfers[i]; t.Payment() {
			out.Transfers = append(out.Transfers, graph.Transfer{
				Key: graph.Key{Chain: out.Chain, At: out.At, N: uint32(i)}, Kind: t.Kind, Index: t.Index,
				From: t.From, To: t.To, Asset: t.Asset, Amount: t.Amount, Time: tx.Time,
			})
		}
	}
	return out
}

// Hash implements graph.Chain.
func (g accountGraph) Hash(height uint64) (chains.BlockHash, bool, error) {
	return hashAt(g.tip, height)
}

// Close closes what was opened for the graph.
func (g accountGraph) Close() error { return errors.Join(g.tip.Close(), g.openedAccounts.Close()) }

func graphTx(chain chains.Chain, tx *chains.Tx) *graph.Tx {
	return &graph.Tx{Chain: chain, At: tx.Position(), ID: tx.ID, Block: tx.Block.Hash, Time: tx.Time}
}

func hashAt(view timed, height uint64) (chains.BlockHash, bool, error) {
	header, _, err := view.BlockAt(height)
	if errors.Is(err, chains.ErrNotFound) {
		return chains.BlockHash{}, false, nil
	}
	return header.Hash, err == nil, err
}
