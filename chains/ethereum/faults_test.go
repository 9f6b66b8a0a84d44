package ethereum_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/core/types"

	"tsuiseki/chains"
	"tsuiseki/chains/ethereum"
)

// at makes an answer for one method about block 5 only.
func at(n *fakeNode, method string, answer func(b *types.Block) any) func(string, []any) any {
	return func(called string, params []any) any {
		if called == method && n.find(params0(params)) == n.blocks[5] {
			return answer(n.blocks[5])
		}
		return nil
	}
}

func says(code int, message string) func(*types.Block) any {
	return func(*types.Block) any { return &refused{code, message} }
}

func both(first, second func(string, []any) any) func(string, []any) any {
	return func(method string, params []any) any {
		if result := first(method, params); result != nil {
			return result
		}
		return second(method, params)
	}
}

func without(methods ...string) func(string, []any) any {
	return func(method string, _ []any) any {
		if slices.Contains(methods, method) {
			return noMethod(method)
		}
		return nil
	}
}

// TestNodeNamesGaps: what a node cannot tell is named, and the rest is kept.
func TestNodeNamesGaps(t *testing.T) {
	type gaps map[chains.Part]string // words of the reason
	everything := gaps{}
	for _, part := range chains.Parts() {
		everything[part] = "pruned"
	}
	trace := func(code int, message string) func(n *fakeNode) func(string, []any) any {
		return func(n *fakeNode) func(string, []any) any {
			return both(without("trace_block"), at(n, "debug_traceBlockByHash", says(code, message)))
		}
	}
	pruned := says(4444, "pruned history unavailable")
	for name, c := range map[string]struct {
		answer func(n *fakeNode) func(string, []any) any
		want   gaps
	}{
		"old state":          {trace(-32000, "required historical state unavailable (reexec=128)"), gaps{chains.PartInternal: "archive"}},
		"historical state":   {trace(-32000, "historical state 0x1234 is not available"), gaps{chains.PartInternal: "archive"}},
		"missing trie node":  {trace(-32000, "missing trie node ab (path 01)"), gaps{chains.PartInternal: "archive"}},
		"request timed out":  {trace(-32002, "request timed out"), gaps{chains.PartInternal: "in time"}},
		"execution timeout":  {trace(-32000, "execution timeout"), gaps{chains.PartInternal: "in time"}},
		"pruned trace":       {trace(4444, "pruned history unavailable"), gaps{chains.PartInternal: "pruned"}},
		"switched off later": {trace(-32601, "the method debug_traceBlockByHash does not exist/is not available"), gaps{chains.PartInternal: "does not serve"}},
		"parent is missing":  {trace(-32000, "block #4 not found"), gaps{chains.PartInternal: "block #4 not found"}},
		"anything else":      {trace(-32000, "tracing failed: out of luck"), gaps{chains.PartInternal: "out of luck"}},
		"old state, but another tracer": {func(n *fakeNode) func(string, []any) any {
			return at(n, "debug_traceBlockByHash", says(-32000, "missing trie node ab"))
		}, gaps{}},
		"one transaction's trace": {func(n *fakeNode) func(string, []any) any {
			return both(without("trace_block"), at(n, "debug_traceBlockByHash", func(b *types.Block) any {
				traces := n.nestedTraces(b)
				traces[0] = map[string]any{"txHash": b.Transactions()[0].Hash(), "error": "execution timeout"}
				return traces
			}))
		}, gaps{chains.PartInternal: "in time"}},
		"a trace that contradicts": {func(n *fakeNode) func(string, []any) any {
			return at(n, "debug_traceBlockByHash", func(b *types.Block) any {
				traces := n.nestedTraces(b)
				traces[0].(map[string]any)["result"].(map[string]any)["value"] = "0x1"
				return traces
			})
		}, gaps{chains.PartInternal: "another sender or value"}},
		"a trace of another sender": {func(n *fakeNode) func(string, []any) any {
			return at(n, "debug_traceBlockByHash", func(b *types.Block) any {
				traces := n.nestedTraces(b)
				traces[0].(map[string]any)["result"].(map[string]any)["from"] = payee
				return traces
			})
		}, gaps{chains.PartInternal: "another sender or value"}},
		"a trace that failed": {func(n *fakeNode) func(string, []any) any {
			return at(n, "debug_traceBlockByHash", func(b *types.Block) any {
				traces := n.nestedTraces(b)
				traces[0].(map[string]any)["result"].(map[string]any)["error"] = "out of gas"
				return traces
			})
		}, gaps{chains.PartInternal: "its receipt that it did not"}},
		"trace_block lacks one": {func(n *fakeNode) func(string, []any) any {
			return both(without("debug_traceBlockByHash"), at(n, "trace_block", func(b *types.Block) any { return n.flatTraces(b)[1:] }))
		}, gaps{chains.PartInternal: "no trace of it"}},
		"pruned receipts": {func(n *fakeNode) func(string, []any) any {
			return at(n, "eth_getBlockReceipts", pruned)
		}, gaps{chains.PartReceipts: "pruned", chains.PartLogs: "pruned"}},
		"pruned blocks": {func(n *fakeNode) func(string, []any) any {
			body := both(at(n, "eth_getBlockByHash", pruned), at(n, "eth_getBlockByNumber", pruned))
			header := func(b *types.Block) any {
				fields := n.blockJSON(b, false)
				delete(fields, "transactions")
				return fields
			}
			return both(body, both(at(n, "eth_getHeaderByNumber", header), at(n, "eth_getHeaderByHash", header)))
		}, everything},
	} {
		t.Run(name, func(t *testing.T) {
			n, cfg := newFakeNode(t)
			node := dialHonest(t, n, cfg, c.answer(n))
			blocks, err := read(t, node, 4, 6)
			if err != nil || len(blocks) != 3 {
				t.Fatalf("%d blocks, error %v", len(blocks), err)
			}
			got := gaps{}
			for _, gap := range blocks[1].Gaps {
				got[gap.Part] = gap.Reason
			}
			if len(got) != len(c.want) || len(blocks[0].Gaps)+len(blocks[2].Gaps) > 0 {
				t.Errorf("gaps %q, want %q in block 5 only", got, c.want)
			}
			for part, words := range c.want {
				if !strings.Contains(got[part], words) {
					t.Errorf("gap in %s: %q, want %q", part, got[part], words)
				}
			}
			if c.want[chains.PartTransactions] == "" {
				keepsTheRest(t, blocks[1], wantBlock(n), c.want[chains.PartReceipts] != "", c.want[chains.PartInternal] != "")
			}
		})
	}
}

