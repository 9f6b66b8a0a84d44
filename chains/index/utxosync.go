package index

import (
	"context"
	"errors"

	"tsuiseki/chains"
)

// Sync brings the index to the source's best chain; see syncer for what holds
// when it stops midway.
func (x *Index) Sync(ctx context.Context, src chains.UTXOSource, opt SyncOptions) (Result, error) {
	s := syncer[*batch]{store: x.store, keeper: &outputKeeper{Index: x, src: src}, src: src, opt: opt}
	return s.sync(ctx)
}

// outputKeeper keeps the outputs of a UTXO chain.
type outputKeeper struct {
	*Index
	src   chains.UTXOSource
	first uint64 // lowest height held, or to be held
}

var _ keeper[*batch] = (*outputKeeper)(nil)

func (k *outputKeeper) begin(_ context.Context, v *pinned, height uint64) (*batch, error) {
	if v == nil {
		k.first = height
		return newBatch(k.scripts, totals{}), nil
	}
	k.first = v.from
	value, err := v.blockRow(height)
	if err != nil {
		return nil, err
	}
	_, _, sums, err := readBlock(height, value)
	return newBatch(k.scripts, sums), err
}

func (k *outputKeeper) add(ctx context.Context, batch, writing *batch, block *chains.Block) error {
	if k.first > 0 {
		if err := k.addPrevouts(ctx, batch, writing, block); err != nil {
			return err
		}
	}
	return batch.addBlock(block)
}

func (k *outputKeeper) finish(context.Context, *batch) error { return nil }

// addPrevouts fetches what a block spends from before the range. What the source
// does not have either is counted, and named where someone meets it.
func (k *outputKeeper) addPrevouts(ctx context.Context, batch, writing *batch, block *chains.Block) error {
	foreign, err := k.foreignInputs(ctx, batch, writing, block)
	if err != nil || len(foreign) == 0 {
		return err
	}
	outpoints := make([]chains.Outpoint, len(foreign))
	for i, at := range foreign {
		outpoints[i] = block.Txs[at.tx].Inputs[at.input].Prevout
	}
	outputs, err := k.src.Prevouts(ctx, block.BlockRef, outpoints)
	if err != nil {
		return err
	}
	for i, out := range outputs {
		if out == nil {
			batch.sums.MissingPrevouts++
			continue
		}
		if err := batch.addPrevout(outpoints[i], out, block.Height, foreign[i]); err != nil {
			return err
		}
	}
	return nil
}

// inputAt is an input's place in a block.
type inputAt struct{ tx, input uint32 }

// foreignInputs are a block's inputs that spend outputs from before the range.
func (k *outputKeeper) foreignInputs(ctx context.Context, batch, writing *batch, block *chains.Block) (foreign []inputAt, err error) {
	view, err := k.View(ctx, nil)
	switch {
	case err == nil:
		defer func() { err = errors.Join(err, view.Close()) }()
	case !errors.Is(err, ErrEmpty):
		return nil, err
	}
	for t := range block.Txs {
		for n := range block.Txs[t].Inputs {
			in := &block.Txs[t].Inputs[n]
			if in.Coinbase() || batch.holds(in.Prevout.Tx) || writing.holds(in.Prevout.Tx) {
				continue
			}
			if view != nil {
				held, err := view.instances(in.Prevout.Tx)
				if err != nil {
					return nil, err
				}
				if len(held) > 0 {
					continue
				}
			}
			foreign = append(foreign, inputAt{uint32(t), uint32(n)})
		}
		batch.remember(block.Txs[t].ID)
	}
	return foreign, nil
}
