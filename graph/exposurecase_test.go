package graph_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tsuiseki/chains"
	"tsuiseki/graph"
	"tsuiseki/graph/graphtest"
)

// TestExposureOfCase sorts the ends of random traces one by one.
func TestExposureOfCase(t *testing.T) {
	sorts := map[string]string{
		"unspent": "resting", "contract": "resting", "fee": "fees", "hub": "hubs", "hop-limit": "beyond", "time-limit": "beyond", "below-minimum": "beyond",
		"budget": "unresolved", "incomplete": "unresolved",
	}
	kinds := []string{"unspent", "contract", "fee", "hub", "hop-limit", "time-limit", "below-minimum", "budget", "incomplete", "service", "mixer", "frozen"}
	rapid.Check(t, func(r *rapid.T) {
		draw := func(label string, lo, hi int) int { return rapid.IntRange(lo, hi).Draw(r, label) }
		trace := graphtest.NewTrace(draw, []*graphtest.World{graphtest.NewWorld(draw, chains.Bitcoin, 6), graphtest.NewWorld(draw, chains.Ethereum, 6)})
		for i := range trace.Ends {
			if i > 0 && draw("once more", 0, 1) == 1 {
				depth := trace.Ends[i].Depth
				trace.Ends[i] = trace.Ends[i-1]
				trace.Ends[i].Depth = depth
				continue
			}
			trace.Ends[i].Kind = kinds[draw("kind", 0, len(kinds)-1)]
		}
		got := graph.ExposureOfCase(&trace, func(e *graph.End, labels []graph.Label) string {
			for _, l := range labels {
				if l.Address != (graph.Address{Chain: e.Chain, Address: e.Address}) {
					r.Fatalf("labels of %v for an end at %s", l.Address, e.Address)
				}
			}
			return map[string]string{"service": "exchange"}[e.Kind]
		})
		want := map[string]chains.Amount{}
		add := func(key string, amount chains.Amount) {
			if sum := want[key].Add(amount); sum.Sign() > 0 {
				want[key] = sum
			}
		}
		for _, d := range trace.Deposits {
			add(fmt.Sprintf("%s paid", d.Asset), d.Amount)
		}
		for _, e := range trace.Ends {
			sort := sorts[e.Kind]
			if sort == "" || sort == "resting" && e.Label != "" {
				category, way := e.Kind, "indirect"
				if e.Kind == "service" {
					category = "exchange"
				}
				if e.Depth <= 1 {
					way = "direct"
				}
				add(fmt.Sprintf("%s named", e.Asset), e.Traced)
				add(fmt.Sprintf("%s %s %s", e.Asset, category, way), e.Traced)
				add(fmt.Sprintf("%s %s %q %s %s %s", e.Asset, category, e.Label, e.Chain, e.Address, way), e.Traced)
				continue
			}
			add(fmt.Sprintf("%s %s", e.Asset, sort), e.Traced)
		}
		if diff := cmp.Diff(want, sumsOf(got), cmp.Comparer(chains.Amount.Equal)); diff != "" {
			r.Fatalf("(-want +got):\n%s", diff)
		}
		for _, c := range got.Categories {
			deposits, places, depth := []string{}, 0, 99
			for _, p := range got.Places {
				if p.Category == c.Category && p.Asset == c.Asset {
					places++
				}
			}
			for _, e := range trace.Ends {
				category := e.Kind
				if e.Kind == "service" {
					category = "exchange"
				}
				if sort := sorts[e.Kind]; category == c.Category && e.Asset == c.Asset && (sort == "" || e.Label != "") {
					deposits, depth = append(deposits, e.Deposit), min(depth, e.Depth)
				}
			}
			slices.Sort(deposits)
			if n := len(slices.Compact(deposits)); c.Deposits != n || c.Places != places || c.Depth != depth {
				r.Fatalf("%+v: want %d deposits, %d places, depth %d", c, n, places, depth)
			}
		}
	})
}

// sumsOf are the amounts of an answer that are not zero.
func sumsOf(got *graph.CaseExposure) map[string]chains.Amount {
	sums := map[string]chains.Amount{}
	set := func(key string, amount chains.Amount) {
		if amount.Sign() > 0 {
			sums[key] = amount
		}
	}
	for _, s := range got.Totals {
		for name, amount := range map[string]chains.Amount{
			"paid": s.Paid, "named": s.Named, "resting": s.Resting, "hubs": s.Hubs, "beyond": s.Beyond, "fees": s.Fees, "unresolved": s.Unresolved,
		} {
			set(fmt.Sprintf("%s %s", s.Asset, name), amount)
		}
	}
	for _, c := range got.Categories {
		set(fmt.Sprintf("%s %s direct", c.Asset, c.Category), c.Direct)
		set(fmt.Sprintf("%s %s indirect", c.Asset, c.Category), c.Indirect)
	}
	for _, p := range got.Places {
		set(fmt.Sprintf("%s %s %q %s %s direct", p.Asset, p.Category, p.Name, p.Address.Chain, p.Address.Address), p.Direct)
		set(fmt.Sprintf("%s %s %q %s %s indirect", p.Asset, p.Category, p.Name, p.Address.Chain, p.Address.Address), p.Indirect)
	}
	return sums
}
