package ethereum

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"tsuiseki/chains"
)

// frame is one call in a transaction's call tree, whichever tracer told of it.
type frame struct {
	Op       string // CALL, CALLCODE, DELEGATECALL, STATICCALL, CREATE, CREATE2 or SELFDESTRUCT
	From, To chains.Address
	Value    chains.Amount
	Error    string // why it was reverted, with all below it
	Calls    []*frame
}

// frameTransfers reads a call tree: the transaction's own value, then what its
// calls moved, in order of execution, and the contracts they created. Nothing is
// left of a call that was reverted, nor of what it called: its callees do not say
// so. The asset is the chain's coin, which the caller names.
//
// trace_block leaves out calls of precompiled contracts, so that later calls of the
// same transaction have lower numbers there than from the callTracer.
func frameTransfers(root *frame) (transfers []chains.Transfer, created []chains.Address, failed bool) {
	if root.Error != "" {
		return nil, nil, true
	}
	next := uint32(0)
	var walk func(f *frame, reverted bool)
	walk = func(f *frame, reverted bool) {
		index := next
		next++
		reverted = reverted || f.Error != ""
		if !reverted {
			if index == 0 || (f.moves() && f.Value.Sign() > 0) {
				kind := chains.InternalTransfer
				if index == 0 {
					kind = chains.NativeTransfer
				}
				transfers = append(transfers, chains.Transfer{Kind: kind, Index: index, From: f.From, To: f.To, Amount: f.Value})
			}
			if f.creates() && f.To != "" {
				created = append(created, f.To)
			}
		}
		for _, call := range f.Calls {
			walk(call, reverted)
		}
	}
	walk(root, false)
	return transfers, created, false
}

func (f *frame) creates() bool { return f.Op == "CREATE" || f.Op == "CREATE2" }

// moves reports whether the frame's value changes hands. A DELEGATECALL shows its
// caller's value, and a CALLCODE pays its own caller.
func (f *frame) moves() bool { return f.Op == "CALL" || f.Op == "SELFDESTRUCT" || f.creates() }

// partial reports whether the tracer left out what a self-destruct paid, as geth
// did before 2018.
func (f *frame) partial() bool {
	if f.Op == "SELFDESTRUCT" && f.From == "" {
		return true
	}
	for _, call := range f.Calls {
		if call.partial() {
			return true
		}
	}
	return false
}

// callFrame is a frame as geth's callTracer writes it.
type callFrame struct {
	Type  string      `json:"type"`
	From  account     `json:"from"`
	To    account     `json:"to"`
	Value quantity    `json:"value"`
	Error string      `json:"error"`
	Calls []callFrame `json:"calls"`
}

// decodeCallFrame reads the callTracer's answer for one transaction.
func decodeCallFrame(raw json.RawMessage) (*frame, error) {
	var top callFrame
	if err := json.Unmarshal(raw, &top); err != nil {
		return nil, corrupt("callTracer: %w", err)
	}
	return top.frame()
}

func (c *callFrame) frame() (*frame, error) {
	f := &frame{Op: c.Type, From: chains.Address(c.From), To: chains.Address(c.To), Value: chains.Amount(c.Value), Error: c.Error}
	if f.Op == "SUICIDE" { // the opcode's name until 2016
		f.Op = "SELFDESTRUCT"
	}
	switch f.Op {
	case "CALL", "CALLCODE", "DELEGATECALL", "STATICCALL", "CREATE", "CREATE2":
		if f.From == "" {
			return nil, corrupt("callTracer: a %s without sender", f.Op)
		}
	case "SELFDESTRUCT":
	default:
		return nil, corrupt("callTracer: a call of unknown type %.40q", c.Type)
	}
	for i := range c.Calls {
		call, err := c.Calls[i].frame()
		if err != nil {
			return nil, err
		}
		f.Calls = append(f.Calls, call)
	}
	return f, nil
}

