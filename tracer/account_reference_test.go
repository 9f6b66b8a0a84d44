package tracer_test

import (
	"fmt"
	"slices"

	"tsuiseki/chains"
	"tsuiseki/tracer"
)

// The reference for account chains: what an account has of an asset is a queue
// of units, some of them traced. It follows one deposit through all
// transactions, one after the other.

// naiveLines are a trace as lines, so that two can be compared: what stands
// before the last space, and how many traced units that is.
type naiveLines map[string]int64

type naiveTrace struct {
	ledger  *memoryLedger
	params  tracer.Params
	name    string // of the deposit
	queues  map[accountPlace]naivePile
	arrived map[accountPlace]naiveArrival // for queues with traced units
	visited int
	hops    naiveLines
	ends    naiveLines
	totals  naiveLines
}

// naiveArrival is the last that brought traced units, and the fewest hops of any.
type naiveArrival struct {
	tx    *chains.Tx
	index uint32
	hops  int
}

func traceNaively(l *memoryLedger, deposits []transferPlace, params tracer.Params) (hops, ends, totals naiveLines) {
	hops, ends, totals = naiveLines{}, naiveLines{}, naiveLines{}
	for _, d := range deposits {
		t := naiveTrace{
			ledger: l, params: params, name: d.String(),
			queues: map[accountPlace]naivePile{}, arrived: map[accountPlace]naiveArrival{}, hops: hops, ends: ends, totals: totals,
		}
		for _, tx := range l.txs() {
			t.take(tx)
			if tx.Position() == d.at {
				t.deposit(tx, d.transfer)
			}
		}
		for at, queue := range t.queues {
			if queue.traced > 0 {
				t.end(t.rests(at), at, t.arrived[at], queue.traced, queue.size)
			}
		}
	}
	return hops, ends, totals
}

// take lets a transaction take from queues and add to their ends.
func (t *naiveTrace) take(tx *chains.Tx) {
	x := naiveSettle(tx, -1, t.endsWithin(tx))
	own, origins, fewest := map[accountPlace]naivePile{}, map[chains.Address]bool{}, 0
	for _, at := range x.places() {
		loss := -x.net(at)
		if loss <= 0 || naiveNoPlace(at) {
			continue
		}
		queue := t.queues[at]
		rule := t.params.Rule
		if rule == "tiho" { // a payment and what stays do not compete by size
			rule = "haircut"
		}
		piles := naivePour(rule, []naivePile{queue}, []int64{loss, queue.size - loss})
		paid, rest := piles[0], piles[1]
		if paid.traced > 0 {
			switch kind := t.limit(at, queue, tx, len(own) > 0); kind {
			case "":
				own[at], origins[at.account] = paid, true
				if hops := t.arrived[at].hops; len(own) == 1 || hops < fewest {
					fewest = hops
				}
			case tracer.EndHopLimit:
				t.end(kind, at, t.arrived[at], paid.traced, queue.size)
			default:
				t.end(kind, at, t.arrived[at], queue.traced, queue.size)
				rest = naiveClean(rest.size)
			}
		}
		t.queues[at] = rest
	}
	if len(own) > 0 {
		t.visited++
	}
	o := x.follow(t.params.Rule, own, origins)
	for _, at := range x.places() {
		if net := x.net(at); net > 0 && !naiveNoPlace(at) {
			queue := t.queues[at]
			queue.size, queue.units = queue.size+net, append(slices.Clone(queue.units), make([]bool, net)...)
			if t.params.Rule == "poison" && queue.traced > 0 {
				naiveTaint(queue.units)
				queue.traced = queue.size
			}
			t.queues[at] = queue
		}
	}
	t.note(tx, x, o, -1, fewest+1)
}

// limit is why traced units that a transaction takes are not followed.
func (t *naiveTrace) limit(at accountPlace, queue naivePile, tx *chains.Tx, visiting bool) tracer.EndKind {
	switch p := t.params; {
	case queue.traced < refInt64(p.MinAmount):
		return tracer.EndBelowMinimum
	case !p.Until.IsZero() && tx.Time.After(p.Until):
		return tracer.EndTimeLimit
	case p.MaxHops > 0 && t.arrived[at].hops >= p.MaxHops:
		return tracer.EndHopLimit
	case p.Budget > 0 && t.visited >= p.Budget && !visiting:
		return tracer.EndBudget
	}
	return ""
}

