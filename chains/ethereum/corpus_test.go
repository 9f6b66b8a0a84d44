package ethereum_test

import (
	"encoding/json"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tsuiseki/chains"
	"tsuiseki/chains/chaintest"
	"tsuiseki/chains/ethereum"
)

// corpusCase is one transaction of go-ethereum's tracer tests, from mainnet.
type corpusCase struct {
	Input  string          `json:"input"` // the signed transaction
	Result json.RawMessage `json:"result"`
}

func corpus(tb testing.TB, folders ...string) map[string]corpusCase {
	tb.Helper()
	cases := map[string]corpusCase{}
	for _, folder := range folders {
		files, err := filepath.Glob(filepath.Join(chaintest.ModuleDir(tb, "github.com/ethereum/go-ethereum"), "eth", "tracers", "internal", "tracetest", "testdata", folder, "*.json"))
		if err != nil || len(files) == 0 {
			tb.Fatalf("no files in %s (%v)", folder, err)
		}
		for _, file := range files {
			raw, err := os.ReadFile(file)
			if err != nil {
				tb.Fatal(err)
			}
			var c corpusCase
			if err := json.Unmarshal(raw, &c); err != nil {
				tb.Fatalf("%s: %v", file, err)
			}
			cases[folder+"/"+strings.TrimSuffix(filepath.Base(file), ".json")] = c
		}
	}
	return cases
}

// plainFrame is a frame in a reading of its own, which shares nothing with the program's.
type plainFrame struct {
	Type, From, To, Value, Error string
	Calls                        []plainFrame
}

// balances adds up in the plainest way what a call tree changes.
func (f *plainFrame) balances(change map[string]*big.Int) {
	if f.Error != "" {
		return
	}
	if f.Type == "CALL" || f.Type == "SELFDESTRUCT" || strings.HasPrefix(f.Type, "CREATE") {
		value, _ := new(big.Int).SetString(strings.TrimPrefix(f.Value, "0x"), 16)
		if value == nil {
			value = new(big.Int)
		}
		addTo(change, f.From, new(big.Int).Neg(value))
		addTo(change, f.To, value)
	}
	for i := range f.Calls {
		f.Calls[i].balances(change)
	}
}

func addTo(change map[string]*big.Int, who string, value *big.Int) {
	who = strings.ToLower(who)
	if change[who] == nil {
		change[who] = new(big.Int)
	}
	change[who].Add(change[who], value)
}

func (f *plainFrame) creations(reverted bool) (created []string) {
	reverted = reverted || f.Error != ""
	if !reverted && strings.HasPrefix(f.Type, "CREATE") {
		created = append(created, strings.ToLower(f.To))
	}
	for i := range f.Calls {
		created = append(created, f.Calls[i].creations(reverted)...)
	}
	return created
}

// TestCallTracerCorpus: the transfers of every case change balances as its frames
// say, and sum to nothing.
func TestCallTracerCorpus(t *testing.T) {
	cases := corpus(t, "call_tracer", "call_tracer_withLog", "call_tracer_legacy")
	failures, internal := 0, 0
	for name, c := range cases {
		root, err := ethereum.DecodeCallFrame(c.Result)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var plain plainFrame
		if err := json.Unmarshal(c.Result, &plain); err != nil {
			t.Fatal(err)
		}
		transfers, created, failed := ethereum.FrameTransfers(root)
		if failed != (plain.Error != "") || (failed && len(transfers)+len(created) > 0) {
			t.Errorf("%s: failed is %v with %d transfers, error %q", name, failed, len(transfers), plain.Error)
		}
		if failed {
			failures++
			continue
		}
		want, got := map[string]*big.Int{}, map[string]*big.Int{}
		plain.balances(want)
		sum := new(big.Int)
		for i, x := range transfers {
			addTo(got, string(x.From), x.Amount.Sub(x.Amount).Sub(x.Amount).Big())
			addTo(got, string(x.To), x.Amount.Big())
			if (i == 0) != (x.Kind == chains.NativeTransfer) || (i > 0 && x.Index <= transfers[i-1].Index) || (i > 0 && x.Amount.Sign() <= 0) {
				t.Errorf("%s: transfer %d is %+v", name, i, x)
			}
			if x.Kind == chains.InternalTransfer {
				internal++
			}
		}
		for who, change := range want {
			if change.Sign() == 0 {
				continue
			}
			if got[who] == nil || got[who].Cmp(change) != 0 {
				t.Errorf("%s: balance of %s changes by %v, want %v", name, who, got[who], change)
			}
			sum.Add(sum, change)
		}
		if sum.Sign() != 0 {
			t.Errorf("%s: %v appears from nowhere", name, sum)
		}
		var contracts []string
		for _, a := range created {
			contracts = append(contracts, string(a))
		}
		if !slices.Equal(contracts, plain.creations(false)) {
			t.Errorf("%s: created %v, want %v", name, contracts, plain.creations(false))
		}
	}
	t.Logf("%d cases, %d failed, %d internal transfers", len(cases), failures, internal)
	if len(cases) < 37 || failures == 0 || internal == 0 {
		t.Error("the corpus does not cover failures and internal transfers")
	}
}

