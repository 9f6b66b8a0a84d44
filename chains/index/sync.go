package index

import (
	"context"
	"errors"
	"fmt"

	"tsuiseki/chains"
)

// SyncOptions bound one Sync.
type SyncOptions struct {
	From     uint64  // height at which an empty index starts
	To       *uint64 // last height to index; nil means the source's tip
	Progress func(Progress)
}

// Progress tells how far a Sync is.
type Progress struct {
	Height, Target uint64
	Txs            uint64 // added so far by this Sync
	Undone         uint64 // blocks undone so far by this Sync
}

// Result is what a Sync did.
type Result struct {
	Added, Undone uint64 // blocks
	SourceTip     chains.BlockRef
	// Behind is set where the source's best chain is a part of the one already
	// indexed. Nothing is undone then: a node may be catching up.
	Behind bool
}

// maxForks is how often one Sync starts over because the best chain changes under it.
const maxForks = 20

// Sync brings the index to the source's best chain. Blocks that the source has
// replaced are undone by hash, down to the fork, and the new branch added. Facts
// and tip change together, so a Sync that stops anywhere, by error or kill,
// leaves a whole index of a lower height, and the next one continues.
func (x *Index) Sync(ctx context.Context, src chains.UTXOSource, opt SyncOptions) (Result, error) {
	if src.Chain() != x.chain {
		return Result{}, fmt.Errorf("the source serves %s, the index is of %s", src.Chain(), x.chain)
	}
	s := syncer{index: x, src: src, opt: opt}
	for range maxForks {
		err := s.run(ctx)
		if !errors.Is(err, chains.ErrReorg) {
			return s.result, err
		}
		x.log.Info("the best chain changed while it was read; looking for the fork", "chain", x.chain)
	}
	return s.result, fmt.Errorf("%w %d times while it was indexed; try again when the node has settled", chains.ErrReorg, maxForks)
}

type syncer struct {
	index  *Index
	src    chains.UTXOSource
	opt    SyncOptions
	result Result
	txs    uint64

	first  uint64            // lowest height held, or to be held
	parent *chains.BlockHash // of the next block; nil where the index is empty
	batch  *batch            // being gathered

	writing *batch     // being written; nil where none is
	written chan error // its outcome
	spare   *batch     // written, its memory to be used again
}

func (s *syncer) run(ctx context.Context) (err error) {
	if s.result.SourceTip, err = s.src.Tip(ctx); err != nil {
		return err
	}
	target := s.result.SourceTip.Height
	if s.opt.To != nil {
		target = min(target, *s.opt.To)
	}
	next, err := s.position(ctx)
	if err != nil {
		return err
	}
	if next > target {
		s.result.Behind = next > s.result.SourceTip.Height+1
		return nil
	}
	return s.append(ctx, next, target)
}

// position undoes what the source has replaced, and finds the next height to add.
func (s *syncer) position(ctx context.Context) (next uint64, err error) {
	view, err := s.index.View(ctx, nil)
	if errors.Is(err, ErrEmpty) {
		s.first, s.parent = s.opt.From, nil
		s.batch = newBatch(s.index.scripts, totals{})
		return s.first, nil
	}
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, view.Close()) }()
	s.first = view.from
	fork, err := s.fork(ctx, view)
	if err != nil {
		return 0, err
	}
	tip := view.asOf.Height
	if fork < tip && s.result.SourceTip.Height > fork {
		if err := s.index.undo(ctx, view, fork, func(undone uint64) { s.report(fork, undone) }); err != nil {
			return 0, err
		}
		s.result.Undone += tip - fork
		tip = fork
	}
	header, _, sums, err := view.block(tip)
	s.parent, s.batch = &header.Hash, newBatch(s.index.scripts, sums)
	return tip + 1, err
}

// fork is the highest block that the index and the source's best chain share.
func (s *syncer) fork(ctx context.Context, view *View) (uint64, error) {
	for height := min(view.asOf.Height, s.result.SourceTip.Height); height >= view.from; height-- {
		header, _, _, err := view.block(height)
		if err != nil {
			return 0, err
		}
		hash, err := s.src.BlockHash(ctx, height)
		if errors.Is(err, chains.ErrNotFound) {
			continue // the source's tip moved down meanwhile
		}
		if err != nil || hash == header.Hash {
			return height, err
		}
		if height == 0 {
			break
		}
	}
	return 0, fmt.Errorf("the index of %s (heights %d to %d) and the source (tip %s) share no block: remove the index's folder to start again, or use the node it was made from",
		s.index.chain, view.from, view.asOf.Height, s.result.SourceTip)
}

