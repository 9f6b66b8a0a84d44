package main

import (
	"os"
	"path/filepath"
	"testing"

	"tsuiseki/chains/chaintest"
	"tsuiseki/fixtures/postgres"
)

// TestCasebooksAgree keeps the same two cases in SQLite and in a real PostgreSQL, moves
// the one into the other by its backup, and finds in each what the other says.
func TestCasebooksAgree(t *testing.T) {
	data, url := t.TempDir(), postgres.Start(t).Database(t, "")
	command(t, "index", "bitcoin", "--blocks", chaintest.EarlyChain(t), "--data", data)
	deposits := filepath.Join(t.TempDir(), "deposits.csv")
	if err := os.WriteFile(deposits, []byte("txid\n"+demoDeposit+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	in := func(args ...string) []string { return append(args, "--data", data, "--casebook", url) }
	var ids []string
	for _, prefecture := range []string{"13", "27"} {
		var made newCaseDoc
		unmarshal(t, command(t, in("case", "new", "--title", "a case", "--prefecture", prefecture, "--json")...), &made)
		command(t, in("case", "import", made.Case, deposits)...)
		command(t, in("case", "trace", made.Case)...)
		ids = append(ids, made.Case)
	}
	full := command(t, in("correlate", "--full", "--json")...)
	if again := command(t, in("correlate", "--json")...); again != full {
		t.Errorf("correlated again: %s\nwant %s", again, full)
	}
	command(t, in("audit", "verify")...)
	backup := filepath.Join(t.TempDir(), "casebook.jsonl")
	command(t, in("backup", backup)...)

	command(t, "restore", backup, "--data", data) // into the data folder's SQLite
	for _, id := range ids {
		here, there := command(t, "case", "show", id, "--json", "--data", data), command(t, in("case", "show", id, "--json")...)
		if here != there {
			t.Errorf("SQLite says\n%s\nPostgreSQL\n%s", here, there)
		}
	}
	if restored := command(t, "correlate", "--json", "--data", data); restored != full {
		t.Errorf("restored: %s\nwant %s", restored, full)
	}
	command(t, "audit", "verify", "--data", data)
}
