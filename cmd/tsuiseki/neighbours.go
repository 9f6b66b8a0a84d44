package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"tsuiseki/chains"
	"tsuiseki/chains/ethereum"
	"tsuiseki/graph"
	"tsuiseki/tracer"
)

type neighboursCmd struct {
	graphQuestion
	Address   string `arg:"" help:"Address whose payments to add up."`
	Direction string `help:"out: whom it paid; in: who paid it." enum:"out,in" default:"out"`
	Asset     string `help:"Only this asset: BTC, ETH, or a token's contract; all by default." placeholder:"A"`
	Limit     int    `help:"Neighbours to show; 0 shows all." default:"100"`
	Offset    int    `help:"Neighbours to pass over before." default:"0"`
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
func (c *neighboursCmd) Run(s *session) error {
	if c.Limit < 0 || c.Offset < 0 {
		return usagef("no limit is negative")
	}
	return c.ask(s, func(ctx context.Context, store graph.Store, p *graphSource, in window) error {
		address, err := p.canonical(c.Address)
		if err != nil {
			return usageError{err}
		}
		asset := c.Asset
		if strings.HasPrefix(asset, "0x") {
			contract, err := ethereum.ParseAddress(asset)
			if err != nil {
				return usageError{fmt.Errorf("--asset: %w", err)}
			}
			asset = string(contract)
		}
		answer, err := graph.Neighbours(ctx, store, p.indexes(), graph.NeighbourQuery{
			Of: []graph.Address{{Chain: p.graph.Snapshot().Chain, Address: address}}, Direction: graph.Direction(c.Direction), Asset: chains.Asset(asset),
			MinAmount: in.minAmount, After: in.after, Before: in.before, HubDegree: c.HubDegree,
		})
		if err != nil {
			return err
		}
		return c.print(s, p, address, answer)
	})
}

func (c *neighboursCmd) print(s *session, source *graphSource, address chains.Address, answer *graph.NeighboursAnswer) error {
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
