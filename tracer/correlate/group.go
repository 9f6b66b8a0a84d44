package correlate

import (
	"cmp"
	"slices"

	"tsuiseki/graph"
)

// groups are the cases that links join, larger ones first. Links count from a grade up,
// and those that people confirmed; those that they rejected do not. A group beyond the
// limit of cases is cut at strong links: a few doubtful ones would join everything.
func (r *Result) makeGroups() {
	cases := len(r.rows)
	joined := newSets(cases)
	for i := range r.links {
		if r.joins(&r.links[i], Probable) {
			joined.join(r.links[i].a, r.links[i].b)
		}
	}
	cut := newSets(cases)
	for i := range r.links {
		l := &r.links[i]
		least := Probable
		if joined.size(l.a) > r.params.GroupLimit {
			least = Strong
		}
		if r.joins(l, least) {
			cut.join(l.a, l.b)
		}
	}
	of := make([]int32, cases) // the group of each case, from 1
	for i := range uint32(cases) {
		if cut.size(i) < 2 {
			continue
		}
		root := cut.find(i)
		if of[root] == 0 {
			g := Group{Cut: Probable}
			if joined.size(i) > r.params.GroupLimit {
				g.Cut = Strong
			}
			r.Groups = append(r.Groups, g)
			of[root] = int32(len(r.Groups))
		}
		of[i] = of[root]
		r.Groups[of[i]-1].Cases = append(r.Groups[of[i]-1].Cases, r.rows[i].ref.ID)
	}
	for i := range r.links {
		l := &r.links[i]
		if g := of[l.a]; g != 0 && g == of[l.b] && r.joins(l, r.Groups[g-1].Cut) {
			r.Groups[g-1].Links++
		}
	}
	r.keyNodes(of)
	slices.SortFunc(r.Groups, func(a, b Group) int {
		return cmp.Or(cmp.Compare(len(b.Cases), len(a.Cases)), cmp.Compare(a.Cases[0], b.Cases[0]))
	})
}

// joins reports whether a link joins its cases in a group.
func (r *Result) joins(l *link, least Grade) bool {
	if d := r.decided[pair{l.a, l.b}]; d != nil && !d.doc.Reopened {
		return d.doc.Verdict == Confirmed
	} else if d != nil && d.doc.Verdict == Confirmed {
		return true
	}
	return l.grade >= least
}

// keyNodes ranks the places at which the cases of each group meet.
func (r *Result) keyNodes(of []int32) {
	for i := range r.sc.m.nodes {
		n := &r.sc.m.nodes[i]
		type sum struct {
			cases  int
			shares uint64
			from   uint64 // what it stands behind, of the first case
			behind bool   // it stands behind something else, too
		}
		sums := map[int32]sum{}
		for j := range n.postings {
			p := &n.postings[j]
			g := of[p.of]
			if g == 0 || n.known.kind != kindAddress && r.sc.m.suspended[p.from] {
				continue
			}
			s := sums[g]
			if s.cases == 0 {
				s.from = p.from
			}
			sums[g] = sum{s.cases + 1, s.shares + uint64(p.share), s.from, s.behind || p.from != s.from}
		}
		for g, s := range sums {
			// What stands behind one address alone is said by that address.
			if s.cases < 2 || n.known.kind != kindAddress && !s.behind {
				continue
			}
			k := n.known
			group := &r.Groups[g-1]
			group.Nodes++
			group.KeyNodes = append(group.KeyNodes, KeyNode{
				Role: n.role(), Node: k.name, Chain: k.chain, Cases: s.cases, Degree: k.standing.Degree,
				Rank: float64(n.weight * (float64(s.shares) / float64(shareUnits))),
			})
		}
	}
	for i := range r.Groups {
		g := &r.Groups[i]
		slices.SortFunc(g.KeyNodes, func(a, b KeyNode) int {
			return cmp.Or(cmp.Compare(b.Rank, a.Rank), cmp.Compare(b.Cases, a.Cases), cmp.Compare(a.Role, b.Role), cmp.Compare(a.Chain, b.Chain), cmp.Compare(a.Node, b.Node))
		})
		g.KeyNodes = slices.Clip(g.KeyNodes[:min(len(g.KeyNodes), r.params.KeyNodes)])
	}
}

func (n *shared) role() string {
	switch {
	case n.known.kind != kindAddress:
		return n.known.kind.String()
	case n.known.standing.Exchange != "":
		return "cash-out"
	}
	return "collector"
}

// sets are cases that are joined (union-find by size; paths are halved).
type sets struct {
	parent []uint32
	sizes  []int32
}

func newSets(n int) *sets {
	s := &sets{make([]uint32, n), make([]int32, n)}
	for i := range s.parent {
		s.parent[i], s.sizes[i] = uint32(i), 1
	}
	return s
}

func (s *sets) find(i uint32) uint32 {
	for s.parent[i] != i {
		s.parent[i] = s.parent[s.parent[i]]
		i = s.parent[i]
	}
	return i
}

func (s *sets) size(i uint32) int { return int(s.sizes[s.find(i)]) }

func (s *sets) join(a, b uint32) {
	a, b = s.find(a), s.find(b)
	if a == b {
		return
	}
	if s.sizes[a] < s.sizes[b] {
		a, b = b, a
	}
	s.parent[b] = a
	s.sizes[a] += s.sizes[b]
}

// pair is two cases by place in rows, the smaller first.
type pair struct{ a, b uint32 }

func (r *Result) place(id graph.CaseID) (uint32, bool) {
	i, ok := slices.BinarySearchFunc(r.rows, id, func(row row, id graph.CaseID) int { return cmp.Compare(row.ref.ID, id) })
	return uint32(i), ok
}
