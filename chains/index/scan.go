package index

import (
	"bytes"
	"errors"
	"fmt"
	"iter"

	"github.com/cockroachdb/pebble/v2"

	"tsuiseki/chains"
)

// Records yields the transactions of the blocks from a height up to the view's, in
// chain order and without prevouts: in one pass over the table, as fast as it can
// be read. Other questions may be asked of the view meanwhile.
func (v *View) Records(from uint64) iter.Seq2[*chains.Tx, error] {
	return func(yield func(*chains.Tx, error) bool) {
		if err := v.eachRecord(max(from, v.from), func(tx *chains.Tx) bool { return yield(tx, nil) }); err != nil {
			yield(nil, err)
		}
	}
}

func (v *View) eachRecord(from uint64, take func(*chains.Tx) bool) (err error) {
	if from > v.asOf.Height {
		return nil
	}
	it, err := v.snap.NewIter(&pebble.IterOptions{LowerBound: []byte{tableTx}, UpperBound: []byte{tableTx + 1}})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, it.Close()) }()
	height, txs := from, 0 // of the block being read: how many were read
	for ok := it.SeekGE(txKey(packPos(chains.Position{Height: from}))); ok; ok = it.Next() {
		key := it.Key()
		if len(key) != 1+posSize {
			return errEncoding
		}
		pos := unpackPos(readPos(key[1:]))
		if pos.Height > v.asOf.Height {
			break
		}
		if pos.Height != height {
			if err := v.checkCount(height, txs); err != nil {
				return err
			}
			height, txs = height+1, 0
		}
		if pos.Height != height || int(pos.Tx) != txs {
			return fmt.Errorf("transaction at %s: %w", chains.Position{Height: height, Tx: uint32(txs)}, errEncoding)
		}
		txs++
		value, err := it.ValueAndErr()
		if err != nil {
			return err
		}
		tx, err := v.decode(pos, value)
		if err != nil {
			return err
		}
		if !take(tx) {
			return nil
		}
	}
	if err := it.Error(); err != nil {
		return err
	}
	if height != v.asOf.Height {
		return fmt.Errorf("block at height %d: %w", height+1, errEncoding)
	}
	return v.checkCount(height, txs)
}

// checkCount compares how many transactions of a block were read with its row.
func (v *View) checkCount(height uint64, txs int) error {
	_, count, _, err := v.block(height)
	if err == nil && count != txs {
		err = fmt.Errorf("transactions of the block at height %d: %w", height, errEncoding)
	}
	return err
}

// decode reads a transaction's record.
func (v *View) decode(pos chains.Position, value []byte) (*chains.Tx, error) {
	tx, err := readTx(bytes.Clone(value))
	if err != nil {
		return nil, err
	}
	header, err := v.headerAt(pos.Height)
	if err != nil {
		return nil, err
	}
	tx.Block, tx.Time, tx.Index = header.BlockRef, header.Time, pos.Tx
	return tx, nil
}

// Prevout is what an input of a transaction at a position spends; nil where it is
// not held.
func (v *View) Prevout(outpoint chains.Outpoint, spender chains.Position) (*chains.Output, error) {
	tx := chains.Tx{Inputs: []chains.Input{{Prevout: outpoint}}, Block: chains.BlockRef{Height: spender.Height}, Index: spender.Tx}
	err := v.fillPrevouts(&tx)
	return tx.Inputs[0].Spent, err
}
