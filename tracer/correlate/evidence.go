package correlate

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"tsuiseki/chains"
	"tsuiseki/graph"
)

// evidenceID names a piece of evidence, whatever its amounts.
func evidenceID(c Class, chain chains.Chain, node string) string {
	const size = 8
	return hashID(size, "evidence", string(c), string(chain), node)
}

// evidenceIDs are those of what counts of a link's meetings, sorted. A path and a
// co-flow lie in the rest, and reopen nothing.
func (sc *scorer) evidenceIDs(at []meeting) []string {
	var ids []string
	for i := range at {
		n := &sc.m.nodes[at[i].node]
		pa, pb := &n.postings[at[i].a], &n.postings[at[i].b]
		if sc.counts(n, pa, pb) {
			ids = append(ids, evidenceID(n.class(pa, pb), n.known.chain, n.known.name))
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

func digestOf(ids []string) string {
	const size = 32
	return "sha256:" + hashID(size, append([]string{"evidence of a link"}, ids...)...)
}

// explainer makes evidence of meetings, from the records of both cases.
type explainer struct {
	sc   *scorer
	ids  [2]graph.CaseID
	recs [2]*record
}

// evidence is all there is of a link, the strongest first.
func (x *explainer) evidence(meetings []meeting) (list []Evidence) {
	for i := range meetings {
		n := &x.sc.m.nodes[meetings[i].node]
		pa, pb := &n.postings[meetings[i].a], &n.postings[meetings[i].b]
		if !x.sc.counts(n, pa, pb) {
			continue
		}
		e := x.at(n, n.class(pa, pb))
		e.Score = x.sc.term(n, pa, pb)
		list = append(list, e)
		if n.known.kind == kindAddress && x.sc.coFlow(pa, pb) {
			list = append(list, x.at(n, ClassCoFlow))
		}
	}
	list = append(list, x.paths(meetings)...)
	slices.SortFunc(list, func(a, b Evidence) int {
		return cmp.Or(cmp.Compare(a.Class.rank(), b.Class.rank()), cmp.Compare(b.Score, a.Score), cmp.Compare(a.Chain, b.Chain), strings.Compare(a.Node, b.Node))
	})
	return list
}

// coFlow reports whether of both cases something came to a node at about one time, as
// far as first and last arrivals tell.
func (sc *scorer) coFlow(a, b *posting) bool {
	within := uint32(sc.p.CoFlow / time.Second)
	for _, x := range []uint32{a.first, a.last} {
		for _, y := range []uint32{b.first, b.last} {
			if max(x, y)-min(x, y) <= within {
				return true
			}
		}
	}
	return false
}

// at is a piece of evidence of a class at a node.
func (x *explainer) at(n *shared, c Class) Evidence {
	k := n.known
	e := Evidence{
		ID: evidenceID(c, k.chain, k.name), Class: c, Node: k.name, Chain: k.chain, Degree: k.standing.Degree, InCases: n.cases, Weight: n.weight,
		Exchange: k.standing.Exchange, Heuristics: k.standing.Heuristics,
		Amounts: map[graph.CaseID][]AssetAmount{}, Hops: map[graph.CaseID]int{}, Times: map[graph.CaseID]Times{},
	}
	if k.standing.Source != "" {
		e.Sources = append(e.Sources, Statement{Address: k.name, Source: k.standing.Source})
	}
	for i, id := range x.ids {
		rec := x.recs[i]
		at := rec.find(k.key)
		if at < 0 {
			continue
		}
		own := &rec.nodes[at]
		e.Amounts[id], e.Hops[id] = own.amounts, own.depth+1
		e.Times[id] = Times{time.Unix(int64(own.first), 0).UTC(), time.Unix(int64(own.last), 0).UTC()}
		e.Path = append(e.Path, rec.leg(id, at))
		if own.kind == kindAddress || own.from < 0 {
			continue
		}
		s := Statement{Case: id, Address: rec.nodes[own.from].name}
		switch own.kind {
		case kindHolder:
			s.Source, s.Confidence = own.note(2), own.number
			e.Sources = append(e.Sources, s)
		case kindFunder:
			s.Tx = own.note(0)
			e.Sources = append(e.Sources, s)
		}
	}
	return e
}

// leg is the way to a node. Behind an address it ends at that.
func (r *record) leg(id graph.CaseID, at int) Leg {
	l := Leg{Case: id}
	if r.nodes[at].kind != kindAddress {
		at = int(r.nodes[at].from)
	}
	for at >= 0 && len(l.Nodes) < len(r.nodes) {
		l.Nodes = append(l.Nodes, chains.Address(r.nodes[at].name))
		l.Whole = r.nodes[at].depth == 0
		at = int(r.nodes[at].from)
	}
	slices.Reverse(l.Nodes)
	return l
}

// paths are the ways that the moneys of both cases went together, of two transfers or
// more: each address is one at which they meet, paid in both by the one before.
func (x *explainer) paths(meetings []meeting) (list []Evidence) {
	sc := x.sc
	byPrefix, passed := map[uint64]*meeting{}, map[uint64]bool{}
	for i := range meetings {
		if n := &sc.m.nodes[meetings[i].node]; n.known.kind == kindAddress {
			byPrefix[n.known.key.prefix()] = &meetings[i]
			if pa, pb := &n.postings[meetings[i].a], &n.postings[meetings[i].b]; sc.follows(meetings, pa, pb) {
				passed[pa.from] = true
			}
		}
	}
	for i := range meetings {
		last := &sc.m.nodes[meetings[i].node]
		if last.known.kind != kindAddress || passed[last.known.key.prefix()] {
			continue
		}
		var way []chains.Address
		for m := &meetings[i]; m != nil && len(way) <= len(meetings); {
			n := &sc.m.nodes[m.node]
			way = append(way, chains.Address(n.known.name))
			pa, pb := &n.postings[m.a], &n.postings[m.b]
			m = nil
			if pa.from != 0 && pa.from == pb.from {
				m = byPrefix[pa.from]
			}
		}
		const least = 3 // addresses: two transfers
		if len(way) < least {
			continue
		}
		slices.Reverse(way)
		e := x.at(last, ClassPath)
		e.Path = []Leg{{Case: x.ids[0], Nodes: way}, {Case: x.ids[1], Nodes: way}}
		list = append(list, e)
	}
	return list
}
