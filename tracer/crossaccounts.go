package tracer

import (
	"context"
	"fmt"

	"tsuiseki/chains"
	"tsuiseki/tracer/bridge"
	"tsuiseki/tracer/taint"
)

// sweepAccounts makes the part of a chain with accounts.
func (a *across) sweepAccounts(ctx context.Context, r *run, c *crossings) (*Result, error) {
	params := a.params
	params.Heuristics = r.side.Heuristics
	s := newAccountSweep(r.side.Accounts, a.rule, params)
	s.crossings = c
	s.start(r.deposits.Accounts)
	s.result.addForeign(a.foreign(r))
	s.visited = make([]int, len(s.result.Deposits))
	c.know(s.result.Deposits)
	for i := range c.injected {
		in := &c.injected[i]
		e := s.at(in.tx.Position())
		e.injected = append(e.injected, in)
	}
	if err := s.run(ctx); err != nil {
		return nil, err
	}
	return s.result, s.nameAssets()
}

// addInjected has the deposits' passes through a transaction take up what it pays
// out of bridges.
func (s *accountSweep) addInjected(tx *chains.Tx, whole *settlement, e *event, passes map[int]*pass) {
	for _, in := range e.injected {
		deposit := s.crossings.places[in.deposit]
		p := passes[deposit]
		if p == nil {
			s.visited[deposit]++
			p = s.pass(tx, whole, deposit, noDeposit, in.hops)
			passes[deposit] = p
		}
		p.hops = min(p.hops, in.hops)
		p.injected = append(p.injected, in)
	}
}

// takeInjected traces the transfers that pay out of bridges, as far as they are not
// traced already, and are not undone within the transaction.
func (p *pass) takeInjected() {
	for _, in := range p.injected {
		t := &p.tx.Transfers[in.place]
		var fresh []taint.Span
		if flow := p.settlement.flows[t.Asset]; flow != nil {
			for i, e := range flow.edges {
				if e.transfer != int(in.place) || e.net.Sign() == 0 || e.fee {
					continue
				}
				c := p.carriedOf(t.Asset)
				fresh, _ = p.crossings.fresh(c.moved[i], taint.Scale(in.spans, in.amount, e.net), e.net)
				p.pay(t.Asset, i, fresh)
				p.came(int(in.place), fresh)
			}
		}
		value := taint.Sum(fresh)
		total := p.result.total(p.deposit, t.Asset)
		total.SwappedIn = total.SwappedIn.Add(value)
		hop := in.hop(value)
		hop.Transfer, hop.order = string(t.Kind), inOrder(int(in.place), false)
		p.result.addHop(p.tx, p.deposit, hop)
	}
}

// came notes that a transfer's traced part is recorded as a step over a bridge.
func (p *pass) came(transfer int, spans []taint.Span) {
	if p.bridged == nil {
		p.bridged = map[int]chains.Amount{}
	}
	p.bridged[transfer] = p.bridged[transfer].Add(taint.Sum(spans))
}

// accountMemo is what is to be known of an account into which value was paid with a memo
// that asks for a swap; nil where it was not. All messages that tell of the place
// must say the same, and add up to what it gained; transfer by brought that.
func (s *Side) accountMemo(tx *chains.Tx, account chains.Address, asset chains.Asset, gained chains.Amount, by int) *memoPlace {
	var first *chains.Message
	var sum chains.Amount
	var problem string
	for i := range tx.Messages {
		m := &tx.Messages[i]
		// A router passes the chain's coin on. It keeps tokens, or since version 6
		// passes them on too.
		holds := m.Vault == account || asset != s.Accounts.Native() && m.Contract == account
		if m.Kind != chains.MessageIn || m.Asset != asset || !holds {
			continue
		}
		if first == nil {
			first = m
		}
		if m.Memo != first.Memo || m.Vault != first.Vault {
			problem = "the transaction's other messages about this place say something else"
		}
		sum = sum.Add(m.Amount)
	}
	if first == nil {
		return nil
	}
	memo, known := bridge.Parse(first.Memo)
	if !known || !memo.Swaps() {
		return nil
	}
	if problem == "" && !sum.Equal(gained) {
		problem = fmt.Sprintf("messages tell of %s, and %s came", sum, gained)
	}
	return &memoPlace{
		problem: problem,
		side:    s, vault: account, contract: first.Contract,
		key:     crossKey{chain: s.snapshot().Chain, tx: tx.Position(), account: account, asset: asset},
		brought: tx.Transfers[by].Index,
		in: bridge.In{
			Code: s.code(), Tx: tx.ID, Time: tx.Time, Sender: tx.From, Vault: first.Vault,
			Asset: asset, Amount: gained, Native: asset == s.Accounts.Native(), Memo: memo,
		},
	}
}

// cross takes what arrives at an account over a bridge where one begins there.
func (s *accountSweep) cross(a *arrival) (done bool, err error) {
	if s.crossings == nil {
		return false, nil
	}
	m := s.crossings.side.accountMemo(a.tx, a.account, a.asset, a.gained, a.by)
	if m == nil {
		return false, nil
	}
	d, err := s.crossings.decide(m)
	if err != nil || d == nil {
		return false, err
	}
	s.result.addLeads(a.tx, a.deposit, m.brought, a.account, d)
	stop := d.stop
	if len(d.outs) > 0 {
		traced, id := taint.Sum(a.spans), s.result.Deposits[a.deposit].ID
		if stop = s.crossings.refuse(flowKey{id, m.key}, d, traced, a.hops); stop.Kind == "" {
			total := s.result.total(a.deposit, a.asset)
			total.SwappedOut = total.SwappedOut.Add(traced)
			s.crossings.leave(m.key, id, d, a.spans, a.hops)
			return true, nil
		}
	}
	if stop.Kind == "" {
		return false, nil
	}
	s.result.missAlso(d.miss)
	s.result.addEnd(a.tx, a.deposit, accountEnd(a.lot, a.holder, a.gained, stop))
	return true, nil
}