// dialHonest reaches a node which starts to misbehave after that, except for
// methods that it never had.
func dialHonest(t *testing.T, n *fakeNode, cfg ethereum.RPCConfig, answer func(string, []any) any) *ethereum.Node {
	t.Helper()
	n.answer = func(method string, params []any) any {
		if n.find(params0(params)) == nil {
			return answer(method, params)
		}
		return nil
	}
	node := dial(t, cfg)
	n.answer = answer
	return node
}

// keepsTheRest checks that a gap costs none of the facts that it does not name.
func keepsTheRest(t *testing.T, got, want *chains.Block, noReceipts, noInternal bool) {
	t.Helper()
	for i := range want.Txs {
		var kinds, wanted []string
		for _, x := range got.Txs[i].Transfers {
			if x.Kind != chains.InternalTransfer || !noInternal {
				kinds = append(kinds, fmt.Sprint(x.Kind, x.From, x.To, x.Amount))
			}
		}
		for _, x := range want.Txs[i].Transfers {
			ofReceipt := x.IsLog() || x.Kind == chains.FeeTransfer || x.Kind == chains.TipTransfer
			if (noReceipts && ofReceipt) || (noInternal && x.Kind == chains.InternalTransfer) {
				continue
			}
			wanted = append(wanted, fmt.Sprint(x.Kind, x.From, x.To, x.Amount))
		}
		if fmt.Sprint(kinds) != fmt.Sprint(wanted) || got.Txs[i].Failed != want.Txs[i].Failed {
			t.Errorf("transaction %d: failed %v with %v, want %v", i, got.Txs[i].Failed, kinds, wanted)
		}
	}
}

