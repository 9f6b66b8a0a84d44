package graphtest

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"tsuiseki/chains"
	"tsuiseki/graph"
)

// benchHops is how many hops each trace of a benchmark has.
const benchHops = 30

// crowd draws cases that follow money among as many addresses as there are cases; one
// hop in ten comes to one of 50 addresses that all share.
type crowd struct {
	random *rand.Rand
	cases  int
}

func (c *crowd) address() chains.Address {
	if c.random.IntN(10) == 0 {
		return Name(c.random.IntN(50))
	}
	return Name(1_000 + c.random.IntN(20*c.cases))
}

func (c *crowd) transfer() (graph.Transfer, chains.TxID) {
	at := chains.Position{Height: uint64(c.random.IntN(1_000_000)), Tx: uint32(c.random.IntN(200))}
	var id chains.TxID
	binary.BigEndian.PutUint64(id[:], c.random.Uint64())
	return graph.Transfer{
		Key: graph.Key{Chain: chains.Ethereum, At: at}, Kind: chains.NativeTransfer, From: c.address(), To: c.address(), Asset: "ETH",
		Amount: chains.NewAmount(c.random.Int64N(1e18)), Time: Start.Add(time.Duration(at.Height) * 12 * time.Second),
	}, id
}

func (c *crowd) trace(n int) graph.Trace {
	t := graph.Trace{
		Case: graph.CaseID("case-" + strconv.Itoa(n)), Rule: "fifo", Digest: "sha256:" + strconv.Itoa(n), Engine: "v1",
		AsOf: []graph.Anchor{{Chain: chains.Ethereum, BlockRef: chains.BlockRef{Height: 1_000_000}}},
	}
	d := graph.Deposit{ID: "d1"}
	d.Transfer, d.Tx = c.transfer()
	t.Deposits = append(t.Deposits, d)
	for i := range benchHops {
		h := graph.Hop{Deposit: d.ID, Depth: i + 1, Means: "transfer"}
		h.Transfer, h.Tx = c.transfer()
		h.Traced = h.Amount
		t.Hops = append(t.Hops, h)
	}
	last := &t.Hops[benchHops-1]
	t.Ends = append(t.Ends, graph.End{Deposit: d.ID, Kind: "unspent", Key: last.Key, Tx: last.Tx, Time: last.Time, Address: last.To, Asset: last.Asset, Traced: last.Traced, Depth: last.Depth})
	return t
}

// BenchmarkStatements writes as many traces of 30 hops, some at once, then asks for
// all visits, for those of 1,000 addresses, and for whole traces.
func BenchmarkStatements(b *testing.B, store graph.Archive, traces, atOnce int) {
	ctx := context.Background()
	c := &crowd{random: rand.New(rand.NewPCG(1, 2)), cases: traces}
	load := func(what string) {
		began := time.Now()
		for n := 0; n < traces; {
			batch := &graph.Batch{}
			for ; n < traces && len(batch.Traces) < atOnce; n++ {
				batch.Traces = append(batch.Traces, c.trace(n))
			}
			if err := store.Write(ctx, batch); err != nil {
				b.Fatal(err)
			}
		}
		took := time.Since(began)
		b.Logf("%s %d traces of %d hops, %d at once, in %v: %.0f a second", what, traces, benchHops, atOnce, took.Round(time.Millisecond), float64(traces)/took.Seconds())
	}
	load("wrote")
	load("replaced")
	b.Run("all visits", func(b *testing.B) {
		seen := 0
		for b.Loop() {
			seen = 0
			for _, err := range store.AllVisits(ctx, "fifo") {
				if err != nil {
					b.Fatal(err)
				}
				seen++
			}
		}
		b.ReportMetric(float64(seen), "visits")
		b.ReportMetric(float64(seen)*float64(b.N)/b.Elapsed().Seconds(), "visits/s")
	})
	b.Run("visits of 1000 addresses", func(b *testing.B) {
		timed(b, func(int) func() {
			var addresses []graph.Address
			for range 1_000 {
				addresses = append(addresses, graph.Address{Chain: chains.Ethereum, Address: Name(1_000 + c.random.IntN(20*traces))})
			}
			return func() {
				for _, err := range store.Visits(ctx, "fifo", addresses) {
					if err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	})
	b.Run("trace", func(b *testing.B) {
		timed(b, func(int) func() {
			of := graph.CaseID("case-" + strconv.Itoa(c.random.IntN(traces)))
			return func() {
				t, err := store.Trace(ctx, of, "fifo")
				if err != nil || t == nil || len(t.Hops) != benchHops {
					b.Fatalf("trace %v: %v", t, err)
				}
			}
		})
	})
}
