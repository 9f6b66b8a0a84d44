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
	DecodeLogs      = decodeLogs
	DecodeToken     = decodeToken
)

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
