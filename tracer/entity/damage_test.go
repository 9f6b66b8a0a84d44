package entity_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tsuiseki/chains"
	"tsuiseki/chains/index"
	"tsuiseki/tracer/cluster"
	"tsuiseki/tracer/entity"
)

// answers is all that a store says of some addresses, or why it says nothing.
func answers(opt entity.Options, v *index.View, asked []chains.Address) (said []string, err error) {
	store, err := entity.Open(opt)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	view, err := store.View(v, nil)
	if err != nil {
		return nil, err
	}
	for i, a := range asked {
		c, err := view.Cluster(a)
		if err != nil {
			return nil, err
		}
		members, err := c.Addresses(0)
		if err != nil {
			return nil, err
		}
		steps, _, err := view.Why(a, asked[(i*7+1)%len(asked)])
		if err != nil {
			return nil, err
		}
		line := string(c.Entity)
		for _, m := range members {
			line += " " + string(m)
		}
		for _, s := range steps {
			line += " " + s.Tx.String()
		}
		said = append(said, line)
	}
	return said, nil
}

// spenders are the addresses that the chain's transactions of several inputs spend from.
func spenders(t *testing.T, v *index.View, network chains.Scripts) (found []chains.Address) {
	for tx, err := range v.Records(0) {
		if err != nil {
			t.Fatal(err)
		}
		if len(tx.Inputs) < 2 {
			continue
		}
		whole, err := v.TxAt(tx.Position())
		if err != nil {
			t.Fatal(err)
		}
		whole = cluster.Describe(whole, network)
		for i := range whole.Inputs {
			if a := whole.Inputs[i].Spent.Address; !slices.Contains(found, a) && len(found) < 150 {
				found = append(found, a)
			}
		}
	}
	return found
}

// files are those of a store, by name.
func files(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string][]byte{}
	for _, e := range entries {
		if found[e.Name()], err = os.ReadFile(filepath.Join(dir, e.Name())); err != nil {
			t.Fatal(err)
		}
	}
	return found
}

// TestDamage: whatever byte of whatever file is changed, or wherever one breaks off,
// the answers are the same or there is an error that names the file; nothing panics.
func TestDamage(t *testing.T) {
	v, network := earlyView(t)
	opt := entity.Options{Dir: t.TempDir(), Chain: "bitcoin", Scripts: network, Tail: 50, Depth: 3}
	synced(t, v, opt)
	whole := files(t, opt.Dir)
	names := []string{}
	for name := range whole {
		names = append(names, name)
	}
	slices.Sort(names)
	if len(names) != 5 || !strings.HasSuffix(names[0], ".state") {
		t.Fatalf("files %v", names)
	}
	asked := spenders(t, v, network)
	want, err := answers(opt, v, asked)
	if err != nil || len(want) < 100 {
		t.Fatal(len(want), err)
	}
	told := map[string]int{}
	rapid.Check(t, func(r *rapid.T) {
		name := rapid.SampledFrom(names).Draw(r, "file")
		data := slices.Clone(whole[name])
		if name == names[0] && rapid.IntRange(0, 3).Draw(r, "dense") > 0 {
			data[drawUsed(r, data)] ^= byte(rapid.IntRange(1, 255).Draw(r, "flip"))
		} else if at := rapid.IntRange(0, len(data)-1).Draw(r, "at"); rapid.IntRange(0, 5).Draw(r, "cut") == 0 {
			data = data[:at]
		} else {
			data[at] ^= byte(rapid.IntRange(1, 255).Draw(r, "flip"))
		}
		path := filepath.Join(opt.Dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			r.Fatal(err)
		}
		said, err := answers(opt, v, asked)
		if err != nil && !strings.Contains(err.Error(), opt.Dir) {
			r.Errorf("the error names no file: %v", err)
		}
		if err == nil && !slices.Equal(said, want) {
			r.Errorf("answers changed, and no error")
		}
		if errors.Is(err, entity.ErrDamaged) {
			told[name]++
		}
		if err := os.WriteFile(path, whole[name], 0o600); err != nil {
			r.Fatal(err)
		}
	})
	for _, name := range names {
		if told[name] == 0 {
			t.Errorf("no damage of %s was told", name)
		}
	}
	if said, err := answers(opt, v, asked); err != nil || !slices.Equal(said, want) {
		t.Errorf("after all is as it was: %v", err)
	}
}

// drawUsed is the place of a byte of a state that is not in a hole.
func drawUsed(r *rapid.T, data []byte) int {
	at := rapid.IntRange(0, len(data)-1).Draw(r, "near")
	for data[at] == 0 {
		at = (at + 1) % len(data)
	}
	return at
}

// TestRefuses: clusters of another chain, format or rule are not gone on with.
func TestRefuses(t *testing.T) {
	v, network := earlyView(t)
	opt := entity.Options{Dir: t.TempDir(), Chain: "bitcoin", Scripts: network, Tail: 50, Depth: 3}
	synced(t, v, opt)
	for name, c := range map[string]struct {
		change func(*entity.Options)
		want   string
	}{
		"chain": {func(o *entity.Options) { o.Chain = "bitcoin-test" }, "are of chain bitcoin, not bitcoin-test"},
		"giant": {func(o *entity.Options) { o.Giant = 5 }, "were made by"},
	} {
		other := opt
		c.change(&other)
		if _, err := entity.Open(other); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("another %s: %v", name, err)
		}
	}
	for name, raw := range files(t, opt.Dir) {
		path := filepath.Join(opt.Dir, name)
		changed := slices.Clone(raw)
		if name == "manifest.json" {
			changed = bytes.Replace(raw, []byte(`"format": 1`), []byte(`"format": 2`), 1)
		} else {
			binary.LittleEndian.PutUint32(changed[12:], 2)
		}
		if err := os.WriteFile(path, changed, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := answers(opt, v, nil)
		if err == nil || !strings.Contains(err.Error(), name+" has format 2, this program reads format 1") {
			t.Errorf("%s of another format: %v", name, err)
		}
		if err := os.WriteFile(path, raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	// A state may be removed: it is made anew.
	asked := spenders(t, v, network)
	want, _ := answers(opt, v, asked)
	states, _ := filepath.Glob(filepath.Join(opt.Dir, "*.state"))
	if err := os.Remove(states[0]); err != nil {
		t.Fatal(err)
	}
	if said, err := answers(opt, v, asked); err != nil || !slices.Equal(said, want) {
		t.Errorf("without its state: %v", err)
	}
}
