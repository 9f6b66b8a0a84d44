package graphtest

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tsuiseki/chains"
	"tsuiseki/graph"
)

// Bridges joins transfers of several worlds, and says what is not so: that some
// transfers answer payments that they do not answer, or that are out of sight.
type Bridges struct {
	worlds []*World
	over   map[graph.Key]*Over
	claims map[graph.Key][]graph.Key // by who claims to answer; nil: one out of sight
}

// Over is what became of a payment into a bridge.
type Over struct {
	In   chains.Amount
	Outs []graph.Key // none: it ends there
}

var _ graph.Bridges = (*Bridges)(nil)

// Of is what became of a payment; nil where it is an ordinary one.
func (b *Bridges) Of(payment graph.Key) *Over {
	if b == nil {
		return nil
	}
	return b.over[payment]
}

// find is the transaction of a transfer.
func (b *Bridges) find(k graph.Key) *graph.Tx {
	w := b.world(k.Chain)
	return &w.All[slices.IndexFunc(w.All, func(tx graph.Tx) bool { return tx.At == k.At })]
}

func (b *Bridges) world(chain chains.Chain) *World {
	return b.worlds[slices.IndexFunc(b.worlds, func(w *World) bool { return w.Chain == chain })]
}

// Index implements graph.Bridges.
func (b *Bridges) Index(chain chains.Chain) graph.Chain { return b.world(chain) }

// Onward implements graph.Bridges.
func (b *Bridges) Onward(_ context.Context, payments []graph.Transfer) iter.Seq2[graph.Crossing, error] {
	return func(yield func(graph.Crossing, error) bool) {
		for i := range payments {
			over := b.over[payments[i].Key]
			if over == nil {
				continue
			}
			if len(over.Outs) == 0 && !yield(graph.Crossing{Asked: i}, nil) {
				return
			}
			for _, out := range over.Outs {
				if !yield(graph.Crossing{Asked: i, Tx: b.find(out), N: out.N, In: over.In}, nil) {
					return
				}
			}
		}
	}
}

// Back implements graph.Bridges.
func (b *Bridges) Back(_ context.Context, transfers []graph.Transfer) iter.Seq2[graph.Crossing, error] {
	return func(yield func(graph.Crossing, error) bool) {
		for i := range transfers {
			claimed, claims := b.claims[transfers[i].Key]
			if claims && claimed == nil && !yield(graph.Crossing{Asked: i}, nil) {
				return
			}
			for _, in := range claimed {
				if !yield(graph.Crossing{Asked: i, Tx: b.find(in), N: in.N}, nil) {
					return
				}
			}
		}
	}
}

// drawBridges joins transfers of worlds at random, whichever is the older.
func drawBridges(draw Draw, worlds []*World) *Bridges {
	b := &Bridges{worlds: worlds, over: map[graph.Key]*Over{}, claims: map[graph.Key][]graph.Key{}}
	pick := func(label string) graph.Transfer { return pickTransfer(draw, label, worlds) }
	for range draw("bridges", 0, 6) {
		in := pick("in")
		whole, _ := in.Amount.Int64()
		over := &Over{In: chains.NewAmount(max(1, whole+int64(draw("others", -2, 3))))} // some of it may come by others, or go back
		for range draw("answers", 0, 2) {
			if out := pick("out"); (out.Chain != in.Chain || out.At != in.At) && !slices.Contains(over.Outs, out.Key) {
				over.Outs = append(over.Outs, out.Key)
				b.claims[out.Key] = append(b.claims[out.Key], in.Key)
			}
		}
		if b.over[in.Key] == nil {
			b.over[in.Key] = over
		}
	}
	for range draw("false claims", 0, 2) {
		out := pick("claimant")
		b.claims[out.Key] = append(b.claims[out.Key], pick("claimed").Key)
	}
	for range draw("out of sight", 0, 3) {
		if out := pick("claimant"); b.claims[out.Key] == nil {
			b.claims[out.Key] = nil
		}
	}
	return b
}

// everywhere is what bridges may be if all that ends at one comes out wherever
// something answers a payment that is out of sight.
func (b *Bridges) everywhere() *Bridges {
	if b == nil {
		return nil
	}
	all := &Bridges{worlds: b.worlds, over: map[graph.Key]*Over{}}
	for in, over := range b.over {
		all.over[in] = over
		if len(over.Outs) > 0 {
			continue
		}
		ends := &Over{In: over.In}
		for out, claimed := range b.claims {
			if claimed == nil && (out.Chain != in.Chain || out.At != in.At) {
				ends.Outs = append(ends.Outs, out)
			}
		}
		all.over[in] = ends
	}
	return all
}

func pickTransfer(draw Draw, label string, worlds []*World) graph.Transfer {
	w := worlds[draw(label+" chain", 0, len(worlds)-1)]
	tx := w.All[draw(label+" transaction", 0, len(w.All)-1)]
	return tx.Transfers[draw(label, 0, len(tx.Transfers)-1)]
}

// testBridgedPaths compares paths over worlds that bridges join, each filled by what
// was asked before, with the naive answer.
func testBridgedPaths(t *testing.T, open func(t *testing.T) graph.Archive) {
	rapid.Check(t, func(r *rapid.T) {
		draw := func(label string, lo, hi int) int { return rapid.IntRange(lo, hi).Draw(r, label) }
		pairs := [][]chains.Chain{{chains.Bitcoin, chains.Ethereum}, {chains.Ethereum, "ethereum-5"}}
		var worlds []*World
		for _, chain := range pairs[draw("chains", 0, 1)] {
			worlds = append(worlds, NewWorld(draw, chain, draw("transactions", 1, 9)))
		}
		store := open(t)
		defer store.Close()
		for range draw("questions", 1, 3) {
			if draw("reorg", 0, 2) == 0 {
				n := draw("replaced", 0, 1)
				worlds[n] = worlds[n].Fork(draw, draw("shared", 0, len(worlds[n].All)), draw("new", 1, 4))
			}
			bridges := drawBridges(draw, worlds)
			q := drawQuery(draw, worlds)
			hold(r, store, worlds, q)
			q.Bridges = bridges
			want := NaiveAcross(worlds, bridges, q)
			home := worlds[draw("home", 0, 1)]
			got, err := graph.Paths(context.Background(), store, map[chains.Chain]graph.Chain{home.Chain: home}, q)
			if err != nil {
				r.Fatal(err)
			}
			if diff := cmp.Diff(Lines(want), Lines(got.Paths)); diff != "" {
				r.Fatalf("%s\nexplored %+v (-naive +store):\n%s\nbridges %s", got.Answer, got.Explored, diff, bridges)
			}
			checkAnswer(r, worlds, bridges, q, got, 6)
		}
	})
}

// String lists bridges for a test's message.
func (b *Bridges) String() (text string) {
	for in, over := range b.over {
		text += fmt.Sprintf("\n%s %s/%d: in %s, out %v", in.Chain, in.At, in.N, over.In, over.Outs)
	}
	return text
}
