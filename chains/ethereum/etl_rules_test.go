package ethereum_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tsuiseki/chains"
	"tsuiseki/chains/ethereum"
)

// account and id are short addresses and hashes.
func account(n int) string { return fmt.Sprintf("0x%04x%036x", n, 0) }
func id(n int) string      { return fmt.Sprintf("0x%064x", n) }

// writeETL writes files by name, with {n} for an account and <n> for a hash.
func writeETL(tb testing.TB, files map[string]string) (dir string) {
	tb.Helper()
	dir = tb.TempDir()
	var pairs []string
	for n := range 20 {
		pairs = append(pairs, fmt.Sprintf("{%d}", n), account(n), fmt.Sprintf("<%d>", n), id(n))
	}
	for name, text := range files {
		writeFile(tb, filepath.Join(dir, name), []byte(strings.NewReplacer(pairs...).Replace(text)), strings.HasSuffix(name, ".gz"))
	}
	return dir
}

const (
	blockHead    = "number,hash,parent_hash,miner,difficulty,timestamp,transaction_count,base_fee_per_gas,withdrawals\n"
	txHead       = "hash,nonce,block_number,transaction_index,from_address,to_address,value,gas,gas_price\n"
	receiptHead  = "transaction_hash,transaction_index,block_number,gas_used,contract_address,status,effective_gas_price\n"
	logHead      = "log_index,transaction_hash,transaction_index,block_number,address,data,topics\n"
	transferHead = "token_address,from_address,to_address,value,transaction_hash,log_index,block_number\n"
	traceHead    = "block_number,transaction_hash,transaction_index,from_address,to_address,value,trace_type,call_type,reward_type,subtraces,trace_address,error,status\n"
)

