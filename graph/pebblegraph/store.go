// Package pebblegraph keeps the case graph in a folder, by Pebble: the default.
package pebblegraph

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"tsuiseki/chains"
	"tsuiseki/graph"
)

// Options say how to open a graph.
type Options struct {
	Dir string // created where it is not there
	Log *slog.Logger
	FS  vfs.FS // nil means the disk
}

// ErrInUse says that another process has the graph open.
var ErrInUse = errors.New("the graph is in use by another process")

// Store keeps a graph. It implements graph.Archive.
type Store struct {
	db *pebble.DB

	mu     sync.Mutex // guards chains
	chains map[chains.Chain]chainID

	// tracing is held from reading a trace until what replaces it is written.
	tracing sync.Mutex
}

var _ graph.Archive = (*Store)(nil)

// cacheBytes is how much of the graph is kept in memory, once it was read.
const cacheBytes = 256 << 20

// Open opens or creates a graph. It refuses one of another format.
func Open(opt Options) (*Store, error) {
	if opt.FS == nil {
		opt.FS = vfs.Default
	}
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	cache := pebble.NewCache(cacheBytes)
	defer cache.Unref()
	options := &pebble.Options{
		FS: opt.FS, Cache: cache, Logger: pebbleLog{opt.Log}, FormatMajorVersion: pebble.FormatNewest, MaxOpenFiles: 500,
		// Much is written at once, when a graph is filled or copied, in no order: few
		// large merges cost less than many small ones.
		MemTableSize: 64 << 20, MemTableStopWritesThreshold: 4,
		L0CompactionThreshold: 4, L0StopWritesThreshold: 24, LBaseMaxBytes: 256 << 20, TargetFileSizes: [7]int64{16 << 20},
	}
	// Questions jump from address to address: an index of one level saves them a block.
	options.Levels[0].IndexBlockSize = 1 << 20
	if err := opt.FS.MkdirAll(opt.Dir, 0o750); err != nil {
		return nil, fmt.Errorf("graph folder: %w", err)
	}
	db, err := pebble.Open(opt.Dir, options)
	if err != nil {
		if strings.Contains(err.Error(), "temporarily unavailable") || strings.Contains(err.Error(), "lock held") {
			return nil, fmt.Errorf("%s: %w: wait for it, or stop it", opt.Dir, ErrInUse)
		}
		return nil, fmt.Errorf("opening the graph in %s: %w", opt.Dir, err)
	}
	s := &Store{db: db, chains: map[chains.Chain]chainID{}}
	if err := s.identify(opt.Dir); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return s, nil
}

// Close implements graph.Store.
func (s *Store) Close() error { return s.db.Close() }

func metaKey(name string) []byte { return append([]byte{tableMeta}, name...) }

// identify marks a new store, compares an old one's mark, and reads the chains.
func (s *Store) identify(dir string) error {
	mark, err := s.get(metaKey("format"))
	switch {
	case errors.Is(err, pebble.ErrNotFound):
		return s.db.Set(metaKey("format"), binary.AppendUvarint(nil, format), pebble.Sync)
	case err != nil:
		return err
	}
	if found, n := binary.Uvarint(mark); n <= 0 || found != format {
		return otherFormat(dir, found)
	}
	prefix := metaKey("chain ")
	it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: prefix, UpperBound: upper(prefix)})
	if err != nil {
		return err
	}
	for ok := it.First(); ok; ok = it.Next() {
		r := &reader{b: it.Value()}
		s.chains[chains.Chain(it.Key()[len(prefix):])] = chainID(r.uvarint())
		err = errors.Join(err, r.err)
	}
	return errors.Join(err, it.Error(), it.Close())
}

// otherFormat says what to do about a graph that this program cannot read.
func otherFormat(dir string, found uint64) error {
	if found == 1 {
		return fmt.Errorf("the graph in %s has format 1, this program reads %d: remove the folder. Nothing is lost: format 1 held what the indexes hold, and it is filled again from them", dir, format)
	}
	return fmt.Errorf("the graph in %s has format %d, this program reads %d: use the program that wrote it, or move the folder away. "+
		"What the indexes hold is filled again from them; what traces said of it is not, until the cases are traced again", dir, found, format)
}

// chain is the number of a chain; false where the graph holds nothing of it.
func (s *Store) chain(name chains.Chain) (chainID, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id, known := s.chains[name]
	return id, known
}

// number gives a chain its number, kept at once: numbers are never given twice.
func (s *Store) number(name chains.Chain) (chainID, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if id, known := s.chains[name]; known {
		return id, nil
	}
	id := chainID(len(s.chains))
	if err := s.db.Set(metaKey("chain "+string(name)), binary.AppendUvarint(nil, uint64(id)), pebble.Sync); err != nil {
		return 0, err
	}
	s.chains[name] = id
	return id, nil
}

// get reads a row; pebble.ErrNotFound where there is none.
func (s *Store) get(key []byte) ([]byte, error) {
	value, closer, err := s.db.Get(key)
	if err != nil {
		return nil, err
	}
	value = append([]byte{}, value...)
	return value, closer.Close()
}

// rows calls each for every row between two keys, the second not included, until it
// says false or ctx is done.
func (s *Store) rows(ctx context.Context, it *pebble.Iterator, from, to []byte, each func(key, value []byte) (bool, error)) error {
	it.SetBounds(from, to)
	for ok := it.First(); ok; ok = it.Next() {
		if err := ctx.Err(); err != nil {
			return err
		}
		if goOn, err := each(it.Key(), it.Value()); err != nil || !goOn {
			return err
		}
	}
	return it.Error()
}

// pebbleLog passes Pebble's complaints on and keeps its chatter back.
type pebbleLog struct{ log *slog.Logger }

func (l pebbleLog) Infof(format string, args ...any)  { l.log.Debug(fmt.Sprintf(format, args...)) }
func (l pebbleLog) Errorf(format string, args ...any) { l.log.Error(fmt.Sprintf(format, args...)) }
func (l pebbleLog) Fatalf(format string, args ...any) {
	l.log.Error(fmt.Sprintf(format, args...))
	panic("pebble: " + fmt.Sprintf(format, args...))
}
