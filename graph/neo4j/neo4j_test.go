package neo4j_test

import (
	"context"
	"errors"
	"flag"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	server "tsuiseki/fixtures/neo4j"
	"tsuiseki/graph"
	"tsuiseki/graph/graphtest"
	"tsuiseki/graph/neo4j"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(server.Main(m)) }

// kept is one store for many tests: constraints take long to make. Each test begins
// with nothing of its chains in it.
type kept struct{ graph.Archive }

func (kept) Close() error { return nil }

func opener(t *testing.T) func(t *testing.T) graph.Archive {
	t.Helper()
	at := server.Shared(t)
	s, err := neo4j.Open(context.Background(), neo4j.Options{URI: at.URI, User: at.User, Password: at.Password})
	if err != nil {
		t.Fatal(err)
	}
	s.StageAtOnce(500)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return func(t *testing.T) graph.Archive {
		t.Helper()
		for _, chain := range graphtest.Chains() {
			if err := s.Undo(context.Background(), chain, 0); err != nil {
				t.Fatal(err)
			}
		}
		for ref, err := range s.Traces(context.Background()) {
			if err = errors.Join(err, s.Withdraw(context.Background(), ref.Case, ref.Rule)); err != nil {
				t.Fatal(err)
			}
		}
		return kept{s}
	}
}

func TestSuite(t *testing.T) {
	if err := flag.Set("rapid.checks", "20"); err != nil {
		t.Fatal(err)
	}
	open := opener(t)
	t.Run("store", func(t *testing.T) { graphtest.TestStore(t, open) })
	t.Run("copy", func(t *testing.T) { graphtest.TestCopy(t, open) })
	t.Run("neighbours", func(t *testing.T) { graphtest.TestNeighbours(t, open) })
	t.Run("cursors", func(t *testing.T) { graphtest.TestNeighbourCursors(t, open) })
	t.Run("ends early", func(t *testing.T) { graphtest.TestEndsEarly(t, open) })
	t.Run("statements end early", func(t *testing.T) { graphtest.TestStatementsEndEarly(t, open) })
	t.Run("refused", func(t *testing.T) { graphtest.TestRefused(t, open) })
	t.Run("reorg", func(t *testing.T) { graphtest.TestReorg(t, open) })
	t.Run("large trace", func(t *testing.T) { graphtest.TestLargeTrace(t, open, 2_000) })
	t.Run("paths", func(t *testing.T) { graphtest.TestPaths(t, open) })
	t.Run("exposure", func(t *testing.T) { graphtest.TestExposure(t, open) })
	t.Run("meet", func(t *testing.T) { graphtest.TestMeet(t, open) })
	t.Run("meet cases", func(t *testing.T) { graphtest.TestMeetCases(t, open) })
	t.Run("exposure cases", func(t *testing.T) { graphtest.TestExposureCases(t, open) })
}

func TestRefused(t *testing.T) {
	at := server.Shared(t)
	for name, c := range map[string]struct {
		opt  neo4j.Options
		says string
	}{
		"a wrong password": {neo4j.Options{URI: at.URI, User: at.User, Password: "wrong"}, "refuses user"},
		"nobody there":     {neo4j.Options{URI: "bolt://127.0.0.1:1", User: "neo4j", Password: "x"}, "cannot be reached"},
		"no address":       {neo4j.Options{URI: "nowhere", User: "neo4j", Password: "x"}, "graph server"},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			defer cancel()
			if _, err := neo4j.Open(ctx, c.opt); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("opening: %v, want %q", err, c.says)
			}
		})
	}
}

// batchOfEach has something of every kind.
func batchOfEach(t *testing.T) *graph.Batch {
	t.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	draw := func(_ string, lo, hi int) int { return lo + random.IntN(hi-lo+1) }
	b := &graph.Batch{}
	var worlds []*graphtest.World
	for _, chain := range graphtest.Chains() {
		w := graphtest.NewWorld(draw, chain, 12)
		worlds = append(worlds, w)
		b.Txs = append(b.Txs, w.All...)
		b.Whole = append(b.Whole, graph.Coverage{Address: graph.Address{Chain: chain, Address: graphtest.Name(0)}, Through: 6})
	}
	b.Traces = tracesOfEach(worlds)
	return b
}
