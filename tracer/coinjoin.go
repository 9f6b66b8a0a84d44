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
	type entry struct {
		deposit int
		address chains.Address // that brought it
	}
	entries := map[entry]bool{}
	for _, p := range waiting.inputs {
		for _, h := range p.holds {
			entries[entry{h.deposit, p.address}] = true
		}
	}
	for i := range tx.Outputs {
		out := &tx.Outputs[i]
		address, _ := s.chain.Describe(out.Script)
		for e := range entries {
			var detail string
			switch {
			case e.address == address:
				detail = "pays the address back that brought value in: certainly its owner's, though nothing tells what part of it is traced"
			case mix.Outputs > 1 && out.Value.Equal(mix.Value):
				detail = fmt.Sprintf("one of %d equal outputs: whose it is nothing tells", mix.Outputs)
			default:
				continue
			}
			s.result.Leads = append(s.result.Leads, Lead{
				Deposit: s.result.Deposits[e.deposit].ID, Heuristic: cluster.Joint.ID, Version: cluster.Joint.Version, Mixed: Mixed{tx.ID, e.address},
				Chain: s.result.Snapshot[0].Chain, Tx: tx.ID, Height: tx.Block.Height, Block: tx.Block.Hash, Time: tx.Time,
				Index: uint32(i), Address: address, Asset: s.asset, Amount: out.Value, Detail: fmt.Sprintf("out of a CoinJoin (%s), %s", heuristics, detail),
			})
		}
	}
}
