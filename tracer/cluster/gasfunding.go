package cluster

import (
	"fmt"

	"tsuiseki/chains"
)

// ExchangeGasFunding is the heuristic of findGasFunding.
var ExchangeGasFunding = Heuristic{ID: "exchange-gas-funding", Version: 1}

func gasParameters(p DepositParams) map[string]string {
	return guardParameters(p, map[string]string{
		"max_blocks": fmt.Sprint(p.MaxBlocks), "min_funded": fmt.Sprint(p.MinFunded), "funder_txs": fmt.Sprint(p.FunderTxs),
	})
}

// findGasFunding looks for a token's sweep for which the exchange paid the gas: a
// customer pays in tokens alone, so the exchange sends d at most 0.05 ether before
// it has d sign the sweep, at most 3,200 blocks before. The exchange is its own
// labelled wallet, or a funder that did the same for at least 3 other accounts,
// each of which then swept a token to this exchange. Its confidence is
// 1 - 0.5·(t_sweep-t_gas)/3200.
func findGasFunding(h *depositHistory) (*DepositInference, error) {
	if h.code.Contract {
		return inferred(nil, "it is a contract"), nil
	}
	var fired []DepositFiring
	for i := range h.sweeps {
		s := &h.sweeps[i]
		if s.asset == h.chain.Native() || s.tx.From != h.account {
			continue
		}
		gas, err := h.gasFor(s)
		if err != nil {
			return nil, err
		}
		if gas != nil {
			blocks := s.tx.Block.Height - gas.tx.Block.Height
			fired = append(fired, DepositFiring{
				Gas: &gas.tx.ID, Sweep: s.tx.ID, To: s.to, Asset: s.asset, Amount: s.amount,
				confidence: victorConfidence(chains.Amount{}, chains.NewAmount(1), blocks, h.params.MaxBlocks),
			})
		}
	}
	return inferred(fired, "the exchange is not seen to pay gas for a token's sweep"), nil
}

// gasFor is the last payment of gas before a sweep that the exchange made.
func (h *depositHistory) gasFor(s *sweep) (*receipt, error) {
	for n := len(h.receipts) - 1; n >= 0; n-- {
		r := &h.receipts[n]
		switch {
		case r.tx.Position().Compare(s.tx.Position()) >= 0 || r.asset != h.chain.Native() || r.from == "" || r.amount.Cmp(h.params.MaxGas) > 0:
			continue
		case s.tx.Block.Height-r.tx.Block.Height > h.params.MaxBlocks:
			return nil, nil
		case h.paidBy(r):
			return r, nil
		case r.party.Known:
			continue // another exchange's or service's payment is a customer's
		}
		funds, err := h.fundsGas(r)
		if err != nil || funds {
			return r, err
		}
	}
	return nil, nil
}

// mostFunded bounds the accounts of one funder that are looked at, and their
// transactions.
const mostFunded = 20

// fundsGas tells whether an unlabelled account pays gas for the exchange, by what
// it did around the time.
func (h *depositHistory) fundsGas(r *receipt) (bool, error) {
	if known, asked := h.funders[r.from]; asked {
		return known, nil
	}
	h.funders[r.from] = false
	from := chains.Position{}
	if height := r.tx.Block.Height; height > h.params.MaxBlocks {
		from.Height = height - h.params.MaxBlocks
	}
	funded, seen, asked := 0, 0, map[chains.Address]bool{h.account: true, r.from: true}
	for tx, err := range h.chain.Touching(r.from, from) {
		if err != nil {
			return false, err
		}
		if seen == h.params.FunderTxs || len(asked) > mostFunded || funded == h.params.MinFunded {
			break
		}
		seen++
		for i := range tx.Transfers {
			t := &tx.Transfers[i]
			if tx.Failed || !t.Payment() || t.From != r.from || t.Asset != h.chain.Native() || t.Amount.Cmp(h.params.MaxGas) > 0 || asked[t.To] {
				continue
			}
			asked[t.To] = true
			sweeps, err := h.sweepsToken(t.To, tx)
			if err != nil {
				return false, err
			}
			if sweeps {
				funded++
			}
		}
	}
	h.funders[r.from] = funded >= h.params.MinFunded
	return h.funders[r.from], nil
}

// sweepsToken tells whether an account signs a payment of a token to the exchange
// soon after it got gas.
func (h *depositHistory) sweepsToken(account chains.Address, gas *chains.Tx) (bool, error) {
	seen := 0
	for tx, err := range h.chain.Touching(account, gas.Position()) {
		if err != nil {
			return false, err
		}
		if seen == mostFunded || tx.Block.Height > gas.Block.Height+h.params.MaxBlocks {
			break
		}
		seen++
		for i := range tx.Transfers {
			t := &tx.Transfers[i]
			if tx.Failed || tx.From != account || t.Kind != chains.TokenTransfer || t.From != account || t.Amount.Sign() <= 0 {
				continue
			}
			if to, err := h.chain.Party(t.To, tx.Time); err != nil || to.Exchange == h.exchange.Exchange {
				return err == nil, err
			}
		}
	}
	return false, nil
}
