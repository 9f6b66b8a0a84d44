// Package graphtest is the suite that every store of the case graph passes, and the
// plainest store and the plainest answers, with which they are compared.
package graphtest

import (
	"cmp"
	"context"
	"iter"
	"maps"
	"slices"
	"sync"

	"tsuiseki/chains"
	"tsuiseki/graph"
)

// Memory is a store that looks at everything to answer anything.
type Memory struct {
	mu      sync.Mutex             // guards what follows
	txs     map[graph.Key]graph.Tx // N is zero
	whole   map[graph.Address]uint64
	anchors map[graph.Anchor]bool
	traces  map[traceName]graph.Trace
}

var _ graph.Archive = (*Memory)(nil)

// NewMemory is an empty store.
func NewMemory() *Memory {
	return &Memory{
		txs: map[graph.Key]graph.Tx{}, whole: map[graph.Address]uint64{}, anchors: map[graph.Anchor]bool{},
		traces: map[traceName]graph.Trace{},
	}
}

// now is a copy of what the store holds, for a question that others write beside.
func (m *Memory) now() *Memory {
	m.mu.Lock()
	defer m.mu.Unlock()
	return &Memory{txs: maps.Clone(m.txs), whole: maps.Clone(m.whole), anchors: maps.Clone(m.anchors), traces: maps.Clone(m.traces)}
}

// Write implements graph.Store.
func (m *Memory) Write(ctx context.Context, b *graph.Batch) error {
	traces, err := b.Kept()
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.keep(traces)
	for _, tx := range b.Txs {
		m.txs[graph.Key{Chain: tx.Chain, At: tx.At}] = tx
	}
	for _, w := range b.Whole {
		if have, is := m.whole[w.Address]; !is || have < w.Through {
			m.whole[w.Address] = w.Through
		}
	}
	for _, a := range b.Anchors {
		m.anchors[a] = true
	}
	return nil
}

// Undo implements graph.Store.
func (m *Memory) Undo(_ context.Context, chain chains.Chain, from uint64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.outdate(chain, from)
	maps.DeleteFunc(m.txs, func(k graph.Key, _ graph.Tx) bool { return k.Chain == chain && k.At.Height >= from })
	maps.DeleteFunc(m.anchors, func(a graph.Anchor, _ bool) bool { return a.Chain == chain && a.Height >= from })
	for a, through := range m.whole {
		switch {
		case a.Chain != chain || through < from:
		case from == 0:
			delete(m.whole, a)
		default:
			m.whole[a] = from - 1
		}
	}
	return nil
}

// Anchors implements graph.Store.
func (m *Memory) Anchors(_ context.Context, chain chains.Chain) iter.Seq2[chains.BlockRef, error] {
	m = m.now()
	return func(yield func(chains.BlockRef, error) bool) {
		anchors := slices.SortedFunc(maps.Keys(m.anchors), func(a, b graph.Anchor) int { return cmp.Compare(b.Height, a.Height) })
		for _, a := range anchors {
			if a.Chain == chain && !yield(a.BlockRef, nil) {
				return
			}
		}
	}
}

// Coverage implements graph.Store.
func (m *Memory) Coverage(_ context.Context, addresses []graph.Address) (all []graph.Through, err error) {
	m = m.now()
	for _, a := range addresses {
		height, whole := m.whole[a]
		all = append(all, graph.Through{Whole: whole, Height: height})
	}
	return all, nil
}

// sorted are all transactions in chain order.
func (m *Memory) sorted() (txs []graph.Tx) {
	for _, tx := range m.txs {
		txs = append(txs, tx)
	}
	slices.SortFunc(txs, func(a, b graph.Tx) int { return cmp.Or(cmp.Compare(a.Chain, b.Chain), a.At.Compare(b.At)) })
	return txs
}

// each yields, for each span, the transfers in it that are wanted.
func (m *Memory) each(spans []graph.Span, wanted func(graph.Span, graph.Transfer) bool) iter.Seq2[graph.Step, error] {
	m = m.now()
	return func(yield func(graph.Step, error) bool) {
		txs := m.sorted()
		for i, span := range spans {
			for _, tx := range txs {
				if tx.Chain != span.Chain || tx.At.Compare(span.From) < 0 || tx.At.Compare(span.To) > 0 {
					continue
				}
				for _, t := range tx.Transfers {
					if wanted(span, t) && !yield(graph.Step{Asked: i, Transfer: t}, nil) {
						return
					}
				}
			}
		}
	}
}

