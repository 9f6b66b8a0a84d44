package intake

import (
	"cmp"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// area is a rectangle of merged cells, rows from 1 and columns from 0, all included.
type area struct{ top, left, bottom, right int }

// sheetReader yields the rows of a sheet.
type sheetReader struct {
	book   *workbook
	d      *xml.Decoder
	closer io.Closer
	last   int      // the row yielded last
	held   *record  // read, but rows before it are missing from the file
	merged []area   // in order of their first row
	open   []merger // areas that reach into the rows to come
	ended  bool
}

type merger struct {
	area
	value cell
}

func (w *workbook) sheet(ref sheetRef) (*sheetReader, error) {
	merged, err := w.mergedAreas(ref)
	if err != nil {
		return nil, err
	}
	d, c, err := w.part(ref.part)
	if err != nil {
		return nil, err
	}
	return &sheetReader{book: w, d: d, closer: c, merged: merged}, nil
}

func (s *sheetReader) close() error { return s.closer.Close() }

// next yields rows that the file leaves out as blank ones.
func (s *sheetReader) next() (record, error) {
	if s.held == nil && !s.ended {
		r, err := s.read()
		switch {
		case errors.Is(err, io.EOF):
			s.ended = true
		case err != nil:
			return record{}, damaged(err)
		case r.number <= s.last:
			return record{}, damaged(fmt.Errorf("row %d comes after row %d", r.number, s.last))
		default:
			s.held = &r
		}
	}
	if s.held == nil {
		return record{}, io.EOF
	}
	s.last++
	r := record{number: s.last}
	if s.held.number == s.last {
		r, s.held = *s.held, nil
	}
	s.merge(&r)
	return r, nil
}

// merge tells a row which of its cells belong to one above, and what that holds.
func (s *sheetReader) merge(r *record) {
	open := s.open[:0]
	for _, m := range s.open {
		if r.number > m.bottom {
			continue
		}
		open = append(open, m)
		if r.merged == nil {
			r.merged = map[int]cell{}
		}
		r.merged[m.left] = m.value
	}
	for ; len(s.merged) > 0 && s.merged[0].top <= r.number; s.merged = s.merged[1:] {
		if m := s.merged[0]; m.top == r.number && m.bottom > m.top {
			open = append(open, merger{m, r.at(m.left)})
		}
	}
	s.open = open
}

func (s *sheetReader) read() (record, error) {
	for {
		token, err := s.d.Token()
		if err != nil {
			return record{}, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			if t.Name.Local == "row" {
				return s.readRow(t)
			}
		case xml.EndElement:
			if t.Name.Local == "sheetData" {
				return record{}, io.EOF
			}
		}
	}
}

func (s *sheetReader) readRow(e xml.StartElement) (record, error) {
	const mostRows = 1 << 20
	r := record{number: s.last + 1}
	if n := attr(e, "r"); n != "" {
		number, err := strconv.Atoi(n)
		if err != nil || number < 1 || number > mostRows {
			return r, fmt.Errorf("row number %.20q", n)
		}
		r.number = number
	}
	for {
		token, err := s.d.Token()
		if err != nil {
			return r, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			if t.Name.Local != "c" {
				continue
			}
			column := len(r.cells)
			if ref := attr(t, "r"); ref != "" {
				if column, _, err = cellRef(ref); err != nil {
					return r, err
				}
			}
			if column >= s.book.limits.Columns {
				c, err := s.readCell(t)
				if err != nil || c.text == "" {
					continue
				}
				return r, refuse(FileTooLarge, r.number, fmt.Sprintf("the row has more than %d cells", s.book.limits.Columns), fmt.Sprintf("%d を超えるセルがあります。", s.book.limits.Columns))
			}
			for len(r.cells) <= column {
				r.cells = append(r.cells, cell{})
			}
			if r.cells[column], err = s.readCell(t); err != nil {
				return r, err
			}
		case xml.EndElement:
			if t.Name.Local == "row" {
				return r, nil
			}
		}
	}
}

// readCell reads one c element; a formula's value is the one that was last computed.
func (s *sheetReader) readCell(e xml.StartElement) (cell, error) {
	kind, value := attr(e, "t"), ""
	for {
		token, err := s.d.Token()
		if err != nil {
			return cell{}, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			switch t.Name.Local {
			case "is":
				if value, err = richText(s.d, s.book.limits.CellBytes); err != nil {
					return cell{}, err
				}
			case "v":
				if value, err = text(s.d, s.book.limits.CellBytes); err != nil {
					return cell{}, err
				}
			default:
				if err := s.d.Skip(); err != nil {
					return cell{}, err
				}
			}
		case xml.EndElement:
			return s.value(kind, value, attr(e, "s"))
		}
	}
}

func text(d *xml.Decoder, most int) (string, error) {
	var b strings.Builder
	for {
		token, err := d.Token()
		if err != nil {
			return "", err
		}
		switch t := token.(type) {
		case xml.CharData:
			if b.Write(t); b.Len() > most {
				return "", refuse(FileTooLarge, 0, fmt.Sprintf("a cell holds more than %d bytes", most), fmt.Sprintf("%d バイトを超えるセルがあります。", most))
			}
		case xml.EndElement:
			return b.String(), nil
		case xml.StartElement:
			return "", fmt.Errorf("a cell's value holds the element %.40q", t.Name.Local)
		}
	}
}

func (s *sheetReader) value(kind, value, style string) (cell, error) {
	switch kind {
	case "s":
		n, err := strconv.Atoi(strings.TrimSpace(value))
		if err != nil || n < 0 || n >= len(s.book.strings) {
			return cell{}, fmt.Errorf("shared string %.20q is not there", value)
		}
		return cell{text: s.book.strings[n]}, nil
	case "str", "inlineStr", "e", "d":
		return cell{text: value}, nil
	case "b":
		return cell{text: map[bool]string{true: "TRUE", false: "FALSE"}[truth(value)]}, nil
	}
	if value = strings.TrimSpace(value); value == "" {
		return cell{}, nil
	}
	c := cell{text: value, number: true}
	number, ok := plainNumber(value)
	if !ok {
		return cell{text: value}, nil
	}
	c.text = number
	if n, err := strconv.Atoi(style); err == nil && n >= 0 && n < len(s.book.dates) && s.book.dates[n] {
		if t, ok := serialTime(number, s.book.date1904); ok {
			return cell{text: t, date: true}, nil
		}
	}
	return c, nil
}

// cellRef reads a cell's name: AB12 is column 27 of row 12.
func cellRef(ref string) (column, row int, err error) {
	i := 0
	for ; i < len(ref) && i < 4 && ref[i] >= 'A' && ref[i] <= 'Z'; i++ {
		column = column*26 + int(ref[i]-'A') + 1
	}
	row, err = strconv.Atoi(ref[i:])
	if i == 0 || err != nil || row < 1 {
		return 0, 0, fmt.Errorf("cell name %.20q", ref)
	}
	return column - 1, row, nil
}

// columnName is how a spreadsheet names a column.
func columnName(column int) string {
	name := ""
	for n := column + 1; n > 0; n = (n - 1) / 26 {
		name = string(rune('A'+(n-1)%26)) + name
	}
	return name
}

// mergedAreas reads which cells are merged; they stand behind all rows of a sheet.
func (w *workbook) mergedAreas(ref sheetRef) (areas []area, err error) {
	budget := w.left // reading the part twice must not count twice
	defer func() { w.left = budget }()
	const most = 100_000
	err = w.elements(ref.part, func(d *xml.Decoder, e xml.StartElement) error {
		switch e.Name.Local {
		case "sheetData":
			return d.Skip()
		case "mergeCell":
			first, last, _ := strings.Cut(attr(e, "ref"), ":")
			left, top, err := cellRef(first)
			if err != nil {
				return err
			}
			right, bottom, err := cellRef(last)
			if err != nil {
				return err
			}
			if areas = append(areas, area{top, left, bottom, right}); len(areas) > most {
				return refuse(FileTooLarge, 0, fmt.Sprintf("the sheet has more than %d merged cells: unmerge them", most), "結合されたセルが多すぎます。結合を解除してください。")
			}
		}
		return nil
	})
	slices.SortFunc(areas, func(a, b area) int { return cmp.Or(cmp.Compare(a.top, b.top), cmp.Compare(a.left, b.left)) })
	return areas, err
}
