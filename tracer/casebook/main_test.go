package casebook_test

import (
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"tsuiseki/chains"
	"tsuiseki/fixtures/postgres"
	"tsuiseki/tracer/casebook"
)

func TestMain(m *testing.M) {
	if address := os.Getenv(childEnv); address != "" {
		fmt.Fprintln(os.Stderr, runChild(address))
		os.Exit(1)
	}
	goleak.VerifyTestMain(postgres.Main(m))
}

// Who asks.
var (
	tokyo  = casebook.Principal{User: "sato", Role: casebook.Investigator, Prefecture: "13"}
	osaka  = casebook.Principal{User: "suzuki", Role: casebook.Investigator, Prefecture: "27"}
	dept   = casebook.Principal{User: "takahashi", Role: casebook.Analyst}
	audits = casebook.Principal{User: "tanaka", Role: casebook.Auditor}
	admin  = casebook.Principal{User: "ito", Role: casebook.Administrator}
	system = casebook.Principal{User: "tsuiseki", Role: casebook.System}
)

// clock ticks a second with every reading.
type clock struct{ seconds atomic.Int64 }

func (c *clock) now() time.Time { return time.Unix(1_750_000_000+c.seconds.Add(1), 123456000) }

// databases are the addresses of an empty database of each kind.
var databases = map[string]func(testing.TB) string{
	"sqlite":   func(tb testing.TB) string { return filepath.Join(tb.TempDir(), "casebook.db") },
	"postgres": func(tb testing.TB) string { return postgres.Shared(tb).Database(tb, "") },
}

// onBoth runs a test on an empty casebook of each kind.
func onBoth(t *testing.T, test func(t *testing.T, b *casebook.Book)) {
	t.Helper()
	for name, address := range databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t, address(t)))
		})
	}
}

func open(tb testing.TB, address string) *casebook.Book {
	tb.Helper()
	b, err := casebook.Open(tb.Context(), address, casebook.Options{Now: new(clock).now})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := b.Close(); err != nil {
			tb.Error(err)
		}
	})
	return b
}

// must is the value of a call that may not fail.
func must[T any](value T, err error) func(testing.TB) T {
	return func(tb testing.TB) T {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
		return value
	}
}

func newCase(tb testing.TB, b *casebook.Book, p casebook.Principal, title string) casebook.Case {
	tb.Helper()
	prefecture := p.Prefecture
	if prefecture == "" {
		prefecture = "01"
	}
	return must(b.CreateCase(tb.Context(), p, casebook.Case{Title: title, Prefecture: prefecture, Contact: "03-0000-0000"}))(tb)
}

// payment is a deposit, another for each number.
func payment(n int) casebook.Deposit {
	return casebook.Deposit{
		Chain: "bitcoin", Tx: chains.TxID{byte(n >> 8), byte(n)}, Kind: casebook.KindOutput, Index: uint32(n % 3),
		Address: "bc1q", Asset: "BTC", Amount: chains.NewAmount(int64(n) * 1000), Time: time.Unix(1_700_000_000, 0).UTC(), Row: int64(n),
	}
}

func payments(from, to int) (some []casebook.Deposit) {
	for n := from; n < to; n++ {
		some = append(some, payment(n))
	}
	return some
}
