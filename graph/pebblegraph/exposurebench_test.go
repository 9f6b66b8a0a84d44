package pebblegraph_test

import (
	"testing"

	"tsuiseki/graph/graphtest"
	"tsuiseki/graph/pebblegraph"
)

func BenchmarkExposure(b *testing.B) {
	s, err := pebblegraph.Open(pebblegraph.Options{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	graphtest.BenchmarkExposure(b, s, 1_000_000)
}
