package ethereum_test

import (
	"crypto/ecdsa"
	"encoding/json"
	"io"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"

	"tsuiseki/chains"
	"tsuiseki/chains/ethereum"
)

// fakeNode serves a small valid chain and misbehaves on demand, in ways that a
// real node cannot be brought to.
type fakeNode struct {
	blocks   []*types.Block
	receipts [][]*types.Receipt
	key      *ecdsa.PrivateKey
	sender   common.Address
	requests atomic.Int64
	inFlight atomic.Int64
	most     atomic.Int64
	// fault answers in place of the node where it returns true.
	fault func(w http.ResponseWriter, request int64) bool
	// answer replaces the result of a method where it returns non-nil: a *refused
	// is sent as one, and noMethod is common.
	answer func(method string, params []any) any
	// noBatch answers every batch where it is not empty.
	noBatch string
	// refusalStatus is the HTTP status of a single refusal; 0 means 200.
	refusalStatus int
	// locked asks for user and password.
	locked bool
}

type refused struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

func noMethod(method string) *refused {
	return &refused{-32601, "the method " + method + " does not exist/is not available"}
}

type rpcCall struct {
	ID     json.RawMessage `json:"id"`
	Method string          `json:"method"`
	Params []any           `json:"params"`
}

// Parties of the fake chain.
const (
	payee    = "0x00000000000000000000000000000000000000b0"
	splitter = "0x00000000000000000000000000000000000000c0"
	token    = "0x00000000000000000000000000000000000000d0"
	producer = "0x00000000000000000000000000000000000000e0"
	tip      = 12 // the last block
)

const (
	baseFee = 1_000_000_000
	ether   = 1_000_000_000_000_000_000
)

