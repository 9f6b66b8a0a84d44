package graph

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math"
	"slices"

	"tsuiseki/chains"
)

// Chain is an index of one chain, as of one block: where the graph grows from.
type Chain interface {
	Snapshot() chains.Snapshot
	// History yields the transactions that move value to or from an address, whole
	// and in chain order.
	History(address chains.Address) iter.Seq2[*Tx, error]
	// Hash is that of the best chain's block at a height, whatever the snapshot; false
	// where the index does not hold it.
	Hash(height uint64) (chains.BlockHash, bool, error)
}

// fillTxs is how many transactions are gathered before they are written.
const fillTxs = 5_000

// filler makes addresses whole before a question looks at them. An index serves one
// reader at a time: histories are read one after the other, while what was read before
// is written.
type filler struct {
	store   Store
	chains  map[chains.Chain]Chain
	more    func(chains.Chain) Chain // further indexes; nil where there are none
	limit   int                      // transactions of an address above which it is a hub, and never whole
	batch   Batch
	inBatch map[txKey]bool
	writing chan error       // of the batch before; nil where none is being written
	hubs    map[Address]bool // of all addresses asked for so far
}

// newFiller reconciles the graph with all indexes before anything is asked.
func newFiller(ctx context.Context, store Store, indexes map[chains.Chain]Chain, hubDegree int) (*filler, error) {
	if err := reconcileAll(ctx, store, indexes); err != nil {
		return nil, err
	}
	if hubDegree == 0 {
		hubDegree = math.MaxInt
	}
	return &filler{store: store, chains: maps.Clone(indexes), limit: hubDegree, inBatch: map[txKey]bool{}, hubs: map[Address]bool{}}, nil
}

// index is that of a chain; one that is met on the way is reconciled with first.
func (f *filler) index(ctx context.Context, of chains.Chain) (Chain, error) {
	if known := f.chains[of]; known != nil {
		return known, nil
	}
	var found Chain
	if f.more != nil {
		found = f.more(of)
	}
	if found == nil {
		return nil, &UnindexedError{of}
	}
	if f.chains == nil {
		f.chains = map[chains.Chain]Chain{}
	}
	f.chains[of] = found
	return found, Reconcile(ctx, f.store, found)
}

// keep writes transactions that were met without their addresses' histories.
func (f *filler) keep(ctx context.Context, txs []*Tx) (err error) {
	defer func() { err = errors.Join(err, f.written()) }()
	for _, tx := range txs {
		chain, err := f.index(ctx, tx.Chain)
		if err != nil {
			return err
		}
		if err := f.gather(ctx, []Tx{*tx}, chain); err != nil {
			return err
		}
	}
	return f.flush(ctx)
}

// anchor notes that the batch relies on a chain's block.
func (f *filler) anchor(chain Chain) {
	s := chain.Snapshot()
	if a := (Anchor{s.Chain, s.BlockRef}); !slices.Contains(f.batch.Anchors, a) {
		f.batch.Anchors = append(f.batch.Anchors, a)
	}
}

// tip is the last place that a question on a chain can see. The chain's index is known.
func (f *filler) tip(chain chains.Chain) chains.Position {
	return chains.Position{Height: f.chains[chain].Snapshot().Height, Tx: lastTx}
}

// UnindexedError says that a question met a chain of which there is no index.
type UnindexedError struct{ Chain chains.Chain }

func (e *UnindexedError) Error() string {
	return fmt.Sprintf("there is no index of %s to ask: index it first", e.Chain)
}

// Reconcile takes from a graph what rests on blocks that are no longer part of the
// best chain.
func Reconcile(ctx context.Context, store Store, chain Chain) error {
	of, stale := chain.Snapshot().Chain, false
	var from uint64 // above the highest anchor that is still valid
	for anchor, err := range store.Anchors(ctx, of) {
		if err != nil {
			return err
		}
		hash, held, err := chain.Hash(anchor.Height)
		if err != nil {
			return err
		}
		if held && hash == anchor.Hash {
			from = anchor.Height + 1
			break
		}
		stale = true
	}
	if !stale {
		return nil
	}
	return store.Undo(ctx, of, from)
}

