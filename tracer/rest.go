package tracer

import (
	"cmp"
	"fmt"
	"slices"

	"tsuiseki/chains"
	"tsuiseki/tracer/taint"
)

// settleArrivals puts what a transaction brings into places, or ends it where
// the account stops a trail. The balances of known places are those after it.
func (s *accountSweep) settleArrivals(position chains.Position, arrived []arrival) error {
	slices.SortFunc(arrived, func(a, b arrival) int {
		return cmp.Or(compareHolders(a.holder, b.holder), cmp.Compare(a.deposit, b.deposit))
	})
	var opened []*lotQueue
	for _, a := range arrived {
		if crossed, err := s.cross(&a); err != nil {
			return err
		} else if crossed {
			continue
		}
		q, i, found := s.live[a.holder], 0, false
		if q != nil {
			i, found = q.find(a.deposit)
		}
		if !found { // that another deposit was let in before must not matter
			stopped, err := s.stop(a)
			if err != nil {
				return err
			}
			if stopped {
				continue
			}
		}
		if q == nil {
			q = &lotQueue{holder: a.holder, cursor: position, opened: position.Height}
			s.live[a.holder] = q
			opened = append(opened, q)
		}
		if !found {
			l, err := s.open(a, position)
			if err != nil {
				return err
			}
			q.lots = slices.Insert(q.lots, i, l)
		}
		q.lots[i].add(a, s.rule.Ordered)
	}
	for _, q := range opened {
		if err := s.schedule(q); err != nil {
			return err
		}
	}
	return nil
}

// open makes a lot at an account that the transaction pays. Its balance is taken
// from after the transaction: who pays a deposit and gets a part of it back gains
// that part, though it lost as a whole.
func (s *accountSweep) open(a arrival, position chains.Position) (lot, error) {
	after := chains.Position{Height: position.Height, Tx: position.Tx + 1}
	opening, err := s.ledger.Opening(a.account, a.asset, after)
	if err != nil {
		return lot{}, err
	}
	if opening.Assumed != "" && s.rule.Conserves {
		s.result.miss(fmt.Sprintf("opening balance of %s in %s", a.account, a.asset), 0, position.Height,
			fmt.Sprintf("%s assumed: %s", opening.Balance.Sub(a.gained.Min(opening.Balance)), opening.Assumed))
	}
	return lot{deposit: a.deposit, balance: opening.Balance, hops: a.hops, since: position.Height}, nil
}

// stop ends an arrival at an account beyond which value is not followed.
func (s *accountSweep) stop(a arrival) (stopped bool, err error) {
	why, err := s.stopOf(a)
	if err != nil || why.Kind == "" {
		return false, err
	}
	s.result.addEnd(a.tx, a.deposit, accountEnd(a.lot, a.holder, a.gained, why))
	return true, nil
}

func (s *accountSweep) stopOf(a arrival) (Stop, error) {
	why, stops, err := s.ledger.Stop(a.account, a.tx.Time)
	switch {
	case err != nil || stops:
		return why, err
	case a.burned:
		return Stop{Kind: EndBurn, Detail: "burned by the token's contract"}, nil
	case a.account == chains.Address(a.asset):
		return Stop{Kind: EndContract, Detail: "sent to the token's own contract"}, nil
	case s.params.HubDegree == 0:
		return s.infer(a.account)
	}
	degree, err := s.ledger.Degree(a.account, s.params.HubDegree)
	if err != nil {
		return Stop{}, err
	}
	if degree <= s.params.HubDegree {
		return s.infer(a.account)
	}
	return Stop{Kind: EndHub, Detail: fmt.Sprintf("more than %d transactions touch this account", s.params.HubDegree)}, nil
}

// end records that a lot, or what its spans say of it, goes no further.
func (s *accountSweep) end(q *lotQueue, l lot, kind EndKind, detail string) {
	s.result.addEnd(l.tx, l.deposit, accountEnd(l, q.holder, l.balance, Stop{Kind: kind, Detail: detail}))
}

func accountEnd(l lot, at holder, amount chains.Amount, why Stop) End {
	brought := &l.tx.Transfers[l.by]
	index := brought.Index
	e := End{
		Kind: why.Kind, Index: &index, Address: at.account, Asset: at.asset, Amount: amount, Traced: taint.Sum(l.spans), Detail: why.Detail, Bridge: why.Bridge,
		Transfer: string(brought.Kind), order: uint64(l.by),
	}
	if why.Label != "" {
		e.Label = &why.Label
	}
	return e
}

// rest ends all lots of a place that no movement touches any more.
func (s *accountSweep) rest(q *lotQueue) error {
	for _, l := range q.lots {
		kind, detail, err := s.restKind(q, l.since)
		if err != nil {
			return err
		}
		l.spans = l.traced(s.rule)
		e := accountEnd(l, q.holder, l.balance, Stop{Kind: kind, Detail: detail})
		e.rests = true
		s.result.addEnd(l.tx, l.deposit, e)
	}
	return s.missParts(q, s.ledger.Snapshot().Height)
}

// restKind says what is known of a lot that has rested since a height. That
// another deposit's came before it must not matter.
func (s *accountSweep) restKind(q *lotQueue, since uint64) (EndKind, string, error) {
	contract, err := s.ledger.Contract(q.account)
	if err != nil {
		return "", "", err
	}
	for _, part := range leavesBy(q.asset == s.ledger.Native(), contract) {
		missing, err := s.gaps.between(part, since, s.ledger.Snapshot().Height)
		if err != nil {
			return "", "", err
		}
		if len(missing) > 0 {
			return EndIncomplete, fmt.Sprintf("whether it is still here is not known: %s of heights %s are not held", part, listHeights(missing)), nil
		}
	}
	froze, frozen, err := s.ledger.Frozen(q.asset, q.account)
	if err != nil {
		return "", "", err
	}
	asOf := fmt.Sprintf("as of block %s", s.ledger.Snapshot().BlockRef)
	switch {
	case frozen:
		return EndFrozen, fmt.Sprintf("frozen by the token's issuer at height %d; %s", froze.Height, asOf), nil
	case contract:
		return EndContract, "held by a contract " + asOf, nil
	}
	return EndUnspent, asOf, nil
}

// leavesBy are the parts of blocks that show value leave an account. Only a
// contract's leaves by internal transfers.
func leavesBy(native, contract bool) []chains.Part {
	switch {
	case !native:
		return []chains.Part{chains.PartLogs}
	case contract:
		return []chains.Part{chains.PartTransactions, chains.PartReceipts, chains.PartInternal}
	}
	return []chains.Part{chains.PartTransactions, chains.PartReceipts}
}

// missParts names what was not held of blocks while a place was part of the trace.
func (s *accountSweep) missParts(q *lotQueue, to uint64) error {
	parts := []chains.Part{chains.PartLogs}
	if q.asset == s.ledger.Native() {
		parts = []chains.Part{chains.PartTransactions, chains.PartReceipts, chains.PartInternal, chains.PartWithdrawals}
	}
	for _, part := range parts {
		missing, err := s.gaps.between(part, q.opened, to)
		if err != nil {
			return err
		}
		for _, m := range missing {
			s.result.miss(string(part), m.From, m.To, "the index does not hold them: what they moved is not in this trace")
		}
	}
	return nil
}