// flatTree reads a flat case; some of its items do not repeat their transaction.
func flatTree(t *testing.T, c corpusCase) *ethereum.Frame {
	t.Helper()
	var items []map[string]any
	if err := json.Unmarshal(c.Result, &items); err != nil {
		t.Fatal(err)
	}
	for _, item := range items {
		item["transactionHash"] = "0x" + strings.Repeat("ab", 32)
	}
	raw, err := json.Marshal(items)
	if err != nil {
		t.Fatal(err)
	}
	roots, _, err := ethereum.DecodeTraceBlock(raw)
	if err != nil || len(roots) != 1 {
		t.Fatalf("%d call trees, error %v", len(roots), err)
	}
	for _, root := range roots {
		return root
	}
	return nil
}

// TestFlatCorpus: every flat case builds a tree of as many calls as it lists; where
// the same transaction is among the callTracer's cases, both move the same.
func TestFlatCorpus(t *testing.T) {
	nested := map[string]*ethereum.Frame{}
	for name, c := range corpus(t, "call_tracer") {
		root, err := ethereum.DecodeCallFrame(c.Result)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !strings.HasSuffix(name, "_onlytop") { // asked for without inner calls
			nested[filepath.Base(name)+c.Input] = root // one input was run on two states
		}
	}
	compared := 0
	flat := corpus(t, "call_tracer_flat")
	for name, c := range flat {
		t.Run(name, func(t *testing.T) {
			root := flatTree(t, c)
			var items []json.RawMessage
			if err := json.Unmarshal(c.Result, &items); err != nil || count(root) != len(items) {
				t.Errorf("%d calls in the tree, %d listed (%v)", count(root), len(items), err)
			}
			other := nested[filepath.Base(name)+c.Input]
			if other == nil {
				return
			}
			compared++
			got, created, failed := ethereum.FrameTransfers(root)
			want, wantCreated, wantFailed := ethereum.FrameTransfers(other)
			if callsPrecompile(other) { // which trace_block leaves out, and so numbers calls otherwise
				got, want = unnumbered(got), unnumbered(want)
			}
			if failed != wantFailed || !slices.Equal(created, wantCreated) {
				t.Errorf("failed %v, created %v; callTracer has %v, %v", failed, created, wantFailed, wantCreated)
			}
			if diff := cmp.Diff(want, got, cmp.Comparer(chains.Amount.Equal)); diff != "" {
				t.Errorf("transfers differ (-callTracer +trace_block):\n%s", diff)
			}
		})
	}
	t.Logf("%d flat cases, %d of them in both dialects", len(flat), compared)
	if len(flat) != 32 || compared < 8 {
		t.Errorf("%d flat cases, %d of them in both dialects, want 32 and at least 8", len(flat), compared)
	}
}

func count(f *ethereum.Frame) int {
	n := 1
	for _, call := range f.Calls {
		n += count(call)
	}
	return n
}

func callsPrecompile(f *ethereum.Frame) bool {
	digits, ok := strings.CutPrefix(string(f.To), "0x")
	if n, err := strconv.ParseUint(strings.TrimLeft(digits, "0"), 16, 64); ok && err == nil && n <= 0x100 {
		return true
	}
	return slices.ContainsFunc(f.Calls, callsPrecompile)
}

func unnumbered(transfers []chains.Transfer) []chains.Transfer {
	transfers = slices.Clone(transfers)
	for i := range transfers {
		transfers[i].Index = 0
	}
	return transfers
}
