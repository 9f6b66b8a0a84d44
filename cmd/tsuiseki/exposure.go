package main

import (
	"context"
	"slices"
	"time"

	"tsuiseki/chains"
	"tsuiseki/graph"
	"tsuiseki/tracer"
	"tsuiseki/tracer/label"
)

type exposureCmd struct {
	graphQuestion
	Addresses []string `arg:"" optional:"" help:"Addresses whose money to follow; several count as one."`
	Case      string   `help:"Instead of addresses: what this case's filed trace came to." placeholder:"ID"`
	Rule      string   `help:"Of --case: the rule of its trace." default:"fifo"`
	In        bool     `help:"Where their money came from, instead of where it went."`
	Category  []string `help:"Count only labels of these categories, such as exchange or mixer, and services; look through others." placeholder:"C"`
	MaxHops   int      `help:"Transfers to follow." default:"6"`
	Work      int      `help:"Transfers to read plus places to follow; 0 is no limit." default:"1000000"`
	Limit     int      `help:"Places to list for people; 0 lists all." default:"50"`
}

// Run sums up what addresses, or a case, are exposed to.
func (c *exposureCmd) Run(s *session) error {
	if c.MaxHops < 1 || c.Work < 0 || c.Limit < 0 {
		return usagef("--max-hops is at least 1, and no limit is negative")
	}
	concepts, err := c.concepts()
	if err != nil {
		return err
	}
	switch {
	case (c.Case == "") == (len(c.Addresses) == 0):
		return usagef("name addresses, or a case by --case, and not both")
	case c.Case != "":
		return c.ofCase(s)
	}
	return c.ask(s, func(ctx context.Context, store graph.Store, p *graphSource, in window) error {
		query := graph.ExposureQuery{
			Direction: graph.Out, MaxHops: c.MaxHops, MinAmount: in.minAmount, After: in.after, Before: in.before, HubDegree: c.HubDegree, Work: c.Work,
			Named: func(a graph.Address) (graph.Place, bool, error) { return p.named(a, concepts) },
		}
		if c.In {
			query.Direction = graph.In
		}
		for _, text := range c.Addresses {
			address, err := p.canonical(text)
			if err != nil {
				return usageError{err}
			}
			query.Of = append(query.Of, graph.Address{Chain: p.graph.Snapshot().Chain, Address: address})
		}
		answer, err := graph.Exposure(ctx, store, p.indexes(), query)
		if err != nil {
			return err
		}
		doc := newExposureDoc(&query, p, answer)
		for _, t := range answer.Totals {
			if err := p.know(t.Asset); err != nil {
				return err
			}
		}
		if c.JSON {
			return printJSON(s.out, doc)
		}
		printExposure(s.out, doc, p.units, c.Limit)
		return nil
	})
}

// concepts are what the command line means by categories.
func (c *exposureCmd) concepts() (concepts []string, err error) {
	for _, category := range c.Category {
		concept := category
		if plain, is := plainConcepts[category]; is {
			concept = plain
		}
		if !label.KnownConcept(concept) {
			return nil, usagef("--category %s: want a concept of a label's category or abuse, such as exchange, mixer, bridge, service or ransomware", category)
		}
		concepts = append(concepts, concept)
	}
	return concepts, nil
}

// named tells whose an address is: by the best label that ends trails there, else by
// the best with a category, of those that count.
func (p *graphSource) named(a graph.Address, concepts []string) (graph.Place, bool, error) {
	stop, stops, err := p.stops.Stop(a.Address, time.Time{})
	if err != nil {
		return graph.Place{}, false, err
	}
	entries, err := p.stops.View.Of(a.Chain, string(a.Address), time.Time{})
	if err != nil {
		return graph.Place{}, false, err
	}
	if stops {
		for i := range entries {
			if e := &entries[i]; e.StopKind() == stop.Kind && e.Label.Label == stop.Label {
				return graph.Place{Category: e.Category, Name: stop.Label}, true, nil
			}
		}
		return graph.Place{Category: categoryOf(stop.Kind), Name: stop.Label}, true, nil
	}
	for i := range entries {
		e := &entries[i]
		for _, category := range []string{e.Category, e.Abuse} {
			asked := (&label.Label{Category: category}).Is
			if category != "" && (len(concepts) == 0 || slices.ContainsFunc(concepts, asked)) {
				return graph.Place{Category: category, Name: e.Label.Label}, true, nil
			}
		}
	}
	return graph.Place{}, false, nil
}

