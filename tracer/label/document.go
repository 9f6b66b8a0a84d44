package label

import (
	"bytes"
	"strings"
)

// document is one document of a YAML stream, found by its lines alone. What the
// lines promise holds only where the YAML parser, given the pieces, agrees.
type document struct {
	text []byte
	line int        // lines of the stream above it
	list *blockList // nil where no list of it can be read item by item
}

// blockList is a list of tags or actors whose items begin on lines of their own,
// all in one column.
type blockList struct {
	from, to int // where the items stand in the document's text
	line     int // lines of the document above them; the last of them holds the key
	lines    int // that they take
	indent   int // spaces before each "- "
}

// documents cuts a stream of YAML into documents.
type documents struct {
	data []byte
	line int // lines before data
}

// next takes the next document off the stream; false at its end. Marks that only
// the parser understands are a *notPlainError.
func (d *documents) next() (document, bool, error) {
	if len(d.data) == 0 {
		return document{}, false, nil
	}
	doc := document{line: d.line}
	find := listFinder{}
	begun := false // something stands in it, or "---" does
	at := 0
	for line, end := range lines(d.data) {
		switch {
		case isMark(line, "---"):
			if begun {
				find.end(at)
				doc.text, doc.list = d.data[:at], find.list()
				d.data = d.data[at:]
				return doc, true, nil
			}
			begun = true
		case isMark(line, "..."), line[0] == '%' && (begun || !bytes.HasPrefix(line, []byte("%YAML "))):
			return doc, false, &notPlainError{d.line + 1, "it has marks of the end of a document, or directives"}
		case line[0] != '%' && !isBlank(line):
			begun = true
		}
		if hasOddBreak(line) {
			return doc, false, &notPlainError{d.line + 1, "it has line breaks of other kinds than LF and CR LF"}
		}
		find.line(line, at)
		d.line++
		at = end
	}
	find.end(at)
	doc.text, doc.list = d.data, find.list()
	d.data = nil
	return doc, true, nil
}

// lines yields the lines of text, each with its end, and the offset after it.
func lines(text []byte) func(yield func(line []byte, end int) bool) {
	return func(yield func([]byte, int) bool) {
		for at := 0; at < len(text); {
			end := len(text)
			if n := bytes.IndexByte(text[at:], '\n'); n >= 0 {
				end = at + n + 1
			}
			if !yield(text[at:end], end) {
				return
			}
			at = end
		}
	}
}

// isMark tells marks of documents, which stand at the beginning of a line wherever
// that is.
func isMark(line []byte, mark string) bool {
	return bytes.HasPrefix(line, []byte(mark)) && (len(line) == len(mark) || strings.IndexByte(" \t\r\n", line[len(mark)]) >= 0)
}

// isBlank tells lines that hold nothing, or a comment.
func isBlank(line []byte) bool {
	line = bytes.TrimLeft(line, " \t\r\n")
	return len(line) == 0 || line[0] == '#'
}

// hasOddBreak finds what YAML counts as the end of a line and lines does not: a
// carriage return alone, NEL, and the separators of lines and paragraphs.
func hasOddBreak(line []byte) bool {
	if n := bytes.IndexByte(line, '\r'); n >= 0 && n != len(line)-2 {
		return true
	}
	for at := 0; ; at++ {
		n := bytes.IndexByte(line[at:], 0xc2)
		if n < 0 {
			break
		}
		if at += n; at+1 < len(line) && line[at+1] == 0x85 {
			return true
		}
	}
	return bytes.Contains(line, []byte("\u2028")) || bytes.Contains(line, []byte("\u2029"))
}

// listFinder finds the first list of tags or actors among a document's lines.
type listFinder struct {
	found blockList
	state int
	seen  int // lines
}

const (
	beforeKey = iota
	afterKey  // the next line that is not blank shows whether a list follows
	inList
	done
	noList
)

// line takes the next line, which begins at an offset of the document.
func (f *listFinder) line(line []byte, at int) {
	f.seen++
	switch f.state {
	case beforeKey:
		if isListKey(line) {
			f.state = afterKey
			f.found.from, f.found.line = at+len(line), f.seen
		}
	case afterKey:
		if isBlank(line) {
			return
		}
		indent, rest := indentOf(line)
		f.state = noList
		if isEntry(rest) {
			f.state, f.found.indent = inList, indent
		}
	case inList:
		if isBlank(line) {
			return
		}
		indent, rest := indentOf(line)
		if indent > f.found.indent || indent == f.found.indent && isEntry(rest) {
			return
		}
		f.end(at)
		f.found.lines-- // this line is none of them
		if indent > 0 || rest[0] == '\t' {
			f.state = noList // whose end it is, the parser must say
		}
	}
}

// end ends a list under way.
func (f *listFinder) end(at int) {
	if f.state == inList {
		f.state, f.found.to, f.found.lines = done, at, f.seen-f.found.line
	}
}

func (f *listFinder) list() *blockList {
	if f.state != done {
		return nil
	}
	return &f.found
}

// isListKey tells the line that a list of tags or actors follows.
func isListKey(line []byte) bool {
	for _, key := range []string{"tags:", `"tags":`, "'tags':", "actors:", `"actors":`, "'actors':"} {
		if rest, ok := bytes.CutPrefix(line, []byte(key)); ok {
			return isBlank(rest) && !bytes.HasPrefix(rest, []byte("#"))
		}
	}
	return false
}

func indentOf(line []byte) (indent int, rest []byte) {
	rest = bytes.TrimLeft(line, " ")
	return len(line) - len(rest), rest
}

// isEntry tells lines that begin an item.
func isEntry(rest []byte) bool { return isMark(rest, "-") }
