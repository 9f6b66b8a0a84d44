package graphtest

import (
	"crypto/sha256"
	"fmt"
	"iter"
	"slices"
	"time"

	"tsuiseki/chains"
	"tsuiseki/graph"
)

// World is a small chain with all that it moved, in order: the truth about paths.
type World struct {
	Chain chains.Chain
	All   []graph.Tx
	coins []coin // unspent, of a UTXO chain
}

type coin struct {
	at       chains.Outpoint
	transfer graph.Transfer
}

// Draw chooses a number between two, both included.
type Draw func(label string, lo, hi int) int

// Start is the time of a world's first block; each next comes a minute later.
var Start = time.Date(2024, 6, 1, 0, 0, 0, 0, time.UTC)

var _ graph.Chain = (*World)(nil)

// NewWorld plays transactions at random between few addresses.
func NewWorld(draw Draw, chain chains.Chain, txs int) *World {
	w := &World{Chain: chain}
	w.play(draw, txs)
	return w
}

func (w *World) play(draw Draw, txs int) {
	for range txs {
		n := len(w.All)
		height, place := uint64(n/2), uint32(n%2)
		tx := graph.Tx{Chain: w.Chain, At: chains.Position{Height: height, Tx: place}, Time: Start.Add(time.Duration(height) * time.Minute)}
		if w.Chain.Family() == chains.Bitcoin {
			w.spend(draw, &tx)
		} else {
			w.pay(draw, &tx)
		}
		tx.ID = sha256.Sum256(fmt.Appendf(nil, "%v", tx))
		w.settle(tx)
	}
}

// settle adds a transaction, and keeps track of what can be spent.
func (w *World) settle(tx graph.Tx) {
	w.All = append(w.All, tx)
	for _, s := range tx.Spends {
		w.coins = slices.DeleteFunc(w.coins, func(c coin) bool { return c.at == s.Output })
	}
	for _, t := range tx.Transfers {
		w.coins = append(w.coins, coin{chains.Outpoint{Tx: tx.ID, Index: t.N}, t})
	}
}

// Name is the address of that number.
func Name(n int) chains.Address { return chains.Address(fmt.Sprintf("0x%040x", n+1)) }

// Token is the asset of one of the addresses, its contract.
var Token = chains.Asset(Name(0))

// names is how many addresses there are in a world.
const names = 6

func (w *World) transfer(tx *graph.Tx, t graph.Transfer) {
	t.Key = graph.Key{Chain: w.Chain, At: tx.At, N: uint32(len(tx.Transfers))}
	t.Index, t.Time = t.N, tx.Time
	tx.Transfers = append(tx.Transfers, t)
}

func (w *World) pay(draw Draw, tx *graph.Tx) {
	assets := []chains.Asset{"ETH", Token}
	for range draw("transfers", 1, 3) {
		from, to := draw("from", 0, names-1), draw("to", 0, names-1)
		if from == to {
			to = (to + 1) % names
		}
		t := graph.Transfer{
			Kind: chains.TokenTransfer, From: Name(from), To: Name(to),
			Asset: assets[draw("asset", 0, 1)], Amount: chains.NewAmount(int64(draw("amount", 1, 9))),
		}
		switch minted := draw("minted", 0, 9); {
		case t.Asset == Token && minted == 0:
			t.From = chains.ZeroAddress
		case t.Asset == Token && minted == 1:
			t.To = chains.ZeroAddress
		}
		w.transfer(tx, t)
	}
}

func (w *World) spend(draw Draw, tx *graph.Tx) {
	for range draw("inputs", 0, 2) {
		if len(w.coins) == 0 {
			break
		}
		c := w.coins[draw("coin", 0, len(w.coins)-1)]
		if !slices.ContainsFunc(tx.Spends, func(s graph.Spend) bool { return s.Output == c.at }) {
			tx.Spends = append(tx.Spends, graph.Spend{Output: c.at, Address: c.transfer.To, Amount: c.transfer.Amount})
		}
	}
	for range draw("outputs", 1, 3) {
		w.transfer(tx, graph.Transfer{Kind: graph.Output, To: Name(draw("to", 0, names-1)), Asset: "BTC", Amount: chains.NewAmount(int64(draw("amount", 1, 9)))})
	}
}

// Snapshot implements graph.Chain.
func (w *World) Snapshot() chains.Snapshot {
	height := w.All[len(w.All)-1].At.Height
	return chains.Snapshot{Chain: w.Chain, BlockRef: chains.BlockRef{Height: height, Hash: w.hash(height)}}
}

// Hash implements graph.Chain.
func (w *World) Hash(height uint64) (chains.BlockHash, bool, error) {
	return w.hash(height), height <= w.Snapshot().Height, nil
}

// hash tells a block by all transactions up to it.
func (w *World) hash(height uint64) chains.BlockHash {
	sum := sha256.New()
	for _, tx := range w.All {
		if tx.At.Height <= height {
			fmt.Fprintf(sum, "%v", tx)
		}
	}
	return chains.BlockHash(sum.Sum(nil))
}

// Fork is a world that shares the first transactions, and goes on at random.
func (w *World) Fork(draw Draw, shared, more int) *World {
	fork := &World{Chain: w.Chain}
	for _, tx := range w.All[:shared] {
		fork.settle(tx)
	}
	fork.play(draw, more)
	return fork
}

// History implements graph.Chain.
func (w *World) History(address chains.Address) iter.Seq2[*graph.Tx, error] {
	return func(yield func(*graph.Tx, error) bool) {
		for i := range w.All {
			tx := &w.All[i]
			if Touches(tx, graph.Address{Chain: w.Chain, Address: address}) && !yield(tx, nil) {
				return
			}
		}
	}
}
