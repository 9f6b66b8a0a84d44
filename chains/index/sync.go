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
	// Mixed lets Accounts go on with a source that has parts of blocks which the
	// index holds without them. They stay missing; MixedError is the refusal.
	Mixed bool
	// Heal is how many blocks below the tip Accounts may read anew, because it lacks
	// parts of them that the source has: a node may have been short of time for a trace.
	Heal uint64
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
	Reread        uint64 // blocks undone for what they lacked, see SyncOptions.Heal
	SourceTip     chains.BlockRef
	// Behind is set where the source's best chain is a part of the one already
	// indexed. Nothing is undone then: a node may be catching up.
	Behind bool
}

// maxForks is how often one Sync starts over because the best chain changes under it.
const maxForks = 20

// gatherer is a batch: the rows of successive blocks. Written, they appear all at once.
type gatherer[B any] interface {
	empty() bool
	full(limit int) bool
	tables() []sortedTable
	// follow empties the batch, or makes one where it is nil, to continue after another.
	follow(previous B) B
}

// keeper is what an index of one kind does in a Sync.
type keeper[B gatherer[B]] interface {
	// begin is an empty batch to follow the block at a height, or to start the
	// index at it where v is nil.
	begin(ctx context.Context, v *pinned, height uint64) (B, error)
	// add adds a block to a batch, which holds a part of it after an error.
	// Another batch may still be on its way to the store; it is nil where none is.
	add(ctx context.Context, batch, writing B, block *chains.Block) error
	// finish completes a batch before it is written.
	finish(ctx context.Context, batch B) error
	undoBlock(v *pinned, height uint64) error
}

// syncer brings an index of either kind to the source's best chain. Blocks that
// the source has replaced are undone by hash, down to the fork, and the new
// branch added. Facts and tip change together, so a Sync that stops anywhere, by
// error or kill, leaves a whole index of a lower height, and the next one continues.
type syncer[B gatherer[B]] struct {
	*store
	keeper keeper[B]
	src    chains.Source
	opt    SyncOptions
	loose  bool // blocks may be left out, and a zero hash is one that the source cannot tell
	result Result
	txs    uint64

	last  *chains.Header // the block before the next; nil where the index is empty
	batch B              // being gathered

	writing B          // being written
	written chan error // its outcome; nil where none is being written
	spare   B          // written, its memory to be used again
}

func (s *syncer[B]) sync(ctx context.Context) (Result, error) {
	if s.src.Chain() != s.chain {
		return Result{}, fmt.Errorf("the source serves %s, the index is of %s", s.src.Chain(), s.chain)
	}
	for range maxForks {
		err := s.run(ctx)
		if !errors.Is(err, chains.ErrReorg) {
			return s.result, err
		}
		s.log.Info("the best chain changed while it was read; looking for the fork", "chain", s.chain)
	}
	return s.result, fmt.Errorf("%w %d times while it was indexed; try again when the node has settled", chains.ErrReorg, maxForks)
}

func (s *syncer[B]) run(ctx context.Context) (err error) {
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
func (s *syncer[B]) position(ctx context.Context) (next uint64, err error) {
	view, err := s.pin(ctx, nil)
	if errors.Is(err, ErrEmpty) {
		s.last = nil
		s.batch, err = s.keeper.begin(ctx, nil, s.opt.From)
		return s.opt.From, err
	}
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, view.Close()) }()
	tip := view.asOf.Height
	fork, replaced, err := s.fork(ctx, view)
	if err != nil {
		return 0, err
	}
	if replaced {
		if err := s.undo(ctx, view, fork); err != nil {
			return 0, err
		}
		tip = fork
	}
	header, err := view.headerAt(tip)
	if err != nil {
		return 0, err
	}
	s.last = &header
	s.batch, err = s.keeper.begin(ctx, view, tip)
	return tip + 1, err
}

