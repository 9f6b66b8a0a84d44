package cluster

import "tsuiseki/chains"

const joinMarketFewest = 3

// JoinMarket is the shape of JoinMarket's transactions: one value is repeated, n >= 3
// times; each participant but perhaps one takes change, so that there are 2n or 2n-1
// outputs; none is an OP_RETURN; each participant brings an address. (Möser, Böhme:
// "Join Me on a Market for Anonymity", 2016.)
func JoinMarket(tx *chains.Tx) Verdict {
	_, n := topValue(tx)
	if n < joinMarketFewest || len(tx.Inputs) < n || (len(tx.Outputs) != 2*n && len(tx.Outputs) != 2*n-1) {
		return No
	}
	repeated := 0
	for _, count := range valueCounts(tx) {
		if count > 1 {
			repeated++
		}
	}
	if repeated != 1 {
		return No
	}
	for i := range tx.Outputs {
		if tx.Outputs[i].Type == typeOpReturn {
			return No
		}
	}
	addresses, unknown := inputAddresses(tx)
	switch {
	case len(addresses) >= n:
		return Yes
	case len(addresses)+unknown >= n:
		return Undecided
	}
	return No
}
