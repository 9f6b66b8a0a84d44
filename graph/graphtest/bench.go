package graphtest

import (
	"context"
	"fmt"
	"runtime/metrics"
	"slices"
	"testing"
	"time"

	"tsuiseki/chains"
	"tsuiseki/graph"
)

// benchHub is the degree above which money is not followed.
const benchHub = 1_000

// BenchmarkPaths loads a store with transfers and asks it whom accounts paid, and for
// paths of at most six transfers: every second time between accounts that a path leads
// between, else between two at random. All accounts are whole: what an index would take
// to fill them is not part of it. It is meant to be run with a fixed number of
// questions, such as by -benchtime 400x.
func BenchmarkPaths(b *testing.B, store graph.Store, transfers int) {
	ctx := context.Background()
	e := NewEconomy(1, transfers)
	took, err := e.Load(ctx, store, 5_000)
	if err != nil {
		b.Fatal(err)
	}
	loaded := fmt.Sprintf("loaded %d transfers in %.1f s: %.0f a second", transfers, took.Seconds(), float64(transfers)/took.Seconds())
	indexes := map[chains.Chain]graph.Chain{chains.Ethereum: e}
	pair := func(n int) (from, to graph.Address) {
		if n%2 == 1 {
			return e.Account(), e.Account()
		}
		from, to, err := e.Walk(ctx, store, benchHub)
		if err != nil {
			b.Fatal(err)
		}
		return from, to
	}
	b.Run("neighbours", func(b *testing.B) {
		timed(b, func(n int) func() {
			of, _ := pair(n)
			return func() {
				_, err := graph.Neighbours(ctx, store, indexes, graph.NeighbourQuery{Of: []graph.Address{of}, Direction: graph.Out, HubDegree: benchHub})
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	})
	b.Run("paths", func(b *testing.B) {
		answers, cut := map[graph.Answer]int{}, 0
		timed(b, func(n int) func() {
			from, to := pair(n)
			return func() {
				got, err := graph.Paths(ctx, store, indexes, graph.Query{
					From: []graph.Address{from}, To: []graph.Address{to}, MaxHops: 6, K: 1, By: graph.ByAmount, HubDegree: benchHub, Work: 200_000,
				})
				if err != nil {
					b.Fatal(err)
				}
				answers[got.Answer]++
				if got.Explored.Cut.Work {
					cut++
				}
			}
		})
		b.Log(loaded)
		b.Logf("answers %v, of which %d after as many transfers as may be looked at", answers, cut)
	})
}

// timed reports how long each of many questions took, and the most memory that was in
// use meanwhile. What it takes to find the next question is left out.
func timed(b *testing.B, question func(n int) (ask func())) {
	b.Helper()
	peak := watchHeap()
	var took []time.Duration
	for n := 0; b.Loop(); n++ {
		b.StopTimer()
		ask := question(n)
		b.StartTimer()
		began := time.Now()
		ask()
		took = append(took, time.Since(began))
	}
	b.ReportMetric(float64(peak())/1e6, "peak-heap-MB")
	slices.Sort(took)
	for name, share := range map[string]int{"p50-µs": 50, "p95-µs": 95, "p99-µs": 99} {
		b.ReportMetric(float64(took[len(took)*share/100].Microseconds()), name)
	}
}

// watchHeap looks at the heap every few milliseconds, until it is asked for the most
// that was in use, what was not collected yet included: in bytes.
func watchHeap() (peak func() uint64) {
	stop, most := make(chan struct{}), make(chan uint64)
	go func() {
		sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		var highest uint64
		for {
			metrics.Read(sample)
			highest = max(highest, sample[0].Value.Uint64())
			select {
			case <-tick.C:
			case <-stop:
				most <- highest
				return
			}
		}
	}()
	return func() uint64 { close(stop); return <-most }
}
