package ethereum_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"

	"tsuiseki/chains"
	"tsuiseki/chains/chaintest"
	"tsuiseki/chains/ethereum"
)

// replay serves a node's recorded answers, and refuses what was not recorded.
func replay(t *testing.T, answer func(method string, params []any) json.RawMessage) ethereum.RPCConfig {
	respond := func(call rpcCall) any {
		if call.Method == "eth_chainId" {
			return map[string]any{"jsonrpc": "2.0", "id": call.ID, "result": "0x1"}
		}
		if result := answer(call.Method, call.Params); result != nil {
			return map[string]any{"jsonrpc": "2.0", "id": call.ID, "result": result}
		}
		return map[string]any{"jsonrpc": "2.0", "id": call.ID, "error": noMethod(call.Method)}
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var raw json.RawMessage
		var call rpcCall
		var calls []rpcCall
		if err := json.NewDecoder(r.Body).Decode(&raw); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
		} else if json.Unmarshal(raw, &calls) == nil {
			var answers []any
			for _, call := range calls {
				answers = append(answers, respond(call))
			}
			send(w, answers)
		} else if json.Unmarshal(raw, &call) == nil {
			send(w, respond(call))
		}
	}))
	t.Cleanup(server.Close)
	return ethereum.RPCConfig{URL: server.URL, Concurrency: 1}
}

