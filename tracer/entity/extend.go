package entity

import (
	"bytes"
	"cmp"
	"iter"
	"slices"

	"tsuiseki/chains"
	"tsuiseki/tracer/cluster"
)

// Activity tells what lies around a transaction, and where an address appears.
type Activity interface {
	cluster.Chain
	// Appearances are an address's, in chain order.
	Appearances(address chains.Address) iter.Seq2[Appearance, error]
}

// Appearance is an output that pays an address, or an input that spends one.
type Appearance struct {
	At    chains.Position
	Input bool
}

// ExtendOptions bound an extended cluster.
type ExtendOptions struct {
	Limit   int      // transactions to look at; 0 is no limit
	Without []string // ids of heuristics that are switched off
}

// Extended is a cluster with those that its change leads to, or that lead to it by
// theirs. It never stands for the cluster itself.
//
// It is what agreed change (cluster.FindChange) reaches from the cluster, on and back,
// through clusters that are open: neither giants nor a service's. One that is not open
// is not joined, and nothing is reached through it; only where the cluster asked for
// is a service's itself do other clusters of that service join. So the order in which
// it is found has no part in the result.
type Extended struct {
	Entity   chains.Address // of its clusters' entities, the one that appears first
	Size     int            // addresses
	Clusters []*Cluster     // as their entities appear
	Links    []Change       // those that joined them, in chain order
	Withheld []Change       // those to clusters that are not open, in chain order
	Txs      int            // looked at
	Complete bool           // false where the limit stopped it: it may be larger

	view *View
}

// Change is a link by agreed change.
type Change struct {
	Step
	At    chains.Position
	By    []string // rules that single the output out
	Other *Cluster // of a withheld link, the cluster that did not join

	from, to *node
}

// node is a cluster, or an address that no link joins to others.
type node struct {
	*Cluster
	joined bool
	links  []*Change
}

type nodeKey struct {
	place
	lone chains.Address
}

type extension struct {
	view   *View
	around Activity
	opt    ExtendOptions
	nodes  map[nodeKey]*node
	start  *node
	queue  []*node
	seen   map[chains.Position]bool
	result *Extended
}

// Extend finds the extended cluster of an address.
func (v *View) Extend(around Activity, address chains.Address, opt ExtendOptions) (*Extended, error) {
	e := &extension{
		view: v, around: around, opt: opt, nodes: map[nodeKey]*node{}, seen: map[chains.Position]bool{},
		result: &Extended{Complete: true, view: v},
	}
	start, err := e.node(address)
	if err != nil {
		return nil, err
	}
	e.start = start
	e.join(start)
	for len(e.queue) > 0 && e.result.Complete && !slices.Contains(opt.Without, cluster.Agreement.ID) {
		next := e.queue[0]
		e.queue = e.queue[1:]
		if err := e.expand(next); err != nil {
			return nil, err
		}
	}
	return e.finish()
}

// node is that of an address.
func (e *extension) node(address chains.Address) (*node, error) {
	id, known, err := e.view.number(address)
	if err != nil {
		return nil, err
	}
	k := nodeKey{lone: address}
	if _, err := e.view.serviced(); err != nil {
		return nil, err
	}
	if known {
		k.lone = ""
		if k.place, err = e.view.placeOf(id); err != nil {
			return nil, err
		}
	}
	if n := e.nodes[k]; n != nil {
		return n, nil
	}
	c, err := e.view.Cluster(address)
	if err != nil {
		return nil, err
	}
	e.nodes[k] = &node{Cluster: c}
	return e.nodes[k], nil
}

// open reports whether a cluster may join.
func (e *extension) open(n *node) bool {
	if n.Size >= e.view.Giant() {
		return false
	}
	return len(n.Services) == 0 || slices.Equal(n.Services, e.start.Services)
}

func (e *extension) join(n *node) {
	n.joined = true
	e.queue = append(e.queue, n)
	for _, l := range n.links {
		e.follow(l)
	}
}

// follow joins what a link leads to.
func (e *extension) follow(l *Change) {
	for _, ends := range [2][2]*node{{l.from, l.to}, {l.to, l.from}} {
		if ends[0].joined && !ends[1].joined && e.open(ends[1]) {
			e.join(ends[1])
		}
	}
}

