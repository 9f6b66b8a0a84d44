package cluster

import (
	"bytes"
	"cmp"
	"slices"

	"tsuiseki/chains"
)

// LockKind is what a lock time counts.
type LockKind string

// The three kinds of lock time.
const (
	NoLock     LockKind = "none"
	HeightLock LockKind = "height"
	TimeLock   LockKind = "time"
)

const (
	lockTimeIsTime = 500_000_000 // from here on a lock time is seconds since 1970
	finalSequence  = 0xffffffff
	rbfSequence    = 0xfffffffd // up to here a sequence signals replaceability (BIP125)
)

// LockKindOf tells what a transaction's lock time counts.
func LockKindOf(tx *chains.Tx) LockKind {
	switch {
	case tx.LockTime == 0:
		return NoLock
	case tx.LockTime < lockTimeIsTime:
		return HeightLock
	}
	return TimeLock
}

// Fingerprint is what a wallet's habits leave in a transaction. Witnesses are not
// kept, so segwit inside P2SH is not seen.
type Fingerprint struct {
	Heuristic
	TxVersion int32    `json:"tx_version"`
	LockTime  uint32   `json:"locktime"`
	LockKind  LockKind `json:"locktime_kind"`
	// LockEnforced: some input is not final, else the lock time has no effect.
	LockEnforced bool     `json:"locktime_enforced"`
	RBF          bool     `json:"rbf"`          // signals replaceability (BIP125)
	BIP69        bool     `json:"bip69"`        // inputs and outputs are in the order of BIP69
	InputTypes   []string `json:"input_types"`  // distinct, sorted
	OutputTypes  []string `json:"output_types"` // distinct, sorted
	Segwit       Share    `json:"segwit"`       // inputs that spend native segwit
	Taproot      Share    `json:"taproot"`      // inputs that spend taproot
	Unknown      int      `json:"unknown_prevouts"`
}

// Share is how many of a transaction's known prevouts have a property.
type Share string

// The shares. NoneOf is also said where no prevout is known.
const (
	NoneOf Share = "none"
	SomeOf Share = "some"
	AllOf  Share = "all"
)

// FingerprintOf reads a transaction's fingerprint. (BIP69, BIP125; Kalodner et al.:
// "BlockSci", 2020, section 4.)
func FingerprintOf(tx *chains.Tx) Fingerprint {
	f := Fingerprint{
		Heuristic: Heuristic{"fingerprint", 1}, TxVersion: tx.Version, LockTime: tx.LockTime, LockKind: LockKindOf(tx),
		BIP69: inBIP69Order(tx), InputTypes: []string{}, OutputTypes: []string{},
	}
	segwit, taproot := 0, 0
	for i := range tx.Inputs {
		in := &tx.Inputs[i]
		f.RBF = f.RBF || in.Sequence <= rbfSequence
		f.LockEnforced = f.LockEnforced || (tx.LockTime != 0 && in.Sequence != finalSequence)
		if in.Spent == nil {
			f.Unknown++
			continue
		}
		f.InputTypes = append(f.InputTypes, in.Spent.Type)
		switch in.Spent.Type {
		case typeP2TR:
			taproot++
			segwit++
		case typeP2WPKH, typeP2WSH:
			segwit++
		}
	}
	known := len(f.InputTypes)
	f.Segwit, f.Taproot = share(segwit, known), share(taproot, known)
	for i := range tx.Outputs {
		f.OutputTypes = append(f.OutputTypes, tx.Outputs[i].Type)
	}
	f.InputTypes, f.OutputTypes = distinct(f.InputTypes), distinct(f.OutputTypes)
	return f
}

func share(n, of int) Share {
	switch n {
	case 0:
		return NoneOf
	case of:
		return AllOf
	}
	return SomeOf
}

func distinct(names []string) []string {
	slices.Sort(names)
	return slices.Compact(names)
}

func inBIP69Order(tx *chains.Tx) bool {
	inputs := slices.IsSortedFunc(tx.Inputs, func(a, b chains.Input) int { return a.Prevout.Compare(b.Prevout) })
	return inputs && slices.IsSortedFunc(tx.Outputs, func(a, b chains.Output) int {
		return cmp.Or(a.Value.Cmp(b.Value), bytes.Compare(a.Script, b.Script))
	})
}
