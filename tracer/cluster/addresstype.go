package cluster

import "tsuiseki/chains"

// AddressType leaves the outputs of the inputs' script type, if all inputs have
// one: a wallet's rest returns to a script of its own kind. (Kalodner et al.:
// "BlockSci", 2020.)
func AddressType(tx *chains.Tx) []uint32 {
	kind, one := inputType(tx)
	if !one {
		return payables(tx)
	}
	return orAll(tx, keep(tx, func(out *chains.Output) bool { return out.Type == kind }))
}

// inputType is the script type of all inputs; false where they differ or one is unknown.
func inputType(tx *chains.Tx) (string, bool) {
	if len(tx.Inputs) == 0 || tx.Inputs[0].Spent == nil {
		return "", false
	}
	kind := tx.Inputs[0].Spent.Type
	return kind, inputsAll(tx, func(spent *chains.Output) bool { return spent.Type == kind }) == Yes
}
