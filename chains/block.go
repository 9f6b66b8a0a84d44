package chains

import (
	"bytes"
	"cmp"
	"fmt"
	"time"
)

// BlockRef pins a block: a height alone says nothing after a reorg.
type BlockRef struct {
	Height uint64    `json:"height"`
	Hash   BlockHash `json:"hash"`
}

func (b BlockRef) String() string { return fmt.Sprintf("%d (%s)", b.Height, b.Hash) }

// Header is what a block says of itself.
type Header struct {
	BlockRef
	Parent BlockHash
	Time   time.Time // UTC, to the second, as the block's producer claimed it
}

// Block is a block with its transactions in order. What follows them is an
// account chain's.
type Block struct {
	Header
	Txs []Tx

	Producer Address    // who gets tips and rewards
	System   []Transfer // after all transactions and outside of them: withdrawals, rewards
	Freezes  []Freeze   // in log order
	Gaps     []Gap      // what the source does not hold of this block
}

// Outpoint names one output of a UTXO chain.
type Outpoint struct {
	Tx    TxID
	Index uint32
}

func (o Outpoint) String() string { return fmt.Sprintf("%s:%d", o.Tx, o.Index) }

// Compare orders outpoints by transaction id, then index.
func (o Outpoint) Compare(p Outpoint) int {
	return cmp.Or(bytes.Compare(o.Tx[:], p.Tx[:]), cmp.Compare(o.Index, p.Index))
}

// Tx is a transaction as its chain has it: inputs and outputs on a UTXO chain,
// transfers on an account chain.
type Tx struct {
	ID       TxID
	Block    BlockRef
	Time     time.Time // its block's
	Index    uint32    // its place in the block
	Version  int32
	LockTime uint32
	Weight   uint32 // BIP141 weight units
	Inputs   []Input
	Outputs  []Output

	// Of an account chain.
	From, To  Address    // To is empty where the transaction creates a contract
	Failed    bool       // reverted: it moved nothing but its fee
	Created   []Address  // contracts, in order
	Transfers []Transfer // native, internal, fee and tip by call order; then logs by log index
	Messages  []Message  // in log order
}

// Position is the transaction's place on its chain.
func (t *Tx) Position() Position { return Position{Height: t.Block.Height, Tx: t.Index} }

// Coinbase reports whether the transaction creates coins instead of spending them.
func (t *Tx) Coinbase() bool { return len(t.Inputs) == 1 && t.Inputs[0].Coinbase() }

// Fee is what the inputs hold beyond the outputs. It is unknown (false) while a
// prevout is unknown, and for a coinbase, which pays none.
func (t *Tx) Fee() (Amount, bool) {
	if t.Coinbase() || len(t.Inputs) == 0 {
		return Amount{}, false
	}
	var fee Amount
	for _, in := range t.Inputs {
		if in.Spent == nil {
			return Amount{}, false
		}
		fee = fee.Add(in.Spent.Value)
	}
	for _, out := range t.Outputs {
		fee = fee.Sub(out.Value)
	}
	return fee, true
}

// Input spends one earlier output.
type Input struct {
	Prevout  Outpoint
	Sequence uint32
	Spent    *Output // what the prevout held; nil for a coinbase, and while unknown
}

// Coinbase reports whether the input spends nothing, as a coinbase's only input does.
func (in *Input) Coinbase() bool {
	return in.Prevout == Outpoint{Index: 0xffffffff}
}

// Output locks a value to a script. Address and Type are forms of the script for
// people, empty until someone asks Scripts for them: encoding costs time.
type Output struct {
	Value   Amount
	Script  []byte
	Address Address
	Type    string // p2pk, p2pkh, p2sh, p2wpkh, p2wsh, p2tr, multisig, op_return, …
}

// Snapshot pins what an answer could see: the blocks of one chain from a height
// up to and with a block.
type Snapshot struct {
	Chain Chain
	From  uint64
	BlockRef
	// Final is the height up to which no block can be replaced any more, where the
	// chain says so.
	Final *uint64
}
