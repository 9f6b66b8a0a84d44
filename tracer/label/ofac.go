package label

import (
	"bytes"
	"cmp"
	"encoding/json"
	"regexp"
	"strings"

	"tsuiseki/chains"
)

// ofacName is how lists of OFAC's "Digital Currency Address" features are named.
var ofacName = regexp.MustCompile(`^sanctioned_addresses_([A-Z0-9]{2,10})\.(txt|json)$`)

func ofacCurrency(name string) (string, bool) {
	match := ofacName.FindStringSubmatch(name)
	if match == nil {
		return "", false
	}
	return match[1], true
}

// ofac reads a list of sanctioned addresses: a line each, or a JSON array.
func (r *reader) ofac(data []byte, currency string) error {
	listed, ok := r.ofacAddresses(data)
	if !ok {
		return nil
	}
	if len(listed) == 0 {
		r.problem(r.file.Name, 1, "", "names no address: it is not a whole list")
		return nil
	}
	if err := r.to.Pack(Pack{Set: Set{SetOFAC, cmp.Or(r.file.Set, currency)}, Title: "OFAC sanctioned addresses " + currency, Creator: "OFAC"}); err != nil {
		return err
	}
	for _, entry := range listed {
		l := Label{
			Currency: strings.Replace(currency, "XBT", "BTC", 1), Label: "OFAC sanctioned address", Source: "OFAC SDN list, Digital Currency Address - " + currency,
			Address: chains.Address(entry.text), Confidence: Official, Abuse: "sanction",
		}
		if strings.ContainsAny(entry.text, " <>\"{},;") {
			r.problem(r.file.Name, entry.line, "address", "%.80q is no address: it is not a list of addresses", entry.text)
			continue
		}
		if field, reason := l.finish(); reason != "" {
			r.problem(r.file.Name, entry.line, field, "%s", reason)
			continue
		}
		if err := l.place(r.canonical); err != nil {
			r.to.Note(Problem{r.file.Name, entry.line, "address", err.Error()})
		}
		if err := r.to.Label(l); err != nil {
			return err
		}
	}
	return nil
}

type ofacEntry struct {
	text string
	line int
}

func (r *reader) ofacAddresses(data []byte) (listed []ofacEntry, ok bool) {
	if data[0] != '[' && !bytes.HasPrefix(bytes.TrimSpace(data), []byte("[")) {
		for i, line := range strings.Split(string(data), "\n") {
			if line = clean(line); line != "" {
				listed = append(listed, ofacEntry{line, i + 1})
			}
		}
		return listed, true
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	lineAt := lineCounter(data)
	token, err := decoder.Token()
	for err == nil && token != json.Delim(']') {
		if text, isText := token.(string); isText {
			listed = append(listed, ofacEntry{clean(text), lineAt(decoder.InputOffset())})
		} else if token != json.Delim('[') || len(listed) > 0 {
			r.problem(r.file.Name, lineAt(decoder.InputOffset()), "", "want a list of addresses, have %.40v", token)
			return nil, false
		}
		token, err = decoder.Token()
	}
	if err != nil {
		r.problem(r.file.Name, lineAt(decoder.InputOffset()), "", "is not whole JSON: %v", err)
		return nil, false
	}
	return listed, true
}

// lineCounter tells lines of offsets that only grow.
func lineCounter(data []byte) func(offset int64) int {
	line, done := 1, int64(0)
	return func(offset int64) int {
		line += bytes.Count(data[done:offset], []byte("\n"))
		done = offset
		return line
	}
}
