package graph

import (
	"cmp"
	"maps"
	"slices"

	"tsuiseki/chains"
)

// label is a way to reach a transfer.
type label struct {
	last       *Transfer
	before     *label
	bottleneck chains.Amount
	hops       int
	bridged    bool // last came over a bridge
}

// compareLabels orders ways to one transfer with equally many hops, the better
// first. What is better stays better, whatever both are prolonged by: bottlenecks
// never cross, and where they become equal the ways before decide.
func compareLabels(a, b *label) int {
	for a != nil && b != nil && a != b {
		if c := cmp.Or(b.bottleneck.Cmp(a.bottleneck), a.last.Compare(b.last.Key)); c != 0 {
			return c
		}
		a, b = a.before, b.before
	}
	return 0
}

// then prolongs a way by a transfer. Within one transaction an asset may have been
// changed for another; the bottleneck follows at its rate.
func (l *label) then(t *Transfer) *label {
	bottleneck := l.bottleneck.Min(t.Amount)
	if t.Asset != l.last.Asset {
		bottleneck, _ = l.bottleneck.MulDiv(t.Amount, l.last.Amount)
	}
	return &label{last: t, before: l, bottleneck: bottleneck, hops: l.hops + 1}
}

// over prolongs a way by what answers it over a bridge, of all that went in.
func (l *label) over(t *Transfer, in chains.Amount) *label {
	bottleneck, _ := l.bottleneck.Min(in).MulDiv(t.Amount, in)
	return &label{last: t, before: l, bottleneck: bottleneck, hops: l.hops + 1, bridged: true}
}

// ways are the best ways to transfers, by how many hops they take.
type ways []map[*Transfer][]*label

// best finds the K best paths among the transfers that were seen. Where either end
// hides something, a path was seen for sure if it begins in sight or arrives in sight.
func (s *search) best() []Path {
	m := s.index()
	if !s.forward.partial || !s.backward.partial {
		return s.rank(m.between(s.begins, s.isTarget))
	}
	found := m.between(func(t *Transfer) bool { return s.forward.hops[t.Key] == 1 && s.begins(t) }, s.isTarget)
	return s.rank(append(found, m.between(s.begins, func(t *Transfer) bool { return s.to[t.Receiver()] && s.state[t.Receiver()] == followed })...))
}

// between finds the K best ways to each transfer at which paths may arrive. It takes
// up transfers hop by hop and keeps of each the K best ways to it.
//
// A way enters a transaction, and may go on in it: the transfers of one transaction
// have no order of their own, so ways through it are tried one by one, each
// transfer once. Only the K best ways to where it was entered need be tried.
func (m *links) between(begins, arrives func(*Transfer) bool) (found []*label) {
	s := m.search
	entered, all := make(ways, s.MaxHops+1), make(ways, s.MaxHops+1)
	for h := range entered {
		entered[h], all[h] = map[*Transfer][]*label{}, map[*Transfer][]*label{}
	}
	for _, t := range m.sorted {
		if begins(t) {
			entered[1][t] = []*label{{last: t, bottleneck: t.Amount, hops: 1}}
		}
	}
	for h := 1; h <= s.MaxHops; h++ {
		for _, t := range m.sorted {
			kept := s.prune(entered[h][t])
			all[h][t] = append(all[h][t], kept...)
			for _, l := range kept {
				m.within(l, s.MaxHops, func(next *label) { all[next.hops][next.last] = append(all[next.hops][next.last], next) })
			}
		}
		for t := range all[h] {
			all[h][t] = s.prune(all[h][t])
			if arrives(t) {
				found = append(found, all[h][t]...)
			}
		}
		if h < s.MaxHops {
			m.onward(all[h], func(next *label) { entered[h+1][next.last] = append(entered[h+1][next.last], next) })
		}
	}
	return found
}

// begins reports whether a path may start with a transfer.
func (s *search) begins(t *Transfer) bool {
	switch {
	case s.starting[t.Receiver()]:
		return false
	case s.first[t.Key]:
		return true
	case utxo(t.Chain):
		return s.begun[txKey{t.Chain, t.At}]
	}
	return s.starting[t.Sender()]
}

// passes reports whether a path may go on through where a transfer arrived.
func (s *search) passes(t *Transfer) bool {
	return s.state[t.Receiver()] == followed && s.over[t.Key] == nil && !s.isEnd(t)
}

func (s *search) isTarget(t *Transfer) bool { return s.targets[t.Receiver()] }

func (s *search) isEnd(t *Transfer) bool {
	return s.targets[t.Receiver()] || s.starting[t.Receiver()]
}

func (s *search) prune(labels []*label) []*label {
	slices.SortFunc(labels, compareLabels)
	return labels[:min(len(labels), s.K)]
}

