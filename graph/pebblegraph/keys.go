package pebblegraph

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"

	"tsuiseki/chains"
	"tsuiseki/graph"
)

// Tables, the first byte of every key. docs/graph.md says what they hold.
const (
	tableAnchor   = 'A'
	tableReceived = 'I'
	tableMeta     = 'M'
	tableSent     = 'O'
	tableSpender  = 'S'
	tableTx       = 'T'
	tableWhole    = 'W'
	tableID       = 'X'
)

// format 2 added the tables of traces; all that was before is the same.
const (
	format             = 2
	formatBeforeTraces = 1
)

// chainID stands for a chain's name in keys.
type chainID uint16

func chainKey(table byte, chain chainID) []byte {
	return binary.BigEndian.AppendUint16([]byte{table}, uint16(chain))
}

// appendPos writes a position so that keys sort in chain order.
func appendPos(key []byte, p chains.Position) []byte {
	key = binary.BigEndian.AppendUint64(key, p.Height)
	return append(key, byte(p.Tx>>16), byte(p.Tx>>8), byte(p.Tx))
}

const posLength = 11

func readPos(b []byte) chains.Position {
	return chains.Position{Height: binary.BigEndian.Uint64(b), Tx: uint32(b[8])<<16 | uint32(b[9])<<8 | uint32(b[10])}
}

func appendNumber(key []byte, n uint32) []byte { return binary.BigEndian.AppendUint32(key, n) }

// txKey is a transaction's row.
func txKey(chain chainID, at chains.Position) []byte { return appendPos(chainKey(tableTx, chain), at) }

// placeKey begins the rows of an address in a table.
func placeKey(table byte, chain chainID, address chains.Address) []byte {
	return appendText(chainKey(table, chain), string(address))
}

func idKey(chain chainID, id chains.TxID) []byte { return append(chainKey(tableID, chain), id[:]...) }

func spenderKey(chain chainID, o chains.Outpoint) []byte {
	return appendNumber(append(chainKey(tableSpender, chain), o.Tx[:]...), o.Index)
}

// appendText writes a name with its length in front. What is 0x and lower-case
// hexadecimal digits takes half the room: the length is then marked.
func appendText(b []byte, text string) []byte {
	if digits, is := strings.CutPrefix(text, "0x"); is && digits == strings.ToLower(digits) {
		if raw, err := hex.DecodeString(digits); err == nil {
			b = binary.AppendUvarint(b, uint64(len(raw))<<1|1)
			return append(b, raw...)
		}
	}
	b = binary.AppendUvarint(b, uint64(len(text))<<1)
	return append(b, text...)
}

// upper is the first key behind all that begin with a prefix.
func upper(prefix []byte) []byte {
	end := append([]byte{}, prefix...)
	for i := len(end) - 1; i >= 0; i-- {
		if end[i]++; end[i] != 0 {
			return end[:i+1]
		}
	}
	return nil
}

// reader takes fields off a row. The first that is not there sets err.
type reader struct {
	b   []byte
	err error
}

func (r *reader) fail() {
	if r.err == nil {
		r.err = fmt.Errorf("a row of the graph is cut short: %w", chains.ErrCorrupt)
	}
	r.b = nil
}

func (r *reader) bytes(n int) []byte {
	if n < 0 || n > len(r.b) {
		r.fail()
		return make([]byte, min(max(n, 0), 64))
	}
	out := r.b[:n]
	r.b = r.b[n:]
	return out
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) varint() int64 {
	v, n := binary.Varint(r.b)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.b = r.b[n:]
	return v
}

// count is how many fields follow, each of at least one byte.
func (r *reader) count() int {
	n := r.uvarint()
	if n > uint64(len(r.b)) {
		r.fail()
		return 0
	}
	return int(n)
}

func (r *reader) hash() (h [32]byte) {
	copy(h[:], r.bytes(len(h)))
	return h
}

func (r *reader) text() string {
	n := r.uvarint()
	if n>>1 > uint64(len(r.b)) {
		r.fail()
		return ""
	}
	raw := r.bytes(int(n >> 1))
	if n&1 == 1 {
		return "0x" + hex.EncodeToString(raw)
	}
	return string(raw)
}

func (r *reader) amount() chains.Amount {
	n := r.uvarint()
	if n > uint64(len(r.b)) {
		r.fail()
		return chains.Amount{}
	}
	return chains.AmountOfBytes(r.bytes(int(n)))
}

func appendAmount(b []byte, a chains.Amount) []byte {
	raw := a.AppendBytes(nil)
	return append(binary.AppendUvarint(b, uint64(len(raw))), raw...)
}

// appendTransfer writes a transfer without what its row's key or its transaction says.
func appendTransfer(b []byte, t *graph.Transfer) []byte {
	b = appendText(b, string(t.Kind))
	b = binary.AppendUvarint(b, uint64(t.Index))
	b = appendText(b, string(t.From))
	b = appendText(b, string(t.To))
	b = appendText(b, string(t.Asset))
	return appendAmount(b, t.Amount)
}

func (r *reader) transfer(t *graph.Transfer) {
	t.Kind = chains.TransferKind(r.text())
	t.Index = uint32(r.uvarint())
	t.From = chains.Address(r.text())
	t.To = chains.Address(r.text())
	t.Asset = chains.Asset(r.text())
	t.Amount = r.amount()
}
