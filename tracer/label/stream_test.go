package label_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tsuiseki/tracer/label"
)

// checkSameAsTree reads a file item by item and as a tree, and reports whether the
// first had to give up and do as the second.
func checkSameAsTree(t interface {
	Errorf(format string, args ...any)
	Helper()
}, f label.File, pieceSize int,
) (restarted bool) {
	t.Helper()
	got := &received{}
	gotErr := label.ReadPieces(f, canonical, got, pieceSize)
	want := &received{}
	wantErr := label.ReadTree(f, canonical, want)
	restarted, got.restarts = got.restarts > 0, 0
	if fmt.Sprint(gotErr) != fmt.Sprint(wantErr) {
		t.Errorf("%q\nsays\n%v\nas a tree\n%v", f.Data, gotErr, wantErr)
	} else if gotErr == nil {
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(received{})); diff != "" {
			t.Errorf("%q\n%s", f.Data, diff)
		}
	}
	return restarted
}

// TestStreamSaysWhatTheTreeSays reads packs in every style both ways.
func TestStreamSaysWhatTheTreeSays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { checkSameAsTree(t, drawPacks(t), rapid.IntRange(1, 100).Draw(t, "piece")) })
}

// TestStreamIsUsed counts how often packs without oddities are read item by item.
func TestStreamIsUsed(t *testing.T) {
	for name, text := range map[string]string{
		"plain":        "title: T\ncreator: C\nsource: s\ncurrency: BTC\nlabel: l\ntags:\n- address: a\n- address: b\n",
		"indented":     "title: T\ntags: # all\n  - address: a\n    label: 'x\n\n      y'\n\n  # comment\n  -\n    address: b\n    source: |\n      - text\n\ncreator: C\nsource: s\ncurrency: BTC\n",
		"stream":       "%YAML 1.1\n---\ntitle: T\ncreator: C\ntags: []\n---\r\ntitle: U\r\ncreator: C\r\n\"actors\":\r\n- id: x\r\n",
		"within items": "title: T\ncreator: C\ntags:\n- address: &a a\n  label: *a\n",
	} {
		t.Run(name, func(t *testing.T) {
			if checkSameAsTree(t, label.File{Name: "p.yaml", Data: []byte(text)}, 1) {
				t.Error("was read as a tree")
			}
		})
	}
	for name, text := range map[string]string{
		"alias to another item": "title: T\ncreator: C\ntags:\n- &a {address: a}\n- *a\n",
		"alias below":           "title: &x T\ntags:\n- address: &x b\ncreator: *x\n",
		"list within quotes":    "title: \"T\ntags:\n- x\n\"\ncreator: C\ntags: []\n",
		"end of a document":     "title: T\ncreator: C\ntags: []\n...\n",
		"items of two lists":    "title: T\ncreator: C\nactors:\n- {id: x}\n  - y\ntags: []\n",
		"a value below":         "title: T\ncreator: C\ntags:\n- address: a\n''\n",
		"a tag below":           "title: T\ncreator: C\ntags:\n- address: a\n!!null\n",
		"odd line break":        "title: T\ncreator: C\ntags:\n- address: a\r...\n- address: b\n",
	} {
		t.Run(name, func(t *testing.T) {
			if !checkSameAsTree(t, label.File{Name: "p.yaml", Data: []byte(text)}, 1) {
				t.Error("was not read as a tree")
			}
		})
	}
}

// TestRealPacksBothWays reads every real pack item by item, which must do for all.
func TestRealPacksBothWays(t *testing.T) {
	all, err := filepath.Glob(filepath.Join(sharedTags(t), "tagpacks", "*.yaml"))
	if err != nil || len(all) == 0 {
		t.Fatalf("%d files, %v", len(all), err)
	}
	for _, size := range []int{1, 64 << 10} {
		for _, name := range all {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if checkSameAsTree(t, label.File{Name: filepath.Base(name), Data: data}, size) {
				t.Errorf("%s was read as a tree", name)
			}
		}
	}
}

