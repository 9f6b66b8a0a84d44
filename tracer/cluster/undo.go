package cluster

import (
	"errors"
	"iter"
	"slices"
)

// ErrContradiction says that a label and a cluster exclude each other.
var ErrContradiction = errors.New("another service's label is in the cluster")

// Undo takes back every link of the blocks above a height. The forest is then as if
// they had never come.
func (f *Forest) Undo(height uint64) {
	for n := len(f.at); n > 0 && f.at[n-1]>>32 > height; n-- {
		f.cut(uint32(n))
		f.from, f.to, f.at, f.heuristic = f.from[:n-1], f.to[:n-1], f.at[:n-1], f.heuristic[:n-1]
	}
	f.withheld = slices.DeleteFunc(f.withheld, func(w Withheld) bool { return w.At.Height > height })
}

// cut takes back the youngest link.
func (f *Forest) cut(number uint32) {
	small := f.hungBy(f.from[number-1], number)
	if f.up[small] == small {
		small = f.hungBy(f.to[number-1], number)
	}
	large := f.up[small]
	if f.services[large].since == number {
		delete(f.services, large)
	}
	f.next[small], f.next[large] = f.next[large], f.next[small]
	f.up[small] = small
	f.via[small] = f.sizeBelow(small)
	f.via[large] -= f.via[small]
}

// hungBy is the place above an address that a link hung where it is, or the root.
func (f *Forest) hungBy(id, number uint32) uint32 {
	for f.up[id] != id && f.via[id] != number {
		id = f.up[id]
	}
	return id
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
