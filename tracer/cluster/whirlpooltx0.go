package cluster

import "tsuiseki/chains"

// TxZero is the heuristic of WhirlpoolTx0.
var TxZero = Heuristic{ID: "whirlpool-tx0", Version: 1}

const (
	txZeroOthers   = 2  // outputs beside those to be mixed: the coordinator's fee, and change
	txZeroFeeLeast = 40 // the fee is at least the pool's amount divided by it
	txZeroFeeMost  = 20 // the fee is at most three times the pool's amount divided by it
)

// WhirlpoolTx0 is the transaction by which one owner enters Whirlpool: one
// OP_RETURN; some outputs of one value, a pool's amount and what an entrant may
// bring beyond it; at most two others, of which one pays the coordinator about a
// twentieth of the pool's amount, between half and three times that. What it pays
// for mixing is not mixed yet, and its change never is. (Samourai: "Whirlpool, a
// theory"; Schnoering, Vazirgiannis: "Heuristics for detecting CoinJoin
// transactions on the Bitcoin blockchain", 2023.)
func WhirlpoolTx0(tx *chains.Tx) Verdict {
	paid := payables(tx)
	if tx.Coinbase() || len(tx.Outputs) != len(paid)+1 || !hasOpReturn(tx) {
		return No
	}
	for _, pool := range whirlpoolPools {
		entering, fees := map[chains.Amount]int{}, 0
		for _, n := range paid {
			value := tx.Outputs[n].Value
			excess, ok := value.Sub(chains.NewAmount(pool)).Int64()
			if ok && excess >= whirlpoolEntry && excess <= whirlpoolExcess {
				entering[value]++
			}
			if v, ok := value.Int64(); ok && v*txZeroFeeLeast >= pool && v*txZeroFeeMost <= 3*pool {
				fees++
			}
		}
		for _, n := range entering {
			if fees == 1 && len(paid)-n >= 1 && len(paid)-n <= txZeroOthers {
				return Yes
			}
		}
	}
	return No
}

func hasOpReturn(tx *chains.Tx) bool {
	for i := range tx.Outputs {
		if tx.Outputs[i].Type == typeOpReturn {
			return true
		}
	}
	return false
}
