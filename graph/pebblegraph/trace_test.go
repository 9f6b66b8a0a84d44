package pebblegraph_test

import (
	"math/rand/v2"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"tsuiseki/chains"
	"tsuiseki/graph"
	"tsuiseki/graph/graphtest"
	"tsuiseki/graph/pebblegraph"
)

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