// TestNodeRefusesLies: a wrong or empty answer is an error, never a fact.
func TestNodeRefusesLies(t *testing.T) {
	receipts := func(change func(n *fakeNode, receipts []map[string]any) any) func(n *fakeNode) func(string, []any) any {
		return func(n *fakeNode) func(string, []any) any {
			return at(n, "eth_getBlockReceipts", func(*types.Block) any {
				var copies []map[string]any
				for _, r := range n.receipts[5] {
					copies = append(copies, toMap(r))
				}
				return change(n, copies)
			})
		}
	}
	block := func(change func(n *fakeNode, fields map[string]any) any) func(n *fakeNode) func(string, []any) any {
		return func(n *fakeNode) func(string, []any) any {
			return at(n, "eth_getBlockByHash", func(b *types.Block) any { return change(n, n.blockJSON(b, true)) })
		}
	}
	traces := func(method string, answer func(n *fakeNode, b *types.Block) any) func(n *fakeNode) func(string, []any) any {
		return func(n *fakeNode) func(string, []any) any {
			other := map[string]string{"trace_block": "debug_traceBlockByHash", "debug_traceBlockByHash": "trace_block"}[method]
			return both(without(other), at(n, method, func(b *types.Block) any { return answer(n, b) }))
		}
	}
	for name, c := range map[string]struct {
		answer func(n *fakeNode) func(string, []any) any
		want   error
	}{
		"null receipts":        {receipts(func(*fakeNode, []map[string]any) any { return null{} }), chains.ErrUnavailable},
		"no receipts":          {receipts(func(*fakeNode, []map[string]any) any { return []any{} }), chains.ErrCorrupt},
		"a receipt too few":    {receipts(func(_ *fakeNode, r []map[string]any) any { return r[:2] }), chains.ErrCorrupt},
		"receipts of another":  {receipts(func(n *fakeNode, _ []map[string]any) any { return n.receipts[6] }), chains.ErrReorg},
		"a receipt twice":      {receipts(func(_ *fakeNode, r []map[string]any) any { return []any{r[0], r[1], r[1]} }), chains.ErrCorrupt},
		"receipts of no shape": {receipts(func(*fakeNode, []map[string]any) any { return "0x" }), chains.ErrCorrupt},
		"a log left out": {receipts(func(_ *fakeNode, r []map[string]any) any {
			r[1]["logs"] = r[1]["logs"].([]any)[1:]
			return r
		}), chains.ErrCorrupt},
		"the last log left out": {receipts(func(_ *fakeNode, r []map[string]any) any {
			r[1]["logs"] = r[1]["logs"].([]any)[:1]
			return r
		}), chains.ErrCorrupt},
		"a log's amount": {receipts(func(_ *fakeNode, r []map[string]any) any {
			r[1]["logs"].([]any)[0].(map[string]any)["data"] = "0x" + strings.Repeat("0", 63) + "1"
			return r
		}), chains.ErrCorrupt},
		"a failure hidden": {receipts(func(_ *fakeNode, r []map[string]any) any {
			r[2]["status"] = "0x1"
			return r
		}), chains.ErrCorrupt},
		"no single receipt": {func(n *fakeNode) func(string, []any) any {
			return func(method string, params []any) any {
				switch {
				case method == "eth_getBlockReceipts":
					return noMethod(method)
				case method == "eth_getTransactionReceipt" && params[0] == n.receipts[5][1].TxHash.Hex():
					return null{}
				}
				return nil
			}
		}, chains.ErrUnavailable},
		"still indexing": {func(n *fakeNode) func(string, []any) any {
			return at(n, "eth_getBlockByHash", says(-32000, "the node is still syncing"))
		}, chains.ErrUnavailable},
		"the block is gone": {block(func(*fakeNode, map[string]any) any { return null{} }), chains.ErrReorg},
		"the block is unknown": {func(n *fakeNode) func(string, []any) any {
			return at(n, "eth_getBlockByHash", says(-32000, "header not found"))
		}, chains.ErrReorg},
		"another block":            {block(func(n *fakeNode, _ map[string]any) any { return n.blockJSON(n.blocks[6], true) }), chains.ErrCorrupt},
		"no transactions":          {block(func(_ *fakeNode, b map[string]any) any { delete(b, "transactions"); return b }), chains.ErrCorrupt},
		"empty transactions":       {block(func(_ *fakeNode, b map[string]any) any { b["transactions"] = []any{}; return b }), chains.ErrCorrupt},
		"a withdrawal left out":    {block(func(_ *fakeNode, b map[string]any) any { b["withdrawals"] = []any{}; return b }), chains.ErrCorrupt},
		"a null withdrawal":        {block(func(_ *fakeNode, b map[string]any) any { b["withdrawals"] = []any{nil}; return b }), chains.ErrCorrupt},
		"another producer":         {block(func(_ *fakeNode, b map[string]any) any { b["miner"] = payee; return b }), chains.ErrCorrupt},
		"a transaction's value":    {block(func(_ *fakeNode, b map[string]any) any { txOf(b)["value"] = "0x1"; return b }), chains.ErrCorrupt},
		"a transaction's receiver": {block(func(_ *fakeNode, b map[string]any) any { txOf(b)["to"] = splitter; return b }), chains.ErrCorrupt},
		"no sender":                {block(func(_ *fakeNode, b map[string]any) any { delete(txOf(b), "from"); return b }), chains.ErrCorrupt},
		"the next is not the child": {func(n *fakeNode) func(string, []any) any {
			return func(method string, params []any) any {
				if method == "eth_getBlockByNumber" && params[0] == "0x5" {
					fields := n.blockJSON(n.blocks[7], false)
					fields["number"] = "0x5"
					return fields
				}
				return nil
			}
		}, chains.ErrCorrupt}, // its height is not the one asked for
		"pending": {func(n *fakeNode) func(string, []any) any {
			return at(n, "eth_getBlockByNumber", func(b *types.Block) any { f := n.blockJSON(b, false); f["hash"] = nil; return f })
		}, chains.ErrCorrupt},
		"all pruned": {func(n *fakeNode) func(string, []any) any {
			return at(n, "eth_getBlockByNumber", says(4444, "pruned history unavailable"))
		}, chains.ErrUnavailable},
		"null traces":       {traces("debug_traceBlockByHash", func(*fakeNode, *types.Block) any { return null{} }), chains.ErrUnavailable},
		"no traces":         {traces("debug_traceBlockByHash", func(*fakeNode, *types.Block) any { return []any{} }), chains.ErrUnavailable},
		"a trace too few":   {traces("debug_traceBlockByHash", func(n *fakeNode, b *types.Block) any { return n.nestedTraces(b)[:2] }), chains.ErrCorrupt},
		"traces of another": {traces("debug_traceBlockByHash", func(n *fakeNode, _ *types.Block) any { return n.nestedTraces(n.blocks[6]) }), chains.ErrCorrupt},
		"no flat traces":    {traces("trace_block", func(*fakeNode, *types.Block) any { return []any{} }), chains.ErrUnavailable},
		"flat of another":   {traces("trace_block", func(n *fakeNode, _ *types.Block) any { return n.flatTraces(n.blocks[6]) }), chains.ErrReorg},
		"flat out of order": {traces("trace_block", func(n *fakeNode, b *types.Block) any { f := n.flatTraces(b); f[2], f[3] = f[3], f[2]; return f }), chains.ErrCorrupt},
	} {
		t.Run(name, func(t *testing.T) {
			n, cfg := newFakeNode(t)
			blocks, err := read(t, dialHonest(t, n, cfg, c.answer(n)), 3, 8)
			if !errors.Is(err, c.want) || len(blocks) != 2 {
				t.Errorf("%d blocks, error %v; want 2, %v", len(blocks), err, c.want)
			}
		})
	}
}

