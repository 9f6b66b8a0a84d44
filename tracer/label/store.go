package label

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"tsuiseki/tracer/folder"
)

// Options say how to open a store.
type Options struct {
	Dir       string // created by the first import
	Canonical Canonical
	Now       func() time.Time
}

// ErrInUse says that another process is importing.
var ErrInUse = errors.New("another process is importing labels")

// Store keeps labels in a folder: an immutable segment for each import of a set,
// and a manifest that names them. Any number of processes may read while one imports.
type Store struct{ opt Options }

// Open opens a store, which may be empty.
func Open(opt Options) *Store { return &Store{opt} }

// Dir is the folder of the labels under a data folder.
func Dir(dataDir string) string { return filepath.Join(dataDir, "labels") }

// ShrunkError says that a sanctions list is much shorter than the one before: more
// likely it is broken than that so many were taken off it.
type ShrunkError struct {
	Set      Set
	Had, Has int
}

func (e *ShrunkError) Error() string {
	return fmt.Sprintf("the list %s has %d addresses, the last one imported had %d: is it whole? Pass --force if so", e.Set, e.Has, e.Had)
}

// shrunk allows one in ten to be taken off a list.
func shrunk(set Set, had, has int) bool { return set.Kind == SetOFAC && has*10 < had*9 }

// Importer takes in files, each as a whole or not at all.
type Importer struct {
	// Force takes lists in that are much shorter than before.
	Force bool

	store    *Store
	lock     io.Closer
	manifest manifest
	seen     map[Set]string // sets of this run, by the file that they came from
}

// Import begins an import. No other process can import until it is closed.
func (s *Store) Import() (_ *Importer, err error) {
	if err := os.MkdirAll(s.opt.Dir, 0o750); err != nil {
		return nil, fmt.Errorf("folder of labels: %w", err)
	}
	m := &Importer{store: s, seen: map[Set]string{}}
	if m.lock, err = folder.Lock(filepath.Join(s.opt.Dir, "lock"), ErrInUse); err != nil {
		return nil, err
	}
	if m.manifest, err = readManifest(s.opt.Dir); err == nil {
		err = m.removeLeftovers()
	}
	if err != nil {
		return nil, errors.Join(err, m.Close())
	}
	return m, nil
}

// Close ends the import.
func (m *Importer) Close() error { return m.lock.Close() }

// removeLeftovers removes what an import that was stopped has written.
func (m *Importer) removeLeftovers() error {
	named := map[string]bool{}
	for _, i := range m.manifest.Imports {
		named[i.Segment] = true
	}
	entries, err := os.ReadDir(m.store.opt.Dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		leftover := strings.HasSuffix(e.Name(), segmentSuffix) && !named[e.Name()] || e.Name() == manifestName+folder.Unfinished
		if leftover {
			err = errors.Join(err, os.Remove(filepath.Join(m.store.opt.Dir, e.Name())))
		}
	}
	return err
}

// Report says what a file changed.
type Report struct {
	File string      `json:"file"`
	Sets []SetReport `json:"sets"`
}

// SetReport says what an import changed in a set. Rows = Added + Kept; Gone are
// those of the import before that are no longer said.
type SetReport struct {
	Set        Set            `json:"set"`
	Rows       int            `json:"rows"`
	Added      int            `json:"added"`
	Kept       int            `json:"kept"`
	Gone       int            `json:"gone"`
	Duplicates int            `json:"duplicates"`          // said more than once by the file
	Resembles  []Set          `json:"resembles,omitempty"` // sets in force that a new set may be the new state of
	Networks   map[string]int `json:"other_networks,omitempty"`
	Concepts   map[string]int `json:"other_concepts,omitempty"`
	Notes      []Problem      `json:"notes,omitempty"` // addresses that are none of their network: kept, of no chain
}

// Changed reports whether the set is another than before.
func (r *SetReport) Changed() bool { return r.Added > 0 || r.Gone > 0 }

// File takes in a file. A *RefusedError or *ShrunkError says why nothing of it was.
func (m *Importer) File(f File) (*Report, error) {
	b := &batch{importer: m, file: f, next: m.nextSegment(), now: m.now()}
	err := Read(f, m.store.opt.Canonical, b)
	if err == nil {
		err = b.endPart()
	}
	if err == nil {
		err = b.check()
	}
	if err != nil {
		b.discard()
		return nil, err
	}
	report := b.report()
	made := b.made()
	if len(made) == 0 {
		return report, nil
	}
	return report, m.enter(made)
}

// now never goes back: what was known must not change with the clock.
func (m *Importer) now() time.Time {
	now := m.store.opt.Now().UTC().Truncate(time.Millisecond)
	if n := len(m.manifest.Imports); n > 0 && now.Before(m.manifest.Imports[n-1].KnownAt) {
		now = m.manifest.Imports[n-1].KnownAt
	}
	return now
}

func (m *Importer) nextSegment() int {
	next := 1
	for _, i := range m.manifest.Imports {
		var n int
		if _, err := fmt.Sscanf(i.Segment, "%d", &n); err == nil && n >= next {
			next = n + 1
		}
	}
	return next
}
