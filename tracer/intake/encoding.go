package intake

import (
	"bytes"
	"errors"
	"io"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/unicode"
)

// Encoding is how a file writes characters.
type Encoding string

// The encodings that are read. CP932 is Microsoft's form of Shift_JIS, with the
// characters of NEC and IBM.
const (
	UTF8    Encoding = "utf-8"
	CP932   Encoding = "cp932"
	UTF16LE Encoding = "utf-16le"
	UTF16BE Encoding = "utf-16be"
)

// codec is the encoding without its byte order mark.
func (e Encoding) codec() encoding.Encoding {
	switch e {
	case CP932:
		return japanese.ShiftJIS // x/text has the WHATWG table, which is Windows-31J
	case UTF16LE:
		return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	case UTF16BE:
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
	}
	return unicode.UTF8
}

// mark is the encoding's byte order mark.
func (e Encoding) mark() string {
	switch e {
	case UTF8:
		return "\xef\xbb\xbf"
	case UTF16LE:
		return "\xff\xfe"
	case UTF16BE:
		return "\xfe\xff"
	}
	return ""
}

// container is what a file's first bytes say it is.
func container(r io.ReaderAt, size int64) (kind string, err error) {
	if size == 0 {
		return "", refuse(FileEmpty, 0, "the file is empty: upload one with rows", "ファイルが空です。行のあるファイルを送ってください。")
	}
	head := make([]byte, min(size, 8))
	if _, err := r.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return "xlsx", nil
	case bytes.HasPrefix(head, []byte("\xd0\xcf\x11\xe0")):
		return "", refuse(FileOldExcel, 0, "this is an .xls workbook of old, or one with a password: save it as .xlsx without a password, or as CSV",
			"古い形式の .xls か、パスワード付きのブックです。パスワードなしの .xlsx か CSV で保存し直してください。")
	}
	for magic, name := range map[string]string{"%PDF": "a PDF", "\x89PNG": "a picture", "\xff\xd8\xff": "a picture", "{\\rtf": "a text with layout (RTF)", "Rar!": "an archive", "7z\xbc\xaf": "an archive"} {
		if bytes.HasPrefix(head, []byte(magic)) {
			return "", refuse(FileNotTable, 0, "this is "+name+", not a table: upload CSV or .xlsx, or paste the text", "表ではありません(PDF・画像など)。CSV か .xlsx を送るか、文字を貼り付けてください。")
		}
	}
	return "text", nil
}

// census counts what tells encodings apart, over a whole file.
type census struct {
	size             int64
	nulEven, nulOdd  int64
	multi, invalid   int64 // sequences of UTF-8 that are more than a byte, and bytes that are none
	nulLine, badLine int   // where the first was
}

// takeCensus reads the file once.
func takeCensus(r io.Reader) (c census, err error) {
	buf := make([]byte, 64<<10)
	held, line := 0, 1
	for {
		n, readErr := r.Read(buf[held:])
		n += held
		at := 0
		for at < n {
			if buf[at] >= utf8.RuneSelf && !utf8.FullRune(buf[at:n]) && readErr == nil {
				break
			}
			size := c.count(buf[at:n], &line)
			at += size
			c.size += int64(size)
		}
		held = copy(buf, buf[at:n])
		if errors.Is(readErr, io.EOF) {
			return c, nil
		}
		if readErr != nil {
			return c, readErr
		}
	}
}

func (c *census) count(b []byte, line *int) (size int) {
	switch {
	case b[0] == '\n':
		*line++
	case b[0] == 0:
		if c.size%2 == 0 {
			c.nulEven++
		} else {
			c.nulOdd++
		}
		if c.nulLine == 0 {
			c.nulLine = *line
		}
	case b[0] >= utf8.RuneSelf:
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 {
			c.invalid++
			if c.badLine == 0 {
				c.badLine = *line
			}
			return 1
		}
		c.multi++
		return n
	}
	return 1
}

// textEncoding decides by content: a byte order mark, else NUL bytes of UTF-16,
// else strict UTF-8, else CP932.
func textEncoding(r io.ReaderAt, size int64) (e Encoding, mark bool, err error) {
	head := make([]byte, min(size, 3))
	if _, err := r.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return "", false, err
	}
	for _, e := range []Encoding{UTF8, UTF16LE, UTF16BE} {
		if bytes.HasPrefix(head, []byte(e.mark())) {
			return e, true, nil
		}
	}
	c, err := takeCensus(io.NewSectionReader(r, 0, size))
	if err != nil {
		return "", false, err
	}
	nuls := c.nulEven + c.nulOdd
	// Digits, commas and line ends have a NUL byte each in UTF-16, always on the same
	// side; ideographs with one on the other side (U+3000) are rare.
	const share, sides = 20, 5
	switch {
	case nuls > 0 && size%2 == 0 && nuls >= size/share && c.nulOdd >= (sides-1)*nuls/sides:
		return UTF16LE, false, nil
	case nuls > 0 && size%2 == 0 && nuls >= size/share && c.nulEven >= (sides-1)*nuls/sides:
		return UTF16BE, false, nil
	case nuls > 0:
		return "", false, nulError(c.nulLine)
	case c.invalid == 0 || c.multi > 20*c.invalid: // damaged here and there: those rows come back
		return UTF8, false, nil
	}
	return CP932, false, nil
}

func nulError(line int) error {
	return refuse(FileNUL, line, "the file has NUL bytes: it was damaged on its way, or is no text; export it anew",
		"NUL バイトが含まれています。転送中に壊れたか、テキストではありません。もう一度書き出してください。")
}

// decoded is the file as text, with U+FFFD for what the encoding does not know.
func decoded(r io.ReaderAt, size int64, e Encoding, mark bool) io.Reader {
	skip := int64(0)
	if mark {
		skip = int64(len(e.mark()))
	}
	return e.codec().NewDecoder().Reader(io.NewSectionReader(r, skip, size-skip))
}

// checkDecodes refuses a file of which too much is not of its encoding.
func checkDecodes(text io.Reader) error {
	buf, held := make([]byte, 64<<10), 0
	bad, all, line, first := 0, 0, 1, 0
	for {
		n, err := text.Read(buf[held:])
		n += held
		at := 0
		for at < n && (err != nil || utf8.FullRune(buf[at:n])) {
			r, size := utf8.DecodeRune(buf[at:n])
			at += size
			all++
			switch r {
			case '\n':
				line++
			case utf8.RuneError:
				if bad++; first == 0 {
					first = line
				}
			case 0:
				return nulError(line)
			}
		}
		held = copy(buf, buf[at:n])
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
	}
	const tolerated = 200 // one bad character in so many
	if bad*tolerated > all {
		return refuse(FileEncoding, first, "the text is neither UTF-8 nor CP932 (Shift_JIS) nor UTF-16: save it as CSV UTF-8",
			"文字コードが UTF-8・CP932(Shift_JIS)・UTF-16 のいずれでもありません。「CSV UTF-8」で保存し直してください。")
	}
	return nil
}
