package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"tsuiseki/chains"
	"tsuiseki/chains/index"
	"tsuiseki/graph"
	"tsuiseki/tracer"
)

type meetCmd struct {
	labelFlags
	graphFlags
	casebookFlags
	Cases     []string      `arg:"" help:"Cases whose filed traces to compare; at least two."`
	Rule      string        `help:"The rule of their traces." default:"fifo"`
	HubDegree int           `help:"An address that more transactions touch joins nobody, nor does an entity of more addresses; 0 is no limit." default:"${hub_degree}"`
	Timeout   time.Duration `help:"How long to look." default:"5m"`
	JSON      bool          `name:"json" help:"Print one JSON document."`
}

// meetDoc says where cases meet.
type meetDoc struct {
	Rule       string           `json:"rule"`
	Traces     []caseTraceDoc   `json:"traces"`
	Meetings   []meetingDoc     `json:"meetings"`
	Suppressed []suppressedDoc  `json:"suppressed"`
	Stale      []graph.CaseID   `json:"stale"`
	Untraced   []graph.CaseID   `json:"untraced"`
	Missing    []tracer.Missing `json:"missing"`
}

// caseTraceDoc is a trace that the answer rests on.
type caseTraceDoc struct {
	Case     graph.CaseID `json:"case"`
	Digest   string       `json:"digest"`
	Engine   string       `json:"engine"`
	Snapshot []anchorDoc  `json:"snapshot"`
}

type meetingDoc struct {
	Kind       graph.NodeKind   `json:"kind"`
	Chain      chains.Chain     `json:"chain"`
	Address    chains.Address   `json:"address"`
	Depth      int              `json:"depth"`
	Cases      []meetingCaseDoc `json:"cases"`
	Members    []chains.Address `json:"members,omitempty"` // of an entity, that some came to
	Size       int              `json:"size,omitempty"`
	Heuristics []string         `json:"heuristics,omitempty"` // that join the entity: an inference
}

type meetingCaseDoc struct {
	Case     graph.CaseID     `json:"case"`
	Deposits []string         `json:"deposits"`
	Amounts  []meetingSumDoc  `json:"amounts"`
	Depth    int              `json:"depth"`
	First    time.Time        `json:"first"`
	Last     time.Time        `json:"last"`
	Ends     []tracer.EndKind `json:"ends"`
}

type meetingSumDoc struct {
	Asset  chains.Asset  `json:"asset"`
	Traced chains.Amount `json:"traced"`
}

type suppressedDoc struct {
	Kind    graph.NodeKind `json:"kind"`
	Chain   chains.Chain   `json:"chain"`
	Address chains.Address `json:"address"`
	Reason  graph.Reason   `json:"reason"`
	Detail  string         `json:"detail,omitempty"`
	Cases   []graph.CaseID `json:"cases"`
}

// Run finds where cases meet.
func (c *meetCmd) Run(s *session) (err error) {
	query := graph.MeetQuery{Rule: c.Rule, HubDegree: c.HubDegree}
	for _, id := range c.Cases {
		if !slices.Contains(query.Cases, graph.CaseID(id)) {
			query.Cases = append(query.Cases, graph.CaseID(id))
		}
	}
	if len(query.Cases) < 2 || c.HubDegree < 0 {
		return usagef("name at least two cases; no limit is negative")
	}
	if err := c.see(s, query.Cases...); err != nil {
		return err
	}
	sources, err := c.sources(s)
	defer func() {
		for _, p := range sources {
			err = errors.Join(err, p.Close())
		}
	}()
	if err != nil {
		return err
	}
	indexes, known := map[chains.Chain]graph.Chain{}, units{}
	for chain, p := range sources {
		indexes[chain] = p.graph
	}
	query.Service = func(a graph.Address) (string, bool, error) {
		p := sources[a.Chain]
		if p == nil {
			return "", false, nil
		}
		stop, stops, err := p.stops.Stop(a.Address, time.Time{})
		return stop.Label, stops && stop.Kind != tracer.EndExchange, err // what one customer pays into joins cases
	}
	ctx, cancel := context.WithTimeout(s.ctx, c.Timeout)
	defer cancel()
	store, err := c.graphFlags.open(ctx, s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	answer, err := graph.Meet(ctx, store, store, indexes, query)
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("no answer within %s: ask for fewer cases, or give more time by --timeout", c.Timeout)
	}
	if err != nil {
		return err
	}
	missing := missingOf(answer, sources)
	if err := knowMeetings(answer, sources, known); err != nil {
		return err
	}
	doc := newMeetDoc(answer, missing)
	if c.JSON {
		if err := printJSON(s.out, doc); err != nil {
			return err
		}
	} else {
		printMeetings(s.out, doc, known)
	}
	return c.incomplete(doc)
}

