package cluster

import "tsuiseki/chains"

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
	paying := make(map[chains.Address]bool, len(addresses))
	for _, a := range addresses {
		paying[a] = true
	}
	return keep(tx, func(out *chains.Output) bool { return paying[out.Address] })
}