// TestTooLongForATree: what can only be read as a tree must not be long, and the
// refusal says what is in the way.
func TestTooLongForATree(t *testing.T) {
	head := "title: T\ncreator: C\nsource: s\ncurrency: BTC\nlabel: l\n"
	long := strings.Repeat("- {address: "+someAddress+"}\n", 17<<20/48)
	for name, test := range map[string]struct{ text, want string }{
		"alias":    {head + "tags:\n- &a {address: x}\n" + long[:48*1500] + "- *a\n" + long, "p.yaml:1373: cannot be read item by item: unknown anchor 'a' referenced; only up to 16 MiB"},
		"flow":     {head + "tags: [\n" + strings.ReplaceAll(strings.ReplaceAll(long, "- ", ""), "\n", ",\n") + "]\n", "p.yaml:1: cannot be read item by item: what is not in its list"},
		"one item": {head + "tags:\n- address: x\n  context: '" + strings.ReplaceAll(long, "\n", "\n  ") + "'\n", "p.yaml:7: cannot be read item by item: one item of its list is too long"},
		"included": {head + "tags: !include all.yaml\n", "includes more than 16 MiB"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := read(label.File{Name: "p.yaml", Data: []byte(test.text), Include: func(string) ([]byte, error) { return []byte(long), nil }})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%.300v, want %s", err, test.want)
			}
		})
	}
}

// TestImportRestarts takes in a pack of which an item read first is no longer what
// it was: an alias further down makes all be read anew.
func TestImportRestarts(t *testing.T) {
	s, _ := newStore(t)
	report := importFile(t, s, label.File{Name: "p.yaml", Data: []byte("title: T\ncreator: C\nsource: s\ncurrency: BTC\nlabel: l\ntags:\n" +
		"- &a {address: " + someAddress + "}\n" + strings.Repeat("- address: "+otherAddress+"\n", 5000) + "- *a\n- address: short\n")})
	if len(report.Sets) != 1 || report.Sets[0].Rows != 3 || report.Sets[0].Duplicates != 5000 || len(report.Sets[0].Notes) != 1 {
		t.Errorf("%+v", report)
	}
	v := openView(t, s, time.Time{})
	if err := v.Verify(); err != nil || len(v.Sets()) != 1 || len(find(t, v, someAddress)) != 1 {
		t.Errorf("%v, %+v", err, v.Sets())
	}
}

// TestMemoryOfReading reads ten times as many tags in the memory of few.
func TestMemoryOfReading(t *testing.T) {
	peak := func(n int) uint64 {
		f := manyTags(n)
		var most uint64
		w := &watcher{every: n / 20, look: func() {
			var m runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapAlloc)
		}}
		var before runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		if err := label.Read(f, canonical, w); err != nil {
			t.Fatal(err)
		}
		runtime.KeepAlive(f.Data)
		return most - min(most, before.HeapAlloc)
	}
	few, many := peak(2_000), peak(40_000)
	if many > 2*few+1<<20 {
		t.Errorf("40,000 tags keep %d bytes, 2,000 keep %d", many, few)
	}
}

// watcher looks from time to time while labels pass.
type watcher struct {
	seen, every int
	look        func()
}

func (w *watcher) Pack(label.Pack) error { return nil }

func (w *watcher) Label(label.Label) error {
	if w.seen++; w.seen%w.every == 0 {
		w.look()
	}
	return nil
}
func (w *watcher) Actor(label.Actor) error { return nil }
func (w *watcher) Note(label.Problem)      {}
func (w *watcher) Restart()                {}

// FuzzStream: whatever the bytes, both ways of reading say the same.
func FuzzStream(f *testing.F) {
	head := "title: T\ncreator: C\nlabel: l\nsource: s\ncurrency: BTC\n"
	for _, tail := range []string{
		"tags:\n- address: a\n- address: b\n", "tags:\n  - address: 'a\n\n    b'\n  - &a {address: b}\nowner: x\n", "tags:\n- *a\n---\ntags:\n- x\n",
		"tags:\n- |\n  text\n\n# c\n- >\n x\n", "tags:\n- [a,\n- b]\n", "'tags':\n- ? a\n  : b\n-\tx\n",
	} {
		f.Add([]byte(head + tail))
		f.Add([]byte(tail + head))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if slices.Contains(data, 0) || len(data) > 1<<12 {
			return
		}
		checkSameAsTree(t, label.File{Name: "p.yaml", Data: data, Include: func(string) ([]byte, error) { return data, nil }}, 1)
	})
}
