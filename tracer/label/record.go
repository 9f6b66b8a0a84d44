package label

import (
	"encoding/binary"
	"fmt"
	"time"

	"tsuiseki/chains"
)

// A record is fields, each its number, its length and its bytes; empty ones are
// left out, lists repeat theirs. A text's number is its place in texts, from 1.
const (
	fieldConcepts       = 64
	fieldIdentifiers    = 65
	fieldClusterDefiner = 66
	fieldCategories     = 67
	fieldJurisdictions  = 68
	fieldAliases        = 69
	fieldLastMod        = 96
	fieldValidFrom      = 97
	fieldValidTo        = 98
)

// maxRecord is the length of the longest record.
const maxRecord = 1 << 20

func (l *Label) texts() [15]*string {
	return [...]*string{
		(*string)(&l.Chain), &l.Network, &l.Currency, (*string)(&l.Address), &l.Tx, &l.Label, &l.Source, (*string)(&l.Confidence),
		&l.Category, &l.Abuse, &l.Actor, &l.TagType, &l.Context, &l.Holder.Name, &l.Holder.Nationality,
	}
}

func (a *Actor) texts() [4]*string { return [...]*string{&a.ID, &a.URI, &a.Label, &a.Context} }

func appendText(b []byte, field uint64, text string) []byte {
	if text == "" {
		return b
	}
	return appendValue(b, field, text)
}

func appendValue(b []byte, field uint64, text string) []byte {
	b = binary.AppendUvarint(b, field)
	b = binary.AppendUvarint(b, uint64(len(text)))
	return append(b, text...)
}

func appendTexts(b []byte, field uint64, list []string) []byte {
	for _, text := range list {
		b = appendValue(b, field, text)
	}
	return b
}

func appendTime(b []byte, field uint64, t time.Time) []byte {
	if t.IsZero() {
		return b
	}
	return appendValue(b, field, string(binary.AppendVarint(nil, t.Unix())))
}

// record encodes a label.
func (l *Label) record() (b []byte) {
	for i, text := range l.texts() {
		b = appendText(b, uint64(i+1), *text)
	}
	b = appendTexts(b, fieldConcepts, l.Concepts)
	b = appendTexts(b, fieldIdentifiers, l.Holder.Identifiers)
	if l.ClusterDefiner {
		b = appendValue(b, fieldClusterDefiner, "")
	}
	b = appendTime(b, fieldLastMod, l.LastMod)
	b = appendTime(b, fieldValidFrom, l.ValidFrom)
	return appendTime(b, fieldValidTo, l.ValidTo)
}

func decodeLabel(record []byte) (l Label, err error) {
	texts := l.texts()
	err = eachField(record, func(field uint64, value []byte) (err error) {
		switch {
		case field >= 1 && field <= uint64(len(texts)):
			*texts[field-1] = string(value)
		case field == fieldConcepts:
			l.Concepts = append(l.Concepts, string(value))
		case field == fieldIdentifiers:
			l.Holder.Identifiers = append(l.Holder.Identifiers, string(value))
		case field == fieldClusterDefiner:
			l.ClusterDefiner = true
		case field == fieldLastMod:
			l.LastMod, err = decodeTime(value)
		case field == fieldValidFrom:
			l.ValidFrom, err = decodeTime(value)
		case field == fieldValidTo:
			l.ValidTo, err = decodeTime(value)
		default:
			err = fmt.Errorf("%w: a label has no field %d", chains.ErrCorrupt, field)
		}
		return err
	})
	return l, err
}

// record encodes an actor.
func (a *Actor) record() (b []byte) {
	for i, text := range a.texts() {
		b = appendText(b, uint64(i+1), *text)
	}
	b = appendTexts(b, fieldCategories, a.Categories)
	b = appendTexts(b, fieldJurisdictions, a.Jurisdictions)
	b = appendTexts(b, fieldAliases, a.Aliases)
	return appendTime(b, fieldLastMod, a.LastMod)
}

func decodeActor(record []byte) (a Actor, err error) {
	texts := a.texts()
	err = eachField(record, func(field uint64, value []byte) (err error) {
		switch {
		case field >= 1 && field <= uint64(len(texts)):
			*texts[field-1] = string(value)
		case field == fieldCategories:
			a.Categories = append(a.Categories, string(value))
		case field == fieldJurisdictions:
			a.Jurisdictions = append(a.Jurisdictions, string(value))
		case field == fieldAliases:
			a.Aliases = append(a.Aliases, string(value))
		case field == fieldLastMod:
			a.LastMod, err = decodeTime(value)
		default:
			err = fmt.Errorf("%w: an actor has no field %d", chains.ErrCorrupt, field)
		}
		return err
	})
	return a, err
}

func eachField(record []byte, take func(field uint64, value []byte) error) error {
	for len(record) > 0 {
		field, n := binary.Uvarint(record)
		if n <= 0 {
			return fmt.Errorf("%w: a label's record breaks off", chains.ErrCorrupt)
		}
		size, m := binary.Uvarint(record[n:])
		if m <= 0 || size > uint64(len(record)-n-m) {
			return fmt.Errorf("%w: a label's record breaks off", chains.ErrCorrupt)
		}
		if err := take(field, record[n+m:n+m+int(size)]); err != nil {
			return err
		}
		record = record[n+m+int(size):]
	}
	return nil
}

func decodeTime(value []byte) (time.Time, error) {
	seconds, n := binary.Varint(value)
	if n != len(value) || n <= 0 {
		return time.Time{}, fmt.Errorf("%w: a label's time", chains.ErrCorrupt)
	}
	return time.Unix(seconds, 0).UTC(), nil
}
