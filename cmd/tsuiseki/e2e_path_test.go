package main

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"tsuiseki/chains"
	"tsuiseki/fixtures/evm"
	"tsuiseki/fixtures/node"
	"tsuiseki/graph"
	"tsuiseki/graph/graphtest"
)

// TestPathsOnEthereum plays the story on a real node, and asks for the best paths
// between many pairs of its parties. The answers are those of trying all ways through
// the story itself.
func TestPathsOnEthereum(t *testing.T) {
	l := &ledgerCase{node: node.Anvil(t), data: t.TempDir()}
	l.story = evm.Play(t, l.node)
	l.index(t)
	world := worldOf(l.story)
	parties := slices.Sorted(maps.Keys(l.story.Address))
	found := 0
	for i, from := range parties {
		for j, to := range parties {
			if (i+j)%4 != 0 || l.story.Party(from) == l.story.Party(to) { // a quarter of all pairs
				continue
			}
			q := graph.Query{
				From: []graph.Address{{Chain: world.Chain, Address: l.story.Party(from)}}, To: []graph.Address{{Chain: world.Chain, Address: l.story.Party(to)}},
				MaxHops: 3, K: 1, By: graph.ByAmount,
				Stop: func(a graph.Address) (bool, error) { return a.Address == chains.ZeroAddress, nil }, // nobody has its key
			}
			var want []string
			for _, p := range graphtest.NaivePaths(world, q) {
				want = append(want, fmt.Sprintf("%s %s over %d transfers", p.Bottleneck, p.Asset, len(p.Transfers)))
			}
			var doc pathDoc
			unmarshal(t, command(t, "path", string(q.From[0].Address), string(q.To[0].Address), "--max-hops", "3", "--hub-degree", "0", "--json", "--data", l.data), &doc)
			var got []string
			for _, p := range doc.Paths {
				got = append(got, fmt.Sprintf("%s %s over %d transfers", p.Bottleneck, p.Asset, len(p.Hops)))
			}
			if !slices.Equal(want, got) {
				t.Errorf("from %s to %s: %v, want %v", from, to, got, want)
			}
			found += len(got)
		}
	}
	if found < 25 {
		t.Errorf("only %d paths were found: the test tests nothing", found)
	}
}

// worldOf is a story as the graph sees it.
func worldOf(story *evm.Story) *graphtest.World {
	w := &graphtest.World{Chain: "ethereum-1337"}
	places := map[uint64]uint32{}
	for _, step := range story.Steps {
		if step.Failed {
			continue
		}
		tx := graph.Tx{Chain: w.Chain, At: chains.Position{Height: step.Block, Tx: places[step.Block]}, ID: chains.TxID(step.Tx)}
		places[step.Block]++
		for n, transfer := range step.Transfers {
			if transfer.Payment() {
				tx.Transfers = append(tx.Transfers, graph.Transfer{
					Key: graph.Key{Chain: w.Chain, At: tx.At, N: uint32(n)}, Kind: transfer.Kind,
					From: transfer.From, To: transfer.To, Asset: transfer.Asset, Amount: transfer.Amount,
				})
			}
		}
		w.All = append(w.All, tx)
	}
	return w
}
