package graphtest

import (
	"context"
	"slices"
	"testing"
	"time"

	"tsuiseki/chains"
	"tsuiseki/graph"
)

// BenchmarkPaths loads a store with transfers and asks it for paths of at most six
// between random accounts, and for what an account sent.
func BenchmarkPaths(b *testing.B, store graph.Store, transfers int) {
	ctx := context.Background()
	e := NewEconomy(1, transfers)
	began := time.Now()
	if err := e.Load(ctx, store, 5_000); err != nil {
		b.Fatal(err)
	}
	b.Logf("loaded %d transfers, %.0f a second", transfers, float64(transfers)/time.Since(began).Seconds())
	b.Run("neighbours", func(b *testing.B) {
		took := timed(b, func() {
			from, _ := e.Pair()
			for _, err := range store.Sent(ctx, []graph.Span{{Address: from, To: chains.Position{Height: e.Snapshot().Height}}}) {
				if err != nil {
					b.Fatal(err)
				}
			}
		})
		report(b, took)
	})
	b.Run("paths", func(b *testing.B) {
		answers := map[graph.Answer]int{}
		took := timed(b, func() {
			from, to := e.Pair()
			got, err := graph.Paths(ctx, store, map[chains.Chain]graph.Chain{chains.Ethereum: e}, graph.Query{
				From: []graph.Address{from}, To: []graph.Address{to}, MaxHops: 6, K: 1, By: graph.ByAmount, HubDegree: 1_000, Work: 200_000,
			})
			if err != nil {
				b.Fatal(err)
			}
			answers[got.Answer]++
		})
		report(b, took)
		b.ReportMetric(float64(answers[graph.Found])/float64(len(took)), "found")
	})
}

func timed(b *testing.B, do func()) (took []time.Duration) {
	b.Helper()
	for b.Loop() {
		began := time.Now()
		do()
		took = append(took, time.Since(began))
	}
	return took
}

func report(b *testing.B, took []time.Duration) {
	b.Helper()
	slices.Sort(took)
	for name, share := range map[string]int{"p50-µs": 50, "p95-µs": 95, "p99-µs": 99} {
		b.ReportMetric(float64(took[len(took)*share/100].Microseconds()), name)
	}
}
