package rate

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
)

// A segment holds the rates of one file, sorted, and never changes; docs/rates.md
// describes it.
const (
	segmentMagic = "tsuiseki rates\x00\x01"
	blockEntries = 512 // rates under one checksum, which are read at once
	indexSize    = 8 + 4
	footSize     = 8 + 4 + 4
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Stored says what a segment holds, and where it came from.
type Stored struct {
	ID         int            `json:"-"` // its number in the store, from 1; 0 outside of one
	File       string         `json:"file"`
	SHA256     string         `json:"sha256"` // of the file
	Bytes      int64          `json:"bytes"`
	Encoding   string         `json:"encoding"` // utf-8, cp932 or utf-16
	Days       Days           `json:"days"`
	ImportedAt int64          `json:"imported_at"` // Unix seconds; 0 outside of a store
	Rows       int            `json:"rows"`
	Duplicates int            `json:"duplicates"` // said more than once by the file
	Ignored    []string       `json:"ignored_columns"`
	Series     []StoredSeries `json:"series"`
	Options    storedOptions  `json:"options"`
}

// storedOptions are what the person said of the file.
type storedOptions struct {
	Source string `json:"source"`
	Asset  string `json:"asset"`
	Chain  string `json:"chain"`
	Quote  string `json:"quote"`
}

// StoredSeries is one series of a segment.
type StoredSeries struct {
	Series
	Rates int   `json:"rates"`
	First int64 `json:"first"` // Unix microseconds
	Last  int64 `json:"last"`

	RecordsAt int64  `json:"records_at"` // offsets in the segment
	IndexAt   int64  `json:"index_at"`
	IndexCRC  uint32 `json:"index_crc"`
}

// segmentWriter writes a segment. Its memory is the index of blocks: 12 bytes for
// each 512 rates.
type segmentWriter struct {
	file   *os.File
	out    *bufio.Writer
	at     int64
	meta   Stored
	index  [][]byte // by series
	block  []byte
	inside bool // a series
	last   row
}

func newSegmentWriter(path string) (*segmentWriter, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o640)
	if err != nil {
		return nil, err
	}
	w := &segmentWriter{file: file, out: bufio.NewWriterSize(file, 1<<18)}
	err = w.write([]byte(segmentMagic))
	return w, err
}

func (w *segmentWriter) write(data []byte) error {
	n, err := w.out.Write(data)
	w.at += int64(n)
	return err
}

// add takes the next rate, which lies behind the last one of its series.
func (w *segmentWriter) add(r row, of Series) error {
	if !w.inside || r.series != w.last.series {
		if err := w.endSeries(); err != nil {
			return err
		}
		w.meta.Series = append(w.meta.Series, StoredSeries{Series: of, First: r.At, RecordsAt: w.at})
		w.index, w.inside = append(w.index, nil), true
	}
	if len(w.block) == 0 {
		i := len(w.index) - 1
		w.index[i] = binary.BigEndian.AppendUint64(w.index[i], uint64(r.At))
	}
	s := &w.meta.Series[len(w.meta.Series)-1]
	s.Rates++
	s.Last, w.last = r.At, r
	if w.block = r.pack(w.block); len(w.block) == blockEntries*entrySize {
		return w.endBlock()
	}
	return nil
}

func (w *segmentWriter) endBlock() error {
	if len(w.block) == 0 {
		return nil
	}
	i := len(w.index) - 1
	w.index[i] = binary.BigEndian.AppendUint32(w.index[i], crc32.Checksum(w.block, castagnoli))
	err := w.write(w.block)
	w.block = w.block[:0]
	return err
}

func (w *segmentWriter) endSeries() error {
	w.inside = false
	return w.endBlock()
}

// finish writes the indexes and the directory, and makes all of it last.
func (w *segmentWriter) finish() (err error) {
	defer func() { err = errors.Join(err, w.file.Close()) }()
	if err := w.endSeries(); err != nil {
		return err
	}
	for i, index := range w.index {
		w.meta.Series[i].IndexAt, w.meta.Series[i].IndexCRC = w.at, crc32.Checksum(index, castagnoli)
		if err := w.write(index); err != nil {
			return err
		}
	}
	directory, err := json.Marshal(&w.meta)
	if err != nil {
		return err
	}
	foot := binary.BigEndian.AppendUint64(nil, uint64(w.at))
	foot = binary.BigEndian.AppendUint32(foot, crc32.Checksum(directory, castagnoli))
	foot = binary.BigEndian.AppendUint32(foot, crc32.Checksum(foot, castagnoli))
	if err := w.write(append(directory, foot...)); err != nil {
		return err
	}
	return errors.Join(w.out.Flush(), w.file.Sync())
}

// discard removes what is written.
func (w *segmentWriter) discard() error {
	return errors.Join(w.file.Close(), os.Remove(w.file.Name()))
}

func differs(name string, a, b row) Problem {
	return Problem{name, int(b.line), string(fieldRate), fmt.Sprintf("%s differs from %s of line %d for the same time", b.Rate, a.Rate, a.line)}
}
