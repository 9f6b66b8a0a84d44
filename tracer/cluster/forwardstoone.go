package cluster

import (
	"fmt"

	"tsuiseki/chains"
)

// ForwardsToOneExchange is the heuristic of findForwards.
var ForwardsToOneExchange = Heuristic{ID: "forwards-to-one-exchange", Version: 1}

func forwardParameters(p DepositParams) map[string]string {
	return guardParameters(p, map[string]string{
		"max_rest_wei": p.MaxRest.String(), "min_sweeps": fmt.Sprint(p.MinSweeps), "min_receipts": fmt.Sprint(p.MinReceipts),
	})
}

// findForwards looks for an account with a key that keeps nothing: at least two
// payments came in, at least two transactions swept to the exchange, each of them
// all that there was of its asset (of the native one, all but 0.01 ether), however
// many payments each took up. That all of it went to one exchange is a guard. Its
// confidence after n sweeps is Laplace's rule of succession, (n+1)/(n+2): that the
// next one goes there too. It finds what Victor's rule misses: sweeps that take
// several payments at once, or come late.
func findForwards(h *depositHistory) (*DepositInference, error) {
	if h.code.Contract {
		return inferred(nil, "it is a contract"), nil
	}
	txs := 0
	for i := range h.sweeps {
		s := &h.sweeps[i]
		if s.left.Cmp(h.mayLeave(s.asset)) > 0 {
			return inferred(nil, fmt.Sprintf("it keeps %s of %s in %s", s.left, s.asset, s.tx.ID)), nil
		}
		if i == 0 || s.tx != h.sweeps[i-1].tx {
			txs++
		}
	}
	if txs < h.params.MinSweeps {
		return inferred(nil, fmt.Sprintf("%d transactions sweep it, %d are wanted", txs, h.params.MinSweeps)), nil
	}
	if paid := h.paidTimes(); paid < h.params.MinReceipts {
		return inferred(nil, fmt.Sprintf("%d transactions of others pay it, %d are wanted", paid, h.params.MinReceipts)), nil
	}
	return inferred(h.allSweeps(succession(txs)), ""), nil
}

// mayLeave is what a sweep may leave behind of an asset.
func (h *depositHistory) mayLeave(asset chains.Asset) chains.Amount {
	if asset == h.chain.Native() {
		return h.params.MaxRest
	}
	return chains.Amount{}
}

// paidTimes counts the transactions in which others pay what is swept: ether that
// stays may be gas.
func (h *depositHistory) paidTimes() (times int) {
	var last *chains.Tx
	for i := range h.receipts {
		if r := &h.receipts[i]; h.pays(r) && h.moves(r.asset) && r.tx != last {
			times, last = times+1, r.tx
		}
	}
	return times
}

// allSweeps are all sweeps as observations of one confidence.
func (h *depositHistory) allSweeps(confidence int) (fired []DepositFiring) {
	for i := range h.sweeps {
		s := &h.sweeps[i]
		fired = append(fired, DepositFiring{Sweep: s.tx.ID, To: s.to, Asset: s.asset, Amount: s.amount, confidence: confidence})
	}
	return fired
}

// succession is Laplace's rule of succession after n of n: (n+1)/(n+2), in basis
// points rounded down.
func succession(n int) int { return 10_000 * (n + 1) / (n + 2) }
