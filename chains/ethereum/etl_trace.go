package ethereum

import (
	"encoding/binary"
	"math"
)

// etlTraceKind is what a frame, or a row beside the transactions, does.
type etlTraceKind uint8

const (
	traceCall    etlTraceKind = iota
	traceNoValue              // a delegatecall, callcode or staticcall: its value moves nothing
	traceCreate
	traceDestruct
	traceReward
	traceUncle
	traceGenesis
	traceFork // a change of state by decree
	traceUnknown
)

// inTransaction reports whether the row is a frame of a call tree.
func (k etlTraceKind) inTransaction() bool { return k <= traceDestruct }

func traceKind(kind, call, reward []byte) etlTraceKind {
	switch string(kind) {
	case "call", "callcode", "delegatecall", "staticcall":
		if text := string(call); (text == "call" || text == "") && string(kind) == "call" {
			return traceCall
		}
		return traceNoValue
	case "create", "create2":
		return traceCreate
	case "suicide", "selfdestruct":
		return traceDestruct
	case "reward":
		if string(reward) == "uncle" {
			return traceUncle
		}
		return traceReward
	case "genesis":
		return traceGenesis
	case "daofork":
		return traceFork
	}
	return traceUnknown
}

func (p *etlRowReader) readTrace(r *etlRow) error {
	height := r.height(colBlockNumber)
	t := &p.trace
	*t = etlTrace{kind: traceKind(r.fields[colTraceType], r.fields[colCallType], r.fields[colRewardType]), path: t.path[:0]}
	if t.kind == traceUnknown {
		r.refuse(colTraceType, "call, create, suicide, reward, genesis or daofork")
	}
	t.index = r.place(colTransactionIndex, &t.facts)
	if r.filled(colTransactionHash, false) {
		t.hash, t.facts = r.hash(colTransactionHash), t.facts|knowsHash
	}
	if r.filled(colFrom, false) {
		t.from, t.facts = r.address(colFrom), t.facts|knowsFrom
	}
	if r.filled(colTo, false) {
		t.to, t.facts = r.address(colTo), t.facts|knowsTo
	}
	if r.filled(colValue, false) {
		t.value, t.facts = r.word(colValue), t.facts|knowsValue
	}
	if r.filled(colSubtraces, false) {
		t.subtraces, t.facts = r.uint(colSubtraces, math.MaxUint32), t.facts|knowsSubtraces
	}
	if r.filled(colError, false) || (r.filled(colStatus, false) && r.uint(colStatus, 1) == 0) {
		t.facts |= isFailed
	}
	if t.kind.inTransaction() && !t.facts.has(knowsHash) {
		r.filled(colTransactionIndex, true)
	}
	if t.kind == traceCall || t.kind == traceCreate || t.kind == traceFork {
		r.filled(colFrom, true)
	}
	if t.kind != traceDestruct && t.kind != traceNoValue { // geth once told nothing of a self-destruct
		r.filled(colValue, true)
	}
	if !t.kind.inTransaction() {
		r.filled(colTo, true)
		t.path = append(t.path, r.fields[colTraceID]...)
	} else {
		t.readPath(r)
	}
	if err := p.putHint(height, r); err != nil {
		return err
	}
	return p.put(height, etlTraceRow, r, t)
}

func (t *etlTrace) readPath(r *etlRow) {
	r.list(colTraceAddress, func(step []byte) bool {
		n, ok := parseUint(step, math.MaxUint32)
		t.path = binary.BigEndian.AppendUint32(t.path, uint32(n))
		return ok
	})
}