// fill makes addresses whole up to their chain's block, and tells hubs apart. The
// answer depends on the chain alone, never on what the graph held before.
func (f *filler) fill(ctx context.Context, addresses []Address) (err error) {
	defer func() { err = errors.Join(err, f.written()) }()
	asked := slices.DeleteFunc(slices.Clone(addresses), func(a Address) bool { _, known := f.hubs[a]; return known })
	slices.SortFunc(asked, Address.Compare)
	asked = slices.Compact(asked)
	held, err := f.store.Coverage(ctx, asked)
	if err != nil {
		return err
	}
	var whole []Address
	for i, a := range asked {
		chain, err := f.index(ctx, a.Chain)
		if err != nil {
			return err
		}
		if held[i].Whole && held[i].Height >= chain.Snapshot().Height {
			whole = append(whole, a)
			continue
		}
		if err := f.load(ctx, a, chain); err != nil {
			return err
		}
	}
	if err := f.flush(ctx); err != nil {
		return err
	}
	return f.measure(ctx, whole)
}

// load gathers what moved value to or from an address, unless it is a hub. Of a long
// history, what came first is written before the rest is read; it is whole only when
// all of it is.
func (f *filler) load(ctx context.Context, a Address, chain Chain) error {
	count := 0
	var txs []Tx
	for tx, err := range chain.History(a.Address) {
		if err != nil {
			return fmt.Errorf("filling in %s: %w", a.Address, err)
		}
		if !touches(tx, a) { // an output of nothing: the graph does not show it
			continue
		}
		if count == f.limit {
			f.hubs[a] = true
			return nil
		}
		count++
		if txs = append(txs, *tx); len(txs) == fillTxs {
			if err := f.gather(ctx, txs, chain); err != nil {
				return err
			}
			txs = txs[:0]
		}
	}
	f.hubs[a] = false
	f.batch.Whole = append(f.batch.Whole, Coverage{a, chain.Snapshot().Height})
	return f.gather(ctx, txs, chain)
}

// touches reports whether a transaction moved value to or from an address.
func touches(tx *Tx, a Address) bool {
	return slices.ContainsFunc(tx.Transfers, func(t Transfer) bool { return t.To == a.Address || t.From == a.Address }) ||
		slices.ContainsFunc(tx.Spends, func(s Spend) bool { return s.Address == a.Address })
}

// gather adds transactions to the batch, which says as of which block it holds, and
// writes it where it is large.
func (f *filler) gather(ctx context.Context, txs []Tx, chain Chain) error {
	for _, tx := range txs {
		if at := (txKey{tx.Chain, tx.At}); !f.inBatch[at] { // of two addresses that deal with each other
			f.inBatch[at] = true
			f.batch.Txs = append(f.batch.Txs, tx)
		}
	}
	f.anchor(chain)
	if len(f.batch.Txs) < fillTxs {
		return nil
	}
	return f.flush(ctx)
}

// flush has the batch written, once the one before it is.
func (f *filler) flush(ctx context.Context) error {
	if len(f.batch.Whole)+len(f.batch.Txs) == 0 {
		return nil
	}
	if err := f.written(); err != nil {
		return err
	}
	batch, done := f.batch, make(chan error, 1)
	f.batch, f.inBatch, f.writing = Batch{}, map[txKey]bool{}, done
	go func() { done <- f.store.Write(ctx, &batch) }()
	return nil
}

// written waits until nothing is being written.
func (f *filler) written() (err error) {
	if f.writing != nil {
		err = <-f.writing
		f.writing = nil
	}
	return err
}

// measure tells hubs apart among whole addresses, chain by chain.
func (f *filler) measure(ctx context.Context, whole []Address) error {
	slices.SortFunc(whole, Address.Compare)
	for len(whole) > 0 {
		of := whole[0].Chain
		n := slices.IndexFunc(whole, func(a Address) bool { return a.Chain != of })
		if n < 0 {
			n = len(whole)
		}
		degrees, err := f.store.Degree(ctx, whole[:n], f.chains[of].Snapshot().Height, f.limit)
		if err != nil {
			return err
		}
		for i, degree := range degrees {
			f.hubs[whole[i]] = degree > f.limit
		}
		whole = whole[n:]
	}
	return nil
}
