package tracer

import (
	"cmp"
	"container/heap"
	"context"
	"fmt"
	"slices"
	"time"

	"tsuiseki/chains"
	"tsuiseki/tracer/taint"
)

// sweep is one trace under way. Spending transactions wait in a queue in chain
// order; when one's turn comes, all that flows into it has arrived.
type sweep struct {
	chain    Chain
	stopper  Stopper  // nil where nothing is known of addresses
	inferrer Inferrer // nil where no heuristics know any
	asset    chains.Asset
	rule     taint.Rule
	params   Params
	deposits []Deposit
	result   *Result

	queue   positions
	pending map[chains.Position]*arrivals
	visited []int // transactions, by deposit
	degrees map[chains.Address]int
	mixes   bool // CoinJoins end trails

	crossings *crossings // nil where bridges are not followed
	foreign   []string   // deposits of other chains
}

// arrivals are the traced inputs of one transaction that waits for its turn.
type arrivals struct {
	inputs   map[uint32]*place
	injected []*injection // what it pays out of bridges
}

func (s *sweep) run(ctx context.Context) error {
	places := map[chains.Outpoint]*place{}
	var order []*place
	for i := range s.deposits {
		d := &s.deposits[i]
		address, _ := s.chain.Describe(d.Tx.Outputs[d.Output].Script)
		s.result.addDeposit(d.Tx, DepositDoc{ID: d.ID, Index: d.Output, Kind: "output", Address: address, Asset: s.asset, Amount: d.value()})
		at := chains.Outpoint{Tx: d.Tx.ID, Index: d.Output}
		p := places[at]
		if p == nil || p.tx.Position() != d.Tx.Position() {
			p = s.newPlace(d.Tx, d.Output)
			places[at], order = p, append(order, p)
		}
		p.holds = append(p.holds, holding{deposit: i, spans: []taint.Span{{Value: d.value()}}})
	}
	s.result.addForeign(s.foreign)
	s.visited = make([]int, len(s.result.Deposits))
	s.expect()
	for _, p := range order {
		if err := s.arrive(p); err != nil {
			return err
		}
	}
	for len(s.queue) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		at := heap.Pop(&s.queue).(chains.Position)
		waiting := s.pending[at]
		delete(s.pending, at)
		if err := s.pass(at, waiting); err != nil {
			return err
		}
	}
	return nil
}

func (s *sweep) newPlace(tx *chains.Tx, index uint32) *place {
	address, _ := s.chain.Describe(tx.Outputs[index].Script)
	return &place{tx: tx, index: index, address: address}
}

// arrive decides, for each deposit, whether its part of a place ends there or
// moves on with the spender.
func (s *sweep) arrive(p *place) error {
	if crossed, err := s.cross(p); err != nil || crossed {
		return err
	}
	if stopped, err := s.stopAt(p); err != nil || stopped {
		return err
	}
	if ended, err := s.inferAt(p); err != nil || ended {
		return err
	}
	spend, err := s.chain.Spend(p.tx, p.index)
	if err != nil {
		return err
	}
	switch spend.State {
	case chains.SpentConfirmed:
		return s.follow(p, spend)
	case chains.Unspent:
		kind, detail, err := s.rest(p)
		if err != nil {
			return err
		}
		for _, h := range p.holds {
			s.end(p, h, kind, detail)
		}
		return nil
	}
	return fmt.Errorf("output %s:%d of a trail: spend state %q: %w", p.tx.ID, p.index, spend.State, chains.ErrCorrupt)
}

// stopAt ends a place beyond which value is not followed, spent or not.
func (s *sweep) stopAt(p *place) (stopped bool, err error) {
	if s.stopper == nil {
		return false, nil
	}
	why, stopped, err := s.stopper.Stop(p.address, p.tx.Time)
	if err != nil || !stopped {
		return false, err
	}
	for _, h := range p.holds {
		s.endBy(p, h, why)
	}
	return true, nil
}

// rest is the kind of end of an output that nobody has spent.
func (s *sweep) rest(p *place) (kind EndKind, detail string, err error) {
	if _, scriptType := s.chain.Describe(p.output().Script); scriptType == "op_return" {
		return EndBurn, "OP_RETURN can never be spent", nil
	}
	lost, err := s.chain.Overwritten(p.tx)
	if err != nil {
		return "", "", err
	}
	if lost {
		return EndBurn, "a later coinbase with the same id took its place (BIP30): it can never be spent", nil
	}
	if p.tx.Block.Height == 0 {
		return EndUnspent, "the genesis block's coinbase can never be spent", nil
	}
	return EndUnspent, fmt.Sprintf("as of block %s", s.chain.Snapshot().BlockRef), nil
}

