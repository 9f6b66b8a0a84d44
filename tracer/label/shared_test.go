package label_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"tsuiseki/chains"
	"tsuiseki/tracer"
	"tsuiseki/tracer/label"
)

// sharedTags is the folder of real packs and lists.
func sharedTags(t testing.TB) string {
	dir := filepath.Join("..", "..", "..", "shared", "data", "tags")
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("shared data is not beside the repository: %v", err)
	}
	return dir
}

func sharedFiles(t testing.TB) (files []label.File) {
	var names []string
	for _, pattern := range []string{"tagpacks/*.yaml", "ofac/*.txt", "ofac/*.json"} {
		found, err := filepath.Glob(filepath.Join(sharedTags(t), pattern))
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(found), err)
		}
		names = append(names, found...)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, label.File{Name: filepath.Base(name), Data: data})
	}
	return files
}

// TestRealPacks takes in every real pack and list, twice, exports all and takes
// that in: into the same store, where nothing changes, and into an empty one,
// which then says the same.
func TestRealPacks(t *testing.T) {
	s, c := newStore(t)
	rows := 0
	files := sharedFiles(t)
	for _, f := range files {
		for _, set := range importFile(t, s, f).Sets {
			rows += set.Added
			t.Logf("%s: %d rows, %d duplicates, networks %v, concepts %v", set.Set, set.Rows, set.Duplicates, set.Networks, set.Concepts)
		}
	}
	if rows < 15_000 {
		t.Errorf("%d rows, want all", rows)
	}
	before := openView(t, s, time.Time{})
	c.day(2)
	for _, f := range files {
		for _, set := range importFile(t, s, f).Sets {
			if set.Changed() {
				t.Errorf("again: %+v", set)
			}
		}
	}
	var exported bytes.Buffer
	if err := before.ExportTagPacks(&exported); err != nil {
		t.Fatal(err)
	}
	all := label.File{Name: "export.yaml", Data: exported.Bytes()}
	for _, set := range importFile(t, s, all).Sets {
		if set.Changed() {
			t.Errorf("its own export: %+v", set)
		}
	}
	other, _ := newStore(t)
	importFile(t, other, all)
	after := openView(t, other, time.Time{})
	if before.Digest() != after.Digest() {
		t.Error("an empty store says something else after taking in the export")
	}
	if err := after.Verify(); err != nil {
		t.Error(err)
	}
	var again bytes.Buffer
	if err := after.ExportTagPacks(&again); err != nil || !bytes.Equal(again.Bytes(), exported.Bytes()) {
		t.Errorf("the export of the export differs: %v", err)
	}
}

// TestRealAnswers asks for what is known of the real packs.
func TestRealAnswers(t *testing.T) {
	s, _ := newStore(t)
	for _, f := range sharedFiles(t) {
		importFile(t, s, f)
	}
	v := openView(t, s, time.Time{})
	stops := label.Stops{Chain: "ethereum", Known: label.KnownOn("ethereum"), View: v}
	for _, want := range []struct {
		address chains.Address
		kind    tracer.EndKind
		label   string
	}{
		{"0xbe0eb53f46cd790cd13851d5eff43d12404d33e8", tracer.EndService, "binance reserve wallets BNB"}, // the first of several names that its owner gives
		{"0x8589427373d6d84e98730d7795d8f6f8731fda16", tracer.EndMixer, "tornado.cash"},
		{"0x0000000000000000000000000000000000000000", tracer.EndBurn, "zero address"}, // a pack has it as a protocol's
		{"0x40ec5b33f54e0e8a33a975908c5ba1c14e5bbbdf", tracer.EndBridge, "Polygon PoS ERC-20 bridge"},
		{"0x098b716b8aaf21512996dc57eb0615e2383e2f96", "", ""}, // a thief's own
	} {
		stop, found, err := stops.Stop(want.address, time.Time{})
		if err != nil || found != (want.kind != "") || stop.Kind != want.kind || stop.Label != want.label {
			t.Errorf("%s: %+v, %v; want a %s, %q", want.address, stop, err, want.kind, want.label)
		}
	}
	entries := find(t, v, "0xbe0eb53f46cd790cd13851d5eff43d12404d33e8")
	if len(entries) == 0 || !entries[0].ClusterDefiner || entries[0].Actor != "binance" {
		t.Errorf("%+v", entries)
	}
	if a, ok, err := v.Actor("binance"); err != nil || !ok || a.ID != "binance" {
		t.Errorf("actor: %+v, %v, %v", a, ok, err)
	}
}
