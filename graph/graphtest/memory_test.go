package graphtest_test

import (
	"testing"

	"tsuiseki/graph"
	"tsuiseki/graph/graphtest"
)

func TestMemory(t *testing.T) {
	graphtest.TestPaths(t, func(*testing.T) graph.Archive { return graphtest.NewMemory() })
}
