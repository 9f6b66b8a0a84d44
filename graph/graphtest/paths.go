package graphtest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tsuiseki/chains"
	"tsuiseki/graph"
)

// TestPaths compares paths over stores, cold and half filled, with the naive answer.
func TestPaths(t *testing.T, open func(t *testing.T) graph.Archive) {
	for _, chain := range []chains.Chain{chains.Bitcoin, chains.Ethereum} {
		t.Run(string(chain), func(t *testing.T) {
			rapid.Check(t, func(r *rapid.T) { checkPaths(t, r, chain, open) })
		})
	}
	t.Run("bridges", func(t *testing.T) { testBridgedPaths(t, open) })
	t.Run("many ends", func(t *testing.T) { testManyEnds(t, open) })
}

func checkPaths(t *testing.T, r *rapid.T, chain chains.Chain, open func(t *testing.T) graph.Archive) {
	draw := func(label string, lo, hi int) int { return rapid.IntRange(lo, hi).Draw(r, label) }
	w := NewWorld(draw, chain, draw("transactions", 1, 14))
	store := open(t)
	defer store.Close()
	for range draw("questions", 1, 3) {
		if draw("reorg", 0, 2) == 0 {
			w = w.Fork(draw, draw("shared", 0, len(w.All)), draw("new", 1, 5))
		}
		worlds := []*World{w}
		q := drawQuery(draw, worlds)
		hold(r, store, worlds, q)
		want := NaivePaths(w, q)
		got, err := graph.Paths(context.Background(), store, map[chains.Chain]graph.Chain{chain: w}, q)
		if err != nil {
			r.Fatal(err)
		}
		if diff := cmp.Diff(Lines(want), Lines(got.Paths)); diff != "" {
			r.Fatalf("%s\nexplored %+v (-naive +store):\n%s", got.Answer, got.Explored, diff)
		}
		checkAnswer(r, worlds, nil, q, got, 9)
	}
}

// hold has a store keep the transactions with which paths begin, as a trace would.
func hold(r *rapid.T, store graph.Store, worlds []*World, q graph.Query) {
	for _, w := range worlds {
		if err := graph.Reconcile(context.Background(), store, w); err != nil {
			r.Fatal(err)
		}
		batch := &graph.Batch{Anchors: []graph.Anchor{{Chain: w.Chain, BlockRef: w.Snapshot().BlockRef}}}
		for _, tx := range w.All {
			if slices.ContainsFunc(q.FromTransfers, func(k graph.Key) bool { return k.Chain == w.Chain && k.At == tx.At }) {
				batch.Txs = append(batch.Txs, tx)
			}
		}
		if len(batch.Txs) == 0 {
			continue
		}
		if err := store.Write(context.Background(), batch); err != nil {
			r.Fatal(err)
		}
	}
}

func drawQuery(draw Draw, worlds []*World) graph.Query {
	q := graph.Query{
		MaxHops: draw("hops", 1, 5), K: draw("k", 1, 3), HubDegree: draw("hub degree", 0, 12),
		By: []graph.Order{graph.ByAmount, graph.ByHops, graph.ByTime}[draw("order", 0, 2)], MinAmount: chains.NewAmount(int64(draw("minimum", 0, 2))),
	}
	drawFrom(draw, worlds, &q)
	drawTo(draw, worlds, &q)
	if draw("window", 0, 3) == 0 {
		q.After = Start.Add(time.Duration(draw("after", 0, 3)) * time.Minute)
		q.Before = q.After.Add(time.Duration(draw("length", 0, 5)) * time.Minute)
	}
	if stop := draw("stop", 0, 2*names); stop < names {
		q.Stop = func(a graph.Address) (bool, error) { return a.Address == Name(stop), nil }
	}
	return q
}

