package cluster

import "tsuiseki/chains"

// LockTimeHabit leaves the outputs that are not yet spent, or are spent with a lock
// time of the same kind as this transaction's: the same wallet sets it in the same
// way, as against fee sniping. (Kalodner et al.: "BlockSci", 2020.)
func LockTimeHabit(tx *chains.Tx, chain Chain) ([]uint32, error) {
	kind := LockKindOf(tx)
	return keepSpent(tx, chain, func(spender *chains.Tx) bool { return LockKindOf(spender) == kind })
}
