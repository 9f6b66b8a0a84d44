package taint

import "tsuiseki/chains"

// FIFO lays the inputs end to end and cuts the outputs from the front, in order,
// the fee last: what went in first comes out first. A payment out of an account
// takes the oldest units; within one transaction an account's own go before those
// that came, and what it gains is what comes last.
//
// Sources: Devaynes v Noble, Clayton's Case (1816) 1 Mer 572, for a running account;
// courts leave it where it would be unjust or impracticable (Barlow Clowes
// International Ltd v Vaughan [1992] 4 All ER 22). For Bitcoin: Anderson, Shumailov,
// Ahmed, "Making Bitcoin Legal", 2018.
func FIFO(ins []Input, outs []Output) []Flow {
	var flows []Flow
	var inStart, outStart chains.Amount // of the current input and output, on the common line
	out := 0
	for i, in := range ins {
		for _, span := range in.Traced {
			start, left := inStart.Add(span.Offset), span.Value
			for left.Sign() > 0 && out < len(outs) {
				outEnd := outStart.Add(outs[out].Value)
				if start.Cmp(outEnd) >= 0 {
					outStart = outEnd
					out++
					continue
				}
				part := left.Min(outEnd.Sub(start))
				flows = append(flows, Flow{Input: i, Output: out, Span: Span{Offset: start.Sub(outStart), Value: part}})
				start, left = start.Add(part), left.Sub(part)
			}
		}
		inStart = inStart.Add(in.Value)
	}
	return flows
}
