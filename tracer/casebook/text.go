package casebook

import (
	"encoding/json"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Lengths in bytes that texts may have.
const (
	maxName = 500
	maxText = 20_000
	maxJSON = 8 << 20
)

// checkText wants what both databases store: UTF-8 without a zero byte, and not too long.
func checkText(field, text string, longest int) error {
	switch {
	case len(text) > longest:
		return invalid(field, "shorten it", "%d bytes, and at most %d are stored", len(text), longest)
	case !utf8.ValidString(text):
		return invalid(field, "convert it first", "no UTF-8")
	case strings.ContainsRune(text, 0):
		return invalid(field, "leave it out", "it holds a zero byte")
	}
	return nil
}

// field is a text and what it is called.
type field struct{ name, text string }

func checkNames(fields ...field) error {
	for _, f := range fields {
		if err := checkText(f.name, f.text, maxName); err != nil {
			return err
		}
	}
	return nil
}

// checkReason wants a reason for what is withdrawn or decided.
func checkReason(reason string) error {
	if strings.TrimSpace(reason) == "" {
		return invalid("reason", "say why", "it is empty")
	}
	return checkText("reason", reason, maxText)
}

// folded is how texts are compared in searches: width and case do not count.
func folded(texts ...string) string {
	return strings.ToLower(norm.NFKC.String(strings.Join(texts, "\n")))
}

// containing is a pattern of LIKE, with ! as its escape, for texts that hold this one.
func containing(text string) string {
	return "%" + strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(text) + "%"
}

// storable is a text, as a refused call may give it, in a form that both databases store.
func storable(text string) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
	if len(text) > maxJSON {
		text = strings.ToValidUTF8(text[:maxJSON], "")
	}
	return text
}

// checkJSON writes a JSON value in its canonical form; an absent one is null.
func checkJSON(field string, value json.RawMessage) (json.RawMessage, error) {
	if len(value) == 0 {
		return json.RawMessage("null"), nil
	}
	text, err := canonical(value)
	if err != nil {
		return nil, invalid(field, "give JSON", "%v", err)
	}
	return json.RawMessage(text), checkText(field, text, maxJSON)
}

// placeholders are as many parameters, for a list.
func placeholders(n int) string { return strings.Repeat("?, ", n-1) + "?" }
