package ethereum_test

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// etlExport says how rows are written.
type etlExport struct {
	json   bool // lines of JSON objects
	stream bool // with a field "type" each, kinds mixed in one file, receipts within transactions
	packed bool
	parts  int // folders
}

// csvField is a field as Python's csv module would be given it.
func csvField(field any) string {
	switch field := field.(type) {
	case nil:
		return ""
	case []string:
		return strings.Join(field, ",")
	}
	return fmt.Sprint(field)
}

func jsonField(field any) string {
	switch field := field.(type) {
	case nil:
		return "null"
	case string:
		text, _ := json.Marshal(field)
		return string(text)
	case []string:
		items := slices.Clone(field)
		for i := range items {
			if !strings.HasPrefix(items[i], "{") && strings.HasPrefix(items[i], "0x") {
				items[i] = `"` + items[i] + `"`
			}
		}
		return "[" + strings.Join(items, ", ") + "]"
	}
	return fmt.Sprint(field)
}

func (l *etlLine) json(stream bool) string {
	var fields []string
	if stream {
		fields = append(fields, `"type": "`+l.kind+`"`)
	}
	for i, name := range l.names {
		fields = append(fields, fmt.Sprintf(`%q: %s`, name, jsonField(l.fields[i])))
	}
	return "{" + strings.Join(fields, ", ") + "}\n"
}

// streamed moves receipts into their transactions, as ethereumetl stream does.
func streamed(lines []etlLine) (joined []etlLine) {
	receipts := map[any]etlLine{}
	for _, l := range lines {
		if l.kind == "receipt" {
			receipts[l.fields[0]] = l
		}
	}
	for _, l := range lines {
		if l.kind == "receipt" {
			continue
		}
		if receipt, held := receipts[l.fields[0]]; held && l.kind == "transaction" {
			l.names, l.fields = slices.Clone(l.names), slices.Clone(l.fields)
			for i, name := range receipt.names[4:] {
				l.names, l.fields = append(l.names, "receipt_"+name), append(l.fields, receipt.fields[4+i])
			}
		}
		joined = append(joined, l)
	}
	return joined
}

// write writes rows into files whose names say nothing.
func (x etlExport) write(tb testing.TB, dir string, lines []etlLine) {
	tb.Helper()
	if x.stream {
		lines = streamed(lines)
	}
	files := map[string][]etlLine{}
	for i, l := range lines {
		kind := l.kind
		if x.stream {
			kind = "all"
		}
		name := fmt.Sprintf("part=%d/%s", i%max(1, x.parts), kind)
		files[name] = append(files[name], l)
	}
	number := 0
	for name, lines := range files {
		var text bytes.Buffer
		if x.json || x.stream {
			for _, l := range lines {
				text.WriteString(l.json(x.stream))
			}
		} else {
			w := csv.NewWriter(&text)
			w.UseCRLF = true
			_ = w.Write(lines[0].names)
			for _, l := range lines {
				fields := make([]string, len(l.fields))
				for i := range fields {
					fields[i] = csvField(l.fields[i])
				}
				_ = w.Write(fields)
			}
			w.Flush()
		}
		number++
		writeFile(tb, filepath.Join(dir, filepath.Dir(name), fmt.Sprintf("file-%d", number)), text.Bytes(), x.packed)
	}
}

func writeFile(tb testing.TB, path string, text []byte, packed bool) {
	tb.Helper()
	if packed {
		var out bytes.Buffer
		w := gzip.NewWriter(&out)
		_, _ = w.Write(text)
		w.Close()
		text = out.Bytes()
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		tb.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		tb.Fatal(err)
	}
}
