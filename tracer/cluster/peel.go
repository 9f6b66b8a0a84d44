package cluster

import "tsuiseki/chains"

// PeelChain is the heuristic of FindPeel.
var PeelChain = Heuristic{ID: "peel-chain", Version: 1}

const (
	peelSteps = 3 // in a row make a chain
	peelShare = 2 // the rest is at least so many times the payment
)

// Peel is a transaction's place in a peel chain: a coin from which one small payment
// after the other is cut off, while the rest is passed on.
type Peel struct {
	Heuristic
	Before  int    `json:"steps_before"`
	After   int    `json:"steps_after"`
	Payment uint32 `json:"payment"` // output index
	Rest    uint32 `json:"rest"`    // output index
	// More: the chain goes on beyond the steps that were walked.
	More bool `json:"more"`
}

// FindPeel follows the rest of a peel step back and on, up to limit steps each way;
// nil where fewer than 3 steps follow each other. It is for display: what is paid
// off a chain is as traceable as what stays. (Meiklejohn et al.: "A Fistful of
// Bitcoins", 2013, section 5.)
func FindPeel(tx *chains.Tx, chain Chain, limit int) (*Peel, error) {
	payment, rest, ok := peelStep(tx)
	if !ok {
		return nil, nil
	}
	peel := &Peel{Heuristic: PeelChain, Payment: payment, Rest: rest}
	after, moreAfter, err := countSteps(tx, limit, func(at *chains.Tx) (*chains.Tx, error) {
		_, rest, _ := peelStep(at)
		next, err := chain.Spender(at, rest)
		if err != nil || next == nil {
			return nil, err
		}
		_, _, ok := peelStep(next)
		return only(next, ok), nil
	})
	if err != nil {
		return nil, err
	}
	before, moreBefore, err := countSteps(tx, limit, func(at *chains.Tx) (*chains.Tx, error) {
		previous, err := chain.Creator(at, 0)
		if err != nil || previous == nil {
			return nil, err
		}
		_, rest, ok := peelStep(previous)
		return only(previous, ok && rest == at.Inputs[0].Prevout.Index), nil
	})
	peel.Before, peel.After, peel.More = before, after, moreBefore || moreAfter
	if err != nil || before+1+after < peelSteps {
		return nil, err
	}
	return peel, nil
}

// PeelStep tells which output a transaction pays and which it passes on, where it
// may be a step of a peel chain.
func PeelStep(tx *chains.Tx) (payment, rest uint32, ok bool) { return peelStep(tx) }

// countSteps walks until step gives nil; more says that it stopped at the limit.
func countSteps(tx *chains.Tx, limit int, step func(*chains.Tx) (*chains.Tx, error)) (steps int, more bool, err error) {
	for tx, err = step(tx); tx != nil && err == nil; tx, err = step(tx) {
		if steps == limit {
			return steps, true, nil
		}
		steps++
	}
	return steps, false, err
}

func only(tx *chains.Tx, condition bool) *chains.Tx {
	if condition {
		return tx
	}
	return nil
}

// peelStep tells the payment and the rest of a transaction with a peel step's shape.
func peelStep(tx *chains.Tx) (payment, rest uint32, ok bool) {
	if !peelShape(tx) {
		return 0, 0, false
	}
	outputs := payables(tx)
	payment, rest = outputs[0], outputs[1]
	if tx.Outputs[payment].Value.Cmp(tx.Outputs[rest].Value) > 0 {
		payment, rest = rest, payment
	}
	least, _ := tx.Outputs[payment].Value.MulDiv(chains.NewAmount(peelShare), chains.NewAmount(1))
	return payment, rest, tx.Outputs[rest].Value.Cmp(least) >= 0
}
