package graphtest

import (
	"context"
	"testing"

	"pgregory.net/rapid"

	"tsuiseki/graph"
)

// TestReorg has blocks replaced: a store from which they are undone, and to which the
// new ones and the stale traces, made anew, are written, says what one says that was
// never written anything else.
func TestReorg(t *testing.T, open func(t *testing.T) graph.Archive) {
	rapid.Check(t, func(r *rapid.T) {
		ctx := context.Background()
		m := &machine{r: r, store: open(t), memory: NewMemory()}
		defer m.store.Close()
		write := func(s graph.Store, b *graph.Batch) {
			if err := s.Write(ctx, b); err != nil {
				r.Fatal(err)
			}
		}
		var forks []*World
		for _, chain := range Chains() {
			w := NewWorld(m.draw, chain, m.draw("transactions", 2, 10))
			m.worlds = append(m.worlds, w)
			write(m.store, wholeWorld(w))
			forks = append(forks, w.Fork(m.draw, m.draw("shared", 0, len(w.All)-1), m.draw("more", 1, 5)))
		}
		first := &graph.Batch{}
		for range m.draw("traces", 1, 5) {
			first.Traces = append(first.Traces, NewTrace(m.draw, m.worlds))
		}
		write(m.store, first)

		for i, fork := range forks {
			if err := m.store.Undo(ctx, fork.Chain, uint64(shared(m.worlds[i], fork)/2)); err != nil {
				r.Fatal(err)
			}
			write(m.store, wholeWorld(fork))
			write(m.memory, wholeWorld(fork))
		}
		m.worlds = forks
		again := &graph.Batch{}
		for ref, err := range m.store.Traces(ctx) {
			if err != nil {
				r.Fatal(err)
			}
			made := NewTrace(m.draw, forks)
			if made.Case, made.Rule = ref.Case, ref.Rule; ref.Stale {
				again.Traces = append(again.Traces, made)
				continue
			}
			held, err := m.store.Trace(ctx, ref.Case, ref.Rule)
			if err != nil {
				r.Fatal(err)
			}
			write(m.memory, &graph.Batch{Traces: []graph.Trace{*held}})
		}
		for v, err := range visitsOf(ctx, m.store, again.Traces) {
			r.Fatalf("a stale trace is answered: %+v %v", v, err)
		}
		write(m.store, again)
		write(m.memory, again)
		m.compare()
		want, err1 := graph.DigestTraces(ctx, m.memory)
		got, err2 := graph.DigestTraces(ctx, m.store)
		if want != got || err1 != nil || err2 != nil {
			r.Fatalf("the digest is %s, want %s (%v, %v)", got, want, err1, err2)
		}
	})
}

// shared is how many transactions two worlds begin with in common.
func shared(w, fork *World) (n int) {
	for n < len(w.All) && n < len(fork.All) && w.All[n].ID == fork.All[n].ID {
		n++
	}
	return n
}

// wholeWorld is all of a world, known to be whole as of its last block.
func wholeWorld(w *World) *graph.Batch {
	tip := w.Snapshot()
	b := &graph.Batch{Txs: w.All, Anchors: []graph.Anchor{{Chain: w.Chain, BlockRef: tip.BlockRef}}}
	for n := range names {
		b.Whole = append(b.Whole, graph.Coverage{Address: graph.Address{Chain: w.Chain, Address: Name(n)}, Through: tip.Height})
	}
	return b
}

// visitsOf are the visits that a store answers of the cases and rules of traces.
func visitsOf(ctx context.Context, s graph.Statements, traces []graph.Trace) func(func(graph.Visit, error) bool) {
	return func(yield func(graph.Visit, error) bool) {
		for i := range traces {
			for v, err := range s.AllVisits(ctx, traces[i].Rule) {
				if (v.Case == traces[i].Case || err != nil) && !yield(v, err) {
					return
				}
			}
		}
	}
}
