package correlate

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
)

// sortedFile reads the entries of one file in order.
type sortedFile struct {
	path    string
	want    written
	segment int
	file    *os.File
	in      *bufio.Reader
	left    int64
	crc     uint32
	now     entry
	raw     []byte // of now
	buf     []byte
}

// chunkEntries is how many entries are read at once.
const chunkEntries = 4096

func openSorted(dir string, w written, segment int) (*sortedFile, error) {
	path := filepath.Join(dir, w.Name)
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, damaged(path, "it is missing")
	}
	if err != nil {
		return nil, err
	}
	s := &sortedFile{path: path, want: w, segment: segment, file: file, left: (w.Size - headSize) / entrySize, in: bufio.NewReaderSize(file, 1<<16)}
	first := make([]byte, headSize)
	if _, err = io.ReadFull(s.in, first); err != nil {
		err = damaged(path, "%v", err)
	}
	if err == nil {
		err = checkHead(path, ofKeys, first)
	}
	if err == nil {
		_, err = s.next()
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return s, nil
}

// next goes to the next entry; false behind the last, whose checksum then is right.
func (s *sortedFile) next() (bool, error) {
	if len(s.buf) == 0 {
		if s.left == 0 {
			if s.crc != s.want.CRC {
				return false, damaged(s.path, "its checksum is another")
			}
			return false, nil
		}
		n := min(s.left, chunkEntries)
		if cap(s.raw) == 0 {
			s.raw = make([]byte, chunkEntries*entrySize)
		}
		s.buf = s.raw[:n*entrySize]
		if _, err := io.ReadFull(s.in, s.buf); err != nil {
			return false, damaged(s.path, "%v", err)
		}
		s.crc = crc32.Update(s.crc, castagnoli, s.buf)
		s.left -= n
	}
	s.now.get(s.buf)
	s.buf = s.buf[entrySize:]
	return true, nil
}

// merged walks the entries of all segments, key by key.
type merged struct {
	files []*sortedFile // those with something left
	all   []*sortedFile
}

func openMerged(dir string, segments []segmentInfo) (*merged, error) {
	m := &merged{}
	for _, s := range segments {
		for _, k := range s.Keys {
			f, err := openSorted(dir, k, s.ID)
			if err != nil {
				return nil, errors.Join(err, m.close())
			}
			m.files, m.all = append(m.files, f), append(m.all, f)
		}
	}
	return m, nil
}

// each hands over, key by key, all entries of a key with their segments, until an error.
func (m *merged) each(ctx context.Context, take func(key, []found) error) error {
	var group []found
	for n := 0; len(m.files) > 0; n++ {
		const between = 1 << 14
		if n%between == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		least := m.files[0].now.key
		for _, f := range m.files[1:] {
			if bytes.Compare(f.now.key[:], least[:]) < 0 {
				least = f.now.key
			}
		}
		group = group[:0]
		for i := 0; i < len(m.files); {
			var more bool
			var err error
			if group, more, err = m.files[i].takeAll(least, group); err != nil {
				return err
			}
			if more {
				i++
			} else {
				m.files = append(m.files[:i], m.files[i+1:]...)
			}
		}
		if err := take(least, group); err != nil {
			return err
		}
	}
	return nil
}

// takeAll takes the entries of a key, and reports whether any are left behind them.
func (s *sortedFile) takeAll(of key, group []found) (_ []found, more bool, err error) {
	for more = true; more && s.now.key == of; {
		group = append(group, found{s.segment, s.now})
		if more, err = s.next(); err != nil {
			return nil, false, err
		}
	}
	return group, more, nil
}

// found is an entry of a segment.
type found struct {
	segment int
	entry
}

func (m *merged) close() (err error) {
	for _, f := range m.all {
		err = errors.Join(err, f.file.Close())
	}
	return err
}
