package cluster

import "tsuiseki/chains"

// OptimalChange leaves the outputs below the smallest input: had the rest been
// larger, the wallet would not have needed that input. A single input is always
// needed, and tells nothing. None is left where no output is so small. (Nick: "Data-Driven De-Anonymization in Bitcoin", 2015.)
func OptimalChange(tx *chains.Tx) []uint32 {
	smallest, known := smallestInput(tx)
	if !known || len(tx.Inputs) < 2 {
		return payables(tx)
	}
	// An unknown prevout can only make the smallest smaller.
	return keep(tx, func(out *chains.Output) bool { return out.Value.Cmp(smallest) < 0 })
}

// smallestInput is the smallest of the known prevouts' values.
func smallestInput(tx *chains.Tx) (smallest chains.Amount, known bool) {
	for i := range tx.Inputs {
		spent := tx.Inputs[i].Spent
		if spent != nil && (!known || spent.Value.Cmp(smallest) < 0) {
			smallest, known = spent.Value, true
		}
	}
	return smallest, known
}
