package tracer

import (
	"tsuiseki/chains"
	"tsuiseki/tracer/taint"
)

// record writes down what a pass traced of one asset's transfers.
func (p *pass) record(asset chains.Asset, c *carried) {
	for i, e := range p.settlement.flows[asset].edges {
		traced := taint.Sum(c.moved[i]).Sub(p.bridged[e.transfer])
		if traced.Sign() > 0 && e.transfer != p.transfer { // a deposit's own payment is no hop
			p.recordTransfer(asset, e, traced)
		}
	}
}

// recordTransfer records a transfer's traced part: a hop, or a fee.
func (p *pass) recordTransfer(asset chains.Asset, e edge, traced chains.Amount) {
	t := &p.tx.Transfers[e.transfer]
	if e.to == sink {
		end := End{Kind: EndFee, Asset: asset, Amount: t.Amount, Traced: traced, Detail: "burned as the transaction's fee", order: uint64(len(p.tx.Transfers))}
		switch t.Kind {
		case chains.TipTransfer:
			end.Detail = "to the producer of the block, " + string(t.To)
		case chains.DestroyedTransfer:
			index := t.Index
			end.Kind, end.Index, end.Address, end.Transfer, end.order = EndFrozen, &index, t.From, string(t.Kind), uint64(e.transfer)
			end.Detail = "destroyed by the token's issuer"
		}
		p.result.addEnd(p.tx, p.deposit, end)
		return
	}
	p.result.addHop(p.tx, p.deposit, Hop{
		From: Endpoint{p.tx.ID, t.Index, t.From}, To: Endpoint{p.tx.ID, t.Index, t.To},
		Asset: asset, Amount: t.Amount, Traced: traced, Kind: "transfer", Transfer: string(t.Kind), order: inOrder(e.transfer, false), input: uint32(e.transfer),
	})
}

func (p *pass) recordSwap(s *swap) {
	took, gave := p.settlement.flows[s.took].net(s.account), p.settlement.flows[s.gave].gives(s.account)
	flow := p.settlement.flows[s.gave]
	first := &p.tx.Transfers[flow.edges[flow.out[s.account][0]].transfer]
	in, kind := p.brought(holder{s.account, s.took}), "swap"
	if took.Equal(gave) && (s.account == chains.Address(s.gave) || s.account == chains.Address(s.took)) {
		kind = "wrap"
	}
	p.result.addHop(p.tx, p.deposit, Hop{
		From: Endpoint{p.tx.ID, p.tx.Transfers[in].Index, s.account}, To: Endpoint{p.tx.ID, first.Index, s.account},
		Asset: s.gave, Amount: gave, Traced: s.paid, Kind: kind, Swapped: &Swapped{s.took, took, s.taken}, order: inOrder(in, true), input: uint32(len(p.tx.Transfers)),
	})
}

// inOrder sorts a transaction's hops: a swap stands behind the transfer that
// brought what was swapped.
func inOrder(transfer int, swap bool) uint64 {
	if swap {
		return uint64(2*transfer + 1)
	}
	return uint64(2 * transfer)
}
