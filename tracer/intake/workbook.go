package intake

import (
	"archive/zip"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
)

// workbook is an .xlsx file: a zip of XML parts. Its rows are read here rather than
// by excelize, whose row iterator does not say which cells are numbers: a number
// may have lost digits, the same digits as text have not.
type workbook struct {
	parts    map[string]*zip.File
	limits   Limits
	left     int64 // bytes that may still be unpacked
	sheets   []sheetRef
	date1904 bool
	strings  []string
	dates    []bool // by style: whether numbers of it are shown as times
}

type sheetRef struct {
	name, part string
	hidden     bool
}

func openWorkbook(r io.ReaderAt, size int64, limits Limits) (*workbook, error) {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, damaged(err)
	}
	w := &workbook{parts: map[string]*zip.File{}, limits: limits, left: limits.Unzipped}
	for _, f := range z.File {
		if f.UncompressedSize64 > uint64(limits.Unzipped) {
			return nil, bomb(limits)
		}
		w.parts[strings.ToLower(strings.TrimPrefix(path.Clean("/"+strings.ReplaceAll(f.Name, `\`, "/")), "/"))] = f
	}
	if err := w.readWorkbook(); err != nil {
		return nil, err
	}
	if err := w.readStyles(); err != nil {
		return nil, err
	}
	if err := w.readStrings(); err != nil {
		return nil, err
	}
	return w, nil
}

func damaged(err error) error {
	if _, ok := errors.AsType[*FileError](err); ok {
		return err
	}
	return refuse(FileDamaged, 0, fmt.Sprintf("the workbook cannot be read (%v): open it and save it as .xlsx again", err),
		"ブックを読めません。開いて .xlsx で保存し直してください。")
}

func bomb(l Limits) error {
	return refuse(FileTooLarge, 0, fmt.Sprintf("the workbook unpacks to more than %d bytes: copy the rows into a new one", l.Unzipped),
		fmt.Sprintf("展開すると %d バイトを超えます。行だけを新しいブックに写してください。", l.Unzipped))
}

// part opens a part as XML, with what it unpacks to counted and each piece of
// markup or text bounded.
func (w *workbook) part(name string) (*xml.Decoder, io.Closer, error) {
	f, ok := w.parts[strings.ToLower(name)]
	if !ok {
		return nil, nil, damaged(fmt.Errorf("it has no part %s", name))
	}
	r, err := f.Open()
	if err != nil {
		return nil, nil, damaged(err)
	}
	d := xml.NewDecoder(&bounded{r: r, book: w, most: 4 * w.limits.CellBytes})
	d.Strict = true
	return d, r, nil
}

// bounded stops where a workbook unpacks to too much, or a single piece of it is too large.
type bounded struct {
	r     io.Reader
	book  *workbook
	most  int // bytes between two tags
	since int
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if b.book.left -= int64(n); b.book.left < 0 {
		return 0, bomb(b.book.limits)
	}
	for _, c := range p[:n] {
		if b.since++; c == '<' {
			b.since = 0
		} else if b.since > b.most {
			return 0, refuse(FileTooLarge, 0, fmt.Sprintf("a cell of the workbook holds more than %d bytes", b.most), "大きすぎるセルがあります。")
		}
	}
	return n, err
}

// elements calls visit for each start tag of a part; visit may read on from the decoder.
func (w *workbook) elements(name string, visit func(*xml.Decoder, xml.StartElement) error) error {
	d, c, err := w.part(name)
	if err != nil {
		return err
	}
	defer c.Close()
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return damaged(err)
		}
		if start, ok := token.(xml.StartElement); ok {
			if err := visit(d, start); err != nil {
				return damaged(err)
			}
		}
	}
}

func (w *workbook) readWorkbook() error {
	const home = "xl/workbook.xml"
	targets := map[string]string{}
	err := w.elements("xl/_rels/workbook.xml.rels", func(_ *xml.Decoder, e xml.StartElement) error {
		if e.Name.Local == "Relationship" {
			target := attr(e, "Target")
			if !strings.HasPrefix(target, "/") {
				target = path.Join("xl", target)
			}
			targets[attr(e, "Id")] = strings.TrimPrefix(path.Clean("/"+target), "/")
		}
		return nil
	})
	if err != nil {
		return err
	}
	return w.elements(home, func(_ *xml.Decoder, e xml.StartElement) error {
		switch e.Name.Local {
		case "workbookPr":
			w.date1904 = truth(attr(e, "date1904"))
		case "sheet":
			id := ""
			for _, a := range e.Attr {
				if a.Name.Local == "id" && a.Name.Space != "" {
					id = a.Value
				}
			}
			if part := targets[id]; part != "" && w.parts[strings.ToLower(part)] != nil {
				state := attr(e, "state")
				w.sheets = append(w.sheets, sheetRef{attr(e, "name"), part, state == "hidden" || state == "veryHidden"})
			}
		}
		return nil
	})
}

func (w *workbook) readStyles() error {
	if w.parts["xl/styles.xml"] == nil {
		return nil
	}
	formats, in := map[string]bool{}, ""
	return w.elements("xl/styles.xml", func(_ *xml.Decoder, e xml.StartElement) error {
		switch e.Name.Local {
		case "numFmt":
			formats[attr(e, "numFmtId")] = dateFormat(attr(e, "formatCode"))
		case "cellStyleXfs", "cellXfs", "dxfs", "cellStyles":
			in = e.Name.Local
		case "xf":
			if in == "cellXfs" {
				id := attr(e, "numFmtId")
				date, custom := formats[id]
				w.dates = append(w.dates, custom && date || !custom && builtinDate(id))
			}
		}
		return nil
	})
}

// builtinDate knows the formats that have numbers but no code (ECMA-376 part 1, 18.8.30),
// those of Japanese Excel included.
func builtinDate(id string) bool {
	n := 0
	for _, c := range []byte(id) {
		if c < '0' || c > '9' || n > 1000 {
			return false
		}
		n = n*10 + int(c-'0')
	}
	return n >= 14 && n <= 22 || n >= 27 && n <= 36 || n >= 45 && n <= 47 || n >= 50 && n <= 58
}

// dateFormat reports whether a format code shows a number as a time.
func dateFormat(code string) bool {
	quoted, bracket := false, false
	code = strings.ToLower(code)
	for i := 0; i < len(code); i++ {
		switch c := code[i]; {
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '\\' || c == '_' || c == '*':
			i++
		case c == '[':
			bracket = true
			if rest := code[i+1:]; strings.HasPrefix(rest, "h]") || strings.HasPrefix(rest, "hh]") || strings.HasPrefix(rest, "m") || strings.HasPrefix(rest, "s") {
				return true // a duration
			}
		case c == ']':
			bracket = false
		case bracket:
		case strings.HasPrefix(code[i:], "general"):
			i += len("general") - 1
		case c == 'e' && i+1 < len(code) && (code[i+1] == '+' || code[i+1] == '-'):
			i++
		case strings.IndexByte("ymdhsge", c) >= 0:
			return true
		}
	}
	return false
}

// readStrings holds the shared strings. Furigana, which Japanese Excel keeps beside
// what was typed, is no part of a string.
func (w *workbook) readStrings() error {
	const name = "xl/sharedstrings.xml"
	if w.parts[name] == nil {
		return nil
	}
	held := 0
	return w.elements(name, func(d *xml.Decoder, e xml.StartElement) error {
		if e.Name.Local != "si" {
			return nil
		}
		text, err := richText(d, w.limits.CellBytes)
		if err != nil {
			return err
		}
		const perString = 16
		if held += len(text) + perString; held > w.limits.StringBytes {
			return refuse(FileTooLarge, 0, fmt.Sprintf("the workbook's text takes more than %d bytes: split it", w.limits.StringBytes), "ブックの文字が多すぎます。分割してください。")
		}
		w.strings = append(w.strings, text)
		return nil
	})
}

// richText reads the text of an si or is element up to its end.
func richText(d *xml.Decoder, most int) (string, error) {
	var b strings.Builder
	depth, phonetic, inText := 1, 0, false
	for depth > 0 {
		token, err := d.Token()
		if err != nil {
			return "", err
		}
		switch t := token.(type) {
		case xml.StartElement:
			depth++
			inText = t.Name.Local == "t" && phonetic == 0
			if t.Name.Local == "rPh" && phonetic == 0 {
				phonetic = depth
			}
		case xml.EndElement:
			if depth == phonetic {
				phonetic = 0
			}
			depth--
			inText = false
		case xml.CharData:
			if inText {
				b.Write(t)
			}
			if b.Len() > most {
				return "", refuse(FileTooLarge, 0, fmt.Sprintf("a cell holds more than %d bytes", most), fmt.Sprintf("%d バイトを超えるセルがあります。", most))
			}
		}
	}
	return b.String(), nil
}

func attr(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name && a.Name.Space == "" {
			return a.Value
		}
	}
	return ""
}

func truth(s string) bool { return s == "1" || s == "true" || s == "on" }
