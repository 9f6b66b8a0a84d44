package tracer

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"tsuiseki/chains"
	"tsuiseki/tracer/bridge"
	"tsuiseki/tracer/taint"
)

// Side is a chain that takes part in a trace across chains.
type Side struct {
	Outputs  Chain  // of a chain with outputs, else nil
	Accounts Ledger // of a chain with accounts, else nil
	Asset    chains.Asset
	Messages Messages

	Heuristics []HeuristicDoc // by which the chain or ledger, where it is an Inferrer, ends trails
}

// Messages finds what bridges wrote on a chain, as of the same block as all else.
type Messages interface {
	// Quoting is every transaction that says it answers another, of any chain: in
	// chain order, at most limit of them.
	Quoting(id chains.TxID, limit int) ([]*chains.Tx, error)
	// Depositors counts who, but for one, paid into an address with a memo that asks
	// for a swap, up to enough.
	Depositors(vault, but chains.Address, enough int) (int, error)
}

func (s *Side) snapshot() chains.Snapshot {
	if s.Outputs != nil {
		return s.Outputs.Snapshot()
	}
	return s.Accounts.Snapshot()
}

// code is THORChain's for the chain.
func (s *Side) code() string { return bridge.Code(s.snapshot().Chain, s.Asset) }

func (s *Side) stopper() Stopper {
	if s.Accounts != nil {
		return s.Accounts
	}
	stopper, _ := s.Outputs.(Stopper)
	return stopper
}

// World knows the chains that a trail may cross to.
type World interface {
	// Side is the chain that THORChain's code names; nil where it is not indexed, and
	// why then says so. The same code gives the same side.
	Side(code string) (side *Side, why string, err error)
}

// SideDeposits are the deposits on one chain.
type SideDeposits struct {
	Side     *Side
	Outputs  []Deposit
	Accounts []AccountDeposit
}

// settlingRounds is how often the chains are swept anew before a crossing that has
// not come to rest is no longer followed: longer than any trail that people made.
const settlingRounds = 32

// Across follows deposits over several chains. Each chain is swept as a whole, with
// its own deposits and with what came to it over bridges; what leaves it over
// bridges is put into the others, and they are swept again, until nothing changes.
// So parts of a deposit that meet again are allocated together, however they came.
func Across(ctx context.Context, world World, deposits []SideDeposits, params Params) (*Result, error) {
	rule, ok := taint.RuleByName(params.Rule)
	if !ok {
		return nil, fmt.Errorf("allocation rule %q is unknown: use one of %s", params.Rule, ruleNames())
	}
	a := &across{
		world: world, rule: rule, params: params, runs: map[chains.Chain]*run{},
		decided: map[crossKey]*decision{}, blocked: map[flowKey]bool{}, flows: map[flowKey]flow{},
		asked: map[chains.Chain]*Side{},
	}
	if err := a.start(deposits); err != nil {
		return nil, err
	}
	for round := 1; ; round++ {
		if err := a.sweep(ctx); err != nil {
			return nil, err
		}
		next := a.collect()
		unsettled := changed(a.flows, next)
		if len(unsettled) == 0 {
			return a.merge()
		}
		a.flows = next
		if round%settlingRounds == 0 {
			a.block(unsettled)
		}
		a.inject()
	}
}

// across is a trace over several chains under way.
type across struct {
	world   World
	rule    taint.Rule
	params  Params
	ids     []string // of all deposits
	runs    map[chains.Chain]*run
	decided map[crossKey]*decision
	flows   map[flowKey]flow // over bridges, as of the last round
	blocked map[flowKey]bool
	asked   map[chains.Chain]*Side // for payments that answer deposits
}

// run is one chain's part of the trace.
type run struct {
	side     *Side
	deposits SideDeposits
	injected []injection // in order of chain, place and deposit
	stale    bool        // to be swept anew

	result *Result
	local  int // deposits of the result that are the chain's own
	flows  map[flowKey]flow
}

// crossKey names a place from which value may cross: an output, or what a
// transaction brought to an account of an asset.
type crossKey struct {
	chain   chains.Chain
	tx      chains.Position
	output  uint32
	account chains.Address
	asset   chains.Asset
}

// flowKey names what of a deposit crosses from a place.
type flowKey struct {
	deposit string
	from    crossKey
}

// flow is what crosses: traced spans of what the place took in.
type flow struct {
	*decision
	spans []taint.Span
	hops  int
}

