package label

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"io"
	"path"
	"slices"
	"strings"
)

// columns are the headings of a CSV file, in the order in which they are written.
// chain is what network is, by this program's name.
func columns() []string {
	return []string{
		"chain", "network", "currency", "address", "tx_hash", "label", "category", "source", "confidence", "valid_from", "valid_to",
		"actor", "abuse", "concepts", "tag_type", "is_cluster_definer", "lastmod", "context", "account_holder", "nationality", "identifiers",
	}
}

// listSeparator stands between the values of a list in one cell.
const listSeparator = ";"

// csv reads labels as rows. Where account holders are named, it is an exchange's
// answer, which is worth the confidence of one unless it says otherwise.
func (r *reader) csv(data []byte) error {
	rows := csv.NewReader(bytes.NewReader(data))
	rows.ReuseRecord, rows.FieldsPerRecord = true, -1
	headings, err := rows.Read()
	if err != nil {
		r.csvError(err)
		return nil
	}
	headings = slices.Clone(headings)
	for i := range headings {
		headings[i] = strings.ToLower(clean(headings[i]))
	}
	if !r.checkHeadings(headings) {
		return nil
	}
	disclosure := slices.Contains(headings, "account_holder") || slices.Contains(headings, "identifiers")
	if err := r.to.Pack(Pack{Set: r.csvSet(disclosure)}); err != nil {
		return err
	}
	for {
		cells, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			r.csvError(err)
			return nil
		}
		if l, ok := r.csvRow(rows, headings, cells); ok {
			if err := r.to.Label(l); err != nil {
				return err
			}
		}
	}
}

func (r *reader) csvError(err error) {
	line := 1
	if at, ok := errors.AsType[*csv.ParseError](err); ok {
		line, err = at.Line, at.Err
	}
	r.problem(r.file.Name, line, "", "%v", err)
}

func (r *reader) csvSet(disclosure bool) Set {
	kind, name := SetCSV, r.file.Set
	if disclosure {
		kind = SetDisclosure
	}
	if name == "" {
		sum := sha256.Sum256(r.file.Data)
		name = path.Base(r.file.Name) + " " + hex.EncodeToString(sum[:6])
	}
	return Set{kind, name}
}

func (r *reader) checkHeadings(headings []string) bool {
	before := r.refused
	for i, h := range headings {
		switch {
		case !slices.Contains(columns(), h):
			r.problem(r.file.Name, 1, h, "is no heading of labels: use %s", strings.Join(columns(), ", "))
		case slices.Contains(headings[:i], h):
			r.problem(r.file.Name, 1, h, "stands twice")
		}
	}
	for _, anyOf := range [][]string{{"address", "tx_hash"}, {"label"}, {"source"}, {"chain", "network", "currency"}} {
		if !slices.ContainsFunc(anyOf, func(h string) bool { return slices.Contains(headings, h) }) {
			r.problem(r.file.Name, 1, anyOf[0], "this heading is missing")
		}
	}
	return r.refused == before
}

func (r *reader) csvRow(rows *csv.Reader, headings, cells []string) (l Label, ok bool) {
	before := r.refused
	lineOf := func(field string) int {
		line, _ := rows.FieldPos(max(slices.Index(headings[:min(len(headings), len(cells))], field), 0))
		return line
	}
	if len(cells) != len(headings) {
		r.problem(r.file.Name, lineOf(""), "", "has %d cells under %d headings", len(cells), len(headings))
		return l, false
	}
	var chain string
	for i, field := range headings {
		value := clean(cells[i])
		if value == "" {
			continue
		}
		var reason string
		switch field {
		case "chain":
			chain = value
		case "concepts":
			l.Concepts = list(value)
		case "identifiers":
			l.Holder.Identifiers = list(value)
		default:
			reason = l.set(field, value)
		}
		if reason != "" {
			r.problem(r.file.Name, lineOf(field), field, "%s", reason)
		}
	}
	if l.Network == "" {
		l.Network = chain
	}
	if l.Confidence == "" && !l.Holder.IsZero() {
		l.Confidence = Disclosed
	}
	if r.refused > before {
		return l, false
	}
	if field, reason := l.finish(); reason != "" {
		r.problem(r.file.Name, lineOf(field), field, "%s", reason)
		return l, false
	}
	if err := l.place(r.canonical); err != nil {
		if chain != "" { // whoever names the chain by our name can mend the row
			r.problem(r.file.Name, lineOf("address"), "address", "%v", err)
			return l, false
		}
		r.to.Note(Problem{r.file.Name, lineOf("address"), "address", err.Error()})
	}
	ok = r.sameChain(&l, chain, lineOf("chain"))
	return l, ok
}

// sameChain refuses a row whose chain is not that of its network.
func (r *reader) sameChain(l *Label, chain string, line int) bool {
	if chain != "" && l.Chain != "" && !strings.EqualFold(chain, string(l.Chain)) && chainOf(chain, l.Subject()) != l.Chain {
		r.problem(r.file.Name, line, "chain", "is %.40q, but the network is that of %s", chain, l.Chain)
		return false
	}
	return true
}

func list(cell string) (values []string) {
	for value := range strings.SplitSeq(cell, listSeparator) {
		if value = clean(value); value != "" {
			values = append(values, value)
		}
	}
	return values
}