// flatFrame is an item of trace_block, in Parity's format.
type flatFrame struct {
	Type   string `json:"type"` // call, create, suicide, reward
	Action struct {
		CallType       string   `json:"callType"`
		CreationMethod string   `json:"creationMethod"`
		From           account  `json:"from"`
		To             account  `json:"to"`
		Value          quantity `json:"value"`
		Address        account  `json:"address"` // self-destructed
		RefundAddress  account  `json:"refundAddress"`
		Balance        quantity `json:"balance"`
		Author         account  `json:"author"` // rewarded
	} `json:"action"`
	Result *struct {
		Address account `json:"address"` // created
	} `json:"result"`
	Error        string `json:"error"`
	TraceAddress []int  `json:"traceAddress"`
	Tx           *hash  `json:"transactionHash"`
	Block        hash   `json:"blockHash"`
}

// blockTrace is what a tracer tells of a block.
type blockTrace struct {
	roots     map[chains.TxID]*frame
	rewards   []chains.Transfer // only trace_block tells of them
	gap       string            // why some or all trees are missing
	noRewards string            // why rewards are missing
}

// decodeFlat builds the call trees that trace_block lists depth-first.
func decodeFlat(items []flatFrame) (blockTrace, error) {
	trace := blockTrace{roots: map[chains.TxID]*frame{}}
	for i := range items {
		item := &items[i]
		if item.Type == "reward" {
			if item.Action.Author == "" {
				return trace, corrupt("trace_block: item %d rewards nobody", i)
			}
			trace.rewards = append(trace.rewards, chains.Transfer{
				Kind: chains.RewardTransfer, Index: uint32(len(trace.rewards)), To: chains.Address(item.Action.Author), Amount: chains.Amount(item.Action.Value),
			})
			continue
		}
		if item.Tx == nil {
			return trace, corrupt("trace_block: item %d belongs to no transaction", i)
		}
		id := chains.TxID(*item.Tx)
		f, err := item.frame()
		if err == nil {
			err = graft(trace.roots, id, f, item.TraceAddress)
		}
		if err != nil {
			return trace, fmt.Errorf("trace_block: item %d: %w", i, err)
		}
	}
	return trace, nil
}

// graft hangs a frame into its transaction's tree at the place that its trace
// address names, which must be the next free one.
func graft(roots map[chains.TxID]*frame, id chains.TxID, f *frame, place []int) error {
	parent, started := roots[id]
	if len(place) == 0 {
		if started {
			return corrupt("a second top call of transaction %s", id)
		}
		roots[id] = f
		return nil
	}
	if !started {
		return corrupt("a call before the top call of transaction %s", id)
	}
	for _, k := range place[:len(place)-1] {
		if k != len(parent.Calls)-1 { // depth-first: only the last branch still grows
			return corrupt("trace address %v is out of order", place)
		}
		parent = parent.Calls[k]
	}
	if place[len(place)-1] != len(parent.Calls) {
		return corrupt("trace address %v is out of order", place)
	}
	parent.Calls = append(parent.Calls, f)
	return nil
}

func (item *flatFrame) frame() (*frame, error) {
	a := &item.Action
	f := &frame{From: chains.Address(a.From), To: chains.Address(a.To), Value: chains.Amount(a.Value), Error: item.Error}
	switch item.Type {
	case "call":
		f.Op = strings.ToUpper(a.CallType)
		switch f.Op {
		case "CALL", "CALLCODE", "DELEGATECALL", "STATICCALL":
		default:
			return nil, corrupt("a call of unknown type %.40q", a.CallType)
		}
	case "create":
		f.Op = "CREATE"
		if strings.EqualFold(a.CreationMethod, "create2") {
			f.Op = "CREATE2"
		}
		f.To = ""
		if item.Result != nil {
			f.To = chains.Address(item.Result.Address)
		}
	case "suicide", "selfdestruct":
		f.Op, f.From, f.To, f.Value = "SELFDESTRUCT", chains.Address(a.Address), chains.Address(a.RefundAddress), chains.Amount(a.Balance)
	default:
		return nil, corrupt("an item of unknown type %.40q", item.Type)
	}
	if f.From == "" {
		return nil, corrupt("a %s without sender", item.Type)
	}
	return f, nil
}

// corrupt says that what came from outside is not what it claims to be.
func corrupt(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{chains.ErrCorrupt}, args...)...)
}

// null is how a node says in JSON that it has nothing.
func null(raw json.RawMessage) bool {
	raw = bytes.TrimSpace(raw)
	return len(raw) == 0 || string(raw) == "null"
}
