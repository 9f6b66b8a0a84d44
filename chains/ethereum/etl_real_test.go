package ethereum_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tsuiseki/chains"
	"tsuiseki/chains/chaintest"
	"tsuiseki/chains/ethereum"
)

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

// copyFiles copies files of the shared data into one folder.
func copyFiles(t *testing.T, folder string, names ...string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for _, name := range names {
		raw, err := os.ReadFile(filepath.Join(chaintest.Shared(t, "ethereum", folder), name))
		if err != nil {
			t.Fatal(err)
		}
		writeFile(t, filepath.Join(dir, name), raw, false)
	}
	return dir
}

// realTx and realTransfer are lines of ethereum-etl's expected results.
type realTx struct {
	Hash      chains.TxID `json:"hash"`
	Index     uint32      `json:"transaction_index"`
	Height    uint64      `json:"block_number"`
	From      string      `json:"from_address"`
	To        string      `json:"to_address"`
	Value     *big.Int    `json:"value"`
	GasUsed   *big.Int    `json:"receipt_gas_used"`
	GasPrice  *big.Int    `json:"receipt_effective_gas_price"`
	Status    *int        `json:"receipt_status"`
	Contract  string      `json:"receipt_contract_address"`
	BlockHash string      `json:"block_hash"`
}

type realTransfer struct {
	Token, From, To string
	Value           *big.Int
	Log             uint32
	Height          uint64
	Tx              chains.TxID
}

func (r *realTransfer) UnmarshalJSON(raw []byte) error {
	var row struct {
		Token string      `json:"token_address"`
		From  string      `json:"from_address"`
		To    string      `json:"to_address"`
		Value *big.Int    `json:"value"`
		Log   uint32      `json:"log_index"`
		Block uint64      `json:"block_number"`
		Tx    chains.TxID `json:"transaction_hash"`
	}
	err := json.Unmarshal(raw, &row)
	*r = realTransfer{row.Token, row.From, row.To, row.Value, row.Log, row.Block, row.Tx}
	return err
}

// TestETLRealBlocks: all 298 transactions and 291 Transfer logs of two blocks,
// 282 of them of fungible tokens, whether logs or token transfers tell of them.
func TestETLRealBlocks(t *testing.T) {
	const folder = "blocks_17173049_17173050"
	want := readLines[realTransfer](t, filepath.Join(chaintest.Shared(t, "ethereum", folder), "expected_token_transfers.json"))
	all := []string{"expected_blocks.json", "expected_transactions.json", "expected_logs.json", "expected_token_transfers.json"}
	for _, c := range []struct {
		name         string
		files        []string
		collectibles int
	}{
		{"all", all, 9}, {"logs", all[:3], 9}, {"logs alone", all[2:3], 9}, {"token transfers", append([]string{all[3]}, all[:2]...), 0}, {"token transfers alone", all[3:], 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			blocks := readBlocks(t, openETL(t, ethereum.ETLConfig{Path: copyFiles(t, folder, c.files...), Memory: 10_000}))
			found, collectibles := map[string]*chains.Transfer{}, 0
			for _, block := range blocks {
				for i := range block.Txs {
					for j := range block.Txs[i].Transfers {
						if tr := &block.Txs[i].Transfers[j]; tr.IsLog() {
							found[fmt.Sprint(block.Height, tr.Index, block.Txs[i].ID)] = tr
						}
					}
				}
			}
			for _, row := range want {
				tr := found[fmt.Sprint(row.Height, row.Log, row.Tx)]
				if tr == nil || string(tr.Asset) != row.Token || string(tr.From) != row.From || string(tr.To) != row.To {
					t.Fatalf("%+v, want %+v", tr, row)
				}
				value := tr.Amount
				if tr.Kind == chains.CollectibleTransfer {
					collectibles++
					value = tr.TokenID
				}
				if value.Big().Cmp(row.Value) != 0 {
					t.Errorf("%+v, want %s", tr, row.Value)
				}
			}
			if len(blocks) != 2 || len(want) != 291 || collectibles != c.collectibles {
				t.Errorf("%d blocks, %d transfers, %d collectibles", len(blocks), len(want), collectibles)
			}
		})
	}
	blocks := readBlocks(t, openETL(t, ethereum.ETLConfig{Path: copyFiles(t, folder, all...)}))
	checkRealTxs(t, blocks, readLines[realTx](t, filepath.Join(chaintest.Shared(t, "ethereum", folder), "expected_transactions.json")), 298)
	for _, block := range blocks {
		if len(block.System) != 16 || len(block.Gaps) != 1 || block.Gaps[0].Part != chains.PartInternal {
			t.Errorf("block %d: %d withdrawals, gaps %v", block.Height, len(block.System), block.Gaps)
		}
	}
	if blocks[1].Parent != blocks[0].Hash || blocks[0].Producer != "0x1f9090aae28b8a3dceadf281b0f12828e676c326" {
		t.Errorf("headers %+v", blocks[0].Header)
	}
}

