package label

import (
	"bytes"
	"encoding/json"
	"fmt"

	"go.yaml.in/yaml/v3"
)

// lacks names a field that an actor must have and has not.
func (a *Actor) lacks() (field, reason string) {
	for _, must := range []struct {
		field string
		there bool
	}{{"id", a.ID != ""}, {"uri", a.URI != ""}, {"label", a.Label != ""}, {"lastmod", !a.LastMod.IsZero()}, {"categories", a.Categories != nil}} {
		if !must.there {
			return must.field, "is missing"
		}
	}
	if len(a.record()) > maxRecord/2 {
		return "context", fmt.Sprintf("the actor is longer than %d bytes", maxRecord/2)
	}
	return "", ""
}

// actorField reads a field of an actor; false where actors have no such field.
func (r *reader) actorField(d *draft, e entry) bool {
	a := &d.actor
	lists := map[string]*[]string{"categories": &a.Categories, "jurisdictions": &a.Jurisdictions, "aliases": &a.Aliases}
	if into := lists[e.name]; into != nil {
		if values, ok := r.texts(e); ok {
			*into = append([]string{}, values...) // an empty list is one
		}
		return true
	}
	switch e.name {
	case "id", "uri", "label", "lastmod":
		text, ok := r.text(e)
		if !ok {
			return true
		}
		switch e.name {
		case "id":
			a.ID = text
		case "uri":
			a.URI = text
		case "label":
			a.Label = text
		case "lastmod":
			var err error
			if a.LastMod, err = parseTime(text); err != nil {
				r.problem(e.value.file, e.line, e.name, "%v", err)
			}
		}
		return true
	case "context":
		if text, ok := r.context(e); ok {
			a.Context = text
		}
		return true
	}
	return false
}

// json writes a node as JSON, fields in their order.
func (r *reader) json(p place, field string) (string, bool) {
	var b bytes.Buffer
	ok := r.appendJSON(&b, p, field, 0)
	if r.expanded += b.Len(); r.expanded > mostExpanded+4*len(r.file.Data) {
		r.problem(p.file, p.Line, field, "is repeated too often")
		return "", false
	}
	if !ok {
		return "", false
	}
	return b.String(), true
}

func (r *reader) appendJSON(b *bytes.Buffer, p place, field string, deep int) bool {
	p, ok := r.resolve(p)
	if !ok {
		return false
	}
	if deep > deepestContext || b.Len() > maxRecord {
		r.problem(p.file, p.Line, field, "is too large, or refers to itself")
		return false
	}
	switch p.Kind {
	case yaml.MappingNode:
		fields, ok := r.fields(p, field)
		b.WriteByte('{')
		for i, e := range fields {
			if i > 0 {
				b.WriteByte(',')
			}
			b.Write(jsonText(e.name))
			b.WriteByte(':')
			ok = ok && r.appendJSON(b, e.value, field, deep+1)
		}
		b.WriteByte('}')
		return ok
	case yaml.SequenceNode:
		b.WriteByte('[')
		ok := true
		for i, item := range p.Content {
			if i > 0 {
				b.WriteByte(',')
			}
			ok = ok && r.appendJSON(b, place{item, p.file, p.through}, field, deep+1)
		}
		b.WriteByte(']')
		return ok
	}
	b.Write(jsonScalar(p.Node))
	return true
}

// jsonScalar keeps numbers and truth values; all else, days too, is text.
func jsonScalar(n *yaml.Node) []byte {
	switch n.Tag {
	case "!!null":
		return []byte("null")
	case "!!int", "!!float", "!!bool":
		if json.Valid([]byte(n.Value)) {
			return []byte(n.Value)
		}
	}
	return jsonText(n.Value)
}

func jsonText(s string) []byte {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if encoder.Encode(s) != nil {
		return []byte(`""`) // cannot be: it is text
	}
	return bytes.TrimRight(b.Bytes(), "\n")
}
