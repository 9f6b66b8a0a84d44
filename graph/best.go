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

// ways are the best ways to transfers, by how many hops they take.
type ways []map[*Transfer][]*label

// best finds the K best paths among the transfers that were seen. It takes up
// transfers hop by hop and keeps of each the K best ways to it.
//
// A way enters a transaction, and may go on in it: the transfers of one transaction
// have no order of their own, so ways through it are tried one by one, each
// transfer once. Only the K best ways to where it was entered need be tried.
func (s *search) best() []Path {
	entered, all := make(ways, s.MaxHops+1), make(ways, s.MaxHops+1)
	for h := range entered {
		entered[h], all[h] = map[*Transfer][]*label{}, map[*Transfer][]*label{}
	}
	m := s.index()
	for _, t := range m.sorted {
		if s.begins(t) {
			entered[1][t] = []*label{{last: t, bottleneck: t.Amount, hops: 1}}
		}
	}
	var found []*label
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
			if s.targets[t.Receiver()] {
				found = append(found, all[h][t]...)
			}
		}
		if h < s.MaxHops {
			m.onward(all[h], func(next *label) { entered[h+1][next.last] = append(entered[h+1][next.last], next) })
		}
	}
	return s.rank(found)
}

// begins reports whether a path may start with a transfer.
func (s *search) begins(t *Transfer) bool {
	if s.from[t.Receiver()] {
		return false
	}
	if utxo(t.Chain) {
		return s.starts[txKey{t.Chain, t.At}]
	}
	return s.from[t.Sender()]
}

// passes reports whether a path may go on through where a transfer arrived.
func (s *search) passes(t *Transfer) bool {
	a := t.Receiver()
	return s.state[a] == followed && !s.targets[a] && !s.from[a]
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
	slices.SortFunc(found, func(a, b *label) int {
		return cmp.Or(cmp.Compare(a.last.Asset, b.last.Asset), order[0](a, b), order[1](a, b), order[2](a, b), compareLabels(a, b))
	})
	taken := map[chains.Asset]int{}
	for _, l := range found {
		if taken[l.last.Asset]++; taken[l.last.Asset] > s.K {
			continue
		}
		path := Path{Bottleneck: l.bottleneck, Asset: l.last.Asset}
		for step := l; step != nil; step = step.before {
			path.Transfers = append(path.Transfers, *step.last)
		}
		slices.Reverse(path.Transfers)
		paths = append(paths, path)
	}
	return paths
}

// links are the transfers that were seen, by how they follow each other.
type links struct {
	*search
	sorted  []*Transfer
	sent    map[Address][]*Transfer // by accounts, in chain order
	created map[txKey][]*Transfer   // outputs, by transaction
}

func (s *search) index() *links {
	m := &links{search: s, sent: map[Address][]*Transfer{}, created: map[txKey][]*Transfer{}}
	m.sorted = slices.SortedFunc(maps.Values(s.transfers), func(a, b *Transfer) int { return a.Compare(b.Key) })
	for _, t := range m.sorted {
		if utxo(t.Chain) {
			m.created[txKey{t.Chain, t.At}] = append(m.created[txKey{t.Chain, t.At}], t)
		} else {
			m.sent[t.Sender()] = append(m.sent[t.Sender()], t)
		}
	}
	return m
}

// within prolongs a way by all further transfers of the transaction that it entered.
func (m *links) within(l *label, most int, found func(*label)) {
	if l.hops == most || utxo(l.last.Chain) || !m.passes(l.last) {
		return
	}
	for _, u := range m.sent[l.last.Receiver()] {
		if u.At != l.last.At || m.from[u.Receiver()] || l.has(u) {
			continue
		}
		next := l.then(u)
		found(next)
		m.within(next, most, found)
	}
}

// has reports whether a way has a transfer among the last ones, of one transaction.
func (l *label) has(t *Transfer) bool {
	for ; l != nil && l.last.At == t.At; l = l.before {
		if l.last == t {
			return true
		}
	}
	return false
}

// onward prolongs ways by transfers of later transactions.
func (m *links) onward(from map[*Transfer][]*label, found func(*label)) {
	arrived := map[placeKey][]*Transfer{}
	for _, t := range m.sorted {
		if len(from[t]) == 0 || !m.passes(t) {
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
				if !m.from[u.Receiver()] {
					found(l.then(u))
				}
			}
		}
	}
	for at, transfers := range arrived {
		m.payments(at, transfers, from, found)
	}
}

// payments prolongs the best ways to an account by what it paid since. Both lists
// are in chain order, so that one pass keeps the best ways so far.
func (m *links) payments(at placeKey, arrived []*Transfer, from map[*Transfer][]*label, found func(*label)) {
	var ways []*label
	for _, u := range m.sent[at.Address] {
		if u.Asset != at.asset || m.from[u.Receiver()] {
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
