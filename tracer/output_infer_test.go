package tracer_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"tsuiseki/chains"
	"tsuiseki/chains/index"
	"tsuiseki/tracer"
	"tsuiseki/tracer/taint"
)

// inferringView knows one address by a heuristic.
type inferringView struct {
	*index.View
	address chains.Address
	doubt   bool
}

func (v inferringView) Infer(address chains.Address) (tracer.Inference, error) {
	switch {
	case address != v.address:
		return tracer.Inference{}, nil
	case v.doubt:
		return tracer.Inference{What: "what it is", Doubt: "nobody knows"}, nil
	}
	return tracer.Inference{Stop: tracer.Stop{Kind: tracer.EndExchange, Label: "an exchange", Detail: "by heuristic"}}, nil
}

// TestOutputInference: on a chain of outputs trails end at what heuristics know, but
// for hubs; all that was paid is accounted for, deposit by deposit as if alone.
func TestOutputInference(t *testing.T) {
	ended := 0
	forEachRule(t, func(t *rapid.T, rule taint.Rule) {
		s := drawScenario(t, rule.Name)
		x := openIndex(t, s.src, 0)
		sync(t, x, s.src, 0)
		v := view(t, x, s.asOf)
		plain := trace(t, v, s.deposits, s.params)
		known := inferringView{View: v, doubt: drawFrom(t)("doubt", 0, 4) == 0}
		for _, h := range plain.Hops { // one that value passes
			if known.address == "" || drawFrom(t)("another", 0, 1) == 1 {
				known.address = h.To.Address
			}
		}
		run := func(places ...place) *tracer.Result {
			var deposits []tracer.Deposit
			for _, p := range places {
				tx, err := v.TxAt(p.at)
				if err != nil {
					t.Fatal(err)
				}
				deposits = append(deposits, tracer.Deposit{ID: p.String(), Tx: tx, Output: p.index})
			}
			r, err := tracer.Trace(t.Context(), known, "BTC", deposits, s.params)
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
		r := run(s.deposits...)
		for _, total := range r.Totals {
			if out := chains.Sum(total.Ends, total.Fees, total.Unresolved); rule.Conserves && !total.In.Equal(out) {
				t.Fatalf("%+v", total)
			}
		}
		named := slices.ContainsFunc(r.Missing, func(m tracer.Missing) bool { return m.What == "what it is" })
		for _, e := range r.Ends {
			if e.Kind != tracer.EndExchange {
				continue
			}
			ended++
			if known.doubt || e.Address != known.address || e.Label == nil {
				t.Fatalf("end %+v", e)
			}
		}
		for _, h := range r.Hops {
			if h.From.Address == known.address && s.params.HubDegree == 0 && !known.doubt {
				t.Fatalf("%s was to end trails: %+v", known.address, h)
			}
			if h.To.Address == known.address && known.doubt && s.params.HubDegree == 0 && !named {
				t.Fatal("the doubt is not told")
			}
		}
		for _, p := range s.deposits {
			if a, b := forDeposit(t, run(p), p.String()), forDeposit(t, r, p.String()); a != b {
				t.Fatalf("alone\n%s\nwith others\n%s", a, b)
			}
		}
	})
	if ended == 0 {
		t.Error("no trail ended by a heuristic")
	}
}
