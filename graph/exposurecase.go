package graph

import (
	"cmp"
	"slices"
	"time"

	"tsuiseki/chains"
)

// CaseExposure says where what a case's victims paid came to, by what its recorded
// trace says and nothing else.
type CaseExposure struct {
	TraceRef
	Categories []CaseCategory // by category and asset
	Places     []CasePlace    // by category and asset, the largest first
	Totals     []CaseTotals   // by asset
}

// CaseSum is what of a case came to one or several places, in one asset.
type CaseSum struct {
	Asset       chains.Asset
	Direct      chains.Amount // straight from where the victims paid to, or paid there by them
	Indirect    chains.Amount
	Depth       int // fewest transfers from where the victims paid to
	Deposits    int // of which some came
	First, Last time.Time
}

// CasePlace is a named place.
type CasePlace struct {
	Place
	Address Address
	CaseSum
	deposits map[string]bool
}

// CaseCategory adds up the places of one category.
type CaseCategory struct {
	Category string
	Places   int
	CaseSum
}

// CaseTotals says how all trails end in one asset. What ends in an asset is what was
// paid in it, but for what was changed on the way, and for a rule that does not
// conserve.
type CaseTotals struct {
	Asset      chains.Asset
	Paid       chains.Amount // by the victims
	Named      chains.Amount
	Resting    chains.Amount // at addresses without a name
	Hubs       chains.Amount
	Beyond     chains.Amount // of the trace's limits: hops, time, minimum
	Fees       chains.Amount
	Unresolved chains.Amount // for want of work or of facts
}

// ExposureOfCase sorts the ends of a trace. Category tells that of a named place from
// the trace's labels of its address; where it is empty, the kind of end stands for it.
func ExposureOfCase(t *Trace, category func(e *End, labels []Label) string) *CaseExposure {
	labels := map[Address][]Label{}
	for _, l := range t.Labels {
		labels[l.Address] = append(labels[l.Address], l)
	}
	totals := map[chains.Asset]*CaseTotals{}
	total := func(asset chains.Asset) *CaseTotals {
		if totals[asset] == nil {
			totals[asset] = &CaseTotals{Asset: asset}
		}
		return totals[asset]
	}
	for i := range t.Deposits {
		of := total(t.Deposits[i].Asset)
		of.Paid = of.Paid.Add(t.Deposits[i].Amount)
	}
	type key struct {
		Place
		placeKey
	}
	places := map[key]*CasePlace{}
	for i := range t.Ends {
		e := &t.Ends[i]
		of := total(e.Asset)
		sum := of.of(e)
		if *sum = sum.Add(e.Traced); sum != &of.Named {
			continue
		}
		at := Address{e.Chain, e.Address}
		place := Place{category(e, labels[at]), e.Label}
		if place.Category == "" {
			place.Category = e.Kind
		}
		k := key{place, placeKey{at, e.Asset}}
		if places[k] == nil {
			places[k] = &CasePlace{Place: place, Address: at, deposits: map[string]bool{}}
		}
		places[k].add(e)
	}
	answer := &CaseExposure{TraceRef: t.Ref()}
	for _, p := range places {
		answer.Places = append(answer.Places, *p)
	}
	slices.SortFunc(answer.Places, func(a, b CasePlace) int {
		return cmp.Or(
			cmp.Compare(a.Category, b.Category), cmp.Compare(a.Asset, b.Asset),
			b.Direct.Add(b.Indirect).Cmp(a.Direct.Add(a.Indirect)), a.Address.Compare(b.Address), cmp.Compare(a.Name, b.Name),
		)
	})
	answer.Categories = caseCategories(answer.Places)
	for _, t := range totals {
		answer.Totals = append(answer.Totals, *t)
	}
	slices.SortFunc(answer.Totals, func(a, b CaseTotals) int { return cmp.Compare(a.Asset, b.Asset) })
	return answer
}

// of is the sum that an end belongs to. Kinds are those of a trace's document.
func (t *CaseTotals) of(e *End) *chains.Amount {
	switch e.Kind {
	case "fee":
		return &t.Fees
	case "hub":
		return &t.Hubs
	case "hop-limit", "time-limit", "below-minimum":
		return &t.Beyond
	case "budget", "incomplete":
		return &t.Unresolved
	case "unspent", "contract":
		if e.Label == "" {
			return &t.Resting
		}
	}
	return &t.Named
}

// add counts an end.
func (p *CasePlace) add(e *End) {
	if p.Asset == "" || e.Depth < p.Depth {
		p.Depth = e.Depth
	}
	p.Asset = e.Asset
	if e.Depth <= 1 {
		p.Direct = p.Direct.Add(e.Traced)
	} else {
		p.Indirect = p.Indirect.Add(e.Traced)
	}
	p.deposits[e.Deposit] = true
	p.Deposits = len(p.deposits)
	p.First, p.Last = span(p.First, p.Last, e.Time)
}

// span widens a stretch of time, which is empty where its end is zero.
func span(first, last, at time.Time) (time.Time, time.Time) {
	if last.IsZero() || at.Before(first) {
		first = at
	}
	if at.After(last) {
		last = at
	}
	return first, last
}

// caseCategories adds up places, which are in the order of categories and assets.
func caseCategories(places []CasePlace) (sums []CaseCategory) {
	deposits := map[string]bool{}
	for _, p := range places {
		last := len(sums) - 1
		if last < 0 || sums[last].Category != p.Category || sums[last].Asset != p.Asset {
			sums = append(sums, CaseCategory{Category: p.Category, CaseSum: CaseSum{Asset: p.Asset, Depth: p.Depth}})
			clear(deposits)
			last++
		}
		s := &sums[last]
		s.Places++
		s.Direct, s.Indirect = s.Direct.Add(p.Direct), s.Indirect.Add(p.Indirect)
		s.Depth = min(s.Depth, p.Depth)
		for d := range p.deposits {
			deposits[d] = true
		}
		s.Deposits = len(deposits)
		s.First, s.Last = span(s.First, s.Last, p.First)
		s.First, s.Last = span(s.First, s.Last, p.Last)
	}
	return sums
}
