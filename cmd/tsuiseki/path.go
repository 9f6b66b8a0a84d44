package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tsuiseki/chains"
	"tsuiseki/chains/ethereum"
	"tsuiseki/graph"
	"tsuiseki/tracer"
	"tsuiseki/tracer/label"
)

type pathCmd struct {
	chainFlag
	labelFlags
	graphFlags
	From      string        `arg:"" help:"Address that the money came from."`
	To        string        `arg:"" help:"Address that it reached; or any:CONCEPT, such as any:exchange: whatever a label says is one."`
	MaxHops   int           `help:"Transfers in a path." default:"6"`
	MinAmount string        `help:"Least amount, in base units, of each transfer." default:"0"`
	After     string        `help:"No transfer before this time (RFC 3339, or a day in UTC)." placeholder:"T"`
	Before    string        `help:"No transfer after this time (RFC 3339, or a day in UTC)." placeholder:"T"`
	K         int           `help:"Paths to find, of each asset that arrives." default:"1"`
	By        string        `help:"Which are the best: amount, hops or time (earliest arrival)." enum:"amount,hops,time" default:"amount"`
	AsOf      *uint64       `help:"Height as of which to look; the index's tip by default." placeholder:"H"`
	HubDegree int           `help:"Do not follow money through an address that more transactions touch; 0 is no limit." default:"${hub_degree}"`
	Work      int           `help:"Transfers to look at; 0 is no limit." default:"1000000"`
	Timeout   time.Duration `help:"How long to look." default:"5m"`
	JSON      bool          `name:"json" help:"Print one JSON document."`
}

// Run finds paths.
func (c *pathCmd) Run(s *session) (err error) {
	chain, err := c.resolve(s.data)
	if err != nil {
		return err
	}
	query, err := c.query()
	if err != nil {
		return err
	}
	source, err := c.source(s, chain)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	if err := c.ends(source, &query); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(s.ctx, c.Timeout)
	defer cancel()
	store, err := c.graphFlags.open(ctx, s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	answer, err := graph.Paths(ctx, store, map[chains.Chain]graph.Chain{chain: source.graph}, query)
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("no answer within %s: ask for fewer hops, a narrower time or a larger amount, or give more time by --timeout", c.Timeout)
	}
	if err != nil {
		return err
	}
	doc, err := c.doc(ctx, store, source, answer)
	if err != nil {
		return err
	}
	if c.JSON {
		err = printJSON(s.out, doc)
	} else {
		printPaths(s.out, doc, source.units)
	}
	if err == nil && len(doc.Missing) > 0 {
		return incompleteError{fmt.Sprintf("%d facts that a path may need are missing, the first: %s (%s)", len(doc.Missing), doc.Missing[0].What, doc.Missing[0].Reason)}
	}
	return err
}

// query is what the flags ask, but for the ends.
func (c *pathCmd) query() (q graph.Query, err error) {
	if c.MaxHops < 1 || c.K < 1 || c.HubDegree < 0 || c.Work < 0 {
		return q, usagef("--max-hops and --k are at least 1, and no limit is negative")
	}
	q = graph.Query{MaxHops: c.MaxHops, K: c.K, By: graph.Order(c.By), HubDegree: c.HubDegree, Work: c.Work}
	if q.MinAmount, err = chains.ParseAmount(c.MinAmount); err != nil || q.MinAmount.Sign() < 0 {
		return q, usagef("--min-amount %q: want a whole number of base units", c.MinAmount)
	}
	for text, at := range map[string]*time.Time{c.After: &q.After, c.Before: &q.Before} {
		if text == "" {
			continue
		}
		if *at, err = parseTime(text); err != nil {
			return q, err
		}
	}
	if day, err := time.Parse(time.DateOnly, c.After); err == nil {
		q.After = day // the day's first second, where parseTime takes the last
	}
	return q, nil
}

// pathSource is an opened index as the graph and people see it.
type pathSource struct {
	graph     graph.Chain
	canonical func(string) (chains.Address, error)
	stops     label.Stops
	missing   []tracer.Missing
	units     units
	token     func(chains.Asset) (*chains.Token, error)
	Close     func() error
}

