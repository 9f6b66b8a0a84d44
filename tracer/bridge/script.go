package bridge

import (
	"encoding/binary"
	"strings"

	"tsuiseki/chains"
)

// Opcodes of the scripts that carry memos.
const (
	opReturn    = 0x6a
	opPushData1 = 0x4c
	opPushData2 = 0x4d
	opPushData4 = 0x4e
)

// memoOf is what a script of OP_RETURN pushes first; false where it pushes nothing,
// or less than it says. Further pushes are no part of a memo.
func memoOf(script []byte) (memo string, ok bool) {
	if len(script) < 2 || script[0] != opReturn {
		return "", false
	}
	size, rest := uint64(script[1]), script[2:]
	switch {
	case size == 0 || size > opPushData4:
		return "", false
	case size >= opPushData1:
		width := 1 << (size - opPushData1)
		if len(rest) < width {
			return "", false
		}
		var number [8]byte
		copy(number[:], rest[:width])
		size, rest = binary.LittleEndian.Uint64(number[:]), rest[width:]
	}
	if size > uint64(len(rest)) {
		return "", false
	}
	return string(rest[:size]), true
}

// TxMemo is the memo of a transaction with outputs: what its OP_RETURN outputs say,
// one after the other. False where there is none, or the transaction has more
// outputs than THORChain looks at: ten that carry value, twelve in all.
func TxMemo(tx *chains.Tx) (text string, ok bool) {
	const most, mostValued = 12, 10
	if len(tx.Outputs) > most || tx.Coinbase() {
		return "", false
	}
	valued := 0
	var b strings.Builder
	for i := range tx.Outputs {
		out := &tx.Outputs[i]
		if out.Value.Sign() > 0 {
			valued++
		}
		memo, pushed := memoOf(out.Script)
		b.WriteString(memo)
		ok = ok || pushed
	}
	return b.String(), ok && valued <= mostValued && b.Len() <= chains.MaxMemo
}

// Payment is the output that a transaction's memo is about: the first that carries
// value and goes neither to OP_RETURN nor back to the sender, who is whoever the
// first input belonged to. So THORChain asks users to build their deposits, and so
// its vaults pay. False where there is no such output or the sender is not known.
func Payment(tx *chains.Tx, describe func(script []byte) (chains.Address, string)) (index uint32, sender chains.Address, ok bool) {
	if len(tx.Inputs) == 0 || tx.Inputs[0].Spent == nil {
		return 0, "", false
	}
	sender, _ = describe(tx.Inputs[0].Spent.Script)
	for i := range tx.Outputs {
		out := &tx.Outputs[i]
		if out.Value.Sign() <= 0 || len(out.Script) > 0 && out.Script[0] == opReturn {
			continue
		}
		if to, _ := describe(out.Script); to != sender {
			return uint32(i), sender, true
		}
	}
	return 0, sender, false
}

// QuoteScripts are the scripts by which a vault's transaction says that it answers
// another: `OUT:ID` and `REFUND:ID`, the id in upper or lower case, pushed directly
// or with OP_PUSHDATA1.
func QuoteScripts(id chains.TxID) (scripts [][]byte) {
	for _, word := range []string{"OUT:", "REFUND:"} {
		for n, text := range []string{id.String(), strings.ToUpper(id.String())} {
			if n > 0 && text == id.String() {
				continue // it has no letters
			}
			memo := word + text
			size := byte(len(memo))
			scripts = append(scripts,
				append([]byte{opReturn, size}, memo...),
				append([]byte{opReturn, opPushData1, size}, memo...))
		}
	}
	return scripts
}
