package cluster

import (
	"errors"
	"iter"
	"slices"
)

// ErrContradiction says that a label and a cluster exclude each other.
var ErrContradiction = errors.New("another service's label is in the cluster")

// Undo takes back every link of the blocks above a height. The forest is then as if
// they had never come. Links that are kept elsewhere must still be there.
func (f *Forest) Undo(height uint64) {
	for number := f.links.Count(); number > 0; number-- {
		l := f.links.Link(number)
		if l.At.Height <= height {
			break
		}
		f.cut(l, number)
		if f.memory != nil {
			f.memory.drop()
		}
	}
	f.withheld = slices.DeleteFunc(f.withheld, func(w withheld) bool { return w.At.Height > height })
}

// Forget takes the addresses above a count away, which no link joins any more.
func (f *Forest) Forget(count int) {
	for _, c := range []*Column{f.up, f.via, f.next, f.low} {
		c.Cut(count)
	}
}

// cut takes back the youngest link, if it was followed.
func (f *Forest) cut(l Link, number uint32) {
	small := f.hungBy(l.From, number)
	if f.up.At(small) == small {
		small = f.hungBy(l.To, number)
	}
	large := f.up.At(small)
	if large == small {
		return
	}
	if f.services[large].since == number {
		delete(f.services, large)
	}
	f.swap(f.next, small, large)
	f.up.Set(small, small)
	f.via.Set(small, f.sizeBelow(small))
	f.via.Set(large, f.via.At(large)-f.via.At(small))
	if f.root(f.low.At(small)) != small {
		f.swap(f.low, small, large)
	}
}

// hungBy is the place above an address that a link hung where it is, or the root.
func (f *Forest) hungBy(id, number uint32) uint32 {
	for {
		up := f.up.At(id)
		if up == id || f.via.At(id) == number {
			return id
		}
		id = up
	}
}

// sizeBelow counts the ring of a cluster.
func (f *Forest) sizeBelow(id uint32) (size uint32) {
	for range f.Members(id) {
		size++
	}
	return size
}

// Without builds the clusters that links make when some heuristics are switched
// off, with the same addresses, labels and control.
func (f *Forest) Without(links iter.Seq[Link], off ...Heuristic) (*Forest, error) {
	other := NewForest(f.control)
	other.Grow(f.Len())
	for id, of := range f.services {
		if of.since == 0 {
			other.services[id] = of
		}
	}
	for l := range links {
		if slices.Contains(off, l.Heuristic) {
			continue
		}
		if _, err := other.Add(l); err != nil {
			return nil, err
		}
	}
	return other, nil
}

// Split is how the cluster of an address falls apart in other clusters: its members
// by their cluster there, each part in order, the parts by their lowest address.
func (f *Forest) Split(id uint32, other *Forest) ([][]uint32, error) {
	if err := errors.Join(f.check(id), other.check(uint32(f.Len()-1))); err != nil {
		return nil, err
	}
	parts := map[uint32][]uint32{}
	for member := range f.Members(id) {
		root := other.root(member)
		parts[root] = append(parts[root], member)
	}
	split := make([][]uint32, 0, len(parts))
	for _, part := range parts {
		slices.Sort(part)
		split = append(split, part)
	}
	slices.SortFunc(split, slices.Compare)
	return split, nil
}
