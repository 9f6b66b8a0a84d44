package graphtest

import (
	"context"
	"testing"

	"tsuiseki/chains"
	"tsuiseki/graph"
)

// BenchmarkExposure loads a store with transfers, and asks it what random accounts
// are exposed to within six of them. Half of the hubs have names, and of the other
// accounts one in a thousand.
func BenchmarkExposure(b *testing.B, store graph.Store, transfers int) {
	ctx := context.Background()
	e := NewEconomy(1, transfers)
	took, err := e.Load(ctx, store, 5_000)
	if err != nil {
		b.Fatal(err)
	}
	b.Logf("loaded %d transfers, %.0f a second", transfers, float64(transfers)/took.Seconds())
	places := map[chains.Address]graph.Place{}
	for n := range e.Accounts {
		if n < economyHubs/2 || n%1_000 == 0 {
			places[e.name(n)] = graph.Place{Category: "exchange", Name: string(e.name(n))}
		}
	}
	for _, direction := range []graph.Direction{graph.Out, graph.In} {
		b.Run(string(direction), func(b *testing.B) {
			answers, asked, looked := map[graph.Answer]int{}, 0, 0
			timed(b, func(int) func() {
				of := e.Account()
				return func() {
					got, err := graph.Exposure(ctx, store, map[chains.Chain]graph.Chain{chains.Ethereum: e}, graph.ExposureQuery{
						Of: []graph.Address{of}, Direction: direction, MaxHops: 6, HubDegree: 1_000, Work: 200_000,
						Named: func(a graph.Address) (graph.Place, bool, error) {
							place, named := places[a.Address]
							return place, named, nil
						},
					})
					if err != nil {
						b.Fatal(err)
					}
					answers[got.Answer]++
					asked++
					looked += got.Explored.Transfers
				}
			})
			b.ReportMetric(float64(answers[graph.Found])/float64(asked), "found")
			b.ReportMetric(float64(looked)/float64(asked), "transfers")
		})
	}
}
