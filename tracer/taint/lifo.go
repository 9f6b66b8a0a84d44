package taint

import (
	"cmp"
	"slices"
)

// LIFO lays the inputs end to end as FIFO does, but cuts the outputs from the
// back: the last input pays the first output, and the fee gets what came first. A
// stretch keeps its direction, so a value's oldest units stay in front. A payment
// out of an account takes the newest units, and within one transaction what came
// last goes first; the oldest stay.
//
// It is a convention of tracing software and of forensic accountants, and one of the
// strategies compared by Tironsakkul et al., "Context matters: Methods for Bitcoin
// tracking", 2022. The authors know of no court that traced by it: it is here to show
// how far a result depends on the order.
func LIFO(ins []Input, outs []Output) []Flow {
	// The inputs hold as much as the outputs: cut from the back, the first output
	// lies where it would lie as the last one, cut from the front.
	backwards := slices.Clone(outs)
	slices.Reverse(backwards)
	flows := FIFO(ins, backwards)
	for i := range flows {
		flows[i].Output = len(outs) - 1 - flows[i].Output
	}
	slices.SortStableFunc(flows, func(a, b Flow) int { return cmp.Compare(a.Output, b.Output) })
	return flows
}
