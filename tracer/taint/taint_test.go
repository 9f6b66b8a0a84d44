package taint_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tsuiseki/chains"
	"tsuiseki/tracer/taint"
)

func amount(n int64) chains.Amount { return chains.NewAmount(n) }

// whole is an input that is traced from end to end, clean one that is not at all.
func whole(n int64) taint.Input {
	return taint.Input{Value: amount(n), Traced: []taint.Span{{Value: amount(n)}}}
}

func clean(n int64) taint.Input { return taint.Input{Value: amount(n)} }

func flow(in, out int, offset, value int64) taint.Flow {
	return taint.Flow{Input: in, Output: out, Span: taint.Span{Offset: amount(offset), Value: amount(value)}}
}

func TestRulesOnExamples(t *testing.T) {
	outs := []chains.Amount{amount(4), amount(3), amount(1)} // the last is the fee
	for _, c := range []struct {
		name string
		rule string
		ins  []taint.Input
		want []taint.Flow
	}{
		{"first in goes to the first out", "fifo", []taint.Input{whole(3), clean(5)}, []taint.Flow{flow(0, 0, 0, 3)}},
		{"last in goes to the fee", "fifo", []taint.Input{clean(5), whole(3)}, []taint.Flow{flow(1, 1, 1, 2), flow(1, 2, 0, 1)}},
		{"a span in the middle", "fifo", []taint.Input{{Value: amount(8), Traced: []taint.Span{{Offset: amount(3), Value: amount(2)}}}}, []taint.Flow{flow(0, 0, 3, 1), flow(0, 1, 0, 1)}},
		// 3·4/8 = 1 r 4, 3·3/8 = 1 r 1, 3·1/8 = 0 r 3: the third unit goes to output 0.
		{"shares by largest remainder", "haircut", []taint.Input{whole(3), clean(5)}, []taint.Flow{flow(0, 0, 0, 2), flow(0, 1, 0, 1)}},
		{"two traced inputs share", "haircut", []taint.Input{whole(4), whole(4)}, []taint.Flow{flow(0, 0, 0, 2), flow(1, 0, 2, 2), flow(0, 1, 0, 2), flow(1, 1, 2, 1), flow(1, 2, 0, 1)}},
		{"any taint taints all", "poison", []taint.Input{clean(7), whole(1)}, []taint.Flow{flow(1, 0, 0, 4), flow(1, 1, 0, 3), flow(1, 2, 0, 1)}},
	} {
		rule, ok := taint.RuleByName(c.rule)
		if !ok {
			t.Fatalf("no rule %s", c.rule)
		}
		if diff := cmp.Diff(c.want, rule.Allocate(c.ins, outs)); diff != "" {
			t.Errorf("%s, %s:\n%s", c.rule, c.name, diff)
		}
	}
}

// transaction draws inputs with traced spans, and outputs that hold as much.
func transaction(t *rapid.T) (ins []taint.Input, outs []chains.Amount) {
	scale := rapid.SampledFrom([]string{"1", "7", "1000000007", "1000000000000000000000"}).Draw(t, "scale")
	unit, err := chains.ParseAmount(scale)
	if err != nil {
		t.Fatal(err)
	}
	some := func(name string) chains.Amount {
		n, _ := unit.MulDiv(amount(rapid.Int64Range(0, 1000).Draw(t, name)), amount(rapid.SampledFrom([]int64{1, 3}).Draw(t, "div")))
		return n
	}
	var total chains.Amount
	for range rapid.IntRange(1, 5).Draw(t, "inputs") {
		in := taint.Input{}
		for range rapid.IntRange(0, 3).Draw(t, "spans") {
			span := taint.Span{Offset: in.Value.Add(some("gap")), Value: some("traced").Add(amount(1))}
			in.Traced = append(in.Traced, span)
			in.Value = span.Offset.Add(span.Value)
		}
		in.Value = in.Value.Add(some("rest"))
		ins, total = append(ins, in), total.Add(in.Value)
	}
	left := total
	for range rapid.IntRange(0, 6).Draw(t, "outputs") {
		out := left.Min(some("output"))
		outs, left = append(outs, out), left.Sub(out)
	}
	return ins, append(outs, left)
}

// TestRulesConserve: every rule but poison hands on exactly what came in, no
// output gets more than it holds, and no two flows claim the same part of it.
func TestRulesConserve(t *testing.T) {
	for _, rule := range taint.Rules() {
		t.Run(rule.Name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				ins, outs := transaction(t)
				given, byInput := chains.Amount{}, make([]chains.Amount, len(ins))
				spans := make([][]taint.Span, len(outs))
				for _, f := range rule.Allocate(ins, outs) {
					given, byInput[f.Input] = given.Add(f.Span.Value), byInput[f.Input].Add(f.Span.Value)
					spans[f.Output] = append(spans[f.Output], f.Span)
					if f.Span.Value.Sign() <= 0 || f.Span.Offset.Sign() < 0 || f.Span.Offset.Add(f.Span.Value).Cmp(outs[f.Output]) > 0 {
						t.Fatalf("flow %+v leaves its output of %s", f, outs[f.Output])
					}
				}
				if !rule.Conserves {
					return
				}
				for i, in := range ins {
					if want := taint.Sum(in.Traced); !byInput[i].Equal(want) {
						t.Fatalf("input %d gives %s of its %s", i, byInput[i], want)
					}
				}
				for o, s := range spans {
					if merged := taint.Sum(taint.Merge(s)); !merged.Equal(taint.Sum(s)) {
						t.Fatalf("flows overlap in output %d: %v", o, s)
					}
				}
			})
		})
	}
}

// TestPoisonReachesAll: the upper bound covers what any other rule gives.
func TestPoisonReachesAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ins, outs := transaction(t)
		poisoned := map[int]bool{}
		for _, f := range taint.Poison(ins, outs) {
			poisoned[f.Output] = true
		}
		for _, rule := range taint.Rules() {
			for _, f := range rule.Allocate(ins, outs) {
				if !poisoned[f.Output] {
					t.Fatalf("%s reaches output %d, poison does not", rule.Name, f.Output)
				}
			}
		}
	})
}

func TestMerge(t *testing.T) {
	span := func(offset, value int64) taint.Span { return taint.Span{Offset: amount(offset), Value: amount(value)} }
	got := taint.Merge([]taint.Span{span(5, 2), span(0, 1), span(1, 1), span(6, 4), span(6, 1)})
	if diff := cmp.Diff([]taint.Span{span(0, 2), span(5, 5)}, got); diff != "" {
		t.Error(diff)
	}
}
