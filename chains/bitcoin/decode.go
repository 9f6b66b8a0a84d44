package bitcoin

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"time"

	"tsuiseki/chains"
)

const headerSize = 80

// Smallest serialized sizes, which bound the counts that hostile bytes may claim.
const (
	minInput  = 32 + 4 + 1 + 4
	minOutput = 8 + 1
	minTx     = 4 + 1 + minInput + 1 + 4
)

var errTruncated = errors.New("ends too early")

// DecodeBlock decodes one serialized block, with or without witnesses, and
// checks that its transactions are the ones its header commits to. Scripts
// share raw's memory. Height stays zero: the bytes do not carry it. Errors wrap
// chains.ErrCorrupt. (Bitcoin developer reference "Block chain"; BIP141, BIP144.)
func DecodeBlock(raw []byte) (*chains.Block, error) {
	if len(raw) < headerSize {
		return nil, corrupt("block header %w", errTruncated)
	}
	block := &chains.Block{Header: decodeHeader(raw)}
	d := decoder{buf: raw, pos: headerSize}
	count := d.count(minTx)
	block.Txs = make([]chains.Tx, count)
	merkle := make([][32]byte, count)
	for i := range block.Txs {
		tx := &block.Txs[i]
		tx.Block, tx.Time, tx.Index = block.BlockRef, block.Time, uint32(i)
		merkle[i] = d.tx(tx)
		if d.err != nil {
			return nil, corrupt("block %s, transaction %d: %w", block.Hash, i, d.err)
		}
		if tx.Coinbase() != (i == 0) {
			return nil, corrupt("block %s, transaction %d: the first transaction and no other must be a coinbase", block.Hash, i)
		}
	}
	switch {
	case d.err != nil:
		return nil, corrupt("block %s: %w", block.Hash, d.err)
	case d.pos != len(raw):
		return nil, corrupt("block %s: %d bytes after its last transaction", block.Hash, len(raw)-d.pos)
	case count == 0:
		return nil, corrupt("block %s has no transactions", block.Hash)
	}
	root, ok := merkleRoot(merkle)
	if !ok || root != [32]byte(raw[36:68]) {
		return nil, corrupt("block %s: its transactions are not the ones its header commits to", block.Hash)
	}
	return block, nil
}

// DecodeTx decodes one serialized transaction, which must fill raw.
func DecodeTx(raw []byte) (*chains.Tx, error) {
	d := decoder{buf: raw}
	tx := new(chains.Tx)
	d.tx(tx)
	if d.err == nil && d.pos != len(raw) {
		d.err = fmt.Errorf("%d bytes after its end", len(raw)-d.pos)
	}
	if d.err != nil {
		return nil, corrupt("transaction: %w", d.err)
	}
	return tx, nil
}

func corrupt(format string, args ...any) error {
	return fmt.Errorf("%w: %w", chains.ErrCorrupt, fmt.Errorf(format, args...))
}

func decodeHeader(raw []byte) chains.Header {
	return chains.Header{
		BlockRef: chains.BlockRef{Hash: blockHash(raw[:headerSize])},
		Parent:   chains.BlockHash(reversed([32]byte(raw[4:36]))),
		Time:     time.Unix(int64(binary.LittleEndian.Uint32(raw[68:])), 0).UTC(),
	}
}

// decoder walks serialized bytes without copying. After an error it stands
// still and yields zeros; err says what was wrong first.
type decoder struct {
	buf []byte
	pos int
	err error

	stripped []byte // scratch for a transaction without its witnesses
	inputs   []chains.Input
	outputs  []chains.Output
}