// Sent implements graph.Store.
func (m *Memory) Sent(_ context.Context, spans []graph.Span) iter.Seq2[graph.Step, error] {
	return m.each(spans, func(s graph.Span, t graph.Transfer) bool { return t.From == s.Address.Address })
}

// Received implements graph.Store.
func (m *Memory) Received(_ context.Context, spans []graph.Span) iter.Seq2[graph.Step, error] {
	return m.each(spans, func(s graph.Span, t graph.Transfer) bool { return t.To == s.Address.Address })
}

// Followers implements graph.Store.
func (m *Memory) Followers(_ context.Context, outputs []graph.Key) iter.Seq2[graph.Step, error] {
	m = m.now()
	return func(yield func(graph.Step, error) bool) {
		txs := m.sorted()
		for i, output := range outputs {
			made, held := m.txs[graph.Key{Chain: output.Chain, At: output.At}]
			for _, tx := range txs {
				spends := func(s graph.Spend) bool { return s.Output == chains.Outpoint{Tx: made.ID, Index: output.N} }
				if !held || tx.Chain != output.Chain || !slices.ContainsFunc(tx.Spends, spends) {
					continue
				}
				for _, t := range tx.Transfers {
					if !yield(graph.Step{Asked: i, Transfer: t}, nil) {
						return
					}
				}
			}
		}
	}
}

// Sources implements graph.Store.
func (m *Memory) Sources(_ context.Context, outputs []graph.Key) iter.Seq2[graph.Source, error] {
	m = m.now()
	return func(yield func(graph.Source, error) bool) {
		for i, output := range outputs {
			for _, s := range m.txs[graph.Key{Chain: output.Chain, At: output.At}].Spends {
				source := graph.Source{Asked: i, Spend: s}
				for _, tx := range m.txs {
					if tx.Chain == output.Chain && tx.ID == s.Output.Tx {
						for _, t := range tx.Transfers {
							if t.N == s.Output.Index {
								source.Held, source.Transfer = true, t
							}
						}
					}
				}
				if !yield(source, nil) {
					return
				}
			}
		}
	}
}

// Degree implements graph.Store.
func (m *Memory) Degree(_ context.Context, addresses []graph.Address, asOf uint64, limit int) (degrees []int, err error) {
	m = m.now()
	for _, a := range addresses {
		degree := 0
		for _, tx := range m.txs {
			if tx.At.Height <= asOf && Touches(&tx, a) {
				degree++
			}
		}
		degrees = append(degrees, min(degree, limit+1))
	}
	return degrees, nil
}

// Touches reports whether a transaction moved value to or from an address.
func Touches(tx *graph.Tx, a graph.Address) bool {
	return tx.Chain == a.Chain &&
		(slices.ContainsFunc(tx.Transfers, func(t graph.Transfer) bool { return t.From == a.Address || t.To == a.Address }) ||
			slices.ContainsFunc(tx.Spends, func(s graph.Spend) bool { return s.Address == a.Address }))
}

// Txs implements graph.Store.
func (m *Memory) Txs(_ context.Context, chain chains.Chain, at []chains.Position) (found []*graph.Tx, err error) {
	m = m.now()
	for _, place := range at {
		if tx, held := m.txs[graph.Key{Chain: chain, At: place}]; held {
			found = append(found, &tx)
		}
	}
	return found, nil
}

// Close implements graph.Store.
func (m *Memory) Close() error { return nil }

// Chains implements graph.Archive.
func (m *Memory) Chains(context.Context) ([]chains.Chain, error) {
	m = m.now()
	found := map[chains.Chain]bool{}
	for k := range m.txs {
		found[k.Chain] = true
	}
	for a := range m.whole {
		found[a.Chain] = true
	}
	for a := range m.anchors {
		found[a.Chain] = true
	}
	return slices.Sorted(maps.Keys(found)), nil
}

// All implements graph.Archive.
func (m *Memory) All(_ context.Context, chain chains.Chain) iter.Seq2[*graph.Tx, error] {
	m = m.now()
	return func(yield func(*graph.Tx, error) bool) {
		for _, tx := range m.sorted() {
			if tx.Chain == chain && !yield(&tx, nil) {
				return
			}
		}
	}
}

// Wholes implements graph.Archive.
func (m *Memory) Wholes(_ context.Context, chain chains.Chain) iter.Seq2[graph.Coverage, error] {
	m = m.now()
	return func(yield func(graph.Coverage, error) bool) {
		for _, a := range slices.SortedFunc(maps.Keys(m.whole), graph.Address.Compare) {
			if a.Chain == chain && !yield(graph.Coverage{Address: a, Through: m.whole[a]}, nil) {
				return
			}
		}
	}
}
