package entity

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"tsuiseki/tracer/cluster"
	"tsuiseki/tracer/folder"
)

// A state is the forest and the table as of a block, in the machine's own order of
// bytes, so that they are mapped and not read. It holds nothing that the log does
// not say.
const (
	stateSuffix = ".state"
	stateKind   = "stat"
	pageSize    = 4 * cluster.PageWords
	// room is left after each column, as a hole in the file, for what comes until
	// the next state: else the column would be copied when it grows.
	room = 1 << 17 // words
)

// stateHead is the first page of a state: head, byte order (4), then these, each 8
// bytes, then the checksum of the page before it (4).
type stateHead struct {
	blocks, addresses, links, slots, withheld uint64
	sums                                      uint64 // checksum of the checksums
}

func (h *stateHead) fields() []*uint64 {
	return []*uint64{&h.blocks, &h.addresses, &h.links, &h.slots, &h.withheld, &h.sums}
}

// section is where a column lies in the file, in bytes.
type section struct{ at, words, capacity int64 }

func (s section) pages() int64 { return (s.words + cluster.PageWords - 1) / cluster.PageWords }

// layout tells the places of up, via, next, low, slots, withheld, checksums.
func (h *stateHead) layout() (sections [7]section) {
	at, pages := int64(pageSize), int64(0)
	n := int64(h.addresses)
	for i, words := range []int64{n, n, n, n, 2 * int64(h.slots), int64(h.withheld), 0} {
		if i == 6 {
			words = pages
		}
		s := section{at: at, words: words, capacity: words}
		if i < 4 {
			s.capacity += words/256 + room
		}
		sections[i] = s
		at += (4*s.capacity + pageSize - 1) / pageSize * pageSize
		pages += s.pages()
	}
	return sections
}

func (h *stateHead) size() int64 {
	last := h.layout()[6]
	return last.at + 4*last.words
}

func (h *stateHead) page() []byte {
	page := binary.NativeEndian.AppendUint32(head(stateKind), byteOrder())
	for _, field := range h.fields() {
		page = binary.NativeEndian.AppendUint64(page, *field)
	}
	return binary.NativeEndian.AppendUint32(page, checksum(page))
}

// writeState writes the forest and the table, which was merged, as a file.
func writeState(dir string, blocks int, f *cluster.Forest, t *table, links uint32) (info *stateInfo, err error) {
	state := f.State()
	h := stateHead{blocks: uint64(blocks), addresses: uint64(f.Len()), links: uint64(links), slots: uint64(t.old.words.Len() / 2), withheld: uint64(len(state.Withheld))}
	sections := h.layout()
	info = &stateInfo{File: fmt.Sprintf("%d%s", blocks, stateSuffix), Blocks: blocks, Addresses: uint32(f.Len()), Links: links}
	err = folder.Replace(filepath.Join(dir, info.File), func(file *os.File) error {
		var sums []uint32
		for i, column := range [][]uint32{state.Up.Words(), state.Via.Words(), state.Next.Words(), state.Low.Words(), t.old.words.Words(), state.Withheld} {
			for from := 0; from < len(column); from += cluster.PageWords {
				page := bytesOf(column[from:min(from+cluster.PageWords, len(column))])
				sums = append(sums, checksum(page))
			}
			if err := errors.Join(f.Err(), t.err()); err != nil {
				return err
			}
			if _, err := file.WriteAt(bytesOf(column), sections[i].at); err != nil {
				return err
			}
		}
		h.sums = uint64(checksum(bytesOf(sums)))
		if _, err := file.WriteAt(bytesOf(sums), sections[6].at); err != nil {
			return err
		}
		if _, err := file.WriteAt(h.page(), 0); err != nil {
			return err
		}
		return file.Truncate(h.size())
	})
	return info, err
}

// openState maps a state. What is changed is changed for this process alone.
func openState(dir string, info *stateInfo, log *chainLog, control cluster.Control) (f *cluster.Forest, t *table, m *mapping, err error) {
	path := filepath.Join(dir, info.File)
	file, err := os.Open(path)
	if err != nil {
		return nil, nil, nil, err
	}
	defer file.Close()
	h, err := readStateHead(path, file, info)
	if err != nil {
		return nil, nil, nil, err
	}
	if m, err = mapFile(file, h.size(), true); err != nil {
		return nil, nil, nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, m.Close())
		}
	}()
	sections := h.layout()
	sums := words(m.data[sections[6].at:])[:sections[6].words]
	if uint64(checksum(bytesOf(sums))) != h.sums {
		return nil, nil, nil, damagedState(path, "its checksums are")
	}
	column := func(i int, instead func(uint32) uint32) *cluster.Column {
		s := sections[i]
		mine := sums[:s.pages()]
		sums = sums[s.pages():]
		all := words(m.data[s.at : s.at+4*s.capacity])
		return cluster.MappedColumn(all[:s.words], func(page int, words []uint32) error {
			if checksum(bytesOf(words)) != mine[page] {
				return damagedState(path, fmt.Sprintf("page %d of column %d is", page, i))
			}
			return nil
		}, instead)
	}
	self, one, none := func(i uint32) uint32 { return i }, func(uint32) uint32 { return 1 }, func(uint32) uint32 { return 0 }
	state := cluster.State{Up: column(0, self), Via: column(1, one), Next: column(2, self), Low: column(3, self)}
	t = &table{&slots{words: column(4, none), used: int(info.Addresses), log: log}, newSlots(log, info.Addresses, 0)}
	withheld := column(5, one)
	state.Withheld = withheld.Words()
	f = cluster.Over(log, control, state)
	return f, t, m, errors.Join(withheld.Err(), log.Err())
}

func readStateHead(path string, file *os.File, info *stateInfo) (h stateHead, err error) {
	page := make([]byte, len(h.page()))
	if _, err := io.ReadFull(io.NewSectionReader(file, 0, int64(len(page))), page); err != nil {
		return h, damagedState(path, "its beginning is")
	}
	if err := checkHead(path, stateKind, page); err != nil {
		return h, err
	}
	body := len(page) - 4
	if binary.NativeEndian.Uint32(page[headSize:]) != byteOrder() {
		return h, fmt.Errorf("%s was written by a machine with another order of bytes: remove this file, and it is made anew from the log", path)
	}
	for i, field := range h.fields() {
		*field = binary.NativeEndian.Uint64(page[headSize+4+8*i:])
	}
	stat, err := file.Stat()
	if err != nil {
		return h, err
	}
	if binary.NativeEndian.Uint32(page[body:]) != checksum(page[:body]) || h.blocks != uint64(info.Blocks) ||
		h.addresses != uint64(info.Addresses) || h.links != uint64(info.Links) || h.size() != stat.Size() {
		return h, damagedState(path, "its beginning or its length is")
	}
	return h, nil
}

func damagedState(path, what string) error {
	return fmt.Errorf("%s: %w: %s not as written; remove this file, and it is made anew from the log", path, ErrDamaged, what)
}
