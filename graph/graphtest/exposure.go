package graphtest

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tsuiseki/chains"
	"tsuiseki/graph"
)

// TestExposure compares exposure over stores, cold, warm and half filled, with the
// naive answer, and tests that money is neither lost nor made.
func TestExposure(t *testing.T, open func(t *testing.T) graph.Archive) {
	for _, chain := range []chains.Chain{chains.Bitcoin, chains.Ethereum} {
		t.Run(string(chain), func(t *testing.T) {
			rapid.Check(t, func(r *rapid.T) { checkExposure(t, r, chain, open) })
		})
	}
}

func checkExposure(t *testing.T, r *rapid.T, chain chains.Chain, open func(t *testing.T) graph.Archive) {
	draw := func(label string, lo, hi int) int { return rapid.IntRange(lo, hi).Draw(r, label) }
	w := NewWorld(draw, chain, draw("transactions", 1, 14))
	store := open(t)
	defer store.Close()
	ask := func(store graph.Store, as graph.Chain, q graph.ExposureQuery) *graph.ExposureAnswer {
		got, err := graph.Exposure(context.Background(), store, map[chains.Chain]graph.Chain{chain: as}, q)
		if err != nil {
			r.Fatal(err)
		}
		checkBalance(r, got)
		return got
	}
	for range draw("questions", 1, 3) {
		if draw("reorg", 0, 2) == 0 {
			w = w.Fork(draw, draw("shared", 0, len(w.All)), draw("new", 1, 5))
		}
		then := earlier{w, w.Snapshot().Height}
		if draw("earlier", 0, 2) == 0 {
			then.height = uint64(draw("as of", 0, int(then.height)))
		}
		q := drawExposure(draw, chain)
		got := ask(store, then, q)
		if diff := cmp.Diff(ExposureLines(NaiveExposure(then.world(), q)), ExposureLines(got)); diff != "" {
			r.Fatalf("explored %+v (-naive +store):\n%s", got.Explored, diff)
		}
		near := q
		near.MaxHops = 1
		checkDirect(r, got, ask(store, then, near))
		q.Work = draw("work", 1, 20)
		some, same := ask(store, then, q), ask(NewMemory(), then, q)
		if diff := cmp.Diff(ExposureLines(same), ExposureLines(some)); diff != "" {
			r.Fatalf("with work %d (-cold memory +store):\n%s", q.Work, diff)
		}
		checkDirect(r, got, some)
	}
}

// earlier is a world as of a height, where its chain has gone on.
type earlier struct {
	*World
	height uint64
}

func (e earlier) world() *World {
	then := &World{Chain: e.Chain}
	for _, tx := range e.All {
		if tx.At.Height <= e.height {
			then.All = append(then.All, tx)
		}
	}
	return then
}

// Snapshot implements graph.Chain.
func (e earlier) Snapshot() chains.Snapshot { return e.world().Snapshot() }

// History implements graph.Chain.
func (e earlier) History(address chains.Address) iter.Seq2[*graph.Tx, error] {
	return e.world().History(address)
}

func drawExposure(draw Draw, chain chains.Chain) graph.ExposureQuery {
	q := graph.ExposureQuery{
		Direction: graph.Out, MaxHops: draw("hops", 1, 6), HubDegree: draw("hub degree", 0, 14),
		MinAmount: chains.NewAmount(int64(draw("minimum", 0, 2))),
	}
	if draw("direction", 0, 1) == 0 {
		q.Direction = graph.In
	}
	of := draw("of", 0, names-1)
	for n := range draw("addresses", 1, 2) {
		q.Of = append(q.Of, graph.Address{Chain: chain, Address: Name((of + n) % names)})
	}
	places := map[chains.Address]graph.Place{}
	for range draw("named", 0, 2) { // one of them may be asked about
		places[Name(draw("named", 0, names-1))] = graph.Place{Category: []string{"exchange", "mixer"}[draw("category", 0, 1)], Name: "a place"}
	}
	q.Named = func(a graph.Address) (graph.Place, bool, error) {
		place, named := places[a.Address]
		return place, named, nil
	}
	if draw("window", 0, 3) == 0 {
		q.After = Start.Add(time.Duration(draw("after", 0, 3)) * time.Minute)
		q.Before = q.After.Add(time.Duration(draw("length", 0, 5)) * time.Minute)
	}
	return q
}

