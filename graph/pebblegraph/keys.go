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
	tableAnchor  = 'A'
	tableHistory = 'H'
	tableMeta    = 'M'
	tableSpender = 'S'
	tableTx      = 'T'
	tableWhole   = 'W'
	tableID      = 'X'
)

const format = 2

// side is on which side of a transfer an address is, in the key of its history.
type side byte

// Sides. An input has no value: outputs are found by what they spend.
const (
	received side = 'I'
	sent     side = 'O'
	spent    side = 'S'
)

// tailLength is what a key of the history has behind the address: a position, a side
// and a number.
const tailLength = posLength + 1 + 4

func appendTail(key []byte, at chains.Position, of side, n uint32) []byte {
	return appendNumber(append(appendPos(key, at), byte(of)), n)
}

// chainID stands for a chain's name in keys.
type chainID uint16

func chainKey(table byte, chain chainID) []byte { return appendChain(nil, table, chain) }

// appendChain begins a key.
func appendChain(key []byte, table byte, chain chainID) []byte {
	return binary.BigEndian.AppendUint16(append(key, table), uint16(chain))
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

func spenderKey(chain chainID, o chains.Outpoint) []byte {
	return appendNumber(append(chainKey(tableSpender, chain), o.Tx[:]...), o.Index)
}

// appendText writes a name with its length in front. What is 0x and lower-case
// hexadecimal digits takes half the room: the length is then marked.
func appendText(b []byte, text string) []byte {
	digits, is := strings.CutPrefix(text, "0x")
	if !is || len(digits)%2 != 0 {
		return appendPlain(b, text)
	}
	start := len(b)
	b = binary.AppendUvarint(b, uint64(len(digits)/2)<<1|1)
	for i := 0; i < len(digits); i += 2 {
		high, low := nibble(digits[i]), nibble(digits[i+1])
		if high > 0xf || low > 0xf {
			return appendPlain(b[:start], text)
		}
		b = append(b, high<<4|low)
	}
	return b
}

func appendPlain(b []byte, text string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(text))<<1), text...)
}

// nibble is the value of a lower-case hexadecimal digit; more than 15 where it is none.
func nibble(digit byte) byte {
	switch {
	case '0' <= digit && digit <= '9':
		return digit - '0'
	case 'a' <= digit && digit <= 'f':
		return digit - 'a' + 10
	}
	return 0xff
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
	if n&1 == 0 {
		return string(raw)
	}
	var room [2 + 2*32]byte // of addresses and hashes
	return string(hex.AppendEncode(append(room[:0], "0x"...), raw))
}

// textRow passes over a text and gives the bytes that it takes.
func (r *reader) textRow() []byte {
	start := r.b
	n := r.uvarint()
	if n>>1 > uint64(len(r.b)) {
		r.fail()
		return nil
	}
	r.bytes(int(n >> 1))
	return start[:len(start)-len(r.b)]
}

func (r *reader) amount() chains.Amount {
	return chains.AmountOfBytes(r.bytes(r.count()))
}

func appendAmount(b []byte, a chains.Amount) []byte {
	b = binary.AppendUvarint(b, uint64((a.BitLen()+7)/8))
	return a.AppendBytes(b)
}

// kinds have a number in rows, which is never given to another; 0 says that the name
// itself follows.
var kinds = [...]chains.TransferKind{1: graph.Output, 2: chains.NativeTransfer, 3: chains.InternalTransfer, 4: chains.TokenTransfer}

func appendKind(b []byte, kind chains.TransferKind) []byte {
	for n := 1; n < len(kinds); n++ {
		if kinds[n] == kind {
			return append(b, byte(n))
		}
	}
	return appendText(append(b, 0), string(kind))
}

func (r *reader) kind() chains.TransferKind {
	n := r.uvarint()
	switch {
	case n == 0:
		return chains.TransferKind(r.text())
	case n >= uint64(len(kinds)):
		r.fail()
		return ""
	}
	return kinds[n]
}

// appendTransfer writes a transfer without what its row's key or its transaction says.
func appendTransfer(b []byte, t *graph.Transfer) []byte {
	b = appendKind(b, t.Kind)
	b = binary.AppendUvarint(b, uint64(t.Index))
	b = appendText(b, string(t.From))
	b = appendText(b, string(t.To))
	b = appendText(b, string(t.Asset))
	return appendAmount(b, t.Amount)
}

func (r *reader) transfer(t *graph.Transfer) {
	t.Kind = r.kind()
	t.Index = uint32(r.uvarint())
	t.From = chains.Address(r.text())
	t.To = chains.Address(r.text())
	t.Asset = chains.Asset(r.text())
	t.Amount = r.amount()
}

// skipTransfer passes over a transfer.
func (r *reader) skipTransfer() {
	r.kind()
	r.uvarint()
	for range 3 {
		r.textRow()
	}
	r.bytes(r.count())
}
