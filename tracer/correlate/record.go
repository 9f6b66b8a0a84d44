package correlate

import (
	"cmp"
	"math"
	"math/big"
	"slices"
	"time"

	"tsuiseki/chains"
	"tsuiseki/graph"
)

// AssetAmount is an amount of an asset.
type AssetAmount struct {
	Asset  chains.Asset  `json:"asset"`
	Amount chains.Amount `json:"amount"`
}

// node is a place, or what stands behind places, to which a case's money came.
type node struct {
	key         key
	kind        kind
	chain       chains.Chain
	name        string
	from        int32 // index of the node that paid an address, or of the address that led to another kind; -1 where unknown
	depth       int   // transfers from a deposit's receiver
	first, last uint32
	share       uint32 // of the case's money, in shareUnits
	amounts     []AssetAmount
	end         string
	number      int      // an entity's addresses, a disclosure's confidence
	notes       []string // an entity's heuristics, a disclosure's source, a funder's transaction
}

// note is the i-th of the notes, or nothing.
func (n *node) note(i int) string {
	if i < len(n.notes) {
		return n.notes[i]
	}
	return ""
}

// shareUnits is the whole of a case's money.
const shareUnits = math.MaxUint32

// record is a case as the state keeps it: its nodes by key.
type record struct{ nodes []node }

// find is the place of a key, or -1.
func (r *record) find(k key) int {
	i, ok := slices.BinarySearchFunc(r.nodes, k, func(n node, k key) int { return n.key.compare(k) })
	if !ok {
		return -1
	}
	return i
}

// seconds is a time in 32 bits: what lies outside of 1970 to 2106 is at the border.
func seconds(t time.Time) uint32 {
	return uint32(min(max(t.Unix(), 0), math.MaxUint32))
}

// place gathers a case's visits at one address.
type place struct {
	graph.Address
	depth       int
	from        graph.Address
	at          time.Time // when it came by from
	first, last time.Time
	amounts     map[chains.Asset]chains.Amount
	end         string
}

// places are the addresses to which something of a case came, in order. A transfer of
// nothing, as poisoners of address books send it, brings nobody anywhere.
func places(c *Case) []*place {
	found := map[graph.Address]*place{}
	for i := range c.Visits {
		v := &c.Visits[i]
		if v.Traced.Sign() <= 0 {
			continue
		}
		p := found[v.Address]
		if p == nil {
			p = &place{Address: v.Address, depth: v.Depth, from: v.From, at: v.First.Time, first: v.First.Time, last: v.Last.Time, amounts: map[chains.Asset]chains.Amount{}}
			found[v.Address] = p
		}
		nearer := cmp.Or(cmp.Compare(v.Depth, p.depth), v.First.Time.Compare(p.at), v.From.Compare(p.from))
		if nearer < 0 {
			p.depth, p.from, p.at = v.Depth, v.From, v.First.Time
		}
		if v.First.Time.Before(p.first) {
			p.first = v.First.Time
		}
		if v.Last.Time.After(p.last) {
			p.last = v.Last.Time
		}
		p.amounts[v.Asset] = p.amounts[v.Asset].Add(v.Traced)
		if v.End != "" && (p.end == "" || v.End < p.end) {
			p.end = v.End
		}
	}
	all := make([]*place, 0, len(found))
	for _, p := range found {
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b *place) int { return a.Compare(b.Address) })
	return all
}

// wholes are how much of each asset a case's money was: what the victims paid in it,
// or, where more of it was seen at one place (of a swap, where nothing was paid in it),
// that.
func wholes(all []*place) map[chains.Asset]chains.Amount {
	paid, most := map[chains.Asset]chains.Amount{}, map[chains.Asset]chains.Amount{}
	for _, p := range all {
		for asset, amount := range p.amounts {
			if p.depth == 0 {
				paid[asset] = paid[asset].Add(amount)
			}
			if amount.Cmp(most[asset]) > 0 {
				most[asset] = amount
			}
		}
	}
	for asset, amount := range paid {
		if amount.Cmp(most[asset]) > 0 {
			most[asset] = amount
		}
	}
	return most
}

