package ethereum

import (
	"encoding/json"

	"tsuiseki/chains"
)

// What the tests of this package reach that its users do not.

type (
	// Frame is a call in a call tree.
	Frame = frame
	// LogRecord is a contract's log.
	LogRecord = logRecord
)

// Parsers and readers of what nodes and files tell.
var (
	DecodeCallFrame = decodeCallFrame
	FrameTransfers  = frameTransfers
	DecodeLog       = decodeLog
	DecodeMessages  = decodeMessages
	DecodeToken     = decodeToken
)

// DecodeLogs is decodeLogsBeside where the coin's transfers are not known.
func DecodeLogs(logs []LogRecord) ([]chains.Transfer, []chains.Freeze) {
	return decodeLogsBeside(logs, nil)
}

// DecodeLogsBeside is decodeLogsBeside.
func DecodeLogsBeside(logs []LogRecord, coins []chains.Transfer) ([]chains.Transfer, []chains.Freeze) {
	return decodeLogsBeside(logs, coins)
}

// DecodeTraceBlock reads a trace_block answer: call trees by transaction, and rewards.
func DecodeTraceBlock(raw json.RawMessage) (map[chains.TxID]*Frame, []chains.Transfer, error) {
	var items []flatFrame
	if err := json.Unmarshal(raw, &items); err != nil {
		return nil, nil, corrupt("%w", err)
	}
	trace, err := decodeFlat(items)
	return trace.roots, trace.rewards, err
}

// Partial is frame.partial.
func Partial(f *Frame) bool { return f.partial() }

// ListHasher is listHasher, which real blocks prove in TestRootsOfRealBlocks.
type ListHasher = listHasher

// Fees are the fee and tip that a receipt, a transaction and a block in JSON come to.
func Fees(receipt, tx, block string) ([]chains.Transfer, error) {
	var r rpcReceipt
	var x rpcTx
	var b rpcBlock
	for text, into := range map[string]any{receipt: &r, tx: &x, block: &b} {
		if err := json.Unmarshal([]byte(text), into); err != nil {
			return nil, err
		}
	}
	return r.fees(&x, &b, "ETH"), nil
}

// Failed reports whether a transaction failed, and whether that is not certain.
func Failed(receipt, tx string, root *Frame) (wasFailed, undecided bool, err error) {
	var r *rpcReceipt
	var x rpcTx
	if err := json.Unmarshal([]byte(receipt), &r); err != nil {
		return false, false, err
	}
	if err := json.Unmarshal([]byte(tx), &x); err != nil {
		return false, false, err
	}
	wasFailed, undecided = failed(&x, r, root)
	return wasFailed, undecided, nil
}

// ReadBlock makes a block of a node's three answers about it, without asking.
func ReadBlock(ref chains.BlockRef, block, receipts json.RawMessage, traces []json.RawMessage) (*chains.Block, error) {
	told, err := decodeBlock(block, ref)
	if err != nil {
		return nil, err
	}
	facts := blockFacts{block: told, coin: "ETH", trace: blockTrace{roots: map[chains.TxID]*frame{}}}
	var listed []json.RawMessage
	if err := json.Unmarshal(receipts, &listed); err != nil {
		return nil, err
	}
	for i := range listed {
		receipt, err := decodeReceipt(listed[i])
		if err != nil {
			return nil, err
		}
		facts.receipts = append(facts.receipts, receipt)
	}
	if err := checkReceipts(told, facts.receipts); err != nil {
		return nil, err
	}
	for i := range traces {
		root, err := decodeCallFrame(traces[i])
		if err != nil {
			return nil, err
		}
		facts.trace.add(&told.txs[i], root)
	}
	return facts.assemble(), nil
}
