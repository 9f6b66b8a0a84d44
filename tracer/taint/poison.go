package taint

// Poison taints every output, and the fee, wholly as soon as any input is traced
// at all. A payment out of an account that holds any is traced wholly, and so is
// what stays. It bounds from above what could be traced, and does not conserve: no
// claim can rest on it. (Möser, Böhme, Breuker: "Towards Risk Scoring of Bitcoin
// Transactions", 2014.)
func Poison(ins []Input, outs []Output) []Flow {
	var flows []Flow
	for o, out := range outs {
		if out.Value.Sign() == 0 {
			continue
		}
		for i, in := range ins {
			if len(in.Traced) > 0 {
				flows = append(flows, Flow{Input: i, Output: o, Span: Span{Value: out.Value}})
			}
		}
	}
	return flows
}
