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
	t.Run("exposure", func(t *testing.T) { graphtest.TestExposure(t, open) })
	t.Run("meet", func(t *testing.T) { graphtest.TestMeet(t, open) })
	t.Run("meet cases", func(t *testing.T) { graphtest.TestMeetCases(t, open) })
	t.Run("exposure cases", func(t *testing.T) { graphtest.TestExposureCases(t, open) })
	t.Run("reorg", func(t *testing.T) { graphtest.TestReorg(t, open) })
	t.Run("statements end early", func(t *testing.T) { graphtest.TestStatementsEndEarly(t, open) })
	t.Run("refused", func(t *testing.T) { graphtest.TestRefused(t, open) })
	t.Run("cursors", func(t *testing.T) { graphtest.TestNeighbourCursors(t, open) })
	t.Run("copy", func(t *testing.T) { graphtest.TestCopy(t, open) })
}
