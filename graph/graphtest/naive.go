package graphtest

import (
	"cmp"
	"slices"

	"tsuiseki/chains"
	"tsuiseki/graph"
)

// NaivePaths tries every way through a world, and ranks what it finds.
func NaivePaths(w *World, q graph.Query) []graph.Path {
	n := &naive{World: w, Query: q}
	for _, tx := range w.All {
		for _, t := range tx.Transfers {
			if n.open(t) && n.from(tx, t) {
				n.walk([]graph.Transfer{t})
			}
		}
	}
	return n.best()
}

type naive struct {
	*World
	graph.Query
	found []graph.Path
}

func (n *naive) has(list []graph.Address, a chains.Address) bool {
	return slices.Contains(list, graph.Address{Chain: n.Chain, Address: a})
}

// open reports whether a path may have a transfer.
func (n *naive) open(t graph.Transfer) bool { return !n.has(n.From, t.To) && n.inLimits(t) }

func (n *naive) inLimits(t graph.Transfer) bool {
	return t.Amount.Cmp(n.MinAmount) >= 0 &&
		(n.After.IsZero() || !t.Time.Before(n.After)) && (n.Before.IsZero() || !t.Time.After(n.Before))
}

func (n *naive) from(tx graph.Tx, t graph.Transfer) bool {
	return n.has(n.From, t.From) || slices.ContainsFunc(tx.Spends, func(s graph.Spend) bool { return n.has(n.From, s.Address) })
}

// Hub reports whether more transactions touch an address than the query allows.
func (n *naive) hub(a chains.Address) bool {
	degree := 0
	for i := range n.All {
		if Touches(&n.All[i], graph.Address{Chain: n.Chain, Address: a}) {
			degree++
		}
	}
	return n.HubDegree > 0 && degree > n.HubDegree
}

func (n *naive) follows(t, u graph.Transfer) bool {
	if n.Chain.Family() != chains.Bitcoin {
		return u.From == t.To && (u.At == t.At || u.At.Compare(t.At) > 0 && u.Asset == t.Asset)
	}
	tx := slices.IndexFunc(n.All, func(tx graph.Tx) bool { return tx.At == t.At })
	by := slices.IndexFunc(n.All, func(tx graph.Tx) bool { return tx.At == u.At })
	return slices.ContainsFunc(n.All[by].Spends, func(s graph.Spend) bool { return s.Output == chains.Outpoint{Tx: n.All[tx].ID, Index: t.N} })
}

func (n *naive) walk(path []graph.Transfer) {
	last := path[len(path)-1]
	listed := n.has(n.To, last.To)
	if reached := n.Reaches != nil && n.reaches(last.To); listed || reached {
		if (reached || n.hub(last.To)) && !n.seenFromStart(path[0]) {
			return // both ends hide it
		}
		n.found = append(n.found, n.measure(path))
		return
	}
	if len(path) == n.MaxHops || n.hub(last.To) || n.stops(last.To) {
		return
	}
	for _, tx := range n.All {
		for _, u := range tx.Transfers {
			if n.open(u) && n.follows(last, u) && !slices.Contains(path, u) {
				n.walk(append(slices.Clone(path), u))
			}
		}
	}
}

// seenFromStart reports whether a path begins at an address that is no hub.
func (n *naive) seenFromStart(t graph.Transfer) bool {
	for _, tx := range n.All {
		if tx.At != t.At {
			continue
		}
		for _, s := range tx.Spends {
			if n.has(n.From, s.Address) && !n.hub(s.Address) {
				return true
			}
		}
	}
	return n.has(n.From, t.From) && !n.hub(t.From)
}

func (n *naive) stops(a chains.Address) bool {
	if n.Stop == nil {
		return false
	}
	stops, _ := n.Stop(graph.Address{Chain: n.Chain, Address: a})
	return stops
}

func (n *naive) reaches(a chains.Address) bool {
	reaches, _ := n.Reaches(graph.Address{Chain: n.Chain, Address: a})
	return reaches
}

func (n *naive) measure(path []graph.Transfer) graph.Path {
	bottleneck := path[0].Amount
	for i, t := range path[1:] {
		if t.Asset == path[i].Asset {
			bottleneck = bottleneck.Min(t.Amount)
		} else {
			bottleneck, _ = bottleneck.MulDiv(t.Amount, path[i].Amount)
		}
	}
	return graph.Path{Bottleneck: bottleneck, Asset: path[len(path)-1].Asset, Transfers: path}
}

// prefer orders paths to one transfer with equally many hops.
func (n *naive) prefer(a, b []graph.Transfer) int {
	for len(a) > 0 && len(b) > 0 {
		if c := cmp.Or(n.measure(b).Bottleneck.Cmp(n.measure(a).Bottleneck), a[len(a)-1].Compare(b[len(b)-1].Key)); c != 0 {
			return c
		}
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	return 0
}

func (n *naive) best() (best []graph.Path) {
	amount := func(a, b graph.Path) int { return b.Bottleneck.Cmp(a.Bottleneck) }
	hops := func(a, b graph.Path) int { return cmp.Compare(len(a.Transfers), len(b.Transfers)) }
	at := func(a, b graph.Path) int {
		return a.Transfers[len(a.Transfers)-1].Compare(b.Transfers[len(b.Transfers)-1].Key)
	}
	order := map[graph.Order][]func(a, b graph.Path) int{
		graph.ByAmount: {amount, hops, at}, graph.ByHops: {hops, amount, at}, graph.ByTime: {at, hops, amount},
	}[n.By]
	slices.SortFunc(n.found, func(a, b graph.Path) int {
		return cmp.Or(cmp.Compare(a.Asset, b.Asset), order[0](a, b), order[1](a, b), order[2](a, b), n.prefer(a.Transfers, b.Transfers))
	})
	taken := map[chains.Asset]int{}
	for _, p := range n.found {
		if taken[p.Asset]++; taken[p.Asset] <= n.K {
			best = append(best, p)
		}
	}
	return best
}
