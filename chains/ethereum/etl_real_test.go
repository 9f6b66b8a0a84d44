package ethereum_test

import (
	"context"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"tsuiseki/chains"
	"tsuiseki/chains/ethereum"
)

// realData is a folder of ethereum-etl's own test data, in the shared data folder
// beside the repository.
func realData(t *testing.T, name string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "env", "GOMOD").Output()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(filepath.Dir(strings.TrimSpace(string(out))), "..", "shared", "data", "ethereum", name)
}

// etlT is a test, of a property or not.
type etlT interface {
	Context() context.Context
	Fatal(args ...any)
}

func openETL(tb testing.TB, cfg ethereum.ETLConfig) *ethereum.ETL {
	tb.Helper()
	src, err := ethereum.OpenETL(tb.Context(), cfg)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := src.Close(); err != nil {
			tb.Error(err)
		}
	})
	return src
}

func readBlocks(tb etlT, src *ethereum.ETL) (blocks []*chains.Block) {
	tip, err := src.Tip(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	for block, err := range src.Blocks(tb.Context(), src.First(), tip.Height) {
		if err != nil {
			tb.Fatal(err)
		}
		blocks = append(blocks, block)
	}
	return blocks
}

func TestTmpX(t *testing.T) {
	for _, dir := range []string{
		"blocks_17173049_17173050", "test_stream_blocks_1755634_1755635", "test_stream_blocks_2112234_2112234", "test_stream_blocks_508110_508110",
		"test_export_traces_job_block_with_create", "test_export_traces_job_block_with_error", "test_export_traces_job_block_with_subtraces", "test_export_traces_job_block_with_suicide", "test_extract_geth_traces_job_block_with_create", "test_extract_geth_traces_job_block_with_suicide",
	} {
		src := openETL(t, ethereum.ETLConfig{Path: realData(t, dir)})
		for _, b := range readBlocks(t, src) {
			t.Logf("%s: %d %s txs %d gaps %q", dir, b.Height, b.Time, len(b.Txs), b.Gaps)
			for i, tx := range b.Txs {
				if i < 3 {
					t.Logf("   %+v", tx)
				}
			}
			t.Logf("   system %+v", b.System[:min(3, len(b.System))])
		}
	}
}
