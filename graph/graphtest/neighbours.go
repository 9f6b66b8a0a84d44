package graphtest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tsuiseki/chains"
	"tsuiseki/graph"
)

// TestNeighbours compares neighbours with adding up every transaction.
func TestNeighbours(t *testing.T, open func(t *testing.T) graph.Archive) {
	for _, chain := range []chains.Chain{chains.Bitcoin, chains.Ethereum} {
		t.Run(string(chain), func(t *testing.T) {
			rapid.Check(t, func(r *rapid.T) {
				draw := func(label string, lo, hi int) int { return rapid.IntRange(lo, hi).Draw(r, label) }
				w := NewWorld(draw, chain, draw("transactions", 1, 14))
				store := open(t)
				defer store.Close()
				q := graph.NeighbourQuery{
					Of: []graph.Address{{Chain: chain, Address: Name(draw("of", 0, names-1))}}, Direction: graph.Out,
					MinAmount: chains.NewAmount(int64(draw("minimum", 0, 3))), HubDegree: draw("hub degree", 0, 10),
				}
				if draw("second", 0, 1) == 0 {
					q.Of = append(q.Of, graph.Address{Chain: chain, Address: Name(draw("and of", 0, names-1))})
				}
				if draw("direction", 0, 1) == 0 {
					q.Direction = graph.In
				}
				if draw("window", 0, 2) == 0 {
					q.After, q.Before = Start.Add(time.Minute), Start.Add(4*time.Minute)
				}
				if draw("as busy", 0, 1) == 0 { // of two, the busier is a hub
					q.HubDegree = max(1, degree(w, q.Of[0]))
				}
				q.Hubs, q.Held = draw("hubs too", 0, 1) == 0, draw("held", 0, 3)
				limit := draw("limit", 0, 4)
				got := pages(r, store, w, q, limit)
				if diff := gocmp.Diff(naiveNeighbours(w, q), neighbourLines(got)); diff != "" {
					r.Fatalf("(-naive +store):\n%s", diff)
				}
			})
		})
	}
}

func degree(w *World, a graph.Address) (count int) {
	for i := range w.All {
		if Touches(&w.All[i], a) {
			count++
		}
	}
	return count
}

// pages joins all pages of an answer.
func pages(t rapid.TB, store graph.Store, w *World, q graph.NeighbourQuery, limit int) (all []graph.Neighbour) {
	t.Helper()
	for {
		q.Limit = limit
		page, err := graph.Neighbours(context.Background(), store, map[chains.Chain]graph.Chain{w.Chain: w}, q)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, page.Neighbours...)
		if q.Limit > 0 && len(page.Neighbours) > q.Limit {
			t.Fatalf("%d neighbours on a page of %d", len(page.Neighbours), q.Limit)
		}
		if q.Cursor = page.Next; page.Next == "" {
			if page.Total != len(all) {
				t.Fatalf("%d neighbours on all pages, the answer says %d", len(all), page.Total)
			}
			return all
		}
	}
}

// TestNeighbourCursors asks for a page of another question, of another state of the
// chain, and by what is no cursor at all.
func TestNeighbourCursors(t *testing.T, open func(t *testing.T) graph.Archive) {
	random := rand.New(rand.NewPCG(1, 2))
	draw := func(_ string, lo, hi int) int { return lo + random.IntN(hi-lo+1) }
	w := NewWorld(draw, chains.Ethereum, 30)
	store := open(t)
	defer store.Close()
	ask := func(w *World, change func(*graph.NeighbourQuery)) (*graph.NeighboursAnswer, error) {
		q := graph.NeighbourQuery{Of: []graph.Address{{Chain: w.Chain, Address: Name(0)}}, Direction: graph.Out, Limit: 1}
		change(&q)
		return graph.Neighbours(context.Background(), store, map[chains.Chain]graph.Chain{w.Chain: w}, q)
	}
	first, err := ask(w, func(*graph.NeighbourQuery) {})
	if err != nil || first.Next == "" {
		t.Fatalf("first page %+v, %v: want one with another behind it", first, err)
	}
	if _, err := ask(w, func(q *graph.NeighbourQuery) { q.Cursor, q.Limit, q.Held = first.Next, 2, 1 }); err != nil {
		t.Errorf("another limit: %v", err)
	}
	for name, c := range map[string]struct {
		w      *World
		change func(*graph.NeighbourQuery)
	}{
		"the other direction": {w, func(q *graph.NeighbourQuery) { q.Direction = graph.In }},
		"another address":     {w, func(q *graph.NeighbourQuery) { q.Of = append(q.Of, graph.Address{Chain: w.Chain, Address: Name(1)}) }},
		"another asset":       {w, func(q *graph.NeighbourQuery) { q.Asset = "ETH" }},
		"another minimum":     {w, func(q *graph.NeighbourQuery) { q.MinAmount = chains.NewAmount(1) }},
		"another window":      {w, func(q *graph.NeighbourQuery) { q.After = Start }},
		"hubs too":            {w, func(q *graph.NeighbourQuery) { q.Hubs = true }},
		"another block":       {w.Fork(draw, 28, 3), func(*graph.NeighbourQuery) {}},
		"no cursor":           {w, func(q *graph.NeighbourQuery) { q.Cursor = "e30" }},
		"nothing readable":    {w, func(q *graph.NeighbourQuery) { q.Cursor = "!" }},
	} {
		_, err := ask(c.w, func(q *graph.NeighbourQuery) {
			q.Cursor = first.Next
			c.change(q)
		})
		if !errors.Is(err, graph.ErrCursor) {
			t.Errorf("%s: %v, want graph.ErrCursor", name, err)
		}
	}
}

