package correlate

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"slices"
)

// row is a case in the state.
type row struct {
	ref     Ref // of which the state keeps ID and Revision
	segment int
	ordinal uint32
	offset  int64
	length  uint32
	crc     uint32
}

// heldEntries is how many entries are sorted in memory: 40 bytes each.
const heldEntries = 1 << 21

// segmentWriter writes the records of a run. Its memory is heldEntries.
type segmentWriter struct {
	dir  string
	info segmentInfo
	most int
	file *os.File
	out  *bufio.Writer
	at   int64
	held []entry
}

func newSegmentWriter(dir string, id, most int) (*segmentWriter, error) {
	name := fmt.Sprintf("%s-%08d", ofRecords, id)
	file, err := os.OpenFile(filepath.Join(dir, name), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o640)
	if err != nil {
		return nil, err
	}
	w := &segmentWriter{dir: dir, info: segmentInfo{ID: id, Data: written{Name: name}}, most: most, file: file, out: bufio.NewWriterSize(file, 1<<18), at: headSize}
	_, err = w.out.Write(head(ofRecords))
	return w, err
}

// add takes a record, whose bytes are given too.
func (w *segmentWriter) add(ref Ref, rec *record, data []byte) (row, error) {
	r := row{ref: ref, segment: w.info.ID, ordinal: uint32(w.info.Records), offset: w.at, length: uint32(len(data)), crc: crc32.Checksum(data, castagnoli)}
	if _, err := w.out.Write(data); err != nil {
		return r, err
	}
	w.at += int64(len(data))
	w.held = rec.entries(r.ordinal, w.held)
	w.info.Records++
	if len(w.held) < w.most {
		return r, nil
	}
	return r, w.flush()
}

// flush writes the entries held as a sorted file.
func (w *segmentWriter) flush() error {
	if len(w.held) == 0 {
		return nil
	}
	slices.SortFunc(w.held, func(a, b entry) int { return cmp.Or(a.key.compare(b.key), cmp.Compare(a.ordinal, b.ordinal)) })
	name := fmt.Sprintf("%s-%08d-%04d", ofKeys, w.info.ID, len(w.info.Keys))
	file, err := os.OpenFile(filepath.Join(w.dir, name), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o640)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(file, 1<<18)
	_, err = out.Write(head(ofKeys))
	crc := uint32(0)
	var b [entrySize]byte
	for i := range w.held {
		if err != nil {
			break
		}
		w.held[i].put(b[:])
		crc = crc32.Update(crc, castagnoli, b[:])
		_, err = out.Write(b[:])
	}
	if err := errors.Join(err, out.Flush(), file.Sync(), file.Close()); err != nil {
		return err
	}
	w.info.Keys = append(w.info.Keys, written{name, int64(headSize + entrySize*len(w.held)), crc})
	w.held = w.held[:0]
	return nil
}

// finish makes the segment last; a manifest has to name it.
func (w *segmentWriter) finish() (segmentInfo, error) {
	err := errors.Join(w.flush(), w.out.Flush(), w.file.Sync(), w.file.Close())
	w.info.Data.Size = w.at
	return w.info, err
}

// discard closes what will not be finished; the next run removes its files.
func (w *segmentWriter) discard() error { return w.file.Close() }

// records reads records of all segments.
type records struct {
	dir   string
	files map[int]*os.File
	names map[int]written
}

func newRecords(dir string, segments []segmentInfo) *records {
	r := &records{dir: dir, files: map[int]*os.File{}, names: map[int]written{}}
	for _, s := range segments {
		r.names[s.ID] = s.Data
	}
	return r
}

// open opens all files, so that reading them is safe from several goroutines, and they
// stay readable when a later run removes them.
func (r *records) open() error {
	for id, w := range r.names {
		if r.files[id] != nil {
			continue
		}
		path := filepath.Join(r.dir, w.Name)
		file, err := os.Open(path)
		if errors.Is(err, os.ErrNotExist) {
			return damaged(path, "it is missing")
		}
		if err != nil {
			return err
		}
		r.files[id] = file
		info, err := file.Stat()
		if err == nil && info.Size() != w.Size {
			err = damaged(path, "it has %d bytes, not %d", info.Size(), w.Size)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *records) read(of *row) (*record, []byte, error) {
	file := r.files[of.segment]
	path := filepath.Join(r.dir, r.names[of.segment].Name)
	if file == nil {
		return nil, nil, damaged(path, "no segment %d is there", of.segment)
	}
	const most = 1 << 30
	if of.length > most {
		return nil, nil, damaged(path, "a record of %d bytes", of.length)
	}
	data := make([]byte, of.length)
	if _, err := file.ReadAt(data, of.offset); err != nil {
		return nil, nil, damaged(path, "record of case %s: %v", of.ref.ID, err)
	}
	if crc32.Checksum(data, castagnoli) != of.crc {
		return nil, nil, damaged(path, "record of case %s: its checksum is another", of.ref.ID)
	}
	rec, ok := decodeRecord(data)
	if !ok {
		return nil, nil, damaged(path, "record of case %s cannot be read", of.ref.ID)
	}
	return rec, data, nil
}

func (r *records) close() (err error) {
	for _, f := range r.files {
		err = errors.Join(err, f.Close())
	}
	return err
}
