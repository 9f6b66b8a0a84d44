package tracer

import (
	"cmp"
	"slices"

	"tsuiseki/chains"
)

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

// Lead is something that may matter to who investigates, and that the trace did
// not follow: no fact, and no part of any sum.
type Lead struct {
	Deposit string         `json:"deposit"`
	Chain   chains.Chain   `json:"chain"`
	Tx      chains.TxID    `json:"tx"`
	Height  uint64         `json:"height"`
	Index   *uint32        `json:"index"`
	Address chains.Address `json:"address"`
	Detail  string         `json:"detail"`
	Bridge  *BridgeDoc     `json:"bridge,omitempty"`

	at    chains.Position
	order uint64
}

// addLead records what a transaction hints at, at the place that it names.
func (r *Result) addLead(tx *chains.Tx, deposit int, l Lead) {
	l.Deposit, l.Chain, l.Tx, l.Height, l.at = r.Deposits[deposit].ID, r.Snapshot[0].Chain, tx.ID, tx.Block.Height, tx.Position()
	r.Leads = append(r.Leads, l)
}

// addLeads records what a decision on a bridge leaves open, at the place it is about.
func (r *Result) addLeads(tx *chains.Tx, deposit int, at Lead, d *decision) {
	at.Bridge = &d.doc
	for _, at.Detail = range d.leads {
		r.addLead(tx, deposit, at)
	}
}

// missAlso records what was looked for in vain on another chain.
func (r *Result) missAlso(m *Missing) {
	if m != nil {
		r.missing[*m] = struct{}{}
	}
}

func (r *Result) sortLeads() {
	slices.SortFunc(r.Leads, func(a, b Lead) int {
		return cmp.Or(cmp.Compare(a.Chain, b.Chain), a.at.Compare(b.at), cmp.Compare(a.order, b.order), cmp.Compare(a.Deposit, b.Deposit),
			cmp.Compare(a.Address, b.Address), cmp.Compare(a.Detail, b.Detail))
	})
}
