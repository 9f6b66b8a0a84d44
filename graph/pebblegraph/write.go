package pebblegraph

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/cockroachdb/pebble/v2"

	"tsuiseki/chains"
	"tsuiseki/graph"
)

// Write implements graph.Store.
func (s *Store) Write(ctx context.Context, b *graph.Batch) (err error) {
	traces, err := b.Kept()
	if err != nil {
		return err
	}
	if len(traces) > 0 {
		s.tracing.Lock()
		defer s.tracing.Unlock()
	}
	var all sorted
	r := &rows{put: all.put}
	for i := range b.Txs {
		tx := &b.Txs[i]
		chain, err := s.number(tx.Chain)
		if err != nil {
			return err
		}
		if err := r.tx(chain, tx); err != nil {
			return err
		}
	}
	batch, err := all.batch(s.db)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, batch.Close()) }()
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
	if err := s.writeWhole(batch, b.Whole); err != nil {
		return err
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

// writeWhole writes how far addresses are whole, where it is farther than before. It
// looks in the order of the keys, with one iterator.
func (s *Store) writeWhole(batch *pebble.Batch, all []graph.Coverage) (err error) {
	if len(all) == 0 {
		return nil
	}
	type whole struct {
		key     []byte
		through uint64
	}
	sorted := make([]whole, len(all))
	for i, w := range all {
		chain, err := s.number(w.Chain)
		if err != nil {
			return err
		}
		sorted[i] = whole{placeKey(tableWhole, chain, w.Address.Address), w.Through}
	}
	slices.SortFunc(sorted, func(a, b whole) int { return cmp.Or(bytes.Compare(a.key, b.key), cmp.Compare(b.through, a.through)) })
	it, err := s.db.NewIter(nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, it.Close()) }()
	for i, w := range sorted {
		if i > 0 && bytes.Equal(w.key, sorted[i-1].key) {
			continue // the farther came first
		}
		if it.SeekGE(w.key) && bytes.Equal(it.Key(), w.key) {
			if have, err := wholeOf(it.Value()); err != nil || have >= w.through {
				if err != nil {
					return err
				}
				continue
			}
		}
		if err := errors.Join(it.Error(), batch.Set(w.key, binary.BigEndian.AppendUint64(nil, w.through), nil)); err != nil {
			return err
		}
	}
	return nil
}

func wholeOf(value []byte) (through uint64, err error) {
	if len(value) != 8 {
		return 0, fmt.Errorf("how far an address is whole: %w", chains.ErrCorrupt)
	}
	return binary.BigEndian.Uint64(value), nil
}
