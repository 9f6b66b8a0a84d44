package graphtest

import (
	"slices"
	"time"

	"tsuiseki/chains"
	"tsuiseki/graph"
)

// fresh is what one transfer brought in the transaction that is looked at.
type fresh struct {
	naivePlace
	turn  int
	units []unit
}

// accounts takes up a transaction of an account chain: each asset by itself, then
// again and again what is changed for others, until nothing moves.
func (n *naiveExposure) accounts(tx *graph.Tx) {
	order := slices.Clone(tx.Transfers)
	if n.q.Direction == graph.In {
		slices.Reverse(order)
		for i := range order {
			order[i].From, order[i].To = order[i].To, order[i].From
		}
	}
	var came []*fresh
	moved := make([]bool, len(order))
	for round := 0; ; round++ {
		before := slices.Clone(moved)
		for turn, t := range order {
			if moved[turn] {
				continue
			}
			units := n.carried(tx, order, turn, came, round > 0)
			if len(units) == 0 {
				continue
			}
			moved[turn] = true
			if !n.inWindow(tx) {
				n.book(t.Asset).BeyondTime = n.book(t.Asset).BeyondTime.Add(amountOf(units))
				continue
			}
			if kept := n.reach(tx, t.To, t.Asset, t.Amount, units, false); kept != nil {
				came = append(came, &fresh{naivePlace{t.To, t.Asset}, turn, kept})
			}
		}
		if round > 0 && slices.Equal(before, moved) {
			break
		}
	}
	for _, c := range came {
		n.lay(c.naivePlace, c.units)
	}
}

// lay puts units where others may lie: from then on all count as the nearest.
func (n *naiveExposure) lay(at naivePlace, units []unit) {
	all := append(n.lies[at], units...)
	for i := range all {
		all[i].hops = slices.MinFunc(all, func(a, b unit) int { return a.hops - b.hops }).hops
	}
	n.lies[at] = all
}

func (n *naiveExposure) carried(tx *graph.Tx, order []graph.Transfer, turn int, came []*fresh, swaps bool) (units []unit) {
	t := order[turn]
	room := func() chains.Amount { return t.Amount.Sub(amountOf(units)) }
	on := func(taken []unit) {
		for _, u := range taken {
			units = append(units, unit{hops: u.hops + 1})
		}
	}
	switch {
	case n.ours(t.From):
		if !n.payer(t.From) || n.ours(t.To) {
			return nil
		}
		if !n.inWindow(tx) {
			n.cut = true
			return nil
		}
		for size, _ := t.Amount.Int64(); size > 0; size-- {
			units = append(units, unit{1, true})
		}
		return units
	case t.From == t.To:
		return nil
	}
	at := naivePlace{t.From, t.Asset}
	var taken []unit
	taken, n.lies[at] = n.first(n.lies[at], room())
	on(taken)
	for _, c := range came {
		if c.naivePlace == at && c.turn < turn {
			taken, c.units = n.first(c.units, room())
			on(taken)
		}
	}
	if !swaps {
		return units
	}
	for _, asset := range []chains.Asset{chains.Asset(Name(100)), "ETH"} { // in the order of names
		if asset == t.Asset {
			continue
		}
		var lies, paid, received int64
		for _, c := range came {
			if c.naivePlace == (naivePlace{t.From, asset}) {
				lies += int64(len(c.units))
			}
		}
		for _, u := range order {
			size, _ := u.Amount.Int64()
			if u.From == t.From && u.To != t.From && u.Asset == t.Asset {
				paid += size
			}
			if u.To == t.From && u.From != t.From && u.Asset == asset {
				received += size
			}
		}
		if lies == 0 {
			continue
		}
		gets, gives := lies*paid/received, lies
		if left, _ := room().Int64(); left < gets {
			gets, gives = left, (left*received+paid-1)/paid
		}
		if gets == 0 {
			continue
		}
		n.book(asset).SwappedOut = n.book(asset).SwappedOut.Add(chains.NewAmount(gives))
		n.book(t.Asset).SwappedIn = n.book(t.Asset).SwappedIn.Add(chains.NewAmount(gets))
		hops := 0
		for _, c := range came {
			if c.naivePlace == (naivePlace{t.From, asset}) {
				taken, c.units = n.first(c.units, chains.NewAmount(gives))
				gives -= int64(len(taken))
				for _, u := range taken {
					if hops == 0 || u.hops < hops {
						hops = u.hops
					}
				}
			}
		}
		for range gets {
			units = append(units, unit{hops: hops + 1})
		}
	}
	return units
}

func earliest(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
