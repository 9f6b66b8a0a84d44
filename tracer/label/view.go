package label

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"tsuiseki/chains"
)

// View answers what was known at a time. It holds 16 bytes a label in memory; the
// rest is read when asked for. It may be used by several goroutines at once.
type View struct {
	dir     string
	imports []importMade
	sets    []SetInfo // the same, by kind and name
	slots   []slot    // offset holds the import's number too
	actors  []slot

	mu   sync.Mutex
	open map[int]*segment
}

// An offset takes the low bits of a slot, the number of its import the others.
const offsetBits = 40

// mostOpen is how many segments a view keeps open.
const mostOpen = 256

// View opens what was known at a time; a zero time is now.
func (s *Store) View(knownAt time.Time) (_ *View, err error) {
	m, err := readManifest(s.opt.Dir)
	if err != nil {
		return nil, err
	}
	v := &View{dir: s.opt.Dir, imports: m.knownAt(knownAt), open: map[int]*segment{}}
	v.sets = slices.DeleteFunc(m.sets(knownAt), func(set SetInfo) bool { return set.Withdrawn != "" })
	defer func() {
		if err != nil {
			err = errors.Join(err, v.Close())
		}
	}()
	rows := 0
	for i := range v.imports {
		rows += v.imports[i].Rows
	}
	v.slots = make([]slot, 0, rows)
	for i := range v.imports {
		into := &v.slots
		if v.imports[i].isActors() {
			into = &v.actors
		}
		err := v.with(i, func(seg *segment) error {
			return seg.readSlots(func(s slot) {
				s.offset |= uint64(i) << offsetBits
				*into = append(*into, s)
			})
		})
		if err != nil {
			return nil, err
		}
	}
	slices.SortFunc(v.slots, compareSlots)
	slices.SortFunc(v.actors, compareSlots)
	return v, nil
}

// Close closes the files of the view.
func (v *View) Close() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	var errs []error
	for _, s := range v.open {
		errs = append(errs, s.Close())
	}
	v.open = map[int]*segment{}
	return errors.Join(errs...)
}

// with lends an import's segment.
func (v *View) with(i int, use func(*segment) error) error {
	v.mu.Lock()
	s := v.open[i]
	var err error
	if s == nil {
		if s, err = openSegment(filepath.Join(v.dir, v.imports[i].Segment), v.imports[i].Bytes); err != nil {
			v.mu.Unlock()
			return err
		}
		if len(v.open) < mostOpen {
			v.open[i] = s
		} else {
			defer s.Close()
		}
	}
	v.mu.Unlock()
	return use(s)
}

// Empty reports whether nothing is known.
func (v *View) Empty() bool { return len(v.slots) == 0 }

// Digest identifies what the view says, whenever it became known; it is empty
// where nothing is known.
func (v *View) Digest() string {
	if v.Empty() {
		return ""
	}
	var lines []string
	for i := range v.imports {
		if !v.imports[i].isActors() {
			lines = append(lines, fmt.Sprintf("%s\x00%s\n", v.imports[i].Set, v.imports[i].Said))
		}
	}
	slices.Sort(lines)
	sum := sha256.New()
	for _, line := range lines {
		sum.Write([]byte(line))
	}
	return "sha256:" + hex.EncodeToString(sum.Sum(nil))
}

// Entry is a label in the store.
type Entry struct {
	Label
	Sets  []Set     // all that say it, word for word
	Since time.Time // when it was first known, and has been since
}

// Of finds what is said of an address, or a transaction, on a chain and valid at a
// time; the best first, as Compare orders them. An empty chain asks for all, a zero
// time for whenever.
func (v *View) Of(chain chains.Chain, subject string, valid time.Time) ([]Entry, error) {
	key := subjectKey(subject)
	var found []Entry
	err := v.records(v.slots, key, func(i int, since int64, record []byte) error {
		l, err := decodeLabel(record)
		if err != nil {
			return fmt.Errorf("%s: %w", v.imports[i].Segment, err)
		}
		if subjectKey(l.Subject()) == key && (chain == "" || l.Chain == chain) && l.ValidAt(valid) {
			found = addEntry(found, Entry{l, []Set{v.imports[i].Set}, time.UnixMilli(since).UTC()})
		}
		return nil
	})
	slices.SortFunc(found, func(a, b Entry) int { return a.Compare(&b) })
	return found, err
}

// addEntry joins what several sets say word for word.
func addEntry(found []Entry, e Entry) []Entry {
	record := e.record()
	for i := range found {
		if !bytes.Equal(found[i].record(), record) {
			continue
		}
		found[i].Sets = append(found[i].Sets, e.Sets...)
		if e.Since.Before(found[i].Since) {
			found[i].Since = e.Since
		}
		return found
	}
	return append(found, e)
}

// records reads the records whose subject may be the one asked for.
func (v *View) records(slots []slot, subject string, take func(i int, since int64, record []byte) error) error {
	matches := slotsOf(slots, hashOf(subject))
	if len(matches) == 0 {
		return nil
	}
	var buf [1024]byte
	for _, s := range matches {
		i := int(s.offset >> offsetBits)
		err := v.with(i, func(seg *segment) error {
			since, record, err := seg.record(s.offset&(1<<offsetBits-1), buf[:0])
			if err != nil {
				return err
			}
			return take(i, since, record)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Actor finds an actor by its id, or by an alias that one gives.
func (v *View) Actor(id string) (found Actor, ok bool, err error) {
	err = v.records(v.actors, id, func(_ int, _ int64, record []byte) error {
		a, err := decodeActor(record)
		if err == nil && (a.ID == id || !ok && slices.Contains(a.Aliases, id)) {
			found, ok = a, true
		}
		return err
	})
	return found, ok, err
}

// Each reads all that a set says, in the order of its source; take's other is nil.
func (v *View) Each(set Set, take func(*Label, *Actor, time.Time) error) error {
	i := slices.IndexFunc(v.imports, func(m importMade) bool { return m.Set == set })
	if i < 0 {
		return fmt.Errorf("set %q of labels: %w", set, chains.ErrNotFound)
	}
	return v.with(i, func(seg *segment) error {
		return seg.all(func(since int64, record []byte) error {
			if v.imports[i].isActors() {
				a, err := decodeActor(record)
				if err != nil {
					return err
				}
				return take(nil, &a, time.UnixMilli(since).UTC())
			}
			l, err := decodeLabel(record)
			if err != nil {
				return err
			}
			return take(&l, nil, time.UnixMilli(since).UTC())
		})
	})
}

// Verify reads every file in force whole, and holds it to the digest in the manifest.
func (v *View) Verify() error {
	for i := range v.imports {
		sum := sha256.New()
		err := v.with(i, func(seg *segment) error {
			return seg.digestInto(sum, v.imports[i].Bytes)
		})
		if err != nil {
			return err
		}
		if digest(sum) != v.imports[i].SHA256 {
			return corrupt(filepath.Join(v.dir, v.imports[i].Segment), "its SHA-256 is not that of the manifest")
		}
	}
	return nil
}
