package rate

import (
	"strings"
)

// csvTable is a file in columns.
type csvTable struct {
	columns
	separator byte
	cells     []string // of the line at hand
}

// newTable reads the line of headings; nil where it is none.
func (r *reader) newTable(line int, content string) *csvTable {
	t := &csvTable{separator: ','}
	for _, other := range []byte{'\t', ';'} {
		if strings.IndexByte(content, other) >= 0 && strings.IndexByte(content, ',') < 0 {
			t.separator = other
		}
	}
	var problems []string
	if !t.split(content) {
		problems = append(problems, "a quote is not closed")
	} else {
		t.columns, problems = newColumns(t.cells)
	}
	for _, p := range problems {
		r.problem(line, "", "%s", p)
	}
	if len(problems) > 0 {
		return nil
	}
	r.ignored = t.ignored
	return t
}

// split cuts a line into cells; false where a quote is open at its end. Cells with
// line breaks, which CSV allows, do not occur in rate files.
func (t *csvTable) split(line string) bool {
	t.cells = t.cells[:0]
	for {
		if strings.HasPrefix(line, `"`) {
			cell, rest, ok := cutQuoted(line)
			if !ok {
				return false
			}
			t.cells = append(t.cells, cell)
			if rest == "" {
				return true
			}
			if rest[0] != t.separator {
				return false
			}
			line = rest[1:]
			continue
		}
		at := strings.IndexByte(line, t.separator)
		if at < 0 {
			t.cells = append(t.cells, line)
			return true
		}
		t.cells, line = append(t.cells, line[:at]), line[at+1:]
	}
}

// cutQuoted reads a cell in quotes, in which two quotes are one.
func cutQuoted(line string) (cell, rest string, ok bool) {
	var text strings.Builder
	for line = line[1:]; ; {
		at := strings.IndexByte(line, '"')
		if at < 0 {
			return "", "", false
		}
		text.WriteString(line[:at])
		line = line[at+1:]
		if !strings.HasPrefix(line, `"`) {
			return text.String(), line, true
		}
		text.WriteByte('"')
		line = line[1:]
	}
}

// takeCells reads a line under the headings.
func (r *reader) takeCells(line int, t *csvTable, content string) error {
	if !t.split(content) {
		r.problem(line, "", "a quote is not closed, or stands within a cell")
		return nil
	}
	if len(t.cells) != t.count {
		r.problem(line, "", "has %d cells, the headings are %d", len(t.cells), t.count)
		return nil
	}
	cell := func(at int) string {
		if at < 0 {
			return ""
		}
		return normal(t.cells[at])
	}
	return r.take(line, record{
		time: cell(t.time), asset: cell(t.asset), chain: cell(t.chain), pair: cell(t.pair), quote: cell(t.quote), rate: cell(t.rate), source: cell(t.source),
	})
}
