package tracer_test

import (
	"maps"
	"slices"

	"tsuiseki/chains"
)

// How the reference for account chains reads one transaction. Amounts are counts
// of units, and what is traced is said unit by unit (but for rules to which only
// sums count).

// Accounts of no one.
const (
	naiveNobody chains.Address = "(nobody)" // takes fees, and what is destroyed
	naiveVictim chains.Address = "(victim)" // pays the deposit
	naiveTipper chains.Address = "(tipper)" // hands tips to producers; no trail follows them
)

type naiveEdge struct {
	from, to chains.Address
	left     int64 // after circles
	transfer int   // in the transaction
	fee      bool
}

// naiveTx is what a transaction comes to, asset by asset.
type naiveTx struct {
	assets []chains.Asset
	edges  map[chains.Asset][]naiveEdge
}

// naiveSettle nets a transaction. The deposit, a transfer's number or -1, comes
// from nobody else's account. What moved of its asset before it comes down to what
// accounts had by then; its payer has paid it out of that. What accounts pay beyond
// which nothing is followed comes from where no trail leads.
func naiveSettle(tx *chains.Tx, deposit int, ends map[chains.Address]bool) naiveTx {
	x := naiveTx{edges: map[chains.Asset][]naiveEdge{}}
	var paying, fees []naiveEdge
	before := map[chains.Address]int64{}
	for i := range tx.Transfers {
		t := &tx.Transfers[i]
		e := naiveEdge{t.From, t.To, refInt64(t.Amount), i, false}
		if ends[t.From] {
			e.from = naiveTipper
		}
		fee := t.Kind == chains.FeeTransfer || t.Kind == chains.TipTransfer
		switch {
		case t.Kind == chains.CollectibleTransfer || t.From == t.To || tx.Failed && !fee:
			continue
		case t.Kind == chains.TipTransfer:
			fees = append(fees, naiveEdge{e.from, naiveNobody, e.left, i, true}, naiveEdge{naiveTipper, t.To, e.left, i, false})
			continue
		case fee:
			fees = append(fees, naiveEdge{e.from, naiveNobody, e.left, i, true})
			continue
		case t.Kind == chains.TokenTransfer && t.From == chains.ZeroAddress:
			e.from = chains.Address(t.Asset)
		case t.Kind == chains.TokenTransfer && t.To == chains.ZeroAddress:
			e.to = chains.Address(t.Asset)
		case t.Kind == chains.DestroyedTransfer:
			e.to = naiveNobody
		case t.From == "":
			e.from = naiveTipper
		}
		if i < deposit && t.Asset == tx.Transfers[deposit].Asset {
			before[e.from] -= e.left
			before[e.to] += e.left
			continue
		}
		if i == deposit {
			before[t.From] -= e.left
			for _, account := range slices.Sorted(maps.Keys(before)) {
				if had := before[account]; had > 0 && account != naiveNobody {
					paying = append(paying, naiveEdge{naiveTipper, account, had, i, false})
				}
			}
			e.from = naiveVictim
		}
		paying = append(paying, e)
	}
	for _, e := range append(paying, fees...) {
		asset := tx.Transfers[e.transfer].Asset
		if !slices.Contains(x.assets, asset) {
			x.assets = append(x.assets, asset)
		}
		if e.from != e.to {
			x.edges[asset] = naiveAdd(x.edges[asset], e)
		}
	}
	return x
}

// naiveAdd adds a transfer and takes out every circle that it closes.
func naiveAdd(edges []naiveEdge, e naiveEdge) []naiveEdge {
	for e.left > 0 {
		path := naivePath(edges, e.to, e.from, map[chains.Address]bool{})
		if path == nil {
			break
		}
		circle := e.left
		for _, i := range path {
			circle = min(circle, edges[i].left)
		}
		for _, i := range path {
			edges[i].left -= circle
		}
		e.left -= circle
	}
	return append(edges, e)
}

func naivePath(edges []naiveEdge, from, to chains.Address, been map[chains.Address]bool) []int {
	been[from] = true
	for i, e := range edges {
		if e.from != from || e.left == 0 || been[e.to] {
			continue
		}
		if e.to == to {
			return []int{i}
		}
		if path := naivePath(edges, e.to, to, been); path != nil {
			return append([]int{i}, path...)
		}
	}
	return nil
}

// net is an account's gain.
func (x naiveTx) net(at accountPlace) (net int64) {
	for _, e := range x.edges[at.asset] {
		if e.to == at.account {
			net += e.left
		}
		if e.from == at.account {
			net -= e.left
		}
	}
	return net
}