// append adds the blocks from next to target, and keeps what it has where the
// source fails. One batch is written while the following one is gathered.
func (s *syncer) append(ctx context.Context, next, target uint64) error {
	for block, err := range s.src.Blocks(ctx, next, target) {
		if err == nil && s.parent != nil && block.Parent != *s.parent {
			err = fmt.Errorf("block %s: %w", block.BlockRef, chains.ErrReorg)
		}
		if err != nil {
			return errors.Join(err, s.startWrite(ctx), s.awaitWrite())
		}
		if err := s.add(ctx, block); err != nil {
			return errors.Join(fmt.Errorf("block %s: %w", block.BlockRef, err), s.awaitWrite())
		}
		s.parent = &block.Hash
		s.txs += uint64(len(block.Txs))
		s.result.Added++
		s.report(block.Height, s.result.Undone)
		if s.batch.size() >= s.index.limit {
			if err := s.startWrite(ctx); err != nil {
				return err
			}
		}
	}
	return errors.Join(s.startWrite(ctx), s.awaitWrite())
}

// startWrite hands the batch over to be written, once the one before it is.
func (s *syncer) startWrite(ctx context.Context) error {
	if err := s.awaitWrite(); err != nil || s.batch.empty() {
		return err
	}
	full := s.batch
	s.writing, s.written = full, make(chan error, 1)
	if s.batch = s.spare; s.batch == nil {
		s.batch = newBatch(full.scripts, full.sums)
	}
	s.batch.reuse(full.sums)
	ctx = context.WithoutCancel(ctx) // an interrupted Sync keeps what it has
	go func() { s.written <- s.index.write(ctx, full) }()
	return nil
}

func (s *syncer) awaitWrite() error {
	if s.writing == nil {
		return nil
	}
	s.spare, s.writing = s.writing, nil
	return <-s.written
}

func (s *syncer) report(height, undone uint64) {
	if s.opt.Progress != nil {
		s.opt.Progress(Progress{Height: height, Target: s.result.SourceTip.Height, Txs: s.txs, Undone: undone})
	}
}

// add adds a block to the batch; after an error the batch holds a part of it.
func (s *syncer) add(ctx context.Context, block *chains.Block) error {
	if s.first > 0 {
		if err := s.addPrevouts(ctx, block); err != nil {
			return err
		}
	}
	return s.batch.addBlock(block)
}

// addPrevouts fetches what a block spends from before the range. What the source
// does not have either is counted, and named where someone meets it.
func (s *syncer) addPrevouts(ctx context.Context, block *chains.Block) error {
	foreign, err := s.foreignInputs(ctx, block)
	if err != nil || len(foreign) == 0 {
		return err
	}
	outpoints := make([]chains.Outpoint, len(foreign))
	for i, at := range foreign {
		outpoints[i] = block.Txs[at.tx].Inputs[at.input].Prevout
	}
	outputs, err := s.src.Prevouts(ctx, block.BlockRef, outpoints)
	if err != nil {
		return err
	}
	for i, out := range outputs {
		if out == nil {
			s.batch.sums.MissingPrevouts++
			continue
		}
		if err := s.batch.addPrevout(outpoints[i], out, block.Height, foreign[i]); err != nil {
			return err
		}
	}
	return nil
}

// inputAt is an input's place in a block.
type inputAt struct{ tx, input uint32 }

// foreignInputs are a block's inputs that spend outputs from before the range.
func (s *syncer) foreignInputs(ctx context.Context, block *chains.Block) (foreign []inputAt, err error) {
	view, err := s.index.View(ctx, nil)
	switch {
	case err == nil:
		defer func() { err = errors.Join(err, view.Close()) }()
	case !errors.Is(err, ErrEmpty):
		return nil, err
	}
	for t := range block.Txs {
		for n := range block.Txs[t].Inputs {
			in := &block.Txs[t].Inputs[n]
			if in.Coinbase() || s.batch.holds(in.Prevout.Tx) || s.writing.holds(in.Prevout.Tx) {
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
		s.batch.remember(block.Txs[t].ID)
	}
	return foreign, nil
}
