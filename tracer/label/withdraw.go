package label

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"tsuiseki/chains"
	"tsuiseki/tracer/folder"
)

// Withdraw takes a set out of force from now on, and keeps why. Nothing is deleted:
// what was known before is known of those days, and a new import of the set brings
// it back. It says how many rows are no longer said and since when. An error wraps
// chains.ErrNotFound where no such set is in force.
func (m *Importer) Withdraw(set Set, reason string) (rows int, at time.Time, err error) {
	if reason = clean(reason); reason == "" {
		return 0, at, errors.New("a set is withdrawn for a reason: say which")
	}
	held := m.manifest.current(set)
	if held < 0 || m.manifest.Imports[held].Withdrawn != "" {
		return 0, at, fmt.Errorf("set %q of labels: %w", set, chains.ErrNotFound)
	}
	// A set withdrawn is a set that says nothing: to a reader of any version.
	name := segmentName(m.nextSegment())
	w, err := newSegmentWriter(filepath.Join(m.store.opt.Dir, name))
	if err != nil {
		return 0, at, err
	}
	if err := w.finish(); err != nil {
		w.discard()
		return 0, at, err
	}
	at = m.now()
	before := &m.manifest.Imports[held]
	made := importMade{
		Pack: before.Pack, KnownAt: at, Segment: name, Bytes: int64(w.size), SHA256: digest(w.sum), Said: digest(w.said),
		Input: before.Input, Digest: before.Digest, Withdrawn: reason,
	}
	return before.Rows, at, m.enter([]importMade{made})
}

// enter adds imports to the manifest, whose segments are written.
func (m *Importer) enter(made []importMade) error {
	if err := folder.Sync(m.store.opt.Dir); err != nil {
		return err
	}
	next := manifest{manifestFormat, append(slices.Clip(m.manifest.Imports), made...)}
	if err := next.write(m.store.opt.Dir); err != nil {
		return fmt.Errorf("writing the manifest of labels: %w", err)
	}
	m.manifest = next
	return nil
}

func segmentName(n int) string { return fmt.Sprintf("%08d%s", n, segmentSuffix) }