// expand looks at every transaction in which a cluster's addresses appear.
func (e *extension) expand(n *node) error {
	for address, err := range n.each() {
		if err != nil {
			return err
		}
		for a, err := range e.around.Appearances(address) {
			if err != nil {
				return err
			}
			if e.seen[a.At] {
				continue
			}
			if e.opt.Limit > 0 && len(e.seen) >= e.opt.Limit {
				e.result.Complete = false
				return nil
			}
			e.seen[a.At] = true
			if err := e.look(a.At); err != nil {
				return err
			}
		}
	}
	return nil
}

// each yields the addresses of a cluster, as they were linked first.
func (c *Cluster) each() iter.Seq2[chains.Address, error] {
	return func(yield func(chains.Address, error) bool) {
		if c.lone {
			yield(c.Entity, nil)
			return
		}
		ids := slices.Sorted(c.in.Members(c.id))
		for _, id := range ids {
			if address, err := c.view.name(id); !yield(address, err) || err != nil {
				return
			}
		}
	}
}

// look finds the link that a transaction's change makes.
func (e *extension) look(at chains.Position) error {
	tx, err := e.view.chain.TxAt(at)
	if err != nil {
		return err
	}
	tx = cluster.Describe(tx, e.view.store.opt.Scripts)
	change, err := cluster.FindChange(tx, e.around, e.opt.Without...)
	if err != nil {
		return err
	}
	for _, found := range change.Evidence(tx) {
		l := &Change{At: at, By: change.By, Step: Step{
			Heuristic: found.Heuristic, Tx: tx.ID, Block: tx.Block, Time: tx.Time, From: found.From, To: found.To, Confidence: found.Confidence,
		}}
		if l.from, err = e.node(found.From); err != nil {
			return err
		}
		if l.to, err = e.node(found.To); err != nil {
			return err
		}
		if l.from == l.to {
			continue
		}
		l.from.links, l.to.links = append(l.from.links, l), append(l.to.links, l)
		e.follow(l)
	}
	return nil
}

// finish sums up, in an order that depends on the chain alone.
func (e *extension) finish() (*Extended, error) {
	r := e.result
	r.Txs = len(e.seen)
	first := map[*Cluster]chains.Position{}
	links := map[*Change]bool{}
	for _, n := range e.nodes {
		if !n.joined {
			continue
		}
		for a, err := range e.around.Appearances(n.Entity) {
			if err != nil {
				return nil, err
			}
			first[n.Cluster] = a.At
			break
		}
		r.Size += n.Size
		r.Clusters = append(r.Clusters, n.Cluster)
		for _, l := range n.links {
			links[l] = true
		}
	}
	slices.SortFunc(r.Clusters, func(a, b *Cluster) int {
		return cmp.Or(first[a].Compare(first[b]), cmp.Compare(a.Entity, b.Entity))
	})
	r.Entity = r.Clusters[0].Entity
	var ordered []*Change
	for l := range links {
		ordered = append(ordered, l)
	}
	slices.SortFunc(ordered, func(a, b *Change) int {
		return cmp.Or(a.At.Compare(b.At), bytes.Compare(a.Tx[:], b.Tx[:]), cmp.Compare(a.To, b.To))
	})
	e.sort(ordered)
	return r, e.view.store.err()
}

// sort keeps the links that the clusters hang together by, and the first to each
// cluster that was not joined.
func (e *extension) sort(ordered []*Change) {
	group := map[*node]*node{}
	root := func(n *node) *node {
		for group[n] != nil {
			n = group[n]
		}
		return n
	}
	withheld := map[*node]bool{}
	for _, l := range ordered {
		a, b := root(l.from), root(l.to)
		switch {
		case l.from.joined && l.to.joined && a != b:
			group[a] = b
			e.result.Links = append(e.result.Links, *l)
		case l.from.joined != l.to.joined:
			other := l.to
			if l.to.joined {
				other = l.from
			}
			if !withheld[other] && !e.open(other) {
				withheld[other] = true
				held := *l
				held.Other = other.Cluster
				e.result.Withheld = append(e.result.Withheld, held)
			}
		}
	}
}

// Apart is the view with all links switched off: every address stands for itself.
func (v *View) Apart() *View {
	return &View{store: v.store, chain: v.chain, past: v.store.forest.Until(0), block: v.block, tags: v.tags, names: v.names}
}
