package tracer

import (
	"container/heap"
	"context"
	"slices"

	"tsuiseki/chains"
	"tsuiseki/tracer/bridge"
	"tsuiseki/tracer/taint"
)

// sweepOutputs makes the part of a chain with outputs.
func (a *across) sweepOutputs(ctx context.Context, r *run, c *crossings) (*Result, error) {
	params := a.params
	params.Heuristics = r.side.Heuristics
	s := newSweep(r.side.Outputs, r.side.Asset, a.rule, r.deposits.Outputs, params)
	s.crossings, s.foreign = c, a.foreign(r)
	return s.result, s.run(ctx)
}

// addForeign names deposits of other chains, parts of which may come over bridges.
func (r *Result) addForeign(ids []string) {
	for _, id := range ids {
		r.Deposits = append(r.Deposits, DepositDoc{ID: id})
	}
}

// wait is the queue's entry of a transaction.
func (s *sweep) wait(at chains.Position) *arrivals {
	waiting := s.pending[at]
	if waiting == nil {
		waiting = &arrivals{inputs: map[uint32]*place{}}
		s.pending[at] = waiting
		heap.Push(&s.queue, at)
	}
	return waiting
}

// expect queues what comes over bridges at the transactions that pay it out.
func (s *sweep) expect() {
	if s.crossings == nil {
		return
	}
	s.crossings.know(s.result.Deposits)
	for i := range s.crossings.injected {
		in := &s.crossings.injected[i]
		waiting := s.wait(in.tx.Position())
		waiting.injected = append(waiting.injected, in)
	}
}

// outputMemo is what is to be known of an output into which value was paid with a
// memo that asks for a swap; nil where it was not.
func (s *Side) outputMemo(tx *chains.Tx, output uint32) *memoPlace {
	text, ok := bridge.TxMemo(tx)
	if !ok {
		return nil
	}
	memo, known := bridge.Parse(text)
	index, sender, paid := bridge.Payment(tx, s.Outputs.Describe)
	if !known || !memo.Swaps() || !paid || index != output {
		return nil
	}
	vault, _ := s.Outputs.Describe(tx.Outputs[output].Script)
	return &memoPlace{
		side: s, vault: vault, key: crossKey{chain: s.snapshot().Chain, tx: tx.Position(), output: output},
		in: bridge.In{
			Code: s.code(), Tx: tx.ID, Time: tx.Time, Sender: sender, Vault: vault,
			Asset: s.Asset, Amount: tx.Outputs[output].Value, Native: true, Memo: memo,
		},
	}
}

// cross takes a place over a bridge where one begins there.
func (s *sweep) cross(p *place) (done bool, err error) {
	if s.crossings == nil {
		return false, nil
	}
	m := s.crossings.side.outputMemo(p.tx, p.index)
	if m == nil {
		return false, nil
	}
	d, err := s.crossings.decide(m)
	if err != nil || d == nil {
		return false, err
	}
	for _, h := range p.holds {
		s.result.addLeads(p.tx, h.deposit, p.index, p.address, d)
		switch {
		case len(d.outs) > 0:
			s.crossHolding(p, h, m.key, d)
		case d.stop.Kind != "":
			s.result.missAlso(d.miss)
			s.endBy(p, h, d.stop)
		}
	}
	return len(d.outs) > 0 || d.stop.Kind != "", nil
}

func (s *sweep) crossHolding(p *place, h holding, key crossKey, d *decision) {
	traced, id := taint.Sum(h.spans), s.result.Deposits[h.deposit].ID
	if stop := s.crossings.refuse(flowKey{id, key}, d, traced, h.hops); stop.Kind != "" {
		s.endBy(p, h, stop)
		return
	}
	total := s.result.total(h.deposit, s.asset)
	total.SwappedOut = total.SwappedOut.Add(traced)
	s.crossings.leave(key, id, d, h.spans, h.hops)
}

// inject adds what comes over a bridge to what a transaction's output is traced of.
func (s *sweep) inject(tx *chains.Tx, in *injection, reached map[uint32]*place) {
	to := reached[in.place]
	if to == nil {
		to = s.newPlace(tx, in.place)
		reached[in.place] = to
	}
	deposit := s.crossings.places[in.deposit]
	i, found := slices.BinarySearchFunc(to.holds, deposit, func(h holding, d int) int { return h.deposit - d })
	if !found {
		to.holds = slices.Insert(to.holds, i, holding{deposit: deposit, hops: in.hops})
	}
	h := &to.holds[i]
	var fresh []taint.Span
	fresh, h.spans = s.crossings.fresh(h.spans, in.spans, to.output().Value)
	h.hops = min(h.hops, in.hops)
	value := taint.Sum(fresh)
	total := s.result.total(deposit, s.asset)
	total.SwappedIn = total.SwappedIn.Add(value)
	s.result.addHop(tx, deposit, in.hop(value))
	if len(h.spans) == 0 { // the share is less than a unit
		to.holds = slices.Delete(to.holds, i, i+1)
	}
}
