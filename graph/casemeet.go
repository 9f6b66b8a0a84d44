package graph

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"tsuiseki/chains"
)

// MeetQuery asks where cases meet, by their recorded traces of a rule.
type MeetQuery struct {
	Cases     []CaseID
	Rule      string
	HubDegree int // transactions of an address, or addresses of an entity, above which it joins nobody
	// Service tells addresses that all the world pays, and whose they are. What an
	// exchange gave one customer is none. It may be nil.
	Service func(Address) (name string, is bool, err error)
}

// NodeKind is what cases meet at.
type NodeKind string

// Kinds of nodes.
const (
	AddressNode NodeKind = "address"
	EntityNode  NodeKind = "entity" // an inference: addresses that heuristics join
)

// Node is where cases meet. An entity has the name of one of its addresses.
type Node struct {
	Kind NodeKind
	Address
}

// Meeting is a node to which what victims paid came in two cases or more. An entity
// counts where it joins cases that no address of it joins alone.
type Meeting struct {
	Node
	Depth int           // the least of its cases'
	Cases []MeetingCase // by case
	// Of an entity: the addresses to which it came, and what joined them, by the traces.
	Members    []Address
	Size       int // addresses in the entity, as far as a trace says; the most that one does
	Heuristics []string
}

// MeetingCase is what of a case came to a node.
type MeetingCase struct {
	Case     CaseID
	Deposits []string
	Amounts  []AssetAmount // by asset; what came twice counts twice, for an entity what moved within it too
	Depth    int           // transfers from where a victim paid to, the shortest way; 0 is that place
	First    Moment        // transfer that brought some
	Last     Moment
	Ends     []string // kinds of end that trails have there
}

// AssetAmount is an amount with its asset.
type AssetAmount struct {
	Asset  chains.Asset
	Amount chains.Amount
}

// Reason says why a node joins nobody.
type Reason string

// Reasons.
const (
	IsService Reason = "service"
	IsHub     Reason = "hub"
	NoIndex   Reason = "no-index" // of its chain: it may be a hub
)

// Suppressed is a node that cases have in common, and that joins nobody.
type Suppressed struct {
	Node
	Reason Reason
	Detail string // whose it is, if a label says so
	Cases  []CaseID
}

// MeetAnswer is the answer to a MeetQuery.
type MeetAnswer struct {
	Rule       string
	Traces     []TraceRef   // that it rests on, by case
	Meetings   []Meeting    // of the most cases first, then of the least depth, then by address
	Suppressed []Suppressed // likewise
	Stale      []CaseID     // of those asked for: their trace rests on blocks that were replaced; left out
	Missing    []CaseID     // have no trace by the rule
}

// Meet finds where cases meet. Whether an address is a hub is a matter of its whole
// chain, so that it fills in what the graph lacks.
func Meet(ctx context.Context, store Store, statements Statements, indexes map[chains.Chain]Chain, q MeetQuery) (*MeetAnswer, error) {
	cases := slices.Compact(slices.Sorted(slices.Values(q.Cases)))
	if len(cases) < 2 {
		return nil, errors.New("where cases meet: want at least two cases")
	}
	f, err := newFiller(ctx, store, indexes, q.HubDegree) // before traces are read: it may find them stale
	if err != nil {
		return nil, err
	}
	m := &caseMeet{MeetQuery: q, filler: f, at: map[Node]*gathered{}, service: map[Address]string{}, entities: map[Address][]Member{}}
	answer := &MeetAnswer{Rule: q.Rule}
	visits := map[CaseID][]Visit{}
	for _, id := range cases {
		trace, err := statements.Trace(ctx, id, q.Rule)
		switch {
		case err != nil:
			return nil, fmt.Errorf("case %s: %w", id, err)
		case trace == nil:
			answer.Missing = append(answer.Missing, id)
		case trace.Stale:
			answer.Stale = append(answer.Stale, id)
		default:
			answer.Traces = append(answer.Traces, trace.Ref())
			visits[id] = trace.Visits()
			m.know(trace)
		}
	}
	for _, ref := range answer.Traces {
		for i := range visits[ref.Case] {
			m.gather(&visits[ref.Case][i])
		}
	}
	return answer, m.tell(ctx, answer)
}

// caseMeet gathers who came to which node.
type caseMeet struct {
	MeetQuery
	filler   *filler
	at       map[Node]*gathered
	entities map[Address][]Member // that an address belongs to, by any of the traces
	service  map[Address]string   // as traces say: whose
}

// gathered is what came to a node.
type gathered struct {
	visits  []*Visit
	members map[Address]bool
}

// serviceKinds are the kinds of end, of a trace's document, that all the world's
// trails have.
var serviceKinds = []string{"service", "mixer", "bridge", "burn"}

// know takes up what a trace says of addresses.
func (m *caseMeet) know(t *Trace) {
	for _, member := range t.Members {
		m.entities[member.Address] = append(m.entities[member.Address], member)
	}
	for i := range t.Ends {
		e := &t.Ends[i]
		at := Address{e.Chain, e.Address}
		if name, known := m.service[at]; slices.Contains(serviceKinds, e.Kind) && (!known || e.Label > name) {
			m.service[at] = e.Label
		}
	}
}