func newFakeNode(t testing.TB) (*fakeNode, ethereum.RPCConfig) {
	key, err := crypto.ToECDSA(common.LeftPadBytes([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	n := &fakeNode{key: key, sender: crypto.PubkeyToAddress(key.PublicKey)}
	parent := common.Hash{}
	for height := range int64(tip + 1) {
		block, receipts := fakeBlock(t, key, height, parent, 3)
		n.blocks, n.receipts = append(n.blocks, block), append(n.receipts, receipts)
		parent = block.Hash()
	}
	server := httptest.NewServer(n)
	t.Cleanup(server.Close)
	return n, ethereum.RPCConfig{URL: server.URL, Backoff: time.Millisecond, Timeout: 5 * time.Second}
}

// fakeBlock holds transactions that repeat after three: a payment, a token transfer
// by a contract that pays on, and a failure.
func fakeBlock(t testing.TB, key *ecdsa.PrivateKey, height int64, parent common.Hash, size int) (*types.Block, []*types.Receipt) {
	header := &types.Header{
		ParentHash: parent, Number: big.NewInt(height), Time: uint64(1_700_000_000 + 12*height), BaseFee: big.NewInt(baseFee),
		Difficulty: new(big.Int), GasLimit: 30_000_000, Coinbase: common.HexToAddress(producer),
	}
	if height == 0 {
		return types.NewBlock(header, &types.Body{Withdrawals: []*types.Withdrawal{}}, nil, &ethereum.ListHasher{}), nil
	}
	var txs []*types.Transaction
	var receipts []*types.Receipt
	logs := 0
	for i := range size {
		to, value := common.HexToAddress(splitter), big.NewInt(20)
		if i%3 == 0 {
			to, value = common.HexToAddress(payee), big.NewInt(ether)
		}
		tx, err := types.SignNewTx(key, types.LatestSignerForChainID(big.NewInt(1337)), &types.DynamicFeeTx{
			ChainID: big.NewInt(1337), Nonce: uint64(3*height) + uint64(i), To: &to, Value: value, Gas: 100_000,
			GasFeeCap: big.NewInt(3 * baseFee), GasTipCap: big.NewInt(2),
		})
		if err != nil {
			t.Fatal(err)
		}
		receipt := &types.Receipt{
			Type: tx.Type(), Status: 1, GasUsed: 21_000, CumulativeGasUsed: uint64(21_000 * (i + 1)), TxHash: tx.Hash(),
			EffectiveGasPrice: big.NewInt(baseFee + 2), TransactionIndex: uint(i), Logs: []*types.Log{},
		}
		switch i % 3 {
		case 1:
			receipt.Logs = fakeLogs(crypto.PubkeyToAddress(key.PublicKey), tx.Hash(), uint(i), uint(logs))
			logs += len(receipt.Logs)
		case 2:
			receipt.Status = 0
		}
		receipt.Bloom = types.CreateBloom(receipt)
		txs, receipts = append(txs, tx), append(receipts, receipt)
	}
	body := &types.Body{Transactions: txs, Withdrawals: []*types.Withdrawal{{Index: 9, Address: common.HexToAddress(payee), Amount: 3}}}
	block := types.NewBlock(header, body, receipts, &ethereum.ListHasher{})
	for _, receipt := range receipts {
		receipt.BlockHash, receipt.BlockNumber = block.Hash(), block.Number()
		for _, log := range receipt.Logs {
			log.BlockHash, log.BlockNumber = block.Hash(), uint64(height)
		}
	}
	return block, receipts
}

func fakeLogs(from common.Address, tx common.Hash, place, first uint) []*types.Log {
	var logs []*types.Log
	for i, amount := range []int64{500, 0} {
		logs = append(logs, &types.Log{
			Address: common.HexToAddress(token), Index: first + uint(i), TxHash: tx, TxIndex: place, Data: common.LeftPadBytes(big.NewInt(amount).Bytes(), 32),
			Topics: []common.Hash{
				crypto.Keccak256Hash([]byte("Transfer(address,address,uint256)")),
				common.BytesToHash(from[:]), common.HexToHash(payee),
			},
		})
	}
	return logs
}

func (n *fakeNode) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	now := n.inFlight.Add(1)
	defer n.inFlight.Add(-1)
	for most := n.most.Load(); now > most && !n.most.CompareAndSwap(most, now); most = n.most.Load() {
	}
	if request := n.requests.Add(1); n.fault != nil && n.fault(w, request) {
		return
	}
	if user, password, _ := r.BasicAuth(); n.locked && (user != "me" || password != "hunter2") {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client hung up
	}
	var calls []rpcCall
	if json.Unmarshal(body, &calls) == nil {
		if n.noBatch != "" {
			_, _ = io.WriteString(w, n.noBatch)
			return
		}
		var answers []any
		for _, call := range calls {
			answers = append(answers, n.respond(call))
		}
		send(w, answers)
		return
	}
	var call rpcCall
	if err := json.Unmarshal(body, &call); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	answer := n.respond(call)
	if fields, ok := answer.(map[string]any); ok && fields["error"] != nil && n.refusalStatus != 0 {
		w.WriteHeader(n.refusalStatus)
	}
	send(w, answer)
}

func send(w http.ResponseWriter, answer any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(answer) // the client may have hung up
}

func (n *fakeNode) respond(call rpcCall) any {
	result := any(nil)
	if n.answer != nil {
		result = n.answer(call.Method, call.Params)
	}
	if result == nil {
		result = n.handle(call.Method, call.Params)
	}
	if refusal, ok := result.(*refused); ok {
		return map[string]any{"jsonrpc": "2.0", "id": call.ID, "error": refusal}
	}
	return map[string]any{"jsonrpc": "2.0", "id": call.ID, "result": result}
}

// null is a result that is null, where nil means that nothing replaces it.
type null struct{}

func (null) MarshalJSON() ([]byte, error) { return []byte("null"), nil }

// find is the block of that number, tag or hash.
func (n *fakeNode) find(param any) *types.Block {
	if object, ok := param.(map[string]any); ok {
		param = object["blockHash"]
	}
	switch param {
	case "latest":
		return n.blocks[tip]
	case "finalized":
		return n.blocks[tip-4]
	}
	for _, b := range n.blocks {
		if param == b.Hash().Hex() || param == "0x"+b.Number().Text(16) {
			return b
		}
	}
	return nil
}

func (n *fakeNode) handle(method string, params []any) any {
	switch method {
	case "eth_chainId":
		return "0x539"
	case "eth_getBalance":
		return "0xde0b6b3a7640001"
	case "eth_getCode":
		return "0x60"
	case "eth_getTransactionReceipt":
		for _, receipts := range n.receipts {
			for _, r := range receipts {
				if params[0] == r.TxHash.Hex() {
					return r
				}
			}
		}
		return null{}
	case "eth_getBlockByNumber", "eth_getBlockByHash", "eth_getBlockReceipts", "debug_traceBlockByHash", "trace_block":
	default:
		return noMethod(method)
	}
	b := n.find(params[0])
	if b == nil {
		return null{}
	}
	switch method {
	case "eth_getBlockReceipts":
		return n.receipts[b.NumberU64()]
	case "debug_traceBlockByHash":
		return n.nestedTraces(b)
	case "trace_block":
		return n.flatTraces(b)
	}
	whole, _ := params[1].(bool)
	return n.blockJSON(b, whole)
}

func (n *fakeNode) blockJSON(b *types.Block, whole bool) map[string]any {
	fields := toMap(b.Header())
	fields["withdrawals"], fields["uncles"] = b.Withdrawals(), []any{}
	txs := []any{}
	for i, tx := range b.Transactions() {
		if !whole {
			txs = append(txs, tx.Hash())
			continue
		}
		item := toMap(tx)
		item["from"], item["transactionIndex"], item["gasPrice"] = n.sender, i, "0x3b9aca02"
		txs = append(txs, item)
	}
	fields["transactions"] = txs
	return fields
}

func toMap(value any) map[string]any {
	raw, err := json.Marshal(value)
	var fields map[string]any
	if err == nil {
		err = json.Unmarshal(raw, &fields)
	}
	if err != nil {
		panic(err) // the test's own values cannot be encoded
	}
	return fields
}

// nestedTraces: the second transaction pays 7 on, and loses 9 with all below it in
// a call that is reverted.
func (n *fakeNode) nestedTraces(b *types.Block) []any {
	traces := []any{}
	for i, tx := range b.Transactions() {
		call := func(from, to any, value string, more map[string]any) map[string]any {
			frame := map[string]any{"type": "CALL", "from": from, "to": to, "value": value, "gas": "0x1", "gasUsed": "0x1", "input": "0x"}
			maps.Copy(frame, more)
			return frame
		}
		more := map[string]any{}
		switch i % 3 {
		case 1:
			more["calls"] = []any{
				call(splitter, token, "0x9", map[string]any{"error": "execution reverted", "calls": []any{call(token, payee, "0x5", nil)}}),
				map[string]any{"type": "DELEGATECALL", "from": splitter, "to": token, "value": "0x14"},
				call(splitter, payee, "0x7", nil),
			}
		case 2:
			more["error"] = "execution reverted"
		}
		root := call(n.sender, tx.To(), "0x"+tx.Value().Text(16), more)
		traces = append(traces, map[string]any{"txHash": tx.Hash(), "result": root})
	}
	return traces
}

// flatTraces are the same in Parity's format.
func (n *fakeNode) flatTraces(b *types.Block) []any {
	items := []any{}
	for i, tx := range b.Transactions() {
		call := func(kind string, from, to any, value, failure string, place ...int) {
			item := map[string]any{
				"type": "call", "action": map[string]any{"callType": kind, "from": from, "to": to, "value": value},
				"blockHash": b.Hash(), "blockNumber": b.NumberU64(), "transactionHash": tx.Hash(), "traceAddress": append([]int{}, place...),
			}
			if failure != "" {
				item["error"] = failure
			}
			items = append(items, item)
		}
		value := "0x" + tx.Value().Text(16)
		switch i % 3 {
		case 0:
			call("call", n.sender, tx.To(), value, "")
		case 1:
			call("call", n.sender, tx.To(), value, "")
			call("call", splitter, token, "0x9", "Reverted", 0)
			call("call", token, payee, "0x5", "", 0, 0)
			call("delegatecall", splitter, token, "0x14", "", 1)
			call("call", splitter, payee, "0x7", "", 2)
		case 2:
			call("call", n.sender, tx.To(), value, "Reverted")
		}
	}
	return items
}

// dial reaches the fake node.
func dial(t testing.TB, cfg ethereum.RPCConfig) *ethereum.Node {
	t.Helper()
	node, err := ethereum.Dial(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { node.Close() })
	return node
}

// read collects the blocks that the source yields before its first error.
func read(t testing.TB, src chains.Source, from, to uint64) (blocks []*chains.Block, err error) {
	t.Helper()
	for block, err := range src.Blocks(t.Context(), from, to) {
		if err != nil {
			return blocks, err
		}
		blocks = append(blocks, block)
	}
	return blocks, nil
}
