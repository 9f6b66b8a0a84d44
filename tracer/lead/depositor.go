package lead

import (
	"time"

	"tsuiseki/chains"
)

// pool is a mixer's contract and what it takes at a time, in base units.
type pool struct {
	account      chains.Address
	asset        chains.Asset
	denomination string
}

// payment is a deposit into a pool.
type payment struct {
	pool
	tx     *chains.Tx
	amount chains.Amount
}

// depositor is what an account did that paid into pools.
type depositor struct {
	account  chains.Address
	busy     bool // too busy to be a person's: nothing else is known
	payments []payment
	direct   map[chains.Address]int // payments to or from others
}

// depositor reads an account's history once.
func (m *mixers) depositor(account chains.Address) (*depositor, error) {
	if d := m.depositors[account]; d != nil {
		return d, nil
	}
	d := &depositor{account: account, direct: map[chains.Address]int{}}
	m.depositors[account] = d
	degree, err := m.ledger.Degree(account, m.limits.Degree)
	if err != nil {
		return nil, err
	}
	if d.busy = degree > m.limits.Degree; d.busy {
		return d, nil
	}
	var at *chains.Tx // looked through last
	var mixed bool
	for entry, err := range m.ledger.Transfers(account, chains.Position{}) {
		if err != nil {
			return nil, err
		}
		if at == nil || entry.Tx.Position() != at.Position() {
			if mixed, err = m.payInto(d, entry.Tx); err != nil {
				return nil, err
			}
			at = entry.Tx
		}
		if t := entry.Transfer; t.Payment() && !entry.Tx.Failed && !mixed {
			d.direct[t.From]++
			d.direct[t.To]++
		}
	}
	delete(d.direct, account)
	return d, nil
}

// payInto notes what a transaction of the depositor paid into pools, and whether
// any pool took part in it.
func (m *mixers) payInto(d *depositor, tx *chains.Tx) (mixed bool, err error) {
	for i := range tx.Transfers {
		t := &tx.Transfers[i]
		if !t.Payment() || tx.Failed {
			continue
		}
		into, err := m.isPool(t.To, tx.Time)
		if err != nil {
			return false, err
		}
		from, err := m.isPool(t.From, tx.Time)
		if err != nil {
			return false, err
		}
		mixed = mixed || into || from
		if into && tx.From == d.account {
			d.payments = append(d.payments, payment{pool{t.To, t.Asset, t.Amount.String()}, tx, t.Amount})
		}
	}
	return mixed, nil
}

// paid is the depositor's payment into a pool in a transaction; nil where there is none.
func (d *depositor) paid(tx *chains.Tx, account chains.Address, asset chains.Asset) *payment {
	for i := range d.payments {
		if p := &d.payments[i]; p.tx.ID == tx.ID && p.account == account && p.asset == asset {
			return p
		}
	}
	return nil
}

// portfolio is how often the depositor paid into each pool; nil where that tells
// nothing: it used too few pools, or took longer.
func (d *depositor) portfolio() map[pool]int {
	if len(d.payments) == 0 || d.last().tx.Time.Sub(d.payments[0].tx.Time) > portfolioTime {
		return nil
	}
	paid := map[pool]int{}
	for _, p := range d.payments {
		paid[p.pool]++
	}
	if len(paid) < portfolioPools {
		return nil
	}
	return paid
}

func (d *depositor) last() payment { return d.payments[len(d.payments)-1] }

// span is the time between the first and the last of some transactions.
type span struct{ first, last time.Time }

func (s *span) add(at time.Time) {
	if s.first.IsZero() || at.Before(s.first) {
		s.first = at
	}
	if at.After(s.last) {
		s.last = at
	}
}

func (s span) length() time.Duration { return s.last.Sub(s.first) }
