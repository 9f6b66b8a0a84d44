//go:build unix

package correlate_test

import (
	"os"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"

	"tsuiseki/fixtures/cases"
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
	return cases.New(1, cases.Size{Cases: benchCases(b), Services: 400, Largest: 300, FanOuts: 500})
}

// BenchmarkFull reads every case of a world and correlates all of them.
func BenchmarkFull(b *testing.B) {
	w := benchWorld(b)
	since, runs := cpu(), 0
	for b.Loop() {
		r := run(b, w.Inputs(), b.TempDir(), true)
		runs++
		report(b, r, since, runs)
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
	since := cpu()
	for b.Loop() {
		n.number++
		r := run(b, in, dir, false)
		if r.Read < perNight || r.Read > 3*perNight {
			b.Fatalf("%d cases were read", r.Read)
		}
		report(b, r, since, n.number)
		if err := r.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// cpu is the processors' time that this process took.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
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

// report tells how much there was to do, and the processors' time for each run: on a busy machine the clock on the wall says little.
func report(b *testing.B, r *correlate.Result, since time.Duration, runs int) {
	b.ReportMetric((cpu()-since).Seconds()/float64(runs), "cpu-s/op")
	b.ReportMetric(float64(r.Cases), "cases")
	b.ReportMetric(float64(r.Len()), "links")
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	b.ReportMetric(float64(m.Sys)/1e6, "MB-sys")
}
