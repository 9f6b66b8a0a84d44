package cluster_test

import (
	"math/rand/v2"
	"testing"

	"tsuiseki/chains"
	"tsuiseki/tracer/cluster"
)

const benchAddresses = 10_000_000

// benchForest joins random pairs of 10 million addresses, most of which end up in
// one cluster: the worst case for the length of paths.
func benchForest(b *testing.B) *cluster.Forest {
	b.Helper()
	f := cluster.NewForest(cluster.Control{Giant: benchAddresses})
	f.Grow(benchAddresses)
	random := rand.New(rand.NewPCG(1, 2))
	for i := range uint32(benchAddresses) {
		l := cluster.Link{From: random.Uint32N(benchAddresses), To: random.Uint32N(benchAddresses), At: chains.Position{Height: uint64(i / 2_000), Tx: i % 2_000}, Heuristic: cluster.CoSpending}
		if _, err := f.Add(l); err != nil {
			b.Fatal(err)
		}
	}
	return f
}

func BenchmarkForestAdd10M(b *testing.B) {
	var f *cluster.Forest
	for b.Loop() {
		f = benchForest(b)
	}
	b.ReportMetric(float64(f.Bytes())/benchAddresses, "bytes/address")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benchAddresses, "ns/link")
}

func BenchmarkForestWhy(b *testing.B) {
	f := benchForest(b)
	random := rand.New(rand.NewPCG(3, 4))
	steps := 0
	for b.Loop() {
		chain, _, err := f.Why(random.Uint32N(benchAddresses), random.Uint32N(benchAddresses))
		if err != nil {
			b.Fatal(err)
		}
		steps += len(chain)
	}
	b.ReportMetric(float64(steps)/float64(b.N), "links/chain")
}

// BenchmarkForestUndo takes back the last 6 blocks and follows their links again.
func BenchmarkForestUndo(b *testing.B) {
	f := benchForest(b)
	const last = benchAddresses / 2_000
	random := rand.New(rand.NewPCG(5, 6))
	for b.Loop() {
		f.Undo(last - 7)
		for i := range uint32(6 * 2_000) {
			l := cluster.Link{From: random.Uint32N(benchAddresses), To: random.Uint32N(benchAddresses), At: chains.Position{Height: last - 6 + uint64(i/2_000)}, Heuristic: cluster.CoSpending}
			if _, err := f.Add(l); err != nil {
				b.Fatal(err)
			}
		}
	}
}
