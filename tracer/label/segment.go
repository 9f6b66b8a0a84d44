package label

import (
	"bufio"
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"os"
	"slices"

	"github.com/cespare/xxhash/v2"

	"tsuiseki/chains"
)

// A segment holds one import of one set and never changes; docs/labels.md
// describes it. Records stand in the order of their source; an index of hashes
// of what they are about follows.
const (
	segmentMagic  = "tsuiseki labels\x01"
	slotSize      = 16 // hash of a subject, offset of its record
	footerSize    = 8 + 8 + 4 + 4
	recordHeader  = 4 + 4 + 8 // length, checksum of what follows, time of knowledge
	segmentSuffix = ".labels"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// slot leads from a subject to a record.
type slot struct {
	hash   uint64
	offset uint64
}

func hashOf(subject string) uint64 { return xxhash.Sum64String(subject) }

// segmentWriter writes a segment.
type segmentWriter struct {
	file  *os.File
	out   *bufio.Writer
	sum   hash.Hash // of the file
	said  hash.Hash // of the records: of what is said, whenever it became known
	last  uint64    // offset of the last record
	size  uint64
	slots []slot
	buf   []byte
}

func newSegmentWriter(path string) (*segmentWriter, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o640)
	if err != nil {
		return nil, err
	}
	w := &segmentWriter{file: file, sum: sha256.New(), said: sha256.New()}
	w.out = bufio.NewWriterSize(io.MultiWriter(file, w.sum), 1<<16)
	err = w.write([]byte(segmentMagic))
	return w, err
}

func (w *segmentWriter) write(b []byte) error {
	n, err := w.out.Write(b)
	w.size += uint64(n)
	return err
}

// add writes a record about a subject, known since a time in milliseconds.
func (w *segmentWriter) add(subject string, since int64, record []byte) error {
	w.last = w.size
	w.alias(subject)
	w.buf = append(w.buf[:0], make([]byte, recordHeader)...)
	binary.BigEndian.PutUint64(w.buf[8:], uint64(since))
	w.buf = append(w.buf, record...)
	binary.BigEndian.PutUint32(w.buf, uint32(len(record)))
	binary.BigEndian.PutUint32(w.buf[4:], crc32.Checksum(w.buf[8:], castagnoli))
	w.said.Write(w.buf[:4])
	w.said.Write(record)
	return w.write(w.buf)
}

// alias lets the last record be found by another subject too.
func (w *segmentWriter) alias(subject string) {
	w.slots = append(w.slots, slot{hashOf(subject), w.last})
}

// finish writes the index and syncs.
func (w *segmentWriter) finish() error {
	slices.SortFunc(w.slots, compareSlots)
	at, index := w.size, crc32.New(castagnoli)
	row := make([]byte, slotSize)
	for _, s := range w.slots {
		binary.BigEndian.PutUint64(row, s.hash)
		binary.BigEndian.PutUint64(row[8:], s.offset)
		index.Write(row)
		if err := w.write(row); err != nil {
			return err
		}
	}
	footer := binary.BigEndian.AppendUint64(nil, at)
	footer = binary.BigEndian.AppendUint64(footer, uint64(len(w.slots)))
	footer = binary.BigEndian.AppendUint32(footer, index.Sum32())
	footer = binary.BigEndian.AppendUint32(footer, crc32.Checksum(footer, castagnoli))
	return errors.Join(w.write(footer), w.out.Flush(), w.file.Sync(), w.file.Close())
}

func digest(h hash.Hash) string { return hex.EncodeToString(h.Sum(nil)) }

func compareSlots(a, b slot) int {
	return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.offset, b.offset))
}

// discard removes what was written.
func (w *segmentWriter) discard() {
	w.file.Close()
	os.Remove(w.file.Name())
}

// segment reads one.
type segment struct {
	file  *os.File
	path  string
	slots uint64
	index uint64 // offset
	crc   uint32
}

func corrupt(path, format string, args ...any) error {
	return fmt.Errorf("%s: %w: %s: restore it from a backup", path, chains.ErrCorrupt, fmt.Sprintf(format, args...))
}

// openSegment opens a segment that has a size.
func openSegment(path string, size int64) (_ *segment, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			file.Close()
		}
	}()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() != size || size < int64(len(segmentMagic)+footerSize) {
		return nil, corrupt(path, "it has %d bytes, the manifest says %d", info.Size(), size)
	}
	head, footer := make([]byte, len(segmentMagic)), make([]byte, footerSize)
	if _, err := file.ReadAt(head, 0); err != nil {
		return nil, err
	}
	if _, err := file.ReadAt(footer, size-footerSize); err != nil {
		return nil, err
	}
	if string(head) != segmentMagic {
		return nil, corrupt(path, "it is no file of labels of the version that this program reads")
	}
	s := &segment{file: file, path: path}
	s.index, s.slots = binary.BigEndian.Uint64(footer), binary.BigEndian.Uint64(footer[8:])
	s.crc = binary.BigEndian.Uint32(footer[16:])
	if crc32.Checksum(footer[:20], castagnoli) != binary.BigEndian.Uint32(footer[20:]) ||
		s.slots > uint64(size)/slotSize || s.index != uint64(size)-footerSize-s.slots*slotSize {
		return nil, corrupt(path, "its last bytes are damaged")
	}
	return s, nil
}

