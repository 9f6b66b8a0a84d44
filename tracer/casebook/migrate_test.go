package casebook_test

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"tsuiseki/tracer/casebook"
)

func TestNewerSchemaIsRefused(t *testing.T) {
	t.Parallel()
	for name, address := range databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at := address(t)
			b := open(t, at)
			if _, err := b.DB().ExecContext(t.Context(), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, TRUE)"); err != nil {
				t.Fatal(err)
			}
			_, err := casebook.Open(t.Context(), at, casebook.Options{Now: new(clock).now})
			if !errors.Is(err, casebook.ErrNewer) || !strings.Contains(err.Error(), "99") {
				t.Errorf("it is opened with %v", err)
			}
		})
	}
}

func TestOlderSchemaIsMigrated(t *testing.T) {
	t.Parallel()
	for name, address := range databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at := address(t)
			b := open(t, at)
			c := newCase(t, b, tokyo, "kept")
			statements := []string{"DROP TRIGGER audit_update", "DROP TRIGGER audit_delete"}
			if name == "postgres" {
				statements = []string{"DROP TRIGGER audit_change ON audit", "DROP FUNCTION audit_append_only"}
			}
			for _, statement := range append(statements, "DELETE FROM goose_db_version WHERE version_id = 3") {
				if _, err := b.DB().ExecContext(t.Context(), statement); err != nil {
					t.Fatal(err)
				}
			}
			again := open(t, at)
			must(again.Case(t.Context(), tokyo, c.ID))(t)
			if _, err := again.DB().ExecContext(t.Context(), "DELETE FROM audit"); err == nil {
				t.Error("the third migration was not made")
			}
		})
	}
}

func TestManyOpenANewBook(t *testing.T) {
	t.Parallel()
	for name, address := range databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at := address(t)
			var wait sync.WaitGroup
			for range 4 {
				wait.Go(func() {
					b, err := casebook.Open(t.Context(), at, casebook.Options{Now: new(clock).now})
					if err != nil {
						t.Error(err)
						return
					}
					if _, err := b.CreateCase(t.Context(), tokyo, casebook.Case{Title: "t", Prefecture: "13"}); err != nil {
						t.Error(err)
					}
					if err := b.Close(); err != nil {
						t.Error(err)
					}
				})
			}
			wait.Wait()
			if n := len(must(open(t, at).Cases(t.Context(), tokyo, casebook.CaseFilter{}, casebook.Page{}))(t).Items); n != 4 {
				t.Errorf("there are %d cases, want 4", n)
			}
		})
	}
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	notOne := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(notOne, []byte(strings.Repeat("no database\n", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ address, says string }{
		{"mysql://127.0.0.1/x", "mysql://"},
		{filepath.Join(t.TempDir(), "no", "folder", "casebook.db"), "no such file"},
		{notOne, "not a database"},
		{"postgres://u:secret@127.0.0.1:1/x?connect_timeout=1", "127.0.0.1"},
		{"postgres://u:secret@127.0.0.1:port/x", "port"},
	} {
		_, err := casebook.Open(t.Context(), test.address, casebook.Options{Now: new(clock).now})
		if err == nil || !strings.Contains(err.Error(), test.says) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", test.address, err)
		}
	}
	if _, err := casebook.Open(t.Context(), filepath.Join(t.TempDir(), "c"), casebook.Options{}); err == nil {
		t.Error("it opens without a clock")
	}
}

func TestPathIsTakenAsItIs(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a folder?x=1#%41", "casebook &é.db")
	if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	open(t, path)
	if about, err := os.Stat(path); err != nil || about.Size() == 0 || about.Mode().Perm() != 0o600 {
		t.Errorf("the file is not there, or open to others: %v, %v", about, err)
	}
}

// writesInto makes this test's process one that adds notes until it is killed.
const writesInto = "TSUISEKI_TEST_WRITE_INTO"

// TestKilledWriter kills a process that writes beside this one: what it said is done is
// there, and recorded, and so is at most one call more.
func TestKilledWriter(t *testing.T) {
	if into := os.Getenv(writesInto); into != "" {
		id, address, _ := strings.Cut(into, " ")
		b := open(t, address)
		for n := 1; ; n++ {
			if _, err := b.AddNote(t.Context(), tokyo, id, "theirs"); err != nil {
				t.Fatal(err)
			}
			fmt.Println("done", n)
		}
	}
	t.Parallel()
	for name, address := range databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at := address(t)
			b := open(t, at)
			c := newCase(t, b, tokyo, "t")
			child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKilledWriter$")
			child.Env = append(os.Environ(), writesInto+"="+c.ID+" "+at)
			out, err := child.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := child.Start(); err != nil {
				t.Fatal(err)
			}
			done, mine := 0, 0
			for lines := bufio.NewScanner(out); lines.Scan(); {
				if _, err := fmt.Sscanf(lines.Text(), "done %d", &done); err != nil {
					t.Fatalf("%q", lines.Text())
				}
				if mine < 20 {
					must(b.AddNote(t.Context(), tokyo, c.ID, "mine"))(t)
					mine++
				} else if err := child.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
					t.Fatal(err)
				}
			}
			_ = child.Wait() // it was killed
			theirs := 0
			for page := (casebook.Page{}); ; {
				part := must(b.Notes(t.Context(), tokyo, c.ID, page))(t)
				for _, n := range part.Items {
					if n.Text == "theirs" {
						theirs++
					}
				}
				if page.After = part.Next; page.After == "" {
					break
				}
			}
			if theirs < done || theirs > done+1 {
				t.Errorf("%d notes were reported done, and %d are there", done, theirs)
			}
			if v := must(b.VerifyAudit(t.Context(), audits))(t); v.Err() != nil {
				t.Error(v.Err())
			}
		})
	}
}
