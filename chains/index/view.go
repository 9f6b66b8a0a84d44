package index

import (
	"context"
	"errors"
	"fmt"

	"tsuiseki/chains"
)

// View answers from the blocks up to one height, whatever is indexed meanwhile.
// It serves one goroutine at a time. Close it after use.
type View struct {
	*pinned
	scripts chains.Scripts
}

// View opens a view as of a height, or of the tip where asOf is nil. Its answers
// end with ctx's error once ctx is done.
func (x *Index) View(ctx context.Context, asOf *uint64) (*View, error) {
	p, err := x.pin(ctx, asOf)
	if err != nil {
		return nil, err
	}
	return &View{p, x.scripts}, nil
}

// Describe gives a script's address or name, and its type.
func (v *View) Describe(script []byte) (chains.Address, string) { return v.scripts.Describe(script) }

// block reads a block's row.
func (v *View) block(height uint64) (h chains.Header, txs int, t totals, err error) {
	value, err := v.blockRow(height)
	if err != nil {
		return h, 0, t, err
	}
	return readBlock(height, value)
}

// BlockAt is the header of the block at a height, and its number of transactions.
func (v *View) BlockAt(height uint64) (chains.Header, int, error) {
	if err := v.checkHeight(height); err != nil {
		return chains.Header{}, 0, err
	}
	header, txs, _, err := v.block(height)
	return header, txs, err
}

// BlockByHash is the header of a block, and its number of transactions.
func (v *View) BlockByHash(hash chains.BlockHash) (chains.Header, int, error) {
	height, err := v.heightOf(hash)
	if err != nil {
		return chains.Header{}, 0, err
	}
	return v.BlockAt(height)
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
	return v.decode(pos, value)
}

// Txs is every transaction with the id, in chain order, with prevouts where
// known. There is one, but for the coinbases that occur twice (BIP30).
func (v *View) Txs(id chains.TxID) ([]*chains.Tx, error) {
	txs, err := v.instances(id)
	for _, tx := range txs {
		err = errors.Join(err, v.fillPrevouts(tx))
	}
	if err == nil && len(txs) == 0 {
		err = v.noTx(id)
	}
	return txs, err
}

func (v *View) instances(id chains.TxID) ([]*chains.Tx, error) { return v.withID(id, v.record) }

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
