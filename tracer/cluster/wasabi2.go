package cluster

import (
	"slices"

	"tsuiseki/chains"
)

const (
	wasabi2Inputs = 20              // of the smallest round; on the main chain it is 50
	wasabi2Payees = 3               // fewer outputs mix nothing: a sweep of sorted coins into a round amount is none
	wasabi2Least  = 5_000           // satoshi; the smallest denomination
	wasabi2Most   = 134_375_000_000 // satoshi; the largest
)

// Wasabi2 is Wasabi Wallet 2.x: at least 20 inputs, all P2WPKH or P2TR, inputs and
// outputs each sorted by falling value, at least 3 outputs and more than three
// quarters of them in standard denominations. (Ficsór et al.: "WabiSabi", 2021; zkSNACKs: "Wasabi Wallet
// 2.0", its source's DenominationBuilder.)
func Wasabi2(tx *chains.Tx) Verdict {
	if len(tx.Inputs) < wasabi2Inputs || len(tx.Outputs) < wasabi2Payees {
		return No
	}
	falling := func(a, b chains.Output) int { return b.Value.Cmp(a.Value) }
	standard := 0
	for i := range tx.Outputs {
		if denomination(tx.Outputs[i].Value) {
			standard++
		}
	}
	if 4*standard <= 3*len(tx.Outputs) || !slices.IsSortedFunc(tx.Outputs, falling) {
		return No
	}
	var known []chains.Output
	for i := range tx.Inputs {
		if spent := tx.Inputs[i].Spent; spent != nil {
			known = append(known, *spent)
		}
	}
	if !slices.IsSortedFunc(known, falling) {
		return No
	}
	return inputsAll(tx, func(spent *chains.Output) bool { return spent.Type == typeP2WPKH || spent.Type == typeP2TR })
}

// denomination: 2^k, 3^k, 2·3^k, 10^k, 2·10^k or 5·10^k within the protocol's bounds.
func denomination(a chains.Amount) bool {
	v, ok := a.Int64()
	if !ok || v < wasabi2Least || v > wasabi2Most {
		return false
	}
	return power(v, 1, 2) || power(v, 1, 3) || power(v, 2, 3) || power(v, 1, 10) || power(v, 2, 10) || power(v, 5, 10)
}

// power reports whether v is factor times a power of base.
func power(v, factor, base int64) bool {
	for ; v > factor && v%base == 0; v /= base {
		continue
	}
	return v == factor
}
