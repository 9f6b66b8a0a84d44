package intake

import (
	"cmp"
	"context"
	"fmt"
	"math/big"
	"slices"
	"time"

	"tsuiseki/chains"
)

// Marks are inferences about deposits: a first small payment that was paid back, to
// win the victim's trust, and payments that are themselves money coming back. They
// never change a deposit; whoever traces may leave marked ones out.
const (
	MarkTest     = "test-payment"
	MarkRefunded = "refunded" // money came back for it, by the chain
	MarkRefund   = "refund"   // the deposit itself is money coming back
)

// MarkVersion changes whenever a mark may.
const MarkVersion = 1

// MarkParams are what the heuristics go by.
type MarkParams struct {
	Within  time.Duration `json:"within"`  // a refund comes so soon after
	Least   int           `json:"least"`   // percent of the payment that a refund is at least
	Most    int           `json:"most"`    // and at most: bait is often paid back with a profit
	Smaller int           `json:"smaller"` // a test is so many times smaller than a later payment
	Look    int           `json:"look"`    // transactions of an address looked at
}

// DefaultMarkParams are assumed, not measured: no public set of refunded payments is known.
func DefaultMarkParams() MarkParams {
	return MarkParams{Within: 30 * 24 * time.Hour, Least: 50, Most: 150, Smaller: 5, Look: 10_000}
}

// Mark is one inference.
type Mark struct {
	Place     Place       `json:"place"`     // of the deposit that is marked
	Heuristic string      `json:"heuristic"` // MarkTest, MarkRefunded or MarkRefund
	Version   int         `json:"version"`
	Params    MarkParams  `json:"params"`
	Fired     chains.TxID `json:"fired"` // the transaction that the inference rests on
	Of        *Place      `json:"of,omitempty"`
}

// Undecided is a deposit of which it was not seen whether money came back.
type Undecided struct {
	Place  Place  `json:"place"`
	Reason string `json:"reason"`
}

// MarkPayments looks at all deposits of a case together, whatever upload brought them.
// Payments of one victim are those of one case number and pseudonym.
func MarkPayments(ctx context.Context, asked []Chain, deposits []Deposit, params MarkParams) ([]Mark, []Undecided, error) {
	m := &marker{chains: map[chains.Chain]Chain{}, params: params}
	for _, c := range asked {
		m.chains[c.Snapshot().Chain] = c
	}
	groups := map[[2]string][]*Deposit{}
	var order [][2]string
	for i := range deposits {
		key := [2]string{deposits[i].Case, deposits[i].Victim}
		if groups[key] == nil {
			order = append(order, key)
		}
		groups[key] = append(groups[key], &deposits[i])
	}
	slices.SortFunc(order, func(a, b [2]string) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) })
	for _, key := range order {
		group := groups[key]
		slices.SortFunc(group, func(a, b *Deposit) int {
			return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(ref(a.Place), ref(b.Place)))
		})
		if err := m.group(ctx, group); err != nil {
			return nil, nil, err
		}
	}
	return m.marks, m.undecided, nil
}

type marker struct {
	chains    map[chains.Chain]Chain
	params    MarkParams
	marks     []Mark
	undecided []Undecided
}

func (m *marker) mark(d *Deposit, heuristic string, fired chains.TxID, of *Deposit) {
	mark := Mark{Place: d.Place, Heuristic: heuristic, Version: MarkVersion, Params: m.params, Fired: fired}
	if of != nil {
		place := of.Place
		mark.Of = &place
	}
	m.marks = append(m.marks, mark)
}

// group marks one victim's deposits, in order of time.
func (m *marker) group(ctx context.Context, group []*Deposit) error {
	for i, d := range group {
		if of := m.paysBack(group[:i], d); of != nil {
			m.mark(d, MarkRefund, d.Tx, of)
			continue
		}
		fired, found, err := m.refund(ctx, d)
		if err != nil {
			return err
		}
		if !found {
			continue
		}
		m.mark(d, MarkRefunded, fired, nil)
		first := !slices.ContainsFunc(group[:i], func(e *Deposit) bool { return e.Asset == d.Asset && e.Chain == d.Chain })
		larger := slices.IndexFunc(group[i+1:], func(e *Deposit) bool {
			return e.Asset == d.Asset && e.Chain == d.Chain && e.Amount.Cmp(times(d.Amount, m.params.Smaller)) >= 0
		})
		if first && larger >= 0 {
			m.mark(d, MarkTest, fired, group[i+1+larger])
		}
	}
	return nil
}