// injection is what comes to a chain over a bridge.
type injection struct {
	flowKey
	*exit
	taken  chains.Amount // traced, of what went in
	spans  []taint.Span  // of what came out
	hops   int
	source *decision
}

func (a *across) start(deposits []SideDeposits) error {
	seen := map[string]bool{}
	for _, d := range deposits {
		var err error
		if d.Side.Outputs != nil {
			d.Outputs, err = checkDeposits(d.Outputs)
		} else {
			d.Accounts, err = checkAccountDeposits(d.Accounts)
		}
		if err != nil {
			return err
		}
		chain := d.Side.snapshot().Chain
		if a.runs[chain] != nil {
			return fmt.Errorf("deposits on %s are given twice", chain)
		}
		a.runs[chain] = &run{side: d.Side, deposits: d, stale: true}
		for _, id := range d.ids() {
			if seen[id] {
				return fmt.Errorf("deposit %s is given twice", id)
			}
			seen[id] = true
			a.ids = append(a.ids, id)
		}
	}
	if len(a.ids) == 0 {
		return fmt.Errorf("no deposit to trace")
	}
	slices.Sort(a.ids)
	return nil
}

func (d *SideDeposits) ids() (ids []string) {
	for i := range d.Outputs {
		ids = append(ids, d.Outputs[i].ID)
	}
	for i := range d.Accounts {
		ids = append(ids, d.Accounts[i].ID)
	}
	return ids
}

// sweep makes the parts of chains to which something new came.
func (a *across) sweep(ctx context.Context) error {
	for _, chain := range slices.Sorted(maps.Keys(a.runs)) {
		r := a.runs[chain]
		if !r.stale {
			continue
		}
		c := &crossings{across: a, side: r.side, injected: r.injected, flows: map[flowKey]flow{}}
		var err error
		if r.side.Outputs != nil {
			r.result, err = a.sweepOutputs(ctx, r, c)
		} else {
			r.result, err = a.sweepAccounts(ctx, r, c)
		}
		if err != nil {
			return err
		}
		r.stale, r.flows, r.local = false, c.flows, len(r.deposits.ids())
	}
	return nil
}

// foreign are the deposits of other chains.
func (a *across) foreign(r *run) (ids []string) {
	own := map[string]bool{}
	for _, id := range r.deposits.ids() {
		own[id] = true
	}
	for _, id := range a.ids {
		if !own[id] {
			ids = append(ids, id)
		}
	}
	return ids
}

func (a *across) collect() map[flowKey]flow {
	all := map[flowKey]flow{}
	for _, r := range a.runs {
		maps.Copy(all, r.flows)
	}
	return all
}

// changed are the flows that are not the same in both.
func changed(before, after map[flowKey]flow) (keys []flowKey) {
	for key, f := range after {
		if was, known := before[key]; !known || was.hops != f.hops || !sameSpans(was.spans, f.spans) {
			keys = append(keys, key)
		}
	}
	for key := range before {
		if _, still := after[key]; !still {
			keys = append(keys, key)
		}
	}
	return keys
}

func sameSpans(a, b []taint.Span) bool {
	return slices.EqualFunc(a, b, func(s, t taint.Span) bool { return s.Offset.Equal(t.Offset) && s.Value.Equal(t.Value) })
}

// block follows some flows no longer: their places are ends.
func (a *across) block(keys []flowKey) {
	for _, key := range keys {
		a.blocked[key] = true
		delete(a.flows, key)
		a.runs[key.from.chain].stale = true
	}
}

// inject puts what crosses into the chains that it comes to.
func (a *across) inject() {
	coming := map[chains.Chain][]injection{}
	for key, f := range a.flows {
		for i := range f.outs {
			out := &f.outs[i]
			chain := out.side.snapshot().Chain
			if a.runs[chain] == nil {
				a.runs[chain] = &run{side: out.side, deposits: SideDeposits{Side: out.side}, stale: true}
			}
			coming[chain] = append(coming[chain], injection{
				flowKey: key, exit: out, taken: taint.Sum(f.spans), spans: taint.Scale(f.spans, f.in.Amount, out.amount),
				hops: f.hops + 1, source: f.decision,
			})
		}
	}
	for chain, r := range a.runs {
		now := coming[chain]
		slices.SortFunc(now, compareInjections)
		if !slices.EqualFunc(r.injected, now, sameInjection) {
			r.injected, r.stale = now, true
		}
	}
}
