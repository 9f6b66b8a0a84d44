package entity

import (
	"iter"
	"slices"

	"tsuiseki/chains"
	"tsuiseki/tracer/cluster"
)

// services is what tags say of clusters, and the clusters that they make differ from
// those that are kept.
type services struct {
	names     []string                     // by cluster.Service - 1
	ofAddress map[chains.Address][]string  // of all tags
	tagged    map[uint32][]cluster.Service // by number, of addresses that links join
	address   map[uint32]chains.Address    // of those
	byCluster map[place][]uint32           // tagged numbers
	solved    []*solved
	affected  map[uint32]int // root among those kept → place in solved
}

// place is a cluster within a view.
type place struct {
	solved int // -1 for the clusters that are kept
	root   uint32
}

// serviced applies the tags, once.
func (v *View) serviced() (*services, error) {
	if v.services != nil {
		return v.services, nil
	}
	s := &services{
		ofAddress: map[chains.Address][]string{}, tagged: map[uint32][]cluster.Service{}, address: map[uint32]chains.Address{},
		byCluster: map[place][]uint32{}, affected: map[uint32]int{},
	}
	numbers := map[string]cluster.Service{}
	roots := map[uint32][]cluster.Service{} // services of kept clusters
	for _, t := range v.tags {
		if slices.Contains(s.ofAddress[t.Address], t.Service) {
			continue
		}
		s.ofAddress[t.Address] = append(s.ofAddress[t.Address], t.Service)
		id, known, err := v.number(t.Address)
		if err != nil {
			return nil, err
		}
		if !known {
			continue
		}
		service := numbers[t.Service]
		if service == 0 {
			s.names = append(s.names, t.Service)
			service = cluster.Service(len(s.names))
			numbers[t.Service] = service
		}
		s.tagged[id], s.address[id] = append(s.tagged[id], service), t.Address
		root, err := v.past.Root(id)
		if err != nil {
			return nil, err
		}
		// Of an address with two services the first tag decides.
		if first := s.tagged[id][0]; !slices.Contains(roots[root], first) {
			roots[root] = append(roots[root], first)
		}
	}
	if err := v.solve(s, roots); err != nil {
		return nil, err
	}
	v.services = s
	for id := range s.tagged {
		at, err := v.placeOf(id)
		if err != nil {
			return nil, err
		}
		s.byCluster[at] = append(s.byCluster[at], id)
	}
	for _, ids := range s.byCluster {
		slices.Sort(ids)
	}
	return s, nil
}

// in are the clusters that an address belongs to.
func (v *View) in(id uint32) (clusters, error) {
	root, err := v.past.Root(id)
	if err != nil {
		return nil, err
	}
	if i, affected := v.services.affected[root]; affected {
		return v.services.solved[i], nil
	}
	return v.past, nil
}

func (v *View) placeOf(id uint32) (place, error) {
	root, err := v.past.Root(id)
	if err != nil {
		return place{}, err
	}
	if i, affected := v.services.affected[root]; affected {
		root, err := v.services.solved[i].Root(id)
		return place{i, root}, err
	}
	return place{-1, root}, nil
}

