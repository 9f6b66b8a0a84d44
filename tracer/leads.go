package tracer

import (
	"cmp"
	"slices"
	"time"

	"tsuiseki/chains"
)

// Lead is a guess at where value that a mixer took in may have come out, or what a
// trace leaves open at a place where a memo tells of a bridge. It is for
// an investigator to check: no amount of it is part of the ledger, and no address
// belongs to another's owner because of it.
type Lead struct {
	Deposit   string           `json:"deposit"`
	Heuristic string           `json:"heuristic"`
	Version   int              `json:"version"`
	Mixed     Mixed            `json:"mixed,omitzero"`   // beyond a mixer
	Bridge    *BridgeDoc       `json:"bridge,omitempty"` // at a bridge: what the memo says
	Chain     chains.Chain     `json:"chain"`
	Tx        chains.TxID      `json:"tx"`
	Height    uint64           `json:"height"`
	Block     chains.BlockHash `json:"block,omitzero"`
	Time      time.Time        `json:"time,omitzero"`
	Index     uint32           `json:"index"` // of the output, or of the transfer among those of its kind
	Address   chains.Address   `json:"address"`
	Asset     chains.Asset     `json:"asset"`
	Amount    chains.Amount    `json:"amount"` // that came out there, or that was paid with the memo
	Detail    string           `json:"detail"`
}

// Mixed is where the value went in.
type Mixed struct {
	Tx      chains.TxID    `json:"tx"`
	Address chains.Address `json:"address"` // a pool, or who brought the value into a CoinJoin
}

// AddLeads puts leads, and what was missing to find them, beside the ledger, and
// seals the result anew.
func (r *Result) AddLeads(leads []Lead, missing []Missing) error {
	r.Leads = append(r.Leads, leads...)
	r.sortLeads()
	for _, m := range missing {
		r.missing.add(lack{m.Chain, m.What, m.Reason}, m.heights)
	}
	r.Missing = r.missing.list()
	digest, err := r.digest()
	r.Digest = digest
	return err
}

func (r *Result) sortLeads() {
	slices.SortFunc(r.Leads, func(a, b Lead) int {
		return cmp.Or(cmp.Compare(a.Chain, b.Chain), cmp.Compare(a.Height, b.Height), slices.Compare(a.Tx[:], b.Tx[:]), cmp.Compare(a.Index, b.Index),
			cmp.Compare(a.Deposit, b.Deposit), slices.Compare(a.Mixed.Tx[:], b.Mixed.Tx[:]), cmp.Compare(a.Heuristic, b.Heuristic), cmp.Compare(a.Mixed.Address, b.Mixed.Address),
			cmp.Compare(a.Detail, b.Detail))
	})
}
