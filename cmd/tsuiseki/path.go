package main

import (
	"context"
	"errors"
	"time"

	"tsuiseki/graph"
)

type pathCmd struct {
	graphQuestion
	From    string `arg:"" help:"Where the money came from: ADDRESS; entity:ADDRESS, all addresses of its cluster; case:ID, the deposits of a case; any:CONCEPT, such as any:exchange, whatever a label says is one."`
	To      string `arg:"" help:"Where it went: likewise; case:ID is where the case's money came to. An address of another chain is written CHAIN:ADDRESS."`
	MaxHops int    `help:"Transfers in a path." default:"6"`
	K       int    `help:"Paths to find, of each asset that arrives on each chain." default:"1"`
	By      string `help:"Which are the best: amount, hops or time (earliest arrival)." enum:"amount,hops,time" default:"amount"`
	Work    int    `help:"Transfers to look at; 0 is no limit." default:"1000000"`
	Rule    string `help:"The rule by which a case was traced." default:"fifo"`
	Listed  int    `help:"Addresses of a cluster to look at one by one; a larger cluster is recognised where a path from the other end meets it." default:"10000"`
	NoCross bool   `name:"no-cross" help:"Stay on one chain: do not follow bridges to others that are indexed."`
}

// Run finds paths.
func (c *pathCmd) Run(s *session) error {
	if c.MaxHops < 1 || c.K < 1 || c.Work < 0 || c.Listed < 0 {
		return usagef("--max-hops and --k are at least 1, and no limit is negative")
	}
	if chain, _, is := cutChain(c.From); is && c.Chain == "" {
		c.Chain = chain
	}
	return c.ask(s, func(ctx context.Context, store graph.Store, p *graphSource, in window) (err error) {
		w, err := c.world(s, p)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, w.Close()) }()
		query := graph.Query{
			MaxHops: c.MaxHops, K: c.K, By: graph.Order(c.By), HubDegree: c.HubDegree, Work: c.Work,
			MinAmount: in.minAmount, After: in.after, Before: in.before, Stop: w.stop,
		}
		if !c.NoCross {
			query.Bridges = w
		}
		ends, err := c.ends(ctx, s, store, w, &query)
		if err != nil {
			return err
		}
		answer, err := graph.Paths(ctx, store, p.indexes(), query)
		if err != nil {
			return err
		}
		doc, err := c.doc(ctx, store, w, ends, answer)
		if err != nil {
			return err
		}
		p.missing = doc.Missing // by which the command's exit code goes
		if c.JSON {
			return printJSON(s.out, doc)
		}
		printPaths(s.out, doc, w.units())
		return nil
	})
}

// stop tells where trails end by label.
func (w *pathWorld) stop(a graph.Address) (bool, error) {
	p, err := w.on(a.Chain)
	if err != nil {
		return false, err
	}
	_, stops, err := p.stops.Stop(a.Address, time.Time{})
	return stops, err
}
