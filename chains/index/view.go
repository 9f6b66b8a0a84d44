package index

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"tsuiseki/chains"
)

// ErrEmpty says that the index holds no block yet.
var ErrEmpty = errors.New("the index is empty")

// View answers from the blocks up to one height, whatever is indexed meanwhile.
// It serves one goroutine at a time. Close it after use.
type View struct {
	chain   chains.Chain
	scripts chains.Scripts
	from    uint64
	asOf    chains.BlockRef

	ctx    context.Context
	snap   *pebble.Snapshot
	iter   *pebble.Iterator
	header chains.Header // the last one read
}

// View opens a view as of a height, or of the tip where asOf is nil. Its answers
// end with ctx's error once ctx is done.
func (x *Index) View(ctx context.Context, asOf *uint64) (*View, error) {
	v := &View{chain: x.chain, scripts: x.scripts, ctx: ctx, snap: x.db.NewSnapshot()}
	var err error
	if v.iter, err = v.snap.NewIter(nil); err != nil {
		return nil, errors.Join(err, v.snap.Close())
	}
	first, last, err := heightRange(v.iter)
	if err == nil && asOf != nil {
		if *asOf < first || *asOf > last {
			err = fmt.Errorf("as of height %d: %w: the index of %s holds heights %d to %d", *asOf, chains.ErrNotFound, x.chain, first, last)
		}
		last = *asOf
	}
	if err == nil {
		v.from = first
		var header chains.Header
		header, _, _, err = v.block(last)
		v.asOf = header.BlockRef
	}
	if err != nil {
		return nil, errors.Join(err, v.Close())
	}
	return v, nil
}

// heightRange is the lowest and highest height held.
func heightRange(iter *pebble.Iterator) (first, last uint64, err error) {
	if !iter.SeekGE([]byte{tableBlock}) || iter.Key()[0] != tableBlock {
		if err := iter.Error(); err != nil {
			return 0, 0, err
		}
		return 0, 0, ErrEmpty
	}
	first = uint64(binary.BigEndian.Uint32(iter.Key()[1:]))
	if !iter.SeekLT([]byte{tableBlock + 1}) {
		return 0, 0, errors.Join(errEncoding, iter.Error())
	}
	return first, uint64(binary.BigEndian.Uint32(iter.Key()[1:])), nil
}

// Close releases the view.
func (v *View) Close() error { return errors.Join(v.iter.Close(), v.snap.Close()) }

// Snapshot is what the view can see.
func (v *View) Snapshot() chains.Snapshot {
	return chains.Snapshot{Chain: v.chain, From: v.from, BlockRef: v.asOf}
}

// Describe gives a script's address or name, and its type.
func (v *View) Describe(script []byte) (chains.Address, string) { return v.scripts.Describe(script) }

// get is the value at a key, valid until the next read; false where there is none.
func (v *View) get(key []byte) ([]byte, bool, error) {
	if err := v.ctx.Err(); err != nil {
		return nil, false, err
	}
	if !v.iter.SeekGE(key) || !bytes.Equal(v.iter.Key(), key) {
		return nil, false, v.iter.Error()
	}
	value, err := v.iter.ValueAndErr()
	return value, err == nil, err
}

// block reads a block's row.
func (v *View) block(height uint64) (h chains.Header, txs int, t totals, err error) {
	value, found, err := v.get(blockKey(height))
	if err == nil && !found {
		err = fmt.Errorf("block at height %d: %w", height, chains.ErrNotFound)
	}
	if err != nil {
		return h, 0, t, err
	}
	return readHeader(height, value)
}

// BlockAt is the header of the block at a height, and its number of transactions.
func (v *View) BlockAt(height uint64) (chains.Header, int, error) {
	if height < v.from || height > v.asOf.Height {
		return chains.Header{}, 0, fmt.Errorf("block at height %d: %w: the view holds heights %d to %d", height, chains.ErrNotFound, v.from, v.asOf.Height)
	}
	header, txs, _, err := v.block(height)
	return header, txs, err
}