// incomplete tells that something was left out, if it was.
func (c *meetCmd) incomplete(d *meetDoc) error {
	if lacking := len(d.Stale) + len(d.Untraced); lacking > 0 {
		return incompleteError{fmt.Sprintf("%d of the cases have no trace by %s that still holds: file one by tsuiseki trace REF… --case ID --rule %s", lacking, c.Rule, c.Rule)}
	}
	if len(d.Missing) > 0 {
		return incompleteError{fmt.Sprintf("%d facts that the answer may need are missing, the first: %s (%s)", len(d.Missing), d.Missing[0].What, d.Missing[0].Reason)}
	}
	return nil
}

// missingOf is what the indexes lack of the chains that traces are of.
func missingOf(answer *graph.MeetAnswer, sources map[chains.Chain]*graphSource) []tracer.Missing {
	missing, touched := []tracer.Missing{}, map[chains.Chain]bool{}
	for _, t := range answer.Traces {
		for _, at := range t.AsOf {
			if p := sources[at.Chain]; p != nil && !touched[at.Chain] {
				missing = append(missing, p.missing...)
			}
			touched[at.Chain] = true
		}
	}
	return missing
}

// sources opens every chain that is indexed.
func (c *meetCmd) sources(s *session) (map[chains.Chain]*graphSource, error) {
	all, err := index.List(s.data)
	sources := map[chains.Chain]*graphSource{}
	for _, chain := range all {
		source, err := graphQuestion{labelFlags: c.labelFlags}.source(s, chain)
		if err != nil {
			return sources, err
		}
		sources[chain] = source
	}
	return sources, err
}

// knowMeetings takes up how people read the amounts of an answer.
func knowMeetings(answer *graph.MeetAnswer, sources map[chains.Chain]*graphSource, known units) error {
	for _, m := range answer.Meetings {
		p := sources[m.Chain]
		for _, of := range m.Cases {
			for _, sum := range of.Amounts {
				if err := p.know(sum.Asset); err != nil {
					return err
				}
				if u, is := p.units[sum.Asset]; is {
					known[sum.Asset] = u
				}
			}
		}
	}
	return nil
}

