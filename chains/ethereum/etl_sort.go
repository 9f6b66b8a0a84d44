package ethereum

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"slices"
	"sort"
)

// etlSorter takes records in any order and keeps them sorted by key: in memory
// up to its limit, beyond it in sorted runs on disk. Runs of one level are
// merged into one of the next when they become many, so that neither open files
// nor read buffers grow with the export.
type etlSorter struct {
	limit       int
	temp        *etlTemp
	pages       [][]byte   // hold the records, each behind its length
	page        int        // the one being filled
	entries     []etlEntry // of all records in pages
	size        int
	levels      [][]*etlRun
	first, last uint64 // heights
}

// etlEntry is where a record stands in memory.
type etlEntry struct {
	key       uint64
	page, pos uint32
}

const (
	etlPage      = 256 << 10
	etlEntrySize = 16
	etlFanIn     = 64       // runs of a level
	etlBuffer    = 64 << 10 // read from a run at once
	etlRunHead   = 12       // key and length before each record of a run
)

func (s *etlSorter) add(key uint64, record []byte) error {
	if key <= etlMaxHeight {
		s.first, s.last = min(s.first, key), max(s.last, key)
	}
	need := len(record) + 4
	if s.size+need+etlEntrySize > s.limit && len(s.entries) > 0 {
		if err := s.spill(); err != nil {
			return err
		}
	}
	if len(s.pages) > 0 && len(s.pages[s.page])+need > cap(s.pages[s.page]) {
		s.page++
	}
	if s.page >= len(s.pages) || cap(s.pages[s.page]) < need {
		s.pages = slices.Insert(s.pages, s.page, make([]byte, 0, max(need, min(etlPage, s.limit))))
	}
	page := s.pages[s.page]
	s.entries = append(s.entries, etlEntry{key, uint32(s.page), uint32(len(page))})
	page = binary.LittleEndian.AppendUint32(page, uint32(len(record)))
	s.pages[s.page] = append(page, record...)
	s.size += need + etlEntrySize
	return nil
}

func (s *etlSorter) record(e etlEntry) []byte {
	at := s.pages[e.page][e.pos:]
	return at[4 : 4+binary.LittleEndian.Uint32(at)]
}

func (s *etlSorter) sort() {
	slices.SortFunc(s.entries, func(a, b etlEntry) int { return cmp.Compare(a.key, b.key) })
}

// spill writes what is in memory as a run.
func (s *etlSorter) spill() error {
	s.sort()
	run, err := s.temp.newRun()
	if err != nil {
		return err
	}
	for _, e := range s.entries {
		if err := run.write(e.key, s.record(e)); err != nil {
			return err
		}
	}
	s.entries, s.page, s.size = s.entries[:0], 0, 0
	s.pages = slices.DeleteFunc(s.pages, func(page []byte) bool { return cap(page) > etlPage })
	for i := range s.pages {
		s.pages[i] = s.pages[i][:0]
	}
	return s.keep(0, run)
}

// keep adds a finished run to a level.
func (s *etlSorter) keep(level int, run *etlRun) error {
	if err := run.out.Flush(); err != nil {
		return err
	}
	run.out = nil
	if level == len(s.levels) {
		s.levels = append(s.levels, nil)
	}
	s.levels[level] = append(s.levels[level], run)
	if len(s.levels[level]) < etlFanIn {
		return nil
	}
	merged, err := s.temp.newRun()
	if err != nil {
		return err
	}
	m, err := newMerge(s.levels[level], nil, 0)
	for err == nil && len(m) > 0 {
		if err = merged.write(m[0].key, m[0].record); err == nil {
			err = m.advance()
		}
	}
	for _, run := range s.levels[level] {
		err = errors.Join(err, s.temp.remove(run))
	}
	s.levels[level] = nil
	if err != nil {
		return err
	}
	return s.keep(level+1, merged)
}

// etlRun is a file of records in the order of their keys.
type etlRun struct {
	file  *os.File
	out   *bufio.Writer // while it is written
	size  int64
	marks []etlMark // one about every etlBuffer bytes
}

// etlMark says that the record at an offset has the key.
type etlMark struct {
	key    uint64
	offset int64
}

func (r *etlRun) write(key uint64, record []byte) error {
	if last := len(r.marks) - 1; last < 0 || (r.size-r.marks[last].offset >= etlBuffer && key > r.marks[last].key) {
		r.marks = append(r.marks, etlMark{key, r.size})
	}
	var head [etlRunHead]byte
	binary.LittleEndian.PutUint64(head[:], key)
	binary.LittleEndian.PutUint32(head[8:], uint32(len(record)))
	r.size += int64(len(head) + len(record))
	_, err := r.out.Write(head[:])
	if err == nil {
		_, err = r.out.Write(record)
	}
	return err
}

// etlCursor walks over a run on disk, or over what a sorter has in memory.
type etlCursor struct {
	key    uint64
	record []byte // valid until the next advance
	done   bool

	in     *bufio.Reader
	sorter *etlSorter
	pos    int
}

// cursorAt is a cursor on a run's first record with a key or one above it.
func (r *etlRun) cursorAt(key uint64) (*etlCursor, error) {
	// The mark before the first that is not below key: the key may stand between both.
	i := sort.Search(len(r.marks), func(i int) bool { return r.marks[i].key >= key })
	offset := r.marks[max(0, i-1)].offset
	c := &etlCursor{in: bufio.NewReaderSize(io.NewSectionReader(r.file, offset, r.size-offset), etlBuffer)}
	for {
		if err := c.advance(); err != nil || c.done || c.key >= key {
			return c, err
		}
	}
}

func (s *etlSorter) cursorAt(key uint64) (*etlCursor, error) {
	c := &etlCursor{sorter: s}
	c.pos = sort.Search(len(s.entries), func(i int) bool { return s.entries[i].key >= key })
	err := c.advance()
	return c, err
}

func (c *etlCursor) advance() error {
	if c.sorter != nil {
		if c.pos == len(c.sorter.entries) {
			c.done = true
			return nil
		}
		e := c.sorter.entries[c.pos]
		c.key, c.record = e.key, c.sorter.record(e)
		c.pos++
		return nil
	}
	var head [etlRunHead]byte
	switch _, err := io.ReadFull(c.in, head[:]); {
	case errors.Is(err, io.EOF):
		c.done = true
		return nil
	case err != nil:
		return err
	}
	c.key = binary.LittleEndian.Uint64(head[:])
	size := int(binary.LittleEndian.Uint32(head[8:]))
	c.record = slices.Grow(c.record[:0], size)[:size]
	_, err := io.ReadFull(c.in, c.record)
	return err
}
