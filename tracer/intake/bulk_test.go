package intake_test

import (
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"tsuiseki/tracer/intake"
)

// bulk is a file of many rows that is made while it is read, and so takes no memory.
type bulk struct {
	head string
	row  func(n int) string // of a fixed length
	rows int
}

func (b bulk) upload() intake.Upload {
	return intake.Upload{Bytes: b, Size: int64(len(b.head)) + int64(b.rows)*int64(len(b.row(0)))}
}

func (b bulk) ReadAt(p []byte, off int64) (n int, err error) {
	width := int64(len(b.row(0)))
	for n < len(p) {
		at := off + int64(n)
		var text string
		switch {
		case at < int64(len(b.head)):
			text = b.head[at:]
		case at >= b.upload().Size:
			return n, io.EOF
		default:
			at -= int64(len(b.head))
			text = b.row(int(at / width))[at%width:]
		}
		n += copy(p[n:], text)
	}
	return n, nil
}

// counter counts what becomes of rows, and keeps none.
type counter struct{ deposits, rejected int }

func (*counter) Begin(intake.Layout) error      { return nil }
func (c *counter) Accept(intake.Deposit) error  { c.deposits++; return nil }
func (*counter) Record(intake.Record) error     { return nil }
func (c *counter) Reject(intake.Rejected) error { c.rejected++; return nil }

func manyRows(w *world, rows int) bulk {
	single, unknown := w.single.String(), strings.Repeat("cd", 30)
	return bulk{heading, func(n int) string {
		tx := single
		if n > 0 {
			tx = unknown + fmt.Sprintf("%04x", n%65536)
		}
		return fmt.Sprintf("R6-%06d,千葉県警,船橋署,髙橋,第34号,投資詐欺,被害者%06d,%s,BTC,0.5,2024/5/1 13:00,,取引所X,50万円,備考\n", n, n, tx)
	}, rows}
}

// TestBoundedMemory: ten times the rows take no more memory than what is kept of each
// payment to find it again.
func TestBoundedMemory(t *testing.T) {
	w := newWorld(t)
	peak := func(rows int) uint64 {
		var most uint64
		opt := w.options()
		calls := 0
		opt.Progress = func(p intake.Progress) {
			if calls++; calls%10 == 0 || p.Rows == rows+1 {
				runtime.GC()
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				most = max(most, m.HeapAlloc)
			}
		}
		c := &counter{}
		report, err := intake.Read(t.Context(), manyRows(w, rows).upload(), opt, c)
		if err != nil {
			t.Fatal(err)
		}
		if c.deposits != 1 || c.rejected != rows-1 || report.Rows.All != rows+1 {
			t.Fatalf("%d deposits, %d rejected of %d rows", c.deposits, c.rejected, rows)
		}
		return most
	}
	small, large := peak(10_000), peak(100_000)
	t.Logf("held at most: %d bytes with 10,000 rows, %d with 100,000", small, large)
	const allowed = 8 << 20
	if large > small+allowed {
		t.Errorf("100,000 rows hold %d bytes more than 10,000", large-small)
	}
}

// TestRowLimit: more rows than the limit are refused, and the limit is named.
func TestRowLimit(t *testing.T) {
	w := newWorld(t)
	opt := w.options()
	opt.Limits.Rows = 50
	_, err := intake.Read(t.Context(), manyRows(w, 51).upload(), opt, &counter{})
	if err == nil || !strings.Contains(err.Error(), "50 rows") {
		t.Errorf("got %v", err)
	}
	if _, err := intake.Read(t.Context(), manyRows(w, 50).upload(), opt, &counter{}); err != nil {
		t.Error(err)
	}
}

func BenchmarkCSV(b *testing.B) {
	w := newWorld(b)
	const rows = 100_000
	benchmark(b, w, manyRows(w, rows).upload(), rows)
}

func BenchmarkXLSX(b *testing.B) {
	w := newWorld(b)
	const rows = 100_000
	source := manyRows(w, rows)
	data := book(b, func(f *excelize.File, s string) {
		stream, err := f.NewStreamWriter(s)
		if err != nil {
			b.Fatal(err)
		}
		for n := range rows + 1 {
			line := heading
			if n > 0 {
				line = source.row(n - 1)
			}
			var cells []any
			for c := range strings.SplitSeq(strings.TrimSpace(line), ",") {
				cells = append(cells, c)
			}
			if err := stream.SetRow(fmt.Sprintf("A%d", n+1), cells); err != nil {
				b.Fatal(err)
			}
		}
		if err := stream.Flush(); err != nil {
			b.Fatal(err)
		}
	})
	benchmark(b, w, upload(data), rows)
}

func benchmark(b *testing.B, w *world, up intake.Upload, rows int) {
	b.Helper()
	b.SetBytes(up.Size)
	b.ReportAllocs()
	for b.Loop() {
		c := &counter{}
		if _, err := intake.Read(b.Context(), up, w.options(), c); err != nil {
			b.Fatal(err)
		}
		if c.deposits+c.rejected != rows {
			b.Fatalf("%d of %d rows", c.deposits+c.rejected, rows)
		}
	}
	b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