// TestNodeRefusesLiesItCannotCompute: where a later fork's header cannot be hashed,
// receipts and transactions are still held to each other.
func TestNodeRefusesLiesItCannotCompute(t *testing.T) {
	type maps = []map[string]any
	for name, change := range map[string]func(txs []any, receipts maps) maps{
		"no receipts":           func(_ []any, _ maps) maps { return maps{} },
		"a receipt too few":     func(_ []any, r maps) maps { return r[:2] },
		"a receipt too many":    func(_ []any, r maps) maps { return append(r, r[2]) },
		"a receipt twice":       func(_ []any, r maps) maps { return maps{r[0], r[1], r[1]} },
		"the first log is gone": func(_ []any, r maps) maps { r[1]["logs"] = r[1]["logs"].([]any)[1:]; return r },
		"a log of another":      func(_ []any, r maps) maps { r[2]["logs"], r[1]["logs"] = r[1]["logs"], []any{}; return r },
		"a removed log":         func(_ []any, r maps) maps { r[1]["logs"].([]any)[0].(map[string]any)["removed"] = true; return r },
		"a transaction's value": func(txs []any, r maps) maps { txs[0].(map[string]any)["value"] = "0x1"; return r },
		"another transaction":   func(txs []any, r maps) maps { txs[0] = txs[1]; return r },
		"a height":              nil,
	} {
		t.Run(name, func(t *testing.T) {
			n, cfg := newFakeNode(t)
			fields := n.blockJSON(n.blocks[5], true)
			fields["fieldOfALaterFork"], fields["extraData"] = "0x1", "0x77"
			receipts := maps{}
			for _, r := range n.receipts[5] {
				receipts = append(receipts, toMap(r))
			}
			if change == nil {
				fields["number"] = "0x6"
			} else {
				receipts = change(fields["transactions"].([]any), receipts)
			}
			lie := both(at(n, "eth_getBlockByHash", func(*types.Block) any { return fields }), at(n, "eth_getBlockReceipts", func(*types.Block) any { return receipts }))
			blocks, err := read(t, dialHonest(t, n, cfg, lie), 4, 6)
			if !errors.Is(err, chains.ErrCorrupt) || len(blocks) != 1 {
				t.Errorf("%d blocks, error %v; want 1, ErrCorrupt", len(blocks), err)
			}
		})
	}
}

