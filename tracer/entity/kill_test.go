package entity_test

import (
	"bufio"
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"testing"

	"tsuiseki/tracer/entity"
)

// killedDir tells this test binary to build clusters in a folder until it is killed.
const killedDir = "TSUISEKI_TEST_CLUSTERS_INTO"

// TestKill kills a process that builds clusters, again and again. Whatever the
// moment, what is there opens, holds together, and is no less than before; in the
// end it is the same as what was built in one go.
func TestKill(t *testing.T) {
	x, network := earlyIndex(t)
	v := viewOf(t, x, nil)
	opt := entity.Options{Chain: "bitcoin", Scripts: network, CommitBytes: 3_000, Tail: 20, Depth: 3}
	if opt.Dir = os.Getenv(killedDir); opt.Dir != "" {
		for height := uint64(500); ; height += 500 { // each Sync may write a state
			part := min(height, v.Snapshot().Height)
			store, err := entity.Open(opt)
			if err != nil {
				t.Fatal(err)
			}
			status, err := store.Status()
			if err != nil {
				t.Fatal(err)
			}
			if !status.Empty && status.Tip.Height >= part {
				store.Close()
				if part < height {
					return
				}
				continue
			}
			asOf := viewOf(t, x, &part)
			if _, err := store.Sync(t.Context(), asOf, func(p entity.Progress) { fmt.Println(p.Height) }); err != nil {
				t.Fatal(err)
			}
			if err := store.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	opt.Dir = t.TempDir()
	kills, tips, last := 0, map[uint64]bool{}, uint64(0)
	for done := false; !done; {
		if done = buildUntilKilled(t, opt.Dir, 1+rand.IntN(3_000)); !done {
			kills++
		}
		store, err := entity.Open(opt)
		if err != nil {
			t.Fatal(err)
		}
		status, err := store.Status()
		if err != nil || status.Tip.Height < last {
			t.Fatalf("after a kill the tip is %+v, was at %d: %v", status, last, err)
		}
		if err := store.Verify(); err != nil {
			t.Fatal(err)
		}
		if err := store.Close(); err != nil {
			t.Fatal(err)
		}
		last = status.Tip.Height
		tips[last] = true
	}
	if len(tips) < 3 {
		t.Errorf("%d kills hit only %d states: the test proves little", kills, len(tips))
	}
	t.Logf("killed %d times, in %d states", kills, len(tips))

	killed := files(t, opt.Dir)
	asked := spenders(t, v, network)
	got, err := answers(opt, v, asked)
	if err != nil {
		t.Fatal(err)
	}
	opt.Dir = t.TempDir()
	synced(t, v, opt)
	fresh := files(t, opt.Dir)
	for _, name := range []string{"addresses", "links", "blocks"} {
		// Behind what the manifest counts there may be more, which counts for nothing.
		if !bytes.HasPrefix(killed[name], fresh[name]) {
			t.Errorf("%s differs from one written in one go", name)
		}
	}
	want, err := answers(opt, v, asked)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("answers differ: %v", err)
	}
}

// buildUntilKilled builds in a process of its own, and kills it once it has read some
// blocks. It tells whether the process came to its end before.
func buildUntilKilled(t *testing.T, dir string, blocks int) (done bool) {
	t.Helper()
	process := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKill$")
	process.Env = append(os.Environ(), killedDir+"="+dir)
	heights, err := process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	var said string
	for lines := bufio.NewScanner(heights); lines.Scan(); blocks-- {
		said = lines.Text()
		if blocks == 0 {
			if err := process.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	err = process.Wait()
	if err != nil && blocks >= 0 {
		t.Fatalf("building failed before it was killed: %v\n%s", err, said)
	}
	return err == nil
}
