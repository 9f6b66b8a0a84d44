package graphtest

import (
	"slices"

	"tsuiseki/chains"
	"tsuiseki/graph"
)

// naive is a query that looks at everything in a world.
type naive struct {
	*World
	graph.Query
}

func (n *naive) has(list []graph.Address, a chains.Address) bool {
	return slices.Contains(list, graph.Address{Chain: n.Chain, Address: a})
}

func (n *naive) inLimits(t graph.Transfer) bool {
	return t.Amount.Cmp(n.MinAmount) >= 0 &&
		(n.After.IsZero() || !t.Time.Before(n.After)) && (n.Before.IsZero() || !t.Time.After(n.Before))
}

// hub reports whether more transactions touch an address than the query allows.
func (n *naive) hub(a chains.Address) bool {
	degree := 0
	for i := range n.All {
		if Touches(&n.All[i], graph.Address{Chain: n.Chain, Address: a}) {
			degree++
		}
	}
	return n.HubDegree > 0 && degree > n.HubDegree
}

func (n *naive) stops(a graph.Address) bool {
	if n.Stop == nil {
		return false
	}
	stops, _ := n.Stop(a)
	return stops
}
