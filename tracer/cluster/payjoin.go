package cluster

import "tsuiseki/chains"

// PayJoin is the heuristic of PayJoinSuspicion.
var PayJoin = Heuristic{ID: "payjoin-suspicion", Version: 1}

// PayJoinSuspicion notes where the payee may have added an input: two payable
// outputs, inputs of several addresses and one type, and without the smallest input
// the others would still have paid the larger output and the fee. Careless selection
// of coins looks the same, so it never says Yes, and no merge rests on it. (BIP78,
// unnecessary input heuristic; Gibson: "PayJoin", 2018.)
func PayJoinSuspicion(tx *chains.Tx) Verdict {
	outputs := payables(tx)
	if tx.Coinbase() || len(tx.Inputs) < 2 || len(outputs) != 2 {
		return No
	}
	fee, known := tx.Fee()
	if !known {
		return Undecided
	}
	kind := tx.Inputs[0].Spent.Type
	if inputsAll(tx, func(spent *chains.Output) bool { return spent.Type == kind }) != Yes {
		return No
	}
	if addresses, _ := inputAddresses(tx); len(addresses) < 2 {
		return No
	}
	total, smallest := chains.Amount{}, tx.Inputs[0].Spent.Value
	for i := range tx.Inputs {
		total = total.Add(tx.Inputs[i].Spent.Value)
		smallest = smallest.Min(tx.Inputs[i].Spent.Value)
	}
	larger := tx.Outputs[outputs[0]].Value
	if other := tx.Outputs[outputs[1]].Value; other.Cmp(larger) > 0 {
		larger = other
	}
	if total.Sub(smallest).Cmp(larger.Add(fee)) >= 0 {
		return Undecided
	}
	return No
}
