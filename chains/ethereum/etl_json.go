package ethereum

import (
	"bytes"
	"encoding/json"
)

// etlJSON reads lines that hold one flat JSON object each. Lines of a file
// have the same keys in the same order, mostly, so it remembers the last line's.
type etlJSON struct {
	keys  []etlKey             // of the last line, in order
	known map[string]etlColumn // all keys met
}

type etlKey struct {
	name   string
	column etlColumn
}

// read takes the object apart; false where the line is not just one object.
// Strings lose their quotes, null becomes an empty field, arrays and objects
// stay as they are written.
func (j *etlJSON) read(line []byte, row *etlRow) bool {
	row.has, row.err = 0, nil
	clear(row.fields[:])
	pos := skipSpace(line, 0)
	if pos == len(line) || line[pos] != '{' {
		return false
	}
	pos = skipSpace(line, pos+1)
	if pos < len(line) && line[pos] == '}' {
		return skipSpace(line, pos+1) == len(line)
	}
	for n := 0; ; n++ {
		key, next := jsonString(line, pos)
		if next < 0 {
			return false
		}
		column := j.column(n, key)
		pos = skipSpace(line, next)
		if pos == len(line) || line[pos] != ':' {
			return false
		}
		value, next := jsonValue(line, skipSpace(line, pos+1))
		if next < 0 {
			return false
		}
		if column != colNone {
			row.has |= 1 << column
			row.fields[column] = value
		}
		pos = skipSpace(line, next)
		if pos < len(line) && line[pos] == '}' {
			return skipSpace(line, pos+1) == len(line)
		}
		if pos == len(line) || line[pos] != ',' {
			return false
		}
		pos = skipSpace(line, pos+1)
	}
}

// column is that of the n-th key of a line.
func (j *etlJSON) column(n int, key []byte) etlColumn {
	if n < len(j.keys) && j.keys[n].name == string(key) {
		return j.keys[n].column
	}
	const most = 200 // ethereum-etl writes fewer than 100 in all
	column, met := j.known[string(key)]
	if !met {
		column = etlColumnOf(key)
		if len(j.known) == most || j.known == nil {
			j.known = map[string]etlColumn{}
		}
		j.known[string(key)] = column
	}
	if n == len(j.keys) && n < most {
		j.keys = append(j.keys, etlKey{string(key), column})
	}
	return column
}

func skipSpace(line []byte, pos int) int {
	for pos < len(line) && (line[pos] == ' ' || line[pos] == '\t' || line[pos] == '\r' || line[pos] == '\n') {
		pos++
	}
	return pos
}

// jsonString is the string that starts at pos, and the place after it; -1 where there is none.
func jsonString(line []byte, pos int) (text []byte, next int) {
	if pos >= len(line) || line[pos] != '"' {
		return nil, -1
	}
	end := bytes.IndexByte(line[pos+1:], '"')
	if end < 0 {
		return nil, -1
	}
	text = line[pos+1 : pos+1+end]
	if bytes.IndexByte(text, '\\') < 0 {
		return text, pos + end + 2
	}
	next = stringEnd(line, pos)
	var unescaped string
	if next < 0 || json.Unmarshal(line[pos:next], &unescaped) != nil {
		return nil, -1
	}
	return []byte(unescaped), next
}

// stringEnd is the place after the string that starts at pos; -1 where it has no end.
func stringEnd(line []byte, pos int) int {
	end := bytes.IndexByte(line[pos+1:], '"')
	if end < 0 {
		return -1
	}
	escape := bytes.IndexByte(line[pos+1:pos+1+end], '\\')
	if escape < 0 {
		return pos + end + 2
	}
	for pos += 1 + escape; pos < len(line); pos++ {
		switch line[pos] {
		case '\\':
			pos++
		case '"':
			return pos + 1
		}
	}
	return -1
}

// jsonValue is the value that starts at pos, and the place after it; -1 where there is none.
func jsonValue(line []byte, pos int) (value []byte, next int) {
	if pos == len(line) {
		return nil, -1
	}
	switch line[pos] {
	case '"':
		return jsonString(line, pos)
	case '[', '{':
		if next = bracketEnd(line, pos); next < 0 {
			return nil, -1
		}
		return line[pos:next], next
	}
	next = pos
	for next < len(line) && line[next] != ',' && line[next] != '}' && line[next] > ' ' {
		next++
	}
	value = line[pos:next]
	switch {
	case string(value) == "null":
		return nil, next
	case len(value) == 0 || value[0] == '"':
		return nil, -1
	}
	return value, next
}

// bracketEnd is the place after the array or object that starts at pos; -1 where it has no end.
func bracketEnd(line []byte, pos int) int {
	depth := 0
	for pos < len(line) {
		switch line[pos] {
		case '[', '{':
			depth++
		case ']', '}':
			if depth--; depth == 0 {
				return pos + 1
			}
		case '"':
			if pos = stringEnd(line, pos); pos < 0 {
				return -1
			}
			continue
		}
		pos++
	}
	return -1
}
