package pebblegraph

import (
	"context"
	"encoding/binary"
	"errors"

	"github.com/cockroachdb/pebble/v2"

	"tsuiseki/chains"
)

// undoTxs is how many transactions are removed at once.
const undoTxs = 5_000

// Undo implements graph.Store. Traces, coverage and anchors go first: what is left of
// the transactions if it stops midway is then held, and no longer relied on.
func (s *Store) Undo(ctx context.Context, chain chains.Chain, from uint64) (err error) {
	if err := s.undoTraces(ctx, chain, from); err != nil {
		return err
	}
	id, known := s.chain(chain)
	if !known {
		return nil
	}
	it, err := s.db.NewIter(nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, it.Close()) }()
	if err := s.undoCoverage(ctx, it, id, from); err != nil {
		return err
	}
	batch := s.db.NewBatch()
	defer func() { err = errors.Join(err, batch.Close()) }()
	removed := 0
	gone := &rows{put: func(key, _ []byte) error { return batch.Delete(key, nil) }}
	first := txKey(id, chains.Position{Height: from})
	err = s.rows(ctx, it, first, upper(chainKey(tableTx, id)), func(key, value []byte) (bool, error) {
		tx, err := readTx(chain, readPos(key[len(first)-posLength:]), value)
		if err != nil {
			return false, err
		}
		if err := gone.tx(id, tx); err != nil {
			return false, err
		}
		if removed++; removed%undoTxs != 0 {
			return true, nil
		}
		if err := batch.Commit(pebble.Sync); err != nil {
			return false, err
		}
		batch.Reset()
		return true, nil
	})
	if err != nil {
		return err
	}
	return batch.Commit(pebble.Sync)
}

func (s *Store) undoCoverage(ctx context.Context, it *pebble.Iterator, id chainID, from uint64) (err error) {
	batch := s.db.NewBatch()
	defer func() { err = errors.Join(err, batch.Close()) }()
	prefix := chainKey(tableWhole, id)
	err = s.rows(ctx, it, prefix, upper(prefix), func(key, value []byte) (bool, error) {
		switch {
		case len(value) == 8 && binary.BigEndian.Uint64(value) < from:
			return true, nil
		case from == 0:
			return true, batch.Delete(key, nil)
		}
		return true, batch.Set(key, binary.BigEndian.AppendUint64(nil, from-1), nil)
	})
	if err != nil {
		return err
	}
	anchors := chainKey(tableAnchor, id)
	first := binary.BigEndian.AppendUint64(append([]byte{}, anchors...), from)
	if err := batch.DeleteRange(first, upper(anchors), nil); err != nil {
		return err
	}
	return batch.Commit(pebble.Sync)
}