func txOf(block map[string]any) map[string]any {
	return block["transactions"].([]any)[0].(map[string]any)
}

// TestNodeTrustsWhatItCannotCompute: a header with a later fork's field and a
// transaction of a rollup are taken as the node tells them.
func TestNodeTrustsWhatItCannotCompute(t *testing.T) {
	n, cfg := newFakeNode(t)
	cfg.Asset = "POL"
	n.answer = at(n, "eth_getBlockByHash", func(b *types.Block) any {
		fields := n.blockJSON(b, true)
		fields["fieldOfALaterFork"], fields["extraData"] = "0x1", "0x77"
		tx := txOf(fields)
		tx["type"] = "0x7e"
		delete(tx, "gasPrice")
		return fields
	})
	blocks, err := read(t, dial(t, cfg), 5, 5)
	if err != nil {
		t.Fatal(err)
	}
	want := wantBlock(n)
	want.System[0].Asset = "POL"
	for i := range want.Txs {
		for j := range want.Txs[i].Transfers {
			if x := &want.Txs[i].Transfers[j]; x.Asset == "ETH" {
				x.Asset = "POL"
			}
		}
	}
	compareBlock(t, want, blocks[0])
}

// TestNodeRidesOutFaults: each fault hits every third request; nothing is lost.
func TestNodeRidesOutFaults(t *testing.T) {
	reply := func(status int, body string) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) {
			w.WriteHeader(status)
			fmt.Fprint(w, body)
		}
	}
	for name, misbehave := range map[string]func(http.ResponseWriter){
		"HTTP 429":           reply(http.StatusTooManyRequests, ""),
		"limit exceeded":     reply(http.StatusOK, `{"jsonrpc":"2.0","id":1,"error":{"code":-32005,"message":"limit exceeded"}}`),
		"429 in JSON":        reply(http.StatusTooManyRequests, `{"jsonrpc":"2.0","id":1,"error":{"code":429,"message":"Too Many Requests"}}`),
		"words alone":        reply(http.StatusOK, `{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"Too many requests, slow down"}}`),
		"HTTP 503":           reply(http.StatusServiceUnavailable, "busy"),
		"gateway":            reply(http.StatusBadGateway, "<html>"),
		"a page, not JSON":   reply(http.StatusOK, "<html>"),
		"half an answer":     reply(http.StatusOK, `{"jsonrpc":"2.0","id":1,"resu`),
		"nothing":            reply(http.StatusOK, ""),
		"neither answer nor": reply(http.StatusOK, `{"jsonrpc":"2.0","id":1}`),
		"hang up": func(w http.ResponseWriter) {
			if connection, _, err := http.NewResponseController(w).Hijack(); err == nil {
				connection.Close()
			}
		},
	} {
		for _, missing := range []string{"", "eth_getBlockReceipts"} { // batches come in its place
			t.Run(name+missing, func(t *testing.T) {
				n, cfg := newFakeNode(t)
				n.answer = without(missing)
				n.fault = func(w http.ResponseWriter, request int64) bool {
					if request%3 == 0 {
						misbehave(w)
					}
					return request%3 == 0
				}
				blocks, err := read(t, dial(t, cfg), 1, tip)
				if err != nil || len(blocks) != tip {
					t.Fatalf("%d blocks, error %v", len(blocks), err)
				}
				compareBlock(t, wantBlock(n), blocks[4])
			})
		}
	}
}

