package taint

import "slices"

// TIHO (taint in, highest out) gives traced value to the largest outputs first,
// earlier ones first among equals, the fee last. Within one transaction of an
// account chain, what an account gains by it is an output like its payments.
// (Tironsakkul, Maarek, Eross, Just: "Probing the Mystery of Cryptocurrency
// Theft", 2019.)
//
// Between a payment and the balance that stays TIHO has nothing to say: they are
// not outputs of one transaction among which a payer spread value, and by their
// size it would depend on how a sum is cut into payments whether any of it ever
// left. tihoSplit shares in proportion there, which prefers neither.
func TIHO(ins []Input, outs []Output) []Flow {
	order := inOrder(outs)
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case outs[a].Fee == outs[b].Fee:
			return outs[b].Value.Cmp(outs[a].Value)
		case outs[a].Fee:
			return 1
		}
		return -1
	})
	return fill(ins, outs, order)
}

// tihoSplit takes a payment out of an account's balance.
func tihoSplit(balance Input, outs []Output) []Flow { return Haircut([]Input{balance}, outs) }
