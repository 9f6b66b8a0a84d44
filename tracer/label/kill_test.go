package label_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tsuiseki/tracer/label"
)

// killed names the folder in which a process of this test imports until it is killed.
const killed = "TSUISEKI_TEST_IMPORT"

// numbered is a pack of which every tag says the same number.
func numbered(number int) label.File {
	var b strings.Builder
	b.WriteString("title: T\ncreator: C\nsource: s\ncurrency: ETH\n")
	fmt.Fprintf(&b, "label: %q\ntags:\n", fmt.Sprint(number))
	for i := range 300 {
		fmt.Fprintf(&b, "- address: '0x%040x'\n", i)
	}
	return label.File{Name: "numbered.yaml", Data: []byte(b.String())}
}

// TestKill kills a process while it imports, again and again. What is there then
// is one import, whole, and no older than the last one that was reported done.
func TestKill(t *testing.T) {
	if dir := os.Getenv(killed); dir != "" {
		importForever(t, dir)
	}
	dir := t.TempDir()
	next, done := 0, 0
	for round := range 8 {
		command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKill$")
		command.Env = append(os.Environ(), killed+"="+dir, fmt.Sprintf("%s_FROM=%d", killed, next+1))
		out, err := command.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := command.Start(); err != nil {
			t.Fatal(err)
		}
		timer := time.AfterFunc(time.Duration(150+round*120)*time.Millisecond, func() { _ = command.Process.Kill() })
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if _, err := fmt.Sscanf(lines.Text(), "done %d", &done); err != nil {
				t.Fatalf("%q", lines.Text())
			}
		}
		_ = command.Wait() // it was killed
		timer.Stop()
		v := openView(t, killedStore(dir), time.Time{})
		if err := v.Verify(); err != nil {
			t.Fatal(err)
		}
		if v.Empty() {
			continue
		}
		said := map[string]int{}
		for i := range 300 {
			entries := find(t, v, fmt.Sprintf("0x%040x", i))
			if len(entries) != 1 {
				t.Fatalf("address %d has %d labels", i, len(entries))
			}
			said[entries[0].Label.Label]++
		}
		if len(said) != 1 {
			t.Fatalf("imports are mixed: %v", said)
		}
		for text := range said {
			if _, err := fmt.Sscan(text, &next); err != nil {
				t.Fatal(err)
			}
		}
		if next < done {
			t.Fatalf("import %d was reported done, and %d is there", done, next)
		}
	}
	if done == 0 {
		t.Fatal("no process lived to finish an import")
	}
	// What was stopped half-way leaves nothing behind.
	importFile(t, killedStore(dir), numbered(next+1))
	segments, err := filepath.Glob(filepath.Join(dir, "*.labels"))
	if err != nil || len(segments) != next+1 {
		t.Errorf("%d segments of %d imports, %v", len(segments), next+1, err)
	}
}

func killedStore(dir string) *label.Store {
	return label.Open(label.Options{Dir: dir, Canonical: canonical, Now: time.Now})
}

func importForever(t *testing.T, dir string) {
	var from int
	if _, err := fmt.Sscan(os.Getenv(killed+"_FROM"), &from); err != nil {
		t.Fatal(err)
	}
	for n := from; ; n++ {
		importFile(t, killedStore(dir), numbered(n))
		fmt.Println("done", n)
	}
}