// TestRecordedBlocks reads mainnet blocks 1755634 and 1755635 as a node told them,
// from before Byzantium: hashes, ids and both roots must come out right.
func TestRecordedBlocks(t *testing.T) {
	folder := chaintest.Shared(t, "ethereum", "test_stream_blocks_1755634_1755635")
	byHash := map[any]json.RawMessage{}
	byNumber := map[any]json.RawMessage{"latest": reply(t, folder, "eth_getBlockByNumber_latest_false")}
	for _, number := range []string{"0x1ac9f2", "0x1ac9f3"} {
		raw := reply(t, folder, "eth_getBlockByNumber_"+number+"_true")
		var block struct {
			Hash string `json:"hash"`
		}
		if err := json.Unmarshal(raw, &block); err != nil {
			t.Fatal(err)
		}
		byHash[block.Hash], byNumber[number] = raw, raw
	}
	cfg := replay(t, func(method string, params []any) json.RawMessage {
		switch method {
		case "eth_getBlockByNumber":
			if raw := byNumber[params[0]]; raw != nil {
				return raw
			}
			return json.RawMessage("null")
		case "eth_getBlockByHash":
			return byHash[params[0]]
		case "eth_getTransactionReceipt":
			return reply(t, folder, fmt.Sprintf("eth_getTransactionReceipt_%s", params[0]))
		}
		return nil
	})
	node := dial(t, cfg)
	if node.Chain() != "ethereum" || node.Capabilities() != (ethereum.Capabilities{Archive: true}) {
		t.Errorf("chain %s, capabilities %+v", node.Chain(), node.Capabilities())
	}
	blocks, err := read(t, node, 1755634, 1755635)
	if err != nil {
		t.Fatal(err)
	}
	const miner, sender, dao = "0xa027231f42c80ca4125b5cb962a21cd4f812e88f", "0xed059bc543141c8c93031d545079b3da0233b27f", "0xbb9bc244d798123fde783fcc1c72d3bb8c189413"
	amount := func(decimal string) chains.Amount {
		n, err := chains.ParseAmount(decimal)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	want := [][]chains.Transfer{{
		{Kind: chains.NativeTransfer, From: sender, To: "0x8b3b3b624c3c0397d3da8fd861512393d51dcbac", Asset: "ETH"},
		{Kind: chains.TipTransfer, From: sender, To: miner, Asset: "ETH", Amount: amount("728360000000000")},
		{Kind: chains.TokenTransfer, From: "0x6498077292a0921c8804924fdf47b5e91e2a215f", To: "0x8b3b3b624c3c0397d3da8fd861512393d51dcbac", Asset: dao, Amount: amount("5000000000000000000")},
	}, {
		{Kind: chains.NativeTransfer, From: "0x3763e6e1228bfeab94191c856412d1bb0a8e6996", To: "0xec1ebac9da3430213281c80fa6d46378341a96ae", Asset: "ETH", Amount: amount("405738107000000000")},
		{Kind: chains.TipTransfer, From: "0x3763e6e1228bfeab94191c856412d1bb0a8e6996", To: miner, Asset: "ETH", Amount: amount("420000000000000")},
	}}
	for i := range want {
		sameTransfers(t, want[i], blocks[1].Txs[i].Transfers)
	}
	var gaps []chains.Part
	for _, gap := range blocks[1].Gaps {
		gaps = append(gaps, gap.Part)
	}
	if fmt.Sprint(gaps) != "[internal rewards]" || len(blocks[0].Txs) != 0 {
		t.Errorf("gaps %v, %d transactions in the first block", gaps, len(blocks[0].Txs))
	}
}

// TestRecordedToken: a contract that answers with an empty symbol and no decimals.
func TestRecordedToken(t *testing.T) {
	folder := chaintest.Shared(t, "ethereum", "test_stream_blocks_2112234_2112234")
	const contract = "0xdbdacfc9eb9d42559ac1efbdb40460c728139e6a"
	cfg := replay(t, func(method string, params []any) json.RawMessage {
		switch method {
		case "eth_getBlockByNumber":
			return reply(t, folder, "eth_getBlockByNumber_0x203aea_false")
		case "eth_call":
			call := params[0].(map[string]any)
			return reply(t, folder, fmt.Sprintf("eth_call_data_%s_to_%s_latest", call["data"], call["to"]))
		}
		return nil
	})
	tokens, err := dial(t, cfg).Tokens(t.Context(), chains.BlockRef{Height: 2112234}, []chains.Asset{contract})
	if err != nil || len(tokens) != 1 || tokens[0] == nil || *tokens[0] != (chains.Token{Asset: contract}) {
		t.Errorf("%v, %v", tokens, err)
	}
}

type etlBlock struct {
	Number          uint64      `json:"number"`
	ReceiptsRoot    common.Hash `json:"receipts_root"`
	WithdrawalsRoot common.Hash `json:"withdrawals_root"`
	Withdrawals     []struct {
		Index     uint64         `json:"index"`
		Validator uint64         `json:"validator_index"`
		Address   common.Address `json:"address"`
		Amount    uint64         `json:"amount"`
	} `json:"withdrawals"`
}

type etlTx struct {
	Hash       common.Hash `json:"hash"`
	Block      uint64      `json:"block_number"`
	Type       uint8       `json:"transaction_type"`
	Status     uint64      `json:"receipt_status"`
	Cumulative uint64      `json:"receipt_cumulative_gas_used"`
}

// TestRootsOfRealBlocks: the tries of 298 receipts and of withdrawals have the
// roots that blocks 17173049 and 17173050 carry on mainnet.
func TestRootsOfRealBlocks(t *testing.T) {
	folder := chaintest.Shared(t, "ethereum", "blocks_17173049_17173050")
	logs := map[common.Hash][]*types.Log{}
	for _, l := range readLines[etlLog](t, filepath.Join(folder, "expected_logs.json")) {
		hash := common.Hash(l.TxHash)
		logs[hash] = append(logs[hash], &types.Log{Address: common.HexToAddress(string(l.Address)), Topics: l.Topics, Data: l.Data})
	}
	receipts := map[uint64]types.Receipts{}
	for _, tx := range readLines[etlTx](t, filepath.Join(folder, "expected_transactions.json")) {
		receipt := &types.Receipt{Type: tx.Type, Status: tx.Status, CumulativeGasUsed: tx.Cumulative, Logs: logs[tx.Hash]}
		receipt.Bloom = types.CreateBloom(receipt)
		receipts[tx.Block] = append(receipts[tx.Block], receipt)
	}
	for _, block := range readLines[etlBlock](t, filepath.Join(folder, "expected_blocks.json")) {
		if root := types.DeriveSha(receipts[block.Number], &ethereum.ListHasher{}); root != block.ReceiptsRoot {
			t.Errorf("block %d: %d receipts have root %x, want %x", block.Number, len(receipts[block.Number]), root, block.ReceiptsRoot)
		}
		var withdrawals types.Withdrawals
		for _, w := range block.Withdrawals {
			withdrawals = append(withdrawals, &types.Withdrawal{Index: w.Index, Validator: w.Validator, Address: w.Address, Amount: w.Amount})
		}
		if root := types.DeriveSha(withdrawals, &ethereum.ListHasher{}); root != block.WithdrawalsRoot || len(withdrawals) == 0 {
			t.Errorf("block %d: %d withdrawals have root %x, want %x", block.Number, len(withdrawals), root, block.WithdrawalsRoot)
		}
	}
	// "hex" of the Ethereum tests' trieanyorder: nodes so small that they stand within their parent.
	var small ethereum.ListHasher
	_ = small.Update([]byte{0x45, 0x00}, []byte{0x98, 0x76, 0x54, 0x32, 0x10})
	_ = small.Update([]byte{0x00, 0x45}, []byte{0x01, 0x23, 0x45, 0x67, 0x89})
	if root := small.Hash().Hex(); root != "0x285505fcabe84badc8aa310e2aae17eddc7d120aabec8a476902c8184b3a3503" {
		t.Errorf("small nodes have root %s", root)
	}
	if root := types.DeriveSha(types.Receipts{}, &ethereum.ListHasher{}); root != types.EmptyReceiptsHash {
		t.Errorf("no receipts have root %x", root)
	}
}
