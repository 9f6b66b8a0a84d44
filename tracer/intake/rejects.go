package intake

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding"
)

// RejectFile writes the rows that come back as a file like the upload, with two more
// columns of reasons: to be mended and uploaded again. It is written as a stream.
// Close it after use; where no row was rejected nothing is written.
type RejectFile struct {
	to     io.Writer
	layout Layout
	out    rowWriter
	drop   map[int]bool // columns of reasons of an earlier answer
	width  int
}

// NewRejectFile writes to w once the first row is rejected.
func NewRejectFile(w io.Writer) *RejectFile { return &RejectFile{to: w} }

// Begin takes what was decided of the upload.
func (f *RejectFile) Begin(l Layout) error {
	f.layout, f.drop, f.width = l, map[int]bool{}, len(l.Decisions)
	for i, d := range l.Decisions {
		if d.Field == fieldReasonEN || d.Field == fieldReasonJA {
			f.drop[i] = true
		}
	}
	return nil
}

// rowWriter writes rows in one format.
type rowWriter interface {
	write(cells []string) error
	close() error
}

// Reject writes a row.
func (f *RejectFile) Reject(r Rejected) error {
	if f.out == nil {
		if err := f.begin(); err != nil {
			return err
		}
	}
	var en, ja []string
	for _, e := range r.Errors {
		en = append(en, string(e.Field)+": "+e.Reason+" ["+string(e.Code)+"]. "+e.Suggestion)
		name := fieldNamesJA[e.Field]
		ja = append(ja, name+": "+e.ReasonJA+e.SuggestionJA)
	}
	return f.out.write(append(f.kept(r.Cells), strings.Join(en, " / "), strings.Join(ja, " / ")))
}

// kept are a row's cells without the reasons of an earlier answer, as many as there are columns.
func (f *RejectFile) kept(cells []string) []string {
	var out []string
	for i := range max(f.width, len(cells)) {
		switch {
		case f.drop[i]:
		case i < len(cells):
			out = append(out, cells[i])
		default:
			out = append(out, "")
		}
	}
	return out
}

// begin writes what stands above the rows. Columns that were recognised by their
// cells get a heading that names them: what comes back may have no such cells.
func (f *RejectFile) begin() error {
	if f.layout.Format.Kind == "xlsx" {
		out, err := newSheetWriter(f.to, f.layout.Format.Sheet)
		if err != nil {
			return err
		}
		f.out = out
	} else {
		f.out = newTextWriter(f.to, f.layout.Format)
	}
	for _, t := range f.layout.Titles {
		if err := f.out.write(t); err != nil {
			return err
		}
	}
	words := headingWords()
	heads := make([]string, f.width)
	for i, d := range f.layout.Decisions {
		if i < len(f.layout.Headings) {
			heads[i] = f.layout.Headings[i]
		}
		if d.Field != "" && !f.drop[i] && words[headingKey(heads[i])] != d.Field {
			heads[i] = fieldNamesJA[d.Field]
		}
	}
	return f.out.write(append(f.kept(heads), ReasonHeading, ReasonHeadingJA))
}

// Close ends the file.
func (f *RejectFile) Close() error {
	if f.out == nil {
		return nil
	}
	return f.out.close()
}

// textWriter writes rows as text in the upload's encoding.
type textWriter struct {
	w         *bufio.Writer
	encoder   *encoding.Encoder
	delimiter string
	newline   string
	err       error
}

func newTextWriter(to io.Writer, f Format) *textWriter {
	w := &textWriter{bufio.NewWriter(to), f.Encoding.codec().NewEncoder(), f.Delimiter, f.Newline, nil}
	if w.delimiter == "" {
		w.delimiter = ","
	}
	if f.Mark {
		_, w.err = w.w.WriteString(f.Encoding.mark())
	}
	return w
}

func (w *textWriter) write(cells []string) error {
	if w.err != nil {
		return w.err
	}
	var b strings.Builder
	for i, c := range cells {
		if i > 0 {
			b.WriteString(w.delimiter)
		}
		if strings.ContainsAny(c, "\"\r\n,;\t") {
			c = `"` + strings.ReplaceAll(c, `"`, `""`) + `"`
		}
		b.WriteString(c)
	}
	b.WriteString(w.newline)
	text, err := w.encoder.String(b.String())
	if err != nil {
		text = w.slowly(b.String())
	}
	_, w.err = w.w.WriteString(text)
	return w.err
}

// slowly encodes text of which some characters are not in the encoding: a geta mark
// (〓), which printers put where a type was missing, stands for each.
func (w *textWriter) slowly(text string) string {
	var b strings.Builder
	for _, r := range text {
		one, err := w.encoder.String(string(r))
		if err != nil || r == utf8.RuneError {
			one, _ = w.encoder.String("〓")
		}
		b.WriteString(one)
	}
	return b.String()
}

func (w *textWriter) close() error {
	if w.err != nil {
		return w.err
	}
	return w.w.Flush()
}

// sheetWriter writes rows as text cells of a workbook.
type sheetWriter struct {
	to     io.Writer
	file   *excelize.File
	stream *excelize.StreamWriter
	row    int
}

func newSheetWriter(to io.Writer, sheet string) (*sheetWriter, error) {
	f := excelize.NewFile()
	if err := f.SetSheetName("Sheet1", sheet); err != nil {
		return nil, err
	}
	s, err := f.NewStreamWriter(sheet)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &sheetWriter{to: to, file: f, stream: s}, nil
}

func (w *sheetWriter) write(cells []string) error {
	w.row++
	name, err := excelize.CoordinatesToCellName(1, w.row)
	if err != nil {
		return err
	}
	values := make([]any, len(cells))
	for i, c := range cells {
		if c != "" {
			values[i] = c
		}
	}
	return w.stream.SetRow(name, values)
}

func (w *sheetWriter) close() error {
	err := w.stream.Flush()
	if err == nil {
		err = w.file.Write(w.to)
	}
	return errors.Join(err, w.file.Close())
}
