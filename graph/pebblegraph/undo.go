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

// Undo implements graph.Store. Coverage and anchors go first: what is left of the
// transactions if it stops midway is then held, and no longer relied on.
func (s *Store) Undo(ctx context.Context, chain chains.Chain, above uint64) error {
	id, known := s.chain(chain)
	if !known {
		return nil
	}
	return s.undo(ctx, chain, id, &above)
}

// Forget implements graph.Store.
func (s *Store) Forget(ctx context.Context, chain chains.Chain) error {
	id, known := s.chain(chain)
	if !known {
		return nil
	}
	return s.undo(ctx, chain, id, nil)
}

// undo removes what lies above a height, or all.
func (s *Store) undo(ctx context.Context, chain chains.Chain, id chainID, above *uint64) (err error) {
	it, err := s.db.NewIter(nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, it.Close()) }()
	if err := s.undoCoverage(ctx, it, id, above); err != nil {
		return err
	}
	from := chainKey(tableTx, id)
	if above != nil {
		from = txKey(id, chains.Position{Height: *above + 1})
	}
	batch := s.db.NewBatch()
	defer func() { err = errors.Join(err, batch.Close()) }()
	removed := 0
	err = s.rows(ctx, it, from, upper(chainKey(tableTx, id)), func(key, value []byte) (bool, error) {
		tx, err := readTx(chain, readPos(key[3:]), value)
		if err != nil {
			return false, err
		}
		if err := eachRow(id, tx, func(key, _ []byte) error { return batch.Delete(key, nil) }); err != nil {
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

func (s *Store) undoCoverage(ctx context.Context, it *pebble.Iterator, id chainID, above *uint64) (err error) {
	batch := s.db.NewBatch()
	defer func() { err = errors.Join(err, batch.Close()) }()
	prefix := chainKey(tableWhole, id)
	err = s.rows(ctx, it, prefix, upper(prefix), func(key, value []byte) (bool, error) {
		switch {
		case above == nil:
			return true, batch.Delete(key, nil)
		case len(value) == 8 && binary.BigEndian.Uint64(value) > *above:
			return true, batch.Set(key, binary.BigEndian.AppendUint64(nil, *above), nil)
		}
		return true, nil
	})
	if err != nil {
		return err
	}
	prefix = chainKey(tableAnchor, id)
	from := prefix
	if above != nil {
		from = binary.BigEndian.AppendUint64(append([]byte{}, prefix...), *above+1)
	}
	if err := batch.DeleteRange(from, upper(prefix), nil); err != nil {
		return err
	}
	return batch.Commit(pebble.Sync)
}