// TestETLRules: what each kind of row adds up to.
func TestETLRules(t *testing.T) {
	for _, c := range []struct {
		name  string
		files map[string]string
		want  []string
		gaps  string // parts
	}{
		{
			"native value comes from the transaction, internal from its trace, never twice",
			map[string]string{
				"a": blockHead + "9,<9>,<8>,{9},1,100,1,10,\n",
				"b": txHead + "<1>,0,9,0,{1},{2},7,50,12\n",
				"c": receiptHead + "<1>,0,9,3,,1,12\n",
				"d": traceHead + "9,<1>,0,{1},{2},7,call,call,,1,,,1\n9,<1>,0,{2},{3},5,call,call,,0,0,,1\n",
			},
			[]string{"0 native 0 0x0001>0x0002 7", "0 internal 1 0x0002>0x0003 5", "0 fee 0 0x0001> 30", "0 tip 0 0x0001>0x0009 6"},
			"logs rewards",
		},
		{
			"nothing is left of what was reverted, and a delegatecall carries nothing",
			map[string]string{"traces": traceHead +
				"9,<1>,0,{1},{2},7,call,call,,3,,,1\n" +
				"9,<1>,0,{2},{3},5,call,call,,1,0,Reverted,0\n" +
				"9,<1>,0,{3},{4},4,call,call,,0,\"0,0\",,1\n" +
				"9,<1>,0,{2},{5},3,call,delegatecall,,1,1,,1\n" +
				"9,<1>,0,{2},{6},2,create,,,0,\"1,0\",,1\n" +
				"9,<1>,0,{2},{8},1,suicide,,,0,2,,1\n"},
			[]string{"0 creates 0x0006", "0 native 0 0x0001>0x0002 7", "0 internal 4 0x0002>0x0006 2", "0 internal 5 0x0002>0x0008 1"},
			"transactions receipts logs rewards",
		},
		{
			"a trace without hash belongs to the transaction at its place",
			map[string]string{
				"t": traceHead + "9,,0,{1},{2},7,call,call,,1,,,\n9,,0,{2},{3},5,call,call,,0,0,,\n9,,1,{1},{2},7,call,call,,0,,,\n",
				"l": logHead + "0,<1>,0,9,{7},0x," + id(5) + "\n",
			},
			[]string{"0 native 0 0x0001>0x0002 7", "0 internal 1 0x0002>0x0003 5"},
			"transactions receipts internal rewards",
		},
		{
			"holes in a call tree are named",
			map[string]string{"t": traceHead + "9,<1>,0,{1},{2},7,call,call,,2,,,1\n9,<1>,0,{2},{3},5,call,call,,0,1,,1\n"},
			[]string{"0 native 0 0x0001>0x0002 7", "0 internal 1 0x0002>0x0003 5"},
			"transactions receipts logs internal rewards",
		},
		{
			"so are those of a file that does not count calls",
			map[string]string{"t": "block_number,transaction_hash,transaction_index,from_address,to_address,value,trace_type,call_type,trace_address,error\n" +
				"9,<1>,0,{1},{2},7,call,call,,\n9,<1>,0,{2},{3},5,call,call,1,\n"},
			[]string{"0 native 0 0x0001>0x0002 7", "0 internal 1 0x0002>0x0003 5"},
			"transactions receipts logs internal rewards",
		},
		{
			"holes between transactions are named",
			map[string]string{"b": txHead + "<1>,0,9,1,{1},{2},7,50,12\n", "c": receiptHead + "<1>,1,9,50,,1,12\n"},
			[]string{"0 native 0 0x0001>0x0002 7"},
			"transactions receipts logs internal rewards",
		},
		{
			"a transaction without a place takes the one its logs leave it",
			map[string]string{
				"b": txHead + "<1>,0,9,0,{1},{2},7,50,12\n<3>,0,9,2,{1},{2},8,50,12\n",
				"l": logHead + "1,<3>,2,9,{7},0x," + id(5) + "\n",
				"t": transferHead + "{7},{1},{2},5,<2>,0,9\n",
			},
			[]string{"0 native 0 0x0001>0x0002 7", "1 token 0 0x0001>0x0002 5", "2 native 0 0x0001>0x0002 8"},
			"transactions receipts logs internal rewards",
		},
		{
			"token transfers alone: transactions stand in the order of their logs",
			map[string]string{"t": transferHead + "{7},{1},{2},5,<2>,6,9\n{7},{1},{2},115792089237316195423570985008687907853269984665640564039457584007913129639935,<1>,3,9\n{7},{1},{3},0,<2>,7,9\n"},
			[]string{
				"0 token 3 0x0001>0x0002 115792089237316195423570985008687907853269984665640564039457584007913129639935",
				"1 token 6 0x0001>0x0002 5", "1 token 7 0x0001>0x0003 0",
			},
			"transactions receipts logs internal rewards",
		},
		{
			"what the chain logs of its coin, transactions and traces tell already",
			map[string]string{
				"b": txHead + "<1>,0,9,0,{1},{2},7,50,12\n",
				"t": transferHead + "0xfffffffffffffffffffffffffffffffffffffffe,{1},{2},7,<1>,0,9\n",
				"l": logHead + "0,<1>,0,9,0xfffffffffffffffffffffffffffffffffffffffe," + id(7) + ",\"" + topicTransfer + "," + topic(account(1)) + "," + topic(account(2)) + "\"\n",
			},
			[]string{"0 native 0 0x0001>0x0002 7"},
			"receipts internal rewards",
		},
		{
			"a created contract's address follows from its creator and nonce",
			map[string]string{
				"b": txHead + "<1>,0,9,0,0x6ac7ea33f8831ea9dcc53393aaa88b25a785dbf0,,7,50,12\n",
				"c": receiptHead + "<1>,0,9,30,,,12\n",
			},
			[]string{"0 creates 0xcd23", "0 native 0 0x6ac7>0xcd23 7"},
			"receipts logs internal rewards",
		},
		{
			"a transaction that used all gas before Byzantium may have failed",
			map[string]string{"b": txHead + "<1>,0,9,0,{1},{2},7,50,12\n", "c": receiptHead + "<1>,0,9,50,,,12\n"},
			[]string{"0 native 0 0x0001>0x0002 7"},
			"receipts logs internal rewards",
		},
		{
			"balances of the genesis block",
			map[string]string{"t": traceHead + "0,,,,{2},7,genesis,,,,,,1\n0,,,,{1},5,genesis,,,,,,1\n"},
			[]string{"reward 0 >0x0001 5", "reward 1 >0x0002 7"},
			"transactions receipts logs internal",
		},
		{
			"the state that a fork moved",
			map[string]string{"t": traceHead + "1920000,,,{1},{2},7,daofork,,,,,,1\n1920000,,,,{3},5,reward,,block,,,,1\n1920000,,,,{4},4,reward,,uncle,,,,1\n1920000,,,,{4},4,reward,,uncle,,,,1\n"},
			[]string{"reward 0 >0x0003 5", "reward 1 >0x0004 4", "reward 2 >0x0004 4", "internal 3 0x0001>0x0002 7"},
			"transactions receipts logs internal",
		},
		{
			"a receipt that says failed decides",
			map[string]string{
				"b": txHead + "<1>,0,9,0,{1},{2},7,50,12\n", "c": receiptHead + "<1>,0,9,50,,0,12\n",
				"d": traceHead + "9,<1>,0,{1},{2},7,call,call,,0,,,1\n",
			},
			[]string{"0 failed"},
			"receipts logs rewards",
		},
		{
			"blobs burn too",
			map[string]string{
				"a": "number,hash,miner,base_fee_per_gas\n20000000,<9>,{9},10\n",
				"b": `{"type":"transaction","hash":"<1>","block_number":20000000,"transaction_index":0,"from_address":"{1}","to_address":"{2}","value":0,"transaction_type":3,` +
					`"gas_price":12,"receipt_gas_used":2,"receipt_status":1,"receipt_effective_gas_price":12,"receipt_blob_gas_used":100,"receipt_blob_gas_price":3,"receipt_l1_fee":1000}`,
			},
			[]string{"0 native 0 0x0001>0x0002 0", "0 fee 0 0x0001> 1320", "0 tip 0 0x0001>0x0009 4"},
			"logs internal withdrawals",
		},
		{
			"withdrawals of CSV, whose quotes are doubled",
			map[string]string{"a": blockHead + `20000000,<9>,<8>,{9},0,100,0,10,"{""index"":5,""validator_index"":1,""address"":""{1}"",""amount"":3},{""index"":6,""validator_index"":1,""address"":""{2}"",""amount"":18446744073}"` + "\r\n"},
			[]string{"withdrawal 0 >0x0001 3000000000", "withdrawal 1 >0x0002 18446744073000000000"},
			"",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			blocks := readBlocks(t, openETL(t, ethereum.ETLConfig{Path: writeETL(t, c.files)}))
			if diff := cmp.Diff(c.want, moves(blocks[0])); diff != "" || len(blocks) != 1 {
				t.Errorf("%d blocks (-want +got):\n%s", len(blocks), diff)
			}
			var gaps []string
			for _, gap := range blocks[0].Gaps {
				gaps = append(gaps, string(gap.Part))
				if gap.Reason == "" {
					t.Errorf("no reason for %s", gap.Part)
				}
			}
			if got := strings.Join(gaps, " "); got != c.gaps {
				t.Errorf("gaps %q, want %q: %v", got, c.gaps, blocks[0].Gaps)
			}
		})
	}
}

