package intake

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// Format is how a file is written; a file of rows to mend is written the same way.
type Format struct {
	Kind      string   `json:"kind"` // csv or xlsx
	Encoding  Encoding `json:"encoding,omitempty"`
	Mark      bool     `json:"byte_order_mark,omitempty"`
	Delimiter string   `json:"delimiter,omitempty"` // empty where each row is one cell
	Newline   string   `json:"newline,omitempty"`
	Sheet     string   `json:"sheet,omitempty"`
	Unread    []string `json:"sheets_not_read,omitempty"`
}

// Layout is what was decided of a file.
type Layout struct {
	Format    Format     `json:"format"`
	Heading   int        `json:"heading_row"` // 0 where the file has none
	Titles    [][]string `json:"titles,omitempty"`
	Headings  []string   `json:"headings,omitempty"`
	Decisions []Decision `json:"decisions"`
}

func (l *layout) public(f Format) Layout {
	p := Layout{Format: f, Heading: l.heading, Headings: l.headings, Decisions: l.decisions}
	for _, t := range l.titles {
		p.Titles = append(p.Titles, t.texts())
	}
	return p
}

// isHeading reports whether a row is the headings, or repeats them as a new page does.
func (l *layout) isHeading(r *record) bool {
	if l.heading == 0 {
		return false
	}
	if r.number == l.heading {
		return true
	}
	for i, h := range l.headings {
		if tidy(h) != tidy(r.at(i).text) {
			return false
		}
	}
	return true
}

// source is an opened upload.
type source struct {
	recordReader
	format Format
}

// open decides by content what an upload is.
func open(up Upload, opt *Options) (*source, error) {
	kind, err := container(up.Bytes, up.Size)
	if err != nil {
		return nil, err
	}
	if kind == "xlsx" {
		return openSheet(up, opt)
	}
	return openText(up, opt.Limits)
}

func openText(up Upload, limits Limits) (*source, error) {
	e, mark, err := textEncoding(up.Bytes, up.Size)
	if err != nil {
		return nil, err
	}
	if err := checkDecodes(decoded(up.Bytes, up.Size, e, mark)); err != nil {
		return nil, err
	}
	const headBytes = 128 << 10
	head := make([]byte, headBytes)
	n, err := io.ReadFull(decoded(up.Bytes, up.Size, e, mark), head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, err
	}
	text := string(head[:n])
	delimiter := dialect(text, limits)
	split := newSplitter(decoded(up.Bytes, up.Size, e, mark), delimiter, limits)
	f := Format{Kind: "csv", Encoding: e, Mark: mark, Newline: newlineOf(text)}
	if delimiter == 0 {
		return &source{&unwrapper{recordReader: split}, f}, nil
	}
	f.Delimiter = string(delimiter)
	return &source{split, f}, nil
}

// newlineOf is how the text's first line ends.
func newlineOf(text string) string {
	at := strings.IndexAny(text, "\r\n")
	switch {
	case at < 0 || text[at] == '\n':
		return "\n"
	case strings.HasPrefix(text[at:], "\r\n"):
		return "\r\n"
	}
	return "\r"
}

// openSheet opens the one sheet of a workbook that holds transactions.
func openSheet(up Upload, opt *Options) (*source, error) {
	w, err := openWorkbook(up.Bytes, up.Size, opt.Limits)
	if err != nil {
		return nil, err
	}
	ref, unread, err := w.choose(opt)
	if err != nil {
		return nil, err
	}
	s, err := w.sheet(ref)
	if err != nil {
		return nil, err
	}
	return &source{s, Format{Kind: "xlsx", Sheet: ref.name, Unread: unread}}, nil
}

// choose picks the sheet named, else the only one that holds ids, else the only one
// that has rows at all. Hidden sheets are read only where they are named.
func (w *workbook) choose(opt *Options) (ref sheetRef, unread []string, err error) {
	var names []string
	var ids, filled []sheetRef
	for _, s := range w.sheets {
		names = append(names, s.name)
		if opt.Sheet != "" {
			if tidy(s.name) == tidy(opt.Sheet) {
				filled, ids = []sheetRef{s}, []sheetRef{s}
			}
			continue
		}
		if s.hidden {
			continue
		}
		some, has, err := w.look(s)
		if err != nil {
			return ref, nil, err
		}
		if some {
			filled = append(filled, s)
		}
		if has {
			ids = append(ids, s)
		}
	}
	all := strings.Join(names, ", ")
	switch {
	case len(ids) == 1:
		ref = ids[0]
	case len(ids) == 0 && len(filled) == 1:
		ref = filled[0]
	case opt.Sheet != "":
		return ref, nil, refuse(FileSheetMissing, 0, fmt.Sprintf("there is no sheet %q: there are %s", opt.Sheet, all), fmt.Sprintf("シート「%s」がありません。シート: %s", opt.Sheet, all))
	case len(filled) == 0:
		return ref, nil, refuse(FileEmpty, 0, "no sheet that is shown has rows: there are "+all, "表示されているシートに行がありません。シート: "+all)
	default:
		return ref, nil, refuse(FileSheets, 0, "several sheets may hold the rows: say which of "+all, "どのシートを読むか決められません。指定してください: "+all)
	}
	for _, name := range names {
		if name != ref.name {
			unread = append(unread, name)
		}
	}
	return ref, unread, nil
}

// look reports whether the first rows of a sheet hold anything, and ids.
func (w *workbook) look(ref sheetRef) (some, ids bool, err error) {
	s, err := w.sheet(ref)
	if err != nil {
		return false, false, err
	}
	defer s.close()
	sample, _, err := takeSample(s)
	for _, r := range sample {
		some = some || !r.blank()
		for _, c := range r.cells {
			ids = ids || holdsID(c.text)
		}
	}
	return some, ids, err
}

// takeSample reads the first rows, by which columns are decided.
func takeSample(src recordReader) (sample []record, ended bool, err error) {
	const rows, bytes = 200, 4 << 20
	held := 0
	for len(sample) < rows && held < bytes {
		r, err := src.next()
		if errors.Is(err, io.EOF) {
			return sample, true, nil
		}
		if err != nil {
			return nil, false, err
		}
		for _, c := range r.cells {
			held += len(c.text)
		}
		sample = append(sample, r)
	}
	return sample, false, nil
}
