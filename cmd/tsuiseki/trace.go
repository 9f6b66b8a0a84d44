package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"tsuiseki/chains"
	"tsuiseki/graph"
	"tsuiseki/tracer"
	"tsuiseki/tracer/taint"
)

// defaultHubDegree is the degree above which an address is taken for a service's.
const defaultHubDegree = 1000

// defaultBudget is how many transactions are visited for a deposit.
const defaultBudget = 100_000

// traceFlags say how to trace.
type traceFlags struct {
	executionFlags
	labelFlags
	rateFlags
	heuristicFlags
	graphFlags
	Rule      string  `help:"How value is allocated: fifo, lifo, haircut, tiho, dirty-first, clean-first or poison; all compares them." default:"fifo"`
	MaxHops   int     `help:"Transactions to follow from a deposit; 0 is no limit." default:"0"`
	MinAmount string  `help:"Traced amount, in base units, below which a place is not followed." default:"0"`
	Until     string  `help:"Follow no spend in a block after this time (RFC 3339, or a day in UTC)." placeholder:"T"`
	AsOf      *uint64 `help:"Height as of which to trace; the index's tip by default." placeholder:"H"`
	HubDegree int     `help:"Do not follow an address that more outputs pay; 0 is no limit." default:"${hub_degree}"`
	Budget    int     `help:"Transactions to visit per deposit; 0 is no limit." default:"${budget}"`
	NoCross   bool    `name:"no-cross" help:"Stay on the deposits' chain: do not follow bridges to others that are indexed."`
	Leads     bool    `help:"Also look where value that mixers took in may have come out: leads to check, never part of the ledger."`
	Unfold    bool    `help:"Draw every hop, also those of peel chains and of wide fans."`
	JSON      bool    `name:"json" help:"Print one JSON document."`
}

type traceCmd struct {
	chainFlag
	traceFlags
	casebookFlags
	Refs []string `arg:"" name:"ref" help:"Deposits: TXID:N, an output; TXID:log:N or TXID:call:N, a transfer on Ethereum; TXID where one alone carries value."`
	Case string   `help:"File what the trace says in the graph, as this case's." placeholder:"ID"`
}

// Run traces the deposits and prints the ledger.
func (c *traceCmd) Run(s *session) error {
	refs, err := parseRefs(c.Refs)
	if err != nil {
		return err
	}
	chain, err := c.resolve(s.data)
	if err != nil {
		return err
	}
	if c.Case != "" {
		if err := c.see(s, graph.CaseID(c.Case)); err != nil {
			return err
		}
	}
	return c.run(s, map[chains.Chain][]ref{chain: refs}, func(result *tracer.Result, views []any) error {
		if c.Case == "" {
			return nil
		}
		return filer{s, c.graphFlags, graph.CaseID(c.Case)}.file(result, views)
	})
}

// run traces deposits, keeps each result, and prints what was found.
func (c *traceFlags) run(s *session, refs map[chains.Chain][]ref, keep finish) (err error) {
	params, err := c.params()
	if err != nil {
		return err
	}
	worths, err := c.rateFlags.open(s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, worths.Close()) }()
	how := drawing{unfold: c.Unfold}
	traces, err := c.trace(s, refs, params, c.finish(s, worths, &how, keep))
	if err != nil {
		return err
	}
	if err := c.print(s, traces, worths, how); err != nil {
		return err
	}
	if missing := tracer.MissingOf(traces); len(missing) > 0 {
		return incompleteError{fmt.Sprintf("%d facts that the trace needed are missing, the first: %s (%s)", len(missing), missing[0].What, missing[0].Reason)}
	}
	return nil
}

// print writes the one trace that was asked for, or how all rules compare.
func (c *traceFlags) print(s *session, traces []*tracer.Result, worths *values, how drawing) error {
	if c.Rule != everyRule {
		if c.JSON {
			return printJSON(s.out, traces[0])
		}
		printTrace(s.out, traces[0], how)
		return nil
	}
	comparison, err := tracer.Compare(traces)
	if err == nil {
		err = worths.add(nil, comparison)
	}
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(s.out, comparison)
	}
	printComparison(s.out, comparison)
	return nil
}

// finish completes a trace while all that it looked at is still open.
type finish func(result *tracer.Result, views []any) error

// finish looks beyond mixers and values amounts, as far as that is asked for; keeps the
// trace, and finds out how to draw it. How all rules compare is valued as a whole.
func (c *traceFlags) finish(s *session, worths *values, how *drawing, keep finish) finish {
	return func(result *tracer.Result, views []any) error {
		if c.Leads {
			if err := addLeads(s, views, result); err != nil {
				return err
			}
		}
		if c.Rule != everyRule {
			if err := worths.add([]*tracer.Result{result}, nil); err != nil {
				return err
			}
		}
		if err := keep(result, views); err != nil {
			return err
		}
		if c.JSON || c.Unfold || c.Rule == everyRule {
			return nil
		}
		var err error
		how.peels, err = findPeelSteps(views, result)
		return err
	}
}

