// Package entity keeps the clusters of a UTXO chain on disk, as far as its index
// goes, and answers what belongs together, by which links, and what was held back.
//
// The truth is a log of the links that each block's transactions make; the clusters
// are made of it alone. Collapse control by labels is no part of what is kept: labels
// change, and what was known on a day can be asked for. So it is applied to an answer.
package entity

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"log/slog"
	"os"
	"path/filepath"

	"tsuiseki/chains"
	"tsuiseki/tracer/cluster"
)

// Chain is what clusters ask of an index, as of one block.
type Chain interface {
	Snapshot() chains.Snapshot
	// BlockAt is a block's header and its number of transactions.
	BlockAt(height uint64) (chains.Header, int, error)
	// Records yields the transactions from a height on in chain order, without prevouts.
	Records(from uint64) iter.Seq2[*chains.Tx, error]
	// Prevout is what an input at a position spends; nil where it is not held.
	Prevout(outpoint chains.Outpoint, spender chains.Position) (*chains.Output, error)
	// TxAt is a transaction with its prevouts where known.
	TxAt(at chains.Position) (*chains.Tx, error)
}

// Options say how to open a store. Whoever has the chain's index open may have the
// store open, and nobody else.
type Options struct {
	Dir     string // created by the first Sync
	Chain   chains.Chain
	Scripts chains.Scripts
	Log     *slog.Logger

	Giant       int // see cluster.Control; a store keeps the one that it was made with
	CacheBytes  int // for outputs that may be spent soon; 0 is 256 MiB
	CommitBytes int // what a Sync gathers before it is written; 0 is 16 MiB
	// A state is written where more than Tail links, and more than 1/1000 of all, came
	// since the last one (0 is 100,000), as of Depth blocks below the last (0 is 10):
	// where a reorganisation goes deeper, the state has to be made anew.
	Tail  int
	Depth int
}

func (o *Options) defaults() {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	o.Giant = cmp.Or(o.Giant, cluster.DefaultGiant)
	o.CacheBytes = cmp.Or(o.CacheBytes, 256<<20)
	o.CommitBytes = cmp.Or(o.CommitBytes, 16<<20)
	o.Tail, o.Depth = cmp.Or(o.Tail, 100_000), cmp.Or(o.Depth, 10)
}

// Dir is the folder of a chain's clusters under a data folder.
func Dir(dataDir string, chain chains.Chain) string {
	return filepath.Join(dataDir, "clusters", string(chain))
}

// Store keeps one chain's clusters. It serves one goroutine at a time.
type Store struct {
	opt      Options
	manifest manifest
	log      *chainLog

	// Made when asked for.
	forest *cluster.Forest
	table  *table
	state  *mapping
}

// Open opens a store; one that is not there is empty. It refuses one of another
// chain, made by other rules, or of another format.
func Open(opt Options) (_ *Store, err error) {
	opt.defaults()
	s := &Store{opt: opt}
	s.manifest, err = readManifest(opt.Dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		s.manifest = newManifest(opt.Chain, opt.Giant)
	case err != nil:
		return nil, err
	}
	if err := s.manifest.check(opt.Dir, opt.Chain, opt.Giant); err != nil {
		return nil, err
	}
	s.log, err = openLog(opt.Dir, &s.manifest)
	return s, err
}

// Close gives memory and files back. Views must not be used afterwards.
func (s *Store) Close() error {
	return errors.Join(s.drop(), s.log.Close())
}

// drop gives the forest back, which is made again when asked for.
func (s *Store) drop() error {
	err := s.state.Close()
	s.forest, s.table, s.state = nil, nil, nil
	return err
}

// load makes the forest as of the last block: from the state, if there is one, and
// the links that came since.
func (s *Store) load() (err error) {
	if s.forest != nil {
		return nil
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.drop())
		}
	}()
	control := cluster.Control{Giant: s.manifest.Giant}
	links := uint32(0)
	if info := s.manifest.State; info != nil {
		s.forest, s.table, s.state, err = openState(s.opt.Dir, info, s.log, control)
		switch {
		case errors.Is(err, fs.ErrNotExist): // a person has removed it
			s.opt.Log.Info("the state of the clusters is not there, and made anew from the log", "file", info.File)
			s.manifest.State = nil
		case err != nil:
			return err
		default:
			links = info.Links
		}
	}
	if s.forest == nil {
		empty := func() *cluster.Column { return cluster.NewColumn(nil) }
		s.forest = cluster.Over(s.log, control, cluster.State{Up: empty(), Via: empty(), Next: empty(), Low: empty()})
		s.table = newTable(s.log, int(s.log.now.Addresses))
	}
	return s.replay(links)
}

// replay follows the log from a link on.
func (s *Store) replay(after uint32) error {
	for id := uint32(s.table.count()); id < s.log.now.Addresses; id++ {
		s.table.add(s.log.keyAt(id), id)
	}
	s.forest.Grow(int(s.log.now.Addresses))
	for number := after + 1; number <= s.log.now.Links; number++ {
		if _, err := s.forest.Follow(number); err != nil {
			return errors.Join(err, s.log.err)
		}
	}
	return s.err()
}

// err says what damage was met; no answer is good where there is some.
func (s *Store) err() error {
	return errors.Join(s.log.err, s.table.err(), s.forest.Err())
}

// Status is what a store holds.
type Status struct {
	Empty     bool
	From      uint64
	Tip       chains.BlockRef // the last block
	Addresses uint32          // that some link joins to others
	Links     uint32
	Missing   uint32 // transactions of several inputs of which not all are known
	Guarded   uint32 // transactions that the guard stopped
	DiskBytes uint64
}

// Status tells what the store holds.
func (s *Store) Status() (st Status, err error) {
	st = Status{Empty: s.manifest.Blocks == 0, From: s.manifest.From}
	if !st.Empty {
		last := s.log.row(s.manifest.Blocks - 1)
		st.Tip = chains.BlockRef{Height: s.log.height(s.manifest.Blocks - 1), Hash: last.hash}
		st.Addresses, st.Links, st.Missing, st.Guarded = last.Addresses, last.Links, last.Missing, last.Guarded
	}
	entries, err := os.ReadDir(s.opt.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return st, nil
	}
	for _, e := range entries {
		info, statErr := e.Info()
		if statErr != nil {
			return st, statErr
		}
		st.DiskBytes += uint64(info.Size()) // a state's holes count as if they were full
	}
	return st, errors.Join(err, s.log.err)
}

// Verify reads every file whole, holds it against its checksums, and the state
// against the clusters that the log makes.
func (s *Store) Verify() error {
	if err := s.log.checkAll(); err != nil {
		return err
	}
	if err := errors.Join(s.drop(), s.load()); err != nil {
		return err
	}
	if s.manifest.State == nil {
		return nil
	}
	mapped, t := s.forest, s.table
	fresh := &Store{opt: s.opt, manifest: s.manifest, log: s.log}
	fresh.manifest.State = nil
	if err := fresh.load(); err != nil {
		return err
	}
	path := filepath.Join(s.opt.Dir, s.manifest.State.File)
	for id := range uint32(mapped.Len()) {
		got, gotErr := mapped.Entity(id)
		want, wantErr := fresh.forest.Entity(id)
		number, found := t.id(s.log.keyAt(id))
		if err := errors.Join(gotErr, wantErr, s.err()); err != nil {
			return err
		}
		if got != want || !found || number != id {
			return damagedState(path, fmt.Sprintf("what it says of address %d is", id))
		}
	}
	return nil
}