// fork is the highest block that the index and the source's best chain share, and
// whether the source has another in the place of the one above it.
func (s *syncer[B]) fork(ctx context.Context, view *pinned) (height uint64, replaced bool, err error) {
	height, held, err := view.below(min(view.asOf.Height, s.result.SourceTip.Height) + 1)
	for held && err == nil {
		header, err := view.headerAt(height)
		if err != nil {
			return 0, false, err
		}
		hash, err := s.src.BlockHash(ctx, height)
		switch {
		case errors.Is(err, chains.ErrNotFound): // the source's tip moved down meanwhile, or it left the block out
		case err != nil:
			return 0, false, err
		case hash == header.Hash || s.loose && (untold(hash) || untold(header.Hash)):
			return height, replaced, nil
		default:
			replaced = true
		}
		if height, held, err = view.below(height); err != nil {
			return 0, false, err
		}
	}
	if err != nil {
		return 0, false, err
	}
	if s.loose && !replaced {
		return view.asOf.Height, false, nil // the source's files hold other blocks than the index
	}
	return 0, false, fmt.Errorf("the index of %s (heights %d to %d) and the source (tip %s) share no block: remove the index's folder to start again, or use the node it was made from",
		s.chain, view.from, view.asOf.Height, s.result.SourceTip)
}

func untold(hash chains.BlockHash) bool { return hash == chains.BlockHash{} }

// follows reports whether a block can be the next after the last one.
func (s *syncer[B]) follows(block *chains.Block) bool {
	if s.last == nil || block.Parent == s.last.Hash {
		return true
	}
	return s.loose && (block.Height > s.last.Height+1 || untold(s.last.Hash) || untold(block.Parent))
}

// undo removes all blocks above a height, the highest first. What a block added
// follows from its records, so nothing else is kept for it. Each block goes in
// one synced batch.
func (s *syncer[B]) undo(ctx context.Context, view *pinned, above uint64) error {
	before := s.result.Undone
	for height := view.asOf.Height; height > above; {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := s.keeper.undoBlock(view, height); err != nil {
			return fmt.Errorf("undoing the block at height %d: %w", height, err)
		}
		s.result.Undone++
		s.report(above, s.result.Undone-before)
		var err error
		if height, _, err = view.below(height); err != nil {
			return err
		}
	}
	return nil
}

// append adds the blocks from next to target, and keeps what it has where the
// source fails. One batch is written while the following one is gathered.
func (s *syncer[B]) append(ctx context.Context, next, target uint64) error {
	for block, err := range s.src.Blocks(ctx, next, target) {
		if err == nil && !s.follows(block) {
			err = fmt.Errorf("block %s: %w", block.BlockRef, chains.ErrReorg)
		}
		if err != nil {
			return errors.Join(err, s.startWrite(ctx), s.awaitWrite())
		}
		if err := s.keeper.add(ctx, s.batch, s.writing, block); err != nil {
			return errors.Join(fmt.Errorf("block %s: %w", block.BlockRef, err), s.awaitWrite())
		}
		header := block.Header
		s.last = &header
		s.txs += uint64(len(block.Txs))
		s.result.Added++
		s.report(block.Height, s.result.Undone)
		if s.batch.full(s.limit) {
			if err := s.startWrite(ctx); err != nil {
				return errors.Join(err, s.awaitWrite())
			}
		}
	}
	return errors.Join(s.startWrite(ctx), s.awaitWrite())
}

// startWrite hands the batch over to be written, once the one before it is.
func (s *syncer[B]) startWrite(ctx context.Context) error {
	if s.batch.empty() {
		return s.awaitWrite()
	}
	if err := s.keeper.finish(ctx, s.batch); err != nil {
		return err
	}
	if err := s.awaitWrite(); err != nil {
		return err
	}
	full := s.batch
	s.writing, s.written = full, make(chan error, 1)
	s.batch = s.spare.follow(full)
	ctx = context.WithoutCancel(ctx) // an interrupted Sync keeps what it has
	go func() { s.written <- s.write(ctx, full.tables()) }()
	return nil
}

func (s *syncer[B]) awaitWrite() error {
	if s.written == nil {
		return nil
	}
	err := <-s.written
	var none B
	s.spare, s.writing, s.written = s.writing, none, nil
	return err
}

func (s *syncer[B]) report(height, undone uint64) {
	if s.opt.Progress != nil {
		s.opt.Progress(Progress{Height: height, Target: s.result.SourceTip.Height, Txs: s.txs, Undone: undone})
	}
}
