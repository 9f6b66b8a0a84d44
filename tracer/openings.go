package tracer

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"tsuiseki/chains"
)

// BalanceIndex is what Openings need of an index of an account chain.
type BalanceIndex interface {
	Snapshot() chains.Snapshot
	// BlockAt is the header of a block, and its number of transactions.
	BlockAt(height uint64) (chains.Header, int, error)
	Movements(account chains.Address, asset chains.Asset, from chains.Position) iter.Seq2[chains.Movement, error]
	// Balance adds up the movements before a position; lowest is the least that
	// the sum was on the way.
	Balance(account chains.Address, asset chains.Asset, before chains.Position) (sum, lowest chains.Amount, err error)
	// Allotment is what the genesis block allots to an account; false where nobody told.
	Allotment(account chains.Address) (amount chains.Amount, told bool, err error)
	Missing(part chains.Part, from, to uint64) ([]chains.Heights, error)
}

// Openings finds what an account held before a position: from the index where
// that holds the whole history, else from an archive node, else as the least
// that explains what the account paid since.
type Openings struct {
	Index  BalanceIndex
	Node   chains.Balances // may be nil
	Native chains.Asset
	Ctx    context.Context

	gaps *gaps
}

// Opening implements the question of Ledger.
func (o *Openings) Opening(account chains.Address, asset chains.Asset, before chains.Position) (Opening, error) {
	sum, lowest, err := o.Index.Balance(account, asset, before)
	if err != nil {
		return Opening{}, err
	}
	told := false
	if asset == o.Native && o.Index.Snapshot().From == 0 {
		var allotted chains.Amount
		if allotted, told, err = o.Index.Allotment(account); err != nil {
			return Opening{}, err
		}
		sum, lowest = sum.Add(allotted), lowest.Add(allotted)
	}
	doubt, err := o.doubt(asset, before.Height, told)
	if err != nil {
		return Opening{}, err
	}
	if doubt == "" && lowest.Sign() >= 0 {
		return Opening{Balance: sum}, nil
	}
	if o.Node != nil && before.Height > 0 {
		balance, err := o.ask(account, asset, before)
		if err == nil {
			return Opening{Balance: balance}, nil
		}
		if !errors.Is(err, chains.ErrUnavailable) && !errors.Is(err, chains.ErrNotFound) {
			return Opening{}, fmt.Errorf("balance of %s in %s at height %d: %w", account, asset, before.Height-1, err)
		}
		doubt = fmt.Sprintf("the node does not tell (%v)", err)
	}
	if doubt == "" {
		doubt = "the transfers held do not explain what the account paid"
	}
	if lowest.Sign() < 0 {
		sum = sum.Sub(lowest)
	}
	return Opening{Balance: sum, Assumed: doubt}, nil
}

// doubt says why the index's own sum may not be the whole balance. genesis tells
// whether it is known what the genesis block allots to the account.
func (o *Openings) doubt(asset chains.Asset, height uint64, genesis bool) (string, error) {
	from := o.Index.Snapshot().From
	if from > 0 {
		return fmt.Sprintf("the index starts at height %d", from), nil
	}
	parts := []chains.Part{chains.PartLogs}
	if asset == o.Native {
		parts = []chains.Part{chains.PartTransactions, chains.PartReceipts, chains.PartInternal, chains.PartWithdrawals, chains.PartRewards}
	}
	if o.gaps == nil {
		o.gaps = newGaps(o.Index.Snapshot(), o.Index.Missing)
	}
	for _, part := range parts {
		from := uint64(0)
		if part == chains.PartRewards && genesis {
			from = 1
		}
		missing, err := o.gaps.between(part, from, height)
		if err != nil {
			return "", err
		}
		if len(missing) > 0 {
			return fmt.Sprintf("%s of heights %s are not held", part, listHeights(missing)), nil
		}
	}
	return "", nil
}

// ask takes the balance at the end of the block before from the node, and adds
// what the transactions before the position did.
func (o *Openings) ask(account chains.Address, asset chains.Asset, before chains.Position) (chains.Amount, error) {
	header, _, err := o.Index.BlockAt(before.Height)
	if err != nil {
		return chains.Amount{}, err
	}
	if header.Parent == (chains.BlockHash{}) {
		return chains.Amount{}, fmt.Errorf("%w: the parent of block %s is not known", chains.ErrUnavailable, header.BlockRef)
	}
	balance, err := o.Node.BalanceAt(o.Ctx, account, asset, chains.BlockRef{Height: before.Height - 1, Hash: header.Parent})
	if err != nil {
		return chains.Amount{}, err
	}
	for m, err := range o.Index.Movements(account, asset, chains.Position{Height: before.Height}) {
		if err != nil {
			return chains.Amount{}, err
		}
		if m.At.Compare(before) >= 0 {
			break
		}
		balance = balance.Add(m.In).Sub(m.Out)
	}
	return balance, nil
}
