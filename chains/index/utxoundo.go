package index

import (
	"github.com/cockroachdb/pebble/v2"

	"tsuiseki/chains"
)

func (k *outputKeeper) undoBlock(v *pinned, height uint64) error {
	return k.undoOutputs(&View{v, k.scripts}, height)
}

// undoOutputs removes the rows that a block's transaction records imply.
func (x *Index) undoOutputs(view *View, height uint64) error {
	header, txs, _, err := view.block(height)
	if err != nil {
		return err
	}
	implied := newBatch(x.scripts, totals{})
	deletes := x.db.NewBatch()
	defer deletes.Close()
	for i := range txs {
		pos := chains.Position{Height: height, Tx: uint32(i)}
		tx, err := view.TxAt(pos)
		if err != nil {
			return err
		}
		implied.addRows(tx, packPos(pos))
		if err := x.undoPrevouts(view, tx, implied, deletes); err != nil {
			return err
		}
		if err := deletes.Delete(txKey(packPos(pos)), nil); err != nil {
			return err
		}
	}
	for table, rows := range map[byte][]row{tableTxID: implied.txids, tableSpend: implied.spends, tableScript: implied.appearances} {
		for _, r := range rows {
			if err := deletes.Delete(r.appendKey(nil, table), nil); err != nil {
				return err
			}
		}
	}
	for _, key := range [][]byte{hashKey(header.Hash), blockKey(height)} {
		if err := deletes.Delete(key, nil); err != nil {
			return err
		}
	}
	return deletes.Commit(pebble.Sync)
}

// undoPrevouts removes the prevouts that were fetched for a transaction.
func (x *Index) undoPrevouts(view *View, tx *chains.Tx, implied *batch, deletes *pebble.Batch) error {
	for n := range tx.Inputs {
		in := &tx.Inputs[n]
		if in.Spent == nil {
			continue
		}
		_, fetched, err := view.get(prevoutKey(in.Prevout))
		if err != nil {
			return err
		}
		if !fetched {
			continue
		}
		// A later duplicate (BIP30) may lie in the range while the row is of the older.
		held, err := view.creator(in.Prevout.Tx, tx.Position())
		if err != nil {
			return err
		}
		if held != nil {
			continue
		}
		implied.appearances = append(implied.appearances,
			row{prefix: x.scripts.Key(in.Spent.Script), pos: packPos(tx.Position()), suffix: scriptInput(uint32(n))})
		if err := deletes.Delete(prevoutKey(in.Prevout), nil); err != nil {
			return err
		}
	}
	return nil
}
