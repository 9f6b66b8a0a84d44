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
	balance chains.Amount
	lots    []lot // by deposit, in order

	ahead  []chains.Movement // the next movements, read but not taken in
	read   bool              // to the end
	cursor chains.Position   // of the last one read
	opened uint64            // height at which it became a place of the trace
}

// lot is a deposit's traced part of a balance.
type lot struct {
	deposit int
	spans   []taint.Span
	hops    int        // fewest transactions from the deposit
	tx      *chains.Tx // in which the last part arrived
	index   uint32     // of the transfer that brought it
}

// add joins what arrived behind a base to the deposit's lot.
func (q *lotQueue) add(arrived lot, base chains.Amount, ordered bool) {
	spans := taint.Shift(arrived.spans, base)
	i, found := slices.BinarySearchFunc(q.lots, arrived.deposit, func(l lot, d int) int { return cmp.Compare(l.deposit, d) })
	if !found {
		arrived.spans = spans
		q.lots = slices.Insert(q.lots, i, arrived)
		return
	}
	l := &q.lots[i]
	l.hops, l.tx, l.index = min(l.hops, arrived.hops), arrived.tx, arrived.index
	if ordered {
		l.spans = taint.Merge(append(l.spans, spans...))
		return
	}
	l.spans = []taint.Span{{Value: taint.Sum(l.spans).Add(taint.Sum(spans))}}
}

// split takes a lot's part of an outgoing payment off the queue.
func (q *lotQueue) split(rule taint.Rule, l lot, payment chains.Amount) (leaves, stays []taint.Span) {
	rest := q.balance.Sub(payment)
	in := taint.Input{Value: q.balance, Traced: q.traced(rule, l)}
	for _, flow := range rule.Allocate([]taint.Input{in}, []chains.Amount{payment, rest}) {
		if flow.Output == 0 {
			leaves = append(leaves, flow.Span)
		} else {
			stays = append(stays, flow.Span)
		}
	}
	return leaves, stays
}

// traced are a lot's spans. A rule that does not conserve takes the whole balance.
func (q *lotQueue) traced(rule taint.Rule, l lot) []taint.Span {
	if rule.Conserves || q.balance.Sign() <= 0 {
		return l.spans
	}
	return []taint.Span{{Value: q.balance}}
}

// next is the queue's next movement.
func (q *lotQueue) next(ledger Ledger) (chains.Movement, bool, error) {
	const fewest, most = 8, 256
	if len(q.ahead) == 0 && !q.read {
		want := min(max(fewest, 2*cap(q.ahead)), most)
		q.ahead = make([]chains.Movement, 0, want)
		from := chains.Position{Height: q.cursor.Height, Tx: q.cursor.Tx + 1}
		q.read = true
		for m, err := range ledger.Movements(q.account, q.asset, from) {
			if err != nil {
				return chains.Movement{}, false, err
			}
			if len(q.ahead) == want {
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
