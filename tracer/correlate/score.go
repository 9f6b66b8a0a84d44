package correlate

import "math"

// Grade says how much a link is worth.
type Grade uint8

// Grades, the weakest first.
const (
	Weak Grade = 1 + iota
	Probable
	Strong
)

func (g Grade) String() string {
	return [...]string{"", "weak", "probable", "strong"}[min(g, Strong)]
}

// MarshalText implements encoding.TextMarshaler.
func (g Grade) MarshalText() ([]byte, error) { return []byte(g.String()), nil }

// Class is what a piece of evidence is.
type Class string

// Classes of evidence, the strongest first.
const (
	ClassHolder    Class = "account-holder"
	ClassDeposit   Class = "deposit-address"
	ClassAddress   Class = "address"
	ClassCluster   Class = "cluster"
	ClassCollector Class = "collector"
	ClassFunder    Class = "gas-funder"
	ClassPath      Class = "path"
	ClassCoFlow    Class = "co-flow"
)

// rank orders classes, the strongest first.
func (c Class) rank() int {
	for i, other := range []Class{ClassHolder, ClassDeposit, ClassAddress, ClassCluster, ClassCollector, ClassFunder, ClassPath} {
		if c == other {
			return i
		}
	}
	return 7
}

// link is two cases that meet, without its evidence.
type link struct {
	a, b     uint32 // by place in rows; a < b
	score    float64
	p, q     float64
	meetings uint16 // places at which they meet by themselves
	base     Grade  // by the classes of its evidence
	grade    Grade
}

// scorer turns meetings into links.
type scorer struct {
	m     *meetings
	cases *byCase
	p     Params
	ln    *lnFactorial
	decay [256]float64 // 0.7^n
	theta float64      // seconds
}

func newScorer(m *meetings, cases int, p Params) *scorer {
	sc := &scorer{m: m, cases: m.byCase(cases), p: p, ln: newLnFactorial(), theta: float64(p.Theta / 1e9)}
	const perHop = 0.7
	sc.decay[0] = 1
	for i := 1; i < len(sc.decay); i++ {
		sc.decay[i] = float64(sc.decay[i-1] * perHop)
	}
	for i := range m.nodes {
		n := &m.nodes[i]
		if n.why == "" {
			n.weight = ln(float64(cases)/float64(n.cases)) / ln(float64(2+n.known.standing.Degree))
		}
	}
	return sc
}

// term is what a meeting adds to the score.
func (sc *scorer) term(n *shared, a, b *posting) float64 {
	const whole = float64(shareUnits)
	shares := math.Sqrt(float64(float64(a.share)/whole) * float64(float64(b.share)/whole))
	far := sc.decay[min(int(a.depth)+int(b.depth), len(sc.decay)-1)] // hops are depth+1
	return float64(float64(float64(n.weight*shares)*exp(-float64(apart(a, b))/sc.theta)) * far)
}

// apart is how many seconds lie between two cases' stays at a node; 0 where they overlap.
func apart(a, b *posting) uint32 {
	switch {
	case a.last < b.first:
		return b.first - a.last
	case b.last < a.first:
		return a.first - b.last
	}
	return 0
}

// class is that of a meeting.
func (n *shared) class(a, b *posting) Class {
	switch n.known.kind {
	case kindHolder:
		return ClassHolder
	case kindEntity:
		return ClassCluster
	case kindFunder:
		return ClassFunder
	}
	switch {
	case n.known.standing.Exchange != "":
		return ClassDeposit
	case a.depth == 0 || b.depth == 0:
		return ClassAddress
	}
	return ClassCollector
}

// counts reports whether a meeting is evidence of its own. What stands behind one
// address that both came to is said by that address already; what stands behind a
// service says nothing.
func (sc *scorer) counts(n *shared, a, b *posting) bool {
	if n.known.kind == kindAddress {
		return true
	}
	return a.from != b.from && !sc.m.suspended[a.from] && !sc.m.suspended[b.from]
}

// follows reports whether two cases came to a node together, from another at which
// they had met: then that they meet here too says nothing more.
func (sc *scorer) follows(at []meeting, a, b *posting) bool {
	return a.from != 0 && a.from == b.from && sc.m.sharedPrefix(at, a.from)
}

// link scores the meetings of two cases, in the order of their nodes, so that sums
// are always the same.
func (sc *scorer) link(a, b int, at []meeting) (link, bool) {
	l := link{a: uint32(a), b: uint32(b)}
	own := 0
	for i := range at {
		n := &sc.m.nodes[at[i].node]
		pa, pb := &n.postings[at[i].a], &n.postings[at[i].b]
		if !sc.counts(n, pa, pb) {
			continue
		}
		l.score += sc.term(n, pa, pb)
		l.base = max(l.base, sc.grade(n, n.class(pa, pb)))
		if n.known.kind == kindAddress && !sc.follows(at, pa, pb) {
			own++
		}
	}
	if l.base == 0 {
		return l, false
	}
	l.meetings = uint16(min(own, math.MaxUint16))
	l.p = sc.ln.tail(sc.m.places, int(sc.m.addresses[a]), int(sc.m.addresses[b]), own)
	return l, true
}

// grade is what evidence of a class at a node is worth by itself.
func (sc *scorer) grade(n *shared, c Class) Grade {
	most := sc.p.QuietDegree
	if n.known.kind == kindAddress || n.known.kind == kindFunder {
		most = max(most, sc.p.OwnShare*n.cases)
	}
	quiet := n.known.standing.Degree <= most
	switch {
	case c == ClassHolder, quiet && (c == ClassDeposit || c == ClassAddress):
		return Strong
	case quiet, c == ClassDeposit:
		return Probable
	}
	return Weak
}

// judge sets the q-values of links, and their grades: two meetings or more that chance
// hardly explains are worth one grade more.
func (sc *scorer) judge(links []link, cases int) {
	order := sortedByP(links)
	sorted := make([]float64, len(order))
	for i, at := range order {
		sorted[i] = at.p
	}
	tests := float64(float64(cases)*float64(cases-1)) / 2
	for i, q := range falseDiscovery(sorted, tests) {
		l := &links[order[i].link]
		l.q, l.grade = q, l.base
		if l.meetings >= 2 && q <= sc.p.Significant {
			l.grade = min(Strong, l.base+1)
		}
	}
}
