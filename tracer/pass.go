package tracer

import (
	"tsuiseki/chains"
	"tsuiseki/tracer/taint"
)

// pass carries one deposit's value through one transaction.
type pass struct {
	*accountSweep
	tx         *chains.Tx
	settlement *settlement
	deposit    int
	transfer   int // that makes the deposit, or noDeposit
	hops       int
	origins    map[chains.Address]bool // accounts that pay; what returns to them rests
	supply     supplies                // not carried yet
	carried    map[chains.Asset]*carried
	kept       map[holder][]taint.Span // what accounts gain for good
	swaps      []*swap
	paid       map[chains.Asset]map[int][]taint.Span // of whole edges, not carried yet
	injected   []*injection
	bridged    map[int]chains.Amount // by transfer: traced as a step over a bridge
}

// supplies are spans of what accounts give, by asset and account.
type supplies map[chains.Asset]map[chains.Address][]taint.Span

func (s supplies) add(at holder, rule taint.Rule, spans []taint.Span) {
	if s[at.asset] == nil {
		s[at.asset] = map[chains.Address][]taint.Span{}
	}
	_, s[at.asset][at.account] = unite(rule, s[at.asset][at.account], spans)
}

// swap is what an account took in, and what it gave for it.
type swap struct {
	account     chains.Address
	took, gave  chains.Asset
	taken, paid chains.Amount // traced
}

func (s *accountSweep) pass(tx *chains.Tx, settlement *settlement, deposit, transfer, hops int) *pass {
	return &pass{
		accountSweep: s, tx: tx, settlement: settlement, deposit: deposit, transfer: transfer, hops: hops,
		origins: map[chains.Address]bool{}, supply: supplies{}, carried: map[chains.Asset]*carried{}, kept: map[holder][]taint.Span{},
	}
}

// arrival is what a transaction brings to a place.
type arrival struct {
	holder
	lot
	gained chains.Amount
	burned bool
}

// longestConversion is how many times value may change its asset in one
// transaction before it is left where it is.
const longestConversion = 64

// run carries what accounts give, asset by asset, and on into other assets where
// accounts exchange them. It returns what accounts gained, in no order.
func (p *pass) run() (arrived []arrival) {
	p.payDeposit()
	p.exchange()
	if len(p.injected) > 0 {
		p.takeInjected()
		p.exchange()
	}
	for _, asset := range p.settlement.assets {
		if c := p.carried[asset]; c != nil {
			p.record(asset, c)
		}
	}
	for _, s := range p.swaps {
		p.recordSwap(s)
	}
	for at, spans := range p.kept {
		arrived = append(arrived, p.arrival(at, spans))
	}
	return arrived
}

// exchange carries what is supplied, and what that buys, until nothing is left to carry.
func (p *pass) exchange() {
	for round := 0; round == 0 || len(p.supply) > 0 && round <= longestConversion; round++ {
		for _, asset := range p.settlement.assets {
			if supply, paid := p.supply[asset], p.paid[asset]; supply != nil || paid != nil {
				delete(p.supply, asset)
				delete(p.paid, asset)
				p.carry(asset, supply, paid, round)
			}
		}
	}
}

// payDeposit traces the transfer that makes the deposit, where the transaction does.
func (p *pass) payDeposit() {
	if p.transfer == noDeposit {
		return
	}
	asset := p.tx.Transfers[p.transfer].Asset
	for i, e := range p.settlement.flows[asset].edges {
		if e.transfer == p.transfer && e.from == payer {
			p.pay(asset, i, []taint.Span{{Value: e.net}})
		}
	}
}

// pay has spans of an edge carried on.
func (p *pass) pay(asset chains.Asset, edge int, spans []taint.Span) {
	if p.paid == nil {
		p.paid = map[chains.Asset]map[int][]taint.Span{}
	}
	if p.paid[asset] == nil {
		p.paid[asset] = map[int][]taint.Span{}
	}
	_, p.paid[asset][edge] = unite(p.rule, p.paid[asset][edge], spans)
}

func (p *pass) carriedOf(asset chains.Asset) *carried {
	c := p.carried[asset]
	if c == nil {
		c = newCarried(p.settlement.flows[asset])
		p.carried[asset] = c
	}
	return c
}

// carry moves spans through one asset's flow. A gain stays, or is exchanged.
func (p *pass) carry(asset chains.Asset, supply map[chains.Address][]taint.Span, paid map[int][]taint.Span, round int) {
	flow, c := p.settlement.flows[asset], p.carriedOf(asset)
	gains := c.carry(flow, p.rule, supply, paid)
	for _, account := range flow.nodes {
		spans, at := gains[account], holder{account, asset}
		if len(spans) == 0 || account == sink {
			continue
		}
		gives := p.settlement.gives(account, asset)
		if p.origins[account] || len(gives) == 0 || round >= longestConversion {
			_, p.kept[at] = unite(p.rule, p.kept[at], spans)
			continue
		}
		p.convert(flow, at, spans, gives)
	}
}

// convert moves the trail of what an account took in onto what it gave for it.
// Where it gave several assets, the share of each is that of what it took in.
func (p *pass) convert(flow *assetFlow, at holder, spans []taint.Span, gives []chains.Asset) {
	took, traced := flow.net(at.account), taint.Sum(spans)
	out := p.result.total(p.deposit, at.asset)
	out.SwappedOut = out.SwappedOut.Add(traced)
	for _, asset := range gives {
		other := p.settlement.flows[asset]
		if p.carried[asset] == nil {
			p.carried[asset] = newCarried(other)
		}
		gave := other.gives(at.account)
		fresh := p.carried[asset].claim(p.rule, at.account, taint.Scale(spans, took, gave), gave)
		value := taint.Sum(fresh)
		in := p.result.total(p.deposit, asset)
		in.SwappedIn = in.SwappedIn.Add(value)
		s := p.swap(at, asset)
		s.taken, s.paid = s.taken.Add(traced), s.paid.Add(value)
		if len(fresh) > 0 {
			p.supply.add(holder{at.account, asset}, p.rule, fresh)
		}
	}
}

func (p *pass) swap(at holder, gave chains.Asset) *swap {
	for _, s := range p.swaps {
		if s.account == at.account && s.took == at.asset && s.gave == gave {
			return s
		}
	}
	s := &swap{account: at.account, took: at.asset, gave: gave}
	p.swaps = append(p.swaps, s)
	return s
}

// arrival is what an account gains for good.
func (p *pass) arrival(at holder, spans []taint.Span) arrival {
	by := p.brought(at)
	last := &p.tx.Transfers[by]
	return arrival{
		holder: at, gained: p.settlement.flows[at.asset].net(at.account), burned: last.Kind == chains.TokenTransfer && last.To == chains.ZeroAddress,
		lot: lot{deposit: p.deposit, spans: spans, hops: p.hops, tx: p.tx, by: by},
	}
}

// brought is the last transfer of what is traced of an account's gain.
func (p *pass) brought(at holder) int {
	flow, c := p.settlement.flows[at.asset], p.carried[at.asset]
	var last int
	for _, i := range flow.in[at.account] {
		if len(c.moved[i]) > 0 {
			last = i
		}
	}
	return flow.edges[last].transfer
}