func (c *pathCmd) source(s *session, chain chains.Chain) (*pathSource, error) {
	if chain.Family() == chains.Ethereum {
		return c.openAccounts(s, chain)
	}
	view, err := openView(s, chain, c.AsOf, c.labelFlags)
	if err != nil {
		return nil, err
	}
	tip, err := view.index.View(s.ctx, nil)
	if err != nil {
		return nil, errors.Join(err, view.Close())
	}
	g := outputGraph{view, tip}
	p := &pathSource{
		graph: g, stops: view.labels, units: units{}, Close: g.Close,
		canonical: func(text string) (chains.Address, error) {
			address, _, err := view.network.AddressKey(text)
			return address, err
		},
		token: func(chains.Asset) (*chains.Token, error) { return nil, nil },
	}
	p.startsLate(view.Snapshot())
	return p, nil
}

func (c *pathCmd) openAccounts(s *session, chain chains.Chain) (*pathSource, error) {
	view, err := openAccountView(s, chain, c.AsOf, executionFlags{}, c.labelFlags)
	if err != nil {
		return nil, err
	}
	tip, err := view.index.View(s.ctx, nil)
	if err != nil {
		return nil, errors.Join(err, view.Close())
	}
	g := accountGraph{view, tip}
	p := &pathSource{
		graph: g, stops: view.labels, units: units{view.network.Asset: {string(view.network.Asset), tracer.WeiDecimals}},
		Close: g.Close, canonical: ethereum.ParseAddress, token: view.Token,
	}
	snapshot := view.Snapshot()
	p.startsLate(snapshot)
	for _, part := range []chains.Part{chains.PartTransactions, chains.PartReceipts, chains.PartLogs, chains.PartInternal} {
		gaps, err := view.Missing(part, snapshot.From, snapshot.Height)
		if err != nil {
			return nil, errors.Join(err, p.Close())
		}
		for _, gap := range gaps {
			p.missing = append(p.missing, tracer.Missing{Chain: chain, What: string(part), Range: fmt.Sprintf("%d-%d", gap.From, gap.To), Reason: "the index does not hold them"})
		}
	}
	return p, nil
}

func (p *pathSource) startsLate(snapshot chains.Snapshot) {
	if snapshot.From > 0 {
		p.missing = append(p.missing, tracer.Missing{Chain: snapshot.Chain, What: "blocks", Range: fmt.Sprintf("0-%d", snapshot.From-1), Reason: "they lie before the index"})
	}
}

// anyOf begins an end that is a kind of label instead of an address.
const anyOf = "any:"

// ends finds what the command line means by the ends of a path, and where money
// cannot be followed on.
func (c *pathCmd) ends(p *pathSource, q *graph.Query) error {
	chain := p.graph.Snapshot().Chain
	from, err := p.canonical(c.From)
	if err != nil {
		return usageError{fmt.Errorf("from: %w", err)}
	}
	q.From = []graph.Address{{Chain: chain, Address: from}}
	q.Stop = func(a graph.Address) (bool, error) {
		_, stops, err := p.stops.Stop(a.Address, time.Time{})
		return stops, err
	}
	category, is := strings.CutPrefix(c.To, anyOf)
	if !is {
		to, err := p.canonical(c.To)
		if err != nil {
			return usageError{fmt.Errorf("to: %w", err)}
		}
		if to == from {
			return usagef("a path leads from one address to another: %s is given twice", to)
		}
		q.To = []graph.Address{{Chain: chain, Address: to}}
		return nil
	}
	concept := category
	if plain, is := plainConcepts[category]; is {
		concept = plain
	}
	if !label.KnownConcept(concept) {
		return usagef("any:%s: want a concept of a label's category, such as any:exchange, any:mixer, any:bridge or any:service", category)
	}
	q.Reaches = func(a graph.Address) (bool, error) {
		entries, err := p.stops.View.Of(chain, string(a.Address), time.Time{})
		labelled := slices.ContainsFunc(entries, func(e label.Entry) bool { return e.Is(concept) })
		known, comes := p.stops.Known.Of(a.Address)
		return labelled || comes && knownConcepts[known.Kind] == concept, err
	}
	return nil
}

// plainConcepts are short words for concepts of the taxonomy.
var plainConcepts = map[string]string{"mixer": "mixing_service", "bridge": "defi_bridge"}

// knownConcepts are the concepts of what comes with the program.
var knownConcepts = map[tracer.EndKind]string{tracer.EndMixer: "mixing_service", tracer.EndBridge: "defi_bridge"}
