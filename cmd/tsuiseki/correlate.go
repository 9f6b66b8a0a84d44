package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tsuiseki/graph"
	"tsuiseki/tracer/casebook"
	"tsuiseki/tracer/correlate"
	"tsuiseki/tracer/taint"
)

type correlateCmd struct {
	casebookFlags
	graphFlags
	Limit int    `help:"Show people so many links, the strongest first; JSON has all." default:"100"`
	Full  bool   `help:"Read every case again; the answer is the same."`
	Rule  string `help:"By which rule the cases were traced." default:"fifo"`
	JSON  bool   `name:"json" help:"Print one JSON document."`
}

// Run compares all traced cases with all others, keeps the links in the casebook, and
// takes back those that are found no more.
func (c *correlateCmd) Run(s *session) error {
	if c.Limit < 0 {
		return usagef("--limit %d: want 0 or more", c.Limit)
	}
	if _, known := taint.RuleByName(c.Rule); !known {
		return usagef("--rule %q: no such rule: see tsuiseki trace --help", c.Rule)
	}
	return withDesk(s, c.casebookFlags, casebook.Analyst, func(d *desk) error {
		// Only who may keep links is shown those of all forces.
		if _, err := d.PutLinks(s.ctx, d.who, nil); err != nil {
			return err
		}
		return c.correlate(s, d)
	})
}

func (c *correlateCmd) correlate(s *session, d *desk) (err error) {
	nodes, err := openNodes(s, d)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, nodes.Close()) }()
	store, err := c.graphFlags.open(s.ctx, s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	// Traces that rest on blocks which were replaced since do not count.
	for _, chain := range nodes.graphs() {
		if err := graph.Reconcile(s.ctx, store, chain); err != nil {
			return err
		}
	}
	book, err := readCaseFacts(s, d, c.Rule)
	if err != nil {
		return err
	}
	links, err := readHeldLinks(s, d)
	if err != nil {
		return err
	}
	asOf, err := nodes.asOf()
	if err != nil {
		return err
	}
	result, err := correlate.Run(s.ctx, correlate.Inputs{
		Cases: &correlate.Traced{Statements: store, Txs: store, Rule: c.Rule, Facts: book.facts}, Nodes: nodes, Decisions: links,
	}, correlate.Options{Dir: correlate.Dir(s.data), Full: c.Full, AsOf: asOf, Params: correlate.DefaultParams(c.Rule)})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, result.Close()) }()
	if result.Rebuilt != "" {
		s.log.Warn("the state of correlations was built anew", "because", result.Rebuilt)
	}
	if err := links.keep(s, d, result, book); err != nil {
		return err
	}
	if out := len(book) - result.Cases; out > 0 {
		fmt.Fprintf(s.errOut, "%s without a trace by %s that stands: trace with tsuiseki case trace, or trace anew, for it to count\n", counted(out, "case is", "cases are"), c.Rule)
	}
	if c.JSON {
		return result.WriteJSON(s.ctx, s.out)
	}
	return printCorrelation(s, result, nodes, book, c.Limit)
}

// graphs are the chains as the graph has them.
func (n *caseNodes) graphs() (all []graph.Chain) {
	for _, c := range n.chains {
		switch view := c.view.(type) {
		case outputNodes:
			all = append(all, outputGraph{view.opened, view.View})
		case accountNodes:
			all = append(all, accountGraph{view.openedAccounts, view.AccountView})
		}
	}
	return all
}

// asOf is the time of the newest block that is indexed: the same inputs give the same
// document whenever it is made.
func (n *caseNodes) asOf() (latest time.Time, err error) {
	for _, c := range n.chains {
		header, _, err := c.view.BlockAt(c.view.Snapshot().Height)
		if err != nil {
			return latest, err
		}
		if header.Time.After(latest) {
			latest = header.Time
		}
	}
	return latest, nil
}

// caseFacts is what the casebook says of its cases: of each a few words.
type caseFacts map[graph.CaseID]*caseFact

type caseFact struct {
	name       string // for people
	prefecture casebook.Prefecture
	stale      bool // its newest trace by the rule has to be made anew
}

// readCaseFacts reads the cases that are not withdrawn, and how their traces stand.
func readCaseFacts(s *session, d *desk, rule string) (caseFacts, error) {
	facts := caseFacts{}
	cases := each(func(p casebook.Page) (casebook.List[casebook.Case], error) {
		return d.Cases(s.ctx, d.who, casebook.CaseFilter{}, p)
	})
	for c, err := range cases {
		if err != nil {
			return nil, err
		}
		facts[graph.CaseID(c.ID)] = &caseFact{name: caseName(c), prefecture: c.Prefecture}
	}
	err := eachNewestTrace(s, d, nil, func(t *casebook.Trace) error {
		if fact := facts[graph.CaseID(t.Case)]; fact != nil && t.Rule == rule && !t.Stale.At.IsZero() {
			fact.stale = true
		}
		return nil
	})
	return facts, err
}

// caseName is what people call a case.
func caseName(c *casebook.Case) string {
	name := c.Number
	if name == "" {
		name = c.ID
	}
	return fmt.Sprintf("%s (%s, %s)", name, c.Prefecture.Name(), c.Title)
}

// facts tells a correlation of a case.
func (f caseFacts) facts(_ context.Context, id graph.CaseID) (correlate.Facts, error) {
	fact := f[id]
	if fact == nil || fact.stale {
		return correlate.Facts{Withdrawn: true}, nil
	}
	return correlate.Facts{Prefecture: string(fact.prefecture)}, nil
}

// name is what people call a case.
func (f caseFacts) name(id graph.CaseID) string {
	if fact := f[id]; fact != nil {
		return fact.name
	}
	return string(id)
}
