package pebblegraph_test

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"testing"

	"tsuiseki/graph/graphtest"
	"tsuiseki/graph/pebblegraph"
)

func BenchmarkPaths(b *testing.B) {
	for _, transfers := range []int{1_000_000, 20_000_000} {
		b.Run(fmt.Sprintf("%dM", transfers/1_000_000), func(b *testing.B) {
			dir := b.TempDir()
			s, err := pebblegraph.Open(pebblegraph.Options{Dir: dir})
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			graphtest.BenchmarkPaths(b, s, transfers)
			b.Logf("%d bytes a transfer on disk", size(b, dir)/int64(transfers))
		})
	}
}

// BenchmarkStatements keeps traces one by one, as cases are traced, and many at once.
func BenchmarkStatements(b *testing.B) {
	for _, c := range []struct{ traces, atOnce int }{{10_000, 1}, {10_000, 100}, {35_000, 100}} {
		b.Run(fmt.Sprintf("%dk by %d", c.traces/1_000, c.atOnce), func(b *testing.B) {
			s, err := pebblegraph.Open(pebblegraph.Options{Dir: b.TempDir()})
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			graphtest.BenchmarkStatements(b, s, c.traces, c.atOnce)
		})
	}
}

// size is how many bytes the files of a folder take.
func size(b *testing.B, dir string) (bytes int64) {
	b.Helper()
	err := filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err == nil {
			bytes += info.Size()
		}
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return bytes
}
