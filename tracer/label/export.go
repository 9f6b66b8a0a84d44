package label

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// ExportTagPacks writes all that the view says as a stream of TagPacks and
// ActorPacks, one document a set. Imported again, it changes nothing.
func (v *View) ExportTagPacks(w io.Writer) error {
	p := &packWriter{w: w}
	for _, set := range v.Sets() {
		list := "tags"
		if set.Set.Kind == SetActorPack {
			list = "actors"
		}
		p.header(set.Pack, list, set.Rows)
		err := v.Each(set.Set, func(l *Label, a *Actor, _ time.Time) error {
			if l != nil {
				p.tag(l)
			} else {
				p.actor(a)
			}
			return p.err
		})
		if err = errors.Join(err, p.err); err != nil {
			return err
		}
	}
	return nil
}

// packWriter writes packs in YAML.
type packWriter struct {
	w   io.Writer
	b   []byte
	err error
}

func (p *packWriter) flush() {
	if p.err == nil {
		_, p.err = p.w.Write(p.b)
	}
	p.b = p.b[:0]
}

func (p *packWriter) field(indent, name, value string) {
	if value != "" {
		p.b = append(append(append(append(p.b, indent...), name...), ": "...), scalar(value)...)
		p.b = append(p.b, '\n')
	}
}

func (p *packWriter) list(name string, values []string) {
	if len(values) == 0 {
		return
	}
	p.b = append(append(append(p.b, "  "...), name...), ": ["...)
	for i, value := range values {
		if i > 0 {
			p.b = append(p.b, ", "...)
		}
		p.b = append(p.b, scalar(value)...)
	}
	p.b = append(p.b, "]\n"...)
}

// header writes what stands above the list. A pack must have a title and a
// creator; the set is named where its own name would not come out of them.
func (p *packWriter) header(pack Pack, list string, rows int) {
	p.b = append(p.b, "---\n"...)
	if pack.Title == "" {
		pack.Title, pack.Creator = pack.Set.String(), "tsuiseki"
	}
	p.field("", "title", pack.Title)
	p.field("", "creator", pack.Creator)
	p.field("", "description", pack.Description)
	p.field("", "owner", pack.Owner)
	if pack.Public != nil {
		p.field("", "is_public", strconv.FormatBool(*pack.Public))
	}
	p.field("", "context", (&ours{Set: &pack.Set}).String())
	p.b = append(append(p.b, list...), ":"...)
	if rows == 0 {
		p.b = append(p.b, " []"...)
	}
	p.b = append(p.b, '\n')
	p.flush()
}

func (p *packWriter) tag(l *Label) {
	first := "- "
	put := func(name, value string) {
		if value != "" {
			p.field(first, name, value)
			first = "  "
		}
	}
	put("address", string(l.Address))
	put("tx_hash", l.Tx)
	put("currency", l.Currency)
	if l.Network != l.Currency {
		put("network", l.Network)
	}
	put("label", l.Label)
	put("source", l.Source)
	put("confidence", string(l.Confidence))
	put("category", l.Category)
	put("abuse", l.Abuse)
	put("actor", l.Actor)
	p.list("concepts", l.Concepts)
	put("tag_type", l.TagType)
	if l.ClusterDefiner {
		put("is_cluster_definer", "true")
	}
	put("lastmod", formatTime(l.LastMod))
	put("context", l.contextText())
	p.flush()
}

func (p *packWriter) actor(a *Actor) {
	p.field("- ", "id", a.ID)
	p.field("  ", "uri", a.URI)
	p.field("  ", "label", a.Label)
	p.field("  ", "lastmod", formatTime(a.LastMod))
	p.list("categories", a.Categories)
	if len(a.Categories) == 0 {
		p.b = append(p.b, "  categories: []\n"...)
	}
	p.list("jurisdictions", a.Jurisdictions)
	p.list("aliases", a.Aliases)
	p.field("  ", "context", a.Context)
	p.flush()
}

// scalar writes text so that YAML reads the same text: quoted, but for words that
// nobody can take for anything else.
func scalar(text string) string {
	switch {
	case text == "true" || text == "false":
		return text
	case plain(text):
		return text
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range text {
		switch {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteRune(c)
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\t':
			b.WriteString(`\t`)
		case unicode.IsPrint(c):
			b.WriteRune(c)
		case c <= 0xff:
			fmt.Fprintf(&b, `\x%02x`, c)
		case c <= 0xffff:
			fmt.Fprintf(&b, `\u%04x`, c)
		default:
			fmt.Fprintf(&b, `\U%08x`, c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// plain knows words, and days: letters, digits and underscores around a letter, of
// which YAML 1.1 takes no short word for a truth value or a number.
func plain(text string) bool {
	letters := 0
	for i := range len(text) {
		switch c := text[i]; {
		case c|0x20 >= 'a' && c|0x20 <= 'z':
			letters++
		case c >= '0' && c <= '9' && i > 0, c == '_' && i > 0:
		default:
			return false
		}
	}
	return letters > 2 && len(text) > 3 && text != "null" && text != "Null" && text != "NULL" && text != "False" && text != "FALSE" && text != "True" && text != "TRUE"
}

// ExportCSV writes all labels of the view as rows under the headings that Read
// takes. What sets and actors say of themselves has no place there.
func (v *View) ExportCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	if err := out.Write(columns()); err != nil {
		return err
	}
	for _, set := range v.Sets() {
		if set.Set.Kind == SetActorPack {
			continue
		}
		err := v.Each(set.Set, func(l *Label, _ *Actor, _ time.Time) error {
			row, err := l.cells()
			if err != nil {
				return fmt.Errorf("%s in %s: %w: export as tagpack", l.Subject(), set.Set, err)
			}
			return out.Write(row)
		})
		if err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

func (l *Label) cells() ([]string, error) {
	for _, text := range slices.Concat(l.Concepts, l.Holder.Identifiers) {
		if strings.Contains(text, listSeparator) {
			return nil, fmt.Errorf("a list holds text with %q", listSeparator)
		}
	}
	for _, text := range l.texts() {
		if strings.Contains(*text, "\r") {
			return nil, errors.New("a text holds a carriage return")
		}
	}
	definer := ""
	if l.ClusterDefiner {
		definer = "true"
	}
	return []string{
		string(l.Chain), l.Network, l.Currency, string(l.Address), l.Tx, l.Label, l.Category, l.Source, string(l.Confidence),
		formatTime(l.ValidFrom), formatTime(l.ValidTo), l.Actor, l.Abuse, strings.Join(l.Concepts, listSeparator), l.TagType, definer,
		formatTime(l.LastMod), l.Context, l.Holder.Name, l.Holder.Nationality, strings.Join(l.Holder.Identifiers, listSeparator),
	}, nil
}
