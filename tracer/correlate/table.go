package correlate

import (
	"encoding/binary"
	"path/filepath"

	"tsuiseki/chains"
	"tsuiseki/graph"
)

// encodeRows are the cases of the state, by ID.
func encodeRows(rows []row) []byte {
	b := binary.AppendUvarint(make([]byte, 0, 64*len(rows)), uint64(len(rows)))
	for i := range rows {
		r := &rows[i]
		for _, s := range []string{string(r.ref.ID), r.ref.Revision} {
			b = append(binary.AppendUvarint(b, uint64(len(s))), s...)
		}
		for _, v := range []uint64{uint64(r.segment), uint64(r.ordinal), uint64(r.offset), uint64(r.length), uint64(r.crc)} {
			b = binary.AppendUvarint(b, v)
		}
	}
	return b
}

func decodeRows(dir string, w written) ([]row, error) {
	body, err := readFile(dir, w, ofCases)
	if err != nil {
		return nil, err
	}
	r := &reader{data: body}
	const least = 7
	rows := make([]row, r.count(least))
	for i := range rows {
		rows[i] = row{
			ref:     Ref{ID: graph.CaseID(r.string()), Revision: r.string()},
			segment: int(r.uvarint()), ordinal: uint32(r.uvarint()), offset: int64(r.uvarint()), length: uint32(r.uvarint()), crc: uint32(r.uvarint()),
		}
	}
	if r.broken || len(r.data) > 0 {
		return nil, damaged(filepath.Join(dir, w.Name), "it cannot be read")
	}
	return rows, nil
}

// known is what is known of a node at which cases meet.
type known struct {
	key      key
	kind     kind
	chain    chains.Chain
	name     string
	standing Standing
	stale    bool // the standing has to be asked again
}

// why is why the node is no evidence; empty where it is.
func (k *known) why(limit int) string {
	switch {
	case k.standing.Stops != "":
		return k.standing.Stops
	case k.standing.Degree > limit:
		return "hub"
	}
	return ""
}

func (k *known) texts() []string {
	s := &k.standing
	return append([]string{string(k.chain), k.name, s.Stops, s.Label, s.Source, s.Exchange}, s.Heuristics...)
}

func encodeKnown(list []known) []byte {
	texts := newTexts()
	body := binary.AppendUvarint(make([]byte, 0, 64*len(list)), uint64(len(list)))
	for i := range list {
		k := &list[i]
		body = append(append(body, k.key[:]...), byte(k.kind))
		body = binary.AppendUvarint(body, uint64(k.standing.Degree))
		own := k.texts()
		body = binary.AppendUvarint(body, uint64(len(own)))
		for _, t := range own {
			body = binary.AppendUvarint(body, texts.number(t))
		}
	}
	b := binary.AppendUvarint(nil, uint64(len(texts.list)))
	for _, t := range texts.list {
		b = append(binary.AppendUvarint(b, uint64(len(t))), t...)
	}
	return append(b, body...)
}

func decodeKnown(dir string, w written) ([]known, error) {
	body, err := readFile(dir, w, ofNodes)
	if err != nil {
		return nil, err
	}
	all := string(body)
	r := &reader{data: body}
	r.texts = make([]string, r.count(1))
	for i := range r.texts {
		n := r.uvarint()
		at := len(all) - len(r.data)
		if r.bytes(n); !r.broken {
			r.texts[i] = all[at : at+int(n)]
		}
	}
	const fixed = 6
	list := make([]known, r.count(keySize+fixed))
	for i := range list {
		k := &list[i]
		copy(k.key[:], r.bytes(keySize))
		if b := r.bytes(1); len(b) == 1 {
			k.kind = kind(b[0])
		}
		k.standing.Degree = int(r.uvarint())
		n := r.count(1)
		if n < fixed {
			r.broken = true
			break
		}
		s := &k.standing
		k.chain, k.name, s.Stops, s.Label, s.Source, s.Exchange = chains.Chain(r.text()), r.text(), r.text(), r.text(), r.text(), r.text()
		for range n - fixed {
			s.Heuristics = append(s.Heuristics, r.text())
		}
	}
	if r.broken || len(r.data) > 0 {
		return nil, damaged(filepath.Join(dir, w.Name), "it cannot be read")
	}
	return list, nil
}