// BlockByHash is the header of a block, and its number of transactions.
func (v *View) BlockByHash(hash chains.BlockHash) (chains.Header, int, error) {
	value, found, err := v.get(hashKey(hash))
	if err == nil && (!found || len(value) != 4) {
		err = fmt.Errorf("block %s: %w on the best chain between heights %d and %d", hash, chains.ErrNotFound, v.from, v.asOf.Height)
	}
	if err != nil {
		return chains.Header{}, 0, err
	}
	return v.BlockAt(uint64(binary.BigEndian.Uint32(value)))
}

// TxAt is the transaction at a position, with its prevouts where known.
func (v *View) TxAt(pos chains.Position) (*chains.Tx, error) {
	tx, err := v.record(pos)
	if err != nil {
		return nil, err
	}
	return tx, v.fillPrevouts(tx)
}

// record is the transaction at a position, without prevouts.
func (v *View) record(pos chains.Position) (*chains.Tx, error) {
	value, found, err := v.get(txKey(packPos(pos)))
	if err == nil && !found {
		err = fmt.Errorf("transaction at %s: %w", pos, errEncoding)
	}
	if err != nil {
		return nil, err
	}
	tx, err := readTx(bytes.Clone(value))
	if err != nil {
		return nil, err
	}
	if v.header.Height != pos.Height || v.header.Hash == (chains.BlockHash{}) {
		if v.header, _, _, err = v.block(pos.Height); err != nil {
			return nil, err
		}
	}
	tx.Block, tx.Time, tx.Index = v.header.BlockRef, v.header.Time, pos.Tx
	return tx, nil
}

// Txs is every transaction with the id, in chain order, with prevouts where
// known. There is one, but for the coinbases that occur twice (BIP30).
func (v *View) Txs(id chains.TxID) ([]*chains.Tx, error) {
	txs, err := v.instances(id)
	for _, tx := range txs {
		err = errors.Join(err, v.fillPrevouts(tx))
	}
	if err == nil && len(txs) == 0 {
		err = fmt.Errorf("transaction %s: %w on %s between heights %d and %d", id, chains.ErrNotFound, v.chain, v.from, v.asOf.Height)
	}
	return txs, err
}

func (v *View) instances(id chains.TxID) ([]*chains.Tx, error) {
	positions, err := v.scan(prefixKey(tableTxID, txPrefix(id)))
	var txs []*chains.Tx
	for _, at := range positions {
		tx, readErr := v.record(at.pos)
		if err = errors.Join(err, readErr); err != nil {
			return nil, err
		}
		if tx.ID == id {
			txs = append(txs, tx)
		}
	}
	return txs, err
}

// hit is the tail of a key that a scan found.
type hit struct {
	pos    chains.Position
	suffix uint32
}

// scan lists the hits under a prefix up to the view's height.
func (v *View) scan(prefix []byte) ([]hit, error) {
	if err := v.ctx.Err(); err != nil {
		return nil, err
	}
	var hits []hit
	for ok := v.iter.SeekGE(prefix); ok && bytes.HasPrefix(v.iter.Key(), prefix); ok = v.iter.Next() {
		pos, suffix, err := readTail(v.iter.Key()[len(prefix):])
		if err != nil {
			return nil, err
		}
		if pos.Height > v.asOf.Height {
			break // hits of one output lie in chain order
		}
		hits = append(hits, hit{pos, suffix})
	}
	return hits, v.iter.Error()
}

// fillPrevouts sets what the inputs spend, and leaves nil what is not known.
func (v *View) fillPrevouts(tx *chains.Tx) error {
	for i := range tx.Inputs {
		in := &tx.Inputs[i]
		if in.Coinbase() {
			continue
		}
		source, err := v.creator(in.Prevout.Tx, tx.Position())
		if err != nil {
			return err
		}
		if source == nil {
			value, found, err := v.get(prevoutKey(in.Prevout))
			if err != nil {
				return err
			}
			if found {
				out, err := readOutput(value)
				if err != nil {
					return err
				}
				in.Spent = &out
			}
			continue
		}
		if int(in.Prevout.Index) >= len(source.Outputs) {
			return fmt.Errorf("%s spends output %s, which does not exist: %w", tx.ID, in.Prevout, chains.ErrCorrupt)
		}
		in.Spent = &source.Outputs[in.Prevout.Index]
	}
	return nil
}

