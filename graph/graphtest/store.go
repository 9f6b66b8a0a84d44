package graphtest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tsuiseki/chains"
	"tsuiseki/graph"
)

// Chains are those of which the suite writes.
func Chains() []chains.Chain { return []chains.Chain{chains.Bitcoin, chains.Ethereum, "ethereum-5"} }

// TestStore compares a store with Memory, whatever is written, undone and asked.
func TestStore(t *testing.T, open func(t *testing.T) graph.Archive) {
	rapid.Check(t, func(r *rapid.T) {
		m := &machine{r: r, store: open(t), memory: NewMemory()}
		defer m.store.Close()
		for _, chain := range Chains() {
			m.worlds = append(m.worlds, NewWorld(m.draw, chain, m.draw("transactions", 2, 10)))
		}
		for range m.draw("steps", 1, 8) {
			m.step()
			m.compare()
		}
	})
}

type machine struct {
	r      *rapid.T
	store  graph.Archive
	memory *Memory
	worlds []*World
}

func (m *machine) draw(label string, lo, hi int) int { return rapid.IntRange(lo, hi).Draw(m.r, label) }

func (m *machine) world() *World { return m.worlds[m.draw("chain", 0, len(m.worlds)-1)] }

// step writes, withdraws or undoes something.
func (m *machine) step() {
	ctx := context.Background()
	switch m.draw("what to do", 0, 7) {
	case 0, 1:
		w := m.world()
		from := uint64(m.draw("from", 0, 6))
		m.both(func(s graph.Archive) error { return s.Undo(ctx, w.Chain, from) })
	case 2:
		of, rule := CaseIDs()[m.draw("case", 0, len(CaseIDs())-1)], append(Rules(), "")[m.draw("rule", 0, len(Rules()))]
		m.both(func(s graph.Archive) error { return s.Withdraw(ctx, of, rule) })
	default:
		batch := m.batch()
		m.both(func(s graph.Archive) error { return s.Write(ctx, batch) })
	}
}

func (m *machine) both(do func(graph.Archive) error) {
	if err := errors.Join(do(m.store), do(m.memory)); err != nil {
		m.r.Fatal(err)
	}
}

// batch is some transactions, in no order, what they make whole, and some traces.
func (m *machine) batch() *graph.Batch {
	b := &graph.Batch{}
	for range m.draw("writes", 0, 5) {
		w := m.world()
		b.Txs = append(b.Txs, w.All[m.draw("transaction", 0, len(w.All)-1)])
		if m.draw("whole", 0, 1) == 0 {
			a := graph.Address{Chain: w.Chain, Address: Name(m.draw("address", 0, names-1))}
			b.Whole = append(b.Whole, graph.Coverage{Address: a, Through: uint64(m.draw("through", 0, 6))})
		}
		if m.draw("anchor", 0, 1) == 0 {
			height := uint64(m.draw("height", 0, 6))
			b.Anchors = append(b.Anchors, graph.Anchor{Chain: w.Chain, BlockRef: chains.BlockRef{Height: height, Hash: w.hash(height)}})
		}
	}
	for range m.draw("traces", 0, 2) {
		b.Traces = append(b.Traces, NewTrace(m.draw, m.worlds))
	}
	return b
}

// compare asks both stores everything.
func (m *machine) compare() {
	var addresses []graph.Address
	var spans []graph.Span
	var outputs []graph.Key
	for _, w := range m.worlds {
		for n := range names {
			a := graph.Address{Chain: w.Chain, Address: Name(n)}
			addresses = append(addresses, a)
			from := chains.Position{Height: uint64(m.draw("from", 0, 4)), Tx: uint32(m.draw("from tx", 0, 1))}
			to := chains.Position{Height: uint64(m.draw("to", 0, 6)), Tx: uint32(m.draw("to tx", 0, 1))}
			spans = append(spans, graph.Span{Address: a, From: from, To: to})
		}
		for _, tx := range w.All {
			for _, t := range tx.Transfers {
				outputs = append(outputs, t.Key)
			}
		}
	}
	asOf, limit := uint64(m.draw("as of", 0, 6)), m.draw("limit", 1, 5)
	answers := func(s graph.Archive) (lines []string) {
		ctx := context.Background()
		say := func(what string, v any, err error) { lines = append(lines, fmt.Sprintf("%s: %+v %v", what, v, err)) }
		through, err := s.Coverage(ctx, addresses)
		say("coverage", through, err)
		degrees, err := s.Degree(ctx, addresses, asOf, limit)
		say("degree", degrees, err)
		for step, err := range s.Sent(ctx, spans) {
			say("sent", step, err)
		}
		for step, err := range s.Received(ctx, spans) {
			say("received", step, err)
		}
		for step, err := range s.Followers(ctx, outputs) {
			say("follower", step, err)
		}
		for source, err := range s.Sources(ctx, outputs) {
			say("source", source, err)
		}
		names, err := s.Chains(ctx)
		say("chains", names, err)
		for _, w := range m.worlds {
			for tx, err := range s.All(ctx, w.Chain) {
				say("all", tx, err)
			}
			for whole, err := range s.Wholes(ctx, w.Chain) {
				say("whole", whole, err)
			}
			for anchor, err := range s.Anchors(ctx, w.Chain) {
				say("anchor", anchor, err)
			}
			places := []chains.Position{{Height: 99}}
			for _, tx := range w.All {
				places = append(places, tx.At)
			}
			held, err := s.Txs(ctx, w.Chain, places)
			say("txs", len(held), err)
			for _, tx := range held {
				say("tx", tx, nil)
			}
		}
		return append(lines, m.statements(s)...)
	}
	want, got := answers(m.memory), answers(m.store)
	if diff := cmp.Diff(want, got); diff != "" {
		m.r.Fatalf("(-memory +store):\n%s", diff)
	}
}

// TestEndsEarly stops reading midway, and asks with a context that is done.
func TestEndsEarly(t *testing.T, open func(t *testing.T) graph.Archive) {
	s := open(t)
	defer s.Close()
	w := NewWorld(counting(), chains.Ethereum, 20)
	if err := s.Write(context.Background(), &graph.Batch{Txs: w.All}); err != nil {
		t.Fatal(err)
	}
	var spans []graph.Span
	for n := range names {
		spans = append(spans, graph.Span{Address: graph.Address{Chain: w.Chain, Address: Name(n)}, To: chains.Position{Height: 100}})
	}
	for _, err := range s.Received(context.Background(), spans) {
		if err != nil {
			t.Error(err)
		}
		break
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var errs []error
	for _, err := range s.Received(ctx, spans) {
		errs = append(errs, err)
	}
	if !slices.ContainsFunc(errs, func(err error) bool { return errors.Is(err, context.Canceled) }) {
		t.Errorf("errors %v, want context.Canceled", errs)
	}
	if err := s.Write(ctx, &graph.Batch{Txs: w.All}); !errors.Is(err, context.Canceled) {
		t.Errorf("writing: %v, want context.Canceled", err)
	}
}
