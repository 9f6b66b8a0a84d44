package tracer

import (
	"slices"

	"tsuiseki/chains"
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
	fee      bool
}

// sink is the end of what is paid to nobody: fees, and what an issuer destroys.
const sink chains.Address = ""

// payer keeps a deposit's transfer out of all circles: it stands for whoever paid.
const payer chains.Address = "payer"

// elsewhere is where value comes from that no trail follows: tips, which are gone
// for those who pay them, to the block's producer; what an account got in a
// deposit's transaction before the deposit; and what accounts pay at which trails end.
const elsewhere chains.Address = "elsewhere"

// noDeposit is the place of a deposit in a transaction that makes none.
const noDeposit = -1

// settle nets a transaction's transfers. That of a deposit keeps its amount, and
// carries on nothing that moved before it: of its asset, transfers before it count
// as what accounts had or lacked when it came. Beyond the accounts in ends nothing
// is followed: what they get stays there.
func settle(tx *chains.Tx, deposit int, ends map[chains.Address]bool) *settlement {
	s := &settlement{flows: map[chains.Asset]*assetFlow{}}
	var earlier []edge
	for _, fees := range []bool{false, true} { // as on a UTXO chain, the fee comes last
		for i := range tx.Transfers {
			t := &tx.Transfers[i]
			if !t.Ledger() || paysFee(t) != fees || tx.Failed && !fees || t.From == t.To {
				continue
			}
			e := newEdge(t, i)
			if ends[e.from] {
				e.from = elsewhere
			}
			switch {
			case i < deposit && !fees && t.Asset == tx.Transfers[deposit].Asset:
				earlier = append(earlier, e)
				continue
			case i == deposit:
				e.from = payer
				s.flow(t.Asset).addEarlier(earlier, tx.Transfers[deposit].From, e)
			}
			s.flow(t.Asset).add(e)
			if t.Kind == chains.TipTransfer && t.To != "" {
				s.flow(t.Asset).add(edge{from: elsewhere, to: t.To, net: t.Amount, transfer: i})
			}
		}
	}
	for _, f := range s.flows {
		f.sort()
	}
	return s
}

func paysFee(t *chains.Transfer) bool {
	return t.Kind == chains.FeeTransfer || t.Kind == chains.TipTransfer
}

func (s *settlement) flow(asset chains.Asset) *assetFlow {
	f := s.flows[asset]
	if f == nil {
		f = &assetFlow{in: map[chains.Address][]int{}, out: map[chains.Address][]int{}}
		s.flows[asset] = f
		s.assets = append(s.assets, asset)
	}
	return f
}

func newEdge(t *chains.Transfer, i int) edge {
	e := edge{from: t.From, to: t.To, net: t.Amount, transfer: i, fee: paysFee(t)}
	if t.Kind == chains.TokenTransfer {
		// It is the token's contract that mints and burns.
		e.from, e.to = issuerFor(e.from, t.Asset), issuerFor(e.to, t.Asset)
	}
	if e.fee {
		e.to = sink
	}
	return e
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

// addEarlier puts in what accounts had gained before a deposit was paid, and its
// payer had then left of it.
func (f *assetFlow) addEarlier(earlier []edge, paid chains.Address, deposit edge) {
	gained := map[chains.Address]chains.Amount{paid: chains.Amount{}.Sub(deposit.net)}
	for _, e := range earlier {
		gained[e.from] = gained[e.from].Sub(e.net)
		gained[e.to] = gained[e.to].Add(e.net)
	}
	for _, e := range earlier {
		if gain := gained[e.to]; gain.Sign() > 0 && e.to != sink {
			f.add(edge{from: elsewhere, to: e.to, net: gain, transfer: e.transfer})
		}
		delete(gained, e.to)
	}
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