// checkRealTxs compares every transaction, its value, its fee and its success.
func checkRealTxs(t *testing.T, blocks []*chains.Block, want []realTx, count int) {
	t.Helper()
	txs := map[chains.TxID]*chains.Tx{}
	for _, block := range blocks {
		for i := range block.Txs {
			txs[block.Txs[i].ID] = &block.Txs[i]
		}
	}
	for _, row := range want {
		tx := txs[row.Hash]
		failed := row.Status != nil && *row.Status == 0
		if tx == nil || tx.Index != row.Index || tx.Block.Height != row.Height || "0x"+tx.Block.Hash.String() != row.BlockHash ||
			string(tx.From) != row.From || string(tx.To) != row.To || tx.Failed != failed {
			t.Fatalf("%+v, want %+v", tx, row)
		}
		var value, fee chains.Amount
		for i := range tx.Transfers {
			switch tr := &tx.Transfers[i]; tr.Kind {
			case chains.NativeTransfer:
				value = value.Add(tr.Amount)
				if to := row.To + row.Contract; string(tr.To) != to {
					t.Errorf("%s pays %s, want %s", tx.ID, tr.To, to)
				}
			case chains.FeeTransfer, chains.TipTransfer:
				fee = fee.Add(tr.Amount)
			}
		}
		if failed {
			row.Value = new(big.Int)
		}
		if value.Big().Cmp(row.Value) != 0 || fee.Big().Cmp(new(big.Int).Mul(row.GasUsed, row.GasPrice)) != 0 {
			t.Errorf("%s moves %s and pays %s, want %+v", tx.ID, value, fee, row)
		}
	}
	if len(txs) != count || len(want) != count {
		t.Errorf("%d transactions, expected rows %d, want %d", len(txs), len(want), count)
	}
}

