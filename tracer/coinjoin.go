package tracer

import (
	"fmt"
	"strings"

	"tsuiseki/chains"
	"tsuiseki/tracer/cluster"
)

// endInMix ends what is about to enter a transaction that mixes the coins of
// several owners. No allocation rule says whose an output of it is, so nothing is
// traced through it; equal outputs are leads. An output that pays an input's
// address back certainly is that owner's, but what part of the traced value it
// holds depends on which other inputs were hers: the whole of it ends here too.
func (s *sweep) endInMix(tx *chains.Tx, waiting *arrivals) bool {
	if !s.mixes {
		return false
	}
	mix, found := cluster.FindMix(tx, s.chain)
	if !found {
		return false
	}
	var by []string
	for _, h := range append([]cluster.Heuristic{cluster.Joint}, mix.Protocols...) {
		by = append(by, fmt.Sprintf("%s %d", h.ID, h.Version))
	}
	where := "no two outputs are equal"
	if mix.Outputs > 1 {
		where = fmt.Sprintf("%d outputs of %s may each be its owner's", mix.Outputs, mix.Value)
	}
	detail := fmt.Sprintf("moved on into a CoinJoin, %s at height %d (heuristic %s): %s", tx.ID, tx.Block.Height, strings.Join(by, ", "), where)
	for _, n := range sortedKeys(waiting.inputs) {
		p := waiting.inputs[n]
		own := detail + s.paidBack(tx, p.address)
		for _, h := range p.holds {
			s.end(p, h, EndCoinJoin, own)
		}
	}
	return true
}

// paidBack names the outputs that return to an address, which are no one else's.
func (s *sweep) paidBack(tx *chains.Tx, address chains.Address) string {
	var outputs []string
	for i := range tx.Outputs {
		if to, _ := s.chain.Describe(tx.Outputs[i].Script); to == address {
			outputs = append(outputs, fmt.Sprint(i))
		}
	}
	if len(outputs) == 0 {
		return ""
	}
	return fmt.Sprintf("; its owner certainly has output %s, which pays the same address, though not what part of it is traced", strings.Join(outputs, ", "))
}
