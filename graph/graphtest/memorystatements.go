package graphtest

import (
	"cmp"
	"context"
	"iter"
	"maps"
	"slices"
	"time"

	"tsuiseki/chains"
	"tsuiseki/graph"
)

// traceName tells traces apart.
type traceName struct {
	of   graph.CaseID
	rule string
}

var _ graph.Statements = (*Memory)(nil)

// keep replaces traces.
func (m *Memory) keep(traces []*graph.Trace) {
	for _, t := range traces {
		m.traces[traceName{t.Case, t.Rule}] = Kept(t)
	}
}

// outdate marks the traces that hold as of a block that is undone.
func (m *Memory) outdate(chain chains.Chain, from uint64) {
	for name, t := range m.traces {
		if slices.ContainsFunc(t.AsOf, func(a graph.Anchor) bool { return a.Chain == chain && a.Height >= from }) {
			t.Stale = true
			m.traces[name] = t
		}
	}
}

// Kept is a trace as a store gives it back: a copy, with times in UTC to the second
// and no empty list that is not nil.
func Kept(t *graph.Trace) graph.Trace {
	kept := *t
	kept.AsOf = clone(t.AsOf)
	kept.Deposits, kept.Hops, kept.Ends = clone(t.Deposits), clone(t.Hops), clone(t.Ends)
	kept.Members, kept.Labels = clone(t.Members), clone(t.Labels)
	second := func(at *time.Time) { *at = time.Unix(at.Unix(), 0).UTC() }
	for i := range kept.Deposits {
		second(&kept.Deposits[i].Time)
	}
	for i := range kept.Hops {
		second(&kept.Hops[i].Time)
	}
	for i := range kept.Ends {
		second(&kept.Ends[i].Time)
	}
	for i := range kept.Members {
		kept.Members[i].Heuristics = clone(kept.Members[i].Heuristics)
	}
	for i := range kept.Labels {
		second(&kept.Labels[i].Since)
		kept.Labels[i].Concepts = clone(kept.Labels[i].Concepts)
	}
	return kept
}

func clone[T any](all []T) []T {
	if len(all) == 0 {
		return nil
	}
	return slices.Clone(all)
}

// Trace implements graph.Statements.
func (m *Memory) Trace(ctx context.Context, of graph.CaseID, rule string) (*graph.Trace, error) {
	m = m.now()
	t, is := m.traces[traceName{of, rule}]
	if !is {
		return nil, ctx.Err()
	}
	kept := Kept(&t)
	return &kept, ctx.Err()
}

// Traces implements graph.Statements.
func (m *Memory) Traces(ctx context.Context) iter.Seq2[graph.TraceRef, error] {
	m = m.now()
	names := slices.SortedFunc(maps.Keys(m.traces), func(a, b traceName) int {
		return cmp.Or(cmp.Compare(a.of, b.of), cmp.Compare(a.rule, b.rule))
	})
	var refs []graph.TraceRef
	for _, name := range names {
		t := m.traces[name]
		refs = append(refs, t.Ref())
	}
	return inOrder(ctx, refs)
}

// inOrder yields what was found, unless ctx is done.
func inOrder[T any](ctx context.Context, all []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		for _, v := range all {
			if err := ctx.Err(); err != nil {
				yield(none, err)
				return
			}
			if !yield(v, nil) {
				return
			}
		}
		if err := ctx.Err(); err != nil {
			yield(none, err)
		}
	}
}

// Visits implements graph.Statements.
func (m *Memory) Visits(ctx context.Context, rule string, addresses []graph.Address) iter.Seq2[graph.Visit, error] {
	all := m.visits(rule)
	var found []graph.Visit
	for _, a := range addresses {
		for _, v := range all {
			if v.Address == a {
				found = append(found, v)
			}
		}
	}
	return inOrder(ctx, found)
}

// AllVisits implements graph.Statements.
func (m *Memory) AllVisits(ctx context.Context, rule string) iter.Seq2[graph.Visit, error] {
	return inOrder(ctx, m.visits(rule))
}

func (m *Memory) visits(rule string) (all []graph.Visit) {
	m = m.now()
	for name, t := range m.traces {
		if name.rule == rule && !t.Stale {
			all = append(all, t.Visits()...)
		}
	}
	slices.SortFunc(all, func(a, b graph.Visit) int {
		return cmp.Or(a.Compare(b.Address), cmp.Compare(a.Case, b.Case), cmp.Compare(a.Deposit, b.Deposit), cmp.Compare(a.Asset, b.Asset))
	})
	return all
}

// Withdraw implements graph.Statements.
func (m *Memory) Withdraw(ctx context.Context, of graph.CaseID, rule string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	maps.DeleteFunc(m.traces, func(name traceName, _ graph.Trace) bool {
		return name.of == of && (rule == "" || rule == name.rule)
	})
	return nil
}
