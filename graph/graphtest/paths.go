package graphtest

import (
	"context"
	"fmt"
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
		q := drawQuery(draw, chain)
		want := NaivePaths(w, q)
		got, err := graph.Paths(context.Background(), store, map[chains.Chain]graph.Chain{chain: w}, q)
		if err != nil {
			r.Fatal(err)
		}
		if diff := cmp.Diff(Lines(want), Lines(got.Paths)); diff != "" {
			r.Fatalf("%s\nexplored %+v (-naive +store):\n%s", got.Answer, got.Explored, diff)
		}
		checkAnswer(r, w, q, got)
	}
}

func drawQuery(draw Draw, chain chains.Chain) graph.Query {
	q := graph.Query{
		MaxHops: draw("hops", 1, 5), K: draw("k", 1, 3), HubDegree: draw("hub degree", 0, 12),
		By: []graph.Order{graph.ByAmount, graph.ByHops, graph.ByTime}[draw("order", 0, 2)], MinAmount: chains.NewAmount(int64(draw("minimum", 0, 2))),
	}
	from := draw("from", 0, names-1)
	q.From = []graph.Address{{Chain: chain, Address: Name(from)}}
	for n := range draw("ends", 1, 2) {
		q.To = append(q.To, graph.Address{Chain: chain, Address: Name((from + 1 + n) % names)})
	}
	if far := Name((from + 3) % names); draw("any", 0, 2) == 0 {
		q.Reaches = func(a graph.Address) (bool, error) { return a.Address == far, nil }
		q.To = q.To[:draw("listed", 0, 1)]
	}
	if draw("window", 0, 3) == 0 {
		q.After = Start.Add(time.Duration(draw("after", 0, 3)) * time.Minute)
		q.Before = q.After.Add(time.Duration(draw("length", 0, 5)) * time.Minute)
	}
	if stop := draw("stop", 0, 2*names); stop < names {
		q.Stop = func(a graph.Address) (bool, error) { return a.Address == Name(stop), nil }
	}
	return q
}

// checkAnswer tests what is said where there is no path.
func checkAnswer(r *rapid.T, w *World, q graph.Query, got *graph.PathsAnswer) {
	q.MaxHops, q.MinAmount, q.After, q.Before = 9, chains.Amount{}, time.Time{}, time.Time{}
	beyond := NaivePaths(w, q)
	q.HubDegree, q.Stop = 0, nil
	anyhow := NaivePaths(w, q)
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
		if len(got.Explored.Hubs)+len(got.Explored.Stops) > 0 {
			r.Fatal("a hub is in the way")
		}
	case graph.HubInTheWay:
		if len(got.Explored.Hubs)+len(got.Explored.Stops) == 0 {
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
		for _, t := range p.Transfers {
			fmt.Fprintf(&line, " %s/%d %s→%s %s %s", t.At, t.N, short(t.From), short(t.To), t.Amount, t.Asset)
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
