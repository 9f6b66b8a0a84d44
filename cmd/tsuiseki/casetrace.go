package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"tsuiseki/chains"
	"tsuiseki/chains/index"
	"tsuiseki/graph"
	"tsuiseki/tracer"
	"tsuiseki/tracer/casebook"
)

type caseTraceCmd struct {
	casebookFlags
	traceFlags
	ID string `arg:"" help:"Case."`
}

// Run traces a case's deposits of all chains together. The document goes into the
// casebook, then what it says into the graph; where the program was stopped between the
// two, the next run, or case refile, completes it.
func (c *caseTraceCmd) Run(s *session) error {
	return withDesk(s, c.casebookFlags, casebook.Analyst, func(d *desk) error {
		refs, unindexed, err := caseRefs(s, d, c.ID)
		if err != nil {
			return err
		}
		if len(refs) == 0 {
			return usagef("case %s has no deposit on an indexed chain: import some first%s", c.ID, unindexedText(unindexed))
		}
		err = c.run(s, refs, func(result *tracer.Result, views []any) error {
			if _, err := keepTrace(s, d, c.ID, result); err != nil {
				return err
			}
			return filer{s, c.graphFlags, graph.CaseID(c.ID)}.file(result, views)
		})
		if err == nil && len(unindexed) > 0 {
			return incompleteError{"deposits were left out" + unindexedText(unindexed)}
		}
		return err
	})
}

// caseRefs are the deposits that count, by chain; unindexed counts those of chains of
// which there is no index.
func caseRefs(s *session, d *desk, of string) (refs map[chains.Chain][]ref, unindexed map[chains.Chain]int, err error) {
	if _, err := d.Case(s.ctx, d.who, of); err != nil {
		return nil, nil, err
	}
	held, err := index.List(s.data)
	if err != nil {
		return nil, nil, err
	}
	refs, unindexed = map[chains.Chain][]ref{}, map[chains.Chain]int{}
	for deposit, err := range d.EachDeposit(s.ctx, d.who, casebook.DepositFilter{Case: of}) {
		if err != nil {
			return nil, nil, err
		}
		if !slices.Contains(held, deposit.Chain) {
			unindexed[deposit.Chain]++
			continue
		}
		one, err := parseRef(depositRef(deposit.Tx, deposit.Kind, deposit.Index))
		if err != nil {
			return nil, nil, err
		}
		refs[deposit.Chain] = append(refs[deposit.Chain], one)
	}
	return refs, unindexed, nil
}

func unindexedText(unindexed map[chains.Chain]int) (text string) {
	for _, chain := range slices.Sorted(maps.Keys(unindexed)) {
		text += fmt.Sprintf("; %d on %s, which is not indexed", unindexed[chain], chain)
	}
	return text
}

// keepTrace puts a trace into the casebook, and tells its id there. It takes the place of
// no other: all are kept.
func keepTrace(s *session, d *desk, of string, result *tracer.Result) (id string, err error) {
	document, err := json.Marshal(result)
	if err != nil {
		return "", err
	}
	params, err := json.Marshal(result.Params)
	if err != nil {
		return "", err
	}
	snapshot, err := json.Marshal(result.Snapshot)
	if err != nil {
		return "", err
	}
	kept, _, err := d.AddTrace(s.ctx, d.who, of, casebook.Trace{
		Rule: result.Rule, Params: params, Snapshot: snapshot, Engine: result.Engine.Version, Digest: result.Digest,
	}, document)
	return kept.ID, err
}

type caseRefileCmd struct {
	casebookFlags
	labelFlags
	graphFlags
	ID []string `arg:"" optional:"" help:"Cases; all where none is named."`
}

// Run puts what the casebook's newest traces say into the graph again: after the graph was
// lost, or moved to an empty store.
func (c *caseRefileCmd) Run(s *session) error {
	return withDesk(s, c.casebookFlags, casebook.Analyst, func(d *desk) error {
		filed, stale := 0, 0
		for _, of := range c.ID {
			if _, err := d.Case(s.ctx, d.who, of); err != nil {
				return err
			}
		}
		err := eachNewestTrace(s, d, c.ID, func(t *casebook.Trace) error {
			if !t.Stale.At.IsZero() {
				stale++
				return nil
			}
			filed++
			return c.refile(s, d, t)
		})
		if err != nil {
			return err
		}
		fmt.Fprintf(s.out, "%d traces were put into the graph; %d are stale, and wait to be made anew\n", filed, stale)
		return nil
	})
}

func (c *caseRefileCmd) refile(s *session, d *desk, t *casebook.Trace) (err error) {
	document, err := d.TraceDocument(s.ctx, d.who, t.ID)
	if err != nil {
		return err
	}
	var result tracer.Result
	if err := json.Unmarshal(document, &result); err != nil {
		return fmt.Errorf("trace %s of case %s: %w", t.ID, t.Case, err)
	}
	var opened []openedView
	defer func() { err = errors.Join(err, closeChains(opened)) }()
	var views []any
	for i := range result.Snapshot {
		view, err := openChain(s, result.Snapshot[i].Chain, &result.Snapshot[i].Height, c.labelFlags)
		if err != nil {
			return err
		}
		opened, views = append(opened, view), append(views, view)
	}
	return filer{s, c.graphFlags, graph.CaseID(t.Case)}.file(&result, views)
}

// eachNewestTrace yields the newest trace of each case and rule.
func eachNewestTrace(s *session, d *desk, of []string, use func(*casebook.Trace) error) error {
	if len(of) == 0 {
		of = []string{""}
	}
	for _, one := range of {
		seen := map[[2]string]bool{}
		traces := each(func(p casebook.Page) (casebook.List[casebook.Trace], error) { // the newest first
			return d.Traces(s.ctx, d.who, casebook.TraceFilter{Case: one}, p)
		})
		for t, err := range traces {
			if err != nil {
				return err
			}
			if seen[[2]string{t.Case, t.Rule}] {
				continue
			}
			seen[[2]string{t.Case, t.Rule}] = true
			if err := use(t); err != nil {
				return err
			}
		}
	}
	return nil
}
