package pebblegraph_test

import (
	"fmt"
	"testing"

	"tsuiseki/graph/graphtest"
	"tsuiseki/graph/pebblegraph"
)

func BenchmarkPaths(b *testing.B) {
	for _, transfers := range []int{1_000_000, 20_000_000} {
		b.Run(fmt.Sprintf("%dM", transfers/1_000_000), func(b *testing.B) {
			s, err := pebblegraph.Open(pebblegraph.Options{Dir: b.TempDir()})
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			graphtest.BenchmarkPaths(b, s, transfers)
		})
	}
}
