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

// Open opens or creates a graph. One of the format before is carried on; it refuses
// one of any other.
func Open(opt Options) (*Store, error) {
	if opt.FS == nil {
		opt.FS = vfs.Default
	}
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	cache := pebble.NewCache(64 << 20)
	defer cache.Unref()
	options := &pebble.Options{FS: opt.FS, Cache: cache, Logger: pebbleLog{opt.Log}, FormatMajorVersion: pebble.FormatNewest, MemTableSize: 32 << 20, MaxOpenFiles: 500}
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
	switch found, n := binary.Uvarint(mark); {
	case n > 0 && found == formatBeforeTraces:
		if err := s.db.Set(metaKey("format"), binary.AppendUvarint(nil, format), pebble.Sync); err != nil {
			return err
		}
	case n <= 0 || found != format:
		return fmt.Errorf("the graph in %s has format %d, this program reads %d: move it away, and it is filled again from the indexes", dir, found, format)
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
