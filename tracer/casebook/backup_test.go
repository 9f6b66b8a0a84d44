package casebook_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"

	"tsuiseki/fixtures/postgres"
	"tsuiseki/tracer/casebook"
)

func dump(tb testing.TB, b *casebook.Book) []byte {
	tb.Helper()
	var all bytes.Buffer
	if err := b.Dump(tb.Context(), &all); err != nil {
		tb.Fatal(err)
	}
	return all.Bytes()
}

func restored(tb testing.TB, address string, backup []byte) *casebook.Book {
	tb.Helper()
	if err := casebook.Restore(tb.Context(), address, casebook.Options{Now: new(clock).now}, bytes.NewReader(backup)); err != nil {
		tb.Fatal(err)
	}
	return open(tb, address)
}

func TestBackupMovesBetweenDatabases(t *testing.T) {
	t.Parallel()
	first := open(t, databases["sqlite"](t))
	o, _, _ := world(t, first)
	var unordered []casebook.Reject // by bytes they stand as here, and in other locales otherwise
	for _, field := range []string{"B", "a", "a_", "aa", "ab", "z", "被"} {
		unordered = append(unordered, casebook.Reject{Row: 2, Field: field})
	}
	if err := first.AddRejects(t.Context(), dept, o.Upload, 1, unordered); err != nil {
		t.Fatal(err)
	}
	if _, _, err := first.AddUpload(t.Context(), dept, newCase(t, first, dept, "large").ID, "l", bytes.Repeat([]byte("0123456789"), 250_000)); err != nil {
		t.Fatal(err)
	}
	want := dump(t, first)
	// A database whose own order of text is another one.
	second := restored(t, postgres.Shared(t).Database(t, "da-DK"), want)
	if got := dump(t, second); !bytes.Equal(got, want) {
		t.Errorf("in PostgreSQL it is\n%s\nwant\n%s", got, want)
	}
	third := restored(t, databases["sqlite"](t), dump(t, second))
	if got := dump(t, third); !bytes.Equal(got, want) {
		t.Error("back in SQLite it is another")
	}
	newCase(t, third, tokyo, "after")
	if v := must(third.VerifyAudit(t.Context(), audits))(t); v.Err() != nil {
		t.Errorf("its audit does not go on: %v", v.Err())
	}
}

