package tracer

import (
	"cmp"
	"fmt"
	"slices"

	"tsuiseki/chains"
	"tsuiseki/tracer/taint"
)

// place is an output that holds traced value.
type place struct {
	tx      *chains.Tx
	index   uint32
	address chains.Address
	holds   []holding // by deposit, in order
}

func (p *place) output() *chains.Output { return &p.tx.Outputs[p.index] }

func (p *place) holding(deposit int) *holding {
	i, found := slices.BinarySearchFunc(p.holds, deposit, func(h holding, d int) int { return cmp.Compare(h.deposit, d) })
	if !found {
		return nil
	}
	return &p.holds[i]
}

// holding is a deposit's traced part of a place.
type holding struct {
	deposit int
	spans   []taint.Span
	hops    int // fewest transactions from the deposit
}

// hop records what moves from an input's place to another place.
func (s *sweep) hop(from *place, input uint32, to *place, deposit int, traced chains.Amount) {
	s.result.addHop(to.tx, deposit, Hop{
		From: Endpoint{from.tx.ID, from.index, from.address}, To: Endpoint{to.tx.ID, to.index, to.address},
		Asset: s.asset, Amount: to.output().Value, Traced: traced, Kind: "transfer", order: uint64(to.index), input: input,
	})
}

// end records that a deposit's part of a place rests there.
func (s *sweep) end(p *place, h holding, kind EndKind, detail string) {
	s.endBy(p, h, Stop{Kind: kind, Detail: detail})
}

func (s *sweep) endBy(p *place, h holding, why Stop) {
	index := p.index
	e := End{
		Kind: why.Kind, Index: &index, Address: p.address, Asset: s.asset, Amount: p.output().Value, Traced: taint.Sum(h.spans), Detail: why.Detail, Bridge: why.Bridge,
		order: uint64(index),
	}
	if why.Label != "" {
		e.Label = &why.Label
	}
	s.result.addEnd(p.tx, h.deposit, e)
}

// fee records what a transaction's fee takes of a deposit.
func (s *sweep) fee(tx *chains.Tx, deposit int, amount, traced chains.Amount) {
	s.result.addEnd(tx, deposit, End{
		Kind: EndFee, Asset: s.asset, Amount: amount, Traced: traced, Detail: fmt.Sprintf("to the producer of block %s", tx.Block),
		order: uint64(len(tx.Outputs)),
	})
}
