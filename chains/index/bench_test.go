package index_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/btcsuite/btcd/wire/v2"

	"tsuiseki/chains"
	"tsuiseki/chains/bitcoin"
	"tsuiseki/chains/chaintest"
	"tsuiseki/chains/index"
)

// denseChain repeats real full blocks as one chain. Ids and prevouts differ in
// each round, so that keys are as many and as random as on the real chain.
type denseChain struct {
	blocks [][]byte
	height uint64
	bytes  int64
}

func newDenseChain(tb testing.TB, blocks uint64) *denseChain {
	d := &denseChain{blocks: chaintest.FullBlocks(tb)[:2], height: blocks - 1}
	for h := range blocks {
		d.bytes += int64(len(d.blocks[h%uint64(len(d.blocks))]))
	}
	return d
}

func (d *denseChain) hash(height uint64) (h chains.BlockHash) {
	binary.BigEndian.PutUint64(h[24:], height+1)
	return h
}

func (d *denseChain) decode(tb testing.TB, height uint64) *chains.Block {
	block, err := bitcoin.DecodeBlock(d.blocks[height%uint64(len(d.blocks))])
	if err != nil {
		tb.Fatal(err)
	}
	return block
}

func (d *denseChain) Chain() chains.Chain { return "bitcoin" }

func (d *denseChain) Tip(context.Context) (chains.BlockRef, error) {
	return chains.BlockRef{Height: d.height, Hash: d.hash(d.height)}, nil
}

func (d *denseChain) BlockHash(_ context.Context, height uint64) (chains.BlockHash, error) {
	return d.hash(height), nil
}

func (d *denseChain) Prevouts(_ context.Context, _ chains.BlockRef, o []chains.Outpoint) ([]*chains.Output, error) {
	return make([]*chains.Output, len(o)), nil
}

func (d *denseChain) Blocks(_ context.Context, from, to uint64) iter.Seq2[*chains.Block, error] {
	return func(yield func(*chains.Block, error) bool) {
		for height := from; height <= to; height++ {
			block, err := bitcoin.DecodeBlock(d.blocks[height%uint64(len(d.blocks))])
			if err != nil {
				yield(nil, err)
				return
			}
			block.BlockRef = chains.BlockRef{Height: height, Hash: d.hash(height)}
			block.Parent = chains.BlockHash{}
			if height > 0 {
				block.Parent = d.hash(height - 1)
			}
			shift(block, uint32(height/uint64(len(d.blocks))))
			if !yield(block, nil) {
				return
			}
		}
	}
}

// shift makes a block's ids those of one round.
func shift(block *chains.Block, round uint32) {
	flip := func(id *chains.TxID) {
		binary.BigEndian.PutUint32(id[2:], binary.BigEndian.Uint32(id[2:])^round*2654435761)
	}
	for t := range block.Txs {
		tx := &block.Txs[t]
		tx.Block = block.BlockRef
		flip(&tx.ID)
		for i := range tx.Inputs {
			if !tx.Inputs[i].Coinbase() {
				flip(&tx.Inputs[i].Prevout.Tx)
			}
		}
	}
}

const denseBlocks = 1200

// BenchmarkIndexDense indexes full blocks of the real chain, decoding included,
// and states the speed as ratios to decoding and hashing alone in the same run,
// by this project's decoder and by btcd's.
func BenchmarkIndexDense(b *testing.B) {
	d := newDenseChain(b, denseBlocks)
	b.SetBytes(d.bytes)
	network, err := bitcoin.NetworkByName("main")
	if err != nil {
		b.Fatal(err)
	}
	var decoding, wireDecoding, indexing float64
	for b.Loop() {
		decoding += seconds(func() {
			for height := range uint64(denseBlocks) {
				d.decode(b, height)
			}
		})
		wireDecoding += seconds(func() { d.wireDecode(b) })
		indexing += seconds(func() {
			x, err := index.Open(index.Options{Dir: b.TempDir(), Chain: "bitcoin", Scripts: &network})
			if err != nil {
				b.Fatal(err)
			}
			defer x.Close()
			if _, err := x.Sync(b.Context(), d, index.SyncOptions{}); err != nil {
				b.Fatal(err)
			}
		})
	}
	mb := float64(d.bytes) * float64(b.N) / 1e6
	b.ReportMetric(mb/decoding, "decode-MB/s")
	b.ReportMetric(mb/wireDecoding, "btcd-decode-MB/s")
	b.ReportMetric(mb/indexing, "index-MB/s")
	b.ReportMetric(decoding/indexing, "index/decode")
	b.ReportMetric(wireDecoding/indexing, "index/btcd-decode")
}

// wireDecode decodes and hashes the same blocks with btcd's own code.
func (d *denseChain) wireDecode(tb testing.TB) {
	for height := range d.height + 1 {
		var block wire.MsgBlock
		if err := block.Deserialize(bytes.NewReader(d.blocks[height%uint64(len(d.blocks))])); err != nil {
			tb.Fatal(err)
		}
		for _, tx := range block.Transactions {
			tx.TxHash()
		}
	}
}

func seconds(work func()) float64 {
	start := time.Now()
	work()
	return time.Since(start).Seconds()
}

// BenchmarkIndexEarly indexes the real chain's first 14,132 blocks from their
// file, and states the speed as a ratio to btcd's own transaction and address
// indexes, which its addblock command builds from the same blocks in the same run.
func BenchmarkIndexEarly(b *testing.B) {
	blocks, addblock := unpadded(b), buildAddblock(b)
	var peer, indexing float64
	for b.Loop() {
		peer += seconds(func() {
			run := exec.CommandContext(b.Context(), addblock, "--datadir="+b.TempDir(), "--infile="+blocks, "--txindex", "--addrindex")
			if out, err := run.CombinedOutput(); err != nil {
				b.Fatalf("addblock: %v\n%s", err, out)
			}
		})
		indexing += seconds(func() { indexFile(b, blocks) })
	}
	b.ReportMetric(peer/float64(b.N), "btcd-s")
	b.ReportMetric(indexing/float64(b.N), "index-s")
	b.ReportMetric(peer/indexing, "btcd/index")
}

func indexFile(b *testing.B, path string) {
	src, err := bitcoin.OpenFiles(b.Context(), bitcoin.FilesConfig{Path: path})
	if err != nil {
		b.Fatal(err)
	}
	defer src.Close()
	network := src.Network()
	x, err := index.Open(index.Options{Dir: b.TempDir(), Chain: "bitcoin", Scripts: &network})
	if err != nil {
		b.Fatal(err)
	}
	defer x.Close()
	if _, err := x.Sync(b.Context(), src, index.SyncOptions{}); err != nil {
		b.Fatal(err)
	}
}

// unpadded is the early chain's file without the padding that addblock refuses.
func unpadded(b *testing.B) string {
	padded, err := os.ReadFile(chaintest.EarlyChain(b))
	if err != nil {
		b.Fatal(err)
	}
	size := 0
	for _, block := range chaintest.EarlyBlocks(b) {
		size += 8 + len(block)
	}
	path := filepath.Join(b.TempDir(), "blk00000.dat")
	if err := os.WriteFile(path, padded[:size], 0o600); err != nil {
		b.Fatal(err)
	}
	return path
}

func buildAddblock(b *testing.B) string {
	path := filepath.Join(b.TempDir(), "addblock")
	build := exec.CommandContext(b.Context(), "go", "build", "-o", path, "./cmd/addblock")
	build.Dir = chaintest.ModuleDir(b, "github.com/btcsuite/btcd")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("building addblock: %v\n%s", err, out)
	}
	return path
}
