package correlate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"tsuiseki/chains"
	"tsuiseki/graph"
)

// posting says that a case came to a shared node.
type posting struct {
	of          uint32 // case, by place in rows
	share       uint32
	first, last uint32
	from        uint64
	depth       uint16
}

// shared is a node to which two cases or more came.
type shared struct {
	known    *known
	cases    int
	why      string // it is no evidence; then there are no postings
	weight   float64
	postings []posting // by case
}

// meetings is all that cases have in common.
type meetings struct {
	nodes     []shared
	postings  int
	places    int             // addresses to which any case came, without those that are no evidence
	addresses []int32         // of these, how many each case came to
	suspended map[uint64]bool // prefixes of the keys of addresses that are no evidence
}

// Of cases that meet, so much is gathered before nodes are asked about.
const (
	askedNodes    = 4096
	askedPostings = 1 << 21
)

// gatherer walks the entries and finds out what is shared.
type gatherer struct {
	s       *state
	in      Inputs
	p       Params
	live    map[int][]int32
	old     []known // those not yet passed
	now     []known // of the nodes so far, in order
	result  *meetings
	pending []pending
	unknown int
	held    int
}

// pending is a shared node that waits to be asked about.
type pending struct {
	known    known
	ask      bool // nothing is known
	cases    int
	postings []posting // by case; none where it is known to be no evidence
}

// gather walks all entries; what is known of nodes is then that of all shared ones.
func (s *state) gather(ctx context.Context, in Inputs, p Params, done *synced) (_ *meetings, err error) {
	g := &gatherer{s: s, in: in, p: p, live: s.live(), old: s.forget(done), result: &meetings{addresses: make([]int32, len(s.rows)), suspended: map[uint64]bool{}}}
	m, err := openMerged(s.dir, s.m.Segments)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, m.close()) }()
	var postings []posting
	if err := m.each(ctx, func(k key, group []found) error {
		postings = postings[:0]
		for i := range group {
			f := &group[i]
			if of := g.live[f.segment]; int(f.ordinal) < len(of) && of[f.ordinal] >= 0 {
				postings = append(postings, posting{uint32(of[f.ordinal]), f.share, f.first, f.last, f.from, f.depth})
			}
		}
		return g.take(ctx, k, group[0].kind, postings)
	}); err != nil {
		return nil, err
	}
	if err := g.resolve(ctx); err != nil {
		return nil, err
	}
	s.known = g.now
	for i := range g.result.nodes {
		g.result.nodes[i].known = &s.known[i]
	}
	return g.result, nil
}

// forget drops what is no longer right of nodes.
func (s *state) forget(done *synced) []known {
	changed := map[key]bool{}
	for _, a := range done.changes.Standings {
		changed[addressKey(a)] = true
		changed[keyOf(kindFunder, a.Chain, string(a.Address))] = true
	}
	list := make([]known, 0, len(s.known))
	for _, k := range s.known {
		asked := k.kind == kindAddress || k.kind == kindFunder
		k.stale = asked && (done.changes.AllStandings || changed[k.key])
		if !done.derived[k.key] {
			list = append(list, k)
		}
	}
	return list
}

// take counts a node, and holds it where it is shared.
func (g *gatherer) take(ctx context.Context, k key, of kind, postings []posting) error {
	if of == kindAddress && len(postings) > 0 {
		g.count(postings, 1)
	}
	if len(postings) < 2 {
		return nil
	}
	for len(g.old) > 0 && g.old[0].key.compare(k) < 0 {
		g.old = g.old[1:]
	}
	p := pending{known: known{key: k, kind: of}, ask: true, cases: len(postings)}
	if len(g.old) > 0 && g.old[0].key == k {
		p.known, p.ask = g.old[0], false
	}
	if !p.ask && !p.known.stale && p.known.why(g.p.DegreeLimit) != "" {
		g.suspend(&p.known, postings)
	} else {
		p.postings = slices.Clone(postings)
		slices.SortFunc(p.postings, func(a, b posting) int { return cmp.Compare(a.of, b.of) })
		g.held += len(postings)
	}
	g.pending = append(g.pending, p)
	if p.ask || p.known.stale {
		g.unknown++
	}
	if g.unknown >= askedNodes || g.held >= askedPostings {
		return g.resolve(ctx)
	}
	return nil
}

// count adds an address, to which cases came, to what chance may draw from, or takes
// it out.
func (g *gatherer) count(postings []posting, by int32) {
	g.result.places += int(by)
	for i := range postings {
		g.result.addresses[postings[i].of] += by
	}
}

// suspend takes a node that is no evidence out.
func (g *gatherer) suspend(k *known, postings []posting) {
	if k.kind == kindAddress {
		g.count(postings, -1)
		g.result.suspended[k.key.prefix()] = true
	}
}

// resolve asks about the nodes held, and adds them to the result in order.
func (g *gatherer) resolve(ctx context.Context) error {
	if err := g.ask(ctx); err != nil {
		return err
	}
	for i := range g.pending {
		p := &g.pending[i]
		n := shared{cases: p.cases, why: p.known.why(g.p.DegreeLimit)}
		switch {
		case n.why == "":
			n.postings = p.postings
			g.result.postings += p.cases
		case p.postings != nil:
			g.suspend(&p.known, p.postings)
		}
		g.now, g.result.nodes = append(g.now, p.known), append(g.result.nodes, n)
	}
	g.pending, g.unknown, g.held = g.pending[:0], 0, 0
	return nil
}

// ask fills in what is not known of the nodes held.
func (g *gatherer) ask(ctx context.Context) error {
	var addresses []graph.Address
	var asked []*known
	for i := range g.pending {
		p := &g.pending[i]
		if !p.ask && !p.known.stale {
			continue
		}
		if p.ask {
			if err := g.name(p); err != nil {
				return err
			}
		}
		if k := &p.known; k.kind == kindAddress || k.kind == kindFunder {
			addresses, asked = append(addresses, graph.Address{Chain: k.chain, Address: chains.Address(k.name)}), append(asked, k)
		}
	}
	if len(asked) == 0 {
		return nil
	}
	standings, err := g.in.Nodes.Standings(ctx, addresses, g.p.DegreeLimit)
	if err != nil {
		return fmt.Errorf("how public %d addresses are: %w", len(addresses), err)
	}
	if len(standings) != len(asked) {
		return fmt.Errorf("how public addresses are: %d answers to %d questions", len(standings), len(asked))
	}
	for i, k := range asked {
		k.standing, k.stale = standings[i], false
		k.standing.Degree = min(max(k.standing.Degree, 0), g.p.DegreeLimit+1)
	}
	return nil
}

// name reads from a case's record what a node is. An entity is as public as it is
// large; a person is not.
func (g *gatherer) name(p *pending) error {
	of := &g.s.rows[p.postings[0].of]
	rec, _, err := g.s.records.read(of)
	if err != nil {
		return err
	}
	at := rec.find(p.known.key)
	if at < 0 {
		return damaged(g.s.dir, "the record of case %s lacks a node of the index", of.ref.ID)
	}
	n := &rec.nodes[at]
	p.known.chain, p.known.name = n.chain, n.name
	switch n.kind {
	case kindEntity:
		p.known.standing = Standing{Degree: min(n.number, g.p.DegreeLimit+1), Heuristics: n.notes}
	case kindHolder:
		p.known.name = strings.TrimSuffix(strings.Replace(n.name, "\x00", " / ", 1), " / ")
	}
	return nil
}
