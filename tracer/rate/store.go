package rate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"time"

	"tsuiseki/chains"
	"tsuiseki/tracer/folder"
)

// ErrInUse says that another process is importing.
var ErrInUse = errors.New("another process is importing rates")

const (
	segmentSuffix = ".rates"
	partSuffix    = ".part"
)

// Store keeps rate files in a folder, a segment for each. Any number of processes
// may read while one imports.
type Store struct{ dir string }

// Dir is the folder of the rates under a data folder.
func Dir(dataDir string) string { return filepath.Join(dataDir, "rates") }

// OpenStore opens a store, which may be empty; the first import makes the folder.
func OpenStore(dir string) *Store { return &Store{dir} }

// Import takes in a file, whole or not at all: a *RefusedError says why not. The
// same file, of which the same is said, is taken in once; again tells of that.
func (s *Store) Import(ctx context.Context, opt FileOptions, now time.Time) (made Stored, again bool, err error) {
	if err := os.MkdirAll(s.dir, 0o750); err != nil {
		return made, false, fmt.Errorf("folder of rates: %w", err)
	}
	held, err := folder.Lock(filepath.Join(s.dir, "lock"), ErrInUse)
	if err != nil {
		return made, false, err
	}
	defer func() { err = errors.Join(err, held.Close()) }()
	if err := s.removeLeftovers(); err != nil {
		return made, false, err
	}
	known, err := s.List()
	if err != nil {
		return made, false, err
	}
	next := 1
	if len(known) > 0 {
		next = known[len(known)-1].ID + 1
	}
	name := fmt.Sprintf("%08d%s", next, segmentSuffix)
	part := filepath.Join(s.dir, name+partSuffix)
	if made, err = writeSegment(ctx, opt, part, s.dir, now); err != nil {
		return made, false, err
	}
	made.ID = next
	for _, k := range known {
		if k.SHA256 == made.SHA256 && k.Days == made.Days && k.Options == made.Options {
			return k, true, os.Remove(part)
		}
	}
	if err := os.Rename(part, filepath.Join(s.dir, name)); err != nil {
		return made, false, err
	}
	return made, false, folder.Sync(s.dir)
}

// removeLeftovers removes what an import that was stopped has written.
func (s *Store) removeLeftovers() error {
	parts, err := filepath.Glob(filepath.Join(s.dir, "*"+partSuffix))
	if err != nil {
		return err
	}
	for _, path := range parts {
		err = errors.Join(err, os.RemoveAll(path))
	}
	return err
}

var segmentName = regexp.MustCompile(`^[0-9]{8,}\.rates$`)

// segments are the paths of all segments with their numbers, oldest first.
func (s *Store) segments() (paths []string, ids []int, err error) {
	entries, err := os.ReadDir(s.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int {
		return cmp.Or(cmp.Compare(len(a.Name()), len(b.Name())), cmp.Compare(a.Name(), b.Name()))
	})
	for _, e := range entries {
		if !segmentName.MatchString(e.Name()) {
			continue
		}
		id, err := strconv.Atoi(e.Name()[:len(e.Name())-len(segmentSuffix)])
		if err != nil {
			return nil, nil, corrupt(filepath.Join(s.dir, e.Name()), "%v", err)
		}
		paths, ids = append(paths, filepath.Join(s.dir, e.Name())), append(ids, id)
	}
	return paths, ids, nil
}

// List says what is held, oldest first.
func (s *Store) List() (list []Stored, err error) {
	paths, ids, err := s.segments()
	if err != nil {
		return nil, err
	}
	for i, path := range paths {
		segment, err := openSegment(path)
		if err != nil {
			return nil, err
		}
		segment.ID = ids[i]
		list = append(list, segment.Stored)
		if err := segment.close(); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// Remove takes a file's rates out of the store for good.
func (s *Store) Remove(id int) (err error) {
	held, err := folder.Lock(filepath.Join(s.dir, "lock"), ErrInUse)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("rates %d: %w: nothing is registered", id, chains.ErrNotFound)
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, held.Close()) }()
	path := filepath.Join(s.dir, fmt.Sprintf("%08d%s", id, segmentSuffix))
	if err := os.Remove(path); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("rates %d: %w: tsuiseki rate list shows the numbers", id, chains.ErrNotFound)
	} else if err != nil {
		return err
	}
	return folder.Sync(s.dir)
}

// Open opens all rates held.
func (s *Store) Open() (*Book, error) {
	paths, ids, err := s.segments()
	if err != nil {
		return nil, err
	}
	return openBook(paths, ids)
}

// OpenFiles reads rate files without registering them, into a folder that goes
// with the book. The last named counts as the newest.
func OpenFiles(ctx context.Context, files []FileOptions) (_ *Book, err error) {
	dir, err := os.MkdirTemp("", "tsuiseki-rates-")
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(dir))
		}
	}()
	var paths []string
	for i, opt := range files {
		path := filepath.Join(dir, fmt.Sprintf("%08d%s", i+1, segmentSuffix))
		if _, err := writeSegment(ctx, opt, path, dir, time.Time{}); err != nil {
			return nil, err
		}
		paths = append(paths, path)
	}
	book, err := openBook(paths, make([]int, len(paths)))
	if err != nil {
		return nil, err
	}
	book.temporary = dir
	return book, nil
}

// writeSegment turns a file into a segment at a path, which is not there where it
// fails. A folder in dir holds what does not fit in memory.
func writeSegment(ctx context.Context, opt FileOptions, path, dir string, now time.Time) (made Stored, err error) {
	spill, err := os.MkdirTemp(dir, "sort-*"+partSuffix)
	if err != nil {
		return made, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(spill)) }()
	rows := &sorter{dir: spill, most: sortedRows}
	r, s, err := readFile(ctx, opt, rows.add)
	if err != nil {
		return made, err
	}
	w, err := newSegmentWriter(path)
	if err != nil {
		return made, err
	}
	defer func() {
		if err != nil {
			os.Remove(path)
		}
	}()
	info, err := os.Stat(opt.Path)
	if err != nil {
		return made, errors.Join(err, w.discard())
	}
	w.meta = Stored{
		File: r.name, SHA256: s.sha256, Bytes: info.Size(), Encoding: s.encoding, Days: r.opt.Days, Rows: r.rows,
		Ignored: append([]string{}, r.ignored...), Series: []StoredSeries{},
		Options: storedOptions{opt.Source, string(opt.Asset), string(opt.Chain), opt.Quote},
	}
	if !now.IsZero() {
		w.meta.ImportedAt = now.Unix()
	}
	if err := r.write(ctx, rows, w); err != nil {
		return made, errors.Join(err, w.discard())
	}
	err = w.finish()
	return w.meta, err
}

// write hands rows on, each moment once. Two rates for one moment are a mistake.
func (r *reader) write(ctx context.Context, rows *sorter, w *segmentWriter) error {
	var last row
	first := true
	err := rows.each(ctx, func(next row) error {
		if !first && next.series == last.series && next.At == last.At {
			if next.Rate == last.Rate {
				w.meta.Duplicates++
				return nil
			}
			if r.refused++; len(r.problems) < mostProblems {
				r.problems = append(r.problems, differs(r.name, last, next))
			}
			return nil
		}
		first, last = false, next
		return w.add(next, r.list[next.series])
	})
	if err != nil {
		return err
	}
	return r.verdict()
}
