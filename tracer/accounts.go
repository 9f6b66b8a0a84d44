package tracer

import (
	"cmp"
	"container/heap"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"tsuiseki/chains"
	"tsuiseki/tracer/taint"
)

// accountSweep is one trace of an account chain under way. The transactions that
// touch a place of the trace wait in a queue in chain order.
type accountSweep struct {
	ledger   Ledger
	inferrer Inferrer                // nil where the ledger is none
	passed   map[chains.Address]bool // accounts that were passed through, and whether trails end there
	rule     taint.Rule
	params   Params
	result   *Result
	deposits []AccountDeposit
	visited  []int // transactions, by deposit

	queue  positions
	events map[chains.Position]*event
	live   map[holder]*lotQueue
	gaps   *gaps

	crossings *crossings // nil where bridges are not followed
}

// event is a transaction that waits for its turn.
type event struct {
	places   []*lotQueue  // that it touches
	deposits []int        // that it makes
	injected []*injection // what it pays out of bridges
}

func (s *accountSweep) at(position chains.Position) *event {
	e := s.events[position]
	if e == nil {
		e = new(event)
		s.events[position] = e
		heap.Push(&s.queue, position)
	}
	return e
}

// start queues the deposits.
func (s *accountSweep) start(deposits []AccountDeposit) {
	for i, d := range deposits {
		t := d.transfer()
		s.result.addDeposit(d.Tx, DepositDoc{ID: d.ID, Index: t.Index, Kind: string(t.Kind), Address: t.To, Asset: t.Asset, Amount: t.Amount})
		e := s.at(d.Tx.Position())
		e.deposits = append(e.deposits, i)
	}
	s.deposits = deposits
	s.visited = make([]int, len(deposits))
}

func (s *accountSweep) run(ctx context.Context) error {
	for len(s.queue) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		position := heap.Pop(&s.queue).(chains.Position)
		e := s.events[position]
		delete(s.events, position)
		if err := s.take(position, e); err != nil {
			return err
		}
	}
	// What no movement touches any more rests where it is.
	for _, h := range slices.SortedFunc(maps.Keys(s.live), compareHolders) {
		if err := s.rest(s.live[h]); err != nil {
			return err
		}
	}
	return nil
}

func compareHolders(a, b holder) int {
	return cmp.Or(cmp.Compare(a.account, b.account), cmp.Compare(a.asset, b.asset))
}

// schedule queues a place's next movement.
func (s *accountSweep) schedule(q *lotQueue) error {
	next, ok, err := q.next(s.ledger)
	if err != nil || !ok {
		return err
	}
	e := s.at(next.At)
	e.places = append(e.places, q)
	return nil
}

// take passes one transaction. It is read only where it moves something traced.
func (s *accountSweep) take(position chains.Position, e *event) error {
	slices.SortFunc(e.places, func(a, b *lotQueue) int { return compareHolders(a.holder, b.holder) })
	moves := len(e.deposits) > 0 || len(e.injected) > 0
	for _, q := range e.places {
		moves = moves || q.ahead[0].Out.Cmp(q.ahead[0].In) > 0
	}
	var arrived []arrival
	if moves {
		tx, err := s.ledger.TxAt(position)
		if err != nil {
			return err
		}
		if arrived, err = s.pay(tx, e); err != nil {
			return err
		}
	}
	for _, q := range e.places {
		m := q.ahead[0]
		q.ahead = q.ahead[1:]
		for i := range q.lots {
			q.lots[i].move(m)
		}
	}
	if err := s.settleArrivals(position, arrived); err != nil {
		return err
	}
	for _, q := range e.places {
		if len(q.lots) == 0 {
			delete(s.live, q.holder)
			if err := s.missParts(q, position.Height); err != nil {
				return err
			}
		} else if err := s.schedule(q); err != nil {
			return err
		}
	}
	return nil
}

// pay follows what a transaction takes from traced places, and its deposits. It
// returns what arrives elsewhere.
func (s *accountSweep) pay(tx *chains.Tx, e *event) (arrived []arrival, err error) {
	ends, err := s.endsWithin(tx)
	if err != nil {
		return nil, err
	}
	whole := settle(tx, noDeposit, ends)
	passes := map[int]*pass{} // by deposit
	for _, q := range e.places {
		m := q.ahead[0]
		payment := m.Out.Sub(m.In)
		if payment.Sign() <= 0 {
			continue
		}
		lots := q.lots
		q.lots = nil
		for _, l := range lots {
			if payment.Cmp(l.balance) > 0 {
				s.result.miss(fmt.Sprintf("balance of %s in %s", q.account, q.asset), tx.Block.Height, tx.Block.Height,
					"it pays more than the transfers held give it: what it paid is taken as all it had")
				l.balance = payment
			}
			if l.spans = s.leave(tx, whole, q, l, payment, passes); len(l.spans) > 0 {
				q.lots = append(q.lots, l)
			}
		}
	}
	for _, d := range e.deposits {
		transfer := s.deposits[d].Transfer
		p := s.pass(tx, settle(tx, transfer, ends), d, transfer, 0)
		p.origins[tx.Transfers[transfer].From] = true
		arrived = append(arrived, p.run()...)
	}
	s.addInjected(tx, whole, e, passes)
	for _, d := range slices.Sorted(maps.Keys(passes)) {
		arrived = append(arrived, passes[d].run()...)
	}
	return arrived, nil
}

// leave follows a lot's part of a payment, unless a limit ends the lot. It
// returns what of the lot stays.
func (s *accountSweep) leave(tx *chains.Tx, whole *settlement, q *lotQueue, l lot, payment chains.Amount, passes map[int]*pass) []taint.Span {
	leaves, rest := l.split(s.rule, payment)
	if len(leaves) == 0 {
		return rest
	}
	if !s.params.Until.IsZero() && tx.Time.IsZero() {
		s.result.miss("time of the block", tx.Block.Height, tx.Block.Height, "the time limit is not applied to it")
	}
	p := passes[l.deposit]
	moved := fmt.Sprintf("moved on in %s at height %d", tx.ID, tx.Block.Height)
	held := l
	held.spans = l.traced(s.rule)
	switch {
	case taint.Sum(held.spans).Cmp(s.params.MinAmount) < 0:
		s.end(q, held, EndBelowMinimum, fmt.Sprintf("below %s; %s", s.params.MinAmount, moved))
		return nil
	case !s.params.Until.IsZero() && tx.Time.After(s.params.Until):
		s.end(q, held, EndTimeLimit, fmt.Sprintf("%s at %s", moved, tx.Time.Format(time.RFC3339)))
		return nil
	case s.params.MaxHops > 0 && l.hops >= s.params.MaxHops:
		held.spans = leaves // what stays can still be found here
		s.end(q, held, EndHopLimit, fmt.Sprintf("%d hops from the deposit; %s", l.hops, moved))
		return rest
	case s.params.Budget > 0 && s.visited[l.deposit] >= s.params.Budget && p == nil:
		s.end(q, held, EndBudget, fmt.Sprintf("%d transactions visited; %s", s.visited[l.deposit], moved))
		return nil
	}
	if p == nil {
		s.visited[l.deposit]++
		p = s.pass(tx, whole, l.deposit, noDeposit, l.hops+1)
		passes[l.deposit] = p
	}
	p.hops = min(p.hops, l.hops+1)
	p.origins[q.account] = true
	p.supply.add(q.holder, s.rule, leaves)
	return rest
}
