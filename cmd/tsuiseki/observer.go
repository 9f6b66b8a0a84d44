package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"tsuiseki/chains"
	"tsuiseki/chains/ethereum"
	"tsuiseki/tracer"
	"tsuiseki/tracer/casebook"
)

// observer tells watches what moved, as of each index's tip.
type observer struct {
	session *session
	views   map[chains.Chain]watched
}

// watched is a chain as watches look at it.
type watched interface {
	openedView
	// movements are the transactions above a height that move value to or from an
	// address, or only from it, in chain order.
	movements(address chains.Address, above uint64, out bool) ([]*chains.Tx, error)
	// entity lists the addresses of an address's entity.
	entity(s *session, address chains.Address) ([]chains.Address, error)
	// named is the address that a text or an output names.
	named(text string, tx *chains.TxID, index uint32) (chains.Address, error)
	// spender is the transaction that spends an output; nil where none does.
	spender(tx chains.TxID, index uint32) (*chains.Tx, error)
}

var _ casebook.Observer = (*observer)(nil)

func openObserver(s *session, labels labelFlags) (*observer, error) {
	o := &observer{session: s, views: map[chains.Chain]watched{}}
	views, err := openChains(s, labels)
	for _, view := range views {
		switch view := view.(type) {
		case *opened:
			o.views[view.Snapshot().Chain] = watchedOutputs{view}
		case *openedAccounts:
			o.views[view.Snapshot().Chain] = watchedAccounts{view}
		}
	}
	return o, err
}

// Close closes all indexes.
func (o *observer) Close() (err error) {
	for _, view := range o.views {
		err = errors.Join(err, view.Close())
	}
	return err
}

// replaced reports whether another block stands at a block's height, or none. Of a chain
// of which there is no index nothing is known.
func (o *observer) replaced(chain chains.Chain, block chains.BlockRef) (bool, error) {
	view := o.views[chain]
	if view == nil || block.Hash == (chains.BlockHash{}) { // an export need not tell
		return false, nil
	}
	hash, held, err := hashAt(view, block.Height)
	return err == nil && (!held || hash != block.Hash), err
}

// deepest is more blocks than any reorganisation has replaced.
const deepest = 1_000

// Moved implements casebook.Observer.
func (o *observer) Moved(_ context.Context, w casebook.Watch) (seen casebook.Sighting, err error) {
	view := o.views[w.Chain]
	if view == nil {
		return seen, fmt.Errorf("%s is not indexed: the watch on %s sees nothing", w.Chain, w.Address)
	}
	tip := view.Snapshot()
	above := uint64(max(w.Seen.Height, 0))
	if hash, err := chains.ParseBlockHash(w.Seen.Hash); err == nil {
		replaced, err := o.replaced(w.Chain, chains.BlockRef{Height: above, Hash: hash})
		if err != nil {
			return seen, err
		}
		if replaced {
			above -= min(above, deepest)
		}
	}
	txs, err := o.moves(view, &w, above)
	if err != nil {
		return seen, err
	}
	seen = casebook.Sighting{From: int64(above), Seen: casebook.Sight{Height: int64(tip.Height), Hash: tip.Hash.String(), Transactions: w.Seen.Transactions + int64(len(txs))}}
	if len(txs) > casebook.MaxMovements {
		last := txs[casebook.MaxMovements].Block.Height - 1 // all of its blocks, and no part of one
		txs = slices.DeleteFunc(txs, func(tx *chains.Tx) bool { return tx.Block.Height > last })
		hash, _, err := hashAt(view, last)
		if err != nil {
			return seen, err
		}
		seen.More, seen.Seen = true, casebook.Sight{Height: int64(last), Hash: hash.String(), Transactions: w.Seen.Transactions + int64(len(txs))}
	}
	for _, tx := range txs {
		detail, err := json.Marshal(movedDoc{Transfers: newTransferDocs(tx)})
		if err != nil {
			return seen, err
		}
		seen.Movements = append(seen.Movements, casebook.Movement{
			Tx: tx.ID, Height: int64(tx.Block.Height), Block: tx.Block.Hash.String(), Time: tx.Time, Detail: detail,
		})
	}
	return seen, nil
}

// place reads what is to be watched.
func (o *observer) place(chain chains.Chain, text string) (w casebook.Watch, err error) {
	w = casebook.Watch{Kind: casebook.WatchAddress, Chain: chain}
	if rest, is := strings.CutPrefix(text, "entity:"); is {
		w.Kind, text = casebook.WatchEntity, rest
	} else if rest, is := strings.CutPrefix(text, "end:"); is {
		w.Kind, text = casebook.WatchEnd, rest
	}
	if w.Kind == casebook.WatchEnd && chain.Family() == chains.Bitcoin {
		r, err := parseRef(text)
		if err == nil && r.kind != refOutput {
			err = usagef("%s: want end:TXID:N", text)
		}
		if err != nil {
			return w, err
		}
		w.Tx, w.Index = &r.tx, r.index
	}
	w.Address, err = o.views[chain].named(text, w.Tx, w.Index)
	if err != nil {
		err = usageError{err}
	}
	return w, err
}

