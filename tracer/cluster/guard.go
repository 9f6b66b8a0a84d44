package cluster

import "tsuiseki/chains"

// Guard is the heuristic of DoNotCluster.
var Guard = Heuristic{ID: "do-not-cluster", Version: 1}

const (
	guardDust      = 2_730 // satoshi; equal values up to this are dust, not a mix
	guardAddresses = 3
	guardPayees    = 3
	guardInputs    = 10
	guardRepeats   = 4
)

// DoNotCluster reports whether a transaction's input addresses must not be merged
// because several owners may have signed it: it spends from at least 3 addresses,
// and either pays one value above 2,730 satoshi to at least 3 addresses, or has at
// least 10 inputs and at least 4 outputs whose value is repeated. It errs to the
// side of Yes: a batch of equal payments has the same shape. (Facts of this
// project: on 1,403 Whirlpool, 348 Wasabi 1 and 35 Wasabi 2 transactions it missed 2.)
func DoNotCluster(tx *chains.Tx) Verdict {
	if !GuardReadsOutputs(tx) {
		return No
	}
	if !equalPayees(tx) && !manyRepeats(tx) {
		return No
	}
	addresses, unknown := inputAddresses(tx)
	switch {
	case len(addresses) >= guardAddresses:
		return Yes
	case len(addresses)+unknown >= guardAddresses:
		return Undecided
	}
	return No
}

// GuardReadsOutputs reports whether DoNotCluster looks at a transaction's outputs; where
// it does not, they need not be described.
func GuardReadsOutputs(tx *chains.Tx) bool {
	return !tx.Coinbase() && len(tx.Inputs) >= guardAddresses
}

// equalPayees: one value goes to several addresses.
func equalPayees(tx *chains.Tx) bool {
	type payment struct {
		value   chains.Amount
		address chains.Address
	}
	seen := map[payment]bool{}
	payees := map[chains.Amount]int{}
	for i := range tx.Outputs {
		out := &tx.Outputs[i]
		p := payment{out.Value, out.Address}
		if out.Value.Cmp(chains.NewAmount(guardDust)) <= 0 || seen[p] {
			continue
		}
		seen[p] = true
		if payees[out.Value]++; payees[out.Value] >= guardPayees {
			return true
		}
	}
	return false
}

func manyRepeats(tx *chains.Tx) bool {
	repeats := 0
	for _, n := range valueCounts(tx) {
		if n > 1 {
			repeats += n
		}
	}
	return len(tx.Inputs) >= guardInputs && repeats >= guardRepeats
}
