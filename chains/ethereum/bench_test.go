package ethereum_test

import (
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"

	"tsuiseki/chains"
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

// BenchmarkFullBlock reads a block of 180 transactions with 120 logs and 360 calls
// and checks its hash, ids and roots.
func BenchmarkFullBlock(b *testing.B) {
	n, _ := newFakeNode(b)
	block, receipts := fakeBlock(b, n.key, 1, common.Hash{}, 180)
	n.blocks, n.receipts = []*types.Block{block}, [][]*types.Receipt{receipts}
	encode := func(value any) json.RawMessage {
		raw, err := json.Marshal(value)
		if err != nil {
			b.Fatal(err)
		}
		return raw
	}
	blockJSON, receiptsJSON := encode(n.blockJSON(block, true)), encode(receipts)
	var traces []json.RawMessage
	size := len(blockJSON) + len(receiptsJSON)
	for _, trace := range n.nestedTraces(block) {
		traces = append(traces, encode(trace.(map[string]any)["result"]))
		size += len(traces[len(traces)-1])
	}
	ref := chains.BlockRef{Height: 1, Hash: chains.BlockHash(block.Hash())}
	b.SetBytes(int64(size))
	blocks := 0
	for b.Loop() {
		got, err := ethereum.ReadBlock(ref, blockJSON, receiptsJSON, traces)
		if err != nil || len(got.Gaps) > 0 {
			b.Fatal(got, err)
		}
		blocks++
	}
	b.ReportMetric(float64(blocks)/b.Elapsed().Seconds(), "blocks/s")
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