// gave is an account's loss to others.
func (x naiveTx) gave(at accountPlace) int64 {
	gave := -x.net(at)
	for _, e := range x.edges[at.asset] {
		if e.from == at.account && e.to == naiveNobody {
			gave -= e.left
		}
	}
	return max(gave, 0)
}

// places are all accounts with each asset that they move.
func (x naiveTx) places() (places []accountPlace) {
	for asset, edges := range x.edges {
		for _, e := range edges {
			places = append(places, accountPlace{e.from, asset}, accountPlace{e.to, asset})
		}
	}
	slices.SortFunc(places, func(a, b accountPlace) int { return slices.Compare(a.key(), b.key()) })
	return slices.Compact(places)
}

func (p accountPlace) key() []string { return []string{string(p.account), string(p.asset)} }

// exchanges are the other assets that an account gives for what it gains.
func (x naiveTx) exchanges(at accountPlace) (given []accountPlace) {
	for _, asset := range x.assets {
		if other := (accountPlace{at.account, asset}); asset != at.asset && x.gave(other) > 0 {
			given = append(given, other)
		}
	}
	return given
}

// naiveOutcome is what became of traced units in one transaction.
type naiveOutcome struct {
	moved   map[chains.Asset][]int64   // by edge
	gains   map[accountPlace]naivePile // of what stays
	swapIn  map[accountPlace]int64     // what accounts gave for what they gained
	swapOut map[accountPlace]int64
}

func newNaiveOutcome() naiveOutcome {
	return naiveOutcome{map[chains.Asset][]int64{}, map[accountPlace]naivePile{}, map[accountPlace]int64{}, map[accountPlace]int64{}}
}

// follow takes units that accounts give of their own through the transaction.
func (x naiveTx) follow(rule string, own map[accountPlace]naivePile, origins map[chains.Address]bool) naiveOutcome {
	if naiveCounts(rule) {
		return x.followSums(rule, own, origins)
	}
	own = maps.Clone(own)
	for {
		o := newNaiveOutcome()
		more := false
		for _, asset := range x.assets {
			moved, gains := x.carry(rule, asset, own)
			o.moved[asset] = moved
			for account, gain := range gains {
				at := accountPlace{account, asset}
				given := x.exchanges(at)
				if origins[account] || len(given) == 0 {
					o.gains[at] = gain
					continue
				}
				o.swapOut[at] = gain.traced
				for _, other := range given {
					more = x.exchange(gain, other, own) || more
				}
			}
		}
		if !more {
			for at, pile := range own {
				if !origins[at.account] {
					o.swapIn[at] = pile.traced
				}
			}
			return o
		}
	}
}

// exchange maps traced units of a gain onto those given for it, and tells whether
// this traces any new ones.
func (x naiveTx) exchange(gain naivePile, other accountPlace, own map[accountPlace]naivePile) (more bool) {
	gave := x.gave(other)
	pile, ok := own[other]
	if !ok {
		pile = naiveClean(-x.net(other))
	}
	units := slices.Clone(pile.units)
	for u, traced := range gain.units {
		from, to := int64(u)*gave/gain.size, int64(u+1)*gave/gain.size
		for v := from; v < to && traced; v++ {
			more = more || !units[v]
			units[v] = true
		}
	}
	own[other] = naivePileOf(units)
	return more
}

// carry moves one asset: what an account gives of its own, and then what came in,
// in order, becomes its payments, in order, and what it gains.
func (x naiveTx) carry(rule string, asset chains.Asset, own map[accountPlace]naivePile) (traced []int64, gains map[chains.Address]naivePile) {
	edges := x.edges[asset]
	moved, gains := make([]naivePile, len(edges)), map[chains.Address]naivePile{}
	traced = make([]int64, len(edges))
	done := map[chains.Address]bool{}
	var settle func(account chains.Address)
	settle = func(account chains.Address) {
		if done[account] {
			return
		}
		done[account] = true
		at := accountPlace{account, asset}
		var ins []naivePile
		var outs []int64
		if pile, ok := own[at]; ok {
			ins = append(ins, pile)
		} else if loss := -x.net(at); loss > 0 {
			ins = append(ins, naiveClean(loss))
		}
		for i, e := range edges {
			if e.to == account && e.left > 0 {
				settle(e.from)
				ins = append(ins, moved[i])
			}
			if e.from == account {
				outs = append(outs, e.left)
			}
		}
		poured := naivePour(rule, ins, append(outs, max(x.net(at), 0)))
		for i, e := range edges {
			if e.from == account {
				moved[i], poured = poured[0], poured[1:]
				traced[i] = moved[i].traced
			}
		}
		if poured[0].traced > 0 {
			gains[account] = poured[0]
		}
	}
	for _, e := range edges {
		settle(e.to)
		settle(e.from)
	}
	delete(gains, naiveNobody)
	return traced, gains
}
