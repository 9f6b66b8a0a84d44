package correlate

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"tsuiseki/chains"
	"tsuiseki/graph"
)

// Transactions are those of the graph: graph.Store has them.
type Transactions interface {
	Txs(ctx context.Context, chain chains.Chain, at []chains.Position) ([]*graph.Tx, error)
}

// FromTrace is the case that a trace makes. On a UTXO chain the payers of a hop stand
// in its transaction alone: txs is asked for those, and a payer that it does not hold
// stays unknown.
func FromTrace(ctx context.Context, t *graph.Trace, txs Transactions) (*Case, error) {
	type reached struct {
		deposit string
		to      graph.Address
	}
	depth := map[reached]int{}
	visits := t.Visits()
	for _, v := range visits {
		at := reached{v.Deposit, v.Address}
		if d, ok := depth[at]; !ok || v.Depth < d {
			depth[at] = v.Depth
		}
	}
	payers, err := payersOf(ctx, t, txs)
	if err != nil {
		return nil, err
	}
	from := map[reached]graph.Address{}
	for i := range t.Hops {
		h := &t.Hops[i]
		to := reached{h.Deposit, h.Receiver()}
		if _, known := from[to]; known || h.Depth != depth[to] {
			continue
		}
		// The payer's address may have been reached sooner: change comes back to it.
		deepest := -1
		for _, payer := range payers(h) {
			if d, ok := depth[reached{h.Deposit, payer}]; ok && d < h.Depth && d > deepest {
				from[to], deepest = payer, d
			}
		}
	}
	c := &Case{}
	for _, v := range visits {
		visit := Visit{Visit: v}
		if v.Depth > 0 {
			visit.From = from[reached{v.Deposit, v.Address}]
		}
		c.Visits = append(c.Visits, visit)
	}
	return c, nil
}

// payersOf finds who paid a hop: its sender, or the owners of what its transaction
// spends, sorted.
func payersOf(ctx context.Context, t *graph.Trace, txs Transactions) (func(*graph.Hop) []graph.Address, error) {
	places := map[chains.Chain]map[chains.Position]bool{}
	for i := range t.Hops {
		if h := &t.Hops[i]; h.From == "" && h.Kind == graph.Output {
			if places[h.Chain] == nil {
				places[h.Chain] = map[chains.Position]bool{}
			}
			places[h.Chain][h.At] = true
		}
	}
	spends := map[graph.Key][]graph.Address{}
	for chain, at := range places {
		found, err := txs.Txs(ctx, chain, slices.SortedFunc(maps.Keys(at), chains.Position.Compare))
		if err != nil {
			return nil, fmt.Errorf("who paid in the trace of case %s on %s: %w", t.Case, chain, err)
		}
		for _, tx := range found {
			var owners []graph.Address
			for _, s := range tx.Spends {
				if s.Address != "" {
					owners = append(owners, graph.Address{Chain: chain, Address: s.Address})
				}
			}
			slices.SortFunc(owners, graph.Address.Compare)
			spends[graph.Key{Chain: chain, At: tx.At}] = owners
		}
	}
	return func(h *graph.Hop) []graph.Address {
		if h.From != "" {
			return []graph.Address{h.Sender()}
		}
		return spends[graph.Key{Chain: h.Chain, At: h.At}]
	}, nil
}
