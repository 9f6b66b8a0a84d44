package correlate

import (
	"context"
	"fmt"
	"slices"
	"sort"
)

// decided is a decision on a link, held against the evidence there is now.
type decided struct {
	doc    DecisionDoc
	digest string          // of the evidence then
	seen   map[string]bool // IDs of the evidence then; nil where they were not kept
}

// decide reads what people decided. A decision stands until there is evidence that
// was not there then; less of it changes nothing.
func (r *Result) decide(ctx context.Context, from Decisions) error {
	if from == nil {
		return nil
	}
	for d, err := range from.Decisions(ctx) {
		if err != nil {
			return fmt.Errorf("decisions on links: %w", err)
		}
		if d.Verdict != Confirmed && d.Verdict != Rejected {
			return fmt.Errorf("decision on link %s: %q is no verdict: it is %s or %s", d.Link, d.Verdict, Confirmed, Rejected)
		}
		if LinkID(d.Cases[0], d.Cases[1]) != d.Link {
			return fmt.Errorf("decision on link %s: it is not that of cases %s and %s", d.Link, d.Cases[0], d.Cases[1])
		}
		a, okA := r.place(d.Cases[0])
		b, okB := r.place(d.Cases[1])
		if !okA || !okB || a == b {
			continue // of cases that are no more
		}
		p := pair{min(a, b), max(a, b)}
		dec := &decided{doc: DecisionDoc{Verdict: d.Verdict, Reason: d.Reason, At: d.At.UTC()}, digest: d.Digest}
		if len(d.Seen) > 0 {
			dec.seen = map[string]bool{}
			for _, id := range d.Seen {
				dec.seen[id] = true
			}
		}
		ids := r.sc.evidenceIDs(r.meetingsOf(p))
		dec.doc.Reopened = digestOf(ids) != d.Digest && slices.ContainsFunc(ids, dec.isNew)
		r.decided[p] = dec
	}
	r.addDecided()
	return nil
}

// isNew reports whether evidence was not there when the link was decided.
func (d *decided) isNew(id string) bool { return !d.seen[id] }

// meetingsOf are the nodes at which two cases meet.
func (r *Result) meetingsOf(p pair) []meeting {
	var found []meeting
	c := r.sc.cases
	for _, v := range c.visited[c.at[p.a]:c.at[p.a+1]] {
		postings := r.sc.m.nodes[v.node].postings
		i := sort.Search(len(postings), func(i int) bool { return postings[i].of >= p.b })
		if i < len(postings) && postings[i].of == p.b {
			found = append(found, meeting{p.b, v.node, v.posting, uint32(i)})
		}
	}
	return found
}

// addDecided adds the links that are confirmed though no evidence is left: what a
// person said stays said.
func (r *Result) addDecided() {
	var bare []link
	for p, d := range r.decided {
		if _, found := r.linkOf(p); !found && d.doc.Verdict == Confirmed {
			bare = append(bare, link{a: p.a, b: p.b, p: 1, q: 1, base: Weak, grade: Weak})
		}
	}
	r.links = append(r.links, bare...)
	slices.SortFunc(r.links, compareLinks)
}

func (r *Result) linkOf(p pair) (int, bool) {
	return slices.BinarySearchFunc(r.links, link{a: p.a, b: p.b}, compareLinks)
}