// movedDoc says what moved, in an alert.
type movedDoc struct {
	Transfers []transferDoc `json:"transfers,omitempty"` // of an account chain
}

// moves are the transactions that moved what is watched, each once, in chain order.
func (o *observer) moves(view watched, w *casebook.Watch, above uint64) (txs []*chains.Tx, err error) {
	switch {
	case w.Kind == casebook.WatchEnd && w.Chain.Family() == chains.Bitcoin:
		if w.Tx == nil {
			return nil, nil
		}
		tx, err := view.spender(*w.Tx, w.Index)
		if err != nil || tx == nil || tx.Block.Height <= above {
			return nil, err
		}
		return []*chains.Tx{tx}, nil
	case w.Kind == casebook.WatchEnd:
		return view.movements(w.Address, above, true)
	case w.Kind == casebook.WatchAddress:
		return view.movements(w.Address, above, false)
	}
	addresses, err := view.entity(o.session, w.Address)
	if err != nil {
		return nil, err
	}
	for _, a := range addresses {
		some, err := view.movements(a, above, false)
		if err != nil {
			return nil, err
		}
		txs = append(txs, some...)
	}
	slices.SortFunc(txs, func(a, b *chains.Tx) int { return a.Position().Compare(b.Position()) })
	return slices.CompactFunc(txs, func(a, b *chains.Tx) bool { return a.Position() == b.Position() }), nil
}

// watchedOutputs is a chain in Bitcoin's format.
type watchedOutputs struct{ *opened }

func (v watchedOutputs) movements(address chains.Address, above uint64, _ bool) (txs []*chains.Tx, err error) {
	canonical, key, err := v.network.AddressKey(string(address))
	if err != nil {
		return nil, err
	}
	for tx, err := range v.Touching(canonical, key) {
		if err != nil {
			return nil, err
		}
		if tx.Block.Height > above {
			txs = append(txs, tx)
		}
	}
	return txs, nil
}

func (v watchedOutputs) spender(id chains.TxID, index uint32) (*chains.Tx, error) {
	spend, err := v.SpendOf(chains.Outpoint{Tx: id, Index: index})
	if errors.Is(err, chains.ErrNotFound) || err == nil && spend.State != chains.SpentConfirmed {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	txs, err := v.Txs(spend.By)
	if err != nil {
		return nil, err
	}
	return txs[len(txs)-1], nil
}

func (v watchedOutputs) named(text string, id *chains.TxID, index uint32) (chains.Address, error) {
	if id == nil {
		address, _, err := v.network.AddressKey(text)
		return address, err
	}
	txs, err := v.Txs(*id)
	if err != nil {
		return "", err
	}
	tx := txs[len(txs)-1]
	if int(index) >= len(tx.Outputs) {
		return "", fmt.Errorf("transaction %s has no output %d", id, index)
	}
	address, _ := v.Describe(tx.Outputs[index].Script)
	return address, nil
}

// watchedEntity is how many addresses of an entity are looked at.
const watchedEntity = 10_000

func (v watchedOutputs) entity(s *session, address chains.Address) ([]chains.Address, error) {
	if err := v.withClusters(s); err != nil {
		return nil, err
	}
	found, err := v.clusters.Cluster(address)
	if err != nil {
		return nil, err
	}
	if found.Size > watchedEntity {
		return nil, fmt.Errorf("the entity of %s has %d addresses, more than the %d that a watch looks at: watch the addresses that matter", address, found.Size, watchedEntity)
	}
	return found.Addresses(watchedEntity)
}

// watchedAccounts is an account chain, where an entity is the account alone.
type watchedAccounts struct{ *openedAccounts }

func (v watchedAccounts) movements(account chains.Address, above uint64, out bool) (txs []*chains.Tx, err error) {
	for tx, err := range v.Touching(account, chains.Position{Height: above + 1}) {
		if err != nil {
			return nil, err
		}
		pays := func(t chains.Transfer) bool {
			return t.Payment() && (t.From == account || !out && t.To == account)
		}
		if !tx.Failed && tx.ID != (chains.TxID{}) && slices.ContainsFunc(tx.Transfers, pays) {
			txs = append(txs, tx)
		}
	}
	return txs, nil
}

func (watchedAccounts) named(text string, _ *chains.TxID, _ uint32) (chains.Address, error) {
	return ethereum.ParseAddress(text)
}

func (watchedAccounts) spender(chains.TxID, uint32) (*chains.Tx, error) { return nil, nil }

func (watchedAccounts) entity(_ *session, account chains.Address) ([]chains.Address, error) {
	return []chains.Address{account}, nil
}

var _ tracer.Ledger = watchedAccounts{}