// of are the services of an address's cluster, in the order of its tagged addresses.
func (s *services) of(v *View, id uint32) (names []string, err error) {
	at, err := v.placeOf(id)
	if err != nil {
		return nil, err
	}
	for _, tagged := range s.byCluster[at] {
		for _, service := range s.tagged[tagged] {
			if name := s.names[service-1]; !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names, nil
}

// solve builds those clusters anew in which services meet, with the tags in force,
// from their links in chain order. What holds giants apart depends on their sizes:
// so clusters that are held apart from such a one are built with it. Others have no
// part in it, so the result is as if all were built anew.
func (v *View) solve(s *services, roots map[uint32][]cluster.Service) error {
	held := map[uint32][]uint32{}
	for _, w := range v.past.Withheld() {
		a, err := v.past.Root(w.From)
		if err != nil {
			return err
		}
		b, err := v.past.Root(w.To)
		if err != nil {
			return err
		}
		held[a], held[b] = append(held[a], b), append(held[b], a)
	}
	var conflicted []uint32
	for root, of := range roots {
		if len(of) > 1 {
			conflicted = append(conflicted, root)
		}
	}
	slices.Sort(conflicted)
	for _, root := range conflicted {
		if _, done := s.affected[root]; done {
			continue
		}
		i := len(s.solved)
		group := []uint32{root}
		s.affected[root] = i
		for n := 0; n < len(group); n++ {
			for _, other := range held[group[n]] {
				if _, known := s.affected[other]; !known {
					s.affected[other] = i
					group = append(group, other)
				}
			}
		}
		var ids []uint32
		for _, root := range group {
			ids = slices.AppendSeq(ids, v.past.Members(root))
		}
		slices.Sort(ids)
		s.solved = append(s.solved, &solved{ids: ids})
	}
	return v.relink(s)
}

// relink follows the links within the groups, in one pass over the log.
func (v *View) relink(s *services) error {
	if len(s.solved) == 0 {
		return nil
	}
	member := make([]uint64, (int(v.sums.Addresses)+63)/64)
	for _, g := range s.solved {
		for _, id := range g.ids {
			member[id>>6] |= 1 << (id & 63)
		}
		g.forest = cluster.NewForest(cluster.Control{Giant: v.store.manifest.Giant})
		g.forest.Grow(len(g.ids))
		for local, id := range g.ids {
			if of := s.tagged[id]; len(of) > 0 {
				if err := g.forest.Label(uint32(local), of[0]); err != nil {
					return err
				}
			}
		}
	}
	log := v.store.log
	for number := uint32(1); number <= v.sums.Links; number++ {
		from, _ := log.Ends(number)
		if log.err != nil {
			return log.err
		}
		if member[from>>6]&(1<<(from&63)) == 0 {
			continue
		}
		root, err := v.past.Root(from)
		if err != nil {
			return err
		}
		g := s.solved[s.affected[root]]
		l := log.Link(number)
		l.From, l.To = g.local(l.From), g.local(l.To)
		if _, err := g.forest.Add(l); err != nil {
			return err
		}
	}
	return v.store.err()
}

// solved are clusters built with tags, of some addresses by rank.
type solved struct {
	forest *cluster.Forest
	ids    []uint32 // sorted
}

var _ clusters = (*solved)(nil)

func (g *solved) local(id uint32) uint32 {
	i, _ := slices.BinarySearch(g.ids, id)
	return uint32(i)
}

func (g *solved) global(l cluster.Link) cluster.Link {
	l.From, l.To = g.ids[l.From], g.ids[l.To]
	return l
}

// Root implements clusters: it is the lowest address.
func (g *solved) Root(id uint32) (uint32, error) { return g.Entity(id) }

func (g *solved) Entity(id uint32) (uint32, error) {
	lowest, err := g.forest.Entity(g.local(id))
	if err != nil {
		return 0, err
	}
	return g.ids[lowest], nil
}

func (g *solved) Size(id uint32) (int, error) { return g.forest.Size(g.local(id)) }

func (g *solved) Members(id uint32) iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		for local := range g.forest.Members(g.local(id)) {
			if !yield(g.ids[local]) {
				return
			}
		}
	}
}

func (g *solved) Why(a, b uint32) ([]cluster.Link, bool, error) {
	chain, joined, err := g.forest.Why(g.local(a), g.local(b))
	for i := range chain {
		chain[i] = g.global(chain[i])
	}
	return chain, joined, err
}

func (g *solved) Withheld() []cluster.Withheld {
	list := g.forest.Withheld()
	for i := range list {
		list[i].Link = g.global(list[i].Link)
	}
	return list
}
