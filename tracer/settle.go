package tracer

import (
	"slices"

	"tsuiseki/chains"
	"tsuiseki/tracer/taint"
)

// settlement is what one transaction of an account chain amounts to, asset by
// asset. Value that returns to where it came from within the transaction is
// taken out, so that what is left runs from accounts that lost to accounts that
// gained; contracts with zero net are passed through on the way.
type settlement struct {
	assets []chains.Asset // in order of their first transfer
	flows  map[chains.Asset]*assetFlow
}

// assetFlow is an acyclic graph of transfers of one asset.
type assetFlow struct {
	edges []edge
	in    map[chains.Address][]int // edges by account, in the order of execution
	out   map[chains.Address][]int
	nodes []chains.Address // sources first
}

// edge is a transfer, or what circles leave of it.
type edge struct {
	from, to chains.Address
	net      chains.Amount
	transfer int // in the transaction
}

// sink is the end of what is paid to nobody: fees, and what an issuer destroys.
const sink chains.Address = ""

// payer keeps a deposit's transfer out of all circles: it stands for whoever paid.
const payer chains.Address = "payer"

// elsewhere is where value comes from that no trail follows: tips, which are gone
// for those who pay them, to the block's producer.
const elsewhere chains.Address = "elsewhere"

// settle nets a transaction's transfers. Those in deposits keep their amount.
func settle(tx *chains.Tx, deposits []int) *settlement {
	s := &settlement{flows: map[chains.Asset]*assetFlow{}}
	paysFee := func(i int) bool {
		kind := tx.Transfers[i].Kind
		return kind == chains.FeeTransfer || kind == chains.TipTransfer
	}
	for _, fees := range []bool{false, true} { // as on a UTXO chain, the fee comes last
		for i := range tx.Transfers {
			t := &tx.Transfers[i]
			if t.Ledger() && paysFee(i) == fees && (fees || !tx.Failed) && t.From != t.To {
				s.add(t, i, slices.Contains(deposits, i))
			}
		}
	}
	for _, f := range s.flows {
		f.sort()
	}
	return s
}

func (s *settlement) add(t *chains.Transfer, i int, deposit bool) {
	f := s.flows[t.Asset]
	if f == nil {
		f = &assetFlow{in: map[chains.Address][]int{}, out: map[chains.Address][]int{}}
		s.flows[t.Asset] = f
		s.assets = append(s.assets, t.Asset)
	}
	e := edge{from: t.From, to: t.To, net: t.Amount, transfer: i}
	if t.Kind == chains.TokenTransfer {
		// It is the token's contract that mints and burns.
		e.from, e.to = issuerFor(e.from, t.Asset), issuerFor(e.to, t.Asset)
	}
	if t.Kind == chains.FeeTransfer || t.Kind == chains.TipTransfer {
		e.to = sink
	}
	if deposit {
		e.from = payer
	}
	f.add(e)
	if t.Kind == chains.TipTransfer && t.To != "" {
		f.add(edge{from: elsewhere, to: t.To, net: t.Amount, transfer: i})
	}
}

func issuerFor(account chains.Address, token chains.Asset) chains.Address {
	if account == chains.ZeroAddress {
		return chains.Address(token)
	}
	return account
}

// add puts an edge in, less what runs in a circle with the edges before it.
func (f *assetFlow) add(e edge) {
	for e.from != e.to && e.net.Sign() > 0 {
		path := f.path(e.to, e.from)
		if path == nil {
			break
		}
		circle := e.net
		for _, i := range path {
			circle = circle.Min(f.edges[i].net)
		}
		for _, i := range path {
			f.edges[i].net = f.edges[i].net.Sub(circle)
		}
		e.net = e.net.Sub(circle)
	}
	if e.from == e.to || e.net.IsZero() {
		return
	}
	f.out[e.from] = append(f.out[e.from], len(f.edges))
	f.in[e.to] = append(f.in[e.to], len(f.edges))
	f.edges = append(f.edges, e)
}