// follow queues the spender with the parts of the place that no limit stops.
func (s *sweep) follow(p *place, spend chains.Spend) error {
	spender, err := s.spendTime(spend)
	if err != nil {
		return err
	}
	degree, err := s.degree(p)
	if err != nil {
		return err
	}
	moving := p.holds[:0:0]
	for _, h := range p.holds {
		switch traced := taint.Sum(h.spans); {
		case traced.Cmp(s.params.MinAmount) < 0:
			s.end(p, h, EndBelowMinimum, fmt.Sprintf("below %s; moved on in %s at height %d", s.params.MinAmount, spend.By, spend.At.Height))
		case !s.params.Until.IsZero() && spender.After(s.params.Until):
			s.end(p, h, EndTimeLimit, fmt.Sprintf("moved on in %s at %s", spend.By, spender.Format(time.RFC3339)))
		case s.params.MaxHops > 0 && h.hops >= s.params.MaxHops:
			s.end(p, h, EndHopLimit, fmt.Sprintf("%d hops from the deposit; moved on in %s at height %d", h.hops, spend.By, spend.At.Height))
		case s.params.HubDegree > 0 && degree > s.params.HubDegree:
			s.end(p, h, EndHub, fmt.Sprintf("more than %d outputs pay this address; moved on in %s at height %d", s.params.HubDegree, spend.By, spend.At.Height))
		default:
			moving = append(moving, h)
		}
	}
	p.holds = moving
	if len(moving) == 0 {
		return nil
	}
	waiting := s.wait(spend.At)
	// A deposit may lie on the trail of another: both meet in the same place.
	if met := waiting.inputs[spend.Input]; met != nil {
		p.holds = append(p.holds, met.holds...)
		slices.SortFunc(p.holds, func(a, b holding) int { return cmp.Compare(a.deposit, b.deposit) })
	}
	waiting.inputs[spend.Input] = p
	return nil
}

// spendTime is the spender's time, needed only under a time limit.
func (s *sweep) spendTime(spend chains.Spend) (time.Time, error) {
	if s.params.Until.IsZero() {
		return time.Time{}, nil
	}
	tx, err := s.chain.TxAt(spend.At)
	if err != nil {
		return time.Time{}, err
	}
	return tx.Time, nil
}

// degree is the place's address's degree, counted once an address.
func (s *sweep) degree(p *place) (int, error) {
	if s.params.HubDegree == 0 {
		return 0, nil
	}
	degree, known := s.degrees[p.address]
	if !known {
		var err error
		if degree, err = s.chain.Degree(p.output().Script, s.params.HubDegree); err != nil {
			return 0, err
		}
		s.degrees[p.address] = degree
	}
	return degree, nil
}

// pass takes what arrived through a transaction, deposit by deposit.
func (s *sweep) pass(at chains.Position, waiting *arrivals) error {
	tx, err := s.chain.TxAt(at)
	if err != nil {
		return err
	}
	if len(waiting.inputs) > 0 && s.endInMix(tx, waiting) {
		waiting.inputs = nil // what it pays out of bridges goes on
	}
	var outs []taint.Output
	var problem string
	if len(waiting.inputs) > 0 {
		outs, problem = s.outputValues(tx)
	}
	reached := map[uint32]*place{}
	for _, d := range waiting.deposits() {
		ins, hops := traced(tx, waiting, d)
		if s.params.Budget > 0 && s.visited[d] >= s.params.Budget {
			s.stop(waiting, d, EndBudget, fmt.Sprintf("%d transactions visited; moved on in %s at height %d", s.visited[d], tx.ID, tx.Block.Height))
			continue
		}
		s.visited[d]++
		if problem != "" && (s.rule.Conserves || sumOf(outs).IsZero()) {
			s.stop(waiting, d, EndIncomplete, fmt.Sprintf("moved on in %s at height %d: %s", tx.ID, tx.Block.Height, problem))
			continue
		}
		s.allocate(tx, waiting, d, ins, outs, hops+1, reached)
	}
	for _, in := range waiting.injected {
		s.inject(tx, in, reached)
	}
	for _, index := range sortedKeys(reached) {
		if err := s.arrive(reached[index]); err != nil {
			return err
		}
	}
	return nil
}

// deposits are those with a part in the inputs, in order.
func (a *arrivals) deposits() []int {
	var present []int
	for _, p := range a.inputs {
		for _, h := range p.holds {
			present = append(present, h.deposit)
		}
	}
	slices.Sort(present)
	return slices.Compact(present)
}

