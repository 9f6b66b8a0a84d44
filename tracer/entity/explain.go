package entity

import (
	"cmp"
	"errors"
	"slices"
	"time"

	"tsuiseki/chains"
	"tsuiseki/tracer/cluster"
)

// Step is a link with all that shows it.
type Step struct {
	cluster.Heuristic
	Tx         chains.TxID
	Block      chains.BlockRef
	Time       time.Time
	From, To   chains.Address
	Confidence int // percent
}

// step shows a link of the log.
func (v *View) step(l cluster.Link) (s Step, err error) {
	tx, err := v.chain.TxAt(l.At)
	if err != nil {
		return s, err
	}
	s = Step{Heuristic: l.Heuristic, Tx: tx.ID, Block: tx.Block, Time: tx.Time, Confidence: cluster.CoSpendConfidence}
	if s.From, err = v.name(l.From); err != nil {
		return s, err
	}
	s.To, err = v.name(l.To)
	return s, err
}

// Why is the chain of links that joins two addresses, from a to b; joined is false
// where their clusters differ.
func (v *View) Why(a, b chains.Address) (chain []Step, joined bool, err error) {
	if a == b {
		return nil, true, nil
	}
	one, oneKnown, err := v.number(a)
	if err != nil {
		return nil, false, err
	}
	other, otherKnown, err := v.number(b)
	if err != nil || !oneKnown || !otherKnown {
		return nil, false, err
	}
	if _, err := v.serviced(); err != nil {
		return nil, false, err
	}
	at, err := v.placeOf(one)
	if err != nil {
		return nil, false, err
	}
	if otherAt, err := v.placeOf(other); err != nil || at != otherAt {
		return nil, false, err
	}
	in, err := v.in(one)
	if err != nil {
		return nil, false, err
	}
	links, joined, err := in.Why(one, other)
	if err != nil {
		return nil, false, err
	}
	for _, l := range links {
		s, err := v.step(l)
		if err != nil {
			return nil, false, err
		}
		chain = append(chain, s)
	}
	return chain, joined, v.store.err()
}

// Merge is one that collapse control held back: between the cluster asked for and
// another one.
type Merge struct {
	Step                    // the first link that would join them
	Pairs   int             // of addresses that links would join
	Outcome cluster.Outcome // Conflict where both are services', and of different ones; else Held
	Other   *Cluster
}

// Withheld are the merges with other clusters that were held back, the first link
// first, one for each other cluster.
func (c *Cluster) Withheld() (merges []Merge, err error) {
	if c.lone {
		return nil, nil
	}
	v := c.view
	mine, err := v.placeOf(c.id)
	if err != nil {
		return nil, err
	}
	type found struct {
		cluster.Withheld
		pairs map[[2]uint32]bool
		other uint32
	}
	others := map[place]*found{}
	var order []*found
	for _, w := range c.in.Withheld() {
		from, err := v.placeOf(w.From)
		if err != nil {
			return nil, err
		}
		to, err := v.placeOf(w.To)
		if err != nil {
			return nil, err
		}
		other, id := to, w.To
		if to == mine {
			other, id = from, w.From
		}
		if from != mine && to != mine || from == to {
			continue
		}
		if others[other] == nil {
			others[other] = &found{w, map[[2]uint32]bool{}, id}
			order = append(order, others[other])
		}
		others[other].pairs[[2]uint32{min(w.From, w.To), max(w.From, w.To)}] = true
	}
	for _, f := range order {
		m := Merge{Pairs: len(f.pairs), Outcome: f.Outcome}
		if m.Step, err = v.step(f.Link); err != nil {
			return nil, err
		}
		if m.Other, err = v.clusterOf(f.other); err != nil {
			return nil, err
		}
		// Giants that were held apart may since have turned out to be different services'.
		if len(c.Services) > 0 && len(m.Other.Services) > 0 && c.Services[0] != m.Other.Services[0] {
			m.Outcome = cluster.Conflict
		}
		merges = append(merges, m)
	}
	return merges, v.store.err()
}

// Same reports whether two clusters of one view are one.
func (c *Cluster) Same(other *Cluster) (bool, error) {
	if c.lone || other.lone {
		return c.lone && other.lone && c.Entity == other.Entity, nil
	}
	a, err := c.view.placeOf(c.id)
	if err != nil {
		return false, err
	}
	b, err := c.view.placeOf(other.id)
	return a == b, err
}

// Tagged are the addresses with tags in the cluster of an address, in the order in
// which they were linked first.
func (v *View) Tagged(address chains.Address) (tagged []chains.Address, err error) {
	id, known, err := v.number(address)
	if err != nil {
		return nil, err
	}
	s, err := v.serviced()
	if err != nil {
		return nil, err
	}
	if !known {
		if len(s.ofAddress[address]) > 0 {
			tagged = append(tagged, address)
		}
		return tagged, nil
	}
	at, err := v.placeOf(id)
	if err != nil {
		return nil, err
	}
	for _, other := range s.byCluster[at] {
		tagged = append(tagged, s.address[other])
	}
	return tagged, v.store.err()
}

// Split tells whether tags took the cluster that is kept apart, and into which
// services.
func (c *Cluster) Split() (apart []string, err error) {
	if c.lone {
		return nil, nil
	}
	v := c.view
	root, err := v.past.Root(c.id)
	if err != nil {
		return nil, err
	}
	if _, affected := v.services.affected[root]; !affected {
		return nil, nil
	}
	for id, of := range v.services.tagged {
		other, err := v.past.Root(id)
		if err != nil {
			return nil, err
		}
		if name := v.services.names[of[0]-1]; other == root && !slices.Contains(apart, name) {
			apart = append(apart, name)
		}
	}
	slices.SortFunc(apart, cmp.Compare)
	if len(apart) < 2 {
		apart = nil
	}
	return apart, errors.Join(v.store.err())
}