func (t *naiveTrace) deposit(tx *chains.Tx, transfer int) {
	paid := &tx.Transfers[transfer]
	x := naiveSettle(tx, transfer, t.endsWithin(tx))
	units := make([]bool, refInt64(paid.Amount))
	naiveTaint(units)
	own := map[accountPlace]naivePile{{naiveVictim, paid.Asset}: naivePileOf(units)}
	t.totals[fmt.Sprintf("%s %s in", t.name, paid.Asset)] += int64(len(units))
	t.note(tx, x, x.follow(t.params.Rule, own, map[chains.Address]bool{naiveVictim: true, paid.From: true}), transfer, 0)
}

// note writes down what a transaction did. What it brought lies at the end of queues.
func (t *naiveTrace) note(tx *chains.Tx, x naiveTx, o naiveOutcome, deposit, hops int) {
	for asset, moved := range o.moved {
		for i, traced := range moved {
			if e := x.edges[asset][i]; traced > 0 && e.transfer != deposit {
				t.moved(tx, e, traced)
			}
		}
	}
	for at, traced := range o.swapIn {
		t.hops[naiveSwap(t.name, tx.ID, at.account, at.asset)] += traced
		t.totals[fmt.Sprintf("%s %s swapped in", t.name, at.asset)] += traced
	}
	for at, traced := range o.swapOut {
		t.totals[fmt.Sprintf("%s %s swapped out", t.name, at.asset)] += traced
	}
	for at, gain := range o.gains {
		if gain.traced == 0 {
			continue
		}
		came := naiveArrival{tx: tx, hops: hops}
		for i, e := range x.edges[at.asset] {
			if e.to == at.account && o.moved[at.asset][i] > 0 {
				came.index = tx.Transfers[e.transfer].Index
			}
		}
		t.arrive(at, gain, came)
	}
}

func (t *naiveTrace) moved(tx *chains.Tx, e naiveEdge, traced int64) {
	transfer := &tx.Transfers[e.transfer]
	switch {
	case transfer.Kind == chains.DestroyedTransfer:
		t.end(tracer.EndFrozen, accountPlace{transfer.From, transfer.Asset}, naiveArrival{tx: tx, index: transfer.Index}, traced, refInt64(transfer.Amount))
	case e.to == naiveNobody:
		t.ends[fmt.Sprintf("%s fee in %s", t.name, tx.ID)] += traced
		t.totals[fmt.Sprintf("%s %s fees", t.name, transfer.Asset)] += traced
	default:
		t.hops[naiveHop(t.name, tx.ID, transfer.Index, transfer.From, transfer.To, transfer.Asset, transfer.Amount)] += traced
	}
}

func naiveHop(deposit string, tx chains.TxID, index uint32, from, to chains.Address, asset chains.Asset, amount chains.Amount) string {
	return fmt.Sprintf("%s in %s:%d from %s to %s %s %s", deposit, tx, index, from, to, amount, asset)
}

func naiveSwap(deposit string, tx chains.TxID, account chains.Address, asset chains.Asset) string {
	return fmt.Sprintf("%s in %s swapped by %s for %s", deposit, tx, account, asset)
}

// arrive traces units at the end of a queue, unless they stop there.
func (t *naiveTrace) arrive(at accountPlace, gain naivePile, came naiveArrival) {
	queue := t.queues[at]
	if queue.traced == 0 {
		if kind := t.stops(at, came); kind != "" {
			t.end(kind, at, came, gain.traced, gain.size)
			return
		}
	} else {
		came.hops = min(came.hops, t.arrived[at].hops)
	}
	t.arrived[at] = came
	if naiveCounts(t.params.Rule) {
		queue.traced += gain.traced
		t.queues[at] = queue
		return
	}
	units := slices.Clone(queue.units)
	for u, traced := range gain.units {
		at := len(units) - len(gain.units) + u
		units[at] = units[at] || traced
	}
	if t.params.Rule == "poison" {
		naiveTaint(units)
	}
	t.queues[at] = naivePileOf(units)
}