// TestETLWraps: a wrap counts where the coin went with it, once.
func TestETLWraps(t *testing.T) {
	deposit := "0xe1fffcc4923d04b559f4d29a8bfc6cda04eb5b0d3c460751c2402c5c5cc9109c"
	files := map[string]string{
		"logs":   logHead + fmt.Sprintf("0,<1>,0,9,{7},%s,\"%s,%s\"\n", id(5), deposit, topic(account(1))),
		"traces": traceHead + "9,<1>,0,{1},{7},5,call,call,,0,,,1\n",
	}
	want := []string{"0 native 0 0x0001>0x0007 5", "0 token 0 0x0000>0x0001 5"}
	if diff := cmp.Diff(want, moves(readBlocks(t, openETL(t, ethereum.ETLConfig{Path: writeETL(t, files)}))[0])); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	files["traces"] = strings.ReplaceAll(files["traces"], ",5,call", ",4,call")
	if got := moves(readBlocks(t, openETL(t, ethereum.ETLConfig{Path: writeETL(t, files)}))[0]); len(got) != 1 {
		t.Errorf("a vault's deposit counts as a wrap: %v", got)
	}
}

// TestETLOddTransfers: ethereum-etl takes Transfer logs of any shape for token
// transfers; those that are no standard's are left out where the log is there.
func TestETLOddTransfers(t *testing.T) {
	files := map[string]string{
		"transfers": transferHead + "{7},{1},{2},5,<1>,0,9\n",
		"logs":      logHead + fmt.Sprintf("0,<1>,0,9,{7},0x%s%s%s,%s\n", topic(account(1))[2:], topic(account(2))[2:], id(5)[2:], topicTransfer),
	}
	block := readBlocks(t, openETL(t, ethereum.ETLConfig{Path: writeETL(t, files)}))[0]
	if len(block.Txs) != 1 || len(block.Txs[0].Transfers) != 0 || gapParts(block)[chains.PartLogs] {
		t.Errorf("%+v", block)
	}
}

