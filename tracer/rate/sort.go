package rate

import (
	"bufio"
	"cmp"
	"container/heap"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
)

// sortedRows is how many rows are sorted in memory at once, 48 bytes each.
const sortedRows = 1 << 19

// sorter puts rows in order, whatever their number: what does not fit in memory is
// written to files of a folder, each in order, and merged.
type sorter struct {
	dir  string
	most int
	rows []row
	runs []string
}

func compareRows(a, b row) int {
	return cmp.Or(cmp.Compare(a.series, b.series), cmp.Compare(a.At, b.At), cmp.Compare(a.line, b.line))
}

func (s *sorter) add(r row) error {
	if len(s.rows) == s.most {
		if err := s.spill(); err != nil {
			return err
		}
	}
	s.rows = append(s.rows, r)
	return nil
}

const packedRow = 4 + 4 + entrySize

func (s *sorter) spill() (err error) {
	slices.SortFunc(s.rows, compareRows)
	path := filepath.Join(s.dir, fmt.Sprintf("run-%d", len(s.runs)))
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	s.runs = append(s.runs, path)
	out := bufio.NewWriterSize(file, 1<<16)
	var buf [packedRow]byte
	for i := range s.rows {
		r := &s.rows[i]
		packed := binary.BigEndian.AppendUint32(buf[:0], r.series)
		packed = binary.BigEndian.AppendUint32(packed, r.line)
		if _, err := out.Write(r.pack(packed)); err != nil {
			return err
		}
	}
	s.rows = s.rows[:0]
	return out.Flush()
}

// each yields all rows in order.
func (s *sorter) each(ctx context.Context, take func(row) error) (err error) {
	slices.SortFunc(s.rows, compareRows)
	runs := runHeap{{rows: s.rows}}
	defer func() {
		for _, r := range runs {
			err = errors.Join(err, r.close())
		}
	}()
	for _, path := range s.runs {
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		runs = append(runs, &run{file: file, in: bufio.NewReaderSize(file, 1<<16)})
	}
	for i := 0; i < len(runs); {
		more, err := runs[i].next()
		if err != nil {
			return err
		}
		if more {
			i++
			continue
		}
		err = runs[i].close()
		runs = slices.Delete(runs, i, i+1)
		if err != nil {
			return err
		}
	}
	heap.Init(&runs)
	for n := 1; len(runs) > 0; n++ {
		if n%4096 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if err := take(runs[0].row); err != nil {
			return err
		}
		more, err := runs[0].next()
		if err != nil {
			return err
		}
		if more {
			heap.Fix(&runs, 0)
		} else if err := heap.Pop(&runs).(*run).close(); err != nil {
			return err
		}
	}
	return nil
}

// run is rows in order: in a file, or in memory.
type run struct {
	file *os.File
	in   *bufio.Reader
	rows []row

	row row // the next
	buf [packedRow]byte
}

func (r *run) next() (more bool, err error) {
	if r.file == nil {
		if len(r.rows) == 0 {
			return false, nil
		}
		r.row, r.rows = r.rows[0], r.rows[1:]
		return true, nil
	}
	if _, err := io.ReadFull(r.in, r.buf[:]); err != nil {
		if err == io.EOF {
			err = nil
		}
		return false, err
	}
	r.row.series = binary.BigEndian.Uint32(r.buf[:])
	r.row.line = binary.BigEndian.Uint32(r.buf[4:])
	r.row.unpack(r.buf[8:])
	return true, nil
}

func (r *run) close() error {
	if r.file == nil {
		return nil
	}
	return r.file.Close()
}

type runHeap []*run

func (h runHeap) Len() int           { return len(h) }
func (h runHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h runHeap) Less(i, j int) bool { return compareRows(h[i].row, h[j].row) < 0 }
func (h *runHeap) Push(r any)        { *h = append(*h, r.(*run)) }
func (h *runHeap) Pop() any {
	last := len(*h) - 1
	r := (*h)[last]
	*h = (*h)[:last]
	return r
}

// entrySize is what a rate takes: its time, its digits and its decimal places.
const entrySize = 8 + 16 + 1

func (e Entry) pack(to []byte) []byte {
	to = binary.BigEndian.AppendUint64(to, uint64(e.At))
	to = binary.BigEndian.AppendUint64(to, e.Rate.hi)
	to = binary.BigEndian.AppendUint64(to, e.Rate.lo)
	return append(to, e.Rate.places)
}

func (e *Entry) unpack(from []byte) {
	e.At = int64(binary.BigEndian.Uint64(from))
	e.Rate = Decimal{binary.BigEndian.Uint64(from[8:]), binary.BigEndian.Uint64(from[16:]), from[24]}
}
