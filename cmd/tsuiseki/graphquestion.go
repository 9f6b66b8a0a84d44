package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"tsuiseki/chains"
	"tsuiseki/chains/ethereum"
	"tsuiseki/graph"
	"tsuiseki/tracer"
	"tsuiseki/tracer/label"
)

// graphQuestion is what all questions of the graph have in common.
type graphQuestion struct {
	chainFlag
	labelFlags
	graphFlags
	casebookFlags
	MinAmount string        `help:"Least amount, in base units, of each transfer." default:"0"`
	After     string        `help:"No transfer before this time (RFC 3339, or a day in UTC)." placeholder:"T"`
	Before    string        `help:"No transfer after this time (RFC 3339, or a day in UTC)." placeholder:"T"`
	AsOf      *uint64       `help:"Height as of which to look; the index's tip by default." placeholder:"H"`
	HubDegree int           `help:"Do not look through an address that more transactions touch; 0 is no limit." default:"${hub_degree}"`
	Timeout   time.Duration `help:"How long to look." default:"5m"`
	JSON      bool          `name:"json" help:"Print one JSON document."`
}

// window is which transfers count.
type window struct {
	minAmount     chains.Amount
	after, before time.Time
}

func (c graphQuestion) window() (w window, err error) {
	if w.minAmount, err = chains.ParseAmount(c.MinAmount); err != nil || w.minAmount.Sign() < 0 {
		return w, usagef("--min-amount %q: want a whole number of base units", c.MinAmount)
	}
	if c.Before != "" {
		if w.before, err = parseTime(c.Before); err != nil {
			return w, err
		}
	}
	if day, err := time.Parse(time.DateOnly, c.After); err == nil {
		w.after = day // the day's first second, where parseTime takes the last
		return w, nil
	}
	if c.After != "" {
		w.after, err = parseTime(c.After)
	}
	return w, err
}

// ask opens what a question needs and puts it. What the index lacks makes the answer
// incomplete.
func (c graphQuestion) ask(s *session, question func(context.Context, graph.Store, *graphSource, window) error) (err error) {
	if c.HubDegree < 0 {
		return usagef("no limit is negative")
	}
	in, err := c.window()
	if err != nil {
		return err
	}
	chain, err := c.resolve(s.data)
	if err != nil {
		return err
	}
	source, err := c.source(s, chain)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	ctx, cancel := context.WithTimeout(s.ctx, c.Timeout)
	defer cancel()
	store, err := c.graphFlags.open(ctx, s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	err = question(ctx, store, source, in)
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("no answer within %s: ask for less, such as a narrower time or a larger amount, or give more time by --timeout", c.Timeout)
	}
	if err == nil && len(source.missing) > 0 {
		return incompleteError{fmt.Sprintf("%d facts that the answer may need are missing, the first: %s (%s)", len(source.missing), source.missing[0].What, source.missing[0].Reason)}
	}
	return err
}

// graphSource is an opened index as the graph and people see it.
type graphSource struct {
	graph     graph.Chain
	view      openedView
	side      *tracer.Side
	canonical func(string) (chains.Address, error)
	stops     label.Stops
	missing   []tracer.Missing
	units     units
	token     func(chains.Asset) (*chains.Token, error)
	tx        func(*chains.Tx) *graph.Tx // as the graph has it
	tip       io.Closer                  // of the index, beside the view
	Close     func() error
}

func (c graphQuestion) source(s *session, chain chains.Chain) (*graphSource, error) {
	if chain.Family() == chains.Ethereum {
		view, err := openAccountView(s, chain, c.AsOf, executionFlags{}, c.labelFlags)
		if err != nil {
			return nil, err
		}
		source, err := accountSource(s, view)
		if err != nil {
			return nil, errors.Join(err, view.Close())
		}
		return source, nil
	}
	view, err := openView(s, chain, c.AsOf, c.labelFlags)
	if err != nil {
		return nil, err
	}
	source, err := outputSource(s, view)
	if err != nil {
		return nil, errors.Join(err, view.Close())
	}
	return source, nil
}

// outputSource is a chain in Bitcoin's format, whose view it takes over.
func outputSource(s *session, view *opened) (*graphSource, error) {
	tip, err := view.index.View(s.ctx, nil)
	if err != nil {
		return nil, err
	}
	g := outputGraph{view, tip}
	p := &graphSource{
		graph: g, view: g, side: outputSide(view), stops: view.labels, units: units{}, tx: g.tx, tip: tip, Close: g.Close,
		canonical: func(text string) (chains.Address, error) {
			address, _, err := view.network.AddressKey(text)
			return address, err
		},
		token: func(chains.Asset) (*chains.Token, error) { return nil, nil },
	}
	p.startsLate(view.Snapshot())
	return p, nil
}

// accountSource is an account chain, whose view it takes over.
func accountSource(s *session, view *openedAccounts) (*graphSource, error) {
	tip, err := view.index.View(s.ctx, nil)
	if err != nil {
		return nil, err
	}
	g := accountGraph{view, tip}
	p := &graphSource{
		graph: g, view: g, side: accountSide(view), stops: view.labels, units: units{view.network.Asset: {string(view.network.Asset), tracer.WeiDecimals}},
		tx: g.tx, tip: tip, Close: g.Close, canonical: ethereum.ParseAddress, token: view.Token,
	}
	snapshot := view.Snapshot()
	p.startsLate(snapshot)
	for _, part := range []chains.Part{chains.PartTransactions, chains.PartReceipts, chains.PartLogs, chains.PartInternal} {
		gaps, err := view.Missing(part, snapshot.From, snapshot.Height)
		if err != nil {
			return nil, errors.Join(err, tip.Close())
		}
		for _, gap := range gaps {
			p.missing = append(p.missing, tracer.NewMissing(snapshot.Chain, string(part), gap, "the index does not hold them"))
		}
	}
	return p, nil
}

func (p *graphSource) startsLate(snapshot chains.Snapshot) {
	if snapshot.From > 0 {
		p.missing = append(p.missing, tracer.NewMissing(snapshot.Chain, "blocks", chains.Heights{To: snapshot.From - 1}, "they lie before the index"))
	}
}

func (p *graphSource) indexes() map[chains.Chain]graph.Chain {
	return map[chains.Chain]graph.Chain{p.graph.Snapshot().Chain: p.graph}
}

// addressNames are the names of addresses of one chain.
func addressNames(addresses []graph.Address) []chains.Address {
	names := []chains.Address{}
	for _, a := range addresses {
		names = append(names, a.Address)
	}
	return names
}