func TestBackupWhileOthersWrite(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *casebook.Book) {
		c := newCase(t, b, tokyo, "t")
		var stop atomic.Bool
		var wait sync.WaitGroup
		for w := range 4 {
			wait.Go(func() {
				for n := 0; !stop.Load(); n++ {
					if _, err := b.AddDeposits(t.Context(), tokyo, c.ID, payments(w*10_000+n*3, w*10_000+n*3+3)); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		var backups [3]bytes.Buffer
		for i := range backups {
			if err := b.Backup(t.Context(), admin, &backups[i]); err != nil {
				t.Error(err)
			}
		}
		stop.Store(true)
		wait.Wait()
		for i := range backups {
			again := restored(t, databases["sqlite"](t), backups[i].Bytes())
			if !bytes.Equal(dump(t, again), backups[i].Bytes()) {
				t.Errorf("restored, backup %d is another", i)
			}
			// Each call added three and recorded that: a backup holds both or neither.
			var recorded int
			if err := again.DB().QueryRowContext(t.Context(), "SELECT COUNT(*) FROM audit WHERE action = 'deposit.add'").Scan(&recorded); err != nil {
				t.Fatal(err)
			}
			if n := count(t, again, tokyo, casebook.DepositFilter{}); n != 3*recorded {
				t.Errorf("backup %d holds %d deposits by %d calls", i, n, recorded)
			}
		}
	})
}

// TestBackupKeepsNobodyWaiting writes while a backup cannot go on.
func TestBackupKeepsNobodyWaiting(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *casebook.Book) {
		c := newCase(t, b, tokyo, "t")
		if _, _, err := b.AddUpload(t.Context(), tokyo, c.ID, "large", make([]byte, 1<<20)); err != nil {
			t.Fatal(err)
		}
		r, w := io.Pipe()
		done := make(chan error)
		go func() {
			err := b.Backup(t.Context(), admin, w)
			done <- errors.Join(err, w.Close())
		}()
		var backup bytes.Buffer
		if _, err := io.CopyN(&backup, r, 100); err != nil {
			t.Error(err)
		}
		late := must(b.AddNote(t.Context(), tokyo, c.ID, "meanwhile"))(t)
		if _, err := io.Copy(&backup, r); err != nil {
			t.Error(err)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
		if strings.Contains(backup.String(), late.ID) {
			t.Error("it holds what was written after it began")
		}
		restored(t, databases["sqlite"](t), backup.Bytes())
	})
}

func TestDamagedBackupIsRefused(t *testing.T) {
	t.Parallel()
	b := open(t, databases["sqlite"](t))
	world(t, b)
	good := dump(t, b)
	address := databases["sqlite"](t)
	options := casebook.Options{Now: new(clock).now}
	refused := func(r interface {
		Helper()
		Fatalf(string, ...any)
	}, what string, bad []byte,
	) {
		r.Helper()
		if err := casebook.Restore(t.Context(), address, options, bytes.NewReader(bad)); err == nil {
			r.Fatalf("%s: it was restored", what)
		}
	}
	rapid.Check(t, func(r *rapid.T) {
		bad := bytes.Clone(good)
		bad[rapid.IntRange(0, len(bad)-1).Draw(r, "at")] ^= 1 << rapid.IntRange(0, 7).Draw(r, "bit")
		refused(r, "a bit was flipped", bad)
	})
	lines := slices.Collect(strings.Lines(string(good)))
	for i := range lines {
		if i%7 == 0 || i > len(lines)-3 {
			refused(t, "the end is missing", []byte(strings.Join(lines[:i], "")))
			refused(t, "a line is missing", []byte(strings.Join(slices.Delete(slices.Clone(lines), i, i+1), "")))
			refused(t, "a line is there twice", []byte(strings.Join(slices.Insert(slices.Clone(lines), i, lines[i]), "")))
		}
	}
	refused(t, "something follows", append(bytes.Clone(good), '\n'))
	refused(t, "without its last newline", good[:len(good)-1])
	if err := casebook.Restore(t.Context(), address, options, bytes.NewReader(nil)); !errors.Is(err, casebook.ErrBackup) {
		t.Errorf("an empty file: %v", err)
	}
	newer := strings.Replace(string(good), `"schema":"3"`, `"schema":"4"`, 1)
	if err := casebook.Restore(t.Context(), address, options, strings.NewReader(newer)); !errors.Is(err, casebook.ErrOtherVersion) {
		t.Errorf("a newer one: %v", err)
	}
	// Nothing of all that is there.
	if got := dump(t, restored(t, address, good)); !bytes.Equal(got, good) {
		t.Error("at last it is another")
	}
	if err := casebook.Restore(t.Context(), address, options, bytes.NewReader(good)); !errors.Is(err, casebook.ErrNotEmpty) {
		t.Errorf("into one that is not empty: %v", err)
	}
}

func TestBackupOfTamperedAuditIsRefused(t *testing.T) {
	t.Parallel()
	b := open(t, databases["sqlite"](t))
	world(t, b)
	for _, statement := range []string{"DROP TRIGGER audit_update", "UPDATE audit SET who = 'x' WHERE seq = 3"} {
		if _, err := b.DB().ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	err := casebook.Restore(t.Context(), databases["sqlite"](t), casebook.Options{Now: new(clock).now}, bytes.NewReader(dump(t, b)))
	if !errors.Is(err, casebook.ErrTampered) || !strings.Contains(err.Error(), "row 3") {
		t.Errorf("its restoring says %v", err)
	}
}

func TestBackupFile(t *testing.T) {
	t.Parallel()
	b := open(t, databases["sqlite"](t))
	newCase(t, b, tokyo, "t")
	path := filepath.Join(t.TempDir(), "backup")
	if err := b.BackupFile(t.Context(), admin, path); err != nil {
		t.Fatal(err)
	}
	first, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(first, dump(t, b)) {
		t.Errorf("the file is another, %v", err)
	}
	if about, err := os.Stat(path); err != nil || about.Mode().Perm() != 0o600 {
		t.Errorf("it may be read by others: %v, %v", about.Mode(), err)
	}
	if err := b.BackupFile(t.Context(), tokyo, path); !errors.Is(err, casebook.ErrForbidden) {
		t.Errorf("by an investigator: %v", err)
	}
	if still, err := os.ReadFile(path); err != nil || !bytes.Equal(still, first) {
		t.Errorf("a backup that failed changed the file, %v", err)
	}
}

// restoresInto makes this test's process one that restores what it reads.
const restoresInto = "TSUISEKI_TEST_RESTORE_INTO"

// TestKilledRestore kills a process that has read most of a backup.
func TestKilledRestore(t *testing.T) {
	if address := os.Getenv(restoresInto); address != "" {
		if err := casebook.Restore(t.Context(), address, casebook.Options{Now: new(clock).now}, os.Stdin); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Parallel()
	b := open(t, databases["sqlite"](t))
	c := newCase(t, b, tokyo, "t")
	must(b.AddDeposits(t.Context(), tokyo, c.ID, payments(0, 3000)))(t)
	backup := dump(t, b)
	for name, address := range databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at := address(t)
			child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKilledRestore$")
			child.Env = append(os.Environ(), restoresInto+"="+at)
			input, err := child.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := child.Start(); err != nil {
				t.Fatal(err)
			}
			// All but what a pipe and a buffer hold has been read when this returns.
			if _, err := io.Copy(input, bytes.NewReader(backup[:len(backup)-1000])); err != nil {
				t.Fatal(err)
			}
			if err := child.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_ = child.Wait() // it was killed
			if listed := must(open(t, at).Cases(t.Context(), dept, casebook.CaseFilter{}, casebook.Page{}))(t); len(listed.Items) != 0 {
				t.Errorf("left are %+v", listed.Items)
			}
		})
	}
}