// TestETLHoles: blocks of which nothing is held are left out, and parents that
// are not known are zero.
func TestETLHoles(t *testing.T) {
	src := openETL(t, ethereum.ETLConfig{
		Path:    writeETL(t, map[string]string{"t": transferHead + "{7},{1},{2},5,<2>,0,12\n{7},{1},{2},5,<1>,0,9\n"}),
		Network: ethereum.NewNetwork(137, "POL"),
	})
	var heights []uint64
	var last error
	for block, err := range src.Blocks(t.Context(), 0, 13) {
		if last = err; err == nil {
			heights = append(heights, block.Height)
		}
	}
	if diff := cmp.Diff([]uint64{9, 12}, heights); diff != "" || !errors.Is(last, chains.ErrNotFound) {
		t.Errorf("then %v (-want +got):\n%s", last, diff)
	}
	if hash, err := src.BlockHash(t.Context(), 9); err != nil || hash != (chains.BlockHash{}) {
		t.Errorf("hash %s (%v)", hash, err)
	}
	if _, err := src.BlockHash(t.Context(), 10); !errors.Is(err, chains.ErrNotFound) {
		t.Errorf("hash of a hole: %v", err)
	}
	if _, err := src.Final(t.Context()); !errors.Is(err, chains.ErrNotFound) {
		t.Errorf("final block: %v", err)
	}
	if src.Chain() != "ethereum-137" {
		t.Errorf("chain %s", src.Chain())
	}
}

// TestETLSeeks: a part of the range is what it is in the whole, when it is read
// from the middle of runs on disk.
func TestETLSeeks(t *testing.T) {
	const blocks, perBlock = 200, 40
	text := []byte(transferHead)
	for i := range blocks * perBlock {
		n := i * 4243 % (blocks * perBlock) // in no order
		text = fmt.Appendf(text, "%s,%s,%s,%d,%s,%d,%d\n", account(7), account(n%50), account(n%60), n, id(n), n%perBlock, 2*(n/perBlock))
	}
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "t"), text, false)
	src := openETL(t, ethereum.ETLConfig{Path: dir, Memory: 400_000})
	whole := readBlocks(t, src)
	if len(whole) != blocks {
		t.Fatalf("%d blocks", len(whole))
	}
	for i := range whole {
		for block, err := range src.Blocks(t.Context(), uint64(2*i), uint64(min(2*i+1, 2*blocks-2))) {
			if diff := cmp.Diff(whole[i], block, sameFacts()); diff != "" || err != nil || len(block.Txs) != perBlock {
				t.Fatalf("block %d: %v (-whole +part):\n%s", 2*i, err, diff)
			}
		}
		if i < blocks-1 {
			for block, err := range src.Blocks(t.Context(), uint64(2*i+1), uint64(2*i+1)) {
				t.Fatalf("block %v in a hole: %v", block, err)
			}
		}
	}
}

