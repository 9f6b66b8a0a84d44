package graphtest

import (
	"cmp"
	"maps"
	"slices"

	"tsuiseki/chains"
	"tsuiseki/graph"
)

// NaiveExposure looks at every transaction of a world in its order, or in reverse,
// and keeps what lies where unit by unit. It knows no limit on work.
func NaiveExposure(w *World, q graph.ExposureQuery) *graph.ExposureAnswer {
	n := &naiveExposure{
		naive: &naive{World: w, Query: graph.Query{HubDegree: q.HubDegree, MinAmount: q.MinAmount, After: q.After, Before: q.Before}},
		q:     q, totals: map[chains.Asset]*graph.ExposureTotals{}, found: map[naivePlace]*graph.Exposed{},
		coins: map[chains.Outpoint][]unit{}, lies: map[naivePlace][]unit{},
	}
	txs := slices.Clone(w.All)
	if q.Direction == graph.In {
		slices.Reverse(txs)
	}
	for i := range txs {
		if w.Chain.Family() == chains.Bitcoin {
			n.outputs(&txs[i])
		} else {
			n.accounts(&txs[i])
		}
	}
	for _, units := range n.coins {
		n.book("BTC").Resting = n.book("BTC").Resting.Add(amountOf(units))
	}
	for at, units := range n.lies {
		n.book(at.asset).Resting = n.book(at.asset).Resting.Add(amountOf(units))
	}
	return n.answer()
}

// unit is one base unit of the start's money.
type unit struct {
	hops   int
	direct bool
}

type naivePlace struct {
	address chains.Address
	asset   chains.Asset
}

type naiveExposure struct {
	*naive
	q      graph.ExposureQuery
	totals map[chains.Asset]*graph.ExposureTotals
	found  map[naivePlace]*graph.Exposed
	coins  map[chains.Outpoint][]unit
	lies   map[naivePlace][]unit
	cut    bool
}

func amountOf(units []unit) chains.Amount { return chains.NewAmount(int64(len(units))) }

func (n *naiveExposure) ours(a chains.Address) bool  { return n.has(n.q.Of, a) }
func (n *naiveExposure) payer(a chains.Address) bool { return n.ours(a) && !n.hub(a) }
func (n *naiveExposure) inWindow(tx *graph.Tx) bool {
	return n.inLimits(graph.Transfer{Amount: n.q.MinAmount, Time: tx.Time})
}

func (n *naiveExposure) first(units []unit, v chains.Amount) (taken, left []unit) {
	size, _ := v.Int64()
	at := min(int(size), len(units))
	return units[:at:at], units[at:]
}

func (n *naiveExposure) book(asset chains.Asset) *graph.ExposureTotals {
	if n.totals[asset] == nil {
		n.totals[asset] = &graph.ExposureTotals{Asset: asset}
	}
	return n.totals[asset]
}

// reach books units that arrive; those that are to be followed come back.
func (n *naiveExposure) reach(tx *graph.Tx, to chains.Address, asset chains.Asset, size chains.Amount, units []unit, shared bool) []unit {
	t := n.book(asset)
	var direct, hops int
	for i, u := range units {
		if u.direct {
			direct++
		}
		if i == 0 || u.hops < hops {
			hops = u.hops
		}
	}
	sum, straight := amountOf(units), chains.NewAmount(int64(direct))
	if n.ours(to) {
		t.Returned = t.Returned.Add(sum.Sub(straight))
		return nil
	}
	t.Moved = t.Moved.Add(straight)
	place, named, _ := n.q.Named(graph.Address{Chain: n.Chain, Address: to})
	switch {
	case size.Cmp(n.q.MinAmount) < 0:
		t.BeyondAmount, n.cut = t.BeyondAmount.Add(sum), true
	case named:
		t.Named = t.Named.Add(sum)
		at := naivePlace{to, asset}
		one := n.found[at]
		if one == nil {
			one = &graph.Exposed{Place: place, Address: graph.Address{Chain: n.Chain, Address: to}, ExposedSum: graph.ExposedSum{Asset: asset, Hops: hops, First: tx.Time, Last: tx.Time}}
			n.found[at] = one
		}
		one.Direct, one.Indirect = one.Direct.Add(straight), one.Indirect.Add(sum.Sub(straight))
		one.Payments++
		if one.Hops = min(one.Hops, hops); shared && direct > 0 {
			one.Shared++
		}
		one.First, one.Last = earliest(one.First, tx.Time), latest(one.Last, tx.Time)
	case hops >= n.q.MaxHops:
		t.BeyondHops, n.cut = t.BeyondHops.Add(sum), true
	case n.hub(to):
		t.Hubs = t.Hubs.Add(sum)
	default:
		same := make([]unit, len(units)) // what came together is not told apart any more
		for i := range same {
			same[i] = unit{hops: hops}
		}
		return same
	}
	return nil
}

