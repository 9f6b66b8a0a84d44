package index

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cockroachdb/pebble/v2/objstorage/objstorageprovider"
	"github.com/cockroachdb/pebble/v2/sstable"
	"github.com/cockroachdb/pebble/v2/vfs"
	"golang.org/x/sync/errgroup"
)

// values are keys with values, appended in any order.
type values struct {
	arena   []byte
	entries []entry
}

type entry struct{ start, keyEnd, end int }

// add appends a key, and the value that write appends to the arena.
func (v *values) add(key []byte, write func([]byte) ([]byte, error)) error {
	start := len(v.arena)
	v.arena = append(v.arena, key...)
	keyEnd := len(v.arena)
	arena, err := write(v.arena)
	if err != nil {
		return err
	}
	v.arena = arena
	v.entries = append(v.entries, entry{start, keyEnd, len(v.arena)})
	return nil
}

// set appends a key and its value.
func (v *values) set(key, value []byte) {
	start := len(v.arena)
	v.arena = append(append(v.arena, key...), value...)
	v.entries = append(v.entries, entry{start, start + len(key), len(v.arena)})
}

func (v *values) key(e entry) []byte   { return v.arena[e.start:e.keyEnd] }
func (v *values) value(e entry) []byte { return v.arena[e.keyEnd:e.end] }

func (v *values) reuse() { v.arena, v.entries = v.arena[:0], v.entries[:0] }

// reserve takes as much memory as another table's rows needed.
func (v *values) reserve(like *values) {
	v.arena, v.entries = make([]byte, 0, len(like.arena)), make([]entry, 0, len(like.entries))
}

// size is the memory held, in bytes.
func (v *values) size() int { return len(v.arena) + 24*len(v.entries) }

// table is the table as a sorted file. Of rows with the same key the first stays.
func (v *values) table(name byte) sortedTable {
	return sortedTable{name, len(v.entries), func(w *sstable.Writer) error { return writeValues(w, v) }}
}

func writeValues(w *sstable.Writer, v *values) error {
	compare := func(a, b entry) int { return bytes.Compare(v.key(a), v.key(b)) }
	if !slices.IsSortedFunc(v.entries, compare) {
		slices.SortFunc(v.entries, compare)
	}
	for i, e := range v.entries {
		if i > 0 && compare(v.entries[i-1], e) == 0 {
			continue // one prevout can be met twice, on both sides of a BIP30 duplicate
		}
		if err := w.Set(v.key(e), v.value(e)); err != nil {
			return err
		}
	}
	return nil
}

// sortedTable is one table's rows of a batch, which write puts out in key order.
type sortedTable struct {
	name  byte
	rows  int
	write func(*sstable.Writer) error
}

const leftover = "batch-"

// removeLeftovers deletes files of a batch that was being written when the
// process died: it never became part of the index.
func (s *store) removeLeftovers() error {
	names, err := s.fs.List(s.dir)
	for _, name := range names {
		if strings.HasPrefix(name, leftover) {
			err = errors.Join(err, s.fs.Remove(s.fs.PathJoin(s.dir, name)))
		}
	}
	return err
}

// write makes a batch part of the index, whole or not at all: each table
// becomes a sorted file, and Pebble takes all files in with one edit of its
// manifest. That costs neither log nor memtable, and a kill leaves nothing half done.
func (s *store) write(ctx context.Context, tables []sortedTable) error {
	var paths []string
	var group errgroup.Group
	group.SetLimit(2)
	for _, t := range tables {
		if t.rows == 0 {
			continue
		}
		path := s.fs.PathJoin(s.dir, fmt.Sprintf("%s%c.sst", leftover, t.name))
		paths = append(paths, path)
		group.Go(func() error { return s.writeTable(path, t.write) })
	}
	if err := group.Wait(); err != nil {
		return fmt.Errorf("writing the index in %s: %w", s.dir, err)
	}
	if err := s.db.Ingest(ctx, paths); err != nil {
		return fmt.Errorf("writing the index in %s: %w", s.dir, err)
	}
	return nil
}

func (s *store) writeTable(path string, fill func(*sstable.Writer) error) error {
	file, err := s.fs.Create(path, vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	w := sstable.NewWriter(objstorageprovider.NewFileWritable(file), s.options.MakeWriterOptions(0, s.db.TableFormat()))
	return errors.Join(fill(w), w.Close())
}
