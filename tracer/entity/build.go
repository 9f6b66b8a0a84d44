package entity

import (
	"context"
	"errors"
	"fmt"
	"os"

	"tsuiseki/chains"
	"tsuiseki/tracer/cluster"
)

// Progress tells how far a Sync is.
type Progress struct {
	Height, Target uint64
}

// Result is what a Sync did.
type Result struct {
	Added, Undone    int // blocks
	Txs              uint64
	Fetched, Cached  uint64 // prevouts that had to be looked up, and that were remembered
	Addresses, Links uint32 // that are new
}

// Sync brings the clusters up to a chain's last block, and takes back the blocks that
// are no longer on it. It may be stopped at any time: whole blocks are kept, and the
// next Sync goes on.
func (s *Store) Sync(ctx context.Context, chain Chain, progress func(Progress)) (result Result, err error) {
	snapshot := chain.Snapshot()
	if snapshot.Chain != s.opt.Chain {
		return result, fmt.Errorf("the index is of %s, the clusters are of %s", snapshot.Chain, s.opt.Chain)
	}
	if err := s.start(snapshot.From); err != nil {
		return result, err
	}
	if result.Undone, err = s.undo(chain); err != nil {
		return result, err
	}
	if s.manifest.Blocks > 0 && s.log.height(s.manifest.Blocks-1) == snapshot.Height {
		return result, nil
	}
	// What is built on must be as it was written: questions check it bit by bit.
	if err := errors.Join(s.log.checkAll(), s.load()); err != nil {
		return result, err
	}
	before := s.log.now
	b := builder{store: s, chain: chain, recent: newOutputs(s.opt.CacheBytes), progress: progress, target: snapshot.Height, result: &result}
	if err := b.run(ctx); err != nil {
		s.log.rollback() // the forest may hold a part of a block, and is made anew
		return result, errors.Join(err, s.commit(), s.drop())
	}
	if err := s.commit(); err != nil {
		return result, errors.Join(err, s.drop())
	}
	result.Fetched, result.Cached = b.fetched, b.recent.hits
	result.Addresses, result.Links = s.log.now.Addresses-before.Addresses, s.log.now.Links-before.Links
	return result, s.keepState()
}

// start begins an empty store at a height, and refuses to go on at another one.
func (s *Store) start(from uint64) error {
	if s.manifest.Blocks == 0 {
		s.manifest.From, s.log.from = from, from
		if err := os.MkdirAll(s.opt.Dir, 0o750); err != nil {
			return fmt.Errorf("folder of clusters: %w", err)
		}
	}
	if s.manifest.From != from {
		return fmt.Errorf("the clusters in %s start at height %d, the index at %d: remove the folder, and they are built again", s.opt.Dir, s.manifest.From, from)
	}
	return s.manifest.removeLeftovers(s.opt.Dir)
}

// undo cuts off what the chain does not have.
func (s *Store) undo(chain Chain) (undone int, err error) {
	snapshot := chain.Snapshot()
	keep := min(s.manifest.Blocks, int(snapshot.Height+1-s.manifest.From))
	for ; keep > 0; keep-- {
		header, _, err := chain.BlockAt(s.log.height(keep - 1))
		if err != nil {
			return 0, err
		}
		row := s.log.row(keep - 1)
		if s.log.err != nil {
			return 0, s.log.err
		}
		if row.hash == header.Hash {
			break
		}
	}
	if undone = s.manifest.Blocks - keep; undone == 0 {
		return 0, nil
	}
	return undone, errors.Join(s.drop(), s.log.cut(&s.manifest, keep))
}

func (s *Store) commit() error {
	if s.log.blocks() == s.manifest.Blocks {
		return nil
	}
	return s.log.commit(&s.manifest)
}

// keepState writes a state where the last one is far behind.
func (s *Store) keepState() error {
	var last stateInfo
	if s.manifest.State != nil {
		last = *s.manifest.State
	}
	blocks := s.manifest.Blocks - s.opt.Depth
	if blocks <= last.Blocks {
		return nil
	}
	then := s.log.row(blocks - 1).sums
	if links := then.Links - last.Links; int(links) <= s.opt.Tail || links <= then.Links/1000 {
		return nil
	}
	s.forest.Undo(s.log.height(blocks - 1))
	s.forest.Forget(int(then.Addresses))
	s.table.forget(int(then.Addresses))
	s.table.merge()
	info, err := writeState(s.opt.Dir, blocks, s.forest, s.table, then.Links)
	if err == nil {
		err = s.replay(then.Links)
	}
	next := s.manifest
	next.State = info
	if err == nil {
		err = next.write(s.opt.Dir)
	}
	if err != nil {
		return errors.Join(err, s.drop())
	}
	s.manifest = next
	return s.manifest.removeLeftovers(s.opt.Dir)
}