// outputs takes up a transaction of a UTXO chain.
func (n *naiveExposure) outputs(tx *graph.Tx) {
	type slot struct {
		coin    chains.Outpoint
		address chains.Address
		amount  chains.Amount
	}
	var ins, outs []slot
	payers := map[chains.Address]bool{}
	for _, s := range tx.Spends {
		ins = append(ins, slot{s.Output, s.Address, s.Amount})
		if payers[s.Address] = true; n.ours(s.Address) {
			delete(payers, s.Address)
			payers["ours"] = true
		}
	}
	for _, t := range tx.Transfers {
		outs = append(outs, slot{chains.Outpoint{Tx: tx.ID, Index: t.N}, t.To, t.Amount})
	}
	shared := len(payers) > 1
	if n.q.Direction == graph.In {
		ins, outs = outs, ins
	}
	var units, others []unit
	for _, s := range ins {
		if n.payer(s.address) {
			n.cut = n.cut || !n.inWindow(tx)
			for size, _ := s.amount.Int64(); size > 0 && n.inWindow(tx); size-- {
				units = append(units, unit{1, true})
			}
		}
		for _, u := range n.coins[s.coin] {
			others = append(others, unit{hops: u.hops + 1})
		}
		delete(n.coins, s.coin)
	}
	units = append(units, others...)
	t := n.book("BTC")
	if !n.inWindow(tx) {
		t.BeyondTime = t.BeyondTime.Add(amountOf(units))
		return
	}
	for _, s := range outs {
		var taken []unit
		if taken, units = n.first(units, s.amount); len(taken) > 0 {
			if kept := n.reach(tx, s.address, "BTC", s.amount, taken, shared); kept != nil {
				n.coins[s.coin] = kept
			}
		}
	}
	for _, u := range units {
		if u.direct {
			t.Moved = t.Moved.Add(chains.NewAmount(1))
		}
	}
	if n.q.Direction == graph.In {
		t.Created = t.Created.Add(amountOf(units))
	} else {
		t.Fees = t.Fees.Add(amountOf(units))
	}
}

// answer sorts what was found.
func (n *naiveExposure) answer() *graph.ExposureAnswer {
	a := &graph.ExposureAnswer{Rule: graph.Seniority}
	stuck := chains.Amount{}
	for _, asset := range slices.Sorted(maps.Keys(n.totals)) {
		if t := n.totals[asset]; *t != (graph.ExposureTotals{Asset: asset}) {
			a.Totals = append(a.Totals, *t)
			stuck = stuck.Add(t.Hubs)
			n.cut = n.cut || t.BeyondTime.Sign() > 0
		}
	}
	for _, one := range n.found {
		a.Places = append(a.Places, *one)
	}
	slices.SortFunc(a.Places, func(x, y graph.Exposed) int {
		sum := func(e graph.Exposed) chains.Amount { return e.Direct.Add(e.Indirect) }
		return cmp.Or(cmp.Compare(x.Category, y.Category), cmp.Compare(x.Asset, y.Asset), sum(y).Cmp(sum(x)), cmp.Compare(x.Address.Address, y.Address.Address))
	})
	for _, of := range n.q.Of {
		if n.hub(of.Address) && !slices.Contains(a.Hubs, of) {
			a.Hubs = append(a.Hubs, of)
		}
	}
	slices.SortFunc(a.Hubs, graph.Address.Compare)
	switch {
	case len(a.Places) > 0:
		a.Answer = graph.Found
	case stuck.Sign() > 0 || len(a.Hubs) > 0:
		a.Answer = graph.HubInTheWay
	case n.cut:
		a.Answer = graph.NotWithinLimits
	default:
		a.Answer = graph.None
	}
	return a
}
