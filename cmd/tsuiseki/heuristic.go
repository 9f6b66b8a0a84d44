package main

import (
	"slices"

	"tsuiseki/chains"
	"tsuiseki/tracer"
	"tsuiseki/tracer/cluster"
)

// heuristicFlags switch heuristics off.
type heuristicFlags struct {
	Without []string `help:"Do not use a heuristic (victor-deposit, forwards-to-one-exchange, exchange-gas-funding, forwarder-contract, mixer-deposit-log; on Bitcoin coinjoin, spends-to-one-exchange); may be given again." placeholder:"HEURISTIC"`
}

// mixerLogs is the heuristic that knows a mixer by its logs.
var mixerLogs = cluster.Heuristic{ID: "mixer-deposit-log", Version: 1}

// accountHeuristics are those by which trails on an account chain may end.
type accountHeuristics struct {
	mixer    bool
	deposits []cluster.DepositHeuristic
	params   cluster.DepositParams
}

// accounts are the heuristics that are left on account chains. Those of outputs may
// be switched off at the same time: a trail may cross to a chain of them.
func (f heuristicFlags) accounts() (accountHeuristics, error) {
	known := []string{cluster.Joint.ID, cluster.SpendsToOneExchange.ID, mixerLogs.ID}
	left := accountHeuristics{mixer: !slices.Contains(f.Without, mixerLogs.ID), params: cluster.DefaultDepositParams()}
	for _, h := range cluster.DepositHeuristics() {
		known = append(known, h.ID)
		if !slices.Contains(f.Without, h.ID) {
			left.deposits = append(left.deposits, h)
		}
	}
	for _, name := range f.Without {
		if !slices.Contains(known, name) {
			return left, usagef("--without %q: no such heuristic ends trails: there are %s", name, joinText(known))
		}
	}
	return left, nil
}

// docs say which heuristics a result rests on.
func (h accountHeuristics) docs() (docs []tracer.HeuristicDoc) {
	if h.mixer {
		docs = append(docs, tracer.HeuristicDoc{Heuristic: mixerLogs.ID, Version: mixerLogs.Version})
	}
	for _, d := range h.deposits {
		docs = append(docs, tracer.HeuristicDoc{Heuristic: d.ID, Version: d.Version, Parameters: d.Parameters(h.params)})
	}
	return docs
}

// withHeuristics lets the view use what the flags leave. Without labels no account
// is known as an exchange's, so nothing is asked for deposit addresses.
func (o *openedAccounts) withHeuristics(f heuristicFlags) (err error) {
	if o.heuristics, err = f.accounts(); err != nil {
		return err
	}
	o.inferred = map[chains.Address]tracer.Inference{}
	if o.labels.View.Empty() {
		o.heuristics.deposits = nil
	}
	return nil
}
