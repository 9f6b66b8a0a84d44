package graphtest_test

import (
	"context"
	"errors"
	"iter"
	"testing"

	"tsuiseki/chains"
	"tsuiseki/graph"
	"tsuiseki/graph/graphtest"
)

// busy is a chain on which one account paid many others, once each.
type busy struct{ payments int }

func (busy) payer() graph.Address {
	return graph.Address{Chain: chains.Ethereum, Address: graphtest.Name(0)}
}

func (b busy) Snapshot() chains.Snapshot {
	return chains.Snapshot{Chain: chains.Ethereum, BlockRef: chains.BlockRef{Height: uint64(b.payments)}}
}

func (busy) Hash(uint64) (chains.BlockHash, bool, error) { return chains.BlockHash{}, true, nil }

func (b busy) History(address chains.Address) iter.Seq2[*graph.Tx, error] {
	return func(yield func(*graph.Tx, error) bool) {
		for n := range b.payments {
			tx := &graph.Tx{Chain: chains.Ethereum, At: chains.Position{Height: uint64(n)}, Time: graphtest.Start}
			tx.Transfers = []graph.Transfer{{
				Key: graph.Key{Chain: tx.Chain, At: tx.At}, Kind: chains.NativeTransfer, From: b.payer().Address, To: graphtest.Name(n + 1),
				Asset: "ETH", Amount: chains.NewAmount(1), Time: tx.Time,
			}}
			if graphtest.Touches(tx, graph.Address{Chain: tx.Chain, Address: address}) && !yield(tx, nil) {
				return
			}
		}
	}
}

// watched is a store that looks at what it is given, and fails at a batch.
type watched struct {
	graph.Store
	t       *testing.T
	batches int
	failAt  int // counted from 1; 0 is never
}

var errFull = errors.New("the disk is full")

func (w *watched) Write(ctx context.Context, b *graph.Batch) error {
	if w.batches++; w.batches == w.failAt {
		return errFull
	}
	if len(b.Txs) > 10_000 || len(b.Anchors) != 1 {
		w.t.Errorf("a batch of %d transactions and %d anchors: want 10,000 at most, and one", len(b.Txs), len(b.Anchors))
	}
	return w.Store.Write(ctx, b)
}

// TestFillInPieces makes an address whole whose history is more than is gathered at once.
func TestFillInPieces(t *testing.T) {
	chain := busy{12_000}
	for failAt, whole := range map[int]bool{0: true, 1: false, 3: false} {
		store := &watched{Store: graphtest.NewMemory(), t: t, failAt: failAt}
		got, err := graph.Neighbours(context.Background(), store, map[chains.Chain]graph.Chain{chains.Ethereum: chain},
			graph.NeighbourQuery{Of: []graph.Address{chain.payer()}, Direction: graph.Out, Limit: 3, Held: 5_000})
		if whole && (err != nil || got.Total != chain.payments || store.batches != 3) {
			t.Errorf("%d batches, %+v, %v: want all %d neighbours by 3 batches", store.batches, got, err, chain.payments)
		}
		if !whole && !errors.Is(err, errFull) {
			t.Errorf("failing at batch %d: %v, want %v", failAt, err, errFull)
		}
		through, err := store.Coverage(context.Background(), []graph.Address{chain.payer()})
		if err != nil || through[0].Whole != whole {
			t.Errorf("failing at batch %d: whole is %v, %v, want %v", failAt, through[0].Whole, err, whole)
		}
	}
}

// TestStreamedHubIsNotKept reads a hub's history without writing it.
func TestStreamedHubIsNotKept(t *testing.T) {
	chain := busy{2_000}
	store := &watched{Store: graphtest.NewMemory(), t: t}
	got, err := graph.Neighbours(context.Background(), store, map[chains.Chain]graph.Chain{chains.Ethereum: chain},
		graph.NeighbourQuery{Of: []graph.Address{chain.payer()}, Direction: graph.Out, HubDegree: 1_000, Hubs: true, Held: 300})
	if err != nil || got.Total != chain.payments || len(got.Neighbours) != chain.payments || len(got.Hubs) > 0 || store.batches > 0 {
		t.Errorf("%d of %d neighbours, hubs %v, %d batches, %v: want all, and none", len(got.Neighbours), got.Total, got.Hubs, store.batches, err)
	}
}

// FuzzCursor asks for a page by what somebody may have made up.
func FuzzCursor(f *testing.F) {
	chain := busy{5}
	ask := func(cursor string) (*graph.NeighboursAnswer, error) {
		return graph.Neighbours(context.Background(), graphtest.NewMemory(), map[chains.Chain]graph.Chain{chains.Ethereum: chain},
			graph.NeighbourQuery{Of: []graph.Address{chain.payer()}, Direction: graph.Out, Limit: 2, Cursor: cursor})
	}
	first, err := ask("")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(first.Next)
	f.Add("e30")
	f.Fuzz(func(t *testing.T, cursor string) {
		if _, err := ask(cursor); err != nil && !errors.Is(err, graph.ErrCursor) {
			t.Error(err)
		}
	})
}
