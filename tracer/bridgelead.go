package tracer

import "tsuiseki/chains"

// BridgeDoc is what a memo says of value that goes over a bridge.
type BridgeDoc struct {
	Protocol  string `json:"protocol"`
	Chain     string `json:"chain"` // the protocol's code of the chain that it goes to
	Asset     string `json:"asset"`
	Recipient string `json:"recipient"`
	Limit     string `json:"limit,omitempty"`
	Memo      string `json:"memo"`
	Basis     string `json:"basis,omitempty"` // what, beside the memo, says that a bridge took it
}

// memoHeuristic names what makes leads of memos, and its version.
const (
	memoHeuristic        = "bridge-memo"
	memoHeuristicVersion = 1
)

// addLeads records what a decision on a bridge leaves open, at the place it is about.
func (r *Result) addLeads(tx *chains.Tx, deposit int, index uint32, address chains.Address, d *decision) {
	for _, detail := range d.leads {
		r.Leads = append(r.Leads, Lead{
			Deposit: r.Deposits[deposit].ID, Heuristic: memoHeuristic, Version: memoHeuristicVersion, Bridge: &d.doc,
			Chain: r.Snapshot[0].Chain, Tx: tx.ID, Height: tx.Block.Height, Block: tx.Block.Hash, Time: tx.Time,
			Index: index, Address: address, Asset: d.in.Asset, Amount: d.in.Amount, Detail: detail,
		})
	}
}

// missAlso records what was looked for in vain on another chain.
func (r *Result) missAlso(m *Missing) {
	if m != nil {
		r.missing.add(lack{m.Chain, m.What, m.Reason}, m.heights)
	}
}
