package index

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/cockroachdb/pebble/v2"

	"tsuiseki/chains"
)

// askGenesis asks what the genesis block allots to the accounts of a batch that
// move the chain's coin, each once. It never changes, so no reorg undoes it.
func (k *accountKeeper) askGenesis(ctx context.Context, batch *accountBatch) error {
	if k.genesis == nil {
		return nil
	}
	unasked, err := k.withoutAllotment(batch)
	if err != nil {
		return err
	}
	const atOnce = 1000
	for accounts := range slices.Chunk(unasked, atOnce) {
		if ctx.Err() != nil {
			return nil
		}
		names := make([]chains.Address, len(accounts))
		for i, a := range accounts {
			names[i] = a.address()
		}
		amounts, err := k.genesis.Allotments(ctx, names)
		if err == nil && len(amounts) != len(names) {
			err = fmt.Errorf("%w: asked for %d allotments, got %d", chains.ErrCorrupt, len(names), len(amounts))
		}
		if err != nil {
			k.log.Info("the source does not tell what the genesis block allots", "chain", k.chain, "error", err)
			k.genesis = nil
			return nil
		}
		for i, amount := range amounts {
			value, err := appendAmount(nil, amount)
			if err != nil {
				return fmt.Errorf("what the genesis block allots to %s: %w", names[i], err)
			}
			batch.allotments.set(genesisKey(accounts[i]), value)
		}
	}
	return nil
}

// withoutAllotment are a batch's accounts that move the coin and were not asked for.
func (k *accountKeeper) withoutAllotment(batch *accountBatch) (unasked []account, err error) {
	seen := map[uint32]struct{}{}
	for i := range batch.movements.rows {
		holder, asset := uint32(batch.movements.rows[i].pair>>32), uint32(batch.movements.rows[i].pair)
		if _, known := seen[holder]; known || asset != 0 {
			continue
		}
		seen[holder] = struct{}{}
		a := batch.names.list[holder].account
		_, err := k.get(genesisKey(a))
		if err == nil {
			continue
		}
		if !errors.Is(err, pebble.ErrNotFound) {
			return nil, err
		}
		unasked = append(unasked, a)
	}
	return unasked, nil
}

// Allotment is what the genesis block allots to an account; false where nobody told.
func (v *AccountView) Allotment(address chains.Address) (amount chains.Amount, told bool, err error) {
	a, err := parseAccount(address)
	if err != nil {
		return amount, false, err
	}
	value, told, err := v.get(genesisKey(a))
	if err != nil || !told {
		return amount, false, err
	}
	r := reader{buf: value}
	return r.amount(), true, r.err
}
