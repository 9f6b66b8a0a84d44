package index

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cockroachdb/pebble/v2/objstorage/objstorageprovider"
	"github.com/cockroachdb/pebble/v2/sstable"
	"github.com/cockroachdb/pebble/v2/vfs"
	"golang.org/x/sync/errgroup"

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

// values are keys with values, appended in any order.
type values struct {
	arena   []byte
	entries []entry
}

type entry struct{ start, keyEnd, end int }

// add appends a key, and the value that write appends to the arena.
func (v *values) add(key []byte, write func([]byte) ([]byte, error)) error {
	start := len(v.arena)
	v.arena = append(v.arena, key...)
	keyEnd := len(v.arena)
	arena, err := write(v.arena)
	if err != nil {
		return err
	}
	v.arena = arena
	v.entries = append(v.entries, entry{start, keyEnd, len(v.arena)})
	return nil
}

func (v *values) key(e entry) []byte   { return v.arena[e.start:e.keyEnd] }
func (v *values) value(e entry) []byte { return v.arena[e.keyEnd:e.end] }

func newBatch(scripts chains.Scripts, sums totals) *batch {
	return &batch{scripts: scripts, sums: sums}
}

// reuse empties the batch and keeps its memory, to follow one with the given sums.
func (b *batch) reuse(sums totals) {
	b.sums = sums
	b.txids, b.spends, b.appearances = b.txids[:0], b.spends[:0], b.appearances[:0]
	for _, v := range []*values{&b.txs, &b.blocks, &b.hashes, &b.prevouts} {
		v.arena, v.entries = v.arena[:0], v.entries[:0]
	}
	clear(b.ids)
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
		return appendHeader(value, block.Header, len(block.Txs), b.sums), nil
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

// size is the memory held, in bytes.
func (b *batch) size() int {
	const rowSize, idSize = 24, 64
	rows := len(b.txids) + len(b.spends) + len(b.appearances)
	return rows*rowSize + len(b.txs.arena) + len(b.prevouts.arena) + len(b.blocks.arena) + len(b.ids)*idSize
}

func (b *batch) empty() bool { return len(b.blocks.entries) == 0 }

const leftover = "batch-"

// removeLeftovers deletes files of a batch that was being written when the
// process died: it never became part of the index.
func (x *Index) removeLeftovers() error {
	names, err := x.fs.List(x.dir)
	for _, name := range names {
		if strings.HasPrefix(name, leftover) {
			err = errors.Join(err, x.fs.Remove(x.fs.PathJoin(x.dir, name)))
		}
	}
	return err
}

// write makes the batch part of the index, whole or not at all: each table
// becomes a sorted file, and Pebble takes all files in with one edit of its
// manifest. That costs neither log nor memtable, and a kill leaves nothing half done.
func (x *Index) write(ctx context.Context, b *batch) error {
	tables := []struct {
		table  byte
		rows   []row
		values *values
	}{
		{tableTxID, b.txids, nil},
		{tableSpend, b.spends, nil},
		{tableScript, b.appearances, nil},
		{tableTx, nil, &b.txs},
		{tableBlock, nil, &b.blocks},
		{tableHash, nil, &b.hashes},
		{tablePrevout, nil, &b.prevouts},
	}
	var paths []string
	var group errgroup.Group
	group.SetLimit(2)
	for _, t := range tables {
		if len(t.rows) == 0 && (t.values == nil || len(t.values.entries) == 0) {
			continue
		}
		path := x.fs.PathJoin(x.dir, fmt.Sprintf("%s%c.sst", leftover, t.table))
		paths = append(paths, path)
		group.Go(func() error {
			return x.writeTable(path, func(w *sstable.Writer) error {
				if t.values != nil {
					return writeValues(w, t.values)
				}
				return writeRows(w, t.table, t.rows)
			})
		})
	}
	if err := group.Wait(); err != nil {
		return fmt.Errorf("writing the index in %s: %w", x.dir, err)
	}
	if err := x.db.Ingest(ctx, paths); err != nil {
		return fmt.Errorf("writing the index in %s: %w", x.dir, err)
	}
	return nil
}

func (x *Index) writeTable(path string, fill func(*sstable.Writer) error) error {
	file, err := x.fs.Create(path, vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	w := sstable.NewWriter(objstorageprovider.NewFileWritable(file), x.options.MakeWriterOptions(0, x.db.TableFormat()))
	return errors.Join(fill(w), w.Close())
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

func writeValues(w *sstable.Writer, v *values) error {
	compare := func(a, b entry) int { return bytes.Compare(v.key(a), v.key(b)) }
	if !slices.IsSortedFunc(v.entries, compare) {
		slices.SortFunc(v.entries, compare)
	}
	for i, e := range v.entries {
		if i > 0 && compare(v.entries[i-1], e) == 0 {
			continue // one prevout can be met twice, on both sides of a BIP30 duplicate
		}
		if err := w.Set(v.key(e), v.value(e)); err != nil {
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
