package index

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"tsuiseki/chains"
)

// Cut removes all blocks above a height, so that the next Sync reads them again: a
// source may have by then what it lacked. It tells how many it removed; where it
// stops midway, those are gone.
func (x *Accounts) Cut(ctx context.Context, above uint64) (undone uint64, err error) {
	p, err := x.pin(ctx, nil)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	if above < p.from {
		return 0, fmt.Errorf("cutting at height %d would leave nothing of the index of %s, which starts at %d: remove its folder instead", above, x.chain, p.from)
	}
	s := syncer[*accountBatch]{store: x.store, keeper: &accountKeeper{Accounts: x}}
	err = s.undo(ctx, p, above)
	return s.result.Undone, err
}

// undoBlock removes the rows that a block implies, and the metadata of tokens that
// no lower block has.
func (k *accountKeeper) undoBlock(p *pinned, height uint64) error {
	v := &AccountView{pinned: p, native: k.native}
	block, err := v.wholeBlock(height)
	if err != nil {
		return err
	}
	implied := newAccountBatch(k.native, accountTotals{})
	if err := implied.addBlock(block); err != nil {
		return err
	}
	keys := implied.keys()
	for _, asset := range implied.newest {
		first, err := v.firstMark(asset, markToken)
		if err != nil {
			return err
		}
		if first.Height == height {
			keys = append(keys, tokenKey(asset))
		}
	}
	deletes := k.db.NewBatch()
	defer deletes.Close()
	for _, key := range keys {
		if err := deletes.Delete(key, nil); err != nil {
			return err
		}
	}
	return deletes.Commit(pebble.Sync)
}

// wholeBlock is a block as it was added.
func (v *AccountView) wholeBlock(height uint64) (*chains.Block, error) {
	row, err := v.block(height)
	if err != nil {
		return nil, err
	}
	block := &chains.Block{Header: row.Header, Producer: row.producer, Gaps: row.gaps, Freezes: row.freezes}
	it, err := v.snap.NewIter(nil)
	if err != nil {
		return nil, err
	}
	defer it.Close()
	prefix := txKey(packPos(chains.Position{Height: height}))[:5]
	for ok := it.SeekGE(prefix); ok && bytes.HasPrefix(it.Key(), prefix); ok = it.Next() {
		if len(it.Key()) != 1+posSize {
			return nil, errEncoding
		}
		tx, err := readAccountTx(it.Value(), v.native)
		if err != nil {
			return nil, err
		}
		if tx.Index = unpackPos(readPos(it.Key()[1:])).Tx; tx.Index == row.places {
			block.System = tx.Transfers
			continue
		}
		block.Txs = append(block.Txs, *tx)
	}
	return block, it.Error()
}

// keys are those of all rows of a batch that is not to be written.
func (b *accountBatch) keys() (keys [][]byte) {
	for _, r := range b.txids {
		keys = append(keys, r.appendKey(nil, tableTxID))
	}
	for i := range b.movements.rows {
		keys = append(keys, b.movements.rows[i].key(&b.names))
	}
	for _, v := range []*values{&b.txs, &b.marks, &b.collectibles, &b.freezes, &b.quotes, &b.blocks, &b.hashes} {
		for _, e := range v.entries {
			keys = append(keys, v.key(e))
		}
	}
	return keys
}
