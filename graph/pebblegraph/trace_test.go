package pebblegraph_test

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"tsuiseki/chains"
	"tsuiseki/graph"
	"tsuiseki/graph/graphtest"
	"tsuiseki/graph/pebblegraph"
)

// TestFormatBeforeTraces carries a graph on that was made before it held traces.
func TestFormatBeforeTraces(t *testing.T) {
	fs := vfs.NewMem()
	opt := pebblegraph.Options{Dir: "graph", FS: fs}
	s, err := pebblegraph.Open(opt)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	w := graphtest.NewWorld(func(_ string, lo, hi int) int { n++; return lo + n%(hi-lo+1) }, chains.Ethereum, 9)
	if err := s.Write(t.Context(), &graph.Batch{Txs: w.All}); err != nil {
		t.Fatal(err)
	}
	want, err := graph.Digest(t.Context(), s, w.Chain)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := pebble.Open("graph", &pebble.Options{FS: fs})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Set([]byte("Mformat"), binary.AppendUvarint(nil, 1), pebble.Sync); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time it is of today's format
		if s, err = pebblegraph.Open(opt); err != nil {
			t.Fatal(err)
		}
		got, err := graph.Digest(t.Context(), s, w.Chain)
		if got != want || err != nil {
			t.Errorf("carried on, its digest is %s, not %s: %v", got, want, err)
		}
		if err := s.Write(t.Context(), &graph.Batch{Traces: []graph.Trace{graphtest.LargeTrace("1", 3)}}); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	db, err = pebble.Open("graph", &pebble.Options{FS: fs})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	mark, closer, err := db.Get([]byte("Mformat"))
	if err != nil {
		t.Fatal(err)
	}
	if len(mark) != 1 || mark[0] != 2 {
		t.Errorf("its format is %v, want 2: a program that knows no traces must refuse it", mark)
	}
	if err := closer.Close(); err != nil {
		t.Error(err)
	}
}

// TestCrash takes the power away while a trace is replaced, made stale and withdrawn:
// what is found then is one of those states, with its visits and no other.
func TestCrash(t *testing.T) {
	ctx := t.Context()
	fs := vfs.NewCrashableMem()
	s, err := pebblegraph.Open(pebblegraph.Options{Dir: "graph", FS: fs})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	small, large := graphtest.LargeTrace("1", 3), graphtest.LargeTrace("1", 500)
	steps := []func(graph.Archive) error{
		func(s graph.Archive) error { return s.Write(ctx, &graph.Batch{Traces: []graph.Trace{small}}) },
		func(s graph.Archive) error { return s.Write(ctx, &graph.Batch{Traces: []graph.Trace{large}}) },
		func(s graph.Archive) error { return s.Undo(ctx, chains.Ethereum, 10) },
		func(s graph.Archive) error { return s.Withdraw(ctx, "1", "") },
	}
	known, memory := map[string]int{}, graphtest.NewMemory()
	for i := -1; i < len(steps); i++ {
		if i >= 0 {
			if err := steps[i](memory); err != nil {
				t.Fatal(err)
			}
		}
		digest, err := graph.DigestTraces(ctx, memory)
		if err != nil {
			t.Fatal(err)
		}
		known[digest] = 0
	}
	random := rand.New(rand.NewPCG(1, 2))
	for i := range 40 {
		stepped := make(chan error)
		go func() { stepped <- steps[i%len(steps)](s) }()
		clone := fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: random.IntN(101), RNG: random})
		if err := <-stepped; err != nil {
			t.Fatal(err)
		}
		found, err := pebblegraph.Open(pebblegraph.Options{Dir: "graph", FS: clone})
		if err != nil {
			t.Fatal(err)
		}
		digest, err := graph.DigestTraces(ctx, found)
		if err != nil {
			t.Fatal(err)
		}
		if _, is := known[digest]; !is {
			t.Errorf("a crash left something between two states")
		}
		known[digest]++
		if err := found.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for digest, seen := range known {
		if seen == 0 {
			t.Errorf("no crash left the state %s", digest)
		}
	}
}
