package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"tsuiseki/graph"
	"tsuiseki/tracer"
	"tsuiseki/tracer/label"
)

type pathCmd struct {
	graphQuestion
	From    string `arg:"" help:"Address that the money came from."`
	To      string `arg:"" help:"Address that it reached; or any:CONCEPT, such as any:exchange: whatever a label says is one."`
	MaxHops int    `help:"Transfers in a path." default:"6"`
	K       int    `help:"Paths to find, of each asset that arrives." default:"1"`
	By      string `help:"Which are the best: amount, hops or time (earliest arrival)." enum:"amount,hops,time" default:"amount"`
	Work    int    `help:"Transfers to look at; 0 is no limit." default:"1000000"`
}

// Run finds paths.
func (c *pathCmd) Run(s *session) error {
	if c.MaxHops < 1 || c.K < 1 || c.Work < 0 {
		return usagef("--max-hops and --k are at least 1, and no limit is negative")
	}
	return c.ask(s, func(ctx context.Context, store graph.Store, p *graphSource, in window) error {
		query := graph.Query{
			MaxHops: c.MaxHops, K: c.K, By: graph.Order(c.By), HubDegree: c.HubDegree, Work: c.Work,
			MinAmount: in.minAmount, After: in.after, Before: in.before,
		}
		if err := c.ends(p, &query); err != nil {
			return err
		}
		answer, err := graph.Paths(ctx, store, p.indexes(), query)
		if err != nil {
			return err
		}
		doc, err := c.doc(ctx, store, p, answer)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(s.out, doc)
		}
		printPaths(s.out, doc, p.units)
		return nil
	})
}

// anyOf begins an end that is a kind of label instead of an address.
const anyOf = "any:"

// ends finds what the command line means by the ends of a path, and where money
// cannot be followed on.
func (c *pathCmd) ends(p *graphSource, q *graph.Query) error {
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
