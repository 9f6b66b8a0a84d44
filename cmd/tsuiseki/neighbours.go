package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tsuiseki/chains"
	"tsuiseki/graph"
	"tsuiseki/tracer"
)

type neighboursCmd struct {
	chainFlag
	labelFlags
	graphFlags
	Address   string        `arg:"" help:"Address whose payments to add up."`
	Direction string        `help:"out: whom it paid; in: who paid it." enum:"out,in" default:"out"`
	Asset     string        `help:"Only this asset: BTC, ETH, or a token's contract; all by default." placeholder:"A"`
	MinAmount string        `help:"Least amount, in base units, of a payment." default:"0"`
	After     string        `help:"No payment before this time (RFC 3339, or a day in UTC)." placeholder:"T"`
	Before    string        `help:"No payment after this time (RFC 3339, or a day in UTC)." placeholder:"T"`
	AsOf      *uint64       `help:"Height as of which to look; the index's tip by default." placeholder:"H"`
	HubDegree int           `help:"Do not add up an address that more transactions touch; 0 is no limit." default:"${hub_degree}"`
	Limit     int           `help:"Neighbours to show; 0 shows all." default:"100"`
	Offset    int           `help:"Neighbours to pass over before." default:"0"`
	Timeout   time.Duration `help:"How long to look." default:"5m"`
	JSON      bool          `name:"json" help:"Print one JSON document."`
}

type neighboursDoc struct {
	Address    chains.Address       `json:"address"`
	Direction  graph.Direction      `json:"direction"`
	Snapshot   []tracer.SnapshotDoc `json:"snapshot"`
	Neighbours []neighbourDoc       `json:"neighbours"`
	Total      int                  `json:"total"` // neighbours, of which these are a page
	Hub        bool                 `json:"hub"`   // too busy: nothing was added up
	Missing    []tracer.Missing     `json:"missing"`
}

type neighbourDoc struct {
	Address  chains.Address `json:"address"`
	Asset    chains.Asset   `json:"asset"`
	Payments int            `json:"payments"`
	Amount   chains.Amount  `json:"amount"`
	Shared   int            `json:"shared"` // payments in which others took part: amount is an upper bound
	First    time.Time      `json:"first"`
	Last     time.Time      `json:"last"`
}

// Run adds up who dealt with an address.
func (c *neighboursCmd) Run(s *session) (err error) {
	if c.Limit < 0 || c.Offset < 0 || c.HubDegree < 0 {
		return usagef("no limit is negative")
	}
	chain, err := c.resolve(s.data)
	if err != nil {
		return err
	}
	window := pathCmd{labelFlags: c.labelFlags, MaxHops: 1, K: 1, MinAmount: c.MinAmount, After: c.After, Before: c.Before, AsOf: c.AsOf}
	limits, err := window.query()
	if err != nil {
		return err
	}
	source, err := window.source(s, chain)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	address, err := source.canonical(c.Address)
	if err != nil {
		return usageError{err}
	}
	ctx, cancel := context.WithTimeout(s.ctx, c.Timeout)
	defer cancel()
	store, err := c.graphFlags.open(ctx, s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	answer, err := graph.Neighbours(ctx, store, map[chains.Chain]graph.Chain{chain: source.graph}, graph.NeighbourQuery{
		Of: []graph.Address{{Chain: chain, Address: address}}, Direction: graph.Direction(c.Direction), Asset: chains.Asset(c.Asset),
		MinAmount: limits.MinAmount, After: limits.After, Before: limits.Before, HubDegree: c.HubDegree,
	})
	if err != nil {
		return err
	}
	return c.print(s, source, address, answer)
}

func (c *neighboursCmd) print(s *session, source *pathSource, address chains.Address, answer *graph.NeighboursAnswer) error {
	doc := neighboursDoc{
		Address: address, Direction: graph.Direction(c.Direction), Snapshot: snapshotDocs(source.graph.Snapshot()), Neighbours: []neighbourDoc{},
		Total: len(answer.Neighbours), Hub: len(answer.Hubs) > 0, Missing: append([]tracer.Missing{}, source.missing...),
	}
	page := answer.Neighbours[min(c.Offset, len(answer.Neighbours)):]
	if c.Limit > 0 {
		page = page[:min(c.Limit, len(page))]
	}
	for _, n := range page {
		doc.Neighbours = append(doc.Neighbours, neighbourDoc{n.Address.Address, n.Asset, n.Payments, n.Amount, n.Shared, n.First, n.Last})
		if err := source.know(n.Asset); err != nil {
			return err
		}
	}
	if c.JSON {
		return printJSON(s.out, doc)
	}
	if doc.Hub {
		fmt.Fprintf(s.out, "%s is a hub: more than %d transactions touch it. --hub-degree 0 adds them up all the same.\n", address, c.HubDegree)
	}
	for _, n := range doc.Neighbours {
		bound := ""
		if n.Shared > 0 {
			bound = fmt.Sprintf("; at most: others took part in %d", n.Shared)
		}
		fmt.Fprintf(s.out, "%s  %s in %d payments, %s to %s%s\n", n.Address, source.units.people(n.Amount, n.Asset), n.Payments, when(n.First), when(n.Last), bound)
	}
	if shown := c.Offset + len(doc.Neighbours); shown < doc.Total {
		fmt.Fprintf(s.out, "%d of %d shown: --offset %d shows more\n", len(doc.Neighbours), doc.Total, shown)
	}
	return nil
}
