package graphtest

import (
	"cmp"
	"slices"

	"tsuiseki/chains"
	"tsuiseki/graph"
)

// NaivePaths tries every way through a world, and ranks what it finds.
func NaivePaths(w *World, q graph.Query) []graph.Path {
	return NaiveAcross([]*World{w}, nil, q)
}

// NaiveAcross tries every way through several worlds and the bridges between them,
// which take the place of the query's.
func NaiveAcross(worlds []*World, bridges *Bridges, q graph.Query) []graph.Path {
	n := &naivePaths{worlds: worlds, bridges: bridges, Query: q}
	if q.LeaveHubs {
		n.To = slices.DeleteFunc(slices.Clone(q.To), n.hub)
	}
	for _, w := range worlds {
		for _, tx := range w.All {
			for _, t := range tx.Transfers {
				if n.open(t) && n.begins(tx, t) {
					n.walk([]graph.Transfer{t})
				}
			}
		}
	}
	return n.best()
}

type naivePaths struct {
	worlds  []*World
	bridges *Bridges
	graph.Query
	found []graph.Path
}

// starts and ends: what is listed at one end is none of the other's functions.
func (n *naivePaths) starts(a graph.Address) bool {
	begins := false
	if n.Begins != nil && a.Address != "" && !slices.Contains(n.To, a) {
		begins, _ = n.Begins(a)
	}
	return begins || slices.Contains(n.From, a)
}

func (n *naivePaths) ends(a graph.Address) bool {
	reaches := false
	if n.Reaches != nil && !slices.Contains(n.From, a) {
		reaches, _ = n.Reaches(a)
	}
	return reaches || slices.Contains(n.To, a)
}

// open reports whether a path may have a transfer.
func (n *naivePaths) open(t graph.Transfer) bool {
	return !n.starts(t.Receiver()) && (&naive{Query: n.Query}).inLimits(t)
}

func (n *naivePaths) begins(tx graph.Tx, t graph.Transfer) bool {
	return slices.Contains(n.FromTransfers, t.Key) || slices.ContainsFunc(payers(tx, t), n.starts)
}

// payers are whose money a transfer moved.
func payers(tx graph.Tx, t graph.Transfer) (all []graph.Address) {
	if t.From != "" {
		return []graph.Address{t.Sender()}
	}
	for _, s := range tx.Spends {
		all = append(all, graph.Address{Chain: tx.Chain, Address: s.Address})
	}
	return all
}

// hub reports whether more transactions touch an address than the query allows.
func (n *naivePaths) hub(a graph.Address) bool {
	return slices.ContainsFunc(n.worlds, func(w *World) bool { return w.Chain == a.Chain && (&naive{w, n.Query}).hub(a.Address) })
}

func (n *naivePaths) tx(t graph.Transfer) graph.Tx {
	for _, w := range n.worlds {
		for _, tx := range w.All {
			if tx.Chain == t.Chain && tx.At == t.At {
				return tx
			}
		}
	}
	panic("a transfer of no transaction")
}

func (n *naivePaths) follows(t, u graph.Transfer) bool {
	if over := n.bridges.Of(t.Key); over != nil {
		return slices.Contains(over.Outs, u.Key)
	}
	if t.Chain != u.Chain {
		return false
	}
	if t.Chain.Family() != chains.Bitcoin {
		if u.At == t.At {
			return giver(u) == taker(t)
		}
		return u.From == t.To && t.To != chains.ZeroAddress && u.At.Compare(t.At) > 0 && u.Asset == t.Asset
	}
	made := n.tx(t)
	return slices.ContainsFunc(n.tx(u).Spends, func(s graph.Spend) bool { return s.Output == chains.Outpoint{Tx: made.ID, Index: t.N} })
}

// giver and taker: it is the token's contract that mints and burns.
func giver(t graph.Transfer) graph.Address {
	if t.From == chains.ZeroAddress {
		return graph.Address{Chain: t.Chain, Address: chains.Address(t.Asset)}
	}
	return t.Sender()
}

func taker(t graph.Transfer) graph.Address {
	if t.To == chains.ZeroAddress {
		return graph.Address{Chain: t.Chain, Address: chains.Address(t.Asset)}
	}
	return t.Receiver()
}

// goesOn reports whether money goes on from where a transfer arrived, and whether it
// is held there: it then goes on in the same transaction alone.
func (n *naivePaths) goesOn(t graph.Transfer) (on, held bool) {
	if n.bridges.Of(t.Key) != nil {
		return true, false
	}
	place := t.Receiver()
	if t.Chain.Family() != chains.Bitcoin {
		place = taker(t)
	}
	stops := n.ends(place) || n.starts(place) || place.Address == chains.ZeroAddress || (&naive{Query: n.Query}).stops(place)
	return !stops, n.hub(place) || t.To == chains.ZeroAddress
}

