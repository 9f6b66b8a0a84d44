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
	units = append(units, n.lies[at]...)
	for i := range units {
		units[i].hops = nearest(units)
	}
	n.lies[at] = units
}

func nearest(units []unit) int {
	return slices.MinFunc(units, func(a, b unit) int { return a.hops - b.hops }).hops
}

func (n *naiveExposure) carried(tx *graph.Tx, order []graph.Transfer, turn int, came []*fresh, swaps bool) (units []unit) {
	t := order[turn]
	size, _ := t.Amount.Int64()
	switch {
	case n.ours(t.From):
		if n.payer(t.From) && !n.ours(t.To) && n.inWindow(tx) {
			return slices.Repeat([]unit{{1, true}}, int(size))
		}
		n.cut = n.cut || n.payer(t.From) && !n.ours(t.To)
		return nil
	case t.From == t.To:
		return nil
	}
	at := naivePlace{t.From, t.Asset}
	taken, left := n.first(n.lies[at], t.Amount)
	n.lies[at], units = left, further(taken)
	for _, c := range came {
		if c.naivePlace == at && c.turn < turn {
			taken, c.units = n.first(c.units, t.Amount.Sub(amountOf(units)))
			units = append(units, further(taken)...)
		}
	}
	for _, asset := range []chains.Asset{Token, "ETH"} { // in the order of names
		if swaps && asset != t.Asset {
			units = append(units, n.changed(order, t, asset, came, size-int64(len(units)))...)
		}
	}
	return units
}

// further are units after one more transfer.
func further(units []unit) (on []unit) {
	for _, u := range units {
		on = append(on, unit{hops: u.hops + 1})
	}
	return on
}

// changed are units of another asset that become units of a transfer's, to so many.
func (n *naiveExposure) changed(order []graph.Transfer, t graph.Transfer, asset chains.Asset, came []*fresh, room int64) (units []unit) {
	var paid, received int64
	for _, u := range order {
		size, _ := u.Amount.Int64()
		if u.From == t.From && u.To != t.From && u.Asset == t.Asset {
			paid += size
		}
		if u.To == t.From && u.From != t.From && u.Asset == asset {
			received += size
		}
	}
	var lies int64
	for _, c := range came {
		if c.naivePlace == (naivePlace{t.From, asset}) {
			lies += int64(len(c.units))
		}
	}
	if lies == 0 {
		return nil
	}
	gets, gives := lies*paid/received, lies
	if room < gets {
		gets, gives = room, (room*received+paid-1)/paid
	}
	if gets == 0 {
		return nil
	}
	n.book(asset).SwappedOut = n.book(asset).SwappedOut.Add(chains.NewAmount(gives))
	n.book(t.Asset).SwappedIn = n.book(t.Asset).SwappedIn.Add(chains.NewAmount(gets))
	var given []unit
	for _, c := range came {
		if c.naivePlace == (naivePlace{t.From, asset}) {
			var taken []unit
			taken, c.units = n.first(c.units, chains.NewAmount(gives-int64(len(given))))
			given = append(given, taken...)
		}
	}
	return slices.Repeat([]unit{{hops: nearest(given) + 1}}, int(gets))
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
