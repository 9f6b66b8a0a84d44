package correlate

import (
	"context"
	"fmt"
	"iter"
	"time"

	"tsuiseki/chains"
	"tsuiseki/graph"
)

// Facts are what a casebook knows of a case beside its trace.
type Facts struct {
	Prefecture string
	First      time.Time // when the first victim paid
	Withdrawn  bool      // it does not count
}

// Traced are the cases that have a trace by a rule in the graph. Stale ones do not
// count until they are made anew.
type Traced struct {
	Statements graph.Statements
	Txs        Transactions
	Rule       string
	// Facts tells of a case; one that the casebook does not know is withdrawn.
	Facts func(context.Context, graph.CaseID) (Facts, error)
}

var _ Cases = (*Traced)(nil)

// Refs implements Cases. A trace's digest is its revision.
func (t *Traced) Refs(ctx context.Context) iter.Seq2[Ref, error] {
	return func(yield func(Ref, error) bool) {
		for ref, err := range t.Statements.Traces(ctx) {
			if err != nil {
				yield(Ref{}, err)
				return
			}
			if ref.Rule != t.Rule || ref.Stale {
				continue
			}
			facts, err := t.Facts(ctx, ref.Case)
			if err != nil {
				yield(Ref{}, fmt.Errorf("case %s: %w", ref.Case, err))
				return
			}
			if !facts.Withdrawn && !yield(Ref{ref.Case, ref.Digest, facts.Prefecture, facts.First}, nil) {
				return
			}
		}
	}
}

// Case implements Cases.
func (t *Traced) Case(ctx context.Context, id graph.CaseID) (*Case, error) {
	trace, err := t.Statements.Trace(ctx, id, t.Rule)
	if err != nil {
		return nil, err
	}
	if trace == nil {
		return nil, fmt.Errorf("its trace by %s is gone: run again: %w", t.Rule, chains.ErrNotFound)
	}
	return FromTrace(ctx, trace, t.Txs)
}
