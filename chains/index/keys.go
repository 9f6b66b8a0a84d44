package index

import (
	"encoding/binary"
	"errors"
	"fmt"

	"tsuiseki/chains"
)

// Tables, told apart by a key's first byte. docs/index-format.md describes them.
const (
	tableBlock   = 'B' // height → header and running totals
	tableMeta    = 'M' // name → value
	tableHash    = 'N' // block hash → height
	tableTx      = 'T' // position → transaction
	tableTxID    = 'I' // txid prefix, position →
	tableSpend   = 'S' // prevout, position, input number →
	tableScript  = 'H' // script key, position, output or input number →
	tablePrevout = 'P' // outpoint from before the range → value, script
)

const (
	maxHeight  = 1<<32 - 1
	maxTxIndex = 1<<24 - 1
	posSize    = 7
	maxPos     = 1<<(8*posSize) - 1 // packed
)

var errEncoding = errors.New("the index is damaged: a record cannot be read; remove its folder and index again")

// packPos packs a position into the low 56 bits: height, then place in the block.
func packPos(p chains.Position) uint64 { return p.Height<<24 | uint64(p.Tx) }

// packFrom is the first packed position that is not before p, of any size.
func packFrom(p chains.Position) uint64 {
	switch {
	case p.Height > maxHeight:
		return maxPos
	case p.Tx > maxTxIndex:
		return min((p.Height+1)<<24, maxPos)
	}
	return packPos(p)
}

func unpackPos(packed uint64) chains.Position {
	return chains.Position{Height: packed >> 24, Tx: uint32(packed & maxTxIndex)}
}

func appendPos(key []byte, packed uint64) []byte {
	var full [8]byte
	binary.BigEndian.PutUint64(full[:], packed)
	return append(key, full[8-posSize:]...)
}

func readPos(key []byte) uint64 {
	var full [8]byte
	copy(full[8-posSize:], key[:posSize])
	return binary.BigEndian.Uint64(full[:])
}

// appendOrdered appends n in one byte, or five, so that keys sort by n.
func appendOrdered(key []byte, n uint32) []byte {
	if n < 0xff {
		return append(key, byte(n))
	}
	return binary.BigEndian.AppendUint32(append(key, 0xff), n)
}

func readOrdered(key []byte) (n uint32, rest []byte, err error) {
	switch {
	case len(key) > 0 && key[0] < 0xff:
		return uint32(key[0]), key[1:], nil
	case len(key) > 4:
		return binary.BigEndian.Uint32(key[1:]), key[5:], nil
	}
	return 0, nil, errEncoding
}

func blockKey(height uint64) []byte {
	return binary.BigEndian.AppendUint32([]byte{tableBlock}, uint32(height))
}

func hashKey(hash chains.BlockHash) []byte { return append([]byte{tableHash}, hash[:]...) }

func txKey(packed uint64) []byte { return appendPos([]byte{tableTx}, packed) }

func prevoutKey(o chains.Outpoint) []byte {
	return binary.BigEndian.AppendUint32(append([]byte{tablePrevout}, o.Tx[:]...), o.Index)
}

func txPrefix(id chains.TxID) uint64 { return binary.BigEndian.Uint64(id[:]) }

func prefixKey(table byte, prefix uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte{table}, prefix)
}

func spendPrefix(o chains.Outpoint) []byte {
	return appendOrdered(prefixKey(tableSpend, txPrefix(o.Tx)), o.Index)
}

// row is an entry of one of the tables whose keys start with a hash prefix. It
// sorts as its key does.
type row struct {
	prefix uint64
	pos    uint64 // packed
	output uint32 // of a spend: the prevout's index; else 0
	suffix uint32 // of a spend: the input number; of an appearance: see scriptOutput
}

// An appearance's suffix tells the output or input of the transaction.
func scriptOutput(n uint32) uint32 { return n << 1 }
func scriptInput(n uint32) uint32  { return n<<1 | 1 }

// appendKey appends the row's key in its table.
func (r row) appendKey(key []byte, table byte) []byte {
	key = binary.BigEndian.AppendUint64(append(key, table), r.prefix)
	if table == tableSpend {
		key = appendOrdered(key, r.output)
	}
	key = appendPos(key, r.pos)
	if table != tableTxID {
		key = appendOrdered(key, r.suffix)
	}
	return key
}

// readTail reads what follows the searched-for part of a row's key.
func readTail(tail []byte) (pos chains.Position, suffix uint32, err error) {
	if len(tail) < posSize {
		return pos, 0, errEncoding
	}
	pos = unpackPos(readPos(tail))
	if tail = tail[posSize:]; len(tail) > 0 {
		suffix, _, err = readOrdered(tail)
	}
	return pos, suffix, err
}

func checkPosition(p chains.Position) error {
	if p.Height > maxHeight || p.Tx > maxTxIndex {
		return fmt.Errorf("position %s is beyond what the index can hold (height %d, %d transactions a block)", p, uint64(maxHeight), maxTxIndex)
	}
	return nil
}
