package main

import (
	"fmt"
	"slices"

	"tsuiseki/graph"
	"tsuiseki/tracer"
)

// caseEnd is a case's deposits, as where paths begin; or else where its money came
// to, but for services and hubs.
func (r *endReader) caseEnd(id graph.CaseID, to bool) (*pathEnd, error) {
	trace, err := r.trace(id)
	if err != nil {
		return nil, err
	}
	end := &pathEnd{endDoc: endDoc{Kind: endCase, Case: id, Rule: trace.Rule, Digest: trace.Digest}}
	if !to {
		for i := range trace.Deposits {
			end.transfers = append(end.transfers, trace.Deposits[i].Key)
		}
		slices.SortFunc(end.transfers, graph.Key.Compare)
		end.transfers = slices.Compact(end.transfers)
		end.Transfers = len(end.transfers)
		return end, nil
	}
	closed := map[graph.Address]bool{}
	visits := trace.Visits()
	for i := range visits {
		closed[visits[i].Address] = closed[visits[i].Address] || sharedEnd(tracer.EndKind(visits[i].End))
	}
	for i := range visits { // by address
		a := visits[i].Address
		if n := len(end.addresses); closed[a] || n > 0 && end.addresses[n-1] == a {
			continue
		}
		stops, err := r.world.stop(a)
		if err != nil {
			return nil, err
		}
		if !stops {
			end.addresses = append(end.addresses, a)
		}
	}
	if end.Addresses = len(end.addresses); end.Addresses == 0 {
		return nil, fmt.Errorf("case %s: its money came to services and hubs alone: there is no place of its own to which a path could lead", id)
	}
	return end, nil
}

// trace is a case's by the rule asked for, as long as its blocks are those of the chain.
func (r *endReader) trace(id graph.CaseID) (*graph.Trace, error) {
	statements, is := r.store.(graph.Statements)
	if !is {
		return nil, fmt.Errorf("case %s: this graph keeps no traces", id)
	}
	again := fmt.Sprintf("run tsuiseki case trace %s --rule %s", id, r.cmd.Rule)
	trace, err := statements.Trace(r.ctx, id, r.cmd.Rule)
	if err != nil {
		return nil, err
	}
	if trace == nil {
		return nil, fmt.Errorf("the graph holds no trace of case %s by rule %s: %s", id, r.cmd.Rule, again)
	}
	for _, anchor := range trace.AsOf {
		p, err := r.world.on(anchor.Chain)
		if err != nil {
			return nil, fmt.Errorf("case %s: %w", id, err)
		}
		if err := graph.Reconcile(r.ctx, r.store, p.graph); err != nil {
			return nil, err
		}
	}
	if trace, err = statements.Trace(r.ctx, id, r.cmd.Rule); err != nil {
		return nil, err
	}
	if trace == nil || trace.Stale {
		return nil, fmt.Errorf("blocks on which the trace of case %s rests were replaced: %s", id, again)
	}
	return trace, nil
}

// sharedEnd reports whether a trail ended at a place where the money of many meets.
// A deposit address at an exchange is one person's.
func sharedEnd(kind tracer.EndKind) bool {
	switch kind {
	case tracer.EndService, tracer.EndMixer, tracer.EndBridge, tracer.EndContract, tracer.EndBurn, tracer.EndHub:
		return true
	}
	return false
}
