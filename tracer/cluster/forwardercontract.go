package cluster

import (
	"fmt"

	"tsuiseki/chains"
)

// ForwarderContract is the heuristic of findForwarderContract.
var ForwarderContract = Heuristic{ID: "forwarder-contract", Version: 1}

func contractParameters(p DepositParams) map[string]string {
	return guardParameters(p, map[string]string{"min_sweeps": fmt.Sprint(p.MinSweeps)})
}

// findForwarderContract looks for a contract whose every exit goes to the exchange,
// in at least two transactions, or in one where that is its code's doing (it passes
// on what came in the same transaction) or the exchange's (its labelled wallet
// signed the sweep, or the contract's creation). Its confidence after n sweeps is
// Laplace's rule of succession, (n+1)/(n+2).
func findForwarderContract(h *depositHistory) (*DepositInference, error) {
	if !h.code.Contract {
		return inferred(nil, "it is not known to be a contract"), nil
	}
	operated := false
	if made := h.code.Creation; made != nil {
		maker, err := h.chain.Party(made.From, made.Time)
		if err != nil {
			return nil, err
		}
		operated = maker.Exchange == h.exchange.Exchange
	}
	var last *chains.Tx
	txs := 0
	for i := range h.sweeps {
		s := &h.sweeps[i]
		operated = operated || s.within || s.by == h.exchange.Exchange
		if s.tx != last {
			txs, last = txs+1, s.tx
		}
	}
	if txs < h.params.MinSweeps && !operated {
		return inferred(nil, fmt.Sprintf("%d transactions sweep it, %d are wanted where neither its code nor the exchange is seen to do so", txs, h.params.MinSweeps)), nil
	}
	return inferred(h.allSweeps(succession(txs)), ""), nil
}
