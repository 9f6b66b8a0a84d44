package correlate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"tsuiseki/tracer/folder"
)

// Options are where a run keeps its state, and how it goes.
type Options struct {
	Dir    string // of the state: Dir
	Full   bool   // read every case again
	AsOf   time.Time
	Params Params
}

// Result is what a run found. It reads the state's files until it is closed, also
// while other runs go on.
type Result struct {
	AsOf       time.Time
	Cases      int
	Groups     []Group
	Suppressed []Suppressed
	Read       int    // cases that were read
	Removed    int    // cases that are no more
	Rebuilt    string // why the state was built anew though it was there; empty where it was not

	params  Params
	rows    []row
	links   []link // by case
	decided map[pair]*decided
	sc      *scorer
	records *records
}

// Run brings the state up to the cases, and correlates all of them. What it finds does
// not depend on what was in the state. One run at a time: else it fails with ErrInUse.
// A run that is stopped at any point leaves the state as it was or as it became.
func Run(ctx context.Context, in Inputs, opt Options) (_ *Result, err error) {
	if err := opt.Params.check(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(opt.Dir, 0o750); err != nil {
		return nil, fmt.Errorf("folder of correlations: %w", err)
	}
	held, err := folder.Lock(filepath.Join(opt.Dir, lockName), ErrInUse)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, held.Close()) }()
	s, why, err := openState(opt.Dir, opt.Params, opt.Full)
	if err != nil {
		return nil, err
	}
	r, err := s.run(ctx, in, opt)
	if errors.Is(err, ErrDamaged) && len(s.m.Segments) > 0 && !opt.Full {
		why = err.Error()
		if s, _, err = openState(opt.Dir, opt.Params, true); err != nil {
			return nil, err
		}
		r, err = s.run(ctx, in, opt)
	}
	if err != nil {
		return nil, err
	}
	r.Rebuilt = why
	return r, nil
}

func (s *state) run(ctx context.Context, in Inputs, opt Options) (_ *Result, err error) {
	defer func() {
		if err != nil {
			err = errors.Join(err, s.records.close())
		}
	}()
	done, err := s.sync(ctx, in, opt.Params)
	if err != nil {
		return nil, err
	}
	m, err := s.gather(ctx, in, opt.Params, done)
	if err != nil {
		return nil, err
	}
	if err := s.save(); err != nil {
		return nil, fmt.Errorf("state of correlations: %w", err)
	}
	r := &Result{
		AsOf: opt.AsOf.UTC(), Cases: len(s.rows), Read: done.read, Removed: done.removed,
		params: opt.Params, rows: s.rows, decided: map[pair]*decided{}, sc: newScorer(m, len(s.rows), opt.Params), records: s.records,
	}
	if r.links, err = r.sc.joinAll(ctx, opt.Params.Workers); err != nil {
		return nil, err
	}
	r.sc.judge(r.links, len(s.rows))
	if err := r.decide(ctx, in.Decisions); err != nil {
		return nil, err
	}
	r.makeGroups()
	r.listSuppressed()
	return r, nil
}

// Close lets go of the state's files.
func (r *Result) Close() error { return r.records.close() }

func compareLinks(a, b link) int { return cmp.Or(cmp.Compare(a.a, b.a), cmp.Compare(a.b, b.b)) }

// sortedByP are the p-values of links, the least first, with the places of the links.
func sortedByP(links []link) []byP {
	order := make([]byP, len(links))
	for i := range order {
		order[i] = byP{links[i].p, uint32(i)}
	}
	slices.SortFunc(order, func(a, b byP) int { return cmp.Or(cmp.Compare(a.p, b.p), cmp.Compare(a.link, b.link)) })
	return order
}

type byP struct {
	p    float64
	link uint32
}

func (r *Result) listSuppressed() {
	for i := range r.sc.m.nodes {
		n := &r.sc.m.nodes[i]
		if n.why == "" {
			continue
		}
		k := n.known
		r.Suppressed = append(r.Suppressed, Suppressed{
			Node: k.name, Chain: k.chain, Kind: k.kind.String(), Reason: n.why,
			Label: k.standing.Label, Source: k.standing.Source, Degree: k.standing.Degree, Cases: n.cases,
		})
	}
	slices.SortFunc(r.Suppressed, func(a, b Suppressed) int {
		return cmp.Or(cmp.Compare(b.Cases, a.Cases), cmp.Compare(a.Chain, b.Chain), cmp.Compare(a.Node, b.Node), cmp.Compare(a.Kind, b.Kind))
	})
}
