package correlate_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"
	"os"
	"runtime"
	"strconv"
	"testing"
	"time"

	"tsuiseki/fixtures/cases"
	"tsuiseki/graph"
	"tsuiseki/tracer/correlate"
)

// benchCases is how many cases there are; TSUISEKI_BENCH_CASES says otherwise.
func benchCases(b *testing.B) int {
	const cases = 100_000
	if text := os.Getenv("TSUISEKI_BENCH_CASES"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			b.Fatal(err)
		}
		return n
	}
	return cases
}

func benchWorld(b *testing.B) *cases.World {
	return cases.New(1, cases.Size{Cases: benchCases(b), Services: 400, Largest: 300})
}

// night is a world in which some cases changed since the night before, and some have
// not come yet.
type night struct {
	*cases.World
	number int // of the night
	coming int // cases that are yet to come, a few each night
}

const perNight = 15 // cases that come, and as many that change

func (n *night) Refs(context.Context) iter.Seq2[correlate.Ref, error] {
	return func(yield func(correlate.Ref, error) bool) {
		last := n.Cases() - n.coming + perNight*n.number
		for i := range last {
			ref := n.Ref(i)
			if i%(n.Cases()/perNight) == n.number {
				ref.Revision = fmt.Sprint("changed in night ", n.number)
			}
			if !yield(ref, nil) {
				return
			}
		}
	}
}

func run(tb testing.TB, in correlate.Inputs, dir string, full bool) *correlate.Result {
	tb.Helper()
	r, err := correlate.Run(tb.Context(), in, correlate.Options{Dir: dir, Full: full, AsOf: time.Unix(1_700_000_000, 0), Params: correlate.DefaultParams("fifo")})
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

// BenchmarkFull reads every case of a world and correlates all of them.
func BenchmarkFull(b *testing.B) {
	w := benchWorld(b)
	for b.Loop() {
		r := run(b, w.Inputs(), b.TempDir(), true)
		report(b, r)
		if err := r.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkNight correlates all cases when 15 are new and 15 changed since the last run.
func BenchmarkNight(b *testing.B) {
	n := &night{World: benchWorld(b), coming: 3_000}
	dir := b.TempDir()
	in := correlate.Inputs{Cases: n, Nodes: n}
	if err := run(b, in, dir, false).Close(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		n.number++
		r := run(b, in, dir, false)
		if r.Read < perNight || r.Read > 3*perNight {
			b.Fatalf("%d cases were read", r.Read)
		}
		report(b, r)
		if err := r.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkDocument writes the document of a world.
func BenchmarkDocument(b *testing.B) {
	r := run(b, benchWorld(b).Inputs(), b.TempDir(), true)
	defer r.Close()
	for b.Loop() {
		var size counter
		if err := r.WriteJSON(b.Context(), &size); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(size)/1e6, "MB")
	}
}

type counter int

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

func report(b *testing.B, r *correlate.Result) {
	b.ReportMetric(float64(r.Cases), "cases")
	b.ReportMetric(float64(r.Len()), "links")
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	b.ReportMetric(float64(m.Sys)/1e6, "MB-sys")
}

// document is a result in JSON.
func document(tb testing.TB, r *correlate.Result) []byte {
	tb.Helper()
	var b bytes.Buffer
	if err := r.WriteJSON(tb.Context(), &b); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

var (
	_ io.Writer = (*counter)(nil)
	_           = graph.CaseID("")
)
