package pebblegraph

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"time"

	"tsuiseki/chains"
	"tsuiseki/graph"
)

// Tables of what traces say. docs/graph.md says what they hold.
const (
	tableTrace = 'C'
	tablePiece = 'P'
	tableVisit = 'V'
)

// Lists of a trace, in the keys of its pieces.
const (
	listDeposits = 'D'
	listEnds     = 'E'
	listHops     = 'H'
	listLabels   = 'L'
	listMembers  = 'M'
)

// pieceBytes is about how large a piece of a trace's list is.
const pieceBytes = 32 << 10

// appendOrdered writes a text so that keys sort as texts do, whatever follows: it ends
// with 0 1, and a zero byte in it is 0 255.
func appendOrdered(key []byte, text string) []byte {
	for i := range len(text) {
		if key = append(key, text[i]); text[i] == 0 {
			key = append(key, 0xff)
		}
	}
	return append(key, 0, 1)
}

// ordered reads what appendOrdered wrote.
func (r *reader) ordered() string {
	var text []byte
	for {
		zero := bytes.IndexByte(r.b, 0)
		if zero < 0 || zero+1 == len(r.b) {
			r.fail()
			return ""
		}
		text = append(text, r.b[:zero]...)
		mark := r.b[zero+1]
		r.b = r.b[zero+2:]
		if mark == 1 {
			return string(text)
		}
		text = append(text, 0)
	}
}

// traceKey begins the rows of a case's trace by a rule in a table.
func traceKey(table byte, of graph.CaseID, rule string) []byte {
	return appendOrdered(appendOrdered([]byte{table}, string(of)), rule)
}

func pieceKey(t *graph.Trace, list byte, n int) []byte {
	return appendNumber(append(traceKey(tablePiece, t.Case, t.Rule), list), uint32(n))
}

// eachPiece gives all rows that a trace has, its own first.
func eachPiece(t *graph.Trace, row func(key, value []byte) error) error {
	if err := row(traceKey(tableTrace, t.Case, t.Rule), appendTrace(nil, t)); err != nil {
		return err
	}
	for _, list := range []struct {
		name   byte
		length int
		write  func(b []byte, i int) []byte
	}{
		{listDeposits, len(t.Deposits), func(b []byte, i int) []byte { return appendDeposit(b, &t.Deposits[i]) }},
		{listHops, len(t.Hops), func(b []byte, i int) []byte { return appendHop(b, &t.Hops[i]) }},
		{listEnds, len(t.Ends), func(b []byte, i int) []byte { return appendEnd(b, &t.Ends[i]) }},
		{listMembers, len(t.Members), func(b []byte, i int) []byte { return appendMember(b, &t.Members[i]) }},
		{listLabels, len(t.Labels), func(b []byte, i int) []byte { return appendLabel(b, &t.Labels[i]) }},
	} {
		var piece []byte
		pieces := 0
		for i := range list.length {
			piece = list.write(piece, i)
			if len(piece) < pieceBytes && i+1 < list.length {
				continue
			}
			if err := row(pieceKey(t, list.name, pieces), piece); err != nil {
				return err
			}
			piece = piece[:0]
			pieces++
		}
	}
	return nil
}

// readPiece adds to a trace what a piece of one of its lists says.
func readPiece(t *graph.Trace, list byte, row []byte) error {
	r := &reader{b: row}
	for len(r.b) > 0 && r.err == nil {
		switch list {
		case listDeposits:
			t.Deposits = append(t.Deposits, r.deposit())
		case listHops:
			t.Hops = append(t.Hops, r.hop())
		case listEnds:
			t.Ends = append(t.Ends, r.end())
		case listMembers:
			t.Members = append(t.Members, r.member())
		case listLabels:
			t.Labels = append(t.Labels, r.label())
		default:
			return fmt.Errorf("a trace of case %q has a list %q: %w", t.Case, list, chains.ErrCorrupt)
		}
	}
	return r.err
}

// appendTrace writes what a trace says of itself, and how long its lists are.
func appendTrace(b []byte, t *graph.Trace) []byte {
	stale := byte(0)
	if t.Stale {
		stale = 1
	}
	b = append(b, stale)
	b = appendText(appendText(b, t.Digest), t.Engine)
	b = binary.AppendUvarint(b, uint64(len(t.AsOf)))
	for _, a := range t.AsOf {
		b = binary.AppendUvarint(appendText(b, string(a.Chain)), a.Height)
		b = append(b, a.Hash[:]...)
	}
	for _, n := range lengths(t) {
		b = binary.AppendUvarint(b, n)
	}
	return b
}

// lengths are how many deposits, hops, ends, members and labels a trace has.
func lengths(t *graph.Trace) [5]uint64 {
	return [5]uint64{uint64(len(t.Deposits)), uint64(len(t.Hops)), uint64(len(t.Ends)), uint64(len(t.Members)), uint64(len(t.Labels))}
}

