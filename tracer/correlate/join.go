package correlate

import (
	"cmp"
	"context"
	"slices"
	"sort"

	"golang.org/x/sync/errgroup"
)

// visited is a shared node of a case: its place among the nodes, and the case's posting.
type visited struct{ node, posting uint32 }

// byCase lists the shared nodes of each case, in order: those of case i are
// visited[at[i]:at[i+1]].
type byCase struct {
	at      []int
	visited []visited
}

func (m *meetings) byCase(cases int) *byCase {
	c := &byCase{at: make([]int, cases+1), visited: make([]visited, m.postings)}
	for i := range m.nodes {
		for j := range m.nodes[i].postings {
			c.at[m.nodes[i].postings[j].of+1]++
		}
	}
	for i := range cases {
		c.at[i+1] += c.at[i]
	}
	next := slices.Clone(c.at)
	for i := range m.nodes {
		for j := range m.nodes[i].postings {
			of := m.nodes[i].postings[j].of
			c.visited[next[of]] = visited{uint32(i), uint32(j)}
			next[of]++
		}
	}
	return c
}

// meeting is a node at which two cases meet, with the posting of each.
type meeting struct {
	with uint32 // the other case
	node uint32
	a, b uint32
}

// joiner finds, for one case after another, all others that it meets.
type joiner struct {
	m       *meetings
	cases   *byCase
	scratch []meeting
}

// each hands over the meetings of a case with each later one, by case, and by node.
func (j *joiner) each(a int, take func(b int, at []meeting)) {
	j.scratch = j.scratch[:0]
	for _, v := range j.cases.visited[j.cases.at[a]:j.cases.at[a+1]] {
		postings := j.m.nodes[v.node].postings
		for i := int(v.posting) + 1; i < len(postings); i++ {
			j.scratch = append(j.scratch, meeting{postings[i].of, v.node, v.posting, uint32(i)})
		}
	}
	slices.SortFunc(j.scratch, func(x, y meeting) int { return cmp.Or(cmp.Compare(x.with, y.with), cmp.Compare(x.node, y.node)) })
	for from := 0; from < len(j.scratch); {
		to := from + 1
		for to < len(j.scratch) && j.scratch[to].with == j.scratch[from].with {
			to++
		}
		take(int(j.scratch[from].with), j.scratch[from:to])
		from = to
	}
}

// joinAll makes the links of all cases, by their two cases.
func (sc *scorer) joinAll(ctx context.Context, workers int) ([]link, error) {
	const atOnce = 1024
	cases := len(sc.cases.at) - 1
	parts := make([][]link, (cases+atOnce-1)/atOnce)
	tasks, ctx := errgroup.WithContext(ctx)
	tasks.SetLimit(workers)
	for i := range parts {
		tasks.Go(func() error {
			j := &joiner{m: sc.m, cases: sc.cases}
			for a := i * atOnce; a < min(cases, (i+1)*atOnce); a++ {
				j.each(a, func(b int, at []meeting) {
					if l, ok := sc.link(a, b, at); ok {
						parts[i] = append(parts[i], l)
					}
				})
			}
			return ctx.Err()
		})
	}
	if err := tasks.Wait(); err != nil {
		return nil, err
	}
	return slices.Concat(parts...), nil
}

// sharedPrefix reports whether a key prefix is that of one of the addresses at which
// two cases meet. Nodes are in the order of their keys, and so are their prefixes.
func (m *meetings) sharedPrefix(at []meeting, prefix uint64) bool {
	i := sort.Search(len(at), func(i int) bool { return m.nodes[at[i].node].known.key.prefix() >= prefix })
	for ; i < len(at) && m.nodes[at[i].node].known.key.prefix() == prefix; i++ {
		if m.nodes[at[i].node].known.kind == kindAddress {
			return true
		}
	}
	return false
}
