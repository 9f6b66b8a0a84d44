package rate

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"hash/crc32"
	"io"
	"math"
	"os"
	"sort"
)

// segment is a segment open for reading. Of each series that is asked for, the
// index and the block read last are in memory: 12 bytes for each 512 rates, and 13 kB.
type segment struct {
	path string
	file *os.File
	size int64
	Stored
	tables []*seriesTable // by series; nil until asked for
}

// seriesTable is one series of a segment, for looking up.
type seriesTable struct {
	segment *segment
	of      *StoredSeries
	index   []byte

	held  int // block in memory, -1 for none
	block []byte
}

func openSegment(path string) (_ *segment, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	s := &segment{path: path, file: file}
	defer func() {
		if err != nil {
			err = errors.Join(err, file.Close())
		}
	}()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	s.size = info.Size()
	const least = int64(len(segmentMagic) + footSize)
	if s.size < least {
		return nil, corrupt(path, "it has %d bytes", s.size)
	}
	head, foot := make([]byte, len(segmentMagic)), make([]byte, footSize)
	if err := errors.Join(s.read(head, 0), s.read(foot, s.size-footSize)); err != nil {
		return nil, err
	}
	if string(head) != segmentMagic {
		return nil, corrupt(path, "it does not begin as rates of format 1 do")
	}
	at := binary.BigEndian.Uint64(foot)
	if crc32.Checksum(foot[:12], castagnoli) != binary.BigEndian.Uint32(foot[12:]) || at > uint64(s.size-footSize) {
		return nil, corrupt(path, "its foot does not fit its checksum")
	}
	directory := make([]byte, s.size-footSize-int64(at))
	if err := s.read(directory, int64(at)); err != nil {
		return nil, err
	}
	if crc32.Checksum(directory, castagnoli) != binary.BigEndian.Uint32(foot[8:]) {
		return nil, corrupt(path, "its directory does not fit its checksum")
	}
	if err := json.Unmarshal(directory, &s.Stored); err != nil {
		return nil, corrupt(path, "its directory: %v", err)
	}
	for i := range s.Series {
		if !s.fits(&s.Series[i], int64(at)) {
			return nil, corrupt(path, "its directory names what it does not hold")
		}
	}
	s.tables = make([]*seriesTable, len(s.Series))
	return s, nil
}

// fits checks that a series lies where the directory says.
func (s *segment) fits(of *StoredSeries, end int64) bool {
	rates := int64(of.Rates)
	return rates > 0 && rates <= math.MaxInt64/entrySize && of.RecordsAt >= 0 && of.IndexAt >= 0 &&
		of.RecordsAt <= end-rates*entrySize && of.IndexAt <= end-blocksOf(of.Rates)*indexSize && of.First <= of.Last
}

func blocksOf(rates int) int64 { return (int64(rates) + blockEntries - 1) / blockEntries }

func (s *segment) read(to []byte, at int64) error {
	if _, err := s.file.ReadAt(to, at); err != nil && !errors.Is(err, io.EOF) {
		return err
	} else if err != nil {
		return corrupt(s.path, "it is cut off")
	}
	return nil
}

func (s *segment) close() error { return s.file.Close() }

// table reads the index of a series.
func (s *segment) table(i int) (*seriesTable, error) {
	if s.tables[i] != nil {
		return s.tables[i], nil
	}
	of := &s.Series[i]
	t := &seriesTable{segment: s, of: of, index: make([]byte, blocksOf(of.Rates)*indexSize), held: -1}
	if err := s.read(t.index, of.IndexAt); err != nil {
		return nil, err
	}
	if crc32.Checksum(t.index, castagnoli) != of.IndexCRC {
		return nil, corrupt(s.path, "the index of %s does not fit its checksum", of.Pair)
	}
	s.tables[i] = t
	return t, nil
}

func (t *seriesTable) firstOf(block int) int64 {
	return int64(binary.BigEndian.Uint64(t.index[block*indexSize:]))
}

// at is the entry with a number, of all of them.
func (t *seriesTable) at(n int) (e Entry, err error) {
	block := n / blockEntries
	if t.held != block {
		first := block * blockEntries
		size := (min(first+blockEntries, t.of.Rates) - first) * entrySize
		if cap(t.block) < size {
			t.block = make([]byte, blockEntries*entrySize)
		}
		t.block, t.held = t.block[:size], -1
		if err := t.segment.read(t.block, t.of.RecordsAt+int64(first)*entrySize); err != nil {
			return e, err
		}
		if crc32.Checksum(t.block, castagnoli) != binary.BigEndian.Uint32(t.index[block*indexSize+8:]) {
			return e, corrupt(t.segment.path, "rates of %s do not fit their checksum", t.of.Pair)
		}
		t.held = block
	}
	e.unpack(t.block[n%blockEntries*entrySize:])
	return e, nil
}

// upTo counts the entries at or before a moment.
func (t *seriesTable) upTo(moment int64) (n int, err error) {
	blocks := len(t.index) / indexSize
	block := sort.Search(blocks, func(i int) bool { return t.firstOf(i) > moment }) - 1
	if block < 0 {
		return 0, nil
	}
	lo, hi := block*blockEntries, min((block+1)*blockEntries, t.of.Rates)
	for lo < hi {
		middle := (lo + hi) / 2
		e, err := t.at(middle)
		if err != nil {
			return 0, err
		}
		if e.At <= moment {
			lo = middle + 1
		} else {
			hi = middle
		}
	}
	return lo, nil
}

// before is the last entry at or before a moment.
func (t *seriesTable) before(moment int64) (e Entry, found bool, err error) {
	n, err := t.upTo(moment)
	if err != nil || n == 0 {
		return e, false, err
	}
	e, err = t.at(n - 1)
	return e, true, err
}

// after is the first entry at or after a moment.
func (t *seriesTable) after(moment int64) (e Entry, found bool, err error) {
	n, err := t.upTo(moment - 1)
	if err != nil || n == t.of.Rates {
		return e, false, err
	}
	e, err = t.at(n)
	return e, true, err
}
