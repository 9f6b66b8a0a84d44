package main

import (
	"context"
	"errors"
	"iter"
	"time"

	"tsuiseki/chains"
	"tsuiseki/tracer/casebook"
	"tsuiseki/tracer/intake"
)

// intakeOutputs tells an upload's rows what an index of outputs holds.
type intakeOutputs struct{ *opened }

var _ intake.Chain = intakeOutputs{}

// Native implements intake.Chain.
func (c intakeOutputs) Native() chains.Asset { return c.network.Asset }

// Txs implements intake.Chain.
func (c intakeOutputs) Txs(ctx context.Context, id chains.TxID) ([]*chains.Tx, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	txs, err := c.opened.Txs(id)
	for _, tx := range txs {
		c.name(tx)
	}
	return txs, err
}

// name gives outputs and what inputs spend their addresses.
func (c intakeOutputs) name(tx *chains.Tx) {
	for i := range tx.Outputs {
		o := &tx.Outputs[i]
		o.Address, o.Type = c.Describe(o.Script)
	}
	for i := range tx.Inputs {
		if spent := tx.Inputs[i].Spent; spent != nil {
			spent.Address, spent.Type = c.Describe(spent.Script)
		}
	}
}

// Paying implements intake.Chain. An address of another network is paid by nothing.
func (c intakeOutputs) Paying(ctx context.Context, address chains.Address, from, to time.Time) iter.Seq2[*chains.Tx, error] {
	canonical, key, err := c.network.AddressKey(string(address))
	if err != nil {
		return nothingPaid
	}
	return between(ctx, c.Touching(canonical, key), from, to, c.name)
}

// Token implements intake.Chain.
func (intakeOutputs) Token(context.Context, chains.Asset) (chains.Token, bool, error) {
	return chains.Token{}, false, nil
}

// intakeAccounts tells an upload's rows what an index of accounts holds.
type intakeAccounts struct{ *openedAccounts }

var _ intake.Chain = intakeAccounts{}

// Txs implements intake.Chain.
func (c intakeAccounts) Txs(ctx context.Context, id chains.TxID) ([]*chains.Tx, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return c.openedAccounts.Txs(id)
}

// Paying implements intake.Chain.
func (c intakeAccounts) Paying(ctx context.Context, address chains.Address, from, to time.Time) iter.Seq2[*chains.Tx, error] {
	start := chains.Position{}
	if height, err := lastNotAfter(c, from); err == nil { // else the index begins later
		start.Height = height
	}
	return between(ctx, c.Touching(address, start), from, to, func(*chains.Tx) {})
}

// Token implements intake.Chain.
func (c intakeAccounts) Token(_ context.Context, asset chains.Asset) (chains.Token, bool, error) {
	return c.AccountView.Token(asset)
}

func nothingPaid(func(*chains.Tx, error) bool) {}

// clockSlack is how far times of a chain's blocks may be out of order.
const clockSlack = 3 * time.Hour

// between are a history's transactions of a stretch of time.
func between(ctx context.Context, history iter.Seq2[*chains.Tx, error], from, to time.Time, name func(*chains.Tx)) iter.Seq2[*chains.Tx, error] {
	return func(yield func(*chains.Tx, error) bool) {
		for tx, err := range history {
			if err = errors.Join(err, ctx.Err()); err != nil {
				yield(nil, err)
				return
			}
			if tx.Time.After(to.Add(clockSlack)) {
				return
			}
			if tx.Time.Before(from) || tx.Time.After(to) || tx.ID == (chains.TxID{}) {
				continue
			}
			name(tx)
			if !yield(tx, nil) {
				return
			}
		}
	}
}

// intakeChains are opened indexes as an upload's rows ask them.
func intakeChains(views []openedView) (all []intake.Chain) {
	for _, view := range views {
		switch view := view.(type) {
		case *opened:
			all = append(all, intakeOutputs{view})
		case *openedAccounts:
			all = append(all, intakeAccounts{view})
		}
	}
	return all
}

// heldDeposits tells an upload's rows what the case holds.
type heldDeposits map[intake.Place]string

// Deposit implements intake.Known.
func (h heldDeposits) Deposit(_ context.Context, place intake.Place) (string, error) {
	return h[place], nil
}

// depositsOf reads which payments a case holds: an id and a place each.
func depositsOf(s *session, d *desk, of string) (heldDeposits, error) {
	held := heldDeposits{}
	for deposit, err := range d.EachDeposit(s.ctx, d.who, casebook.DepositFilter{Case: of, Withdrawn: true}) {
		if err != nil {
			return nil, err
		}
		held[intake.Place{Chain: deposit.Chain, Tx: deposit.Tx, Kind: deposit.Kind, Index: deposit.Index}] = deposit.ID
	}
	return held, nil
}
