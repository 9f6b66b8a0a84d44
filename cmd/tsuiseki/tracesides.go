package main

import (
	"errors"
	"maps"
	"slices"
	"time"

	"tsuiseki/chains"
	"tsuiseki/tracer"
)

// tracedSide is a chain on which deposits are, opened.
type tracedSide struct {
	view     openedView
	deposits tracer.SideDeposits
}

// trace follows deposits of one or several chains, all at once, and wherever bridges
// take them; by the rule of the parameters, or by every one.
func (c *traceFlags) trace(s *session, refs map[chains.Chain][]ref, params tracer.Params, done finish) (traces []*tracer.Result, err error) {
	var sides []*tracedSide
	defer func() {
		for _, side := range sides {
			err = errors.Join(err, side.view.Close())
		}
	}()
	for _, chain := range slices.Sorted(maps.Keys(refs)) {
		side, err := c.open(s, chain, refs[chain], &params)
		if err != nil {
			return nil, err
		}
		sides = append(sides, side)
	}
	if c.AsOf != nil && len(sides) > 1 {
		return nil, usagef("--as-of is a height of one chain, and the deposits are on %d", len(sides))
	}
	if c.NoCross && len(sides) == 1 {
		return c.alone(s, sides[0], params, done)
	}
	return c.across(s, sides, params, done)
}

// open opens the chain of deposits, and notes what a result rests on besides it.
func (c *traceFlags) open(s *session, chain chains.Chain, refs []ref, params *tracer.Params) (*tracedSide, error) {
	if chain.Family() == chains.Ethereum {
		return c.openAccountSide(s, chain, refs, params)
	}
	view, err := openView(s, chain, c.AsOf, c.labelFlags)
	if err != nil {
		return nil, err
	}
	err = view.withHeuristics(c.heuristicFlags)
	var deposits []tracer.Deposit
	if err == nil {
		deposits, err = outputDeposits(view, refs)
	}
	if err == nil {
		err = view.pin(s, params)
	}
	if err != nil {
		return nil, errors.Join(err, view.Close())
	}
	return &tracedSide{view, tracer.SideDeposits{Side: outputSide(view), Outputs: deposits}}, nil
}

// alone traces deposits on their chain.
func (c *traceFlags) alone(s *session, side *tracedSide, params tracer.Params, done finish) ([]*tracer.Result, error) {
	views := func() []any { return []any{side.view} }
	return eachRule(params, done, views, func(p tracer.Params) (*tracer.Result, error) {
		of := side.deposits.Side
		if of.Accounts != nil {
			return tracer.TraceAccounts(s.ctx, of.Accounts, side.deposits.Accounts, p)
		}
		return tracer.Trace(s.ctx, of.Outputs, of.Asset, side.deposits.Outputs, p)
	})
}

// across traces deposits on their chains and wherever bridges take them.
func (c *traceFlags) across(s *session, sides []*tracedSide, params tracer.Params, done finish) (traces []*tracer.Result, err error) {
	var asOf time.Time
	if c.AsOf != nil {
		if asOf, err = tipTime(sides[0].view); err != nil {
			return nil, err
		}
	}
	w := newWorld(s, c, sides, asOf)
	defer func() { err = errors.Join(err, w.Close()) }()
	var deposits []tracer.SideDeposits
	for _, side := range sides {
		deposits = append(deposits, side.deposits)
	}
	return eachRule(params, done, w.views, func(p tracer.Params) (*tracer.Result, error) {
		return tracer.Across(s.ctx, w, deposits, p)
	})
}
