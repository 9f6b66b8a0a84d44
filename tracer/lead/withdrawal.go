package lead

import (
	"fmt"
	"maps"

	"tsuiseki/chains"
	"tsuiseki/tracer"
)

// withdrawal is what a pool paid to whom it was meant for.
type withdrawal struct {
	tx       *chains.Tx
	transfer *chains.Transfer
}

// withdrawals are what a pool gave out since any depositor here first paid into it,
// in chain order. Who gets more than half of what the pool takes at a time is the
// recipient; the rest goes to a relayer, who paid the transaction's fee for him.
func (m *mixers) withdrawals(end *tracer.End, into payment) ([]withdrawal, error) {
	of := into.pool
	if drawn, read := m.pools[of]; read {
		return drawn, nil
	}
	drawn, read := []withdrawal{}, 0
	for entry, err := range m.ledger.Transfers(of.account, chains.Position{Height: end.Height, Tx: 0}) {
		if err != nil {
			return nil, err
		}
		if read++; read > m.limits.Withdrawals {
			m.miss(end, fmt.Sprintf("more than %d transfers touch the pool %s since: later ones were not looked at", m.limits.Withdrawals, of.account))
			break
		}
		t := entry.Transfer
		if t.From == of.account && t.Asset == of.asset && t.Payment() && !entry.Tx.Failed && t.Amount.Add(t.Amount).Cmp(into.amount) > 0 {
			drawn = append(drawn, withdrawal{entry.Tx, t})
		}
	}
	m.pools[of] = drawn
	return drawn, nil
}

// portfolio is who took out of the pools, since the depositor last paid in, just
// what he had paid in.
func (m *mixers) portfolio(end *tracer.End, d *depositor) (map[chains.Address]bool, error) {
	paid := d.portfolio()
	if paid == nil {
		return nil, nil
	}
	type taker struct {
		took map[pool]int
		when span
	}
	takers := map[chains.Address]*taker{}
	for _, p := range d.payments {
		if paid[p.pool] == 0 {
			continue
		}
		drawn, err := m.withdrawals(end, p)
		if err != nil {
			return nil, err
		}
		for _, w := range drawn {
			if w.tx.Position().Compare(d.last().tx.Position()) <= 0 {
				continue
			}
			by := takers[w.transfer.To]
			if by == nil {
				by = &taker{took: map[pool]int{}}
				takers[w.transfer.To] = by
			}
			by.took[p.pool]++
			by.when.add(w.tx.Time)
		}
		paid[p.pool] = 0
	}
	same := map[chains.Address]bool{}
	want := d.portfolio()
	for account, by := range takers {
		if maps.Equal(by.took, want) && by.when.length() <= portfolioTime {
			same[account] = true
		}
	}
	return same, nil
}
