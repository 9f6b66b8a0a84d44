package cluster

import (
	"slices"

	"tsuiseki/chains"
)

// ChangeRule looks for the outputs in which a transaction's payer keeps the rest.
type ChangeRule struct {
	Heuristic
	// Sign: the rule counts as a sign of its own. What another rule's signs are
	// made of does not count again.
	Sign bool
	// Left gives the payable outputs that the rule cannot rule out, in order: all of
	// them where it does not apply or what it needs is not known. A rule about a
	// wallet's habit does not apply where no output shows the habit.
	Left func(tx *chains.Tx, chain Chain) ([]uint32, error)
}

// ChangeRules are all rules of change.
func ChangeRules() []ChangeRule {
	return []ChangeRule{
		{SelfChange, true, pure(AddressReuse)},
		{Heuristic{"optimal-change", 1}, true, pure(OptimalChange)},
		{Heuristic{"power-of-ten", 1}, true, pure(PowerOfTen)},
		{Heuristic{"address-type", 1}, true, pure(AddressType)},
		{Heuristic{"fresh-address", 2}, true, FreshAddress},
		{Heuristic{"locktime", 2}, true, LockTimeHabit},
		{Heuristic{"fixed-fee-rate", 2}, true, FixedFeeRate},
		{Heuristic{"peeling-chain", 2}, true, PeelingChain},
		{Heuristic{"one-time-change", 1}, false, OneTimeChange},
	}
}

func pure(rule func(*chains.Tx) []uint32) func(*chains.Tx, Chain) ([]uint32, error) {
	return func(tx *chains.Tx, _ Chain) ([]uint32, error) { return rule(tx), nil }
}

// ChangeSign is what one rule leaves of a transaction's outputs.
type ChangeSign struct {
	Heuristic
	Outputs []uint32 `json:"outputs"`
}

// Agreement is the heuristic of Change.
var Agreement = Heuristic{ID: "change-agreement", Version: 2}

const (
	changeSigns      = 2  // that must agree
	changeConfidence = 99 // percent: two signs were right in 99.5% of a study on regtest (Hopline), one in 89.5%
)

// Change is what all rules together say of a transaction.
type Change struct {
	Rules []ChangeSign
	Self  []uint32 // outputs to an address that the transaction spends from: certain
	// Agreed is the one output that no rule rules out and at least two signs single
	// out; nil where there is none. By names those signs.
	Agreed *uint32
	By     []string
}

// FindChange asks every rule, but for those that are switched off by id. Where several owners may have signed there is no
// payer to keep a rest: of what the guard stops, and of a coinbase, it says nothing.
func FindChange(tx *chains.Tx, chain Chain, off ...string) (Change, error) {
	var change Change
	outputs := payables(tx)
	if tx.Coinbase() || DoNotCluster(tx) != No || len(outputs) == 0 {
		return change, nil
	}
	left := outputs
	single := map[uint32][]string{} // output → signs that leave nothing else
	for _, rule := range ChangeRules() {
		if slices.Contains(off, rule.ID) {
			continue
		}
		kept, err := rule.Left(tx, chain)
		if err != nil {
			return Change{}, err
		}
		change.Rules = append(change.Rules, ChangeSign{rule.Heuristic, append([]uint32{}, kept...)})
		if !rule.Sign {
			continue
		}
		left = intersect(left, kept)
		if len(kept) == 1 && len(outputs) > 1 {
			single[kept[0]] = append(single[kept[0]], rule.ID)
		}
	}
	change.Self = selfChange(tx)
	// A lone output is as likely a payment of everything: nothing was ruled out.
	if len(left) == 1 && len(single[left[0]]) >= changeSigns {
		change.Agreed, change.By = &left[0], single[left[0]]
	}
	return change, nil
}

// Evidence joins the agreed change output's address to the transaction's first
// input address: for the extended cluster only, which never stands for the other.
// What already belongs together gives none.
func (c Change) Evidence(tx *chains.Tx) []Evidence {
	addresses, _ := inputAddresses(tx)
	if c.Agreed == nil || len(addresses) == 0 {
		return nil
	}
	out := &tx.Outputs[*c.Agreed]
	if !owned(out) || slices.Contains(addresses, out.Address) {
		return nil
	}
	return []Evidence{{
		Heuristic: Agreement, Tx: tx.ID, At: tx.Position(), From: addresses[0], To: out.Address, Confidence: changeConfidence,
	}}
}

// intersect is what two lists in order have in common.
func intersect(a, b []uint32) (both []uint32) {
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0] < b[0]:
			a = a[1:]
		case a[0] > b[0]:
			b = b[1:]
		default:
			both = append(both, a[0])
			a, b = a[1:], b[1:]
		}
	}
	return both
}

// keep is the payable outputs for which holds is true.
func keep(tx *chains.Tx, holds func(*chains.Output) bool) []uint32 {
	return slices.DeleteFunc(payables(tx), func(n uint32) bool { return !holds(&tx.Outputs[n]) })
}

// orAll is what is left, or all payable outputs where nothing is.
func orAll(tx *chains.Tx, left []uint32) []uint32 {
	if len(left) == 0 {
		return payables(tx)
	}
	return left
}

// keepSpent is the payable outputs without a known spender, or with one for which
// holds is true: who has not spent yet may still behave as change does. It is all
// where holds is true for no known spender: that the payer has the habit is then
// not shown, and spending otherwise rules nothing out.
func keepSpent(tx *chains.Tx, chain Chain, holds func(spender *chains.Tx) bool) ([]uint32, error) {
	var left []uint32
	shown := false
	for _, n := range payables(tx) {
		spender, err := chain.Spender(tx, n)
		if err != nil {
			return nil, err
		}
		if spender == nil {
			left = append(left, n)
		} else if holds(spender) {
			left, shown = append(left, n), true
		}
	}
	if !shown {
		return payables(tx), nil
	}
	return left, nil
}
