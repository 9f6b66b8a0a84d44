package taint

import (
	"slices"

	"tsuiseki/chains"
)

// Haircut gives every output, and the fee, the same traced share: with T traced
// of S in all, output v gets floor(v·T/S), and what rounding leaves goes unit by
// unit to the largest remainders, earlier outputs first. A payment of x out of an
// account's balance of B takes x·T/B; within one transaction the payments and what
// an account gains share alike.
//
// Sources, for accounts: the "rolling charge" or North American method described in
// Barlow Clowes International Ltd v Vaughan [1992] 4 All ER 22, by which each payment
// is borne in proportion (the court shared what was left in one step, as this was too
// laborious to compute); "averaging" in United States v. Banco Cafetero Panama, 797
// F.2d 1154 (2d Cir. 1986). For Bitcoin: Möser, Böhme, Breuker, "Towards Risk Scoring
// of Bitcoin Transactions", 2014.
func Haircut(ins []Input, outs []Output) []Flow {
	left := make([]chains.Amount, len(ins)) // traced value that each input has still to give
	for i, in := range ins {
		left[i] = Sum(in.Traced)
	}
	rooms := make([]chains.Amount, len(outs))
	for o, out := range outs {
		rooms[o] = out.room()
	}
	var flows []Flow
	for o, share := range apportion(chains.Sum(left...), rooms) {
		var offset chains.Amount
		// The share is drawn from the inputs in the same proportion.
		for i, part := range apportion(share, left) {
			if part.Sign() > 0 {
				flows = append(flows, Flow{Input: i, Output: o, Span: Span{Offset: offset, Value: part}})
				offset, left[i] = offset.Add(part), left[i].Sub(part)
			}
		}
	}
	return flows
}

// apportion splits total in proportion to the weights by largest remainder. A
// part never exceeds its weight while total does not exceed their sum.
func apportion(total chains.Amount, weights []chains.Amount) []chains.Amount {
	parts := make([]chains.Amount, len(weights))
	sum := chains.Sum(weights...)
	if total.Sign() == 0 || sum.Sign() == 0 {
		return parts
	}
	remainders := make([]chains.Amount, len(weights))
	byRemainder := make([]int, len(weights))
	rest := total
	for i, w := range weights {
		parts[i], remainders[i] = w.MulDiv(total, sum)
		rest = rest.Sub(parts[i])
		byRemainder[i] = i
	}
	slices.SortStableFunc(byRemainder, func(a, b int) int { return remainders[b].Cmp(remainders[a]) })
	one := chains.NewAmount(1)
	for _, i := range byRemainder {
		if rest.Sign() == 0 {
			break
		}
		parts[i], rest = parts[i].Add(one), rest.Sub(one)
	}
	return parts
}
