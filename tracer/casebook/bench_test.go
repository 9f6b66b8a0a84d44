package casebook_test

import (
	"testing"

	"tsuiseki/fixtures/postgres"
	"tsuiseki/tracer/casebook"
)

// durable are the addresses of an empty database of each kind, that lose nothing when
// the power fails.
var durable = map[string]func(testing.TB) string{
	"sqlite":   databases["sqlite"],
	"postgres": func(tb testing.TB) string { return postgres.Start(tb, "fsync=on").Database(tb, "") },
}

// BenchmarkAddDeposits adds 10,000 deposits in calls of 1,000.
func BenchmarkAddDeposits(b *testing.B) {
	for name, address := range durable {
		b.Run(name, func(b *testing.B) {
			book := open(b, address(b))
			for b.Loop() {
				c := newCase(b, book, tokyo, "t")
				for n := 0; n < 10_000; n += 1000 {
					must(book.AddDeposits(b.Context(), tokyo, c.ID, payments(n, n+1000)))(b)
				}
			}
			b.ReportMetric(10_000*float64(b.N)/b.Elapsed().Seconds(), "deposits/s")
		})
	}
}

// BenchmarkEachDeposit reads 10,000 deposits of one case among ten.
func BenchmarkEachDeposit(b *testing.B) {
	for name, address := range durable {
		b.Run(name, func(b *testing.B) {
			book := open(b, address(b))
			var c casebook.Case
			for range 10 {
				c = newCase(b, book, tokyo, "t")
				must(book.AddDeposits(b.Context(), tokyo, c.ID, payments(0, 10_000)))(b)
			}
			for b.Loop() {
				n := 0
				for _, err := range book.EachDeposit(b.Context(), tokyo, casebook.DepositFilter{Case: c.ID}) {
					if err != nil {
						b.Fatal(err)
					}
					n++
				}
				if n != 10_000 {
					b.Fatalf("read %d", n)
				}
			}
			b.ReportMetric(10_000*float64(b.N)/b.Elapsed().Seconds(), "deposits/s")
		})
	}
}

// BenchmarkRecord appends to the audit, one call after the other, each durable.
func BenchmarkRecord(b *testing.B) {
	for name, address := range durable {
		b.Run(name, func(b *testing.B) {
			book := open(b, address(b))
			for b.Loop() {
				if err := book.Record(b.Context(), tokyo, "", "search", map[string]any{"address": "bc1q"}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

// BenchmarkVerifyAudit verifies 10,000 rows.
func BenchmarkVerifyAudit(b *testing.B) {
	for name, address := range durable {
		b.Run(name, func(b *testing.B) {
			book := open(b, address(b))
			for range 10_000 {
				if err := book.Record(b.Context(), tokyo, "", "search", nil); err != nil {
					b.Fatal(err)
				}
			}
			for b.Loop() {
				if v := must(book.VerifyAudit(b.Context(), audits))(b); v.Err() != nil {
					b.Fatal(v.Err())
				}
			}
			b.ReportMetric(10_000*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