// shareOf is the largest share of an asset's whole, rounded down, but never nothing.
func shareOf(amounts []AssetAmount, whole map[chains.Asset]chains.Amount) uint32 {
	share := uint64(1)
	for _, a := range amounts {
		units := new(big.Int).Mul(a.Amount.Big(), big.NewInt(shareUnits))
		units.Quo(units, whole[a.Asset].Big())
		share = max(share, min(units.Uint64(), shareUnits))
	}
	return uint32(share)
}

func sortedAmounts(by map[chains.Asset]chains.Amount) []AssetAmount {
	list := make([]AssetAmount, 0, len(by))
	for asset, amount := range by {
		list = append(list, AssetAmount{asset, amount})
	}
	slices.SortFunc(list, func(a, b AssetAmount) int { return cmp.Compare(a.Asset, b.Asset) })
	return list
}

// newRecord makes the record of a case's places, of which ids says whose they are.
func newRecord(all []*place, ids []Identity) *record {
	r := &record{}
	whole := wholes(all)
	from := map[key]key{}
	derived := map[key]*group{}
	for i, p := range all {
		n := node{
			key: addressKey(p.Address), kind: kindAddress, chain: p.Chain, name: string(p.Address.Address), depth: p.depth,
			first: seconds(p.first), last: seconds(p.last), amounts: sortedAmounts(p.amounts), end: p.end,
		}
		n.share = shareOf(n.amounts, whole)
		if p.from != (graph.Address{}) {
			from[n.key] = addressKey(p.from)
		}
		r.nodes = append(r.nodes, n)
		for _, d := range behind(p, &ids[i]) {
			if derived[d.key] == nil {
				derived[d.key] = &group{node: d, by: map[chains.Asset]chains.Amount{}}
			}
			derived[d.key].add(&n)
		}
	}
	for _, g := range derived {
		g.amounts = sortedAmounts(g.by)
		g.share = shareOf(g.amounts, whole)
		from[g.key] = g.through.key
		r.nodes = append(r.nodes, g.node)
	}
	slices.SortFunc(r.nodes, func(a, b node) int { return a.key.compare(b.key) })
	for i := range r.nodes {
		n := &r.nodes[i]
		n.from = -1
		if k, ok := from[n.key]; ok {
			n.from = int32(r.find(k))
		}
		if n.kind == kindAddress && n.from >= 0 && r.nodes[n.from].depth >= n.depth {
			n.from = -1 // it leads no way back to a deposit
		}
	}
	return r
}

// group gathers what came to the addresses of an entity, of a holder, or that a funder
// set up.
type group struct {
	node
	by      map[chains.Asset]chains.Amount
	through *node // the nearest of the addresses, the first by key
}

func (g *group) add(n *node) {
	if g.through == nil {
		g.first, g.last, g.depth = n.first, n.last, n.depth
	}
	if g.through == nil || cmp.Or(cmp.Compare(n.depth, g.through.depth), n.key.compare(g.through.key)) < 0 {
		at := *n
		g.through = &at
	}
	g.first, g.last, g.depth = min(g.first, n.first), max(g.last, n.last), min(g.depth, n.depth)
	for _, a := range n.amounts {
		g.by[a.Asset] = g.by[a.Asset].Add(a.Amount)
	}
}

// behind are the nodes that stand behind an address.
func behind(p *place, id *Identity) (nodes []node) {
	if e := id.Entity; e != nil && e.Size > 1 {
		nodes = append(nodes, node{kind: kindEntity, chain: e.Name.Chain, name: string(e.Name.Address), number: e.Size, notes: e.Heuristics})
	}
	if h := id.Holder; h != nil && h.Name != "" {
		nodes = append(nodes, node{kind: kindHolder, name: holderName(h), number: h.Confidence, notes: []string{h.Name, h.Nationality, h.Source}})
	}
	if f := id.Funder; f != nil && f.Address != "" {
		nodes = append(nodes, node{kind: kindFunder, chain: p.Chain, name: string(f.Address), notes: []string{f.Tx.String()}})
	}
	for i := range nodes {
		nodes[i].key = keyOf(nodes[i].kind, nodes[i].chain, nodes[i].name)
	}
	return nodes
}
