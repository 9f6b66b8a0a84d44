package cluster

import "tsuiseki/chains"

const (
	whirlpoolFewest   = 5
	whirlpoolMost     = 8
	whirlpoolExcess   = 110_000 // satoshi; the most by which an input passes the pool's amount
	whirlpoolEntry    = 100     // satoshi; what an entrant brings for the miner's fee
	whirlpoolEntrants = 4
)

// whirlpoolPools are the amounts of the pools, in satoshi.
var whirlpoolPools = [...]int64{100_000, 1_000_000, 2_500_000, 5_000_000, 25_000_000, 50_000_000}

// Whirlpool is Samourai's protocol: 5 to 8 inputs and as many outputs, every output
// a pool's amount, every input that amount and at most 110,000 satoshi more; 1 to 4
// of them are entrants, who pay for the others. (Stütz et al.: "Adoption and Actual
// Privacy of Decentralized CoinJoin Implementations in Bitcoin", 2022; Samourai:
// "Whirlpool, a theory".)
func Whirlpool(tx *chains.Tx) Verdict {
	n := len(tx.Outputs)
	if n < whirlpoolFewest || n > whirlpoolMost || len(tx.Inputs) != n {
		return No
	}
	pool, equal := topValue(tx)
	if equal != n || !isPool(pool) {
		return No
	}
	entrants, unknown := 0, 0
	for i := range tx.Inputs {
		spent := tx.Inputs[i].Spent
		if spent == nil {
			unknown++
			continue
		}
		excess := spent.Value.Sub(pool)
		if excess.Sign() < 0 || excess.Cmp(chains.NewAmount(whirlpoolExcess)) > 0 {
			return No
		}
		if excess.Cmp(chains.NewAmount(whirlpoolEntry)) >= 0 {
			entrants++
		}
	}
	switch {
	case entrants > whirlpoolEntrants || entrants+unknown == 0:
		return No
	case unknown > 0:
		return Undecided
	}
	return Yes
}

func isPool(a chains.Amount) bool {
	for _, pool := range whirlpoolPools {
		if a.Equal(chains.NewAmount(pool)) {
			return true
		}
	}
	return false
}
