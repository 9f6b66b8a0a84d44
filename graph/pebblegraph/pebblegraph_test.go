package pebblegraph_test

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"go.uber.org/goleak"

	"tsuiseki/graph"
	"tsuiseki/graph/graphtest"
	"tsuiseki/graph/pebblegraph"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t *testing.T) graph.Archive {
	t.Helper()
	s, err := pebblegraph.Open(pebblegraph.Options{Dir: "graph", FS: vfs.NewMem()})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSuite(t *testing.T) {
	t.Run("store", func(t *testing.T) { graphtest.TestStore(t, open) })
	t.Run("copy", func(t *testing.T) { graphtest.TestCopy(t, open) })
	t.Run("neighbours", func(t *testing.T) { graphtest.TestNeighbours(t, open) })
	t.Run("cursors", func(t *testing.T) { graphtest.TestNeighbourCursors(t, open) })
	t.Run("ends early", func(t *testing.T) { graphtest.TestEndsEarly(t, open) })
	t.Run("statements end early", func(t *testing.T) { graphtest.TestStatementsEndEarly(t, open) })
	t.Run("refused", func(t *testing.T) { graphtest.TestRefused(t, open) })
	t.Run("reorg", func(t *testing.T) { graphtest.TestReorg(t, open) })
	t.Run("large trace", func(t *testing.T) { graphtest.TestLargeTrace(t, open, 100_000) })
	t.Run("paths", func(t *testing.T) { graphtest.TestPaths(t, open) })
	t.Run("exposure", func(t *testing.T) { graphtest.TestExposure(t, open) })
	t.Run("meet", func(t *testing.T) { graphtest.TestMeet(t, open) })
	t.Run("meet cases", func(t *testing.T) { graphtest.TestMeetCases(t, open) })
	t.Run("exposure cases", func(t *testing.T) { graphtest.TestExposureCases(t, open) })
}

func TestOtherFormat(t *testing.T) {
	for found, says := range map[uint64]string{1: "remove the folder", 99: "format 99"} {
		fs := vfs.NewMem()
		db, err := pebble.Open("graph", &pebble.Options{FS: fs})
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Set([]byte("Mformat"), binary.AppendUvarint(nil, found), pebble.Sync); err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := pebblegraph.Open(pebblegraph.Options{Dir: "graph", FS: fs}); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("opening format %d: %v, want %q", found, err, says)
		}
	}
}
