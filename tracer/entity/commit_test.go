package entity_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"tsuiseki/tracer/entity"
)

// TestRetry: a Sync that cannot write leaves what was there, and the same store goes
// on once it can.
func TestRetry(t *testing.T) {
	x, network := earlyIndex(t)
	part := uint64(5_000)
	v := viewOf(t, x, nil)
	opt := entity.Options{Dir: t.TempDir(), Chain: "bitcoin", Scripts: network}
	store := synced(t, viewOf(t, x, &part), opt)
	for _, name := range []string{"manifest.json", "links"} {
		path := filepath.Join(opt.Dir, name)
		if err := os.Rename(path, path+".kept"); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Join(path, "in the way"), 0o700); err != nil {
			t.Fatal(err)
		}
		if _, err := store.Sync(t.Context(), v, nil); err == nil {
			t.Fatalf("%s cannot be written, and nothing was said", name)
		}
		if status, err := store.Status(); err != nil || status.Tip.Height != part {
			t.Fatalf("after %s could not be written: %+v, %v", name, status, err)
		}
		if err := os.RemoveAll(path); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(path+".kept", path); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := store.Sync(t.Context(), v, nil); err != nil {
		t.Fatal(err)
	}
	asked := spenders(t, v, network)
	got, err := answers(opt, v, asked)
	if err != nil {
		t.Fatal(err)
	}
	opt.Dir = t.TempDir()
	synced(t, v, opt)
	want, err := answers(opt, v, asked)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("answers differ from those of one go: %v", err)
	}
}
