package cluster

import "tsuiseki/chains"

const roundValue = 1_000_000 // satoshi

// PowerOfTen leaves the outputs whose value is no multiple of 10^6 satoshi: people
// pay round amounts, the rest is not round. (Kalodner et al.: "BlockSci", 2020.)
func PowerOfTen(tx *chains.Tx) []uint32 {
	return orAll(tx, keep(tx, func(out *chains.Output) bool { return !multiple(out.Value, roundValue) }))
}
