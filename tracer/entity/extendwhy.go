package entity

import (
	"errors"
	"slices"

	"tsuiseki/chains"
)

// Why is the chain of links that joins two addresses of the extended cluster: within
// its clusters as they are, between them by change.
func (x *Extended) Why(a, b chains.Address) (chain []Step, joined bool, err error) {
	from, err := x.find(a)
	if err != nil || from == nil {
		return nil, false, err
	}
	to, err := x.find(b)
	if err != nil || to == nil {
		return nil, false, err
	}
	path := x.path(from, to)
	at := a
	for _, l := range path {
		steps, within, err := x.view.Why(at, l.From)
		if err != nil || !within {
			return nil, false, errors.Join(err, x.view.store.err())
		}
		chain, at = append(append(chain, steps...), l), l.To
	}
	steps, joined, err := x.view.Why(at, b)
	return append(chain, steps...), joined, err
}

// find is the one of the clusters that an address belongs to.
func (x *Extended) find(address chains.Address) (*Cluster, error) {
	mine, err := x.view.Cluster(address)
	if err != nil {
		return nil, err
	}
	for _, c := range x.Clusters {
		same, err := c.Same(mine)
		if err != nil || same {
			return c, err
		}
	}
	return nil, nil
}

// path is the only way between two clusters, each link walked from its From.
func (x *Extended) path(from, to *Cluster) (path []Step) {
	came := map[*Cluster]*Change{from: nil}
	queue := []*Cluster{from}
	for len(queue) > 0 && queue[0] != to {
		at := queue[0]
		queue = queue[1:]
		for i := range x.Links {
			l := &x.Links[i]
			next := l.to.Cluster
			if next == at {
				next = l.from.Cluster
			} else if l.from.Cluster != at {
				continue
			}
			if _, known := came[next]; !known {
				came[next] = l
				queue = append(queue, next)
			}
		}
	}
	for at := to; came[at] != nil; {
		s := came[at].Step
		if at == came[at].to.Cluster {
			at = came[at].from.Cluster
		} else {
			s.From, s.To = s.To, s.From
			at = came[at].to.Cluster
		}
		path = append(path, s)
	}
	slices.Reverse(path)
	return path
}
