package graphtest

import (
	"context"
	"testing"

	"pgregory.net/rapid"

	"tsuiseki/graph"
)

// TestCopy copies a graph into a store that holds a part of it, and compares them.
func TestCopy(t *testing.T, open func(t *testing.T) graph.Archive) {
	rapid.Check(t, func(r *rapid.T) {
		ctx := context.Background()
		m := &machine{r: r, store: open(t), memory: NewMemory()}
		defer m.store.Close()
		for _, chain := range Chains() {
			m.worlds = append(m.worlds, NewWorld(m.draw, chain, m.draw("transactions", 2, 10)))
		}
		some := m.batch()
		m.both(func(s graph.Archive) error { return s.Write(ctx, some) })
		rest := m.batch()
		if err := m.memory.Write(ctx, rest); err != nil {
			r.Fatal(err)
		}
		traces, held := uint64(0), len(m.memory.traces)
		for range m.draw("times", 1, 2) { // the second time it passes over all
			done, err := graph.Copy(ctx, m.memory, m.store, nil)
			if err != nil {
				r.Fatal(err)
			}
			for _, c := range done {
				if !c.Same {
					r.Fatalf("%+v: the copy differs", c)
				}
				traces = max(traces, c.Traces)
			}
		}
		if traces != uint64(held) {
			r.Fatalf("%d traces were copied, want %d", traces, held)
		}
		m.compare()

		besides := NewTrace(m.draw, m.worlds)
		besides.Case = "besides"
		if err := m.store.Write(ctx, &graph.Batch{Traces: []graph.Trace{besides}}); err != nil {
			r.Fatal(err)
		}
		done, err := graph.Copy(ctx, m.memory, m.store, nil)
		if err != nil || len(done) == 0 || done[len(done)-1].Same {
			r.Fatalf("with a trace besides: %+v %v, want traces that differ", done, err)
		}
		if err := m.store.Withdraw(ctx, besides.Case, ""); err != nil {
			r.Fatal(err)
		}
	})
}
