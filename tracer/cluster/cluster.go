// Package cluster holds the heuristics that say which addresses of a UTXO chain
// belong together and which do not, one file each, and a union-find that keeps
// the evidence of every merge. The heuristics are pure: they look at one
// transaction with its prevouts, and ask a Chain for what lies around it.
package cluster

import (
	"math/big"
	"slices"

	"tsuiseki/chains"
)

// Heuristic names a rule so that what it says can be repeated. A change in what
// it says raises the version.
type Heuristic struct {
	ID      string `json:"heuristic"`
	Version int    `json:"version"`
}

// Verdict is an answer that may be open.
type Verdict string

// Undecided is the answer where prevouts are unknown, or where a shape alone
// cannot tell.
const (
	Yes       Verdict = "yes"
	No        Verdict = "no"
	Undecided Verdict = "undecided"
)

// Chain answers what a heuristic asks about the rest of the chain, as of one
// block. Transactions come described (Describe), with prevouts where known.
type Chain interface {
	// Fresh reports whether no output before a position pays the address of out:
	// Undecided where blocks that could tell are not held.
	Fresh(out *chains.Output, before chains.Position) (Verdict, error)
	// Spender is the transaction that spends output n of tx; nil where none is known.
	Spender(tx *chains.Tx, n uint32) (*chains.Tx, error)
	// Creator is the transaction whose output an input of tx spends; nil where it
	// is not held, and for a coinbase.
	Creator(tx *chains.Tx, input uint32) (*chains.Tx, error)
}

// Scripts tells a script's address, or stable name, and its type, as chains.Scripts does.
type Scripts interface {
	Describe(script []byte) (chains.Address, string)
}

// Describe is a copy of a transaction whose outputs and prevouts have the address
// and type that the heuristics need.
func Describe(tx *chains.Tx, scripts Scripts) *chains.Tx {
	described := DescribeInputs(tx, scripts)
	described.Outputs = slices.Clone(tx.Outputs)
	for i := range described.Outputs {
		out := &described.Outputs[i]
		out.Address, out.Type = scripts.Describe(out.Script)
	}
	return described
}

// DescribeInputs is a copy of a transaction of which only the prevouts are described.
func DescribeInputs(tx *chains.Tx, scripts Scripts) *chains.Tx {
	described := *tx
	described.Inputs = slices.Clone(tx.Inputs)
	for i := range described.Inputs {
		if in := &described.Inputs[i]; in.Spent != nil {
			spent := *in.Spent
			spent.Address, spent.Type = scripts.Describe(spent.Script)
			in.Spent = &spent
		}
	}
	return &described
}

// Script types, as a chain's Scripts names them.
const (
	typeP2WPKH   = "p2wpkh"
	typeP2WSH    = "p2wsh"
	typeP2TR     = "p2tr"
	typeOpReturn = "op_return"
)

// owned reports whether only a holder of keys can spend the script. Whoever
// happens to spend a nonstandard script, or a witness version without rules yet,
// such as an anchor, shows no ownership.
func owned(out *chains.Output) bool {
	switch out.Type {
	case "p2pk", "p2pkh", "p2sh", "multisig", typeP2WPKH, typeP2WSH, typeP2TR:
		return out.Address != ""
	}
	return false
}

// payable reports whether an output can be somebody's payment or change.
func payable(out *chains.Output) bool { return out.Type != typeOpReturn && out.Value.Sign() > 0 }

// payables are the indices of the outputs that can be payment or change.
func payables(tx *chains.Tx) (outputs []uint32) {
	for i := range tx.Outputs {
		if payable(&tx.Outputs[i]) {
			outputs = append(outputs, uint32(i))
		}
	}
	return outputs
}

// inputAddresses are the distinct owned addresses that a transaction spends from,
// in order of appearance, and how many of its prevouts are unknown.
func inputAddresses(tx *chains.Tx) (addresses []chains.Address, unknown int) {
	seen := map[chains.Address]bool{}
	for i := range tx.Inputs {
		in := &tx.Inputs[i]
		switch {
		case in.Spent == nil && !in.Coinbase():
			unknown++
		case in.Spent != nil && owned(in.Spent) && !seen[in.Spent.Address]:
			seen[in.Spent.Address] = true
			addresses = append(addresses, in.Spent.Address)
		}
	}
	return addresses, unknown
}

// inputsAll asks all of a transaction's prevouts the same: No where one fails,
// Undecided where none fails but one is unknown.
func inputsAll(tx *chains.Tx, holds func(*chains.Output) bool) Verdict {
	verdict := Yes
	for i := range tx.Inputs {
		switch spent := tx.Inputs[i].Spent; {
		case spent == nil:
			verdict = Undecided
		case !holds(spent):
			return No
		}
	}
	return verdict
}

// valueCounts is how many outputs carry each value. Amounts beyond 63 bits, which
// no UTXO chain has, count as different.
func valueCounts(tx *chains.Tx) map[chains.Amount]int {
	counts := map[chains.Amount]int{}
	for i := range tx.Outputs {
		counts[tx.Outputs[i].Value]++
	}
	return counts
}

// topValue is the value that most outputs carry, the larger of equals, and how many.
func topValue(tx *chains.Tx) (value chains.Amount, count int) {
	for v, n := range valueCounts(tx) {
		if n > count || n == count && v.Cmp(value) > 0 {
			value, count = v, n
		}
	}
	return value, count
}

// multiple reports whether an amount is a multiple of n.
func multiple(a chains.Amount, n int64) bool {
	if small, ok := a.Int64(); ok {
		return small%n == 0
	}
	return new(big.Int).Rem(a.Big(), big.NewInt(n)).Sign() == 0
}