// tx decodes a transaction into tx and returns its id in wire order.
func (d *decoder) tx(tx *chains.Tx) [32]byte {
	start := d.pos
	tx.Version = int32(d.uint32())
	// A zero where the input count stands is BIP144's marker of a witness.
	segwit := d.pos+1 < len(d.buf) && d.buf[d.pos] == 0 && d.buf[d.pos+1] == 1
	if segwit {
		d.pos += 2
	}
	body := d.pos
	tx.Inputs = take(&d.inputs, d.count(minInput), d.left()/minInput)
	for i := range tx.Inputs {
		in := &tx.Inputs[i]
		if hash := d.bytes(32); hash != nil {
			in.Prevout.Tx = chains.TxID(reversed([32]byte(hash)))
		}
		in.Prevout.Index = d.uint32()
		d.bytes(d.varInt())
		in.Sequence = d.uint32()
	}
	tx.Outputs = take(&d.outputs, d.count(minOutput), d.left()/(4*minOutput))
	for i := range tx.Outputs {
		value := d.uint64()
		if value > math.MaxInt64 {
			d.fail(fmt.Errorf("output %d has a negative value", i))
		}
		tx.Outputs[i].Value = chains.NewAmount(int64(value))
		tx.Outputs[i].Script = d.bytes(d.varInt())
	}
	bodyEnd := d.pos
	if segwit {
		for range tx.Inputs {
			for range d.count(1) {
				d.bytes(d.varInt())
			}
		}
	}
	tx.LockTime = d.uint32()
	if d.err == nil && len(tx.Inputs) == 0 {
		d.fail(errors.New("no inputs"))
	}
	if d.err != nil {
		return [32]byte{}
	}
	serialized := d.buf[start:d.pos]
	if segwit {
		d.stripped = append(d.stripped[:0], d.buf[start:start+4]...)
		d.stripped = append(d.stripped, d.buf[body:bodyEnd]...)
		d.stripped = append(d.stripped, d.buf[d.pos-4:d.pos]...)
		serialized = d.stripped
	}
	tx.Weight = uint32(3*len(serialized) + d.pos - start)
	hash := doubleSHA256(serialized)
	tx.ID = chains.TxID(reversed(hash))
	return hash
}

func (d *decoder) fail(err error) {
	if d.err == nil {
		d.err = err
	}
}

// bytes is a view of the next n bytes, nil after an error.
func (d *decoder) bytes(n uint64) []byte {
	if d.err != nil || n > uint64(d.left()) {
		d.fail(errTruncated)
		return nil
	}
	view := d.buf[d.pos : d.pos+int(n) : d.pos+int(n)]
	d.pos += int(n)
	return view
}

func (d *decoder) uint32() uint32 {
	if b := d.bytes(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (d *decoder) uint64() uint64 {
	if b := d.bytes(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

// varInt reads a CompactSize integer, refusing the longer forms of short numbers.
func (d *decoder) varInt() uint64 {
	prefix := d.bytes(1)
	if prefix == nil {
		return 0
	}
	if prefix[0] < 0xfd {
		return uint64(prefix[0])
	}
	size := uint64(2) << (prefix[0] - 0xfd)
	var padded [8]byte
	copy(padded[:], d.bytes(size))
	n := binary.LittleEndian.Uint64(padded[:])
	smallest := [3]uint64{0xfd, 1 << 16, 1 << 32}[prefix[0]-0xfd]
	if n < smallest {
		d.fail(errors.New("length is not in its shortest form"))
	}
	return n
}

// count reads the number of things that follow, each of at least size bytes.
func (d *decoder) count(size int) int {
	n := d.varInt()
	if n > uint64(d.left()/size) {
		d.fail(errTruncated)
	}
	if d.err != nil {
		return 0
	}
	return int(n)
}

// left is how many bytes are still to be read.
func (d *decoder) left() int { return len(d.buf) - d.pos }

// take cuts n zero elements off a slab, so that a block costs few allocations. A
// new slab has room for as many as are expected, within reason.
func take[T any](slab *[]T, n, expected int) []T {
	const most = 1024
	if n > len(*slab) {
		*slab = make([]T, max(n, min(expected, most)))
	}
	cut := (*slab)[:n:n]
	*slab = (*slab)[n:]
	return cut
}

func doubleSHA256(data []byte) [32]byte {
	first := sha256.Sum256(data)
	return sha256.Sum256(first[:])
}

func blockHash(header []byte) chains.BlockHash {
	return chains.BlockHash(reversed(doubleSHA256(header)))
}

// reversed turns a hash from wire order into reading order, and back.
func reversed(h [32]byte) (r [32]byte) {
	for i := 0; i < 32; i += 8 {
		word := binary.LittleEndian.Uint64(h[24-i:])
		binary.LittleEndian.PutUint64(r[i:], bits.ReverseBytes64(word))
	}
	return r
}

// merkleRoot folds the transaction ids, which it overwrites. It is false where
// two siblings are equal: such a list has the root of a shorter one
// (CVE-2012-2459), so the root proves nothing.
func merkleRoot(hashes [][32]byte) ([32]byte, bool) {
	var pair [64]byte
	for len(hashes) > 1 {
		half := (len(hashes) + 1) / 2
		for i := range half {
			left, right := hashes[2*i], hashes[min(2*i+1, len(hashes)-1)]
			if 2*i+1 < len(hashes) && left == right {
				return [32]byte{}, false
			}
			copy(pair[:32], left[:])
			copy(pair[32:], right[:])
			hashes[i] = doubleSHA256(pair[:])
		}
		hashes = hashes[:half]
	}
	return hashes[0], true
}
