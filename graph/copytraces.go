package graph

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"reflect"
	"slices"
)

// copyStatements is about how many deposits, hops and ends are written at once.
const copyStatements = 5_000

// copyTraces copies the traces, and compares them with all visits. Those that the
// other graph has by their digests are passed over, unless everything is wanted.
func copyTraces(ctx context.Context, from, to Archive, everything bool, progress func(Copied)) (done Copied, err error) {
	batch, size := &Batch{}, 0
	write := func() error {
		err := to.Write(ctx, batch)
		batch, size = &Batch{}, 0
		if progress != nil {
			progress(done)
		}
		return err
	}
	for ref, err := range missing(ctx, from, to, everything) {
		if err != nil {
			return done, err
		}
		done.Traces++
		if ref == nil {
			continue
		}
		t, err := from.Trace(ctx, ref.Case, ref.Rule)
		if err != nil {
			return done, err
		}
		if t == nil {
			return done, fmt.Errorf("trace of case %q by %s: it was withdrawn while it was copied: copy again", ref.Case, ref.Rule)
		}
		batch.Traces = append(batch.Traces, *t)
		if size += 1 + len(t.Deposits) + len(t.Hops) + len(t.Ends); size < copyStatements {
			continue
		}
		if err := write(); err != nil {
			return done, err
		}
	}
	if len(batch.Traces) > 0 {
		if err := write(); err != nil {
			return done, err
		}
	}
	source, err := DigestTraces(ctx, from)
	if err != nil {
		return done, err
	}
	target, err := DigestTraces(ctx, to)
	done.Same = source == target
	return done, err
}

// missing yields one graph's traces: nil for each that the other has, too.
func missing(ctx context.Context, from, to Statements, everything bool) iter.Seq2[*TraceRef, error] {
	return func(yield func(*TraceRef, error) bool) {
		next, stop := iter.Pull2(to.Traces(ctx))
		defer stop()
		held, err, more := next()
		for ref, failed := range from.Traces(ctx) {
			if failed != nil {
				yield(nil, failed)
				return
			}
			for err == nil && more && held.compare(&ref) < 0 {
				held, err, more = next()
			}
			if err != nil {
				yield(nil, err)
				return
			}
			wanted := &ref
			if more && !everything && reflect.DeepEqual(held, ref) {
				wanted = nil
			}
			if !yield(wanted, nil) {
				return
			}
		}
	}
}

// DigestTraces is a SHA-256 over all traces and all visits that a graph holds.
func DigestTraces(ctx context.Context, s Statements) (string, error) {
	sum := sha256.New()
	to := json.NewEncoder(sum)
	rules := map[string]bool{}
	for ref, err := range s.Traces(ctx) {
		if err != nil {
			return "", err
		}
		rules[ref.Rule] = true
		t, err := s.Trace(ctx, ref.Case, ref.Rule)
		if err != nil {
			return "", err
		}
		if err := to.Encode(t); err != nil {
			return "", fmt.Errorf("trace of case %q by %s: %w", ref.Case, ref.Rule, err)
		}
	}
	for _, rule := range slices.Sorted(maps.Keys(rules)) {
		for v, err := range s.AllVisits(ctx, rule) {
			if err != nil {
				return "", err
			}
			if err := to.Encode(v); err != nil {
				return "", fmt.Errorf("visit of %s: %w", v.Address.Address, err)
			}
		}
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}