// creator is the last transaction with the id before a position, nil if none is held.
func (v *View) creator(id chains.TxID, before chains.Position) (*chains.Tx, error) {
	hits, err := v.scan(prefixKey(tableTxID, txPrefix(id)))
	for i := len(hits) - 1; i >= 0 && err == nil; i-- {
		if hits[i].pos.Compare(before) >= 0 {
			continue
		}
		tx, readErr := v.record(hits[i].pos)
		if readErr != nil {
			return nil, readErr
		}
		if tx.ID == id {
			return tx, nil
		}
	}
	return nil, err
}

// Spend answers who spends output n of a transaction of this view.
func (v *View) Spend(tx *chains.Tx, n uint32) (chains.Spend, error) {
	spend := chains.Spend{State: chains.NotFound, AsOf: v.asOf}
	if int(n) >= len(tx.Outputs) {
		return spend, nil
	}
	spend.State = chains.Unspent
	outpoint := chains.Outpoint{Tx: tx.ID, Index: n}
	hits, err := v.scan(spendPrefix(outpoint))
	for _, at := range hits {
		if at.pos.Compare(tx.Position()) <= 0 {
			continue
		}
		spender, err := v.record(at.pos)
		if err != nil {
			return spend, err
		}
		if int(at.suffix) < len(spender.Inputs) && spender.Inputs[at.suffix].Prevout == outpoint {
			overwritten, err := v.replaced(tx, at.pos)
			if err != nil || overwritten {
				return spend, err
			}
			return chains.Spend{State: chains.SpentConfirmed, By: spender.ID, Input: at.suffix, At: at.pos, AsOf: v.asOf}, nil
		}
	}
	return spend, err
}

// replaced reports whether a later coinbase with the same id (BIP30) took the
// place of tx before a position. What it left unspent then can never be spent.
func (v *View) replaced(tx *chains.Tx, before chains.Position) (bool, error) {
	if !tx.Coinbase() {
		return false, nil // any other transaction with the id would spend the same outputs
	}
	last, err := v.creator(tx.ID, before)
	return last != nil && last.Position() != tx.Position(), err
}

// Overwritten reports whether a later coinbase with the same id took the place
// of tx within the view: its outputs that were unspent then are lost (BIP30).
func (v *View) Overwritten(tx *chains.Tx) (bool, error) {
	return v.replaced(tx, chains.Position{Height: v.asOf.Height + 1})
}

// SpendOf answers who spends an outpoint; of BIP30 duplicates, the last one's.
// An outpoint from before the range is Unknown unless a spender is seen.
func (v *View) SpendOf(outpoint chains.Outpoint) (chains.Spend, error) {
	txs, err := v.instances(outpoint.Tx)
	if err != nil {
		return chains.Spend{}, err
	}
	if len(txs) > 0 {
		return v.Spend(txs[len(txs)-1], outpoint.Index)
	}
	spend := chains.Spend{State: chains.NotFound, AsOf: v.asOf}
	if v.from > 0 {
		spend.State = chains.Unknown
	}
	hits, err := v.scan(spendPrefix(outpoint))
	for _, at := range hits {
		spender, err := v.record(at.pos)
		if err != nil {
			return spend, err
		}
		if int(at.suffix) < len(spender.Inputs) && spender.Inputs[at.suffix].Prevout == outpoint {
			return chains.Spend{State: chains.SpentConfirmed, By: spender.ID, Input: at.suffix, At: at.pos, AsOf: v.asOf}, nil
		}
	}
	return spend, err
}
