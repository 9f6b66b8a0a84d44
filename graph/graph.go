// Package graph is the case graph: who paid whom, as far as anybody asked. It is a
// part of the chain indexes that grows with the questions, kept in a Store of its
// own, so that cases share it and people can look at it.
//
// A transfer is value that reached an address in one transaction. What follows it
// is decided by money and time alone: on a UTXO chain the outputs of the
// transaction that spends it, on an account chain what its receiver pays in the
// same asset from then on, or in any asset in the same transaction.
package graph

import (
	"cmp"
	"time"

	"tsuiseki/chains"
)

// Address is an address of one chain.
type Address struct {
	Chain   chains.Chain
	Address chains.Address
}

// Compare orders addresses by chain, then by name.
func (a Address) Compare(b Address) int {
	return cmp.Or(cmp.Compare(a.Chain, b.Chain), cmp.Compare(a.Address, b.Address))
}

// Output is the kind of a transfer on a UTXO chain.
const Output chains.TransferKind = "output"

// Key names a transfer by its place.
type Key struct {
	Chain chains.Chain
	At    chains.Position
	N     uint32 // output index, or place among its transaction's transfers
}

// Compare orders transfers by chain, then in chain order.
func (k Key) Compare(o Key) int {
	return cmp.Or(cmp.Compare(k.Chain, o.Chain), k.At.Compare(o.At), cmp.Compare(k.N, o.N))
}

// Transfer is value that reached an address.
type Transfer struct {
	Key
	Kind   chains.TransferKind
	Index  uint32         // as in references: of the output, log, or call
	From   chains.Address // of an account chain; outputs are paid by their transaction's inputs
	To     chains.Address
	Asset  chains.Asset
	Amount chains.Amount
	Time   time.Time // of its block, to the second
}

// Receiver is the address that the transfer reached.
func (t *Transfer) Receiver() Address { return Address{t.Chain, t.To} }

// Sender is the account that paid the transfer.
func (t *Transfer) Sender() Address { return Address{t.Chain, t.From} }

// Tx is a transaction with all that it moved. The graph holds it whole or not at all.
type Tx struct {
	Chain chains.Chain
	At    chains.Position
	ID    chains.TxID
	Block chains.BlockHash // zero where the source did not tell it
	Time  time.Time

	Spends    []Spend // of a UTXO chain
	Transfers []Transfer
}

// Spend is an output that a transaction spends. Amount and address are those of
// the output; both are empty where the index does not know it.
type Spend struct {
	Output  chains.Outpoint
	Address chains.Address
	Amount  chains.Amount
}

// Batch is what is written at once.
type Batch struct {
	Txs []Tx
	// Whole says that all transactions of an address are held, up to a height.
	Whole []Coverage
	// Anchors are blocks of the best chain as of which Whole was said.
	Anchors []Anchor
	// Traces take the place of those of the same case and rule.
	Traces []Trace
}

// Anchor is a block that the graph relied on. Where it is no longer part of the best
// chain, what the graph holds above the next lower anchor has to go.
type Anchor struct {
	Chain chains.Chain
	chains.BlockRef
}

// Coverage is the height up to which all transactions of an address are in the graph.
type Coverage struct {
	Address
	Through uint64
}

// Span is a stretch of an account's history. Both ends are included.
type Span struct {
	Address
	From, To chains.Position
}

// Step is a transfer that an answer found, with the number of what was asked.
type Step struct {
	Asked int
	Transfer
}

// Source is a transaction's input: Step's transfer where the graph holds the
// transaction that made it, else only what the spender says of it.
type Source struct {
	Asked int
	Spend
	Held     bool
	Transfer Transfer // where Held
}
