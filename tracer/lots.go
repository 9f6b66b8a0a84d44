package tracer

import (
	"cmp"
	"slices"

	"tsuiseki/chains"
	"tsuiseki/tracer/taint"
)

// holder names a place on an account chain: an account's balance of one asset.
type holder struct {
	account chains.Address
	asset   chains.Asset
}

// lotQueue is a balance, oldest part first, and which spans of it are traced.
type lotQueue struct {
	holder
	lots []lot // by deposit, in order

	ahead  []chains.Movement // the next movements, read but not taken in
	read   bool              // to the end
	batch  int               // how many were read at once
	cursor chains.Position   // of the last one read
	opened uint64            // height at which it became a place of the trace
}

// lot is a deposit's traced part of a balance. Each keeps the balance for itself:
// where facts are missing, it depends on the block from which it was kept.
type lot struct {
	deposit int
	balance chains.Amount
	spans   []taint.Span
	hops    int        // fewest transactions from the deposit
	since   uint64     // height at which the first part arrived
	tx      *chains.Tx // in which the last part arrived
	by      int        // transfer that brought it
}

// find is a deposit's lot, or where it would be.
func (q *lotQueue) find(deposit int) (i int, found bool) {
	return slices.BinarySearchFunc(q.lots, deposit, func(l lot, d int) int { return cmp.Compare(l.deposit, d) })
}

// add joins what arrived to a lot. It is the end of the balance.
func (l *lot) add(arrived arrival, ordered bool) {
	if l.balance.Cmp(arrived.gained) < 0 { // not all that the account had is known
		l.balance = arrived.gained
	}
	spans := taint.Shift(arrived.spans, l.balance.Sub(arrived.gained))
	l.hops, l.tx, l.by = min(l.hops, arrived.hops), arrived.tx, arrived.by
	if ordered {
		l.spans = taint.Merge(append(l.spans, spans...))
		return
	}
	l.spans = sumSpan(taint.Sum(l.spans).Add(taint.Sum(spans)))
}

// move lets a movement change the balance.
func (l *lot) move(m chains.Movement) {
	if l.balance = l.balance.Add(m.In).Sub(m.Out); l.balance.Sign() < 0 {
		l.balance = chains.Amount{}
	}
}

// split takes a lot's part of an outgoing payment off the queue.
func (l *lot) split(rule taint.Rule, payment chains.Amount) (leaves, stays []taint.Span) {
	return rule.Split(taint.Input{Value: l.balance, Traced: l.traced(rule)}, payment)
}

// traced are a lot's spans. A rule that does not conserve takes the whole balance.
func (l *lot) traced(rule taint.Rule) []taint.Span {
	if rule.Conserves || l.balance.Sign() <= 0 {
		return l.spans
	}
	return []taint.Span{{Value: l.balance}}
}

// next is the queue's next movement.
func (q *lotQueue) next(ledger Ledger) (chains.Movement, bool, error) {
	const fewest, most = 8, 256
	if len(q.ahead) == 0 && !q.read {
		q.batch = min(max(fewest, 2*q.batch), most)
		q.ahead = make([]chains.Movement, 0, q.batch)
		from := chains.Position{Height: q.cursor.Height, Tx: q.cursor.Tx + 1}
		q.read = true
		for m, err := range ledger.Movements(q.account, q.asset, from) {
			if err != nil {
				return chains.Movement{}, false, err
			}
			if len(q.ahead) == q.batch {
				q.read = false
				break
			}
			q.ahead = append(q.ahead, m)
			q.cursor = m.At
		}
	}
	if len(q.ahead) == 0 {
		return chains.Movement{}, false, nil
	}
	return q.ahead[0], true, nil
}
