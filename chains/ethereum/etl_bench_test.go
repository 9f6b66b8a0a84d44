package ethereum_test

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"tsuiseki/chains/ethereum"
)

const (
	benchPerBlock = 150
	benchPerTx    = 2
)

// benchWriter writes token transfers that look like the main chain's: many
// accounts, few tokens, amounts of up to 80 bits.
type benchWriter struct {
	*bufio.Writer
	state uint64
}

func (w *benchWriter) next() uint64 { // splitmix64
	w.state += 0x9e3779b97f4a7c15
	z := w.state
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

func (w *benchWriter) address(most uint64) string {
	n := 1 + w.next()%most
	return fmt.Sprintf("%016x%016x%08x", n*0x9e3779b97f4a7c15, n*0xbf58476d1ce4e5b9, n)
}

// write writes n transfers in one of the export's forms.
func (w *benchWriter) write(form string, n int) {
	switch form {
	case "transfers.csv":
		fmt.Fprint(w, "token_address,from_address,to_address,value,transaction_hash,log_index,block_number\r\n")
	case "logs.csv":
		fmt.Fprint(w, "log_index,transaction_hash,transaction_index,block_hash,block_number,address,data,topics\r\n")
	}
	var hash, blockHash string
	for i := range n {
		height, log := 17_000_000+i/benchPerBlock, i%benchPerBlock
		if log%benchPerTx == 0 {
			hash = fmt.Sprintf("0x%016x%016x%016x%016x", w.next(), w.next(), w.next(), w.next())
		}
		if log == 0 {
			blockHash = fmt.Sprintf("0x%016x%016x%016x%016x", w.next(), w.next(), w.next(), w.next())
		}
		token, from, to, value := w.address(5000), w.address(1_000_000), w.address(1_000_000), w.next()
		switch form {
		case "transfers.csv":
			fmt.Fprintf(w, "0x%s,0x%s,0x%s,%d,%s,%d,%d\r\n", token, from, to, value, hash, log, height)
		case "logs.csv":
			fmt.Fprintf(w, "%d,%s,%d,%s,%d,0x%s,0x%064x,\"%s,0x%064s,0x%064s\"\r\n",
				log, hash, log/benchPerTx, blockHash, height, token, value, "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef", from, to)
		case "logs.json":
			fmt.Fprintf(w, `{"type": "log", "log_index": %d, "transaction_hash": "%s", "transaction_index": %d, "address": "0x%s", "data": "0x%064x", "topics": ["%s", "0x%064s", "0x%064s"], "block_number": %d, "block_timestamp": %d, "block_hash": "%s"}`+"\n",
				log, hash, log/benchPerTx, token, value, "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef", from, to, height, 1_680_000_000+12*height, blockHash)
		}
	}
}

func writeBench(tb testing.TB, path, form string, n int, packed bool) (size int64) {
	tb.Helper()
	file, err := os.Create(path)
	if err != nil {
		tb.Fatal(err)
	}
	var out io.WriteCloser = file
	if packed {
		out = gzip.NewWriter(file)
	}
	w := benchWriter{Writer: bufio.NewWriterSize(out, 1<<20)}
	w.write(form, n)
	if err := w.Flush(); err != nil {
		tb.Fatal(err)
	}
	if err := out.Close(); err != nil {
		tb.Fatal(err)
	}
	if packed {
		file.Close()
	}
	info, err := os.Stat(path)
	if err != nil {
		tb.Fatal(err)
	}
	return info.Size()
}

// peakHeap samples the heap until stop is called.
func peakHeap() (stop func() uint64) {
	done, peak := make(chan struct{}), make(chan uint64)
	go func() {
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		most := uint64(0)
		for {
			var stats runtime.MemStats
			runtime.ReadMemStats(&stats)
			most = max(most, stats.HeapInuse)
			select {
			case <-tick.C:
			case <-done:
				peak <- most
				return
			}
		}
	}()
	return func() uint64 {
		close(done)
		return <-peak
	}
}

// BenchmarkETL reads an export of token transfers, sorts it and yields all its
// blocks. To compare with ethereum-etl's own extraction, keep the files and give it
// the same logs (Python 3.10 or older):
//
//	TSUISEKI_BENCH_DIR=$DIR go test -run '^$' -bench BenchmarkETL ./chains/ethereum
//	pip install ethereum-etl==2.4.2 && time ethereumetl extract_token_transfers --logs $DIR/logs.csv --output $DIR/extracted.csv
func BenchmarkETL(b *testing.B) {
	dir := os.Getenv("TSUISEKI_BENCH_DIR")
	if dir == "" {
		dir = b.TempDir()
	}
	for _, c := range []struct {
		form   string
		packed bool
		rows   int
	}{
		{"transfers.csv", false, 1_000_000},
		{"transfers.csv", true, 1_000_000},
		{"logs.csv", false, 1_000_000},
		{"logs.json", false, 1_000_000},
		{"transfers.csv", false, 10_000_000}, // takes no more memory
	} {
		path := filepath.Join(dir, c.form)
		if c.packed {
			path += ".gz"
		}
		b.Run(fmt.Sprintf("%s/%dM", filepath.Base(path), c.rows/1_000_000), func(b *testing.B) {
			size := writeBench(b, path, c.form, c.rows, c.packed)
			b.SetBytes(size)
			b.ReportAllocs()
			runtime.GC()
			stop := peakHeap()
			b.ResetTimer()
			var opening time.Duration
			for b.Loop() {
				start := time.Now()
				src, err := ethereum.OpenETL(b.Context(), ethereum.ETLConfig{Path: path})
				if err != nil {
					b.Fatal(err)
				}
				opening += time.Since(start)
				transfers := 0
				tip, err := src.Tip(b.Context())
				if err != nil {
					b.Fatal(err)
				}
				for block, err := range src.Blocks(b.Context(), src.First(), tip.Height) {
					if err != nil {
						b.Fatal(err)
					}
					for i := range block.Txs {
						transfers += len(block.Txs[i].Transfers)
					}
				}
				if transfers != c.rows {
					b.Fatalf("%d transfers, want %d", transfers, c.rows)
				}
				if err := src.Close(); err != nil {
					b.Fatal(err)
				}
			}
			b.StopTimer()
			b.ReportMetric(float64(c.rows*b.N)/b.Elapsed().Seconds(), "rows/s")
			b.ReportMetric(float64(c.rows*b.N)/opening.Seconds(), "sorted-rows/s")
			b.ReportMetric(float64(stop())/(1<<20), "peak-MiB")
		})
	}
}
