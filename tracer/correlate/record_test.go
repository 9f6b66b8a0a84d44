package correlate_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"tsuiseki/fixtures/cases"
	"tsuiseki/tracer/correlate"
)

type ctxT = context.Context

// FuzzRecord reads any bytes as a record: what is one comes back as it was written.
func FuzzRecord(f *testing.F) {
	dir := f.TempDir()
	r, err := correlate.Run(context.Background(), cases.New(2, cases.Size{Cases: 12, Services: 3, Largest: 4}).Inputs(), options(dir, true))
	if err != nil {
		f.Fatal(err)
	}
	if err := r.Close(); err != nil {
		f.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "recs-*"))
	if err != nil || len(files) != 1 {
		f.Fatalf("%v, %v", files, err)
	}
	raw, err := os.ReadFile(files[0])
	if err != nil {
		f.Fatal(err)
	}
	const head = 16
	whole := 0
	for end := head + 1; end <= len(raw) && whole < 2; end++ {
		if _, ok := correlate.RoundTrip(raw[head:end]); ok {
			whole++
			f.Add(raw[head:end])
		}
	}
	if whole == 0 {
		f.Fatal("no record is there")
	}
	f.Add([]byte{0, 0})
	f.Add([]byte{1, 0, 1})
	f.Fuzz(func(t *testing.T, data []byte) {
		again, ok := correlate.RoundTrip(data)
		if !ok {
			return
		}
		twice, ok := correlate.RoundTrip(again)
		if !ok || !bytes.Equal(again, twice) {
			t.Errorf("%x became %x, then %x", data, again, twice)
		}
	})
}
