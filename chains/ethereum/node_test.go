package ethereum_test

import (
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"tsuiseki/chains"
	"tsuiseki/chains/chaintest"
	"tsuiseki/chains/ethereum"
)

// wantBlock is what the fake chain's block 5 holds, said by hand.
func wantBlock(n *fakeNode) *chains.Block {
	b := n.blocks[5]
	ref := chains.BlockRef{Height: 5, Hash: chains.BlockHash(b.Hash())}
	when := time.Unix(1_700_000_060, 0).UTC()
	sender := chains.Address(strings.ToLower(n.sender.Hex()))
	fees := []chains.Transfer{
		{Kind: chains.FeeTransfer, From: sender, Asset: "ETH", Amount: chains.NewAmount(21_000 * baseFee)},
		{Kind: chains.TipTransfer, From: sender, To: producer, Asset: "ETH", Amount: chains.NewAmount(42_000)},
	}
	tx := func(index uint32, to chains.Address, transfers ...chains.Transfer) chains.Tx {
		return chains.Tx{ID: chains.TxID(b.Transactions()[index].Hash()), Block: ref, Time: when, Index: index, From: sender, To: to, Failed: index == 2, Transfers: transfers}
	}
	return &chains.Block{
		Header:   chains.Header{BlockRef: ref, Parent: chains.BlockHash(b.ParentHash()), Time: when},
		Producer: producer,
		System:   []chains.Transfer{{Kind: chains.WithdrawalTransfer, To: payee, Asset: "ETH", Amount: chains.NewAmount(3_000_000_000)}},
		Txs: []chains.Tx{
			tx(0, payee, chains.Transfer{Kind: chains.NativeTransfer, From: sender, To: payee, Asset: "ETH", Amount: chains.NewAmount(ether)}, fees[0], fees[1]),
			tx(1, splitter,
				chains.Transfer{Kind: chains.NativeTransfer, From: sender, To: splitter, Asset: "ETH", Amount: chains.NewAmount(20)},
				chains.Transfer{Kind: chains.InternalTransfer, Index: 4, From: splitter, To: payee, Asset: "ETH", Amount: chains.NewAmount(7)},
				fees[0], fees[1],
				chains.Transfer{Kind: chains.TokenTransfer, From: sender, To: payee, Asset: token, Amount: chains.NewAmount(500)},
				chains.Transfer{Kind: chains.TokenTransfer, Index: 1, From: sender, To: payee, Asset: token}),
			tx(2, splitter, fees[0], fees[1]),
		},
	}
}

func compareBlock(t *testing.T, want, got *chains.Block) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmp.Comparer(chains.Amount.Equal), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("block differs (-want +got):\n%s", diff)
	}
}

