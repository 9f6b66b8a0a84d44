package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"tsuiseki/chains"
	"tsuiseki/chains/ethereum"
	"tsuiseki/graph"
	"tsuiseki/tracer"
	"tsuiseki/tracer/cluster"
)

type neighboursCmd struct {
	graphQuestion
	Address   string `arg:"" help:"Address whose payments to add up; or entity:ADDRESS for all addresses that have one owner with it, as one."`
	Direction string `help:"out: whom it paid; in: who paid it." enum:"out,in" default:"out"`
	Asset     string `help:"Only this asset: BTC, ETH, or a token's contract; all by default." placeholder:"A"`
	Limit     int    `help:"Neighbours to show; 0 shows all." default:"100"`
	Cursor    string `help:"Where to go on: next of the page before." placeholder:"C"`
	Offset    int    `help:"Neighbours to pass over before; --cursor is faster to go on by." default:"0"`
}

type neighboursDoc struct {
	Address    chains.Address       `json:"address"`
	Entity     *neighbourEntityDoc  `json:"entity,omitempty"` // where an entity was asked about
	Direction  graph.Direction      `json:"direction"`
	Snapshot   []tracer.SnapshotDoc `json:"snapshot"`
	Neighbours []neighbourDoc       `json:"neighbours"`
	Total      int                  `json:"total"` // neighbours, of which these are a page
	Next       string               `json:"next"`  // cursor of the next page; empty on the last
	Hub        bool                 `json:"hub"`   // too busy: nothing was added up
	Hubs       []chains.Address     `json:"hubs"`  // of an entity's addresses: likewise
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

// neighbourEntityDoc tells of whom an entity consists, and by what that is inferred.
type neighbourEntityDoc struct {
	entityDoc
	clusterSource
}

// Run adds up who dealt with an address or an entity.
func (c *neighboursCmd) Run(s *session) error {
	if c.Limit < 0 || c.Offset < 0 {
		return usagef("no limit is negative")
	}
	if c.Cursor != "" && c.Offset > 0 {
		return usagef("--cursor and --offset both say where to go on: give one")
	}
	var incomplete error
	err := c.ask(s, func(ctx context.Context, store graph.Store, p *graphSource, in window) error {
		query, doc, err := c.query(s, p, in)
		if err != nil {
			return err
		}
		answer, err := graph.Neighbours(ctx, store, p.indexes(), *query)
		if errors.Is(err, graph.ErrCursor) {
			return usageError{fmt.Errorf("--cursor: %w", err)}
		}
		if err != nil {
			return err
		}
		if doc.Entity != nil {
			incomplete = doc.Entity.incomplete()
		}
		return c.print(s, p, doc, answer)
	})
	return cmp.Or(err, incomplete)
}

// query is the question that the command line puts, and the beginning of its answer.
func (c *neighboursCmd) query(s *session, p *graphSource, in window) (*graph.NeighbourQuery, *neighboursDoc, error) {
	chain := p.graph.Snapshot().Chain
	name, ofEntity := strings.CutPrefix(c.Address, entityOf)
	address, err := p.canonical(name)
	if err != nil {
		return nil, nil, usageError{err}
	}
	q := &graph.NeighbourQuery{
		Direction: graph.Direction(c.Direction), Asset: chains.Asset(c.Asset), MinAmount: in.minAmount, After: in.after, Before: in.before,
		HubDegree: c.HubDegree, Limit: c.Limit, Cursor: c.Cursor,
	}
	if c.Limit > 0 {
		q.Limit += c.Offset
	}
	if c.HubDegree == 0 { // hubs too, whose histories are not worth keeping
		q.HubDegree, q.Hubs = defaultHubDegree, true
	}
	if strings.HasPrefix(c.Asset, "0x") {
		contract, err := ethereum.ParseAddress(c.Asset)
		if err != nil {
			return nil, nil, usageError{fmt.Errorf("--asset: %w", err)}
		}
		q.Asset = chains.Asset(contract)
	}
	doc := &neighboursDoc{
		Address: address, Direction: q.Direction, Snapshot: snapshotDocs(p.graph.Snapshot()), Neighbours: []neighbourDoc{},
		Hubs: []chains.Address{}, Missing: append([]tracer.Missing{}, p.missing...),
	}
	members := []chains.Address{address}
	if ofEntity {
		if members, doc.Entity, err = entityMembers(s, p, address); err != nil {
			return nil, nil, err
		}
	}
	for _, member := range members {
		q.Of = append(q.Of, graph.Address{Chain: chain, Address: member})
	}
	return q, doc, nil
}

// entityMembers are the addresses that have one owner with an address, as of what the
// graph sees. On a chain of accounts nothing shows that: each stands for itself.
func entityMembers(s *session, p *graphSource, address chains.Address) ([]chains.Address, *neighbourEntityDoc, error) {
	g, outputs := p.graph.(outputGraph)
	if !outputs {
		snapshot := p.graph.Snapshot()
		source := clusterSource{Heuristics: []cluster.Heuristic{}, Missing: []missingDoc{}, Snapshot: chainDoc{snapshot.Chain, snapshot.From, snapshot.Height, snapshot.Hash}}
		return []chains.Address{address}, &neighbourEntityDoc{entityDoc{address, 1, []string{}}, source}, nil
	}
	if err := g.withClusters(s); err != nil {
		return nil, nil, err
	}
	found, err := g.clusters.Cluster(address)
	if err != nil {
		return nil, nil, err
	}
	members, err := found.Addresses(0)
	return members, &neighbourEntityDoc{newEntityDoc(found), newClusterSource(g.opened)}, err
}

func (c *neighboursCmd) print(s *session, source *graphSource, doc *neighboursDoc, answer *graph.NeighboursAnswer) error {
	doc.Total, doc.Next = answer.Total, answer.Next
	for _, hub := range answer.Hubs {
		doc.Hub = true
		doc.Hubs = append(doc.Hubs, hub.Address)
	}
	for _, n := range answer.Neighbours[min(c.Offset, len(answer.Neighbours)):] {
		doc.Neighbours = append(doc.Neighbours, neighbourDoc{n.Address.Address, n.Asset, n.Payments, n.Amount, n.Shared, n.First, n.Last})
		if err := source.know(n.Asset); err != nil {
			return err
		}
	}
	if c.JSON {
		return printJSON(s.out, doc)
	}
	if e := doc.Entity; e != nil {
		fmt.Fprintf(s.out, "%d addresses that have one owner by inference (entity %s)\n", e.Size, e.Entity)
	}
	for _, hub := range doc.Hubs {
		fmt.Fprintf(s.out, "%s is a hub: more than %d transactions touch it, and it was not looked at. --hub-degree 0 adds it up all the same.\n", hub, c.HubDegree)
	}
	for _, n := range doc.Neighbours {
		bound := ""
		if n.Shared > 0 {
			bound = fmt.Sprintf("; at most: others took part in %d", n.Shared)
		}
		fmt.Fprintf(s.out, "%s  %s in %d payments, %s to %s%s\n", n.Address, source.units.people(n.Amount, n.Asset), n.Payments, when(n.First), when(n.Last), bound)
	}
	if doc.Next != "" {
		fmt.Fprintf(s.out, "%d of %d shown: --cursor %s shows more\n", len(doc.Neighbours), doc.Total, doc.Next)
	}
	return nil
}
