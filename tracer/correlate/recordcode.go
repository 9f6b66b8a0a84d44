package correlate

import (
	"encoding/binary"

	"tsuiseki/chains"
)

// A record in bytes is a table of texts and its nodes, in order; docs/correlation.md
// describes both.

// encode appends the record's bytes.
func (r *record) encode(to []byte) []byte {
	texts := newTexts()
	body := make([]byte, 0, 96*len(r.nodes))
	body = binary.AppendUvarint(body, uint64(len(r.nodes)))
	for i := range r.nodes {
		n := &r.nodes[i]
		body = append(body, n.key[:]...)
		body = append(body, byte(n.kind))
		for _, v := range []uint64{
			texts.number(string(n.chain)), texts.number(n.name), uint64(n.from + 1), uint64(n.depth),
			uint64(n.first), uint64(n.last), uint64(n.share), texts.number(n.end), uint64(n.number), uint64(len(n.amounts)),
		} {
			body = binary.AppendUvarint(body, v)
		}
		for _, a := range n.amounts {
			body = binary.AppendUvarint(body, texts.number(string(a.Asset)))
			bytes := a.Amount.AppendBytes(nil)
			body = append(binary.AppendUvarint(body, uint64(len(bytes))), bytes...)
		}
		body = binary.AppendUvarint(body, uint64(len(n.notes)))
		for _, note := range n.notes {
			body = binary.AppendUvarint(body, texts.number(note))
		}
	}
	to = binary.AppendUvarint(to, uint64(len(texts.list)))
	for _, t := range texts.list {
		to = append(binary.AppendUvarint(to, uint64(len(t))), t...)
	}
	return append(to, body...)
}

// texts numbers texts in order of appearance.
type texts struct {
	list    []string
	numbers map[string]uint64
}

func newTexts() *texts { return &texts{numbers: map[string]uint64{}} }

func (t *texts) number(s string) uint64 {
	n, ok := t.numbers[s]
	if !ok {
		n = uint64(len(t.list))
		t.list, t.numbers[s] = append(t.list, s), n
	}
	return n
}

// reader takes bytes apart. After the first thing that is not there, all is empty and
// broken is set.
type reader struct {
	data   []byte
	texts  []string
	broken bool
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.data)
	if n <= 0 {
		r.data, r.broken = nil, true
		return 0
	}
	r.data = r.data[n:]
	return v
}

func (r *reader) bytes(n uint64) []byte {
	if n > uint64(len(r.data)) {
		r.data, r.broken = nil, true
		return nil
	}
	b := r.data[:n]
	r.data = r.data[n:]
	return b
}

// count is how many things follow, each of some bytes at least.
func (r *reader) count(least int) int {
	n := r.uvarint()
	if n > uint64(len(r.data)/least) {
		r.data, r.broken = nil, true
		return 0
	}
	return int(n)
}

func (r *reader) text() string {
	n := r.uvarint()
	if n >= uint64(len(r.texts)) {
		r.broken = true
		return ""
	}
	return r.texts[n]
}

func (r *reader) string() string { return string(r.bytes(r.uvarint())) }

// decodeRecord reads what encode writes; false where it is something else.
func decodeRecord(data []byte) (*record, bool) {
	r := &reader{data: data}
	all := string(data)
	r.texts = make([]string, r.count(1))
	for i := range r.texts {
		n := r.uvarint()
		at := len(all) - len(r.data)
		if r.bytes(n); !r.broken {
			r.texts[i] = all[at : at+int(n)]
		}
	}
	const least = keySize + 12
	rec := &record{nodes: make([]node, r.count(least))}
	for i := range rec.nodes {
		n := &rec.nodes[i]
		copy(n.key[:], r.bytes(keySize))
		if k := r.bytes(1); len(k) == 1 {
			n.kind = kind(k[0])
		}
		n.chain, n.name, n.from, n.depth = chains.Chain(r.text()), r.text(), int32(r.uvarint())-1, int(r.uvarint())
		n.first, n.last, n.share = uint32(r.uvarint()), uint32(r.uvarint()), uint32(r.uvarint())
		n.end, n.number = r.text(), int(r.uvarint())
		n.amounts = make([]AssetAmount, r.count(2))
		for j := range n.amounts {
			asset := chains.Asset(r.text())
			n.amounts[j] = AssetAmount{asset, chains.AmountOfBytes(r.bytes(r.uvarint()))}
		}
		if notes := r.count(1); notes > 0 {
			n.notes = make([]string, notes)
		}
		for j := range n.notes {
			n.notes[j] = r.text()
		}
		if n.from < -1 || int(n.from) >= len(rec.nodes) {
			r.broken = true
		}
		if r.broken {
			return nil, false
		}
	}
	return rec, !r.broken && len(r.data) == 0
}

// entrySize is that of an entry in bytes: key, ordinal, share, first, last, from, depth,
// kind and a byte to spare. Entries of one key sort together as bytes do.
const entrySize = keySize + 4*4 + 8 + 2 + 2

// entry says that a case of a segment came to a node.
type entry struct {
	key         key
	ordinal     uint32 // of the case in its segment
	share       uint32
	first, last uint32
	from        uint64 // prefix of the key of node.from; 0 where unknown
	depth       uint16
	kind        kind
}

func (e *entry) put(b []byte) {
	copy(b, e.key[:])
	binary.BigEndian.PutUint32(b[12:], e.ordinal)
	binary.BigEndian.PutUint32(b[16:], e.share)
	binary.BigEndian.PutUint32(b[20:], e.first)
	binary.BigEndian.PutUint32(b[24:], e.last)
	binary.BigEndian.PutUint64(b[28:], e.from)
	binary.BigEndian.PutUint16(b[36:], e.depth)
	b[38], b[39] = byte(e.kind), 0
}

func (e *entry) get(b []byte) {
	copy(e.key[:], b)
	e.ordinal = binary.BigEndian.Uint32(b[12:])
	e.share = binary.BigEndian.Uint32(b[16:])
	e.first = binary.BigEndian.Uint32(b[20:])
	e.last = binary.BigEndian.Uint32(b[24:])
	e.from = binary.BigEndian.Uint64(b[28:])
	e.depth = binary.BigEndian.Uint16(b[36:])
	e.kind = kind(b[38])
}

// entries are those of a record, by key.
func (r *record) entries(ordinal uint32, to []entry) []entry {
	const deepest = 1<<16 - 1
	for i := range r.nodes {
		n := &r.nodes[i]
		e := entry{key: n.key, ordinal: ordinal, share: n.share, first: n.first, last: n.last, depth: uint16(min(n.depth, deepest)), kind: n.kind}
		if n.from >= 0 {
			e.from = r.nodes[n.from].key.prefix()
		}
		to = append(to, e)
	}
	return to
}