func (s *segment) Close() error { return s.file.Close() }

// readSlots reads the index.
func (s *segment) readSlots(take func(slot)) error {
	index := crc32.New(castagnoli)
	in := bufio.NewReaderSize(io.TeeReader(io.NewSectionReader(s.file, int64(s.index), int64(s.slots*slotSize)), index), 1<<16)
	row := make([]byte, slotSize)
	for range s.slots {
		if _, err := io.ReadFull(in, row); err != nil {
			return fmt.Errorf("%s: %w", s.path, err)
		}
		take(slot{binary.BigEndian.Uint64(row), binary.BigEndian.Uint64(row[8:])})
	}
	if index.Sum32() != s.crc {
		return corrupt(s.path, "its index is damaged")
	}
	return nil
}

// record reads the record at an offset.
func (s *segment) record(offset uint64, buf []byte) (since int64, record []byte, err error) {
	const likely = 512 // one read suffices for most
	if cap(buf) < likely {
		buf = make([]byte, likely)
	}
	n, err := s.file.ReadAt(buf[:cap(buf)], int64(offset))
	if n < recordHeader || offset >= s.index {
		return 0, nil, errors.Join(err, corrupt(s.path, "a record breaks off"))
	}
	size := uint64(binary.BigEndian.Uint32(buf[:4]))
	if size > maxRecord || offset+recordHeader+size > s.index {
		return 0, nil, corrupt(s.path, "a record breaks off")
	}
	if total := int(recordHeader + size); total > n {
		buf = make([]byte, total)
		if _, err := s.file.ReadAt(buf, int64(offset)); err != nil {
			return 0, nil, fmt.Errorf("%s: %w", s.path, err)
		}
	}
	whole := buf[:recordHeader+size]
	if crc32.Checksum(whole[8:], castagnoli) != binary.BigEndian.Uint32(whole[4:]) {
		return 0, nil, corrupt(s.path, "a record is damaged")
	}
	return int64(binary.BigEndian.Uint64(whole[8:])), whole[recordHeader:], nil
}

// all reads every record in the order of its source.
func (s *segment) all(take func(since int64, record []byte) error) error {
	in := bufio.NewReaderSize(io.NewSectionReader(s.file, int64(len(segmentMagic)), int64(s.index)-int64(len(segmentMagic))), 1<<16)
	head, buf := make([]byte, recordHeader), []byte{}
	for {
		if _, err := io.ReadFull(in, head); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("%s: %w", s.path, err)
		}
		size := binary.BigEndian.Uint32(head)
		if size > maxRecord {
			return corrupt(s.path, "a record is too long")
		}
		buf = append(slices.Grow(buf[:0], int(size)+8), head[8:]...)[:8+size]
		if _, err := io.ReadFull(in, buf[8:]); err != nil {
			return fmt.Errorf("%s: %w", s.path, err)
		}
		if crc32.Checksum(buf, castagnoli) != binary.BigEndian.Uint32(head[4:]) {
			return corrupt(s.path, "a record is damaged")
		}
		if err := take(int64(binary.BigEndian.Uint64(buf)), buf[8:]); err != nil {
			return err
		}
	}
}

// sinceOf finds when a record of the segment became known.
func (s *segment) sinceOf(slots []slot, subject string, record []byte, buf []byte) (since int64, found bool, err error) {
	for _, at := range slotsOf(slots, hashOf(subject)) {
		since, held, err := s.record(at.offset, buf)
		if err != nil || bytes.Equal(held, record) {
			return since, err == nil, err
		}
	}
	return 0, false, nil
}

// slotsOf are the slots of a hash, among sorted ones.
func slotsOf(slots []slot, hash uint64) []slot {
	from, _ := slices.BinarySearchFunc(slots, hash, func(s slot, h uint64) int { return cmp.Compare(s.hash, h) })
	to := from
	for to < len(slots) && slots[to].hash == hash {
		to++
	}
	return slots[from:to]
}

func (s *segment) digestInto(sum hash.Hash, size int64) error {
	_, err := io.Copy(sum, io.NewSectionReader(s.file, 0, size))
	return err
}