// gather puts a visit to its address, and to the entities of it.
func (m *caseMeet) gather(v *Visit) {
	nodes := map[Node]bool{{AddressNode, v.Address}: true}
	for _, member := range m.entities[v.Address] {
		nodes[Node{EntityNode, Address{v.Chain, member.Entity}}] = true
	}
	for n := range nodes {
		g := m.at[n]
		if g == nil {
			g = &gathered{members: map[Address]bool{}}
			m.at[n] = g
		}
		g.visits = append(g.visits, v)
		g.members[v.Address] = true
	}
}

// cases are those that came to a node.
func (g *gathered) cases() []CaseID {
	var all []CaseID
	for _, v := range g.visits {
		all = append(all, v.Case)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// tell sorts nodes into those that join cases and those that do not.
func (m *caseMeet) tell(ctx context.Context, answer *MeetAnswer) error {
	var common []Node
	var measure []Address
	for n, g := range m.at {
		if len(g.cases()) > 1 && m.joins(n, g) {
			common = append(common, n)
			for a := range g.members {
				if m.filler.chains[a.Chain] != nil {
					measure = append(measure, a)
				}
			}
		}
	}
	if err := m.filler.fill(ctx, measure); err != nil {
		return err
	}
	slices.SortFunc(common, func(a, b Node) int { return cmp.Or(a.Compare(b.Address), cmp.Compare(a.Kind, b.Kind)) })
	for _, n := range common {
		one := m.meeting(n)
		reason, detail, err := m.suppress(&one)
		switch {
		case err != nil:
			return err
		case reason != "":
			answer.Suppressed = append(answer.Suppressed, Suppressed{n, reason, detail, m.at[n].cases()})
		default:
			answer.Meetings = append(answer.Meetings, one)
		}
	}
	slices.SortStableFunc(answer.Meetings, func(a, b Meeting) int {
		return cmp.Or(cmp.Compare(len(b.Cases), len(a.Cases)), cmp.Compare(a.Depth, b.Depth))
	})
	slices.SortStableFunc(answer.Suppressed, func(a, b Suppressed) int { return cmp.Compare(len(b.Cases), len(a.Cases)) })
	return ctx.Err()
}

// joins reports whether a node says more than its addresses do by themselves.
func (m *caseMeet) joins(n Node, g *gathered) bool {
	if n.Kind == AddressNode {
		return true
	}
	for a := range g.members {
		if len(m.at[Node{AddressNode, a}].cases()) == len(g.cases()) {
			return false
		}
	}
	return true
}

// suppress tells why a node joins nobody. An entity does not where one of its
// addresses, to which it came, does not.
func (m *caseMeet) suppress(one *Meeting) (reason Reason, detail string, err error) {
	members := one.Members
	if one.Kind == AddressNode {
		members = []Address{one.Address}
	}
	for _, a := range members {
		if name, is := m.service[a]; is {
			return IsService, name, nil
		}
		if m.Service == nil {
			continue
		}
		if name, is, err := m.Service(a); err != nil || is {
			return IsService, name, err
		}
	}
	for _, a := range members {
		switch {
		case m.filler.chains[a.Chain] == nil:
			return NoIndex, "", nil
		case m.filler.hubs[a]:
			return IsHub, "", nil
		}
	}
	if m.HubDegree > 0 && one.Size > m.HubDegree {
		return IsHub, "", nil
	}
	return "", "", nil
}

// meeting adds up what came to a node.
func (m *caseMeet) meeting(n Node) Meeting {
	g := m.at[n]
	one := Meeting{Node: n, Depth: g.visits[0].Depth}
	for _, id := range g.cases() {
		of := MeetingCase{Case: id, Depth: -1}
		sums := map[chains.Asset]chains.Amount{}
		for _, v := range g.visits {
			if v.Case == id {
				of.add(v)
				sums[v.Asset] = sums[v.Asset].Add(v.Traced)
			}
		}
		for _, asset := range slices.Sorted(maps.Keys(sums)) {
			of.Amounts = append(of.Amounts, AssetAmount{asset, sums[asset]})
		}
		slices.Sort(of.Deposits)
		slices.Sort(of.Ends)
		of.Deposits, of.Ends = slices.Compact(of.Deposits), slices.Compact(of.Ends)
		one.Cases = append(one.Cases, of)
		one.Depth = min(one.Depth, of.Depth)
	}
	if n.Kind == EntityNode {
		m.describe(n, g, &one)
	}
	return one
}

// add counts a visit.
func (c *MeetingCase) add(v *Visit) {
	if c.Depth < 0 {
		c.Depth, c.First, c.Last = v.Depth, v.First, v.Last
	}
	c.Depth = min(c.Depth, v.Depth)
	if v.First.At.Compare(c.First.At) < 0 {
		c.First = v.First
	}
	if v.Last.At.Compare(c.Last.At) > 0 {
		c.Last = v.Last
	}
	c.Deposits = append(c.Deposits, v.Deposit)
	if v.End != "" {
		c.Ends = append(c.Ends, v.End)
	}
}

// describe says what an entity is, by the traces' members at which cases came.
func (m *caseMeet) describe(n Node, g *gathered, one *Meeting) {
	one.Members = slices.SortedFunc(maps.Keys(g.members), Address.Compare)
	for _, a := range one.Members {
		for _, member := range m.entities[a] {
			if member.Entity == n.Address.Address {
				one.Size = max(one.Size, member.Size)
				one.Heuristics = append(one.Heuristics, member.Heuristics...)
			}
		}
	}
	slices.Sort(one.Heuristics)
	one.Heuristics = slices.Compact(one.Heuristics)
}