// naiveNoPlace: a token's contract makes its own units and destroys them.
func naiveNoPlace(at accountPlace) bool {
	return at.account == chains.Address(at.asset) || at.account == naiveNobody || at.account == naiveTipper || at.account == naiveVictim
}

// stops says why nothing is followed beyond an account.
func (t *naiveTrace) stops(at accountPlace, came naiveArrival) tracer.EndKind {
	if label, ok := t.ledger.labels[at.account]; ok {
		return label.kind
	}
	if at.account == chains.Address(at.asset) {
		for i := range came.tx.Transfers {
			if b := &came.tx.Transfers[i]; b.IsLog() && b.Index == came.index && b.To == chains.ZeroAddress {
				return tracer.EndBurn
			}
		}
		return tracer.EndContract
	}
	switch {
	case t.hub(at.account):
		return tracer.EndHub
	case t.ledger.inferred[at.account]:
		return tracer.EndExchange
	}
	return ""
}

func (t *naiveTrace) hub(account chains.Address) bool {
	touching := 0
	for _, tx := range t.ledger.txs() {
		if slices.ContainsFunc(tx.Transfers, func(m chains.Transfer) bool { return m.From == account || m.To == account }) {
			touching++
		}
	}
	return t.params.HubDegree > 0 && touching > t.params.HubDegree
}

// endsWithin are the accounts where trails end by a heuristic and that pay, in one
// asset, what is labelled after they got some.
func (t *naiveTrace) endsWithin(tx *chains.Tx) map[chains.Address]bool {
	ends := map[chains.Address]bool{}
	moves := func(m chains.Transfer) bool {
		payment := m.Kind == chains.NativeTransfer || m.Kind == chains.InternalTransfer || m.Kind == chains.TokenTransfer
		return payment && m.Amount.Sign() > 0 && m.From != m.To && !tx.Failed
	}
	for i, out := range tx.Transfers {
		_, known := t.ledger.labels[out.From]
		_, labelled := t.ledger.labels[out.To]
		got := slices.ContainsFunc(tx.Transfers[:i], func(in chains.Transfer) bool {
			return moves(in) && in.To == out.From && in.Asset == out.Asset
		})
		if moves(out) && got && labelled && !known && t.ledger.inferred[out.From] && !t.hub(out.From) {
			ends[out.From] = true
		}
	}
	return ends
}

// rests says what is known of units that stay, all blocks being whole.
func (t *naiveTrace) rests(at accountPlace) tracer.EndKind {
	frozen, contract := false, false
	for _, block := range t.ledger.blocks {
		for _, f := range block.Freezes {
			if f.Asset == at.asset && f.Account == at.account {
				frozen = f.Frozen
			}
		}
		for _, tx := range block.Txs {
			contract = contract || slices.Contains(tx.Created, at.account)
			for _, m := range tx.Transfers {
				contract = contract || m.Kind == chains.InternalTransfer && m.From == at.account && !tx.Failed
			}
		}
	}
	switch {
	case frozen:
		return tracer.EndFrozen
	case contract:
		return tracer.EndContract
	}
	return tracer.EndUnspent
}

func (t *naiveTrace) end(kind tracer.EndKind, at accountPlace, came naiveArrival, traced, amount int64) {
	t.ends[naiveEnd(t.name, kind, came.tx.ID, came.index, at, fmt.Sprint(amount))] += traced
	to := "ends"
	if kind.Unresolved() {
		to = "unresolved"
	}
	t.totals[fmt.Sprintf("%s %s %s", t.name, at.asset, to)] += traced
}

func naiveEnd(deposit string, kind tracer.EndKind, tx chains.TxID, index uint32, at accountPlace, amount string) string {
	return fmt.Sprintf("%s %s since %s:%d at %s %s of %s", deposit, kind, tx, index, at.account, at.asset, amount)
}