// rank picks the best of all paths, of each asset that arrives.
func (s *search) rank(found []*label) (paths []Path) {
	byAmount := func(a, b *label) int { return b.bottleneck.Cmp(a.bottleneck) }
	byHops := func(a, b *label) int { return cmp.Compare(a.hops, b.hops) }
	byTime := func(a, b *label) int { return a.last.Compare(b.last.Key) }
	order := []func(a, b *label) int{byAmount, byHops, byTime}
	switch s.By {
	case ByHops:
		order = []func(a, b *label) int{byHops, byAmount, byTime}
	case ByTime:
		order = []func(a, b *label) int{byTime, byHops, byAmount}
	}
	better := func(a, b *label) int {
		return cmp.Or(cmp.Compare(a.last.Asset, b.last.Asset), cmp.Compare(a.last.Chain, b.last.Chain), order[0](a, b), order[1](a, b), order[2](a, b), compareLabels(a, b))
	}
	slices.SortFunc(found, better)
	found = slices.CompactFunc(found, func(a, b *label) bool { return better(a, b) == 0 })
	type arrival struct {
		chain chains.Chain
		asset chains.Asset
	}
	taken := map[arrival]int{}
	for _, l := range found {
		at := arrival{l.last.Chain, l.last.Asset}
		if taken[at]++; taken[at] <= s.K {
			paths = append(paths, l.path())
		}
	}
	return paths
}

// path writes a way down from its beginning.
func (l *label) path() Path {
	path := Path{Bottleneck: l.bottleneck, Asset: l.last.Asset}
	for step := l; step != nil; step = step.before {
		path.Transfers = append(path.Transfers, *step.last)
		if step.bridged {
			path.Bridged = append(path.Bridged, step.hops-1)
		}
	}
	slices.Reverse(path.Transfers)
	slices.Reverse(path.Bridged)
	return path
}

// links are the transfers that were seen, by how they follow each other.
type links struct {
	*search
	sorted  []*Transfer
	sent    map[Address][]*Transfer // by accounts, in chain order
	given   map[Address][]*Transfer // likewise, what contracts minted included
	created map[txKey][]*Transfer   // outputs, by transaction
}

func (s *search) index() *links {
	m := &links{search: s, sent: map[Address][]*Transfer{}, given: map[Address][]*Transfer{}, created: map[txKey][]*Transfer{}}
	m.sorted = slices.SortedFunc(maps.Values(s.transfers), func(a, b *Transfer) int { return a.Compare(b.Key) })
	for _, t := range m.sorted {
		if utxo(t.Chain) {
			m.created[txKey{t.Chain, t.At}] = append(m.created[txKey{t.Chain, t.At}], t)
		} else {
			m.sent[t.Sender()] = append(m.sent[t.Sender()], t)
			m.given[t.giver()] = append(m.given[t.giver()], t)
		}
	}
	return m
}

// within prolongs a way by all further transfers of the transaction that it entered.
func (m *links) within(l *label, most int, found func(*label)) {
	if l.hops == most || utxo(l.last.Chain) || m.over[l.last.Key] != nil || m.isEnd(l.last) || !m.passed[l.last.taker()] {
		return
	}
	given := m.given[l.last.taker()]
	first, _ := slices.BinarySearchFunc(given, l.last.At, func(u *Transfer, at chains.Position) int { return u.At.Compare(at) })
	for _, u := range given[first:] {
		if u.At != l.last.At {
			break
		}
		if m.starting[u.Receiver()] || l.has(u) {
			continue
		}
		next := l.then(u)
		found(next)
		m.within(next, most, found)
	}
}

// has reports whether a way has a transfer among the last ones, of one transaction
// since it was entered.
func (l *label) has(t *Transfer) bool {
	for ; l != nil && l.last.At == t.At; l = l.before {
		if l.last == t {
			return true
		}
		if l.bridged {
			break
		}
	}
	return false
}

// onward prolongs ways by transfers of later transactions.
func (m *links) onward(from map[*Transfer][]*label, found func(*label)) {
	arrived := map[placeKey][]*Transfer{}
	for _, t := range m.sorted {
		if len(from[t]) == 0 {
			continue
		}
		m.cross(t, from[t], found)
		if !m.passes(t) {
			continue
		}
		if !utxo(t.Chain) {
			at := placeKey{t.Receiver(), t.Asset}
			arrived[at] = append(arrived[at], t)
			continue
		}
		at, spent := m.spender[t.Key]
		if !spent {
			continue
		}
		for _, u := range m.created[txKey{t.Chain, at}] {
			for _, l := range from[t] {
				if !m.starting[u.Receiver()] {
					found(l.then(u))
				}
			}
		}
	}
	for at, transfers := range arrived {
		m.payments(at, transfers, from, found)
	}
}

// cross prolongs ways into a bridge by what answers them.
func (m *links) cross(t *Transfer, ways []*label, found func(*label)) {
	o := m.over[t.Key]
	if o == nil || m.isEnd(t) {
		return
	}
	for i := range o.outs {
		u := m.transfers[o.outs[i].Key]
		if u == nil || m.starting[u.Receiver()] {
			continue
		}
		for _, l := range ways {
			found(l.over(u, o.in))
		}
	}
}

// payments prolongs the best ways to an account by what it paid since. Both lists
// are in chain order, so that one pass keeps the best ways so far.
func (m *links) payments(at placeKey, arrived []*Transfer, from map[*Transfer][]*label, found func(*label)) {
	var ways []*label
	for _, u := range m.sent[at.Address] {
		if u.Asset != at.asset || m.starting[u.Receiver()] {
			continue
		}
		for len(arrived) > 0 && arrived[0].At.Compare(u.At) < 0 {
			ways = m.prune(append(ways, from[arrived[0]]...))
			arrived = arrived[1:]
		}
		for _, l := range ways {
			found(l.then(u))
		}
	}
}
