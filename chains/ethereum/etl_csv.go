package ethereum

import "bytes"

// etlCSV takes records off CSV text (RFC 4180). Most lines have no quotes and
// are split as they are; fields alias the text.
type etlCSV struct {
	fields [][]byte
}

// next splits the first record; the problem is empty where it is well-formed.
func (s *etlCSV) next(text []byte) (rest []byte, problem string) {
	s.fields = s.fields[:0]
	line, rest, _ := bytes.Cut(text, []byte{'\n'})
	if bytes.IndexByte(line, '"') >= 0 {
		return s.quoted(text)
	}
	for line = bytes.TrimSuffix(line, []byte{'\r'}); ; {
		end := bytes.IndexByte(line, ',')
		if end < 0 {
			s.fields = append(s.fields, line)
			return rest, ""
		}
		s.fields = append(s.fields, line[:end])
		line = line[end+1:]
	}
}

// quoted splits a record that has quotes, and so perhaps line breaks in fields.
func (s *etlCSV) quoted(text []byte) (rest []byte, problem string) {
	for {
		var field, after []byte
		if len(text) > 0 && text[0] == '"' {
			end, doubled := quoteEnd(text)
			if end < 0 {
				return nil, "a quoted field has no end: is the file cut off? Export it again"
			}
			field, after = text[1:end], text[end+1:]
			if doubled {
				field = bytes.ReplaceAll(field, []byte(`""`), []byte{'"'})
			}
		} else {
			end := bytes.IndexByte(text, ',')
			if end < 0 {
				end = len(text)
			}
			if ended := bytes.IndexByte(text[:end], '\n'); ended >= 0 {
				end = ended
			}
			field, after = text[:end], text[end:]
			if bytes.IndexByte(field, '"') >= 0 {
				return nil, "a quote inside a field without quotes: export the file again"
			}
			if len(after) == 0 || after[0] == '\n' {
				field = bytes.TrimSuffix(field, []byte{'\r'})
			}
		}
		s.fields = append(s.fields, field)
		after = bytes.TrimPrefix(after, []byte{'\r'})
		switch {
		case len(after) == 0:
			return nil, ""
		case after[0] == '\n':
			return after[1:], ""
		case after[0] != ',':
			return nil, "a quoted field goes on after its end: export the file again"
		}
		text = after[1:]
	}
}

// quoteEnd is where the quote that text starts with ends; doubled says that it holds quotes.
func quoteEnd(text []byte) (end int, doubled bool) {
	for end = 1; ; end += 2 {
		next := bytes.IndexByte(text[end:], '"')
		if next < 0 {
			return -1, doubled
		}
		if end += next; end+1 >= len(text) || text[end+1] != '"' {
			return end, doubled
		}
		doubled = true
	}
}

// etlLayout is what a CSV file's header says of its fields.
type etlLayout struct {
	kind    etlKind
	has     etlColumnSet
	columns []etlColumn // by field; colNone for what is not read
}

// layoutOf reads a header; false where its columns are of no kind known.
func layoutOf(header []byte) (layout etlLayout, ok bool) {
	var split etlCSV
	if _, problem := split.next(header); problem != "" {
		return layout, false
	}
	for _, name := range split.fields {
		column := etlColumnOf(bytes.TrimSpace(name))
		layout.columns = append(layout.columns, column)
		if column != colNone {
			layout.has |= 1 << column
		}
	}
	layout.kind = kindOf(layout.has)
	return layout, layout.kind != etlUnknown || layout.has.has(colType)
}
