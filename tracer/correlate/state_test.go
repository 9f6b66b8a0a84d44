package correlate_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tsuiseki/fixtures/cases"
	"tsuiseki/graph"
	"tsuiseki/tracer/correlate"
)

// runIn runs in a folder, and gives the document.
func runIn(t *testing.T, in correlate.Inputs, dir string, full bool) ([]byte, *correlate.Result) {
	t.Helper()
	r := run(t, in, dir, full)
	doc := document(t, r)
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	return doc, r
}

// TestDamage changes or removes each file of a state in turn: the next run builds the
// state anew, says why, and finds the same. Only what changed within a record is found
// when the record is told: then a full run mends it.
func TestDamage(t *testing.T) {
	w := cases.New(3, cases.Size{Cases: 60, Services: 5, Largest: 9})
	dir := t.TempDir()
	want, _ := runIn(t, w.Inputs(), dir, false)
	files, err := filepath.Glob(filepath.Join(dir, "*-*"))
	if err != nil || len(files) != 4 {
		t.Fatalf("files %v, %v", files, err)
	}
	for i := range len(files) + 1 {
		for _, how := range []string{"flip", "cut", "remove"} {
			files, _ := filepath.Glob(filepath.Join(dir, "*-*"))
			path := append(files, filepath.Join(dir, "state.json"))[i]
			harm(t, path, how)
			if how == "flip" && strings.Contains(path, "recs-") {
				// A record is looked at when it is told.
				r := run(t, w.Inputs(), dir, false)
				if err := r.WriteJSON(t.Context(), io.Discard); !errors.Is(err, correlate.ErrDamaged) {
					t.Errorf("flip of %s: %v", path, err)
				}
				if err := r.Close(); err != nil {
					t.Error(err)
				}
				if got, _ := runIn(t, w.Inputs(), dir, true); !bytes.Equal(got, want) {
					t.Errorf("flip of %s: another document", path)
				}
				continue
			}
			got, r := runIn(t, w.Inputs(), dir, false)
			if !bytes.Equal(got, want) {
				t.Errorf("%s of %s: another document", how, path)
			}
			quiet := how == "remove" && strings.HasSuffix(path, "state.json") // that is no state
			if (r.Rebuilt == "") != quiet || r.Read != 60 {
				t.Errorf("%s of %s: rebuilt %q, %d cases read", how, path, r.Rebuilt, r.Read)
			}
		}
	}
}

