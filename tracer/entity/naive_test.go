package entity_test

import (
	"slices"

	"tsuiseki/chains"
	"tsuiseki/tracer/cluster"
)

// naive is the clusters of some blocks, found by searching a graph anew for every
// question.
type naive struct {
	giant    int
	services map[chains.Address]string
	order    []chains.Address // as they were linked
	joined   []cluster.Evidence
	withheld []naiveWithheld
	links    int
	missing  uint32
}

type naiveWithheld struct {
	cluster.Evidence
	outcome cluster.Outcome
}

func (n *naive) members(of chains.Address) []chains.Address {
	found := []chains.Address{of}
	for i := 0; i < len(found); i++ {
		for _, l := range n.joined {
			for _, pair := range [][2]chains.Address{{l.From, l.To}, {l.To, l.From}} {
				if pair[0] == found[i] && !slices.Contains(found, pair[1]) {
					found = append(found, pair[1])
				}
			}
		}
	}
	slices.SortFunc(found, func(a, b chains.Address) int { return slices.Index(n.order, a) - slices.Index(n.order, b) })
	return found
}

func (n *naive) serviceOf(members []chains.Address) string {
	for _, a := range members {
		if s := n.services[a]; s != "" {
			return s
		}
	}
	return ""
}

func (n *naive) add(e cluster.Evidence) {
	for _, a := range []chains.Address{e.From, e.To} {
		if !slices.Contains(n.order, a) {
			n.order = append(n.order, a)
		}
	}
	a, b := n.members(e.From), n.members(e.To)
	one, other := n.serviceOf(a), n.serviceOf(b)
	switch {
	case slices.Contains(a, e.To):
	case one != "" && other != "" && one != other:
		n.withheld = append(n.withheld, naiveWithheld{e, cluster.Conflict})
	case len(a) >= n.giant && len(b) >= n.giant:
		n.withheld = append(n.withheld, naiveWithheld{e, cluster.Held})
	default:
		n.joined = append(n.joined, e)
	}
}

// addTx adds what a transaction, with its prevouts where known, links.
func (n *naive) addTx(tx *chains.Tx, scripts chains.Scripts) {
	tx = cluster.Describe(tx, scripts)
	if tx.Coinbase() || len(tx.Inputs) < 2 {
		return
	}
	if slices.ContainsFunc(tx.Inputs, func(in chains.Input) bool { return in.Spent == nil }) {
		n.missing++
	}
	for _, e := range cluster.CoSpend(tx, cluster.DoNotCluster) {
		n.add(e)
		n.links++
	}
}

// others are the merges of a cluster that were held back, by the other cluster.
func (n *naive) others(members []chains.Address) (merges []naiveWithheld) {
	seen := map[chains.Address]bool{}
	for _, w := range n.withheld {
		from, to := slices.Contains(members, w.From), slices.Contains(members, w.To)
		if from == to {
			continue
		}
		other := w.To
		if to {
			other = w.From
		}
		if theirs := n.members(other); !seen[theirs[0]] {
			seen[theirs[0]] = true
			w.outcome = cluster.Held
			if a, b := n.serviceOf(members), n.serviceOf(theirs); a != "" && b != "" && a != b {
				w.outcome = cluster.Conflict
			}
			merges = append(merges, w)
		}
	}
	return merges
}
