package label

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"time"
)

// batch is one file being taken in: a part for each pack in it.
type batch struct {
	importer *Importer
	file     File
	now      time.Time
	next     int // number of the next segment
	parts    []*part
	ended    bool // the last part has ended
}

// part is a set being written, and what is held of it.
type part struct {
	pack   Pack
	name   string
	writer *segmentWriter
	counts SetReport
	said   map[[16]byte]struct{}
	same   bool // nothing is new: the segment is not kept

	before *importMade // nil where the set is new
	held   *segment
	slots  []slot
	buf    []byte
}

// Pack implements Receiver.
func (b *batch) Pack(p Pack) error {
	if err := b.endPart(); err != nil {
		return err
	}
	n := &part{
		pack: p, name: segmentName(b.next), said: map[[16]byte]struct{}{},
		counts: SetReport{Set: p.Set, Networks: map[string]int{}, Concepts: map[string]int{}},
	}
	b.next++
	dir := b.importer.store.opt.Dir
	var err error
	if at := b.importer.manifest.current(p.Set); at >= 0 {
		n.before = &b.importer.manifest.Imports[at]
		if n.held, err = openSegment(filepath.Join(dir, n.before.Segment), n.before.Bytes); err != nil {
			return err
		}
		if err := n.held.readSlots(func(s slot) { n.slots = append(n.slots, s) }); err != nil {
			return err
		}
	}
	if n.writer, err = newSegmentWriter(filepath.Join(dir, n.name)); err != nil {
		return err
	}
	b.parts, b.ended = append(b.parts, n), false
	return nil
}

// Label implements Receiver.
func (b *batch) Label(l Label) error {
	p := b.parts[len(b.parts)-1]
	if l.Chain == "" {
		p.counts.Networks[l.Network]++
	}
	for _, concept := range append([]string{l.Category, l.Abuse}, l.Concepts...) {
		if concept != "" && !KnownConcept(concept) {
			p.counts.Concepts[concept]++
		}
	}
	_, err := p.add(subjectKey(l.Subject()), l.record(), b.now)
	return err
}

// Note implements Receiver.
func (b *batch) Note(p Problem) {
	counts := &b.parts[len(b.parts)-1].counts
	if len(counts.Notes) < mostProblems {
		counts.Notes = append(counts.Notes, p)
	}
}

// Restart implements Receiver.
func (b *batch) Restart() {
	b.discard()
	b.next -= len(b.parts)
	b.parts, b.ended = nil, false
}

// Actor implements Receiver.
func (b *batch) Actor(a Actor) error {
	p := b.parts[len(b.parts)-1]
	added, err := p.add(a.ID, a.record(), b.now)
	if err != nil || !added {
		return err
	}
	for _, alias := range a.Aliases {
		p.writer.alias(alias)
	}
	return nil
}

// add writes a record that the part does not have yet. What the import before
// had as well keeps the time since which it is known.
func (p *part) add(subject string, record []byte, now time.Time) (bool, error) {
	sum := sha256.Sum256(record)
	if _, twice := p.said[[16]byte(sum[:16])]; twice {
		p.counts.Duplicates++
		return false, nil
	}
	p.said[[16]byte(sum[:16])] = struct{}{}
	since, kept := now.UnixMilli(), false
	if p.held != nil {
		held, found, err := p.held.sinceOf(p.slots, subject, record, p.buf)
		if err != nil {
			return false, err
		}
		if kept = found; found {
			since = held
		}
	}
	p.counts.Rows++
	if kept {
		p.counts.Kept++
	} else {
		p.counts.Added++
	}
	return true, p.writer.add(subject, since, record)
}

// endPart finishes the part under way. One that says nothing new is dropped.
func (b *batch) endPart() error {
	if len(b.parts) == 0 || b.ended {
		return nil
	}
	b.ended = true
	p := b.parts[len(b.parts)-1]
	p.said, p.slots = nil, nil
	if p.held != nil {
		if err := p.held.Close(); err != nil {
			return err
		}
		p.held = nil
		p.counts.Gone = p.before.Rows - p.counts.Kept
		if !p.counts.Changed() && reflect.DeepEqual(p.pack, p.before.Pack) && p.before.Withdrawn == "" {
			p.same = true
			p.writer.discard()
			return nil
		}
	}
	return p.writer.finish()
}

// check refuses what would take away labels that nobody meant to take away.
func (b *batch) check() error {
	for i, p := range b.parts {
		set := p.pack.Set
		if p.before != nil && shrunk(set, p.before.Rows, p.counts.Rows) && !b.importer.Force {
			return &ShrunkError{set, p.before.Rows, p.counts.Rows}
		}
		if p.before == nil {
			if err := b.checkName(set); err != nil {
				return err
			}
			p.counts.Resembles = b.importer.manifest.resembles(p)
		}
		other, seen := b.importer.seen[set]
		if slices.ContainsFunc(b.parts[:i], func(q *part) bool { return q.pack.Set == set }) {
			other, seen = "another document of this file", true
		}
		if seen && !p.same {
			return &RefusedError{Rows: 1, Problems: []Problem{{b.file.Name, 1, "", fmt.Sprintf("is the set %q as %s is, which it would take the place of", set, other)}}}
		}
	}
	for _, p := range b.parts {
		b.importer.seen[p.pack.Set] = b.file.Name
	}
	return nil
}

// checkName refuses a name given for a new set that one of another kind has: it
// would not take the place of that one.
func (b *batch) checkName(set Set) error {
	if b.file.Set == "" {
		return nil
	}
	for _, held := range b.importer.manifest.knownAt(time.Time{}) {
		if held.Set.Name == set.Name {
			return &RefusedError{Rows: 1, Problems: []Problem{{b.file.Name, 1, "", fmt.Sprintf(
				"is a %s, but %q is a %s: remove that, or give another name", set.Kind, set.Name, held.Set.Kind)}}}
		}
	}
	return nil
}

func (b *batch) discard() {
	for _, p := range b.parts {
		if p.held != nil {
			p.held.Close()
		}
		p.writer.discard()
	}
}

func (b *batch) report() *Report {
	r := &Report{File: b.file.Name, Sets: []SetReport{}}
	for _, p := range b.parts {
		r.Sets = append(r.Sets, p.counts)
	}
	return r
}

// made are the imports to enter into the manifest.
func (b *batch) made() (made []importMade) {
	input := sha256.Sum256(b.file.Data)
	for _, p := range b.parts {
		if p.same {
			continue
		}
		made = append(made, importMade{
			Pack: p.pack, KnownAt: b.now, Segment: p.name, Bytes: int64(p.writer.size), SHA256: digest(p.writer.sum), Said: digest(p.writer.said),
			Rows: p.counts.Rows, Input: filepath.Base(b.file.Name), Digest: hex.EncodeToString(input[:]),
		})
	}
	return made
}
