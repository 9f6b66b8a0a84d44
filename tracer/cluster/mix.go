package cluster

import "tsuiseki/chains"

// Mix is what a trail needs to know of a CoinJoin at which it ends.
type Mix struct {
	Protocols []Heuristic // whose shape fits; empty where none does
	// Value is what most outputs carry, and Outputs how many they are: each may be
	// any participant's. Outputs is 1 where none are equal.
	Value   chains.Amount
	Outputs int
}

// FewestMixInputs is the number of inputs below which CoinJoin never says Yes, so
// that most transactions need not be described before they are asked about.
const FewestMixInputs = guardAddresses

// FindMix describes a transaction, which comes with its prevouts where known, of
// which CoinJoin says Yes; false for others, Undecided ones too.
func FindMix(tx *chains.Tx, scripts Scripts) (Mix, bool) {
	if len(tx.Inputs) < FewestMixInputs {
		return Mix{}, false
	}
	tx = Describe(tx, scripts)
	if CoinJoin(tx) != Yes {
		return Mix{}, false
	}
	var m Mix
	m.Value, m.Outputs = topValue(tx)
	for _, p := range Protocols() {
		if p.Fits(tx) == Yes {
			m.Protocols = append(m.Protocols, p.Heuristic)
		}
	}
	return m, true
}