func harm(t *testing.T, path, how string) {
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	switch how {
	case "remove":
		err = os.Remove(path)
	case "cut":
		err = os.WriteFile(path, raw[:len(raw)/2], 0o600)
	default:
		for i := 20; i < len(raw); i += 97 {
			raw[i] ^= 0xff
		}
		err = os.WriteFile(path, raw, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestOldResultStaysReadable: a result tells its links after the next run took its
// files away.
func TestOldResultStaysReadable(t *testing.T) {
	f, dir := decidedWorld(), t.TempDir()
	old := run(t, f.inputs(), dir, false)
	defer old.Close()
	want := document(t, old)
	meet(f)
	runIn(t, f.inputs(), dir, true)
	if got := document(t, old); !bytes.Equal(got, want) {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

// TestFewFiles: small segments are written as one, and nothing is left over.
func TestFewFiles(t *testing.T) {
	f, dir := newFake(), t.TempDir()
	for i := range 60 {
		f.put(graph.CaseID(fmt.Sprint(i%40)), came(eth("x"), 5, 1, i), came(eth(fmt.Sprint(i)), 5, 0, i))
		runIn(t, f.inputs(), dir, false)
		if files, err := os.ReadDir(dir); err != nil || len(files) > 30 {
			t.Fatalf("after %d runs there are %d files: %v", i+1, len(files), err)
		}
	}
}

func TestOneRunAtATime(t *testing.T) {
	f, dir := decidedWorld(), t.TempDir()
	in := f.inputs()
	in.Nodes = during{f, func() {
		if _, err := correlate.Run(t.Context(), f.inputs(), options(dir, false)); !errors.Is(err, correlate.ErrInUse) {
			t.Errorf("a second run: %v", err)
		}
	}}
	runIn(t, in, dir, false)
}

// during does something while identities are asked for.
type during struct {
	*fake
	do func()
}

func (d during) Changed(ctx ctxT, since string) (correlate.Changes, error) {
	d.do()
	return d.fake.Changed(ctx, since)
}

// TestFailuresLeaveTheState: an input that fails is told, and the state stays.
func TestFailuresLeaveTheState(t *testing.T) {
	f, dir := decidedWorld(), t.TempDir()
	runIn(t, f.inputs(), dir, false)
	broken := errors.New("broken")
	meet(f)
	in := f.inputs()
	in.Cases = failing{f, broken}
	if _, err := correlate.Run(t.Context(), in, options(dir, false)); !errors.Is(err, broken) {
		t.Fatalf("got %v", err)
	}
	_, r := runIn(t, f.inputs(), dir, false)
	if r.Read != 2 || r.Rebuilt != "" {
		t.Errorf("then %d cases were read, rebuilt %q", r.Read, r.Rebuilt)
	}
	bad := options(dir, false)
	bad.Params.QuietDegree = 2_000
	if _, err := correlate.Run(t.Context(), f.inputs(), bad); err == nil {
		t.Error("a quiet place that is a hub was taken")
	}
}

type failing struct {
	*fake
	err error
}

func (f failing) Case(ctxT, graph.CaseID) (*correlate.Case, error) { return nil, f.err }

// runsIn names the folder in which a process of this test runs until it is killed.
const runsIn = "TSUISEKI_TEST_CORRELATE_RUN"

// TestKill kills a process while it runs again and again over growing cases. What is
// there then is the state of the last run that was reported done, or of the next.
func TestKill(t *testing.T) {
	world := func(runs int) correlate.Inputs {
		n := &night{World: cases.New(5, cases.Size{Cases: 900, Services: 20, Largest: 30}), number: runs, coming: 450}
		return correlate.Inputs{Cases: n, Nodes: n}
	}
	if dir := os.Getenv(runsIn); dir != "" {
		for n := range 30 {
			runIn(t, world(n), dir, false)
			fmt.Println("done", n)
		}
		return
	}
	dir := filepath.Join(t.TempDir(), "correlate")
	for round := range 8 {
		command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKill$")
		command.Env = append(os.Environ(), runsIn+"="+dir)
		out, err := command.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := command.Start(); err != nil {
			t.Fatal(err)
		}
		done := -1
		timer := time.AfterFunc(time.Duration(60+round*67)*time.Millisecond, func() { _ = command.Process.Kill() })
		for lines := bufio.NewScanner(out); lines.Scan(); {
			_, _ = fmt.Sscanf(lines.Text(), "done %d", &done)
		}
		_ = command.Wait() // it was killed
		timer.Stop()
		next := max(done, 0)
		got, r := runIn(t, world(next), dir, false)
		if r.Rebuilt != "" {
			t.Fatalf("the state was broken: %s", r.Rebuilt)
		}
		if want, _ := runIn(t, world(next), t.TempDir(), true); !bytes.Equal(got, want) {
			t.Fatalf("after %d runs and a kill: another document", done)
		}
		if left, err := filepath.Glob(filepath.Join(dir, "*.new")); err != nil || len(left) > 0 {
			t.Fatalf("left are %v, %v", left, err)
		}
	}
}

// TestForeignFilesStay: what runs did not write is not theirs to remove.
func TestForeignFilesStay(t *testing.T) {
	f, dir := decidedWorld(), t.TempDir()
	path := filepath.Join(dir, "notes.txt")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	runIn(t, f.inputs(), dir, false)
	runIn(t, f.inputs(), dir, true)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		t.Error("it was removed")
	}
}