// path is a way along edges from one account to another, nil where there is none.
func (f *assetFlow) path(from, to chains.Address) []int {
	type step struct {
		account chains.Address
		tried   int
	}
	if len(f.out[from]) == 0 || len(f.in[to]) == 0 {
		return nil
	}
	seen := map[chains.Address]bool{from: true}
	steps := []step{{account: from}}
	var path []int
	for len(steps) > 0 {
		at := &steps[len(steps)-1]
		edges := f.out[at.account]
		if at.tried == len(edges) {
			if steps = steps[:len(steps)-1]; len(path) > 0 {
				path = path[:len(path)-1]
			}
			continue
		}
		i := edges[at.tried]
		at.tried++
		next := f.edges[i].to
		if f.edges[i].net.IsZero() || seen[next] {
			continue
		}
		path = append(path, i)
		if next == to {
			return path
		}
		seen[next] = true
		steps = append(steps, step{account: next})
	}
	return nil
}

// sort drops what circles used up, and orders the accounts so that each comes
// after those that pay it.
func (f *assetFlow) sort() {
	empty := func(i int) bool { return f.edges[i].net.IsZero() }
	waits := map[chains.Address]int{}
	var ready []chains.Address
	seen := map[chains.Address]bool{}
	for _, e := range f.edges {
		for _, account := range []chains.Address{e.from, e.to} {
			if seen[account] {
				continue
			}
			seen[account] = true
			f.in[account] = slices.DeleteFunc(f.in[account], empty)
			f.out[account] = slices.DeleteFunc(f.out[account], empty)
			if waits[account] = len(f.in[account]); waits[account] == 0 {
				ready = append(ready, account)
			}
		}
	}
	for len(ready) > 0 {
		account := ready[0]
		ready = ready[1:]
		f.nodes = append(f.nodes, account)
		for _, i := range f.out[account] {
			to := f.edges[i].to
			if waits[to]--; waits[to] == 0 {
				ready = append(ready, to)
			}
		}
	}
}

// net is an account's gain, negative where it lost.
func (f *assetFlow) net(account chains.Address) (gain chains.Amount) {
	for _, i := range f.in[account] {
		gain = gain.Add(f.edges[i].net)
	}
	for _, i := range f.out[account] {
		gain = gain.Sub(f.edges[i].net)
	}
	return gain
}

// gives is what an account loses to others: fees are not in exchange for anything.
func (f *assetFlow) gives(account chains.Address) chains.Amount {
	loss := chains.Amount{}.Sub(f.net(account))
	for _, i := range f.out[account] {
		if f.edges[i].to == sink {
			loss = loss.Sub(f.edges[i].net)
		}
	}
	return loss
}

// gives are the assets, but for one, that an account gives to others.
func (s *settlement) gives(account chains.Address, but chains.Asset) (assets []chains.Asset) {
	for _, asset := range s.assets {
		if asset != but && s.flows[asset].gives(account).Sign() > 0 {
			assets = append(assets, asset)
		}
	}
	return assets
}

// carry moves traced spans through the flows. supply are spans of what an
// account gives of its own, paid those of whole edges. It returns the spans on
// each edge, and of what each account gained. Every account is to the rule what
// a transaction is on a UTXO chain: its own first, then what came, in order; out
// of that go its payments, in order, and what it keeps.
func (f *assetFlow) carry(rule taint.Rule, supply map[chains.Address][]taint.Span, paid map[int][]taint.Span) (moved [][]taint.Span, kept map[chains.Address][]taint.Span) {
	moved, kept = make([][]taint.Span, len(f.edges)), map[chains.Address][]taint.Span{}
	for i, spans := range paid {
		moved[i] = spans
	}
	for _, account := range f.nodes {
		var ins []taint.Input
		traced := len(supply[account]) > 0
		gain := f.net(account)
		if gain.Sign() < 0 {
			ins = append(ins, taint.Input{Value: chains.Amount{}.Sub(gain), Traced: supply[account]})
		}
		for _, i := range f.in[account] {
			ins = append(ins, taint.Input{Value: f.edges[i].net, Traced: moved[i]})
			traced = traced || len(moved[i]) > 0
		}
		if !traced {
			continue
		}
		var outs []chains.Amount
		for _, i := range f.out[account] {
			outs = append(outs, f.edges[i].net)
		}
		if gain.Sign() > 0 {
			outs = append(outs, gain)
		}
		spans := make([][]taint.Span, len(outs))
		for _, flow := range rule.Allocate(ins, outs) {
			spans[flow.Output] = append(spans[flow.Output], flow.Span)
		}
		for n, i := range f.out[account] {
			moved[i] = append(moved[i], taint.Merge(spans[n])...)
		}
		if gain.Sign() > 0 {
			kept[account] = taint.Merge(spans[len(outs)-1])
		}
	}
	return moved, kept
}