// TestETLOldBlocks: before Byzantium receipts have no status, but who fails uses
// all gas; an empty block is whole.
func TestETLOldBlocks(t *testing.T) {
	folder := chaintest.Shared(t, "ethereum", "test_stream_blocks_1755634_1755635")
	blocks := readBlocks(t, openETL(t, ethereum.ETLConfig{Path: copyFiles(t, "test_stream_blocks_1755634_1755635",
		"expected_blocks.json", "expected_transactions.json", "expected_logs.json", "expected_token_transfers.json")}))
	checkRealTxs(t, blocks, readLines[realTx](t, filepath.Join(folder, "expected_transactions.json")), 2)
	if diff := cmp.Diff(map[chains.Part]bool{chains.PartRewards: true}, gapParts(blocks[0])); diff != "" {
		t.Errorf("an empty block lacks (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[chains.Part]bool{chains.PartRewards: true, chains.PartInternal: true}, gapParts(blocks[1])); diff != "" {
		t.Errorf("a block lacks (-want +got):\n%s", diff)
	}
}

func gapParts(block *chains.Block) map[chains.Part]bool {
	parts := map[chains.Part]bool{}
	for _, gap := range block.Gaps {
		parts[gap.Part] = true
	}
	return parts
}

// moves lists what a block's rows move, in a short form.
func moves(block *chains.Block) (list []string) {
	for i := range block.Txs {
		tx := &block.Txs[i]
		for _, created := range tx.Created {
			list = append(list, fmt.Sprintf("%d creates %.6s", i, created))
		}
		if tx.Failed {
			list = append(list, fmt.Sprintf("%d failed", i))
		}
		for _, tr := range tx.Transfers {
			list = append(list, fmt.Sprintf("%d %s %d %.6s>%.6s %s", i, tr.Kind, tr.Index, tr.From, tr.To, tr.Amount))
		}
	}
	for _, tr := range block.System {
		list = append(list, fmt.Sprintf("%s %d %.6s>%.6s %s", tr.Kind, tr.Index, tr.From, tr.To, tr.Amount))
	}
	return list
}

// TestETLRealTraces: every row that ethereum-etl expects of these blocks' traces,
// by trace_block and, with what names their transactions, by geth.
func TestETLRealTraces(t *testing.T) {
	for _, c := range []struct {
		name, want, reward string
	}{
		{"create", "0 native 0 0xaf21>0x5b3c 64655529900000002048|1 creates 0xa7e3|1 native 0 0xacde>0xa7e3 0", "reward 0 >0xf8b4 5000000000000000000"},
		{"error", "0 failed|1 native 0 0x9288>0xe05f 1100000000000000000", "reward 0 >0x63a9 5000000000000000000"},
		{"subtraces", "0 native 0 0x39fa>0xc083 100000000000000000000|1 native 0 0x32be>0xdf19 437194980000000000", "reward 0 >0x2a65 5000000000000000000"},
		{"suicide", "0 native 0 0x8397>0x474f 0|0 internal 1 0x474f>0x8397 50000000000000000", "reward 0 >0x738d 5000000000000000000"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := copyFiles(t, "test_export_traces_job_block_with_"+c.name, "expected_traces.csv")
			block := readBlocks(t, openETL(t, ethereum.ETLConfig{Path: dir}))[0]
			if diff := cmp.Diff(strings.Split(c.want+"|"+c.reward, "|"), moves(block)); diff != "" || gapParts(block)[chains.PartInternal] {
				t.Errorf("trace_block, gaps %v (-want +got):\n%s", block.Gaps, diff)
			}
			ids := map[uint32]chains.TxID{}
			for i := range block.Txs {
				ids[block.Txs[i].Index] = block.Txs[i].ID
			}
			geth := copyFiles(t, "test_extract_geth_traces_job_block_with_"+c.name, "expected_traces.csv")
			left := readBlocks(t, openETL(t, ethereum.ETLConfig{Path: geth}))[0]
			if len(left.Txs) != 0 || !gapParts(left)[chains.PartInternal] {
				t.Errorf("without ids: %d transactions, gaps %v", len(left.Txs), left.Gaps)
			}
			receipts := "transaction_hash,transaction_index,block_number,gas_used\n"
			for index, id := range ids {
				receipts += fmt.Sprintf("0x%s,%d,%d,1\n", id, index, block.Height)
			}
			writeFile(t, filepath.Join(geth, "receipts.csv"), []byte(receipts), false)
			want := strings.Split(c.want, "|")
			if c.name == "suicide" { // geth did not tell what was paid
				want = want[:1]
			}
			joined := readBlocks(t, openETL(t, ethereum.ETLConfig{Path: geth}))[0]
			if diff := cmp.Diff(want, moves(joined)); diff != "" || gapParts(joined)[chains.PartInternal] != (c.name == "suicide") {
				t.Errorf("geth, gaps %v (-want +got):\n%s", joined.Gaps, diff)
			}
		})
	}
}

// TestETLRealStreams: traces, contracts and tokens as ethereumetl stream writes them.
func TestETLRealStreams(t *testing.T) {
	src := openETL(t, ethereum.ETLConfig{Path: copyFiles(t, "test_stream_blocks_2112234_2112234", "expected_traces.json", "expected_contracts.json", "expected_tokens.json")})
	block := readBlocks(t, src)[0]
	want := []string{"0 creates 0xdbda", "0 native 0 0x4b63>0xdbda 0", "reward 0 >0xbcdf 5000000000000000000"}
	if diff := cmp.Diff(want, moves(block)); diff != "" || block.Time.Unix() != 1471774428 || block.Hash.String()[:6] != "d27906" {
		t.Errorf("block %s at %s (-want +got):\n%s", block.Hash, block.Time, diff)
	}
	tokens, err := src.Tokens(t.Context(), block.BlockRef, []chains.Asset{"ETH", "0xdbdacfc9eb9d42559ac1efbdb40460c728139e6a", "0xdbdacfc9eb9d42559ac1efbdb40460c728139e6b"})
	if err != nil || tokens[0] != nil || tokens[2] != nil || tokens[1] == nil || tokens[1].Decimals != 0 {
		t.Errorf("tokens %v (%v)", tokens, err)
	}
	src = openETL(t, ethereum.ETLConfig{Path: copyFiles(t, "test_stream_blocks_508110_508110", "expected_traces.json", "expected_contracts.json", "expected_tokens.json")})
	want = []string{
		"0 creates 0xaec3", "0 native 0 0x52de>0xaec3 0", "1 native 0 0xfeca>0x32be 4949989500000000000",
		"reward 0 >0x2a65 5156250000000000000", "reward 1 >0x2a65 3750000000000000000",
	}
	if diff := cmp.Diff(want, moves(readBlocks(t, src)[0])); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