// TestNodeHalvesBatches: a node that limits batches, or takes none, is still read.
func TestNodeHalvesBatches(t *testing.T) {
	for name, misbehave := range map[string]string{
		"one object": `{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"batch requests are not supported"}}`,
		"too large":  `[{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"batch too large"}}]`,
		"nothing":    `[]`,
	} {
		t.Run(name, func(t *testing.T) {
			n, cfg := newFakeNode(t)
			cfg.Retries = 1
			n.answer = without("eth_getBlockReceipts")
			n.noBatch = misbehave
			blocks, err := read(t, dial(t, cfg), 5, 5)
			if err != nil {
				t.Fatal(err)
			}
			compareBlock(t, wantBlock(n), blocks[0])
		})
	}
}

// TestNodeDoesNotWaitForSlowTraces: a tracer that hangs is a gap, a node that does
// is an error.
func TestNodeDoesNotWaitForSlowTraces(t *testing.T) {
	hangs := func(hung string) ([]*chains.Block, error) {
		n, cfg := newFakeNode(t)
		cfg.Timeout, cfg.Retries = 100*time.Millisecond, 2
		node := dial(t, cfg)
		var asked atomic.Int64
		t.Cleanup(func() {
			if want := map[string]int64{"debug_traceBlockByHash": 1}[hung]; want != 0 && asked.Load() != want {
				t.Errorf("a tracer that hangs was asked %d times, want %d", asked.Load(), want)
			}
		})
		release := make(chan struct{})
		t.Cleanup(func() { close(release) })
		n.answer = both(without("trace_block"), func(method string, _ []any) any {
			if method == hung {
				asked.Add(1)
				select {
				case <-release:
				case <-time.After(300 * time.Millisecond):
				}
			}
			return nil
		})
		return read(t, node, 5, 5)
	}
	blocks, err := hangs("debug_traceBlockByHash")
	if err != nil || len(blocks[0].Gaps) != 1 || !strings.Contains(blocks[0].Gaps[0].Reason, "in time") {
		t.Errorf("blocks %+v, error %v; want a gap", blocks, err)
	}
	if _, err := hangs("eth_getBlockByHash"); !errors.Is(err, chains.ErrUnavailable) {
		t.Errorf("error %v, want ErrUnavailable", err)
	}
}

func TestNodeSeesReorgs(t *testing.T) {
	n, cfg := newFakeNode(t)
	var moved bool
	node := dial(t, cfg)
	n.answer = func(method string, params []any) any {
		switch {
		case method == "eth_getBlockReceipts" && n.find(params0(params)) == n.blocks[tip]:
			moved = true
			return null{}
		case method == "eth_getBlockByNumber" && params[0] == "0xc" && moved:
			fields := n.blockJSON(n.blocks[tip], false)
			fields["hash"] = "0x" + strings.Repeat("12", 32)
			return fields
		}
		return nil
	}
	if _, err := read(t, node, tip, tip); !errors.Is(err, chains.ErrReorg) {
		t.Errorf("error %v, want ErrReorg", err)
	}
}
