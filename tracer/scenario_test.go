package tracer_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"pgregory.net/rapid"

	"tsuiseki/chains"
	"tsuiseki/chains/index"
	"tsuiseki/fixtures"
	"tsuiseki/tracer"
)

// runningTest is a *testing.T or a *rapid.T.
type runningTest interface {
	Fatal(args ...any)
	Error(args ...any)
	Cleanup(f func())
	Context() context.Context
}

func drawFrom(t *rapid.T) fixtures.Draw {
	return func(label string, lo, hi int) int { return rapid.IntRange(lo, hi).Draw(t, label) }
}

// scenario is a random chain with deposits and settings to trace them by.
type scenario struct {
	chain    *fixtures.Chain
	src      *fixtures.Source
	asOf     uint64
	deposits []place
	params   tracer.Params
}

// place is an output by its transaction's position.
type place struct {
	at    chains.Position
	index uint32
}

func drawScenario(t *rapid.T, rule string) scenario {
	draw := drawFrom(t)
	s := scenario{chain: fixtures.NewChain(), params: drawParams(t, rule)}
	s.chain.Extend(draw, draw("blocks", 3, 14))
	s.src = openSource(t, s.chain)
	s.asOf = uint64(draw("as of", s.chain.Height()/2, s.chain.Height()))
	s.deposits = drawDeposits(t, s.src, 1, s.asOf)
	return s
}

// drawDeposits picks outputs that hold value between two heights.
func drawDeposits(t *rapid.T, src *fixtures.Source, from, to uint64) []place {
	var all []place
	for _, block := range src.Decoded[from : to+1] {
		for i := range block.Txs {
			for n, out := range block.Txs[i].Outputs {
				if out.Value.Sign() > 0 {
					all = append(all, place{block.Txs[i].Position(), uint32(n)})
				}
			}
		}
	}
	return rapid.SliceOfNDistinct(rapid.SampledFrom(all), 1, min(4, len(all)), rapid.ID[place]).Draw(t, "deposits")
}

// drawParams draws limits; most are off.
func drawParams(t *rapid.T, rule string) tracer.Params {
	draw := drawFrom(t)
	limit := func(label string, hi int) int { return draw(label, 1, hi) * (draw(label+" on", 0, 3) / 3) }
	p := tracer.Params{
		Rule:      rule,
		MaxHops:   limit("max hops", 4),
		MinAmount: chains.NewAmount(int64(limit("min amount", 20))),
		HubDegree: limit("hub degree", 12),
		Budget:    limit("budget", 5),
	}
	if minutes := limit("until", 300); minutes > 0 {
		genesis := fixtures.NewChain().Time()
		p.Until = genesis.Add(time.Duration(minutes) * time.Minute).UTC()
	}
	if draw("through CoinJoins", 0, 3) == 0 {
		p.Without = []string{"coinjoin"}
	}
	return p
}

func openSource(t runningTest, c *fixtures.Chain) *fixtures.Source {
	src, err := c.Source(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { src.Close() })
	return src
}

// openIndex makes an index of a source that the caller may sync.
func openIndex(t runningTest, src *fixtures.Source, batchBytes int) *index.Index {
	network := src.Network()
	x, err := index.Open(index.Options{Dir: "index", Chain: src.Chain(), Scripts: &network, Memory: true, BatchBytes: batchBytes})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := x.Close(); err != nil {
			t.Error(err)
		}
	})
	return x
}

func sync(t runningTest, x *index.Index, src chains.UTXOSource, from uint64) {
	if _, err := x.Sync(t.Context(), src, index.SyncOptions{From: from}); err != nil {
		t.Fatal(err)
	}
}

// view opens the index as of a height until the test ends.
func view(t runningTest, x *index.Index, asOf uint64) *index.View {
	v, err := x.View(t.Context(), &asOf)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { v.Close() })
	return v
}

// trace traces places; each deposit's id is its position.
func trace(t *rapid.T, v *index.View, places []place, params tracer.Params) *tracer.Result {
	var deposits []tracer.Deposit
	for _, p := range places {
		tx, err := v.TxAt(p.at)
		if err != nil {
			t.Fatal(err)
		}
		deposits = append(deposits, tracer.Deposit{ID: p.String(), Tx: tx, Output: p.index})
	}
	result, err := tracer.Trace(t.Context(), v, "BTC", deposits, params)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func (p place) String() string { return fmt.Sprintf("%s:%d", p.at, p.index) }

func document(t *rapid.T, r *tracer.Result) string {
	text, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// run traces the scenario on an index of its own.
func (s scenario) run(t *rapid.T) *tracer.Result {
	x := openIndex(t, s.src, 0)
	sync(t, x, s.src, 0)
	return trace(t, view(t, x, s.asOf), s.deposits, s.params)
}

// forDeposit are the lines of a result that concern one deposit.
func forDeposit(t *rapid.T, r *tracer.Result, id string) string {
	lines := &tracer.Result{
		Hops: slices.DeleteFunc(slices.Clone(r.Hops), func(h tracer.Hop) bool { return h.Deposit != id }),
		Ends: slices.DeleteFunc(slices.Clone(r.Ends), func(e tracer.End) bool { return e.Deposit != id }),

		Leads: slices.DeleteFunc(slices.Clone(r.Leads), func(l tracer.Lead) bool { return l.Deposit != id }),
	}
	return document(t, lines)
}
