package ethereum

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"tsuiseki/chains"
)

// etlFile is one file of the export.
type etlFile struct {
	number uint64
	path   string
	json   bool      // lines of JSON objects; else CSV
	layout etlLayout // of CSV
}

// etlBatch is some whole lines of a file.
type etlBatch struct {
	*etlFile
	line uint64 // number of the first
	text []byte
}

// etlLines cuts a file into batches.
type etlLines struct {
	file   *etlFile
	raw    *os.File
	in     *bufio.Reader
	rest   []byte // the start of a line whose end is not read yet
	line   uint64
	most   int // bytes of a line
	packed bool
	atEOF  bool
	reason string // why the file is none of ethereum-etl's
}

const (
	etlBatchSize = 256 << 10
	etlHeadSize  = 64 << 10 // a header is within it
)

// openLines opens a file, unpacks it if it is packed, and reads what it is.
func openLines(file *etlFile, most int) (*etlLines, error) {
	raw, err := os.Open(file.path)
	if err != nil {
		return nil, err
	}
	l := &etlLines{file: file, raw: raw, in: bufio.NewReaderSize(raw, etlHeadSize), line: 1, most: most}
	if magic, _ := l.in.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		l.packed = true
		unpacked, err := gzip.NewReader(l.in)
		if err != nil {
			return nil, errors.Join(l.broken(err), raw.Close())
		}
		l.in = bufio.NewReaderSize(unpacked, etlHeadSize)
	}
	head, err := l.in.Peek(etlHeadSize)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, errors.Join(l.broken(err), raw.Close())
	}
	l.identify(head, err == nil)
	return l, nil
}

// identify tells the format by the file's first line.
func (l *etlLines) identify(head []byte, more bool) {
	if bytes.HasPrefix(head, []byte("\xef\xbb\xbf")) { // byte order mark
		_, _ = l.in.Discard(3)
		head = head[3:]
	}
	first, _, ended := bytes.Cut(head, []byte{'\n'})
	first = bytes.TrimSpace(first)
	switch {
	case len(head) == 0:
		l.reason = "it is empty"
	case len(first) > 1 && first[0] == '{':
		l.file.json = true
		if bytes.Contains(first, []byte(`"transaction_traces"`)) {
			l.reason = "it is what export_geth_traces writes: run extract_geth_traces on it"
		}
	case len(first) > 0 && (first[0] == '{' || first[0] == '['):
		l.reason = "it is JSON, but not one object a line"
	case !ended && more:
		l.reason = "it is neither CSV nor JSON lines"
	default:
		var ok bool
		if l.file.layout, ok = layoutOf(first); !ok {
			l.reason = "its columns are not those of a file that is read"
		}
	}
}

func (l *etlLines) broken(err error) error {
	if onDisk := (*fs.PathError)(nil); l.packed && !errors.As(err, &onDisk) {
		return fmt.Errorf("%s line %d: %w: the packed file is cut off or damaged (%w): copy it again", l.file.path, l.line, chains.ErrCorrupt, err)
	}
	return fmt.Errorf("%s line %d: %w", l.file.path, l.line, err)
}

// next is the next batch, in buf or a larger buffer; io.EOF after the last.
func (l *etlLines) next(buf []byte) (batch etlBatch, err error) {
	buf = append(buf[:0], l.rest...)
	end := 0
	for !l.atEOF && end == 0 {
		if len(buf) == cap(buf) {
			if len(buf) >= l.most {
				return batch, fmt.Errorf("%s line %d: %w: longer than %d bytes, or a quote has no end", l.file.path, l.line, chains.ErrCorrupt, l.most)
			}
			buf = append(make([]byte, 0, min(2*cap(buf), l.most)), buf...)
		}
		n, err := io.ReadFull(l.in, buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		switch {
		case errors.Is(err, io.EOF) || (errors.Is(err, io.ErrUnexpectedEOF) && l.ended()):
			l.atEOF, end = true, len(buf)
		case err != nil:
			l.line += uint64(bytes.Count(buf, []byte{'\n'}))
			return batch, l.broken(err)
		default:
			end = l.cut(buf)
		}
	}
	if end == 0 {
		return batch, io.EOF
	}
	l.rest = append(l.rest[:0], buf[end:]...)
	batch = etlBatch{l.file, l.line, buf[:end]}
	l.line += uint64(bytes.Count(batch.text, []byte{'\n'}))
	return batch, nil
}

// ended tells a file's end from that of a packed file that is cut off.
func (l *etlLines) ended() bool {
	_, err := l.in.Peek(1)
	return errors.Is(err, io.EOF)
}

// cut is where the last whole line ends: a line break between quotes ends none.
func (l *etlLines) cut(buf []byte) int {
	end := bytes.LastIndexByte(buf, '\n') + 1
	if l.file.json {
		return end
	}
	quote := []byte{'"'}
	odd := bytes.Count(buf[:end], quote)&1 == 1
	for odd && end > 0 {
		before := bytes.LastIndexByte(buf[:end-1], '\n') + 1
		odd = bytes.Count(buf[before:end], quote)&1 == 0
		end = before
	}
	return end
}
