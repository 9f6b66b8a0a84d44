package chains

import "strings"

// MessageKind says which way a bridge's contract moved value when it logged a memo.
type MessageKind string

// Kinds of message.
const (
	MessageIn   MessageKind = "in"   // somebody paid value into a vault
	MessageOut  MessageKind = "out"  // a vault paid value out
	MessageMove MessageKind = "move" // from vault to vault
)

// Message is a memo that a contract logged beside what it moved, in the shape of
// THORChain's routers, or that is the data of a plain payment. Anybody can write one:
// it says what it says, and proves nothing.
type Message struct {
	Kind     MessageKind
	Log      uint32  // index in the block
	Contract Address // empty: the data of the transaction, which moved the amount
	Vault    Address // that gets it, or pays it
	To       Address // out: whom it is for; move: the other vault; in: empty
	Target   Address // out by way of a contract that swaps: that contract; else empty
	Asset    Asset   // the chain's coin, or a token's contract
	Amount   Amount
	Memo     string // bytes as logged, hostile, at most MaxMemo of them
}

// MaxMemo is the length in bytes above which THORChain takes no notice of a memo
// (its developers' documentation, "Memo Size Limits").
const MaxMemo = 250

// QuotedTx is the transaction that a memo says it answers: `OUT:ID` or `REFUND:ID`,
// in upper or lower case.
func QuotedTx(memo string) (TxID, bool) {
	word, id, _ := strings.Cut(memo, ":")
	if word = strings.ToUpper(word); word != "OUT" && word != "REFUND" {
		return TxID{}, false
	}
	id, _, _ = strings.Cut(id, ":")
	id = strings.ToLower(id)
	parsed, err := ParseTxID(strings.TrimPrefix(id, "0x"))
	return parsed, err == nil
}
