package graph

import (
	"container/heap"
	"context"
	"fmt"

	"tsuiseki/chains"
)

// exposure follows money from one transaction to the next, in chain order for what
// went out, in reverse for what came in. Words below are those of the way out: for
// what came in, who received a transfer is its payer.
type exposure struct {
	ExposureQuery
	store  Store
	filler *filler
	chain  chains.Chain
	of     map[Address]bool
	payers map[Address]bool // of those, the ones that are no hubs

	queue  positions // transactions to take up, each once
	queued map[chains.Position]bool
	own    map[chains.Position]bool // those in which the payers pay

	named    map[Address]*Place // of all met; nil where they have no name
	followed map[Address]bool
	hubs     map[Address]bool // that money reached
	found    map[placeKey]*Exposed
	totals   map[chains.Asset]*ExposureTotals
	looked   int
	places   int
	cut      Cut
}

// carriers keep how much of the start's lies where, on one family of chains.
type carriers interface {
	// start finds the transactions in which the payers pay.
	start(ctx context.Context) error
	// take moves what a transaction carries.
	take(ctx context.Context, tx *Tx) error
	// settle books what lies where it was followed to.
	settle()
}

func (e *exposure) sweep(ctx context.Context, c carriers) error {
	if err := c.start(ctx); err != nil {
		return err
	}
	for e.queue.Len() > 0 {
		at := heap.Pop(&e.queue).(chains.Position)
		if e.cut.Work && !e.own[at] {
			continue
		}
		txs, err := e.store.Txs(ctx, e.chain, []chains.Position{at})
		if err == nil && len(txs) != 1 {
			err = fmt.Errorf("the graph lacks transaction %s of %s, which it names: %w", at, e.chain, chains.ErrCorrupt)
		}
		if err != nil {
			return err
		}
		if err := c.take(ctx, txs[0]); err != nil {
			return err
		}
	}
	c.settle()
	return nil
}

// push has a transaction taken up in its turn.
func (e *exposure) push(at chains.Position) {
	if !e.queued[at] {
		e.queued[at] = true
		heap.Push(&e.queue, at)
	}
}

// earlier reports whether a place is taken up before another.
func (e *exposure) earlier(a, b chains.Position) bool {
	if e.Direction == In {
		a, b = b, a
	}
	return a.Compare(b) < 0
}

// within reports whether a transaction lies in the window.
func (e *exposure) within(tx *Tx) bool {
	return (e.After.IsZero() || !tx.Time.Before(e.After)) && (e.Before.IsZero() || !tx.Time.After(e.Before))
}

// look counts a transfer that was read, and reports whether work is left.
func (e *exposure) look() bool {
	e.looked++
	if e.Work > 0 && e.looked+e.places > e.Work {
		e.cut.Work = true
	}
	return !e.cut.Work
}

// total is the account of an asset.
func (e *exposure) total(asset chains.Asset) *ExposureTotals {
	t := e.totals[asset]
	if t == nil {
		t = &ExposureTotals{Asset: asset}
		e.totals[asset] = t
	}
	return t
}

// share is money of the start's, and over how few transfers it came.
type share struct {
	amount chains.Amount
	hops   int
}

// join adds money to where some may lie.
func (s share) join(o share) share {
	if s.amount.Sign() == 0 || o.amount.Sign() > 0 && o.hops < s.hops {
		s.hops = o.hops
	}
	s.amount = s.amount.Add(o.amount)
	return s
}

// move is what one transfer carries of the start's.
type move struct {
	tx     *Tx
	to     Address
	asset  chains.Asset
	size   chains.Amount // of the whole transfer
	direct chains.Amount // of what it carries, that a payer paid in this transaction
	share                // all that it carries
	shared bool
}

// meet names where moves arrive, and makes whole those that are to be followed.
func (e *exposure) meet(ctx context.Context, moves []move) error {
	var open []Address
	for i := range moves {
		m := &moves[i]
		if e.of[m.to] || m.size.Cmp(e.MinAmount) < 0 || m.to.Address == "" {
			continue
		}
		place, met := e.named[m.to]
		if !met {
			found, is, err := e.Named(m.to)
			if err != nil {
				return err
			}
			if is {
				place = &found
			}
			e.named[m.to] = place
		}
		if _, whole := e.filler.hubs[m.to]; place == nil && !whole && !e.cut.Work && m.hops < e.MaxHops {
			open = append(open, m.to)
		}
	}
	if len(open) == 0 {
		return nil
	}
	return e.filler.fill(ctx, open)
}

// arrive books what a move brought to where it was met, and reports whether it is
// to be followed on.
func (e *exposure) arrive(m *move) bool {
	t := e.total(m.asset)
	if e.of[m.to] {
		t.Returned = t.Returned.Add(m.amount.Sub(m.direct))
		return false
	}
	t.Moved = t.Moved.Add(m.direct)
	place := e.named[m.to]
	var rests *chains.Amount
	switch {
	case m.size.Cmp(e.MinAmount) < 0:
		rests = &t.BeyondAmount
		e.cut.Amount++
	case m.to.Address == "":
		rests = &t.Resting
	case place != nil:
		rests = &t.Named
		e.expose(m, *place)
	case e.cut.Work:
		rests = &t.BeyondWork
	case m.hops >= e.MaxHops:
		rests = &t.BeyondHops
		e.cut.Hops++
	case e.filler.hubs[m.to]:
		rests = &t.Hubs
		e.hubs[m.to] = true
	default:
		e.followed[m.to] = true
		return true
	}
	*rests = rests.Add(m.amount)
	return false
}

// expose counts what reached a named place.
func (e *exposure) expose(m *move, place Place) {
	at := placeKey{m.to, m.asset}
	if e.found[at] == nil {
		e.found[at] = &Exposed{Place: place, Address: m.to}
	}
	one := ExposedSum{
		Asset: m.asset, Direct: m.direct, Indirect: m.amount.Sub(m.direct), Hops: m.hops, Payments: 1,
		First: m.tx.Time, Last: m.tx.Time,
	}
	if m.shared {
		one.Shared = 1
	}
	e.found[at].merge(&one)
}

// positions is a heap of places on a chain.
type positions struct {
	all    []chains.Position
	before func(a, b chains.Position) bool
}

func (p *positions) Len() int           { return len(p.all) }
func (p *positions) Less(i, j int) bool { return p.before(p.all[i], p.all[j]) }
func (p *positions) Swap(i, j int)      { p.all[i], p.all[j] = p.all[j], p.all[i] }
func (p *positions) Push(at any)        { p.all = append(p.all, at.(chains.Position)) }
func (p *positions) Pop() any {
	last := p.all[len(p.all)-1]
	p.all = p.all[:len(p.all)-1]
	return last
}