// TestETLTokens: a token's row is that of the last block before the one asked for.
func TestETLTokens(t *testing.T) {
	src := openETL(t, ethereum.ETLConfig{Memory: 300, Path: writeETL(t, map[string]string{
		"a":         transferHead + "{7},{1},{2},5,<2>,0,12\n",
		"tokens":    "address,symbol,name,decimals,total_supply,block_number\n{7},NEW,x,6,1,20\n{7},OLD,x,18,1,10\n{8},\"A,\x1b\"\"B\",x,0,1,\n{9},X,x,999,1,5\n{10},X,x,,1,5\n",
		"contracts": "address,bytecode,function_sighashes,is_erc20,is_erc721,block_number\n{7},0x00,,True,False,1\n",
	})})
	for _, c := range []struct {
		height uint64
		want   string
	}{{5, "OLD 18"}, {15, "OLD 18"}, {20, "NEW 6"}} {
		tokens, err := src.Tokens(t.Context(), chains.BlockRef{Height: c.height}, []chains.Asset{
			chains.Asset(account(7)), chains.Asset(account(8)), chains.Asset(account(9)), chains.Asset(account(10)), "ETH",
		})
		if err != nil || tokens[0] == nil || fmt.Sprintf("%s %d", tokens[0].Symbol, tokens[0].Decimals) != c.want {
			t.Fatalf("at %d: %v (%v), want %s", c.height, tokens, err, c.want)
		}
		if tokens[1] == nil || tokens[1].Symbol != `A,"B` || tokens[2] != nil || tokens[3] != nil || tokens[4] != nil {
			t.Errorf("tokens %v", tokens)
		}
	}
}

// TestETLLeavesOut: what is no export's file is named, unless it is hidden.
func TestETLLeavesOut(t *testing.T) {
	var log bytes.Buffer
	dir := writeETL(t, map[string]string{
		"blocks/start=0/a.gz": transferHead + "{7},{1},{2},5,<2>,0,12\n",
		"other.csv":           "date,price\n1,2\n",
		"pretty.json":         "{\n  \"a\": 1\n}\n",
		"some.json":           `{"type": "price", "usd": 1}` + "\n" + `{"type":"token_transfer","token_address":"{7}","from_address":"{1}","to_address":"{2}","value":"6","transaction_hash":"<1>","log_index":1,"block_number":12}`,
		"geth.json":           `{"block_number": 1, "transaction_traces": []}`,
		"binary":              strings.Repeat("\x00\x01", 100_000),
		"nothing.csv":         "",
		".hidden":             "date,price\n",
		"_SUCCESS":            "",
		"_temporary/x.csv":    "date,price\n",
	})
	files := 0
	src := openETL(t, ethereum.ETLConfig{
		Path: dir, Log: slog.New(slog.NewTextHandler(&log, nil)), Temp: "/nonexistent", // nothing is spilled
		Progress: func(_, all int) { files = all },
	})
	if blocks := readBlocks(t, src); len(blocks[0].Txs) != 2 {
		t.Errorf("%d transactions", len(blocks[0].Txs))
	}
	for _, name := range []string{"other.csv", "pretty.json", "some.json", "geth.json", "binary", "nothing.csv"} {
		if strings.Count(log.String(), name) != 1 {
			t.Errorf("%s is not named once in\n%s", name, log.String())
		}
	}
	if files != 7 || strings.Contains(log.String(), "hidden") || strings.Contains(log.String(), "_SUCCESS") {
		t.Errorf("%d files, log:\n%s", files, log.String())
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if len(readBlocks(t, src)) != 1 {
		t.Error("the files are read again")
	}
}
