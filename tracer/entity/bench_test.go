//go:build unix

package entity_test

import (
	"encoding/binary"
	"iter"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"tsuiseki/chains"
	"tsuiseki/tracer/cluster"
	"tsuiseki/tracer/entity"
)

// generated is a chain of wallets: block by block each transaction spends from two
// or three addresses, most of them new, and one of its wallet where that has some.
// Transactions are made when they are asked for, from their place alone.
type generated struct {
	blocks, txs int // txs in each block
}

var _ entity.Chain = generated{}

func (g generated) Snapshot() chains.Snapshot {
	height := uint64(g.blocks - 1)
	return chains.Snapshot{Chain: "bitcoin", BlockRef: chains.BlockRef{Height: height, Hash: hashOf(height)}}
}

func (g generated) BlockAt(height uint64) (h chains.Header, txs int, err error) {
	h.BlockRef = chains.BlockRef{Height: height, Hash: hashOf(height)}
	return h, g.txs, nil
}

// spends are the numbers of the addresses that a transaction spends from. Transaction
// n brings the addresses 2n and 2n+1, and spends one of those before.
func (g generated) spends(n uint64) [3]uint64 {
	random := rand.New(rand.NewPCG(n, 7))
	earlier := 2 * n
	if n > 0 {
		earlier = random.Uint64N(2 * n)
		if random.Uint64N(10) > 0 { // a wallet's addresses lie close together
			earlier = 2*n - 1 - random.Uint64N(min(2*n, 20))
		}
		if random.Uint64N(3) == 0 {
			earlier = 2 * n // none but new ones
		}
	}
	return [3]uint64{earlier, 2 * n, 2*n + 1}
}

func (g generated) tx(at chains.Position) *chains.Tx {
	n := at.Height*uint64(g.txs) + uint64(at.Tx)
	tx := &chains.Tx{Block: chains.BlockRef{Height: at.Height, Hash: hashOf(at.Height)}, Index: at.Tx}
	binary.BigEndian.PutUint64(tx.ID[8:], n+1)
	for _, a := range g.spends(n) {
		var o chains.Outpoint
		binary.BigEndian.PutUint64(o.Tx[:], a+1)
		tx.Inputs = append(tx.Inputs, chains.Input{Prevout: o})
	}
	tx.Outputs = []chains.Output{{Value: chains.NewAmount(1), Script: []byte("p2wpkh nobody")}}
	return tx
}

func (g generated) Records(from uint64) iter.Seq2[*chains.Tx, error] {
	return func(yield func(*chains.Tx, error) bool) {
		for height := from; height < uint64(g.blocks); height++ {
			for i := range g.txs {
				if !yield(g.tx(chains.Position{Height: height, Tx: uint32(i)}), nil) {
					return
				}
			}
		}
	}
}

func (g generated) Prevout(o chains.Outpoint, _ chains.Position) (*chains.Output, error) {
	script := append([]byte("p2wpkh bc1q"), o.Tx[:8]...)
	return &chains.Output{Value: chains.NewAmount(1), Script: script}, nil
}

func (g generated) TxAt(at chains.Position) (*chains.Tx, error) {
	tx := g.tx(at)
	for i := range tx.Inputs {
		tx.Inputs[i].Spent, _ = g.Prevout(tx.Inputs[i].Prevout, at)
	}
	return tx, nil
}

func addressOf(n uint64) chains.Address {
	return chains.Address(binary.BigEndian.AppendUint64([]byte("bc1q"), n+1))
}

const benchAddresses = 10_000_000

// inMemory is the baseline: the same evidence from the same transactions, a Go map
// from addresses to numbers, and union-find by size with path halving, which knows
// neither why nor members, cannot undo, and is gone when the process ends.
func inMemory(g generated) (addresses int) {
	ids := map[chains.Address]uint32{}
	var up, size []uint32
	number := func(a chains.Address) uint32 {
		id, known := ids[a]
		if !known {
			id = uint32(len(up))
			ids[a], up, size = id, append(up, id), append(size, 1)
		}
		return id
	}
	root := func(a uint32) uint32 {
		for up[a] != a {
			up[a] = up[up[a]]
			a = up[a]
		}
		return a
	}
	for e := range g.evidence() {
		a, b := root(number(e.From)), root(number(e.To))
		if a == b {
			continue
		}
		if size[a] < size[b] {
			a, b = b, a
		}
		up[b], size[a] = a, size[a]+size[b]
	}
	return len(up)
}

