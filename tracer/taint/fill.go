package taint

import "tsuiseki/chains"

// fill gives traced value to the outputs in an order, each as much as it has
// room for. The inputs give theirs in their order to the outputs in theirs, which
// decides nothing but what the hops are said to come from.
func fill(ins []Input, outs []Output, order []int) []Flow {
	var left chains.Amount
	for _, in := range ins {
		left = left.Add(Sum(in.Traced))
	}
	shares := make([]chains.Amount, len(outs))
	for _, o := range order {
		shares[o] = left.Min(outs[o].room())
		left = left.Sub(shares[o])
	}
	return draw(ins, shares)
}

// draw takes each output's share from the front of what is traced of the inputs.
func draw(ins []Input, shares []chains.Amount) []Flow {
	var flows []Flow
	var given, taken chains.Amount // of the output's share, and from the input
	for i, o := 0, 0; i < len(ins) && o < len(shares); {
		need, has := shares[o].Sub(given), Sum(ins[i].Traced).Sub(taken)
		part := need.Min(has)
		if part.Sign() > 0 {
			flows = append(flows, Flow{Input: i, Output: o, Span: Span{Offset: given, Value: part}})
			given, taken = given.Add(part), taken.Add(part)
		}
		if need.Cmp(has) <= 0 {
			o, given = o+1, chains.Amount{}
		} else {
			i, taken = i+1, chains.Amount{}
		}
	}
	return flows
}

// inOrder numbers the outputs.
func inOrder(outs []Output) []int {
	order := make([]int, len(outs))
	for o := range order {
		order[o] = o
	}
	return order
}