func newMeetDoc(answer *graph.MeetAnswer, missing []tracer.Missing) *meetDoc {
	doc := &meetDoc{
		Rule: answer.Rule, Traces: []caseTraceDoc{}, Meetings: []meetingDoc{}, Suppressed: []suppressedDoc{},
		Stale: append([]graph.CaseID{}, answer.Stale...), Untraced: append([]graph.CaseID{}, answer.Missing...), Missing: missing,
	}
	for _, t := range answer.Traces {
		doc.Traces = append(doc.Traces, caseTraceDoc{t.Case, t.Digest, t.Engine, anchorDocs(t.AsOf)})
	}
	for _, m := range answer.Meetings {
		one := meetingDoc{Kind: m.Kind, Chain: m.Chain, Address: m.Address.Address, Depth: m.Depth, Size: m.Size, Heuristics: m.Heuristics}
		if m.Kind == graph.EntityNode {
			one.Members = addressNames(m.Members)
		}
		for _, of := range m.Cases {
			in := meetingCaseDoc{Case: of.Case, Deposits: of.Deposits, Amounts: []meetingSumDoc{}, Depth: of.Depth, First: of.First.Time, Last: of.Last.Time, Ends: []tracer.EndKind{}}
			for _, sum := range of.Amounts {
				in.Amounts = append(in.Amounts, meetingSumDoc{sum.Asset, sum.Amount})
			}
			for _, end := range of.Ends {
				in.Ends = append(in.Ends, tracer.EndKind(end))
			}
			one.Cases = append(one.Cases, in)
		}
		doc.Meetings = append(doc.Meetings, one)
	}
	for _, s := range answer.Suppressed {
		doc.Suppressed = append(doc.Suppressed, suppressedDoc{s.Kind, s.Chain, s.Address.Address, s.Reason, s.Detail, s.Cases})
	}
	return doc
}

// reasons say to people why a node joins nobody.
var reasons = map[graph.Reason]string{
	graph.IsService: "a service, which joins nobody",
	graph.IsHub:     "a hub, which joins nobody",
	graph.NoIndex:   "on a chain that is not indexed here: whether it is a hub is not known",
}

func printMeetings(w io.Writer, d *meetDoc, u units) {
	switch {
	case len(d.Traces) < 2:
		fmt.Fprintf(w, "There is nothing to compare: %d of the cases have a trace by %s that holds.\n", len(d.Traces), d.Rule)
	case len(d.Meetings) == 0:
		fmt.Fprintf(w, "By their traces of %s, %d cases meet nowhere.\n", d.Rule, len(d.Traces))
	default:
		fmt.Fprintf(w, "By their traces of %s, %d cases meet at %d places.\n", d.Rule, len(d.Traces), len(d.Meetings))
	}
	for _, m := range d.Meetings {
		fmt.Fprintf(w, "\n%d cases meet at %s %s on %s\n", len(m.Cases), m.Kind, addressFor(m.Chain, m.Address), m.Chain)
		if m.Kind == graph.EntityNode {
			fmt.Fprintf(w, "  inferred by %s: %d addresses, of which they came to %d\n", strings.Join(m.Heuristics, ", "), m.Size, len(m.Members))
		}
		for _, of := range m.Cases {
			var sums, ends []string
			for _, sum := range of.Amounts {
				sums = append(sums, u.people(sum.Traced, sum.Asset))
			}
			for _, end := range of.Ends {
				ends = append(ends, string(end))
			}
			fmt.Fprintf(w, "  case %s: %s of %d deposits, %d transfers on, %s to %s", of.Case, strings.Join(sums, ", "), len(of.Deposits), of.Depth, when(of.First), when(of.Last))
			if len(ends) > 0 {
				fmt.Fprintf(w, "; ends there: %s", strings.Join(ends, ", "))
			}
			fmt.Fprintln(w)
		}
	}
	if len(d.Suppressed) > 0 {
		fmt.Fprintln(w, "\nThey have in common, but it does not count:")
	}
	for _, s := range d.Suppressed {
		fmt.Fprintf(w, "  %s %s on %s, of %d cases: %s", s.Kind, addressFor(s.Chain, s.Address), s.Chain, len(s.Cases), reasons[s.Reason])
		if s.Detail != "" {
			fmt.Fprintf(w, " (%s)", s.Detail)
		}
		fmt.Fprintln(w)
	}
	for _, id := range d.Stale {
		fmt.Fprintf(w, "left out: case %s, whose trace rests on blocks that were replaced\n", id)
	}
	for _, id := range d.Untraced {
		fmt.Fprintf(w, "left out: case %s, of which no trace by %s is filed\n", id, d.Rule)
	}
	for _, m := range d.Missing {
		fmt.Fprintf(w, "missing: %s at heights %s: %s\n", m.What, m.Range, m.Reason)
	}
}
