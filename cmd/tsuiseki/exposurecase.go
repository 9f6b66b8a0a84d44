package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"tsuiseki/chains"
	"tsuiseki/graph"
	"tsuiseki/tracer"
	"tsuiseki/tracer/label"
)

// caseExposureDoc is what a case's filed trace came to.
type caseExposureDoc struct {
	Case       graph.CaseID          `json:"case"`
	Rule       string                `json:"rule"`
	Digest     string                `json:"digest"` // of the trace
	Stale      bool                  `json:"stale"`  // a block it rests on was replaced
	Snapshot   []anchorDoc           `json:"snapshot"`
	Categories []caseCategoryDoc     `json:"categories"`
	Places     []casePlaceDoc        `json:"places"`
	Totals     []caseExposureSumsDoc `json:"totals"`
}

// anchorDoc is the block of a chain as of which a trace holds.
type anchorDoc struct {
	Chain  chains.Chain     `json:"chain"`
	Height uint64           `json:"height"`
	Hash   chains.BlockHash `json:"hash"`
}

type caseSumDoc struct {
	Asset    chains.Asset  `json:"asset"`
	Direct   chains.Amount `json:"direct"`
	Indirect chains.Amount `json:"indirect"`
	Depth    int           `json:"depth"` // fewest transfers from where victims paid to
	Deposits int           `json:"deposits"`
	First    time.Time     `json:"first"`
	Last     time.Time     `json:"last"`
}

type caseCategoryDoc struct {
	Category string `json:"category"`
	Places   int    `json:"places"`
	caseSumDoc
}

type casePlaceDoc struct {
	Category string         `json:"category"`
	Name     string         `json:"name"`
	Chain    chains.Chain   `json:"chain"`
	Address  chains.Address `json:"address"`
	caseSumDoc
}

type caseExposureSumsDoc struct {
	Asset      chains.Asset  `json:"asset"`
	Paid       chains.Amount `json:"paid"`
	Named      chains.Amount `json:"named"`
	Resting    chains.Amount `json:"resting"`
	Hubs       chains.Amount `json:"hubs"`
	Beyond     chains.Amount `json:"beyond"`
	Fees       chains.Amount `json:"fees"`
	Unresolved chains.Amount `json:"unresolved"`
}

