package intake

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
)

// splitter splits text into rows and cells. It is more forgiving than RFC 4180, as
// what people paste is: a quote within a cell is a character, and rows may differ
// in length. encoding/csv drops blank rows, whose numbers people count, and reads a
// cell of any size.
type splitter struct {
	r         *bufio.Reader
	delimiter rune // 0 where a row is one cell
	limits    Limits
	row       int
	newline   string // the first line end seen
	done      bool
	cell      strings.Builder
	cells     []cell
	size      int // bytes of the row
}

func newSplitter(text io.Reader, delimiter rune, limits Limits) *splitter {
	return &splitter{r: bufio.NewReaderSize(text, 64<<10), delimiter: delimiter, limits: limits}
}

func (s *splitter) close() error { return nil }

// next reads a row. Row numbers count what a spreadsheet would count: a line end
// within quotes is none.
func (s *splitter) next() (record, error) {
	if s.done {
		return record{}, io.EOF
	}
	s.row++
	s.cells, s.size = nil, 0
	for {
		end, err := s.readCell()
		if errors.Is(err, io.EOF) {
			s.done = true
			if len(s.cells) == 0 && s.cell.Len() == 0 {
				return record{}, io.EOF
			}
			end = true
		} else if err != nil {
			return record{}, err
		}
		s.cells = append(s.cells, cell{text: s.cell.String()})
		if len(s.cells) > s.limits.Columns {
			return record{}, refuse(FileTooLarge, s.row, fmt.Sprintf("the row has more than %d cells: is this the right file?", s.limits.Columns),
				fmt.Sprintf("%d を超えるセルがあります。ファイルを確認してください。", s.limits.Columns))
		}
		if end {
			return record{number: s.row, cells: s.cells}, nil
		}
	}
}

// readCell fills s.cell and says whether the row ends behind it.
func (s *splitter) readCell() (endOfRow bool, err error) {
	s.cell = strings.Builder{}
	quoted, start := false, true
	for {
		r, _, err := s.r.ReadRune()
		if err != nil {
			if quoted && errors.Is(err, io.EOF) {
				return false, refuse(FileQuote, s.row, `a quotation mark (") that opens in this row never closes: close or remove it`,
					"この行で始まる引用符(\")が閉じられていません。閉じるか、取り除いてください。")
			}
			return false, err
		}
		switch {
		case r == '"' && start && !quoted:
			quoted, start = true, false
			continue
		case r == '"' && quoted:
			again, err := s.took('"')
			if err != nil {
				return false, err
			}
			if !again {
				quoted = false
				continue
			}
		case !quoted && s.delimiter != 0 && r == s.delimiter:
			return false, nil
		case !quoted && (r == '\n' || r == '\r'):
			return true, s.endLine(r)
		}
		start = false
		s.cell.WriteRune(r)
		if s.cell.Len() > s.limits.CellBytes {
			return false, refuse(FileTooLarge, s.row, fmt.Sprintf("a cell holds more than %d bytes: a quotation mark may not be closed", s.limits.CellBytes),
				fmt.Sprintf("%d バイトを超えるセルがあります。引用符が閉じられていない可能性があります。", s.limits.CellBytes))
		}
	}
}

// took reads the next character where it is r.
func (s *splitter) took(r rune) (bool, error) {
	next, _, err := s.r.ReadRune()
	if errors.Is(err, io.EOF) {
		return false, nil
	}
	if err != nil || next == r {
		return err == nil, err
	}
	return false, s.r.UnreadRune()
}

func (s *splitter) endLine(r rune) error {
	end := string(r)
	if r == '\r' {
		both, err := s.took('\n')
		if err != nil {
			return err
		}
		if both {
			end = "\r\n"
		}
	}
	if s.newline == "" {
		s.newline = end
	}
	return nil
}

// dialect finds what separates cells: of comma, tab and semicolon the one that
// gives most rows the same number of cells, the more cells the better; none where
// each row is one cell.
func dialect(head string, limits Limits) (delimiter rune) {
	best, cells := 0, 1
	for _, d := range []rune{'\t', ',', ';'} {
		rows, width := usualWidth(head, d, limits)
		if width > 1 && (rows*width > best*cells || best == 0) {
			delimiter, best, cells = d, rows, width
		}
	}
	return delimiter
}

// usualWidth is how many cells most rows that have several have, and how many such rows there are.
func usualWidth(head string, delimiter rune, limits Limits) (rows, width int) {
	counts := map[int]int{}
	limits.Columns = len(head) // that a row is too long is said when it is read
	s := newSplitter(strings.NewReader(head), delimiter, limits)
	for {
		r, err := s.next()
		if err != nil {
			break // the end, or a row that the head cuts
		}
		if len(r.cells) > 1 {
			counts[len(r.cells)]++
		}
	}
	for w, n := range counts {
		if n > rows || n == rows && w > width {
			rows, width = n, w
		}
	}
	return rows, width
}