// TestBackupHoldsEveryColumn compares with what the databases have.
func TestBackupHoldsEveryColumn(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *casebook.Book) {
		query := `SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c
			WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' ORDER BY m.name, c.cid`
		if postgresBook(b) {
			query = `SELECT table_name, column_name FROM information_schema.columns
				WHERE table_schema = current_schema() ORDER BY table_name, ordinal_position`
		}
		rows, err := b.DB().QueryContext(t.Context(), query)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		tables := make(map[string][]string)
		for rows.Next() {
			var table, column string
			if err := rows.Scan(&table, &column); err != nil {
				t.Fatal(err)
			}
			tables[table] = append(tables[table], column)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		// The schema's version and the audit's head stand in a backup's first line, and
		// no job runs in what is restored.
		for _, elsewhere := range []string{"goose_db_version", "audit_head", "job_lanes"} {
			if len(tables[elsewhere]) == 0 {
				t.Errorf("there is no table %s", elsewhere)
			}
			delete(tables, elsewhere)
		}
		for _, held := range []map[string][]string{tables, casebook.BackedUp()} {
			for table := range held {
				if strings.HasPrefix(table, "river_") {
					delete(held, table)
					continue
				}
				want := slices.Sorted(slices.Values(tables[table]))
				if got := slices.Sorted(slices.Values(casebook.BackedUp()[table])); !slices.Equal(got, want) {
					t.Errorf("of %s, backups hold %v, want %v", table, got, want)
				}
			}
		}
	})
}
