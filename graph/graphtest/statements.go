package graphtest

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tsuiseki/chains"
	"tsuiseki/graph"
)

// statements asks a store for all that traces say.
func (m *machine) statements(s graph.Statements) (lines []string) {
	ctx := context.Background()
	say := func(what string, v any, err error) {
		line, notJSON := json.Marshal(v)
		if err = errors.Join(err, notJSON); err != nil {
			line = []byte(err.Error())
		}
		lines = append(lines, what+": "+string(line))
	}
	for ref, err := range s.Traces(ctx) {
		say("trace", ref, err)
	}
	for _, of := range CaseIDs() {
		for _, rule := range Rules() {
			if t, err := s.Trace(ctx, of, rule); t != nil || err != nil {
				say("trace", t, err)
			}
		}
	}
	var addresses []graph.Address
	for _, w := range m.worlds {
		for _, a := range append(oddAddresses(), Name(5), Name(99)) {
			addresses = append(addresses, graph.Address{Chain: w.Chain, Address: a})
		}
	}
	addresses = append(addresses, graph.Address{Chain: "nowhere", Address: Name(0)}, addresses[0])
	for _, rule := range append(Rules(), "none") {
		for v, err := range s.Visits(ctx, rule, addresses) {
			say("visit", v, err)
		}
		for v, err := range s.AllVisits(ctx, rule) {
			say("of all visits", v, err)
		}
	}
	return lines
}

// TestRefused writes traces that contradict themselves: nothing of their batch is kept.
func TestRefused(t *testing.T, open func(t *testing.T) graph.Archive) {
	ctx := context.Background()
	s := open(t)
	defer s.Close()
	w := NewWorld(counting(), chains.Ethereum, 4)
	deposit := graph.Deposit{ID: "d", Transfer: w.All[0].Transfers[0], Tx: w.All[0].ID}
	whole := func() graph.Trace {
		return graph.Trace{Case: "1", Rule: "fifo", Deposits: []graph.Deposit{deposit}, Hops: []graph.Hop{{Deposit: "d", Depth: 1}}, Ends: []graph.End{{Deposit: "d"}}}
	}
	negative := chains.NewAmount(-1)
	for name, spoil := range map[string]func(*graph.Trace){
		"no case":               func(t *graph.Trace) { t.Case = "" },
		"no rule":               func(t *graph.Trace) { t.Rule = "" },
		"two of a name":         func(t *graph.Trace) { t.Deposits = append(t.Deposits, deposit) },
		"a deposit of no name":  func(t *graph.Trace) { t.Deposits[0].ID = "" },
		"a hop of no deposit":   func(t *graph.Trace) { t.Hops[0].Deposit = "e" },
		"an end of no deposit":  func(t *graph.Trace) { t.Ends[0].Deposit = "e" },
		"a negative deposit":    func(t *graph.Trace) { t.Deposits[0].Amount = negative },
		"a negative transfer":   func(t *graph.Trace) { t.Hops[0].Amount = negative },
		"a negative hop":        func(t *graph.Trace) { t.Hops[0].Traced = negative },
		"a negative end":        func(t *graph.Trace) { t.Ends[0].Traced = negative },
		"a negative depth":      func(t *graph.Trace) { t.Ends[0].Depth = -1 },
		"two blocks of a chain": func(t *graph.Trace) { t.AsOf = []graph.Anchor{{Chain: "a"}, {Chain: "a"}} },
		"bytes for words":       func(t *graph.Trace) { t.Ends[0].Detail = "\xff" },
		"bytes for a heuristic": func(t *graph.Trace) { t.Members = []graph.Member{{Heuristics: []string{"\xff"}}} },
	} {
		t.Run(name, func(t *testing.T) {
			trace := whole()
			spoil(&trace)
			b := &graph.Batch{Txs: w.All, Traces: []graph.Trace{whole(), trace}}
			if err := s.Write(ctx, b); !errors.Is(err, graph.ErrBadTrace) {
				t.Errorf("writing it: %v, want ErrBadTrace", err)
			}
			held, err := s.Txs(ctx, w.Chain, []chains.Position{w.All[0].At})
			kept, err2 := s.Trace(ctx, "1", "fifo")
			if len(held) > 0 || kept != nil || err != nil || err2 != nil {
				t.Errorf("of the batch are kept %v, %v (%v, %v), want nothing", held, kept, err, err2)
			}
		})
	}
	fine := whole()
	if err := s.Write(ctx, &graph.Batch{Traces: []graph.Trace{fine}}); err != nil {
		t.Errorf("writing one that is as it should be: %v", err)
	}
}

// TestStatementsEndEarly stops reading statements midway, and asks with a context
// that is done.
func TestStatementsEndEarly(t *testing.T, open func(t *testing.T) graph.Archive) {
	s := open(t)
	defer s.Close()
	w := NewWorld(counting(), chains.Ethereum, 20)
	var traces []graph.Trace
	for _, of := range CaseIDs() {
		trace := graph.Trace{Case: of, Rule: "fifo", Deposits: []graph.Deposit{{ID: "d", Transfer: w.All[0].Transfers[0], Tx: w.All[0].ID}}}
		for i := range w.All {
			trace.Hops = append(trace.Hops, graph.Hop{Deposit: "d", Transfer: w.All[i].Transfers[0], Tx: w.All[i].ID, Depth: i + 1})
		}
		traces = append(traces, trace)
	}
	if err := s.Write(t.Context(), &graph.Batch{Traces: traces}); err != nil {
		t.Fatal(err)
	}
	var addresses []graph.Address
	for n := range names {
		addresses = append(addresses, graph.Address{Chain: w.Chain, Address: Name(n)})
	}
	done, cancel := context.WithCancel(t.Context())
	cancel()
	endsEarly(t, "Traces", s.Traces(t.Context()), s.Traces(done))
	endsEarly(t, "Visits", s.Visits(t.Context(), "fifo", addresses), s.Visits(done, "fifo", addresses))
	endsEarly(t, "AllVisits", s.AllVisits(t.Context(), "fifo"), s.AllVisits(done, "fifo"))
	_, err := s.Trace(done, "1", "fifo")
	for what, err := range map[string]error{
		"Trace": err, "Withdraw": s.Withdraw(done, "1", ""), "Write": s.Write(done, &graph.Batch{Traces: []graph.Trace{{Case: "1", Rule: "fifo"}}}),
	} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v, want context.Canceled", what, err)
		}
	}
	kept, err := s.Trace(t.Context(), "1", "fifo")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Kept(&traces[0]), *kept, cmp.Comparer(chains.Amount.Equal)); diff != "" {
		t.Errorf("what was cancelled changed the trace (-want +got):\n%s", diff)
	}
}

// endsEarly stops a sequence after its first, and wants another to end with an error.
func endsEarly[T any](t *testing.T, name string, fine, done iter.Seq2[T, error]) {
	t.Helper()
	first := 0
	for _, err := range fine {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		first++
		break
	}
	if first == 0 {
		t.Errorf("%s yields nothing", name)
	}
	var errs []error
	for _, err := range done {
		errs = append(errs, err)
	}
	if !slices.ContainsFunc(errs, func(err error) bool { return errors.Is(err, context.Canceled) }) {
		t.Errorf("%s: errors %v, want context.Canceled", name, errs)
	}
}

// counting draws numbers in turn.
func counting() Draw {
	n := 0
	return func(_ string, lo, hi int) int { n++; return lo + n%(hi-lo+1) }
}
