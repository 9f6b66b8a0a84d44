package ethereum_test

import (
	"path/filepath"
	"testing"

	"tsuiseki/chains/chaintest"
	"tsuiseki/chains/ethereum"
)

// BenchmarkDecodeLogs reads the 681 logs of two mainnet blocks.
func BenchmarkDecodeLogs(b *testing.B) {
	folder := chaintest.Shared(b, "ethereum", "blocks_17173049_17173050")
	txs := map[uint32][]ethereum.LogRecord{}
	for _, l := range readLines[etlLog](b, filepath.Join(folder, "expected_logs.json")) {
		if l.Block == 17173049 {
			txs[l.Tx] = append(txs[l.Tx], ethereum.LogRecord{Address: l.Address, Topics: l.Topics, Data: l.Data, Index: l.Index, Tx: l.Tx})
		}
	}
	logs, transfers := 0, 0
	for b.Loop() {
		for _, records := range txs {
			moved, _ := ethereum.DecodeLogs(records)
			transfers += len(moved)
			logs += len(records)
		}
	}
	b.ReportMetric(float64(logs)/b.Elapsed().Seconds(), "logs/s")
	b.ReportMetric(float64(transfers)/b.Elapsed().Seconds(), "transfers/s")
}

// BenchmarkCallTracer reads the call trees of go-ethereum's corpus.
func BenchmarkCallTracer(b *testing.B) {
	cases := corpus(b, "call_tracer")
	for b.Loop() {
		size := 0
		for name, c := range cases {
			root, err := ethereum.DecodeCallFrame(c.Result)
			if err != nil {
				b.Fatalf("%s: %v", name, err)
			}
			ethereum.FrameTransfers(root)
			size += len(c.Result)
		}
		b.SetBytes(int64(size))
	}
}

// BenchmarkNodeBlocks reads the fake chain, of three transactions a block, over
// HTTP: what each block costs beyond its size.
func BenchmarkNodeBlocks(b *testing.B) {
	_, cfg := newFakeNode(b)
	node := dial(b, cfg)
	blocks := 0
	for b.Loop() {
		got, err := read(b, node, 1, tip)
		if err != nil {
			b.Fatal(err)
		}
		blocks += len(got)
	}
	b.ReportMetric(float64(blocks)/b.Elapsed().Seconds(), "blocks/s")
}
