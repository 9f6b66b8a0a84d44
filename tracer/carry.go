package tracer

import (
	"slices"

	"tsuiseki/chains"
	"tsuiseki/tracer/taint"
)

// carried is what is traced of one asset's flow in a transaction.
type carried struct {
	moved [][]taint.Span                  // by edge
	kept  map[chains.Address][]taint.Span // of what accounts gained
	given map[chains.Address][]taint.Span // of what accounts gave for another asset
}

func newCarried(f *assetFlow) *carried {
	return &carried{
		moved: make([][]taint.Span, len(f.edges)),
		kept:  map[chains.Address][]taint.Span{}, given: map[chains.Address][]taint.Span{},
	}
}

// carry moves traced spans through the flow, and adds them to what is traced of
// it already. supply are spans of what an account gives of its own, paid those of
// whole edges. It returns what this traces anew of each account's gain. Every
// account is to the rule what a transaction is on a UTXO chain: its own first,
// then what came, in order; out of that go its payments, in order, and what it keeps.
func (c *carried) carry(f *assetFlow, rule taint.Rule, supply map[chains.Address][]taint.Span, paid map[int][]taint.Span) map[chains.Address][]taint.Span {
	fresh, gains := make([][]taint.Span, len(f.edges)), map[chains.Address][]taint.Span{}
	for i, spans := range paid {
		fresh[i] = spans
		_, c.moved[i] = unite(rule, c.moved[i], spans)
	}
	for _, account := range f.nodes {
		gain := f.net(account)
		ins, traced := f.inputs(account, supply[account], fresh)
		if !traced {
			continue
		}
		var outs []taint.Output
		for _, i := range f.out[account] {
			e := &f.edges[i]
			outs = append(outs, taint.Output{Value: e.net, Traced: taint.Sum(c.moved[i]), Fee: e.fee})
		}
		if gain.Sign() > 0 {
			outs = append(outs, taint.Output{Value: gain, Traced: taint.Sum(c.kept[account])})
		}
		spans := make([][]taint.Span, len(outs))
		for _, flow := range rule.Allocate(ins, outs) {
			spans[flow.Output] = append(spans[flow.Output], flow.Span)
		}
		for n, i := range f.out[account] {
			fresh[i], c.moved[i] = unite(rule, c.moved[i], spans[n])
		}
		if gain.Sign() > 0 {
			gains[account], c.kept[account] = unite(rule, c.kept[account], spans[len(outs)-1])
		}
	}
	return gains
}

// inputs are what an account has to hand on, and whether any of it is traced anew.
func (f *assetFlow) inputs(account chains.Address, own []taint.Span, fresh [][]taint.Span) (ins []taint.Input, traced bool) {
	traced = len(own) > 0
	if gain := f.net(account); gain.Sign() < 0 {
		ins = append(ins, taint.Input{Value: chains.Amount{}.Sub(gain), Traced: own})
	}
	for _, i := range f.in[account] {
		ins = append(ins, taint.Input{Value: f.edges[i].net, Traced: fresh[i]})
		traced = traced || len(fresh[i]) > 0
	}
	return ins, traced
}

// unite adds spans to those known before. fresh is what was not known.
func unite(rule taint.Rule, before, spans []taint.Span) (fresh, all []taint.Span) {
	spans = taint.Merge(spans)
	if rule.Conserves && !rule.Ordered {
		return spans, sumSpan(taint.Sum(before).Add(taint.Sum(spans)))
	}
	return taint.Subtract(spans, before), taint.Merge(append(slices.Clone(before), spans...))
}

// sumSpan stands for an amount where only sums count.
func sumSpan(sum chains.Amount) []taint.Span {
	if sum.Sign() <= 0 {
		return nil
	}
	return []taint.Span{{Value: sum}}
}

// claim is the part of spans not traced before, of what an account gives.
func (c *carried) claim(rule taint.Rule, account chains.Address, spans []taint.Span, gave chains.Amount) (fresh []taint.Span) {
	before := c.given[account]
	if rule.Conserves && !rule.Ordered {
		spans = sumSpan(taint.Sum(spans).Min(gave.Sub(taint.Sum(before))))
	}
	fresh, c.given[account] = unite(rule, before, spans)
	return fresh
}
