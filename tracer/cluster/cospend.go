package cluster

import "tsuiseki/chains"

// CoSpending is the heuristic of CoSpend.
var CoSpending = Heuristic{ID: "co-spend", Version: 1}

// CoSpendConfidence is that of a co-spend link, in percent: on seized services fewer
// than 0.5% of what co-spending joined was wrong. ("Ghost Clusters", USENIX Security 2025.)
const CoSpendConfidence = 99

// Evidence says that two addresses have one owner, by one heuristic in one transaction.
type Evidence struct {
	Heuristic
	Tx         chains.TxID     `json:"tx"`
	At         chains.Position `json:"-"`
	From       chains.Address  `json:"from"`
	To         chains.Address  `json:"to"`
	Confidence int             `json:"confidence"` // percent, as the heuristic's source measured it
}

// CoSpend gives the evidence that a transaction's input addresses have one owner:
// who signs all inputs holds all keys. It joins the first address to each other one;
// a coinbase joins none, nor does a transaction that the guard does not let pass with
// a No. (Nakamoto, 2008, section 10; Meiklejohn et al.: "A Fistful of Bitcoins", 2013.)
func CoSpend(tx *chains.Tx, guard func(*chains.Tx) Verdict) []Evidence {
	if tx.Coinbase() || guard(tx) != No {
		return nil
	}
	addresses, _ := inputAddresses(tx)
	var evidence []Evidence
	for i := 1; i < len(addresses); i++ {
		evidence = append(evidence, Evidence{
			Heuristic: CoSpending, Tx: tx.ID, At: tx.Position(), From: addresses[0], To: addresses[i], Confidence: CoSpendConfidence,
		})
	}
	return evidence
}
