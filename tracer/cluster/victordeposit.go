package cluster

import (
	"fmt"
	"math/big"

	"tsuiseki/chains"
)

// VictorDeposit is the heuristic of findVictor.
var VictorDeposit = Heuristic{ID: "victor-deposit", Version: 1}

func victorParameters(p DepositParams) map[string]string {
	return guardParameters(p, map[string]string{
		"max_rest_wei": p.MaxRest.String(), "max_blocks": fmt.Sprint(p.MaxBlocks), "miner_txs": fmt.Sprint(p.MinerTxs),
	})
}

// guardParameters adds those of the guards.
func guardParameters(p DepositParams, own map[string]string) map[string]string {
	own["dust_wei"], own["max_gas_wei"], own["max_txs"] = p.Dust.String(), p.MaxGas.String(), fmt.Sprint(p.MaxTxs)
	return own
}

// findVictor looks for a payment that was passed on to the exchange: u pays d the
// amount a_r in block t_r, d pays x the amount a_f in block t_f, with
// 0 <= a_r-a_f <= 0.01 ether (of a token: equal amounts of the same) and
// 0 <= t_f-t_r <= 3,200 blocks, u no miner. (Victor, FC 2020, algorithm 1.) Its
// confidence weighs both distances alike: 1 - 0.5·(a_r-a_f)/0.01 - 0.5·(t_f-t_r)/3200.
// Contracts are left to ForwarderContract.
func findVictor(h *depositHistory) (*DepositInference, error) {
	if h.code.Contract {
		return inferred(nil, "it is a contract"), nil
	}
	var fired []DepositFiring
	for i := range h.sweeps {
		s := &h.sweeps[i]
		r, confidence, err := h.victorBest(s)
		if err != nil {
			return nil, err
		}
		if r != nil {
			fired = append(fired, DepositFiring{Deposit: &r.tx.ID, Sweep: s.tx.ID, To: s.to, Asset: s.asset, Amount: s.amount, confidence: confidence})
		}
	}
	return inferred(fired, "no payment was passed on to the exchange whole and soon"), nil
}

// victorBest is the payment that a sweep passes on most surely, the earliest of
// equals; nil where there is none. Payers are asked whether they mine only as
// they come to be the best: that is dear.
func (h *depositHistory) victorBest(s *sweep) (best *receipt, confidence int, err error) {
	for {
		best, confidence = nil, 0
		for n := range h.receipts {
			r := &h.receipts[n]
			if c, ok := h.victorPair(r, s); ok && (best == nil || c > confidence) && !h.miners[r.from] {
				best, confidence = r, c
			}
		}
		if best == nil {
			return nil, 0, nil
		}
		if mines, err := h.mines(best); err != nil || !mines {
			return best, confidence, err
		}
	}
}

// victorPair is the confidence, in basis points rounded down, that a sweep passes
// a payment on; false where it does not.
func (h *depositHistory) victorPair(r *receipt, s *sweep) (confidence int, ok bool) {
	if r.asset != s.asset || r.from == "" || r.tx.Position().Compare(s.tx.Position()) >= 0 {
		return 0, false
	}
	blocks := s.tx.Block.Height - r.tx.Block.Height
	if blocks > h.params.MaxBlocks || !h.pays(r) {
		return 0, false
	}
	rest := r.amount.Sub(s.amount)
	most := h.params.MaxRest
	if s.asset != h.chain.Native() {
		most = chains.Amount{}
	}
	if rest.Sign() < 0 || rest.Cmp(most) > 0 {
		return 0, false
	}
	return victorConfidence(rest, h.params.MaxRest, blocks, h.params.MaxBlocks), true
}

// victorConfidence is floor(10000·(1 - rest/(2·maxRest) - blocks/(2·maxBlocks))).
func victorConfidence(rest, maxRest chains.Amount, blocks, maxBlocks uint64) int {
	const whole, half = 10_000, 5_000
	a, b := maxRest.Big(), new(big.Int).SetUint64(maxBlocks)
	product := new(big.Int).Mul(a, b)
	sum := new(big.Int).Mul(product, big.NewInt(whole))
	sum.Sub(sum, new(big.Int).Mul(new(big.Int).Mul(rest.Big(), b), big.NewInt(half)))
	sum.Sub(sum, new(big.Int).Mul(new(big.Int).Mul(new(big.Int).SetUint64(blocks), a), big.NewInt(half)))
	return int(sum.Div(sum, product).Int64())
}

// mines tells whether the payer is a miner: it pays many, who have nothing else in
// common with each other. A miner gets rewards and tips all the time, so the first
// of its transactions show it. Whoever attributions name is what they say.
func (h *depositHistory) mines(r *receipt) (bool, error) {
	if known, asked := h.miners[r.from]; asked {
		return known, nil
	}
	mines, seen := r.party.Miner, 0
	if r.party.Known {
		h.miners[r.from] = mines
		return mines, nil
	}
	for tx, err := range h.chain.Touching(r.from, chains.Position{}) {
		if err != nil {
			return false, err
		}
		if mines || seen == h.params.MinerTxs {
			break
		}
		seen++
		for i := range tx.Transfers {
			t := &tx.Transfers[i]
			mines = mines || t.To == r.from && t.Amount.Sign() > 0 && (t.Kind == chains.TipTransfer || t.Kind == chains.RewardTransfer)
		}
	}
	h.miners[r.from] = mines
	return mines, nil
}
