package rate

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/unicode"

	"tsuiseki/chains"
)

// FileOptions say of a rate file what it does not say itself.
type FileOptions struct {
	Path   string
	Source string       // where rows do not say
	Asset  chains.Asset // where rows do not say
	Chain  chains.Chain // where rows do not say
	Quote  string       // where rows do not say; JPY by default
	Days   Days         // of dates and of times without an offset: by default JST, of GraphSense's files UTC
}

// mostLine is the longest line of a file, in bytes.
const mostLine = 64 << 10

// scanned is what the first reading of a file tells.
type scanned struct {
	sha256   string
	encoding string // utf-8, cp932, utf-16
	decoder  encoding.Encoding
	json     bool
}

// scan reads a whole file once: its digest, and how its text is encoded. Text that
// is valid UTF-8 is UTF-8; what is not is CP932, which most programs in Japan write.
func scan(ctx context.Context, file *os.File) (s scanned, err error) {
	sum, valid, buf := sha256.New(), true, make([]byte, 1<<20)
	var head, rest []byte
	for {
		if err := ctx.Err(); err != nil {
			return s, err
		}
		n, err := file.Read(buf[len(rest):])
		sum.Write(buf[len(rest) : len(rest)+n])
		if len(head) < 64 {
			head = append(head, buf[len(rest):len(rest)+n]...)
		}
		if text := buf[:len(rest)+n]; valid {
			whole := text[:completeUTF8(text)]
			valid = utf8.Valid(whole)
			rest = buf[:copy(buf, text[len(whole):])]
		}
		if err == io.EOF {
			valid = valid && len(rest) == 0
			break
		}
		if err != nil {
			return s, err
		}
		if !valid {
			rest = buf[:0]
		}
	}
	s.sha256 = hex.EncodeToString(sum.Sum(nil))
	switch {
	case bytes.HasPrefix(head, []byte{0xff, 0xfe}), bytes.HasPrefix(head, []byte{0xfe, 0xff}):
		s.encoding, s.decoder = "utf-16", unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM)
	case valid:
		s.encoding = "utf-8"
	default:
		s.encoding, s.decoder = "cp932", japanese.ShiftJIS
	}
	s.json = bytes.HasPrefix(bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\ufeff")), " \t\r\n"), []byte("{"))
	return s, nil
}

// completeUTF8 is the length of text without a rune that is cut at its end.
func completeUTF8(text []byte) int {
	for back := 1; back <= min(utf8.UTFMax-1, len(text)); back++ {
		if at := len(text) - back; utf8.RuneStart(text[at]) {
			if utf8.FullRune(text[at:]) {
				return len(text)
			}
			return at
		}
	}
	return len(text)
}

// readFile reads a rate file from its beginning to its end, twice, and hands its
// rows to put in their order. A *RefusedError says why none of them counts.
func readFile(ctx context.Context, opt FileOptions, put func(row) error) (r *reader, s scanned, err error) {
	file, err := os.Open(opt.Path)
	if err != nil {
		return nil, s, err
	}
	defer file.Close()
	if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, s, errors.Join(fmt.Errorf("%s is not a file", opt.Path), err)
	}
	if s, err = scan(ctx, file); err != nil {
		return nil, s, err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, s, err
	}
	if opt.Days == "" {
		opt.Days = JST
		if s.json {
			opt.Days = UTC
		}
	}
	r = &reader{opt: opt, name: filepath.Base(opt.Path), series: map[Series]uint32{}, put: put}
	r.moments.days = opt.Days
	sum := sha256.New()
	text := io.TeeReader(file, sum)
	if s.decoder != nil {
		text = s.decoder.NewDecoder().Reader(text)
	}
	if err := r.read(ctx, text, s.json); err != nil {
		return nil, s, err
	}
	if _, err := io.Copy(sum, file); err != nil {
		return nil, s, err
	}
	if hex.EncodeToString(sum.Sum(nil)) != s.sha256 {
		return nil, s, fmt.Errorf("%s changed while it was read: try again when nothing writes to it", opt.Path)
	}
	err = r.verdict()
	return r, s, err
}

func (r *reader) verdict() error {
	if r.refused == 0 && r.rows == 0 {
		r.problem(1, "", "holds no rate")
	}
	if r.refused > 0 {
		return &RefusedError{r.refused, r.problems}
	}
	return nil
}

// read takes lines, which are short, whatever the length of the file.
func (r *reader) read(ctx context.Context, text io.Reader, isJSON bool) error {
	lines := bufio.NewScanner(text)
	lines.Buffer(make([]byte, 0, mostLine), mostLine)
	var table *csvTable
	line := 0
	for lines.Scan() {
		line++
		if line%4096 == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		content := strings.Trim(lines.Text(), "\ufeff \t\r")
		var err error
		switch {
		case content == "":
		case strings.ContainsRune(content, utf8.RuneError):
			r.problem(line, "", "is neither UTF-8 nor CP932: save the file as UTF-8")
		case isJSON:
			err = r.takeGraphSense(line, content)
		case table == nil:
			if table = r.newTable(line, content); table == nil {
				return nil
			}
		default:
			err = r.takeCells(line, table, content)
		}
		if err != nil {
			return err
		}
	}
	if errors.Is(lines.Err(), bufio.ErrTooLong) {
		r.problem(line+1, "", "is longer than %d bytes", mostLine)
		return nil
	}
	return lines.Err()
}
