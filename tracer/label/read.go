package label

import (
	"bytes"
	"fmt"
	"path"
	"strings"
	"time"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// File is a file of labels to read.
type File struct {
	Name string // for people, and to tell sets apart
	Data []byte
	// Include reads a file that a TagPack includes, by its path below the folder of
	// the pack. nil refuses all.
	Include func(name string) ([]byte, error)
	// Set names the set that the file is the new state of, which must be its only
	// one. Without it, a pack's set has the name of the file, its title and creator,
	// a sanctions list that of its currency; a CSV file is a set of its own and adds
	// to what is held.
	Set string
}

// Receiver takes what a file holds, in its order: each pack, then its labels or
// actors. An error ends the reading. What Note is told is odd, but kept.
type Receiver interface {
	Pack(Pack) error
	Label(Label) error
	Actor(Actor) error
	Note(Problem)
	// Restart takes back all that was received: the file is read anew from its
	// beginning, in another way.
	Restart()
}

// Read reads a file of whichever format its contents show, and tells all that is
// wrong with it by a *RefusedError. Where it does, what was received is worthless.
func Read(f File, canonical Canonical, to Receiver) error {
	r := newReader(f, canonical, to)
	return r.all(r.yaml)
}

func newReader(f File, canonical Canonical, to Receiver) *reader {
	return &reader{file: f, canonical: canonical, to: to, pieceSize: pieceSize, included: map[string]*yaml.Node{}}
}

// all reads the file; yaml reads what is YAML.
func (r *reader) all(yaml func(data []byte) error) error {
	f := r.file
	data := bytes.TrimPrefix(f.Data, []byte("\ufeff"))
	switch {
	case !utf8.Valid(data):
		r.problem(f.Name, 1+bytes.Count(data[:invalidAt(data)], []byte("\n")), "", "is not UTF-8: save it as UTF-8")
	case len(bytes.TrimSpace(data)) == 0:
		r.problem(f.Name, 1, "", "is empty")
	default:
		if err := r.read(data, yaml); err != nil {
			return err
		}
	}
	if len(r.problems) > 0 {
		return &RefusedError{Problems: r.problems, Rows: r.refused}
	}
	return nil
}

func invalidAt(data []byte) int {
	for i := 0; i < len(data); {
		c, size := utf8.DecodeRune(data[i:])
		if c == utf8.RuneError && size <= 1 {
			return i
		}
		i += size
	}
	return len(data)
}

// reader reads one file.
type reader struct {
	file      File
	canonical Canonical
	to        Receiver
	problems  []Problem
	refused   int                   // problems found, also those above mostProblems
	included  map[string]*yaml.Node // what was read once
	expanded  int                   // bytes written for contexts, which aliases can multiply

	includedBytes int
	packs         int // documents with labels or actors
	pieceSize     int // bytes of items that are read at once
}

// mostProblems is how many problems of a file are told in words.
const mostProblems = 100

func (r *reader) problem(file string, line int, field, reason string, args ...any) {
	r.refused++
	if len(r.problems) < mostProblems {
		r.problems = append(r.problems, Problem{file, line, field, fmt.Sprintf(reason, args...)})
	}
}

// read tells formats apart: by their first line, and a list without a heading by
// the name under which it is published.
func (r *reader) read(data []byte, yaml func([]byte) error) error {
	currency, isList := ofacCurrency(path.Base(r.file.Name))
	switch {
	case isList:
		return r.ofac(data, currency)
	case looksLikeCSV(data):
		return r.csv(data)
	case looksLikeYAML(data):
		return yaml(data)
	}
	r.problem(r.file.Name, 1, "", "is none of: TagPack or ActorPack (YAML with title, creator and tags or actors), CSV with headings, "+
		"sanctions list named sanctioned_addresses_CURRENCY.txt or .json")
	return nil
}

func looksLikeCSV(data []byte) bool {
	head := firstLine(data)
	return strings.Contains(head, ",") && !strings.Contains(head, ": ") && !strings.HasPrefix(head, "{") && !strings.HasPrefix(head, "[")
}

func looksLikeYAML(data []byte) bool {
	return bytes.Contains(data, []byte("tags:")) || bytes.Contains(data, []byte("actors:")) || bytes.Contains(data, []byte("title:"))
}

func firstLine(data []byte) string {
	line, _, _ := bytes.Cut(data, []byte("\n"))
	return strings.TrimSpace(string(line))
}

// parseTime reads a day or a moment.
func parseTime(text string) (time.Time, error) {
	for _, layout := range []string{time.DateOnly, time.RFC3339, "2006-1-2", "2006-01-02T15:04:05", time.DateTime} {
		if t, err := time.Parse(layout, text); err == nil && t.Year() > 0 && t.UTC().Year() <= 9999 {
			return t.UTC().Truncate(time.Second), nil
		}
	}
	return time.Time{}, fmt.Errorf("%.80q: want 2006-01-02, or 2006-01-02T15:04:05Z", text)
}

// formatTime writes what parseTime reads; nothing for no time.
func formatTime(t time.Time) string {
	switch {
	case t.IsZero():
		return ""
	case t.Equal(t.Truncate(24 * time.Hour)):
		return t.UTC().Format(time.DateOnly)
	}
	return t.UTC().Format(time.RFC3339)
}

// clean is text without what surrounds it unseen.
func clean(text string) string { return strings.Trim(text, " \t\r\n\u3000\u200b\ufeff") }
