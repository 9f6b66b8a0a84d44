package index

import (
	"cmp"
	"encoding/binary"
	"errors"
	"slices"

	"github.com/cockroachdb/pebble/v2/sstable"

	"tsuiseki/chains"
)

// batch gathers the rows of successive blocks. Written, they appear all at once.
type batch struct {
	scripts chains.Scripts
	sums    totals // up to and with the last block added

	txids, spends, appearances []row
	txs, blocks, hashes        values
	prevouts                   values
	ids                        map[chains.TxID]struct{} // as remember was told; nil where it was not
}

func newBatch(scripts chains.Scripts, sums totals) *batch {
	return &batch{scripts: scripts, sums: sums}
}

// follow empties the batch, a new one where there is none, to continue after
// another with the memory that it has.
func (b *batch) follow(previous *batch) *batch {
	if b == nil {
		return newBatch(previous.scripts, previous.sums)
	}
	b.sums = previous.sums
	b.txids, b.spends, b.appearances = b.txids[:0], b.spends[:0], b.appearances[:0]
	for _, v := range []*values{&b.txs, &b.blocks, &b.hashes, &b.prevouts} {
		v.reuse()
	}
	clear(b.ids)
	return b
}

// addBlock adds all rows of a block.
func (b *batch) addBlock(block *chains.Block) error {
	if err := checkPosition(chains.Position{Height: block.Height, Tx: uint32(len(block.Txs))}); err != nil {
		return err
	}
	for i := range block.Txs {
		tx := &block.Txs[i]
		pos := packPos(chains.Position{Height: block.Height, Tx: uint32(i)})
		err := b.txs.add(txKey(pos), func(value []byte) ([]byte, error) { return appendTx(value, tx) })
		if err != nil {
			return err
		}
		b.addRows(tx, pos)
	}
	b.sums.Txs += uint64(len(block.Txs))
	err := b.blocks.add(blockKey(block.Height), func(value []byte) ([]byte, error) {
		return appendBlock(value, block.Header, len(block.Txs), b.sums), nil
	})
	return errors.Join(err, b.hashes.add(hashKey(block.Hash), func(value []byte) ([]byte, error) {
		return binary.BigEndian.AppendUint32(value, uint32(block.Height)), nil
	}))
}

// addRows adds the rows that a transaction's record implies.
func (b *batch) addRows(tx *chains.Tx, pos uint64) {
	b.txids = append(b.txids, row{prefix: txPrefix(tx.ID), pos: pos})
	for n := range tx.Inputs {
		if in := &tx.Inputs[n]; !in.Coinbase() {
			b.spends = append(b.spends, row{prefix: txPrefix(in.Prevout.Tx), pos: pos, output: in.Prevout.Index, suffix: uint32(n)})
			b.sums.Spends++
		}
	}
	for n := range tx.Outputs {
		b.appearances = append(b.appearances, row{prefix: b.scripts.Key(tx.Outputs[n].Script), pos: pos, suffix: scriptOutput(uint32(n))})
	}
	b.sums.Outputs += uint64(len(tx.Outputs))
}

// addPrevout adds what an input spends, where that lies before the range.
func (b *batch) addPrevout(outpoint chains.Outpoint, out *chains.Output, height uint64, at inputAt) error {
	pos := packPos(chains.Position{Height: height, Tx: at.tx})
	b.appearances = append(b.appearances, row{prefix: b.scripts.Key(out.Script), pos: pos, suffix: scriptInput(at.input)})
	return b.prevouts.add(prevoutKey(outpoint), func(value []byte) ([]byte, error) { return appendOutput(value, out) })
}

// remember notes a transaction that the batch will hold.
func (b *batch) remember(id chains.TxID) {
	if b.ids == nil {
		b.ids = map[chains.TxID]struct{}{}
	}
	b.ids[id] = struct{}{}
}

func (b *batch) holds(id chains.TxID) bool {
	if b == nil {
		return false
	}
	_, held := b.ids[id]
	return held
}

// full reports whether the batch holds so many bytes of memory.
func (b *batch) full(limit int) bool {
	const rowSize, idSize = 24, 64
	rows := len(b.txids) + len(b.spends) + len(b.appearances)
	return rows*rowSize+len(b.txs.arena)+len(b.prevouts.arena)+len(b.blocks.arena)+len(b.ids)*idSize >= limit
}

func (b *batch) empty() bool { return len(b.blocks.entries) == 0 }

func (b *batch) tables() []sortedTable {
	return []sortedTable{
		rowsTable(tableTxID, b.txids),
		rowsTable(tableSpend, b.spends),
		rowsTable(tableScript, b.appearances),
		b.txs.table(tableTx),
		b.blocks.table(tableBlock),
		b.hashes.table(tableHash),
		b.prevouts.table(tablePrevout),
	}
}

func rowsTable(table byte, rows []row) sortedTable {
	return sortedTable{table, len(rows), func(w *sstable.Writer) error { return writeRows(w, table, rows) }}
}

func writeRows(w *sstable.Writer, table byte, rows []row) error {
	var key []byte
	for _, r := range sortRows(rows) {
		key = r.appendKey(key[:0], table)
		if err := w.Set(key, nil); err != nil {
			return err
		}
	}
	return nil
}

// sortRows sorts by prefix, output, position, suffix. Prefixes are hashes, so one
// pass by their top bits leaves short runs to sort.
func sortRows(rows []row) []row {
	shift := 64 - 4
	for buckets := 16; buckets < len(rows) && buckets < 1<<16; buckets *= 2 {
		shift--
	}
	starts := make([]int, (1<<(64-shift))+1)
	for i := range rows {
		starts[rows[i].prefix>>shift+1]++
	}
	for i := 1; i < len(starts); i++ {
		starts[i] += starts[i-1]
	}
	sorted := make([]row, len(rows))
	next := slices.Clone(starts)
	for i := range rows {
		bucket := rows[i].prefix >> shift
		sorted[next[bucket]] = rows[i]
		next[bucket]++
	}
	for i := range len(starts) - 1 {
		slices.SortFunc(sorted[starts[i]:starts[i+1]], compareRows)
	}
	return sorted
}

func compareRows(a, b row) int {
	if a.prefix != b.prefix {
		return cmp.Compare(a.prefix, b.prefix)
	}
	return cmp.Or(cmp.Compare(a.output, b.output), cmp.Compare(a.pos, b.pos), cmp.Compare(a.suffix, b.suffix))
}
