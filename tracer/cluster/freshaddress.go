package cluster

import "tsuiseki/chains"

// FreshAddress leaves the outputs to addresses that no earlier output pays, or of
// which that is not known; none where all are known to be old: wallets make a new
// address for the rest. It does not apply where an output goes back to an address
// that pays: that is the rest, and a fresh address beside it the payee's. (Meiklejohn
// et al.: "A Fistful of Bitcoins", 2013, section 4.2; Androulaki et al., 2013.)
func FreshAddress(tx *chains.Tx, chain Chain) ([]uint32, error) {
	if len(selfChange(tx)) > 0 {
		return payables(tx), nil
	}
	var left []uint32
	for _, n := range payables(tx) {
		fresh, err := chain.Fresh(&tx.Outputs[n], tx.Position())
		if err != nil {
			return nil, err
		}
		if fresh != No {
			left = append(left, n)
		}
	}
	return left, nil
}
