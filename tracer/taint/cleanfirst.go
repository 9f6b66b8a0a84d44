package taint

import "slices"

// CleanFirst pays the outputs, in order and the fee last, with what is not traced
// until that is used up: traced value falls to the last of them. Of a balance of
// B with T traced, a payment of x takes max(0, x-(B-T)) and the rest of T stays,
// so that what is traced never exceeds the lowest balance since: what comes in
// later does not restore it. Within one transaction it stays with what an account
// gains before it is in the payments. (Re Hallett's Estate, 1880; the lowest
// intermediate balance of James Roscoe v Winder, 1915.)
func CleanFirst(ins []Input, outs []Output) []Flow {
	order := inOrder(outs)
	slices.Reverse(order) // what clean value does not reach is the back
	return fill(ins, outs, order)
}