func neighbourLines(all []graph.Neighbour) (lines []string) {
	for _, n := range all {
		lines = append(lines, fmt.Sprintf("%s %s %d %s shared %d, %s to %s", n.Asset, n.Address.Address, n.Payments, n.Amount, n.Shared, n.First.Format(time.TimeOnly), n.Last.Format(time.TimeOnly)))
	}
	return lines
}

// naiveNeighbours goes through all transactions for every possible neighbour.
func naiveNeighbours(w *World, q graph.NeighbourQuery) []string {
	n := &naive{World: w, Query: graph.Query{HubDegree: q.HubDegree, MinAmount: q.MinAmount, After: q.After, Before: q.Before}}
	var of []chains.Address
	for _, a := range q.Of {
		if q.Hubs || !n.hub(a.Address) {
			of = append(of, a.Address)
		}
	}
	ours := func(a chains.Address) bool { return n.has(q.Of, a) }
	var all []graph.Neighbour
	everybody := []chains.Address{chains.ZeroAddress}
	for i := range names {
		everybody = append(everybody, Name(i))
	}
	for _, name := range everybody {
		for _, asset := range []chains.Asset{"BTC", "ETH", Token} {
			one := graph.Neighbour{Address: graph.Address{Chain: w.Chain, Address: name}, Asset: asset}
			if ours(name) {
				continue
			}
			for j := range w.All {
				naiveAdd(n, &w.All[j], q.Direction, of, ours, &one)
			}
			if one.Payments > 0 {
				all = append(all, one)
			}
		}
	}
	slices.SortFunc(all, func(a, b graph.Neighbour) int {
		return cmp.Or(cmp.Compare(a.Asset, b.Asset), b.Amount.Cmp(a.Amount), a.Address.Compare(b.Address))
	})
	return neighbourLines(all)
}

func naiveAdd(n *naive, tx *graph.Tx, direction graph.Direction, of []chains.Address, ours func(chains.Address) bool, one *graph.Neighbour) {
	count := func(amount chains.Amount, shared bool) {
		if one.Payments == 0 {
			one.First = tx.Time
		}
		one.Payments, one.Amount, one.Last = one.Payments+1, one.Amount.Add(amount), tx.Time
		if shared {
			one.Shared++
		}
	}
	var counted []graph.Transfer
	for _, t := range tx.Transfers {
		if n.inLimits(t) && t.Asset == one.Asset {
			counted = append(counted, t)
		}
	}
	if n.Chain.Family() == chains.Bitcoin {
		naiveOutputs(tx, counted, direction, of, ours, one.Address.Address, count)
		return
	}
	for _, t := range counted {
		from, to := t.From, t.To
		if direction == graph.In {
			from, to = to, from
		}
		if slices.Contains(of, from) && to == one.Address.Address {
			count(t.Amount, false)
		}
	}
}

func naiveOutputs(tx *graph.Tx, counted []graph.Transfer, direction graph.Direction, of []chains.Address, ours func(chains.Address) bool, one chains.Address, count func(chains.Amount, bool)) {
	payers := map[chains.Address]chains.Amount{}
	mine, foreign := false, false
	for _, s := range tx.Spends {
		payers[s.Address] = payers[s.Address].Add(s.Amount)
		mine, foreign = mine || slices.Contains(of, s.Address), foreign || !ours(s.Address)
	}
	var theirs, received chains.Amount
	for _, t := range counted {
		if t.To == one {
			theirs = theirs.Add(t.Amount)
		}
		if ours(t.To) {
			received = received.Add(t.Amount)
		}
	}
	reached := slices.ContainsFunc(tx.Transfers, func(t graph.Transfer) bool { return slices.Contains(of, t.To) })
	put, paid := payers[one]
	switch {
	case direction == graph.Out && mine && theirs.Sign() > 0:
		count(theirs, foreign)
	case direction == graph.In && paid && reached && received.Sign() > 0:
		count(received.Min(put), len(payers) > 1)
	}
}