// paysBack is the earlier deposit that d pays back: from its recipient to its sender.
func (m *marker) paysBack(earlier []*Deposit, d *Deposit) *Deposit {
	for _, e := range earlier {
		if d.Sender != "" && d.Sender == e.Address && d.Address == e.Sender && m.sized(e, d.Chain, d.Asset, d.Amount) && d.Time.Sub(e.Time) <= m.params.Within {
			return e
		}
	}
	return nil
}

// sized reports whether an amount may be a deposit's refund.
func (m *marker) sized(d *Deposit, chain chains.Chain, asset chains.Asset, amount chains.Amount) bool {
	hundred := times(amount, 100)
	return d.Chain == chain && d.Asset == asset && hundred.Cmp(times(d.Amount, m.params.Least)) >= 0 && hundred.Cmp(times(d.Amount, m.params.Most)) <= 0
}

func times(a chains.Amount, n int) chains.Amount {
	return chains.BigAmount(new(big.Int).Mul(a.Big(), big.NewInt(int64(n))))
}

// refund finds the transaction in which a deposit's recipient paid its payer back.
func (m *marker) refund(ctx context.Context, d *Deposit) (chains.TxID, bool, error) {
	chain, ok := m.chains[d.Chain]
	if !ok {
		m.undecided = append(m.undecided, Undecided{d.Place, "the chain is not indexed"})
		return chains.TxID{}, false, nil
	}
	payers, err := payersOf(ctx, chain, d)
	if err != nil {
		return chains.TxID{}, false, err
	}
	looked := 0
	for _, payer := range payers {
		for tx, err := range chain.Paying(ctx, payer, d.Time, d.Time.Add(m.params.Within)) {
			if err != nil {
				return chains.TxID{}, false, fmt.Errorf("payments to %s on %s: %w", payer, d.Chain, err)
			}
			if looked++; looked > m.params.Look {
				m.undecided = append(m.undecided, Undecided{d.Place, fmt.Sprintf("the payer has more than %d transactions within %s", m.params.Look, m.params.Within)})
				return chains.TxID{}, false, nil
			}
			if tx.ID != d.Tx && !tx.Failed && m.returns(chain, tx, d, payer) {
				return tx.ID, true, nil
			}
		}
	}
	return chains.TxID{}, false, nil
}

// payersOf are the addresses that paid a deposit; where the recipient is one of them
// nobody was paid.
func payersOf(ctx context.Context, chain Chain, d *Deposit) (payers []chains.Address, err error) {
	if d.Sender != "" {
		return []chains.Address{d.Sender}, nil
	}
	txs, err := chain.Txs(ctx, d.Tx)
	if err != nil {
		return nil, fmt.Errorf("deposit %s on %s: %w", d.Tx, d.Chain, err)
	}
	for _, tx := range txs {
		for _, in := range tx.Inputs {
			if in.Spent != nil && in.Spent.Address != "" && in.Spent.Address != d.Address && !slices.Contains(payers, in.Spent.Address) {
				payers = append(payers, in.Spent.Address)
			}
		}
	}
	return payers, nil
}

// returns reports whether a transaction pays the payer from the deposit's recipient: on
// a UTXO chain, out of the very output or another of its address.
func (m *marker) returns(chain Chain, tx *chains.Tx, d *Deposit, payer chains.Address) bool {
	spends := slices.ContainsFunc(tx.Inputs, func(in chains.Input) bool {
		return in.Prevout == (chains.Outpoint{Tx: d.Tx, Index: d.Index}) || in.Spent != nil && in.Spent.Address == d.Address
	})
	for _, p := range payments(d.Chain, chain.Native(), tx) {
		from := p.from == d.Address && p.from != "" || p.Kind == KindOutput && spends
		if from && p.to == payer && m.sized(d, p.Chain, p.asset, p.amount) {
			return true
		}
	}
	return false
}