// readTrace reads a trace without its lists, and how long they are.
func readTrace(key, row []byte) (t *graph.Trace, long [5]uint64, err error) {
	t = &graph.Trace{}
	k := &reader{b: key[1:]}
	t.Case, t.Rule = graph.CaseID(k.ordered()), k.ordered()
	r := &reader{b: row}
	t.Stale = r.bytes(1)[0] != 0
	t.Digest, t.Engine = r.text(), r.text()
	for range r.count() {
		t.AsOf = append(t.AsOf, graph.Anchor{Chain: chains.Chain(r.text()), BlockRef: chains.BlockRef{Height: r.uvarint(), Hash: r.hash()}})
	}
	for i := range long {
		long[i] = r.uvarint()
	}
	if k.err != nil {
		return nil, long, k.err
	}
	return t, long, r.err
}

func appendPlace(b []byte, k graph.Key) []byte {
	b = appendText(b, string(k.Chain))
	b = binary.AppendUvarint(b, k.At.Height)
	b = binary.AppendUvarint(b, uint64(k.At.Tx))
	return binary.AppendUvarint(b, uint64(k.N))
}

func (r *reader) place() graph.Key {
	return graph.Key{
		Chain: chains.Chain(r.text()), At: chains.Position{Height: r.uvarint(), Tx: uint32(r.uvarint())}, N: uint32(r.uvarint()),
	}
}

func appendTime(b []byte, t time.Time) []byte { return binary.AppendVarint(b, t.Unix()) }

func (r *reader) time() time.Time { return time.Unix(r.varint(), 0).UTC() }

// appendMoved writes a transfer in full.
func appendMoved(b []byte, t *graph.Transfer, id chains.TxID) []byte {
	b = appendTime(appendPlace(b, t.Key), t.Time)
	return append(appendTransfer(b, t), id[:]...)
}

func (r *reader) moved() (t graph.Transfer, id chains.TxID) {
	t.Key, t.Time = r.place(), r.time()
	r.transfer(&t)
	return t, r.hash()
}

func appendDeposit(b []byte, d *graph.Deposit) []byte {
	return appendMoved(appendText(b, d.ID), &d.Transfer, d.Tx)
}

func (r *reader) deposit() (d graph.Deposit) {
	d.ID = r.text()
	d.Transfer, d.Tx = r.moved()
	return d
}

func appendHop(b []byte, h *graph.Hop) []byte {
	b = appendMoved(appendText(b, h.Deposit), &h.Transfer, h.Tx)
	b = appendAmount(b, h.Traced)
	b = binary.AppendUvarint(b, uint64(h.Depth))
	return appendText(b, h.Means)
}

func (r *reader) hop() (h graph.Hop) {
	h.Deposit = r.text()
	h.Transfer, h.Tx = r.moved()
	h.Traced, h.Depth, h.Means = r.amount(), int(r.uvarint()), r.text()
	return h
}

func appendEnd(b []byte, e *graph.End) []byte {
	b = appendText(appendText(b, e.Deposit), e.Kind)
	b = appendTime(appendPlace(b, e.Key), e.Time)
	b = append(b, e.Tx[:]...)
	b = appendText(appendText(b, string(e.Address)), string(e.Asset))
	b = appendAmount(b, e.Traced)
	b = binary.AppendUvarint(b, uint64(e.Depth))
	return appendText(appendText(b, e.Label), e.Detail)
}

func (r *reader) end() (e graph.End) {
	e.Deposit, e.Kind = r.text(), r.text()
	e.Key, e.Time, e.Tx = r.place(), r.time(), r.hash()
	e.Address, e.Asset, e.Traced = chains.Address(r.text()), chains.Asset(r.text()), r.amount()
	e.Depth, e.Label, e.Detail = int(r.uvarint()), r.text(), r.text()
	return e
}

func appendAddress(b []byte, a graph.Address) []byte {
	return appendText(appendText(b, string(a.Chain)), string(a.Address))
}

func (r *reader) address() graph.Address {
	return graph.Address{Chain: chains.Chain(r.text()), Address: chains.Address(r.text())}
}

func appendTexts(b []byte, all []string) []byte {
	b = binary.AppendUvarint(b, uint64(len(all)))
	for _, text := range all {
		b = appendText(b, text)
	}
	return b
}

func (r *reader) texts() (all []string) {
	for range r.count() {
		all = append(all, r.text())
	}
	return all
}

func appendMember(b []byte, m *graph.Member) []byte {
	b = appendText(appendAddress(b, m.Address), string(m.Entity))
	return appendTexts(binary.AppendVarint(b, int64(m.Size)), m.Heuristics)
}

func (r *reader) member() graph.Member {
	return graph.Member{Address: r.address(), Entity: chains.Address(r.text()), Size: int(r.varint()), Heuristics: r.texts()}
}

func appendLabel(b []byte, l *graph.Label) []byte {
	b = appendTexts(appendText(appendAddress(b, l.Address), l.Label), l.Concepts)
	return appendTime(binary.AppendVarint(appendText(b, l.Source), int64(l.Confidence)), l.Since)
}

func (r *reader) label() graph.Label {
	return graph.Label{
		Address: r.address(), Label: r.text(), Concepts: r.texts(), Source: r.text(), Confidence: int(r.varint()), Since: r.time(),
	}
}
