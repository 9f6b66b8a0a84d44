package correlate_test

import (
	"context"
	"iter"
	"slices"
	"testing"

	"tsuiseki/graph"
	"tsuiseki/tracer/correlate"
)

// statements are traces that a test holds.
type statements struct {
	graph.Statements
	traces []*graph.Trace
}

func (s *statements) Traces(context.Context) iter.Seq2[graph.TraceRef, error] {
	return func(yield func(graph.TraceRef, error) bool) {
		for _, t := range s.traces {
			if !yield(graph.TraceRef{Case: t.Case, Rule: t.Rule, Digest: t.Digest, Stale: t.Stale}, nil) {
				return
			}
		}
	}
}

func (s *statements) Trace(_ context.Context, of graph.CaseID, rule string) (*graph.Trace, error) {
	for _, t := range s.traces {
		if t.Case == of && t.Rule == rule {
			return t, nil
		}
	}
	return nil, nil
}

// TestTraced correlates traces of the graph: by one rule, neither stale nor withdrawn.
func TestTraced(t *testing.T) {
	trace := func(id graph.CaseID, rule string, stale bool) *graph.Trace {
		return &graph.Trace{
			Case: id, Rule: rule, Digest: "sha256:" + string(id) + rule, Stale: stale,
			Deposits: []graph.Deposit{{ID: "d", Transfer: moved("ethereum", 1, "victim", "r", 100)}},
		}
	}
	s := &statements{traces: []*graph.Trace{
		trace("a", "fifo", false), trace("a", "poison", false), trace("b", "fifo", false), trace("c", "fifo", true), trace("d", "fifo", false), trace("e", "poison", false),
	}}
	traced := &correlate.Traced{Statements: s, Rule: "fifo", Facts: func(_ context.Context, id graph.CaseID) (correlate.Facts, error) {
		return correlate.Facts{Prefecture: "27", Withdrawn: id == "d"}, nil
	}}
	r, err := correlate.Run(t.Context(), correlate.Inputs{Cases: traced, Nodes: newFake()}, options(t.TempDir(), false))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	l := linkOf(t, r, "a", "b")
	if r.Cases != 2 || r.Len() != 1 || l.Prefectures != [2]string{"27", "27"} || !slices.Equal(classes(l), []string{"address", "co-flow"}) {
		t.Errorf("%d cases, link %+v", r.Cases, l)
	}
}
