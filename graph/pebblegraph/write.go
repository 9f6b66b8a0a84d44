package pebblegraph

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"tsuiseki/chains"
	"tsuiseki/graph"
)

// Write implements graph.Store.
func (s *Store) Write(ctx context.Context, b *graph.Batch) error {
	traces, err := b.Kept()
	if err != nil {
		return err
	}
	if len(traces) > 0 {
		s.tracing.Lock()
		defer s.tracing.Unlock()
	}
	batch := s.db.NewBatch()
	defer batch.Close()
	for i := range b.Txs {
		tx := &b.Txs[i]
		chain, err := s.number(tx.Chain)
		if err != nil {
			return err
		}
		err = eachRow(chain, tx, func(key, value []byte) error { return batch.Set(key, value, nil) })
		if err != nil {
			return err
		}
	}
	if err := s.writeCoverage(batch, b); err != nil {
		return err
	}
	if err := s.writeTraces(ctx, batch, traces); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return batch.Commit(pebble.Sync)
}

func (s *Store) writeCoverage(batch *pebble.Batch, b *graph.Batch) error {
	through := map[graph.Address]uint64{}
	for _, w := range b.Whole {
		through[w.Address] = max(through[w.Address], w.Through)
	}
	for address, height := range through {
		chain, err := s.number(address.Chain)
		if err != nil {
			return err
		}
		key := placeKey(tableWhole, chain, address.Address)
		have, whole, err := s.whole(key)
		if err != nil {
			return err
		}
		if !whole || have < height {
			if err := batch.Set(key, binary.BigEndian.AppendUint64(nil, height), nil); err != nil {
				return err
			}
		}
	}
	for _, a := range b.Anchors {
		chain, err := s.number(a.Chain)
		if err != nil {
			return err
		}
		key := append(binary.BigEndian.AppendUint64(chainKey(tableAnchor, chain), a.Height), a.Hash[:]...)
		if err := batch.Set(key, nil, nil); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) whole(key []byte) (through uint64, whole bool, err error) {
	value, err := s.get(key)
	switch {
	case errors.Is(err, pebble.ErrNotFound):
		return 0, false, nil
	case err != nil:
		return 0, false, err
	case len(value) != 8:
		return 0, false, fmt.Errorf("how far an address is whole: %w", chains.ErrCorrupt)
	}
	return binary.BigEndian.Uint64(value), true, nil
}

// eachRow gives all rows that a transaction has, its own first.
func eachRow(chain chainID, tx *graph.Tx, row func(key, value []byte) error) error {
	if err := row(txKey(chain, tx.At), appendTx(nil, tx)); err != nil {
		return err
	}
	if err := row(appendPos(idKey(chain, tx.ID), tx.At), nil); err != nil {
		return err
	}
	for i, spend := range tx.Spends {
		if err := row(spenderKey(chain, spend.Output), appendPos(nil, tx.At)); err != nil {
			return err
		}
		if spend.Address == "" {
			continue
		}
		key := appendNumber(appendPos(placeKey(tableSent, chain, spend.Address), tx.At), uint32(i))
		if err := row(key, nil); err != nil {
			return err
		}
	}
	for i := range tx.Transfers {
		t := &tx.Transfers[i]
		value := appendTransfer(binary.AppendVarint(nil, t.Time.Unix()), t)
		if err := row(appendNumber(appendPos(placeKey(tableReceived, chain, t.To), t.At), t.N), value); err != nil {
			return err
		}
		if t.From == "" {
			continue
		}
		if err := row(appendNumber(appendPos(placeKey(tableSent, chain, t.From), t.At), t.N), value); err != nil {
			return err
		}
	}
	return nil
}

func appendTx(b []byte, tx *graph.Tx) []byte {
	b = append(b, tx.ID[:]...)
	b = append(b, tx.Block[:]...)
	b = binary.AppendVarint(b, tx.Time.Unix())
	b = binary.AppendUvarint(b, uint64(len(tx.Spends)))
	for i := range tx.Spends {
		spend := &tx.Spends[i]
		b = append(b, spend.Output.Tx[:]...)
		b = binary.AppendUvarint(b, uint64(spend.Output.Index))
		b = appendText(b, string(spend.Address))
		b = appendAmount(b, spend.Amount)
	}
	b = binary.AppendUvarint(b, uint64(len(tx.Transfers)))
	for i := range tx.Transfers {
		b = binary.AppendUvarint(b, uint64(tx.Transfers[i].N))
		b = appendTransfer(b, &tx.Transfers[i])
	}
	return b
}

func readTx(chain chains.Chain, at chains.Position, row []byte) (*graph.Tx, error) {
	r := &reader{b: row}
	tx := &graph.Tx{Chain: chain, At: at, ID: r.hash(), Block: r.hash(), Time: time.Unix(r.varint(), 0).UTC()}
	for range r.count() {
		spend := graph.Spend{Output: chains.Outpoint{Tx: r.hash(), Index: uint32(r.uvarint())}}
		spend.Address, spend.Amount = chains.Address(r.text()), r.amount()
		tx.Spends = append(tx.Spends, spend)
	}
	for range r.count() {
		t := graph.Transfer{Key: graph.Key{Chain: chain, At: at, N: uint32(r.uvarint())}, Time: tx.Time}
		r.transfer(&t)
		tx.Transfers = append(tx.Transfers, t)
	}
	return tx, r.err
}
