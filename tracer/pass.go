package tracer

import (
	"slices"

	"tsuiseki/chains"
	"tsuiseki/tracer/taint"
)

// pass carries one deposit's value from one account through a transaction.
type pass struct {
	*accountSweep
	tx         *chains.Tx
	settlement *settlement
	deposit    int
	hops       int
	origin     chains.Address          // the account that pays; what returns to it rests
	given      map[holder][]taint.Span // what is traced already of what an account gives
	arrived    *arrivalList
}

func (s *accountSweep) pass(tx *chains.Tx, whole *settlement, deposit, hops int, arrived *arrivalList) *pass {
	return &pass{accountSweep: s, tx: tx, settlement: whole, deposit: deposit, hops: hops, given: map[holder][]taint.Span{}, arrived: arrived}
}

// arrivalList is what a transaction brings to places, in the order found.
type arrivalList struct{ list []arrival }

type arrival struct {
	holder
	lot
	gained chains.Amount
	burned bool
}

// longestConversion is how many times value may change its asset in one
// transaction before it is left where it is.
const longestConversion = 64

// carry moves spans through one asset's flows and on into others where accounts
// exchange them.
func (p *pass) carry(asset chains.Asset, supply map[chains.Address][]taint.Span, paid map[int][]taint.Span, conversions int) {
	flow := p.settlement.flows[asset]
	if flow == nil {
		return
	}
	moved, kept := flow.carry(p.rule, supply, paid)
	for i, spans := range moved {
		if len(spans) > 0 && paid[i] == nil { // a deposit's own payment is no hop
			p.moved(asset, flow.edges[i], taint.Sum(spans))
		}
	}
	for _, account := range flow.nodes {
		spans := kept[account]
		if len(spans) == 0 || account == sink {
			continue
		}
		received := p.settlement.gives(account, asset)
		if account == p.origin || len(received) == 0 || conversions == longestConversion {
			p.arrive(flow, holder{account, asset}, spans)
			continue
		}
		p.convert(flow, holder{account, asset}, spans, received, conversions+1)
	}
}

// moved records a transfer's traced part: a hop, or a fee.
func (p *pass) moved(asset chains.Asset, e edge, traced chains.Amount) {
	t := &p.tx.Transfers[e.transfer]
	if e.to == sink {
		end := End{Kind: EndFee, Asset: asset, Amount: t.Amount, Traced: traced, Detail: "burned as the transaction's fee", order: uint64(len(p.tx.Transfers))}
		switch t.Kind {
		case chains.TipTransfer:
			end.Detail = "to the producer of the block, " + string(t.To)
		case chains.DestroyedTransfer:
			index := t.Index
			end.Kind, end.Index, end.Address, end.Detail, end.order = EndFrozen, &index, t.From, "destroyed by the token's issuer", uint64(index)
		}
		p.result.addEnd(p.tx, p.deposit, end)
		return
	}
	p.result.addHop(p.tx, p.deposit, Hop{
		From: Endpoint{p.tx.ID, t.Index, t.From}, To: Endpoint{p.tx.ID, t.Index, t.To},
		Asset: asset, Amount: t.Amount, Traced: traced, Kind: "transfer", Transfer: string(t.Kind), input: uint32(e.transfer),
	})
}

// arrive notes what an account gains for good.
func (p *pass) arrive(flow *assetFlow, at holder, spans []taint.Span) {
	last := p.lastTransfer(flow, at.account)
	p.arrived.list = append(p.arrived.list, arrival{
		holder: at, gained: flow.net(at.account), burned: last.Kind == chains.TokenTransfer && last.To == chains.ZeroAddress,
		lot: lot{deposit: p.deposit, spans: spans, hops: p.hops, tx: p.tx, index: last.Index},
	})
}

func (p *pass) lastTransfer(flow *assetFlow, account chains.Address) *chains.Transfer {
	var last int
	for _, i := range flow.in[account] {
		if flow.edges[i].from != elsewhere {
			last = i
		}
	}
	return &p.tx.Transfers[flow.edges[last].transfer]
}

// convert moves the trail of what an account took in onto what it gave for it.
// Where it gave several assets, the share of each is that of what it took in.
func (p *pass) convert(flow *assetFlow, at holder, spans []taint.Span, gives []chains.Asset, conversions int) {
	took, traced := flow.net(at.account), taint.Sum(spans)
	out := p.result.total(p.deposit, at.asset)
	out.SwappedOut = out.SwappedOut.Add(traced)
	in := p.lastTransfer(flow, at.account)
	for _, asset := range gives {
		other := p.settlement.flows[asset]
		gave := other.gives(at.account)
		fresh := p.claim(holder{at.account, asset}, taint.Scale(spans, took, gave), gave)
		value := taint.Sum(fresh)
		total := p.result.total(p.deposit, asset)
		total.SwappedIn = total.SwappedIn.Add(value)
		first := &p.tx.Transfers[other.edges[other.out[at.account][0]].transfer]
		kind := "swap"
		if took.Equal(gave) && (at.account == chains.Address(asset) || at.account == chains.Address(at.asset)) {
			kind = "wrap"
		}
		p.result.addHop(p.tx, p.deposit, Hop{
			From: Endpoint{p.tx.ID, in.Index, at.account}, To: Endpoint{p.tx.ID, first.Index, at.account},
			Asset: asset, Amount: gave, Traced: value, Kind: kind, Swapped: &Swapped{at.asset, took, traced}, input: uint32(len(p.tx.Transfers)),
		})
		if len(fresh) > 0 {
			p.carry(asset, map[chains.Address][]taint.Span{at.account: fresh}, nil, conversions)
		}
	}
}

// claim is the part of spans not traced before, of what an account gives.
func (p *pass) claim(at holder, spans []taint.Span, gave chains.Amount) []taint.Span {
	before := p.given[at]
	if p.rule.Ordered || !p.rule.Conserves {
		fresh := taint.Subtract(spans, before)
		p.given[at] = taint.Merge(append(slices.Clone(before), spans...))
		return fresh
	}
	value := taint.Sum(spans).Min(gave.Sub(taint.Sum(before)))
	if value.Sign() <= 0 {
		return nil
	}
	p.given[at] = append(before, taint.Span{Value: value})
	return []taint.Span{{Value: value}}
}
