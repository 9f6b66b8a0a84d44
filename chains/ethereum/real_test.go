package ethereum_test

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/google/go-cmp/cmp"

	"tsuiseki/chains"
	"tsuiseki/chains/chaintest"
	"tsuiseki/chains/ethereum"
)

// readLines reads a file of JSON lines.
func readLines[T any](t testing.TB, path string) (rows []T) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		if len(lines.Bytes()) == 0 {
			continue
		}
		var row T
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		rows = append(rows, row)
	}
	return rows
}

// reply is a node's recorded answer in a folder of the shared data.
func reply(t *testing.T, folder, pattern string) json.RawMessage {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "web3_response."+pattern+".json"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%s: %d files %s, error %v", folder, len(files), pattern, err)
	}
	raw, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	var answer struct {
		Result json.RawMessage `json:"result"`
	}
	if err := json.Unmarshal(raw, &answer); err != nil {
		t.Fatal(err)
	}
	return answer.Result
}

// traceRow is a trace as ethereum-etl lists it.
type traceRow struct{ Tx, Kind, From, To, Value, Error, Place, Subtraces string }

func expectedTraces(t *testing.T, folder string) (rows []traceRow) {
	t.Helper()
	file, err := os.Open(filepath.Join(folder, "expected_traces.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	records, err := csv.NewReader(file).ReadAll()
	if err != nil || len(records) < 2 {
		t.Fatalf("%d records, error %v", len(records), err)
	}
	for _, record := range records[1:] {
		field := func(name string) string { return record[slices.Index(records[0], name)] }
		rows = append(rows, traceRow{
			Tx: field("transaction_index"), Kind: strings.TrimSuffix(field("trace_type")+"/"+field("call_type"), "/"),
			From: field("from_address"), To: field("to_address"), Value: field("value"),
			Error: field("error"), Place: field("trace_address"), Subtraces: field("subtraces"),
		})
	}
	return rows
}

// flatten lists a call tree as ethereum-etl does.
func flatten(tx string, f *ethereum.Frame, place []string) []traceRow {
	kind := map[string]string{
		"CALL": "call/call", "CALLCODE": "call/callcode", "DELEGATECALL": "call/delegatecall", "STATICCALL": "call/staticcall",
		"CREATE": "create", "CREATE2": "create", "SELFDESTRUCT": "suicide",
	}[f.Op]
	value := f.Value.String()
	if ethereum.Partial(f) && len(f.Calls) == 0 {
		value = "" // not told
	}
	rows := []traceRow{{
		Tx: tx, Kind: kind, From: string(f.From), To: string(f.To), Value: value,
		Error: f.Error, Place: strings.Join(place, ","), Subtraces: fmt.Sprint(len(f.Calls)),
	}}
	for i, call := range f.Calls {
		rows = append(rows, flatten(tx, call, append(slices.Clone(place), fmt.Sprint(i)))...)
	}
	return rows
}

// TestTraceRows: every trace row that ethereum-etl expects of these mainnet blocks.
func TestTraceRows(t *testing.T) {
	for _, name := range []string{"create", "error", "subtraces", "suicide"} {
		t.Run("trace_block "+name, func(t *testing.T) {
			folder := chaintest.Shared(t, "ethereum", "test_export_traces_job_block_with_"+name)
			var order []struct {
				Tx *chains.TxID `json:"transactionHash"`
			}
			raw := reply(t, folder, "trace_block_*")
			if err := json.Unmarshal(raw, &order); err != nil {
				t.Fatal(err)
			}
			roots, rewards, err := ethereum.DecodeTraceBlock(raw)
			if err != nil {
				t.Fatal(err)
			}
			var got []traceRow
			seen := map[chains.TxID]bool{}
			for _, item := range order {
				if item.Tx != nil && !seen[*item.Tx] {
					got = append(got, flatten(fmt.Sprint(len(seen)), roots[*item.Tx], nil)...)
					seen[*item.Tx] = true
				}
			}
			for _, r := range rewards {
				got = append(got, traceRow{Kind: "reward", To: string(r.To), Value: r.Amount.String(), Subtraces: "0"})
			}
			if diff := cmp.Diff(expectedTraces(t, folder), got); diff != "" || len(roots) != len(seen) {
				t.Errorf("rows differ (-expected +got):\n%s", diff)
			}
		})
		t.Run("callTracer "+name, func(t *testing.T) {
			folder := chaintest.Shared(t, "ethereum", "test_extract_geth_traces_job_block_with_"+name)
			var got []traceRow
			for i, root := range callTrees(t, reply(t, folder, "debug_traceBlockByNumber_*")) {
				got = append(got, flatten(fmt.Sprint(i), root, nil)...)
			}
			if diff := cmp.Diff(expectedTraces(t, folder), got); diff != "" {
				t.Errorf("rows differ (-expected +got):\n%s", diff)
			}
		})
	}
}

func callTrees(t *testing.T, raw json.RawMessage) (roots []*ethereum.Frame) {
	t.Helper()
	var results []struct {
		Result json.RawMessage `json:"result"`
	}
	if err := json.Unmarshal(raw, &results); err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		root, err := ethereum.DecodeCallFrame(r.Result)
		if err != nil {
			t.Fatal(err)
		}
		roots = append(roots, root)
	}
	return roots
}

// TestTraceTransfers says by hand what these blocks moved, in both dialects.
func TestTraceTransfers(t *testing.T) {
	type move struct {
		Kind             chains.TransferKind
		Index            uint32
		From, To, Amount string
	}
	for name, want := range map[string]struct {
		moves   []move
		created []chains.Address
		failed  int
		partial bool // the old callTracer is silent on what a self-destruct paid
	}{
		"create": {moves: []move{
			{"native", 0, "0xaf21e07e5a929d16026a7b4d88f3906a8d2e4942", "0x5b3c526b152b1f3d8eabe2ec27f49b904ad51cad", "64655529900000002048"},
			{"native", 0, "0xacdee28d8ca76187883831a37f551a5904cdf191", "0xa7e3cf952ea8d9438a26ee346c295f1ada328ae1", "0"},
		}, created: []chains.Address{"0xa7e3cf952ea8d9438a26ee346c295f1ada328ae1"}},
		"error": {moves: []move{
			{"native", 0, "0x9288fe5be3be048b5c7a68bfd4b9a0746b7e4a00", "0xe05ff93a9978bbb48356accc74088f3841fc5d72", "1100000000000000000"},
		}, failed: 1},
		"subtraces": {moves: []move{ // the CALLCODE of 100 ETH stays with its caller
			{"native", 0, "0x39fa8c5f2793459d6622857e7d9fbb4bd91766d3", "0xc083e9947cf02b8ffc7d3090ae9aea72df98fd47", "100000000000000000000"},
			{"native", 0, "0x32be343b94f860124dc4fee278fdcbd38c102d88", "0xdf190dc7190dfba737d7777a163445b7fff16133", "437194980000000000"},
		}},
		"suicide": {moves: []move{
			{"native", 0, "0x83973747eec131bf9a08ac64fb1a518e891bdf4b", "0x474faa5018639791952fae334e2911700ac7fe9b", "0"},
			{"internal", 1, "0x474faa5018639791952fae334e2911700ac7fe9b", "0x83973747eec131bf9a08ac64fb1a518e891bdf4b", "50000000000000000"},
		}, partial: true},
	} {
		check := func(t *testing.T, roots []*ethereum.Frame, silent bool) {
			var moves []move
			var created []chains.Address
			failures := 0
			for _, root := range roots {
				transfers, contracts, failed := ethereum.FrameTransfers(root)
				if failed {
					failures++
				}
				created = append(created, contracts...)
				for _, x := range transfers {
					moves = append(moves, move{x.Kind, x.Index, string(x.From), string(x.To), x.Amount.String()})
				}
			}
			expected := want.moves
			if silent {
				expected = slices.DeleteFunc(slices.Clone(expected), func(m move) bool { return m.Kind == chains.InternalTransfer })
			}
			byFrom := func(a, b move) int { return strings.Compare(a.From, b.From) }
			slices.SortFunc(moves, byFrom)
			expected = slices.SortedFunc(slices.Values(expected), byFrom)
			if diff := cmp.Diff(expected, moves); diff != "" || !slices.Equal(created, want.created) || failures != want.failed {
				t.Errorf("created %v, %d failed; moves differ (-want +got):\n%s", created, failures, diff)
			}
		}
		t.Run("trace_block "+name, func(t *testing.T) {
			roots, _, err := ethereum.DecodeTraceBlock(reply(t, chaintest.Shared(t, "ethereum", "test_export_traces_job_block_with_"+name), "trace_block_*"))
			if err != nil {
				t.Fatal(err)
			}
			check(t, slices.Collect(maps.Values(roots)), false)
		})
		t.Run("callTracer "+name, func(t *testing.T) {
			roots := callTrees(t, reply(t, chaintest.Shared(t, "ethereum", "test_extract_geth_traces_job_block_with_"+name), "debug_traceBlockByNumber_*"))
			if silent := slices.ContainsFunc(roots, ethereum.Partial); silent != want.partial {
				t.Errorf("partial is %v, want %v", silent, want.partial)
			}
			check(t, roots, want.partial)
		})
	}
}

// etlLog and etlTransfer are rows of ethereum-etl's.
type etlLog struct {
	Index   uint32         `json:"log_index"`
	TxHash  chains.TxID    `json:"transaction_hash"`
	Tx      uint32         `json:"transaction_index"`
	Address chains.Address `json:"address"`
	Data    hexutil.Bytes  `json:"data"`
	Topics  []common.Hash  `json:"topics"`
	Block   uint64         `json:"block_number"`
}

type etlTransfer struct {
	Token chains.Asset   `json:"token_address"`
	From  chains.Address `json:"from_address"`
	To    chains.Address `json:"to_address"`
	Value json.Number    `json:"value"`
	Index uint32         `json:"log_index"`
	Block uint64         `json:"block_number"`
}

// TestTransferLogs: the 291 Transfer logs of blocks 17173049 and 17173050 are 282
// fungible transfers and 9 that ethereum-etl takes for them too.
func TestTransferLogs(t *testing.T) {
	folder := chaintest.Shared(t, "ethereum", "blocks_17173049_17173050")
	type key struct {
		block uint64
		index uint32
	}
	got := map[key]chains.Transfer{}
	kinds := map[chains.TransferKind]int{}
	logs := readLines[etlLog](t, filepath.Join(folder, "expected_logs.json"))
	for _, l := range logs {
		transfers, freeze, ok := ethereum.DecodeLog(ethereum.LogRecord{Address: l.Address, Topics: l.Topics, Data: l.Data, Index: l.Index, Tx: l.Tx})
		if ok != (len(transfers) > 0 || freeze != nil) {
			t.Errorf("log %d: ok is %v for %d transfers", l.Index, ok, len(transfers))
		}
		if l.Topics[0] != common.HexToHash("0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef") {
			continue
		}
		for _, x := range transfers {
			kinds[x.Kind]++
			got[key{l.Block, l.Index}] = x
		}
	}
	if len(logs) != 681 || kinds[chains.TokenTransfer] != 282 || kinds[chains.CollectibleTransfer] != 9 {
		t.Errorf("%d logs with transfers %v, want 681 with 282 and 9", len(logs), kinds)
	}
	expected := readLines[etlTransfer](t, filepath.Join(folder, "expected_token_transfers.json"))
	if len(expected) != len(got) {
		t.Errorf("%d transfers, want %d", len(got), len(expected))
	}
	for _, want := range expected {
		x := got[key{want.Block, want.Index}]
		value := x.Amount
		if x.Kind == chains.CollectibleTransfer {
			value = x.TokenID
		}
		// ethereum-etl reads a value from the data, which a collectible leaves empty.
		if x.Asset != want.Token || x.From != want.From || x.To != want.To || (value.String() != want.Value.String() && want.Value != "") {
			t.Errorf("log %d of block %d: %+v, want %+v", want.Index, want.Block, x, want)
		}
	}
}
