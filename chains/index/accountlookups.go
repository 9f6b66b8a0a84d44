package index

import (
	"iter"

	"tsuiseki/chains"
)

// Degree counts the transactions that moved value to or from an account, fees
// and tips aside, up to limit+1. Transfers of nothing do not count: anyone can
// send them to anyone.
func (v *AccountView) Degree(address chains.Address, limit int) (int, error) {
	holder, err := parseAccount(address)
	if err != nil {
		return 0, err
	}
	counted := map[uint64]struct{}{} // a transaction may have moved several assets
	for next, err := range v.assets(holder, chains.Position{}) {
		if err != nil {
			return 0, err
		}
		prefix := pairKey(tableMovement, holder, next.asset)
		for it, err := range v.walk(prefix, next.at) {
			if err != nil {
				return 0, err
			}
			if _, _, trade, err := readMovement(it.Value()); err != nil {
				return 0, err
			} else if trade {
				counted[readPos(it.Key()[len(prefix):])] = struct{}{}
			}
			if len(counted) > limit {
				return len(counted), nil
			}
		}
	}
	return len(counted), nil
}

// Collectibles yields the transfers of non-fungible tokens to and from an
// account from a position on, in chain order.
func (v *AccountView) Collectibles(address chains.Address, from chains.Position) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		holder, err := parseAccount(address)
		if err != nil {
			yield(Entry{}, err)
			return
		}
		prefix := accountKey(tableCollectible, holder)
		var tx *chains.Tx
		for it, err := range v.walk(prefix, from) {
			if err != nil {
				yield(Entry{}, err)
				return
			}
			pos, n, err := readTail(it.Key()[len(prefix):])
			if err == nil && (tx == nil || tx.Position() != pos) {
				tx, err = v.TxAt(pos)
			}
			if err == nil && int(n) >= len(tx.Transfers) {
				err = errEncoding
			}
			if err != nil {
				yield(Entry{}, err)
				return
			}
			if !yield(Entry{tx, &tx.Transfers[n]}, nil) {
				return
			}
		}
	}
}

// FreezeEvent is an issuer's order and its place on the chain.
type FreezeEvent struct {
	At chains.Position // its transaction's
	chains.Freeze
}

// Freezes yields the orders on an account's balance of a token, in chain order.
func (v *AccountView) Freezes(asset chains.Asset, address chains.Address) iter.Seq2[FreezeEvent, error] {
	return func(yield func(FreezeEvent, error) bool) {
		holder, err := parseAccount(address)
		if err != nil {
			yield(FreezeEvent{}, err)
			return
		}
		token, err := parseAsset(asset, v.native)
		if err != nil {
			yield(FreezeEvent{}, err)
			return
		}
		prefix := pairKey(tableFreeze, token, holder)
		for it, err := range v.walk(prefix, chains.Position{}) {
			event := FreezeEvent{Freeze: chains.Freeze{Asset: assetName(token, v.native), Account: holder.address()}}
			if err == nil {
				event.At, event.Log, err = readTail(it.Key()[len(prefix):])
				event.Tx, event.Frozen = event.At.Tx, string(it.Value()) == "\x01"
			}
			if !yield(event, err) || err != nil {
				return
			}
		}
	}
}

// Frozen is whether a token's issuer had frozen an account's balance after the
// transaction at a position, and since when; not ok where it never gave an order.
func (v *AccountView) Frozen(asset chains.Asset, address chains.Address, asOf chains.Position) (frozen bool, since chains.Position, ok bool, err error) {
	for event, err := range v.Freezes(asset, address) {
		if err != nil {
			return false, since, false, err
		}
		if event.At.Compare(asOf) > 0 {
			break
		}
		if !ok || event.Frozen != frozen {
			frozen, since, ok = event.Frozen, event.At, true
		}
	}
	return frozen, since, ok, nil
}
