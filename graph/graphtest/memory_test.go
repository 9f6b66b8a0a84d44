package graphtest_test

import (
	"testing"

	"tsuiseki/graph"
	"tsuiseki/graph/graphtest"
)

func TestMemory(t *testing.T) {
	open := func(*testing.T) graph.Archive { return graphtest.NewMemory() }
	t.Run("paths", func(t *testing.T) { graphtest.TestPaths(t, open) })
	t.Run("neighbours", func(t *testing.T) { graphtest.TestNeighbours(t, open) })
	t.Run("cursors", func(t *testing.T) { graphtest.TestNeighbourCursors(t, open) })
	t.Run("copy", func(t *testing.T) { graphtest.TestCopy(t, open) })
}
