package cluster

import "tsuiseki/chains"

// PeelingChain leaves, where the transaction has the shape of a peel step, the
// outputs that are not yet spent or go on into another peel step. (Meiklejohn et
// al.: "A Fistful of Bitcoins", 2013; Kalodner et al.: "BlockSci", 2020.)
func PeelingChain(tx *chains.Tx, chain Chain) ([]uint32, error) {
	if !peelShape(tx) {
		return payables(tx), nil
	}
	return keepSpent(tx, chain, peelShape)
}

// peelShape: one coin goes in, a payment and a rest come out.
func peelShape(tx *chains.Tx) bool {
	return !tx.Coinbase() && len(tx.Inputs) == 1 && len(payables(tx)) == 2
}