// traced is what a deposit has in a transaction's inputs, and its fewest hops.
func traced(tx *chains.Tx, waiting *arrivals, deposit int) (ins []taint.Input, hops int) {
	ins = make([]taint.Input, len(tx.Inputs))
	for i := range tx.Inputs {
		if spent := tx.Inputs[i].Spent; spent != nil {
			ins[i].Value = spent.Value
		}
	}
	found := false
	for n, p := range waiting.inputs {
		h := p.holding(deposit)
		if h == nil {
			continue
		}
		ins[n].Traced = h.spans
		if !found || h.hops < hops {
			hops = h.hops
		}
		found = true
	}
	return ins, hops
}

// outputValues are what allocation fills: the outputs, then the fee. Where the
// fee cannot be known, problem says why, and the fee is left out.
func (s *sweep) outputValues(tx *chains.Tx) (outs []taint.Output, problem string) {
	for i := range tx.Outputs {
		outs = append(outs, taint.Output{Value: tx.Outputs[i].Value})
	}
	fee, known := tx.Fee()
	switch {
	case known && fee.Sign() >= 0:
		return append(outs, taint.Output{Value: fee, Fee: true}), ""
	case known:
		s.miss(fmt.Sprintf("transaction %s", tx.ID), tx.Block.Height, "it pays out more than its inputs hold")
		return nil, "it pays out more than its inputs hold"
	}
	for i := range tx.Inputs {
		if in := &tx.Inputs[i]; in.Spent == nil {
			s.miss(fmt.Sprintf("prevout %s", in.Prevout), tx.Block.Height,
				fmt.Sprintf("it lies before height %d, where the index starts, and the source did not have it", s.chain.Snapshot().From))
		}
	}
	return outs, "the value of another input is unknown"
}

func sumOf(outs []taint.Output) (sum chains.Amount) {
	for _, o := range outs {
		sum = sum.Add(o.Value)
	}
	return sum
}

func (s *sweep) miss(what string, height uint64, reason string) {
	s.result.miss(what, height, height, reason)
}

// stop ends a deposit's parts of all inputs where they are.
func (s *sweep) stop(waiting *arrivals, deposit int, kind EndKind, detail string) {
	for _, n := range sortedKeys(waiting.inputs) {
		if p := waiting.inputs[n]; p.holding(deposit) != nil {
			s.end(p, *p.holding(deposit), kind, detail)
		}
	}
}

// allocate moves a deposit's parts from the inputs to outputs and fee.
func (s *sweep) allocate(tx *chains.Tx, waiting *arrivals, deposit int, ins []taint.Input, outs []taint.Output, hops int, reached map[uint32]*place) {
	byOutput := make([][]taint.Flow, len(outs))
	for _, f := range s.rule.Allocate(ins, outs) {
		byOutput[f.Output] = append(byOutput[f.Output], f)
	}
	for o, flows := range byOutput {
		if len(flows) == 0 {
			continue
		}
		var spans []taint.Span
		for _, f := range flows {
			spans = append(spans, f.Span)
		}
		spans = taint.Merge(spans)
		if o == len(tx.Outputs) {
			s.fee(tx, deposit, outs[o].Value, taint.Sum(spans))
			continue
		}
		to := reached[uint32(o)]
		if to == nil {
			to = s.newPlace(tx, uint32(o))
			reached[uint32(o)] = to
		}
		to.holds = append(to.holds, holding{deposit: deposit, spans: spans, hops: hops})
		s.hops(waiting, flows, deposit, to)
	}
}

// hops records one hop for each input that reaches the place.
func (s *sweep) hops(waiting *arrivals, flows []taint.Flow, deposit int, to *place) {
	slices.SortStableFunc(flows, func(a, b taint.Flow) int { return cmp.Compare(a.Input, b.Input) })
	for len(flows) > 0 {
		input, sum, n := flows[0].Input, chains.Amount{}, 0
		for n < len(flows) && flows[n].Input == input {
			sum = sum.Add(flows[n].Span.Value)
			n++
		}
		flows = flows[n:]
		s.hop(waiting.inputs[uint32(input)], uint32(input), to, deposit, sum)
	}
}

func sortedKeys[V any](m map[uint32]V) []uint32 {
	keys := make([]uint32, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// positions is a queue of transactions in chain order.
type positions []chains.Position

func (q positions) Len() int           { return len(q) }
func (q positions) Less(i, j int) bool { return q[i].Compare(q[j]) < 0 }
func (q positions) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *positions) Push(p any)        { *q = append(*q, p.(chains.Position)) }
func (q *positions) Pop() any {
	last := len(*q) - 1
	p := (*q)[last]
	*q = (*q)[:last]
	return p
}
