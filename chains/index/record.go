package index

import (
	"encoding/binary"
	"fmt"

	"tsuiseki/chains"
)

// totals are running sums from the first block held to the block they stand with.
type totals struct {
	Txs, Spends, Outputs, MissingPrevouts uint64
}

// appendBlock writes a block's row: header, number of transactions, totals.
func appendBlock(value []byte, h chains.Header, txs int, t totals) []byte {
	value = appendHeader(value, h)
	for _, n := range []uint64{uint64(txs), t.Txs, t.Spends, t.Outputs, t.MissingPrevouts} {
		value = binary.AppendUvarint(value, n)
	}
	return value
}

func readBlock(height uint64, value []byte) (h chains.Header, txs int, t totals, err error) {
	r := reader{buf: value}
	h = r.header(height)
	txs = int(r.uvarint())
	t = totals{r.uvarint(), r.uvarint(), r.uvarint(), r.uvarint()}
	return h, txs, t, r.err
}

// Sequence numbers that nearly all inputs carry get a code of one byte.
var commonSequences = [...]uint32{0xffffffff, 0xfffffffe, 0xfffffffd, 0}

// appendTx writes a transaction's record; block, time and place stand in its key
// and its block's row.
func appendTx(value []byte, tx *chains.Tx) ([]byte, error) {
	value = append(value, tx.ID[:]...)
	value = binary.AppendVarint(value, int64(tx.Version))
	value = binary.AppendUvarint(value, uint64(tx.LockTime))
	value = binary.AppendUvarint(value, uint64(tx.Weight))
	value = binary.AppendUvarint(value, uint64(len(tx.Inputs)))
	for i := range tx.Inputs {
		in := &tx.Inputs[i]
		value = append(value, in.Prevout.Tx[:]...)
		value = binary.AppendUvarint(value, uint64(in.Prevout.Index+1)) // a coinbase's wraps to 0
		value = binary.AppendUvarint(value, sequenceCode(in.Sequence))
	}
	value = binary.AppendUvarint(value, uint64(len(tx.Outputs)))
	for i := range tx.Outputs {
		var err error
		if value, err = appendOutput(value, &tx.Outputs[i]); err != nil {
			return nil, fmt.Errorf("transaction %s, output %d: %w", tx.ID, i, err)
		}
	}
	return value, nil
}

func appendOutput(value []byte, out *chains.Output) ([]byte, error) {
	n, ok := out.Value.Int64()
	if !ok || n < 0 {
		return nil, fmt.Errorf("%w: value %s is out of range", chains.ErrCorrupt, out.Value)
	}
	value = binary.AppendUvarint(value, uint64(n))
	value = binary.AppendUvarint(value, uint64(len(out.Script)))
	return append(value, out.Script...), nil
}

func sequenceCode(sequence uint32) uint64 {
	for code, common := range commonSequences {
		if sequence == common {
			return uint64(code)
		}
	}
	return uint64(sequence) + uint64(len(commonSequences))
}

func readTx(value []byte) (*chains.Tx, error) {
	r := reader{buf: value}
	tx := new(chains.Tx)
	copy(tx.ID[:], r.bytes(32))
	tx.Version = int32(r.varint())
	tx.LockTime = uint32(r.uvarint())
	tx.Weight = uint32(r.uvarint())
	tx.Inputs = make([]chains.Input, r.count(34))
	for i := range tx.Inputs {
		in := &tx.Inputs[i]
		copy(in.Prevout.Tx[:], r.bytes(32))
		in.Prevout.Index = uint32(r.uvarint()) - 1
		code := r.uvarint()
		if code < uint64(len(commonSequences)) {
			in.Sequence = commonSequences[code]
		} else {
			in.Sequence = uint32(code - uint64(len(commonSequences)))
		}
	}
	tx.Outputs = make([]chains.Output, r.count(2))
	for i := range tx.Outputs {
		tx.Outputs[i] = r.output()
	}
	return tx, r.err
}

func readOutput(value []byte) (chains.Output, error) {
	r := reader{buf: append([]byte(nil), value...)}
	return r.output(), r.err
}

// reader reads a record; scripts share its memory. After an error it yields zeros.
type reader struct {
	buf []byte
	err error
}

func (r *reader) fail() {
	r.buf, r.err = nil, errEncoding
}

func (r *reader) bytes(n uint64) []byte {
	if n > uint64(len(r.buf)) {
		r.fail()
		return nil
	}
	view := r.buf[:n:n]
	r.buf = r.buf[n:]
	return view
}

func (r *reader) uvarint() uint64 {
	n, size := binary.Uvarint(r.buf)
	if size <= 0 {
		r.fail()
		return 0
	}
	r.buf = r.buf[size:]
	return n
}

func (r *reader) varint() int64 {
	n, size := binary.Varint(r.buf)
	if size <= 0 {
		r.fail()
		return 0
	}
	r.buf = r.buf[size:]
	return n
}

// count reads a number of things of at least size bytes each.
func (r *reader) count(size int) int {
	n := r.uvarint()
	if n > uint64(len(r.buf)/size) {
		r.fail()
		return 0
	}
	return int(n)
}

func (r *reader) output() chains.Output {
	value := chains.NewAmount(int64(r.uvarint()))
	return chains.Output{Value: value, Script: r.bytes(r.uvarint())}
}