// TestNodeDialects: whatever a node serves, the facts are the same, or named as missing.
func TestNodeDialects(t *testing.T) {
	lacks := func(methods ...string) func(string, []any) any {
		return func(method string, params []any) any {
			if slices.Contains(methods, method) {
				return noMethod(method)
			}
			if method == "trace_block" && !strings.HasPrefix(params[0].(string), "0x") {
				return &refused{-32602, "hex numbers only"}
			}
			return nil
		}
	}
	for name, c := range map[string]struct {
		answer  func(string, []any) any
		can     ethereum.Capabilities
		missing bool // internal transfers
	}{
		"all":              {nil, ethereum.Capabilities{BlockReceipts: true, CallTracer: true, TraceBlock: true, Archive: true}, false},
		"geth":             {lacks("trace_block"), ethereum.Capabilities{BlockReceipts: true, CallTracer: true, Archive: true}, false},
		"trace_block only": {lacks("debug_traceBlockByHash"), ethereum.Capabilities{BlockReceipts: true, TraceBlock: true, Archive: true}, false},
		"hardhat": {func(method string, _ []any) any {
			switch method {
			case "eth_getBlockReceipts", "debug_traceBlockByHash", "trace_block":
				return &refused{-32004, "Method " + method + " is not supported"}
			}
			return nil
		}, ethereum.Capabilities{Archive: true}, true},
		"receipts by hash alone": {func(method string, params []any) any {
			if _, object := params0(params).(map[string]any); object && method == "eth_getBlockReceipts" {
				return &refused{-32602, "invalid type: map, expected a block number, tag or hash"}
			}
			return nil
		}, ethereum.Capabilities{BlockReceipts: true, CallTracer: true, TraceBlock: true, Archive: true}, false},
		"receipts by number alone": {func(method string, params []any) any {
			if text, _ := params0(params).(string); method == "eth_getBlockReceipts" && (len(text) == 66 || text == "") {
				return &refused{-32602, "invalid argument 0: hex string has length 64, want at most 16"}
			}
			return nil
		}, ethereum.Capabilities{BlockReceipts: true, CallTracer: true, TraceBlock: true, Archive: true}, false},
		"no archive": {func(method string, _ []any) any {
			if method == "eth_getBalance" {
				return &refused{-32000, "missing trie node 0x1 (path )"}
			}
			return nil
		}, ethereum.Capabilities{BlockReceipts: true, CallTracer: true, TraceBlock: true}, false},
	} {
		t.Run(name, func(t *testing.T) {
			n, cfg := newFakeNode(t)
			n.answer = c.answer
			node := dial(t, cfg)
			if node.Capabilities() != c.can || node.Chain() != "ethereum-1337" {
				t.Errorf("chain %s, capabilities %+v, want %+v", node.Chain(), node.Capabilities(), c.can)
			}
			blocks, err := read(t, node, 5, 5)
			if err != nil {
				t.Fatal(err)
			}
			want := wantBlock(n)
			if c.missing {
				const reason = "the node does not serve this: switch the method on, or ask another node"
				want.Gaps = []chains.Gap{{Part: chains.PartInternal, Reason: reason}}
				want.Txs[1].Transfers = append(want.Txs[1].Transfers[:1], want.Txs[1].Transfers[2:]...)
			}
			compareBlock(t, want, blocks[0])
		})
	}
}

// TestNodeKeepsTheFormUnderstood: a node is asked in a form that it refuses for the
// blocks already under way, and no longer.
func TestNodeKeepsTheFormUnderstood(t *testing.T) {
	n, cfg := newFakeNode(t)
	cfg.Concurrency = 1
	var refusals atomic.Int64
	n.answer = func(method string, params []any) any {
		if _, object := params0(params).(map[string]any); !object || method != "eth_getBlockReceipts" {
			return nil
		}
		refusals.Add(1)
		return &refused{-32602, "invalid type: map"}
	}
	if _, err := read(t, dial(t, cfg), 1, tip); err != nil || refusals.Load() > 3 {
		t.Errorf("%d refusals, error %v; want at most 3", refusals.Load(), err)
	}
}

func params0(params []any) any {
	if len(params) == 0 {
		return nil
	}
	return params[0]
}

func TestNodeKeepsTheContract(t *testing.T) {
	_, cfg := newFakeNode(t)
	node := dial(t, cfg)
	chaintest.TestSource(t, node, 1)
	blocks, err := read(t, node, 0, 0)
	if err != nil || len(blocks[0].Gaps) != 1 || blocks[0].Gaps[0].Part != chains.PartRewards {
		t.Errorf("genesis block %+v, error %v; want what it gives named as missing", blocks, err)
	}
	final, err := node.Final(t.Context())
	if err != nil || final.Height != tip-4 {
		t.Errorf("final block %s, error %v", final, err)
	}
}

func TestNodeBoundsConcurrency(t *testing.T) {
	n, cfg := newFakeNode(t)
	cfg.Concurrency = 3
	node := dial(t, cfg)
	n.answer = func(string, []any) any {
		time.Sleep(time.Millisecond)
		return nil
	}
	if _, err := read(t, node, 0, tip); err != nil {
		t.Fatal(err)
	}
	if most := n.most.Load(); most != 3 {
		t.Errorf("%d requests at once, want 3", most)
	}
}
