package cluster

import "tsuiseki/chains"

// Sign is what one heuristic says of a whole transaction.
type Sign struct {
	Heuristic
	Verdict Verdict `json:"verdict"`
}

// Joint is the heuristic of CoinJoin.
var Joint = Heuristic{ID: "coinjoin", Version: 3}

// CoinJoin decides whether several owners made a transaction to mix their coins,
// whatever the protocol. Yes: a protocol's shape fits; or the guard fires, and of
// the n >= 3 equal outputs each can have a participant, who brings an address and
// takes at most a change output beside. Undecided: the guard fires and nothing
// more, as for a payment in batches, or one owner enters Whirlpool. (After Maxwell:
// "CoinJoin", 2013; Goldfeder et al.: "When the cookie meets the blockchain", 2018.)
func CoinJoin(tx *chains.Tx) Verdict {
	guard := DoNotCluster(tx)
	open := guard != No
	for _, protocol := range Protocols() {
		switch protocol.Fits(tx) {
		case Yes:
			return Yes
		case Undecided:
			open = true
		}
	}
	if guard == Yes && WhirlpoolTx0(tx) == No {
		addresses, _ := inputAddresses(tx)
		if _, n := topValue(tx); n >= guardPayees && n <= len(addresses) && len(tx.Outputs) <= 2*n {
			return Yes
		}
	}
	if open {
		return Undecided
	}
	return No
}

// Protocol knows the shape that one CoinJoin protocol gives its transactions.
type Protocol struct {
	Heuristic
	Fits func(*chains.Tx) Verdict
}

// Protocols are those whose shape is published.
func Protocols() []Protocol {
	return []Protocol{
		{Heuristic{"whirlpool", 1}, Whirlpool},
		{Heuristic{"wasabi-1", 1}, Wasabi1},
		{Heuristic{"wasabi-2", 2}, Wasabi2},
		{Heuristic{"joinmarket", 1}, JoinMarket},
	}
}

// JointSigns is all that can be said about a transaction having several owners;
// nothing of a coinbase.
func JointSigns(tx *chains.Tx) []Sign {
	signs := []Sign{}
	if tx.Coinbase() {
		return signs
	}
	signs = append(signs, Sign{Guard, DoNotCluster(tx)}, Sign{Joint, CoinJoin(tx)})
	for _, p := range Protocols() {
		signs = append(signs, Sign{p.Heuristic, p.Fits(tx)})
	}
	return append(signs, Sign{TxZero, WhirlpoolTx0(tx)}, Sign{PayJoin, PayJoinSuspicion(tx)})
}
