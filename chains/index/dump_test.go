package index_test

import (
	"fmt"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/go-cmp/cmp"
)

// dump reads every row of a closed index.
func dump(tb testing.TB, dir string, fs vfs.FS) map[string]string {
	tb.Helper()
	db, err := pebble.Open(dir, &pebble.Options{FS: fs, ReadOnly: true, Logger: quiet{}})
	if err != nil {
		tb.Fatal(err)
	}
	defer db.Close()
	it, err := db.NewIter(nil)
	if err != nil {
		tb.Fatal(err)
	}
	defer it.Close()
	rows := map[string]string{}
	for ok := it.First(); ok; ok = it.Next() {
		rows[fmt.Sprintf("%c %x", it.Key()[0], it.Key()[1:])] = fmt.Sprintf("%x", it.Value())
	}
	if err := it.Error(); err != nil {
		tb.Fatal(err)
	}
	return rows
}

// sameRows fails unless two closed indexes hold the same rows.
func sameRows(tb testing.TB, got, want map[string]string) {
	tb.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		tb.Fatalf("rows differ (-want +got):\n%.4000s", diff)
	}
}

type quiet struct{}

func (quiet) Infof(string, ...any)         {}
func (quiet) Errorf(string, ...any)        {}
func (quiet) Fatalf(text string, a ...any) { panic(fmt.Sprintf(text, a...)) }
