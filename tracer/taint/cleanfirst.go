package taint

import "slices"

// CleanFirst pays the outputs, in order and the fee last, with what is not traced
// until that is used up: traced value falls to the last of them. Of a balance of
// B with T traced, a payment of x takes max(0, x-(B-T)) and the rest of T stays,
// so that what is traced never exceeds the lowest balance since: what comes in
// later does not restore it. Within one transaction it stays with what an account
// gains before it is in the payments.
//
// Sources, for accounts: Re Hallett's Estate (1880) 13 Ch D 696, by which a trustee
// is presumed to spend what is his own first; James Roscoe (Bolton) Ltd v Winder
// [1915] 1 Ch 62, for the lowest intermediate balance; United States v. Banco Cafetero
// Panama, 797 F.2d 1154 (2d Cir. 1986), which lets the government choose this rule
// ("drugs-in, last-out"). They are about one mixed account and a wrongdoer's own
// money; an order among the outputs of one transaction is this program's convention.
func CleanFirst(ins []Input, outs []Output) []Flow {
	order := inOrder(outs)
	slices.Reverse(order) // what clean value does not reach is the back
	return fill(ins, outs, order)
}
