package label

import (
	"fmt"
	"path"
	"strconv"

	"go.yaml.in/yaml/v3"
)

// draft is a tag or actor being read.
type draft struct {
	label Label
	actor Actor
	pack  Pack
}

// pack reads one document: a TagPack or an ActorPack. Its fields may stand in it
// or under header; those of tags and actors stand there for all of them. each reads
// the items of the list.
func (r *reader) pack(root place, each func(list place, field string, take func(item place) error) error) error {
	fields, ok := r.fields(root, "a pack")
	if !ok {
		return nil
	}
	var header, lists []entry
	for _, e := range fields {
		switch e.name {
		case "header":
			inner, _ := r.fields(e.value, "the header")
			header = append(header, inner...)
		case "tags", "actors":
			lists = append(lists, e)
		default:
			header = append(header, e)
		}
	}
	if len(lists) != 1 {
		r.problem(root.file, root.Line, "tags", "want either tags or actors, have %d lists", len(lists))
		return nil
	}
	if r.packs++; r.packs == 2 && r.file.Set != "" {
		r.problem(root.file, root.Line, "", "begins a second set in the file: one name cannot be that of several; import it without --set, or split it")
	}
	d, apply := draft{}, (*reader).tagField
	if lists[0].name == "actors" {
		apply = (*reader).actorField
	}
	for _, e := range header {
		r.headerField(&d, e, apply)
	}
	if r.checkPack(root, &d, lists[0].name); r.file.Set != "" {
		d.pack.Set.Name = r.file.Set
	}
	if r.refused == 0 { // else the rest is read for what else is wrong
		if err := r.to.Pack(d.pack); err != nil {
			return err
		}
	}
	return each(lists[0].value, lists[0].name, func(item place) error { return r.item(d, item, apply) })
}

// item reads one tag or actor, which has what the header says unless it says otherwise.
func (r *reader) item(d draft, item place, apply func(*reader, *draft, entry) bool) error {
	before := r.refused
	fields, ok := r.fields(item, "a tag or actor")
	if !ok {
		return nil
	}
	for _, e := range fields {
		if !apply(r, &d, e) {
			r.problem(e.value.file, e.line, e.name, "is no field of it")
		}
	}
	if r.refused > before {
		return nil
	}
	var field, reason string
	if d.pack.Set.Kind == SetActorPack {
		field, reason = d.actor.lacks()
	} else {
		field, reason = d.label.finish()
	}
	if reason != "" {
		r.problem(item.file, lineOf(fields, field, item.Line), field, "%s", reason)
		return nil
	}
	if r.refused > 0 {
		return nil
	}
	if d.pack.Set.Kind == SetActorPack {
		return r.to.Actor(d.actor)
	}
	if err := d.label.place(r.canonical); err != nil {
		r.to.Note(Problem{item.file, lineOf(fields, "address", item.Line), "address", err.Error()})
	}
	return r.to.Label(d.label)
}

// lineOf is where a field stands, or its item begins.
func lineOf(fields []entry, name string, begin int) int {
	for _, e := range fields {
		if e.name == name {
			return e.line
		}
	}
	return begin
}

// headerField reads a field of the pack itself, or one that its items inherit.
func (r *reader) headerField(d *draft, e entry, apply func(*reader, *draft, entry) bool) {
	var into *string
	switch e.name {
	case "title":
		into = &d.pack.Title
	case "creator":
		into = &d.pack.Creator
	case "description":
		into = &d.pack.Description
	case "owner":
		into = &d.pack.Owner
	case "is_public":
		if text, ok := r.text(e); ok {
			public, err := strconv.ParseBool(text)
			if err != nil {
				r.problem(e.value.file, e.line, e.name, "want true or false")
			}
			d.pack.Public = &public
		}
		return
	case "context":
		if text, ok := r.context(e); ok {
			if o, wrapped := oursIn(text); wrapped && o.Set != nil && o.Set.Kind.known() {
				d.pack.Set = *o.Set
				return
			}
		}
	}
	if into != nil {
		if text, ok := r.text(e); ok {
			*into = text
		}
		return
	}
	if !apply(r, d, e) {
		r.problem(e.value.file, e.line, e.name, "is no field of a pack's header")
	}
}

// checkPack names the set, and what a pack lacks.
func (r *reader) checkPack(root place, d *draft, list string) {
	kind := SetTagPack
	if list == "actors" {
		kind = SetActorPack
	}
	if d.pack.Set.Kind != "" { // exported by us: it need not have been a pack
		if (d.pack.Set.Kind == SetActorPack) != (kind == SetActorPack) {
			r.problem(root.file, root.Line, "context", "names a set of another kind than %s", list)
			d.pack.Set.Kind = kind
		}
		return
	}
	if d.pack.Title == "" {
		r.problem(root.file, root.Line, "title", "is missing")
	}
	if d.pack.Creator == "" {
		r.problem(root.file, root.Line, "creator", "is missing")
	}
	d.pack.Set = Set{kind, fmt.Sprintf("%s: %s (%s)", path.Base(r.file.Name), d.pack.Title, d.pack.Creator)}
}

// tagField reads a field of a tag; false where tags have no such field.
func (r *reader) tagField(d *draft, e entry) bool {
	var text string
	var ok bool
	switch e.name {
	case "concepts":
		if values, ok := r.texts(e); ok {
			d.label.Concepts = values
		}
		return true
	case "context":
		text, ok = r.context(e)
	case "label", "source", "currency", "network", "address", "tx_hash", "category", "abuse", "actor", "tag_type", "confidence",
		"is_cluster_definer", "lastmod":
		text, ok = r.text(e)
	default:
		return false
	}
	if ok {
		if reason := d.label.set(e.name, text); reason != "" {
			r.problem(e.value.file, e.line, e.name, "%.80q %s", text, reason)
		}
	}
	return true
}

// context is text, or fields, which become JSON.
func (r *reader) context(e entry) (string, bool) {
	p, ok := r.resolve(e.value)
	if !ok {
		return "", false
	}
	if p.Kind == yaml.ScalarNode {
		return r.text(e)
	}
	return r.json(p, e.name)
}
