package cluster

import (
	"slices"

	"tsuiseki/chains"
)

// SelfChange is the heuristic of AddressReuse. It is certain, and joins no new
// address: the one that is paid is among those that pay.
var SelfChange = Heuristic{ID: "address-reuse", Version: 1}

// AddressReuse leaves the outputs to an address that the transaction spends from,
// and all where there is none. (Kalodner et al.: "BlockSci", 2020.)
func AddressReuse(tx *chains.Tx) []uint32 {
	return orAll(tx, selfChange(tx))
}

func selfChange(tx *chains.Tx) []uint32 {
	addresses, _ := inputAddresses(tx)
	return keep(tx, func(_ uint32, out *chains.Output) bool { return slices.Contains(addresses, out.Address) })
}
