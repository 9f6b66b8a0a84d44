package main

import (
	"os"
	"path/filepath"
	"testing"

	"tsuiseki/fixtures/accuracy"
)

// TestTornRunsAreCutOff: a file that was left in the middle of a line goes on behind
// the last whole one.
func TestTornRunsAreCutOff(t *testing.T) {
	path := filepath.Join(t.TempDir(), "runs.jsonl")
	if err := appendRun(path, accuracy.Run{Seed: 1}); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append(whole, `{"Seed":2,"Fig`...), 0o600); err != nil {
		t.Fatal(err)
	}
	if runs, err := readRuns(path); err != nil || len(runs) != 1 {
		t.Fatalf("%d runs of a torn file, %v", len(runs), err)
	}
	if err := appendRun(path, accuracy.Run{Seed: 3}); err != nil {
		t.Fatal(err)
	}
	runs, err := readRuns(path)
	if _, ok := runs[3]; err != nil || len(runs) != 2 || !ok {
		t.Errorf("%v, %v", runs, err)
	}
}