// categoryOf is the category of a kind of end that no label of the address itself tells.
func categoryOf(kind tracer.EndKind) string {
	if concept, known := knownConcepts[kind]; known {
		return concept
	}
	if kind == tracer.EndExchange {
		return "exchange_deposit"
	}
	return string(kind)
}

// exposureDoc is the answer to a question for exposure.
type exposureDoc struct {
	Addresses  []chains.Address     `json:"addresses"`
	Direction  graph.Direction      `json:"direction"`
	Rule       string               `json:"rule"`
	Answer     graph.Answer         `json:"answer"`
	Snapshot   []tracer.SnapshotDoc `json:"snapshot"`
	Categories []exposedCategoryDoc `json:"categories"`
	Places     []exposedPlaceDoc    `json:"places"`
	Totals     []exposureTotalDoc   `json:"totals"`
	Hubs       []chains.Address     `json:"hubs"` // of the addresses: not looked at
	Explored   exploredDoc          `json:"explored"`
	Missing    []tracer.Missing     `json:"missing"`
}

// exposedDoc is what went to, or came from, named places in one asset.
type exposedDoc struct {
	Asset    chains.Asset  `json:"asset"`
	Direct   chains.Amount `json:"direct"`
	Indirect chains.Amount `json:"indirect"`
	Hops     int           `json:"hops"`
	Payments int           `json:"payments"`
	Shared   int           `json:"shared"` // direct payments in which others took part: by the rule
	First    time.Time     `json:"first"`
	Last     time.Time     `json:"last"`
}

type exposedCategoryDoc struct {
	Category string `json:"category"`
	Places   int    `json:"places"`
	exposedDoc
}

type exposedPlaceDoc struct {
	Category string         `json:"category"`
	Name     string         `json:"name"`
	Address  chains.Address `json:"address"`
	exposedDoc
}

// exposureTotalDoc balances: moved and swapped_in are what all others sum up to.
type exposureTotalDoc struct {
	Asset      chains.Asset  `json:"asset"`
	Moved      chains.Amount `json:"moved"`
	Named      chains.Amount `json:"named"`
	Returned   chains.Amount `json:"returned"`
	Resting    chains.Amount `json:"resting"`
	Hubs       chains.Amount `json:"hubs"`
	Beyond     beyondDoc     `json:"beyond"`
	Fees       chains.Amount `json:"fees"`
	Created    chains.Amount `json:"created"`
	SwappedIn  chains.Amount `json:"swapped_in"`
	SwappedOut chains.Amount `json:"swapped_out"`
}

// beyondDoc is how much was not followed for each limit.
type beyondDoc struct {
	Hops   chains.Amount `json:"hops"`
	Amount chains.Amount `json:"amount"`
	Time   chains.Amount `json:"time"`
	Work   chains.Amount `json:"work"`
}

func exposed(s *graph.ExposedSum) exposedDoc {
	return exposedDoc{s.Asset, s.Direct, s.Indirect, s.Hops, s.Payments, s.Shared, s.First, s.Last}
}

func newExposureDoc(q *graph.ExposureQuery, p *graphSource, answer *graph.ExposureAnswer) *exposureDoc {
	e := answer.Explored
	doc := &exposureDoc{
		Addresses: addressNames(q.Of), Direction: q.Direction, Rule: answer.Rule, Answer: answer.Answer, Snapshot: snapshotDocs(p.graph.Snapshot()),
		Categories: []exposedCategoryDoc{}, Places: []exposedPlaceDoc{}, Totals: []exposureTotalDoc{}, Hubs: addressNames(answer.Hubs),
		Explored: exploredDoc{e.Addresses, e.Transfers, addressNames(e.Hubs), addressNames(e.Stops), cutDoc(e.Cut)}, Missing: append([]tracer.Missing{}, p.missing...),
	}
	for i := range answer.Categories {
		c := &answer.Categories[i]
		doc.Categories = append(doc.Categories, exposedCategoryDoc{c.Category, c.Places, exposed(&c.ExposedSum)})
	}
	for i := range answer.Places {
		one := &answer.Places[i]
		doc.Places = append(doc.Places, exposedPlaceDoc{one.Category, one.Name, one.Address.Address, exposed(&one.ExposedSum)})
	}
	for _, t := range answer.Totals {
		doc.Totals = append(doc.Totals, exposureTotalDoc{
			t.Asset, t.Moved, t.Named, t.Returned, t.Resting, t.Hubs,
			beyondDoc{t.BeyondHops, t.BeyondAmount, t.BeyondTime, t.BeyondWork},
			t.Fees, t.Created, t.SwappedIn, t.SwappedOut,
		})
	}
	return doc
}
