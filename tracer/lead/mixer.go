package lead

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"tsuiseki/chains"
	"tsuiseki/tracer"
	"tsuiseki/tracer/cluster"
)

// Heuristics of what a mixer's pool gives out. (Béres et al.: "Blockchain is
// Watching You", 2021; Wu et al.: "Tutela", 2022.)
var (
	// SameAddress: the pool pays an account that paid into it.
	SameAddress = cluster.Heuristic{ID: "mixer-same-address", Version: 1}
	// DirectTransfers: the pool pays an account that had at least 3 payments to or
	// from the depositor.
	DirectTransfers = cluster.Heuristic{ID: "mixer-direct-transfers", Version: 1}
	// SamePortfolio: an account took out of each pool as often as the depositor
	// had paid in, of several pools, each within 24 hours.
	SamePortfolio = cluster.Heuristic{ID: "mixer-portfolio", Version: 1}
)

const (
	directTransfers = 3
	portfolioPools  = 2
	portfolioTime   = 24 * time.Hour
)

// Mixers finds leads beyond the ends of a trace at mixers' pools, and names what
// it could not look at.
func Mixers(ledger Ledger, ends []tracer.End, limits Limits) ([]tracer.Lead, []tracer.Missing, error) {
	m := &mixers{ledger: ledger, limits: limits, depositors: map[chains.Address]*depositor{}, pools: map[pool][]withdrawal{}, known: map[chains.Address]bool{}}
	byHeight := slices.SortedStableFunc(slices.Values(ends), func(a, b tracer.End) int { return cmp.Compare(a.Height, b.Height) })
	for i := range byHeight {
		if end := &byHeight[i]; end.Kind == tracer.EndMixer && end.Chain == ledger.Snapshot().Chain {
			if err := m.end(end); err != nil {
				return nil, nil, err
			}
		}
	}
	return m.leads, m.missing, nil
}

// mixers is one search under way. Depositors and pools are read once each.
type mixers struct {
	ledger     Ledger
	limits     Limits
	depositors map[chains.Address]*depositor
	pools      map[pool][]withdrawal
	known      map[chains.Address]bool // whether accounts are pools
	leads      []tracer.Lead
	missing    []tracer.Missing
}

// end looks for what became of the value that one end lost sight of.
func (m *mixers) end(end *tracer.End) error {
	tx, err := m.depositTx(end)
	if err != nil {
		return err
	}
	if tx.From == "" {
		m.miss(end, "the source did not tell who sent it")
		return nil
	}
	d, err := m.depositor(tx.From)
	if err != nil {
		return err
	}
	if d.busy {
		m.miss(end, fmt.Sprintf("more than %d transactions touch its sender %s", m.limits.Degree, tx.From))
		return nil
	}
	paid := d.paid(tx, end.Address, end.Asset)
	if paid == nil { // the trail reached the pool otherwise than by a deposit of its sender
		return nil
	}
	drawn, err := m.withdrawals(end, *paid)
	if err != nil {
		return err
	}
	portfolio, err := m.portfolio(end, d)
	if err != nil {
		return err
	}
	for _, w := range drawn {
		if w.tx.Position().Compare(tx.Position()) <= 0 {
			continue
		}
		if w.transfer.To == d.account {
			m.lead(end, w, SameAddress, "the account that paid into the pool")
		}
		if n := d.direct[w.transfer.To]; n >= directTransfers {
			m.lead(end, w, DirectTransfers, fmt.Sprintf("%d payments between this account and %s, who paid into the pool", n, d.account))
		}
		if portfolio[w.transfer.To] {
			m.lead(end, w, SamePortfolio, fmt.Sprintf("took out of %d pools what %s had paid in", len(d.portfolio()), d.account))
		}
	}
	return nil
}

// depositTx is the transaction that brought a trail to its end.
func (m *mixers) depositTx(end *tracer.End) (*chains.Tx, error) {
	txs, err := m.ledger.Txs(end.Tx)
	if err != nil {
		return nil, err
	}
	for _, tx := range txs {
		if tx.Block.Height == end.Height {
			return tx, nil
		}
	}
	return nil, fmt.Errorf("transaction %s of an end at height %d: %w", end.Tx, end.Height, chains.ErrNotFound)
}

func (m *mixers) lead(end *tracer.End, w withdrawal, by cluster.Heuristic, detail string) {
	tx := w.tx
	m.leads = append(m.leads, tracer.Lead{
		Deposit: end.Deposit, Heuristic: by.ID, Version: by.Version, Mixed: tracer.Mixed{Tx: end.Tx, Address: end.Address},
		Chain: end.Chain, Tx: tx.ID, Height: tx.Block.Height, Block: tx.Block.Hash, Time: tx.Time,
		Index: w.transfer.Index, Address: w.transfer.To, Asset: w.transfer.Asset, Amount: w.transfer.Amount, Detail: detail,
	})
}

func (m *mixers) miss(end *tracer.End, reason string) {
	height := m.ledger.Snapshot().Height
	missing := tracer.NewMissing(end.Chain, fmt.Sprintf("leads beyond the mixer that transaction %s paid", end.Tx), chains.Heights{From: end.Height, To: height}, reason)
	if !slices.Contains(m.missing, missing) {
		m.missing = append(m.missing, missing)
	}
}

func (m *mixers) isPool(account chains.Address, at time.Time) (bool, error) {
	is, asked := m.known[account]
	if asked || account == "" {
		return is, nil
	}
	is, err := m.ledger.Pool(account, at)
	m.known[account] = is
	return is, err
}
