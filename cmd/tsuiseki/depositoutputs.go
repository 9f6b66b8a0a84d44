package main

import (
	"fmt"
	"iter"
	"slices"
	"time"

	"tsuiseki/chains"
	"tsuiseki/tracer"
	"tsuiseki/tracer/cluster"
)

var _ tracer.Inferrer = (*opened)(nil)

// Infer implements tracer.Inferrer, each address once: as of the view the answer is
// always the same.
func (o *opened) Infer(address chains.Address) (tracer.Inference, error) {
	if !o.asksDeposits {
		return tracer.Inference{}, nil
	}
	if known, asked := o.inferred[address]; asked {
		return known, nil
	}
	d, err := o.depositAddress(address)
	if err != nil {
		return tracer.Inference{}, err
	}
	found := inferenceOf(d)
	o.inferred[address] = found
	return found, nil
}

// depositAddress asks the heuristic of a chain of outputs.
func (o *opened) depositAddress(address chains.Address) (*cluster.DepositAddress, error) {
	return cluster.FindOutputDeposit(depositOutputs{o}, address, cluster.DefaultDepositParams())
}

func (o *opened) addressSigns(address chains.Address) (addressSignsDoc, error) {
	if !o.asksDeposits {
		return addressSignsDoc{}, nil
	}
	d, err := o.depositAddress(address)
	if err != nil {
		return addressSignsDoc{}, err
	}
	return addressSignsDoc{newDepositDoc(d)}, nil
}

// withHeuristics lets the view use what the flags leave. Without labels nothing is
// asked for deposit addresses.
func (o *opened) withHeuristics(f heuristicFlags) error {
	if _, err := f.accounts(); err != nil { // it knows all ids
		return err
	}
	o.asksDeposits = !slices.Contains(f.Without, cluster.SpendsToOneExchange.ID) && !o.labels.View.Empty()
	o.inferred = map[chains.Address]tracer.Inference{}
	return nil
}

// heuristicDocs say which heuristics a result rests on.
func (o *opened) heuristicDocs() []tracer.HeuristicDoc {
	if !o.asksDeposits {
		return nil
	}
	h := cluster.SpendsToOneExchange
	return []tracer.HeuristicDoc{{Heuristic: h.ID, Version: h.Version, Parameters: cluster.SpendsParameters(cluster.DefaultDepositParams())}}
}

// depositOutputs answers the heuristic from an index and labels.
type depositOutputs struct{ view *opened }

var _ cluster.OutputChain = depositOutputs{}

func (c depositOutputs) Snapshot() chains.Snapshot { return c.view.Snapshot() }

func (c depositOutputs) Native() chains.Asset { return c.view.network.Asset }

func (c depositOutputs) Party(address chains.Address, at time.Time) (cluster.Party, error) {
	owner, known, err := c.view.labels.Owner(address, at)
	return cluster.Party{Exchange: owner.Exchange, Name: owner.Name, Label: owner.Label, Known: known, Miner: owner.Miner}, err
}

// Touching reads an address's history. A script without an address has none.
func (c depositOutputs) Touching(address chains.Address) iter.Seq2[*chains.Tx, error] {
	return func(yield func(*chains.Tx, error) bool) {
		named, key, err := c.view.network.AddressKey(string(address))
		if err != nil {
			return
		}
		for tx, err := range c.view.Touching(named, key) {
			if err == nil {
				tx = cluster.Describe(tx, &c.view.network)
			}
			if !yield(tx, err) || err != nil {
				return
			}
		}
	}
}

// inferenceOf is how a trace takes what is known of a deposit address.
func inferenceOf(d *cluster.DepositAddress) (found tracer.Inference) {
	switch best := d.Best(); {
	case best != nil:
		found.Stop = tracer.Stop{Kind: tracer.EndExchange, Label: d.Label, Detail: depositDetail(best)}
	case d.Verdict == cluster.Undecided:
		found.What, found.Doubt = fmt.Sprintf("whether %s is a deposit address of %s", d.Address, d.Exchange), d.Reason
	}
	return found
}
