//go:build unix

package entity_test

import (
	"context"
	"encoding/binary"
	"iter"
	"testing"

	"tsuiseki/chains"
	"tsuiseki/chains/bitcoin"
	"tsuiseki/chains/index"
	"tsuiseki/tracer/entity"
)

// dense is a chain of full blocks: every transaction spends two outputs and makes two,
// one of which is spent soon, in about half a block, and the other one late.
type dense struct {
	blocks, txs int // txs in each block, the coinbase included
	soon, late  int // transactions between an output and its spender
}

var _ chains.UTXOSource = dense{}

func (d dense) Chain() chains.Chain { return "bitcoin" }

func (d dense) Tip(context.Context) (chains.BlockRef, error) {
	return chains.BlockRef{Height: uint64(d.blocks - 1), Hash: hashOf(uint64(d.blocks - 1))}, nil
}

func (d dense) BlockHash(_ context.Context, height uint64) (chains.BlockHash, error) {
	return hashOf(height), nil
}

func (d dense) Prevouts(_ context.Context, _ chains.BlockRef, o []chains.Outpoint) ([]*chains.Output, error) {
	return make([]*chains.Output, len(o)), nil
}

func (d dense) Blocks(_ context.Context, from, to uint64) iter.Seq2[*chains.Block, error] {
	return func(yield func(*chains.Block, error) bool) {
		for height := from; height <= to; height++ {
			b := &chains.Block{Header: chains.Header{BlockRef: chains.BlockRef{Height: height, Hash: hashOf(height)}}}
			if height > 0 {
				b.Parent = hashOf(height - 1)
			}
			for i := range d.txs {
				tx := d.tx(int(height)*d.txs+i, i == 0)
				tx.Block, tx.Index = b.BlockRef, uint32(i)
				b.Txs = append(b.Txs, tx)
			}
			if !yield(b, nil) {
				return
			}
		}
	}
}

func (d dense) id(n int) (id chains.TxID) {
	binary.BigEndian.PutUint64(id[:], uint64(n+1)*0x9e3779b97f4a7c15)
	binary.BigEndian.PutUint64(id[24:], uint64(n+1))
	return id
}

func (d dense) tx(n int, coinbase bool) chains.Tx {
	tx := chains.Tx{ID: d.id(n), Version: 2, Weight: 700}
	for i, back := range []int{d.soon, d.late} {
		if n >= back && !coinbase {
			tx.Inputs = append(tx.Inputs, chains.Input{Prevout: chains.Outpoint{Tx: d.id(n - back), Index: uint32(i)}, Sequence: 0xffffffff})
		}
		script := append([]byte{0, 20}, make([]byte, 20)...)
		binary.BigEndian.PutUint64(script[2:], uint64(2*n+i+1)*0x9e3779b97f4a7c15)
		tx.Outputs = append(tx.Outputs, chains.Output{Value: chains.NewAmount(int64(1_000_000 + n%977)), Script: script})
	}
	if len(tx.Inputs) == 0 {
		tx.Inputs = []chains.Input{{Prevout: chains.Outpoint{Index: 0xffffffff}}}
	}
	return tx
}

// BenchmarkBuildDense builds clusters from the index of full blocks, whose prevouts
// are remembered or have to be looked up, as ratios to indexing them.
func BenchmarkBuildDense(b *testing.B) {
	d := dense{blocks: 150, txs: 2_500, soon: 1_250, late: 50_000}
	network, err := bitcoin.NetworkByName("main")
	if err != nil {
		b.Fatal(err)
	}
	var indexing, remembering, lookingUp float64
	for b.Loop() {
		x, err := index.Open(index.Options{Dir: b.TempDir(), Chain: "bitcoin", Scripts: &network})
		if err != nil {
			b.Fatal(err)
		}
		indexing += since(func() {
			if _, err := x.Sync(b.Context(), d, index.SyncOptions{}); err != nil {
				b.Fatal(err)
			}
		})
		v, err := x.View(b.Context(), nil)
		if err != nil {
			b.Fatal(err)
		}
		remembering += buildDense(b, v, entity.Options{Scripts: &network})
		lookingUp += buildDense(b, v, entity.Options{Scripts: &network, CacheBytes: 1})
		if err := v.Close(); err != nil {
			b.Fatal(err)
		}
		if err := x.Close(); err != nil {
			b.Fatal(err)
		}
	}
	txs := float64(d.blocks*d.txs) * float64(b.N)
	b.ReportMetric(txs/remembering, "tx/s")
	b.ReportMetric(txs/lookingUp, "tx/s-looked-up")
	b.ReportMetric(remembering/indexing, "build/index")
	b.ReportMetric(lookingUp/indexing, "build-looked-up/index")
}

func buildDense(b *testing.B, v *index.View, opt entity.Options) float64 {
	opt.Dir, opt.Chain = b.TempDir(), "bitcoin"
	store, err := entity.Open(opt)
	if err != nil {
		b.Fatal(err)
	}
	defer store.Close()
	return since(func() {
		result, err := store.Sync(b.Context(), v, nil)
		if err != nil {
			b.Fatal(err)
		}
		if result.Links == 0 || (result.Fetched > 0) != (opt.CacheBytes == 1) {
			b.Fatalf("%+v", result)
		}
	})
}

// BenchmarkBuildEarly builds the clusters of the real chain's first 14,132 blocks.
func BenchmarkBuildEarly(b *testing.B) {
	v, network := earlyView(b)
	building := 0.0
	for b.Loop() {
		building += buildDense(b, v, entity.Options{Scripts: network})
	}
	const txs, addresses = 14_247, 815
	b.ReportMetric(txs*float64(b.N)/building, "tx/s")
	b.ReportMetric(addresses*float64(b.N)/building, "addresses/s")
}
