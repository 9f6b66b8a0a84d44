package cluster

import (
	"fmt"

	"tsuiseki/chains"
)

// judge holds the whole history to the guards.
func (h *depositHistory) judge() {
	if len(h.sweeps) == 0 {
		h.no = "nothing went from it to a wallet that is labelled as an exchange's"
		return
	}
	others := false
	for i := range h.receipts {
		switch r := &h.receipts[i]; {
		case h.paidBy(r) && !h.isGas(r):
			h.no = fmt.Sprintf("%s pays it more than gas in %s", r.party.Label, r.tx.ID)
			return
		case h.pays(r):
			others = true
		}
	}
	if !others {
		h.no = "nobody but the exchange pays it"
	}
}

// paidBy tells whether the exchange pays, or seems to where a token's log is not
// to be believed.
func (h *depositHistory) paidBy(r *receipt) bool {
	return r.party.Exchange == h.exchange.Exchange
}

// pays tells whether somebody else pays, and not dust or a token that is never swept.
func (h *depositHistory) pays(r *receipt) bool {
	if r.asset == h.chain.Native() {
		return !h.paidBy(r) && r.amount.Cmp(h.params.Dust) > 0 && !h.funders[r.from]
	}
	return !h.paidBy(r) && h.moves(r.asset)
}

// isGas tells whether what the exchange pays may be for gas, or is planted.
func (h *depositHistory) isGas(r *receipt) bool {
	if r.asset == h.chain.Native() {
		return r.amount.Cmp(h.params.MaxGas) <= 0
	}
	return !h.moves(r.asset)
}

// moves tells whether the account ever sweeps an asset.
func (h *depositHistory) moves(asset chains.Asset) bool { return h.moved[asset] }

// lacks says which blocks are not held that could show what rules the account out;
// nothing where all of them are.
func (h *depositHistory) lacks() (string, error) {
	if h.lacked == nil {
		doubt, err := h.findLack()
		if err != nil {
			return "", err
		}
		h.lacked = &doubt
	}
	return *h.lacked, nil
}

func (h *depositHistory) findLack() (string, error) {
	if h.doubt != "" {
		return h.doubt, nil
	}
	snapshot := h.chain.Snapshot()
	parts := []chains.Part{chains.PartTransactions, chains.PartReceipts, chains.PartLogs}
	if h.code.Contract || !h.signs { // who has a key and no code pays by transactions alone
		parts = append(parts, chains.PartInternal)
	}
	for _, part := range parts {
		missing, err := h.chain.Missing(part, snapshot.From, snapshot.Height)
		if err != nil {
			return "", err
		}
		if len(missing) > 0 {
			return fmt.Sprintf("%s of heights %d-%d are not held", part, missing[0].From, missing[len(missing)-1].To), nil
		}
	}
	// A contract whose creation is held had no life before; without a key nobody
	// else signs for an account.
	if snapshot.From == 0 || h.code.Creation != nil {
		return "", nil
	}
	before, err := h.chain.SignedBefore(h.account)
	switch {
	case err != nil:
		return "", err
	case before == No && !h.code.Contract:
		return "", nil
	}
	return fmt.Sprintf("what it paid before height %d, where the index starts, is not known", snapshot.From), nil
}
