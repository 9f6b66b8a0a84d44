package cluster

import "iter"

// Past are the clusters of a forest as the links up to one made them. Withheld
// merges are as they were: what came later decides nothing before.
type Past struct {
	f    *Forest
	last uint32
}

// Until is the forest as of a link. Where that is not the last one, the answers
// walk the ring of the address's present cluster.
func (f *Forest) Until(number uint32) Past { return Past{f, number} }

func (p Past) whole() bool { return p.last >= p.f.links.Count() }

// Root names the cluster of an address, until further links come.
func (p Past) Root(id uint32) (uint32, error) {
	if err := p.f.check(id); err != nil {
		return 0, err
	}
	return p.root(id), p.f.Err()
}

func (p Past) root(id uint32) uint32 {
	for {
		up := p.f.up.At(id)
		if up == id || p.f.via.At(id) > p.last {
			return id
		}
		id = up
	}
}

// Members yields the addresses of the cluster of an address, itself first.
func (p Past) Members(id uint32) iter.Seq[uint32] {
	if p.whole() || p.f.check(id) != nil {
		return p.f.Members(id)
	}
	root := p.root(id)
	return func(yield func(uint32) bool) {
		for member := range p.f.Members(id) {
			if p.root(member) == root && !yield(member) {
				return
			}
		}
	}
}

// Size is how many addresses the cluster of an address has.
func (p Past) Size(id uint32) (size int, err error) {
	if p.whole() || p.f.check(id) != nil {
		return p.f.Size(id)
	}
	for range p.Members(id) {
		size++
	}
	return size, p.f.Err()
}

// Entity is the number of the cluster of an address, as Forest.Entity has it.
func (p Past) Entity(id uint32) (uint32, error) {
	if p.whole() || p.f.check(id) != nil {
		return p.f.Entity(id)
	}
	lowest := id
	for member := range p.Members(id) {
		lowest = min(lowest, member)
	}
	return lowest, p.f.Err()
}

// Why is as Forest.Why has it.
func (p Past) Why(a, b uint32) (chain []Link, joined bool, err error) {
	if p.f.check(a, b) == nil && p.root(a) != p.root(b) {
		return nil, false, p.f.Err()
	}
	return p.f.Why(a, b)
}

// Withheld lists the links that collapse control did not follow, in order.
func (p Past) Withheld() (links []Withheld) {
	for _, w := range p.f.withheld {
		if w.number <= p.last {
			links = append(links, w.Withheld)
		}
	}
	return links
}
