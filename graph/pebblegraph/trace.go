package pebblegraph

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/cockroachdb/pebble/v2"

	"tsuiseki/chains"
	"tsuiseki/graph"
)

// writeTraces adds to a batch what replaces traces. The caller holds s.tracing until
// the batch is written.
func (s *Store) writeTraces(ctx context.Context, batch *pebble.Batch, traces []*graph.Trace) error {
	if len(traces) == 0 {
		return nil
	}
	set := func(key, value []byte) error { return batch.Set(key, value, nil) }
	return s.changeTraces(func(it *pebble.Iterator) error {
		for _, t := range traces {
			if err := s.removeTrace(ctx, it, batch, t.Case, t.Rule); err != nil {
				return err
			}
			if err := eachPiece(t, set); err != nil {
				return err
			}
			if t.Stale {
				continue
			}
			if err := s.eachVisit(t, set); err != nil {
				return err
			}
		}
		return nil
	})
}

// changeTraces gives an iterator over what is written.
func (s *Store) changeTraces(change func(it *pebble.Iterator) error) error {
	it, err := s.db.NewIter(nil)
	if err != nil {
		return err
	}
	return errors.Join(change(it), it.Close())
}

// removeTrace adds to a batch what takes a trace away with its visits.
func (s *Store) removeTrace(ctx context.Context, it *pebble.Iterator, batch *pebble.Batch, of graph.CaseID, rule string) error {
	remove := func(key, _ []byte) error { return batch.Delete(key, nil) }
	t, err := s.trace(ctx, it, of, rule, func(key []byte) error { return remove(key, nil) })
	if err != nil || t == nil || t.Stale {
		return err
	}
	return s.eachVisit(t, remove)
}

// trace reads a trace, and calls each with every key of it; nil where there is none.
func (s *Store) trace(ctx context.Context, it *pebble.Iterator, of graph.CaseID, rule string, each func(key []byte) error) (t *graph.Trace, err error) {
	var long [5]uint64
	own := traceKey(tableTrace, of, rule)
	err = s.rows(ctx, it, own, upper(own), func(key, row []byte) (bool, error) {
		if t, long, err = readTrace(key, row); err != nil {
			return false, err
		}
		return true, each(key)
	})
	if err != nil || t == nil {
		return nil, err
	}
	pieces := traceKey(tablePiece, of, rule)
	err = s.rows(ctx, it, pieces, upper(pieces), func(key, row []byte) (bool, error) {
		if err := readPiece(t, key[len(pieces)], row); err != nil {
			return false, err
		}
		return true, each(key)
	})
	if err == nil && lengths(t) != long {
		err = fmt.Errorf("of deposits, hops, ends, members and labels %v are there, not %v: %w", lengths(t), long, chains.ErrCorrupt)
	}
	if err != nil {
		return nil, fmt.Errorf("trace of case %q by %s: %w", of, rule, err)
	}
	return t, nil
}

// Trace implements graph.Statements.
func (s *Store) Trace(ctx context.Context, of graph.CaseID, rule string) (t *graph.Trace, err error) {
	err = s.changeTraces(func(it *pebble.Iterator) (err error) {
		t, err = s.trace(ctx, it, of, rule, func([]byte) error { return nil })
		return errors.Join(err, ctx.Err())
	})
	return t, err
}

// Traces implements graph.Statements.
func (s *Store) Traces(ctx context.Context) iter.Seq2[graph.TraceRef, error] {
	return answer(s, func(it *pebble.Iterator, yield func(graph.TraceRef) error) error {
		err := s.eachTrace(ctx, it, []byte{tableTrace}, func(t *graph.Trace) error { return yield(t.Ref()) })
		return errors.Join(err, ctx.Err())
	})
}

// eachTrace gives the traces whose keys begin with a prefix, without their lists.
func (s *Store) eachTrace(ctx context.Context, it *pebble.Iterator, prefix []byte, each func(*graph.Trace) error) error {
	return s.rows(ctx, it, prefix, upper(prefix), func(key, row []byte) (bool, error) {
		t, _, err := readTrace(key, row)
		if err != nil {
			return false, err
		}
		return true, each(t)
	})
}

// Withdraw implements graph.Statements.
func (s *Store) Withdraw(ctx context.Context, of graph.CaseID, rule string) (err error) {
	s.tracing.Lock()
	defer s.tracing.Unlock()
	batch := s.db.NewBatch()
	defer func() { err = errors.Join(err, batch.Close()) }()
	err = s.changeTraces(func(it *pebble.Iterator) error {
		var rules []string
		err := s.eachTrace(ctx, it, appendOrdered([]byte{tableTrace}, string(of)), func(t *graph.Trace) error {
			if rule == "" || rule == t.Rule {
				rules = append(rules, t.Rule)
			}
			return nil
		})
		for _, r := range rules {
			err = errors.Join(err, s.removeTrace(ctx, it, batch, of, r))
		}
		return errors.Join(err, ctx.Err())
	})
	if err != nil {
		return err
	}
	return batch.Commit(pebble.Sync)
}

// undoBytes is about how much is changed at once where traces become stale.
const undoBytes = 16 << 20

// undoTraces marks the traces that hold as of a block that goes, and takes their
// visits away, each trace in one.
func (s *Store) undoTraces(ctx context.Context, chain chains.Chain, from uint64) (err error) {
	s.tracing.Lock()
	defer s.tracing.Unlock()
	batch := s.db.NewBatch()
	defer func() { err = errors.Join(err, batch.Close()) }()
	list, err := s.db.NewIter(nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, list.Close()) }()
	err = s.changeTraces(func(it *pebble.Iterator) error {
		return s.eachTrace(ctx, list, []byte{tableTrace}, func(ref *graph.Trace) error {
			rests := slices.ContainsFunc(ref.AsOf, func(a graph.Anchor) bool { return a.Chain == chain && a.Height >= from })
			if ref.Stale || !rests {
				return nil
			}
			t, err := s.trace(ctx, it, ref.Case, ref.Rule, func([]byte) error { return nil })
			if err != nil {
				return err
			}
			if err := s.eachVisit(t, func(key, _ []byte) error { return batch.Delete(key, nil) }); err != nil {
				return err
			}
			t.Stale = true
			if err := batch.Set(traceKey(tableTrace, t.Case, t.Rule), appendTrace(nil, t), nil); err != nil || batch.Len() < undoBytes {
				return err
			}
			if err := batch.Commit(pebble.Sync); err != nil {
				return err
			}
			batch.Reset()
			return nil
		})
	})
	if err != nil {
		return err
	}
	return batch.Commit(pebble.Sync)
}
