package taint

import "slices"

// TIHO (taint in, highest out) gives traced value to the largest outputs first,
// earlier ones first among equals, the fee last. Within one transaction of an
// account chain, what an account gains by it is an output like its payments.
// (Tironsakkul, Maarek, Eross, Just: "Context matters: Methods for Bitcoin
// tracking", 2022, who assume that a thief keeps most in the largest output. It is a
// convention of research: the authors know of no court that traced by it.)
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