// eachRule traces by the rule of the parameters, or by every one, and finishes each.
func eachRule(params tracer.Params, done finish, views func() []any, trace func(tracer.Params) (*tracer.Result, error)) (traces []*tracer.Result, err error) {
	rules := []string{params.Rule}
	if params.Rule == everyRule {
		rules = nil
		for _, rule := range taint.Rules() {
			rules = append(rules, rule.Name)
		}
	}
	for _, params.Rule = range rules {
		result, err := trace(params)
		if err == nil {
			err = done(result, views())
		}
		if err != nil {
			return nil, err
		}
		traces = append(traces, result)
	}
	return traces, nil
}

func (c *traceFlags) params() (p tracer.Params, err error) {
	if c.MaxHops < 0 || c.HubDegree < 0 || c.Budget < 0 {
		return p, usagef("a limit cannot be negative; 0 is no limit")
	}
	p = tracer.Params{Rule: c.Rule, MaxHops: c.MaxHops, HubDegree: c.HubDegree, Budget: c.Budget, Without: c.Without}
	if p.MinAmount, err = chains.ParseAmount(c.MinAmount); err != nil || p.MinAmount.Sign() < 0 {
		return p, usagef("--min-amount %q: want a whole number of base units (satoshi)", c.MinAmount)
	}
	if c.Until != "" {
		if p.Until, err = parseTime(c.Until); err != nil {
			return p, err
		}
	}
	return p, nil
}

// parseTime reads a moment, or a day, which stands for its last second in UTC.
func parseTime(text string) (time.Time, error) {
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		return day.Add(24*time.Hour - time.Second), nil
	}
	moment, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return moment, usagef("time %q: want 2006-01-02T15:04:05Z, with an offset such as +09:00 for Japan, or 2006-01-02", text)
	}
	return moment.UTC(), nil
}

func parseRefs(texts []string) ([]ref, error) {
	seen := map[string]bool{}
	var refs []ref
	for _, text := range texts {
		if seen[text] {
			continue
		}
		seen[text] = true
		r, err := parseRef(text)
		if err != nil {
			return nil, err
		}
		refs = append(refs, r)
	}
	return refs, nil
}

func traceRefs(s *session, view *opened, refs []ref, params tracer.Params) (*tracer.Result, error) {
	deposits, err := outputDeposits(view, refs)
	if err != nil {
		return nil, err
	}
	if err := view.pin(s, &params); err != nil {
		return nil, err
	}
	return tracer.Trace(s.ctx, view, view.network.Asset, deposits, params)
}

// pin says what a result rests on besides the chain: labels, heuristics, clusters.
func (o *opened) pin(s *session, params *tracer.Params) error {
	params.Labels, params.Heuristics = o.labels.View.Digest(), o.heuristicDocs()
	return o.reachThroughClusters(s, params)
}

func outputDeposits(view *opened, refs []ref) (deposits []tracer.Deposit, err error) {
	for _, r := range refs {
		tx, err := r.find(view)
		if err != nil {
			return nil, err
		}
		output, err := r.depositOutput(view, tx)
		if err != nil {
			return nil, err
		}
		deposits = append(deposits, tracer.Deposit{Tx: tx, Output: output})
	}
	return deposits, nil
}

// depositOutput is the output meant, which only a person can tell where several
// carry value: an exchange pays many customers in one transaction.
func (r ref) depositOutput(view *opened, tx *chains.Tx) (uint32, error) {
	switch r.kind {
	case refOutput:
		return r.index, nil
	case refLog, refCall:
		return 0, usagef("%s has outputs, not transfers: write TXID:N", view.Snapshot().Chain)
	}
	var choices []string
	var only uint32
	for i := range tx.Outputs {
		out := &tx.Outputs[i]
		if out.Value.Sign() == 0 {
			continue
		}
		address, _ := view.Describe(out.Script)
		only = uint32(i)
		choices = append(choices, fmt.Sprintf("  %s:%d  %s to %s", tx.ID, i, people(out.Value, view.network.Asset), address))
	}
	switch len(choices) {
	case 0:
		return 0, usagef("transaction %s has no output that carries value", tx.ID)
	case 1:
		return only, nil
	}
	return 0, usagef("which output of %s is the deposit? Name one:\n%s", tx.ID, strings.Join(choices, "\n"))
}