// checkBalance tests that each asset's total is accounted for.
func checkBalance(r *rapid.T, got *graph.ExposureAnswer) {
	named := map[chains.Asset]chains.Amount{}
	for _, p := range got.Places {
		named[p.Asset] = chains.Sum(named[p.Asset], p.Direct, p.Indirect)
	}
	sums := map[chains.Asset]chains.Amount{}
	for _, c := range got.Categories {
		sums[c.Asset] = chains.Sum(sums[c.Asset], c.Direct, c.Indirect)
	}
	for _, t := range got.Totals {
		in := t.Moved.Add(t.SwappedIn)
		out := chains.Sum(t.Named, t.Returned, t.Resting, t.Hubs, t.BeyondHops, t.BeyondAmount, t.BeyondTime, t.BeyondWork, t.Fees, t.Created, t.SwappedOut)
		if !in.Equal(out) {
			r.Fatalf("%s in, %s out: %+v", in, out, t)
		}
		if !t.Named.Equal(named[t.Asset]) || !t.Named.Equal(sums[t.Asset]) {
			r.Fatalf("%s at named places, of which places say %s and categories %s", t.Named, named[t.Asset], sums[t.Asset])
		}
	}
}

// checkDirect tests that limits on hops and work leave what was paid directly as it is.
func checkDirect(r *rapid.T, all, some *graph.ExposureAnswer) {
	direct := func(a *graph.ExposureAnswer) (lines []string) {
		for _, p := range a.Places {
			if p.Direct.Sign() > 0 {
				lines = append(lines, fmt.Sprintf("%s %s %s", p.Address.Address, p.Direct, p.Asset))
			}
		}
		for _, t := range a.Totals {
			if t.Moved.Sign() > 0 {
				lines = append(lines, fmt.Sprintf("%s %s moved", t.Moved, t.Asset))
			}
		}
		slices.Sort(lines)
		return lines
	}
	if diff := cmp.Diff(direct(all), direct(some)); diff != "" {
		r.Fatalf("direct amounts (-all +limited):\n%s", diff)
	}
	if some.Answer == graph.None && all.Answer != graph.None {
		r.Fatalf("within limits it says %s where there is %s", some.Answer, all.Answer)
	}
}

// ExposureLines writes an answer for comparison.
func ExposureLines(a *graph.ExposureAnswer) (lines []string) {
	lines = append(lines, fmt.Sprintf("%s by %s, hubs %v", a.Answer, a.Rule, a.Hubs))
	for _, p := range a.Places {
		lines = append(lines, fmt.Sprintf("%s %s %s: %s direct, %s indirect of %s, %d hops, %d payments, %d shared, %s to %s",
			p.Category, p.Name, short(p.Address.Address), p.Direct, p.Indirect, p.Asset, p.Hops, p.Payments, p.Shared, p.First.Format(time.TimeOnly), p.Last.Format(time.TimeOnly)))
	}
	for _, t := range a.Totals {
		lines = append(lines, fmt.Sprintf("%s: moved %s, named %s, returned %s, resting %s, hubs %s, beyond hops %s amount %s time %s work %s, fees %s, created %s, swapped in %s out %s",
			t.Asset, t.Moved, t.Named, t.Returned, t.Resting, t.Hubs, t.BeyondHops, t.BeyondAmount, t.BeyondTime, t.BeyondWork, t.Fees, t.Created, t.SwappedIn, t.SwappedOut))
	}
	return lines
}
