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
	heuristics, where := "heuristic "+strings.Join(by, ", "), "no two outputs are equal"
	if mix.Outputs > 1 {
		where = fmt.Sprintf("%d outputs of %s may each be its owner's", mix.Outputs, mix.Value)
	}
	detail := fmt.Sprintf("moved on into a CoinJoin, %s at height %d (%s): %s", tx.ID, tx.Block.Height, heuristics, where)
	for _, n := range sortedKeys(waiting.inputs) {
		p := waiting.inputs[n]
		for _, h := range p.holds {
			s.end(p, h, EndCoinJoin, detail)
		}
	}
	s.leadOut(tx, waiting, mix, heuristics)
	return true
}

// leadOut notes the outputs of a mix that may be, or certainly are, of who brought
// a deposit's part into it.
func (s *sweep) leadOut(tx *chains.Tx, waiting *arrivals, mix cluster.Mix, heuristics string) {
	brought := map[int]map[chains.Address]bool{} // from which addresses, by deposit
	for _, p := range waiting.inputs {
		for _, h := range p.holds {
			if brought[h.deposit] == nil {
				brought[h.deposit] = map[chains.Address]bool{}
			}
			brought[h.deposit][p.address] = true
		}
	}
	for i := range tx.Outputs {
		out, index := &tx.Outputs[i], uint32(i)
		address, _ := s.chain.Describe(out.Script)
		lead := Lead{Index: &index, Address: address, order: uint64(i)}
		for deposit, from := range brought {
			switch {
			case from[address]:
				lead.Detail = "pays an input's address back: certainly its owner's, though nothing tells what part of it is traced"
			case mix.Outputs > 1 && out.Value.Equal(mix.Value):
				lead.Detail = fmt.Sprintf("one of %d equal outputs: whose it is nothing tells", mix.Outputs)
			default:
				continue
			}
			lead.Detail = fmt.Sprintf("out of a CoinJoin (%s), %s", heuristics, lead.Detail)
			s.result.addLead(tx, deposit, lead)
		}
	}
}