// evidence is what the chain's transactions say, with nothing kept.
func (g generated) evidence() iter.Seq[cluster.Evidence] {
	return func(yield func(cluster.Evidence) bool) {
		for tx, err := range g.Records(0) {
			if err != nil {
				panic(err)
			}
			for i := range tx.Inputs {
				tx.Inputs[i].Spent, _ = g.Prevout(tx.Inputs[i].Prevout, tx.Position())
			}
			for _, e := range cluster.CoSpend(cluster.Describe(tx, plain{}), cluster.DoNotCluster) {
				if !yield(e) {
					return
				}
			}
		}
	}
}

// since is the processor time in seconds that work takes: other programs on the
// machine do not count, nor does waiting for the disk.
func since(work func()) float64 {
	processor := func() float64 {
		var used syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
			panic(err)
		}
		return float64(used.Utime.Nano()+used.Stime.Nano()) / 1e9
	}
	start := processor()
	work()
	return processor() - start
}

// BenchmarkStore10M builds clusters of 10 million linked addresses, opens them again
// from their state, and asks; as ratios to making the evidence alone, and to inMemory,
// in the same run.
func BenchmarkStore10M(b *testing.B) {
	const txs = 2_000
	g := generated{blocks: benchAddresses / 2 / txs, txs: txs}
	var baseline, reading, building, opening, asking, replaying float64
	var bytes, links uint64
	for b.Loop() {
		baseline += since(func() { inMemory(g) })
		reading += since(func() {
			for range g.evidence() {
				continue
			}
		})
		opt := entity.Options{Dir: b.TempDir(), Chain: "bitcoin", Scripts: plain{}}
		building += since(func() {
			store, err := entity.Open(opt)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := store.Sync(b.Context(), g, nil); err != nil {
				b.Fatal(err)
			}
			status, _ := store.Status()
			bytes, links = status.DiskBytes, uint64(status.Links)
			if err := store.Close(); err != nil {
				b.Fatal(err)
			}
		})
		opening += since(func() { ask(b, opt, g, 1) })
		const questions = 10_000
		asking += since(func() { ask(b, opt, g, questions) })/questions - opening/questions
		states, err := filepath.Glob(filepath.Join(opt.Dir, "*.state"))
		if err != nil || len(states) != 1 {
			b.Fatal(states, err)
		}
		if err := os.Remove(states[0]); err != nil {
			b.Fatal(err)
		}
		replaying += since(func() { ask(b, opt, g, 1) })
	}
	n := float64(b.N)
	b.ReportMetric(float64(bytes)/benchAddresses, "bytes/address")
	b.ReportMetric(float64(links)/benchAddresses, "links/address")
	b.ReportMetric(benchAddresses*n/building, "addresses/s")
	b.ReportMetric(building/baseline, "build/in-memory")
	b.ReportMetric(building/reading, "build/reading")
	b.ReportMetric(opening/n*1e3, "open-ms")
	b.ReportMetric(replaying/opening, "replay/open")
	b.ReportMetric(asking/n*1e6, "ask-us")
}

// ask opens a store and asks for the clusters of some addresses.
func ask(b *testing.B, opt entity.Options, g generated, questions int) {
	store, err := entity.Open(opt)
	if err != nil {
		b.Fatal(err)
	}
	defer store.Close()
	view, err := store.View(g, nil)
	if err != nil {
		b.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range questions {
		c, err := view.Cluster(addressOf(random.Uint64N(benchAddresses)))
		if err != nil || c.Lone() {
			b.Fatal(c, err)
		}
	}
}