func (n *naivePaths) walk(path []graph.Transfer) {
	last := path[len(path)-1]
	if n.ends(last.Receiver()) {
		if n.seenFromStart(path[0]) || n.seenFromEnd(last) {
			n.found = append(n.found, n.measure(path))
		}
		return
	}
	on, held := n.goesOn(last)
	if len(path) == n.MaxHops || !on {
		return
	}
	for _, w := range n.worlds {
		for _, tx := range w.All {
			for _, u := range tx.Transfers {
				elsewhere := u.At != last.At || u.Chain != last.Chain
				if (!held || !elsewhere) && n.open(u) && n.follows(last, u) && !n.within(path, u) {
					n.walk(append(slices.Clone(path), u))
				}
			}
		}
	}
}

// within reports whether a path has been at a transfer since it entered the
// transaction that it is in. Only bridges that pay before they take lead back to one.
func (n *naivePaths) within(path []graph.Transfer, u graph.Transfer) bool {
	for i := len(path) - 1; i >= 0 && path[i].Chain == u.Chain && path[i].At == u.At; i-- {
		if path[i] == u {
			return true
		}
		if i > 0 && n.bridges.Of(path[i-1].Key) != nil {
			return false
		}
	}
	return false
}

// seenFromStart reports whether a path begins where money can be followed from: not
// at an address that is a hub, or is no listed one.
func (n *naivePaths) seenFromStart(t graph.Transfer) bool {
	return slices.Contains(n.FromTransfers, t.Key) ||
		slices.ContainsFunc(payers(n.tx(t), t), func(a graph.Address) bool { return slices.Contains(n.From, a) && !n.hub(a) })
}

func (n *naivePaths) seenFromEnd(t graph.Transfer) bool {
	return slices.Contains(n.To, t.Receiver()) && !n.hub(t.Receiver())
}

func (n *naivePaths) measure(path []graph.Transfer) graph.Path {
	p := graph.Path{Bottleneck: path[0].Amount, Asset: path[len(path)-1].Asset, Transfers: path}
	for i, t := range path[1:] {
		switch over := n.bridges.Of(path[i].Key); {
		case over != nil:
			p.Bottleneck, _ = p.Bottleneck.Min(over.In).MulDiv(t.Amount, over.In)
			p.Bridged = append(p.Bridged, i+1)
		case t.Asset == path[i].Asset:
			p.Bottleneck = p.Bottleneck.Min(t.Amount)
		default:
			p.Bottleneck, _ = p.Bottleneck.MulDiv(t.Amount, path[i].Amount)
		}
	}
	return p
}

// prefer orders paths to one transfer with equally many hops.
func (n *naivePaths) prefer(a, b []graph.Transfer) int {
	for len(a) > 0 && len(b) > 0 {
		if c := cmp.Or(n.measure(b).Bottleneck.Cmp(n.measure(a).Bottleneck), a[len(a)-1].Compare(b[len(b)-1].Key)); c != 0 {
			return c
		}
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	return 0
}

func (n *naivePaths) best() (best []graph.Path) {
	last := func(p graph.Path) *graph.Transfer { return &p.Transfers[len(p.Transfers)-1] }
	amount := func(a, b graph.Path) int { return b.Bottleneck.Cmp(a.Bottleneck) }
	hops := func(a, b graph.Path) int { return cmp.Compare(len(a.Transfers), len(b.Transfers)) }
	at := func(a, b graph.Path) int { return last(a).Compare(last(b).Key) }
	order := map[graph.Order][]func(a, b graph.Path) int{
		graph.ByAmount: {amount, hops, at}, graph.ByHops: {hops, amount, at}, graph.ByTime: {at, hops, amount},
	}[n.By]
	slices.SortFunc(n.found, func(a, b graph.Path) int {
		return cmp.Or(cmp.Compare(a.Asset, b.Asset), cmp.Compare(last(a).Chain, last(b).Chain),
			order[0](a, b), order[1](a, b), order[2](a, b), n.prefer(a.Transfers, b.Transfers))
	})
	taken := map[string]int{}
	for _, p := range n.found {
		arrival := string(last(p).Chain) + " " + string(p.Asset)
		if taken[arrival]++; taken[arrival] <= n.K {
			best = append(best, p)
		}
	}
	return best
}