// ofCase sums up the ends of a case's filed trace.
func (c *exposureCmd) ofCase(s *session) (err error) {
	if err := c.see(s, graph.CaseID(c.Case)); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(s.ctx, c.Timeout)
	defer cancel()
	store, err := c.graphFlags.open(ctx, s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	trace, err := store.Trace(ctx, graph.CaseID(c.Case), c.Rule)
	if err != nil {
		return err
	}
	if trace == nil {
		return fmt.Errorf("no trace of case %s by %s is filed: run tsuiseki trace REF… --case %s --rule %s first", c.Case, c.Rule, c.Case, c.Rule)
	}
	doc := newCaseExposureDoc(graph.ExposureOfCase(trace, endCategory))
	if c.JSON {
		err = printJSON(s.out, doc)
	} else {
		printCaseExposure(s.out, doc, coinsOf(trace), c.Limit)
	}
	if err == nil && doc.Stale {
		return incompleteError{fmt.Sprintf("blocks that the trace of case %s rests on were replaced: trace it again", c.Case)}
	}
	return err
}

// endCategory is the category of where a trail ends: the narrowest concept of the
// label that names it, that ends trails as this one did, if any does.
func endCategory(e *graph.End, labels []graph.Label) string {
	kind, category := tracer.EndKind(e.Kind), ""
	for _, l := range labels {
		for _, concept := range l.Concepts {
			of := &label.Label{Category: concept}
			ends := of.StopKind() == kind || kind == tracer.EndUnspent || kind == tracer.EndContract || kind == tracer.EndExchange && of.Is("exchange")
			if l.Label == e.Label && ends && (category == "" || of.Is(category)) {
				category = concept
			}
		}
	}
	if category == "" {
		return categoryOf(kind)
	}
	return category
}

// coinsOf are how people read amounts of the coins of a trace's chains. What tokens
// say of themselves is not in the graph.
func coinsOf(t *graph.Trace) units {
	u := units{}
	take := func(chain chains.Chain, asset chains.Asset) {
		if chain.Family() == chains.Ethereum && len(asset) > 0 && asset[0] != '0' {
			u[asset] = unit{string(asset), tracer.WeiDecimals}
		}
	}
	for i := range t.Deposits {
		take(t.Deposits[i].Chain, t.Deposits[i].Asset)
	}
	for i := range t.Hops {
		take(t.Hops[i].Chain, t.Hops[i].Asset)
	}
	for i := range t.Ends {
		take(t.Ends[i].Chain, t.Ends[i].Asset)
	}
	return u
}

func anchorDocs(anchors []graph.Anchor) []anchorDoc {
	docs := []anchorDoc{}
	for _, a := range anchors {
		docs = append(docs, anchorDoc{a.Chain, a.Height, a.Hash})
	}
	return docs
}

func newCaseExposureDoc(e *graph.CaseExposure) *caseExposureDoc {
	sum := func(s *graph.CaseSum) caseSumDoc {
		return caseSumDoc{s.Asset, s.Direct, s.Indirect, s.Depth, s.Deposits, s.First, s.Last}
	}
	doc := &caseExposureDoc{
		Case: e.Case, Rule: e.Rule, Digest: e.Digest, Stale: e.Stale, Snapshot: anchorDocs(e.AsOf),
		Categories: []caseCategoryDoc{}, Places: []casePlaceDoc{}, Totals: []caseExposureSumsDoc{},
	}
	for i := range e.Categories {
		c := &e.Categories[i]
		doc.Categories = append(doc.Categories, caseCategoryDoc{c.Category, c.Places, sum(&c.CaseSum)})
	}
	for i := range e.Places {
		p := &e.Places[i]
		doc.Places = append(doc.Places, casePlaceDoc{p.Category, p.Name, p.Address.Chain, p.Address.Address, sum(&p.CaseSum)})
	}
	for _, t := range e.Totals {
		doc.Totals = append(doc.Totals, caseExposureSumsDoc(t))
	}
	return doc
}

func printCaseExposure(w io.Writer, d *caseExposureDoc, u units, limit int) {
	fmt.Fprintf(w, "Where the money of case %s came to, by its filed trace (rule %s)\n", d.Case, d.Rule)
	for _, a := range d.Snapshot {
		fmt.Fprintf(w, "  %s as of height %d\n", a.Chain, a.Height)
	}
	fmt.Fprintln(w, "Direct is what came within one transfer of where the victims paid to.")
	row := func(w io.Writer, what string, s *caseSumDoc) {
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\t%s to %s\t\n", what, u.people(s.Direct, s.Asset), u.people(s.Indirect, s.Asset), s.Depth, s.Deposits, when(s.First), when(s.Last))
	}
	fmt.Fprintln(w)
	table(w, func(w io.Writer) {
		fmt.Fprintf(w, "category\tdirect\tindirect\tfewest hops\tdeposits\twhen\t\n")
		for _, c := range d.Categories {
			row(w, c.Category, &c.caseSumDoc)
		}
	})
	shown := d.Places
	if limit > 0 {
		shown = shown[:min(limit, len(shown))]
	}
	fmt.Fprintln(w)
	table(w, func(w io.Writer) {
		fmt.Fprintf(w, "place\tdirect\tindirect\tfewest hops\tdeposits\twhen\t\n")
		for _, p := range shown {
			row(w, fmt.Sprintf("%s (%s) %s %s", p.Name, p.Category, p.Chain, addressFor(p.Chain, p.Address)), &p.caseSumDoc)
		}
	})
	if len(shown) < len(d.Places) {
		fmt.Fprintf(w, "%d of %d places shown: --limit 0 shows all\n", len(shown), len(d.Places))
	}
	for _, t := range d.Totals {
		fmt.Fprintf(w, "\nOf %s paid by victims, and what was changed for it on the way:\n", u.people(t.Paid, t.Asset))
		table(w, func(w io.Writer) {
			for _, one := range []struct {
				amount chains.Amount
				what   string
			}{
				{t.Named, "at named places"},
				{t.Resting, "at addresses without a label"},
				{t.Hubs, "at hubs, beyond which nothing tells whose it is"},
				{t.Beyond, "not followed for the trace's limits"},
				{t.Fees, "in fees"},
				{t.Unresolved, "unresolved: work or facts were lacking"},
			} {
				if one.amount.Sign() > 0 {
					fmt.Fprintf(w, "  %s\t%s\t\n", u.people(one.amount, t.Asset), one.what)
				}
			}
		})
	}
}