// drawFrom begins with an address, several, transfers, what is of a kind, or some of each.
func drawFrom(draw Draw, worlds []*World, q *graph.Query) {
	kind := draw("from", 0, 5)
	if kind == 0 || kind > 3 {
		q.From = drawAddresses(draw, worlds, 1)
	}
	if kind == 1 {
		q.From = drawAddresses(draw, worlds, 3)
	}
	if kind == 2 || kind == 4 {
		for range draw("deposits", 1, 2) {
			q.FromTransfers = append(q.FromTransfers, pickTransfer(draw, "deposit", worlds).Key)
		}
	}
	if kind == 3 || kind == 5 {
		q.Begins = drawKind(draw)
	}
}

// drawTo reaches likewise.
func drawTo(draw Draw, worlds []*World, q *graph.Query) {
	kind := draw("to", 0, 4)
	if kind == 0 || kind > 2 {
		q.To = drawAddresses(draw, worlds, 1)
	}
	if kind == 1 {
		q.To = drawAddresses(draw, worlds, 3)
		q.LeaveHubs = draw("leave hubs", 0, 1) == 0
	}
	if kind == 2 || kind == 3 {
		q.Reaches = drawKind(draw)
	}
}

func drawAddresses(draw Draw, worlds []*World, n int) (addresses []graph.Address) {
	for range n {
		a := graph.Address{Chain: worlds[draw("chain", 0, len(worlds)-1)].Chain, Address: Name(draw("address", 0, names-1))}
		if !slices.Contains(addresses, a) {
			addresses = append(addresses, a)
		}
	}
	return addresses
}

// drawKind is a kind of which some addresses are.
func drawKind(draw Draw) func(graph.Address) (bool, error) {
	one, other := Name(draw("of a kind", 0, names-1)), Name(draw("of a kind", 0, names-1))
	return func(a graph.Address) (bool, error) { return a.Address == one || a.Address == other, nil }
}

// checkAnswer tests what is said where there is no path. far is more hops than any
// question allows.
func checkAnswer(r *rapid.T, worlds []*World, bridges *Bridges, q graph.Query, got *graph.PathsAnswer, far int) {
	q.MaxHops, q.MinAmount, q.After, q.Before = far, chains.Amount{}, time.Time{}, time.Time{}
	beyond := NaiveAcross(worlds, bridges, q)
	q.HubDegree, q.Stop = 0, nil
	anyhow := NaiveAcross(worlds, bridges.everywhere(), q)
	inTheWay := len(got.Explored.Hubs) + len(got.Explored.Stops)
	switch got.Answer {
	case graph.Found:
		if len(got.Paths) == 0 {
			r.Fatal("found, but nothing is")
		}
	case graph.None:
		if len(anyhow) > 0 {
			r.Fatalf("there is said to be none, but without limits there is %v", Lines(anyhow))
		}
	case graph.NotWithinLimits:
		if inTheWay > 0 {
			r.Fatal("a hub is in the way")
		}
	case graph.HubInTheWay:
		if inTheWay == 0 {
			r.Fatal("no hub is in the way")
		}
	}
	if len(beyond) > 0 && len(got.Paths) == 0 && got.Answer == graph.None {
		r.Fatal("limits alone are in the way")
	}
}

// Lines writes paths for comparison.
func Lines(paths []graph.Path) (lines []string) {
	for _, p := range paths {
		var line strings.Builder
		fmt.Fprintf(&line, "%s %s:", p.Bottleneck, p.Asset)
		for i, t := range p.Transfers {
			over := ""
			if slices.Contains(p.Bridged, i) {
				over = "bridge "
			}
			fmt.Fprintf(&line, " %s%s %s/%d %s→%s %s %s", over, t.Chain, t.At, t.N, short(t.From), short(t.To), t.Amount, t.Asset)
		}
		lines = append(lines, line.String())
	}
	return lines
}

func short(a chains.Address) chains.Address {
	if len(a) > 2 {
		return a[len(a)-2:]
	}
	return a
}