// builder adds blocks to a store.
type builder struct {
	store    *Store
	chain    Chain
	recent   *outputs
	progress func(Progress)
	target   uint64
	result   *Result
	fetched  uint64
}

func (b *builder) run(ctx context.Context) error {
	l := b.store.log
	var block chains.BlockRef
	started := false
	for tx, err := range b.chain.Records(l.height(l.blocks())) {
		if err != nil {
			return err
		}
		if started && tx.Block.Height != block.Height {
			if err := b.endBlock(ctx, block); err != nil {
				return err
			}
		}
		block, started = tx.Block, true
		if err := b.add(tx); err != nil {
			return fmt.Errorf("transaction %s: %w", tx.ID, err)
		}
	}
	if !started {
		return nil
	}
	return b.endBlock(ctx, block)
}

func (b *builder) endBlock(ctx context.Context, block chains.BlockRef) error {
	s := b.store
	if want := s.log.height(s.log.blocks()); block.Height != want {
		return fmt.Errorf("the index gives the block at height %d in place of that at %d: %w", block.Height, want, chains.ErrCorrupt)
	}
	s.log.endBlock(block.Hash)
	b.result.Added++
	if b.progress != nil {
		b.progress(Progress{block.Height, b.target})
	}
	if s.log.pending() >= s.opt.CommitBytes {
		if err := s.commit(); err != nil {
			return err
		}
	}
	return errors.Join(ctx.Err(), s.err())
}

// add adds a transaction's links.
func (b *builder) add(tx *chains.Tx) error {
	b.result.Txs++
	defer b.recent.remember(tx)
	if tx.Coinbase() {
		return nil
	}
	for i := range tx.Inputs {
		tx.Inputs[i].Spent = b.recent.take(tx.Inputs[i].Prevout)
	}
	if len(tx.Inputs) < 2 {
		return nil // it joins nothing
	}
	missing := false
	for i := range tx.Inputs {
		in := &tx.Inputs[i]
		if in.Spent == nil {
			var err error
			if in.Spent, err = b.chain.Prevout(in.Prevout, tx.Position()); err != nil {
				return err
			}
			b.fetched++
		}
		missing = missing || in.Spent == nil
	}
	if missing {
		b.store.log.now.Missing++
	}
	if oneScript(tx) {
		return nil
	}
	describe := cluster.DescribeInputs
	if cluster.GuardReadsOutputs(tx) {
		describe = cluster.Describe
	}
	return b.link(describe(tx, b.store.opt.Scripts))
}

// oneScript reports whether all inputs that are known spend one script.
func oneScript(tx *chains.Tx) bool {
	var script []byte
	for i := range tx.Inputs {
		spent := tx.Inputs[i].Spent
		switch {
		case spent == nil:
		case script == nil:
			script = spent.Script
		case string(script) != string(spent.Script):
			return false
		}
	}
	return true
}

func (b *builder) link(tx *chains.Tx) error {
	s := b.store
	for _, e := range cluster.CoSpend(tx, func(tx *chains.Tx) cluster.Verdict {
		verdict := cluster.DoNotCluster(tx)
		if verdict != cluster.No {
			s.log.now.Guarded++
		}
		return verdict
	}) {
		from, err := s.number(e.From)
		if err != nil {
			return err
		}
		to, err := s.number(e.To)
		if err != nil {
			return err
		}
		// A wallet spends from the same addresses again and again. A link that repeats
		// the one which joined them can never change anything.
		if s.forest.Direct(from, to) {
			continue
		}
		number, err := s.log.addLink(from, to, e.At.Tx)
		if err != nil {
			return err
		}
		if _, err := s.forest.Follow(number); err != nil {
			return errors.Join(err, s.log.err)
		}
	}
	return nil
}

// number is that of an address, which gets one where it has none.
func (s *Store) number(address chains.Address) (uint32, error) {
	k := keyOf(address)
	if id, known := s.table.id(k); known {
		return id, nil
	}
	id, err := s.log.addAddress(k)
	if err != nil {
		return 0, err
	}
	s.table.add(k, id)
	s.forest.Grow(int(id) + 1)
	return id, s.table.err()
}
