package neo4j_test

import (
	"context"
	"testing"

	server "tsuiseki/fixtures/neo4j"
	"tsuiseki/graph/graphtest"
	"tsuiseki/graph/neo4j"
	"tsuiseki/graph/pebblegraph"
)

// BenchmarkPaths asks both stores the same of as many transfers, in one run.
func BenchmarkPaths(b *testing.B) {
	const transfers = 1_000_000
	b.Run("pebble", func(b *testing.B) {
		s, err := pebblegraph.Open(pebblegraph.Options{Dir: b.TempDir()})
		if err != nil {
			b.Fatal(err)
		}
		defer s.Close()
		graphtest.BenchmarkPaths(b, s, transfers)
	})
	b.Run("neo4j", func(b *testing.B) {
		at := server.Start(b, "server.memory.heap.max_size=4g", "server.memory.pagecache.size=1g")
		s, err := neo4j.Open(context.Background(), neo4j.Options{URI: at.URI, User: at.User, Password: at.Password})
		if err != nil {
			b.Fatal(err)
		}
		defer s.Close()
		graphtest.BenchmarkPaths(b, s, transfers)
	})
}

// BenchmarkStatements is of a tenth of what the data folder is asked.
func BenchmarkStatements(b *testing.B) {
	at := server.Start(b, "server.memory.heap.max_size=2g", "server.memory.pagecache.size=512m")
	s, err := neo4j.Open(context.Background(), neo4j.Options{URI: at.URI, User: at.User, Password: at.Password})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	graphtest.BenchmarkStatements(b, s, 1_000, 100)
}
