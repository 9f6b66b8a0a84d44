package taint_test

import (
	gocmp "cmp"
	"slices"
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

// withFee are outputs, the last of which is the fee.
func withFee(values ...int64) []taint.Output {
	var outs []taint.Output
	for i, v := range values {
		outs = append(outs, taint.Output{Value: amount(v), Fee: i == len(values)-1})
	}
	return outs
}

func flow(in, out int, offset, value int64) taint.Flow {
	return taint.Flow{Input: in, Output: out, Span: taint.Span{Offset: amount(offset), Value: amount(value)}}
}

func TestRulesOnExamples(t *testing.T) {
	outs := withFee(4, 3, 1)
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
		// The line is cut from the back: 4 for output 0, then 3, and the first unit is the fee.
		{"last in goes to the first out", "lifo", []taint.Input{clean(5), whole(3)}, []taint.Flow{flow(1, 0, 1, 3)}},
		{"first in goes to the fee", "lifo", []taint.Input{whole(3), clean(5)}, []taint.Flow{flow(0, 1, 0, 2), flow(0, 2, 0, 1)}},
		{"a span in the middle, from the back", "lifo", []taint.Input{{Value: amount(8), Traced: []taint.Span{{Offset: amount(3), Value: amount(2)}}}}, []taint.Flow{flow(0, 0, 0, 1), flow(0, 1, 2, 1)}},
		{"the largest first", "tiho", []taint.Input{clean(2), whole(5), whole(1)}, []taint.Flow{flow(1, 0, 0, 4), flow(1, 1, 0, 1), flow(2, 1, 1, 1)}},
		{"the first outputs first", "dirty-first", []taint.Input{whole(5), clean(3)}, []taint.Flow{flow(0, 0, 0, 4), flow(0, 1, 0, 1)}},
		{"the fee after all outputs", "dirty-first", []taint.Input{whole(8)}, []taint.Flow{flow(0, 0, 0, 4), flow(0, 1, 0, 3), flow(0, 2, 0, 1)}},
		// 5 of 8 are clean: output 0 takes 4 of them, output 1 the last one.
		{"what is clean first", "clean-first", []taint.Input{whole(3), clean(5)}, []taint.Flow{flow(0, 1, 0, 2), flow(0, 2, 0, 1)}},
		{"clean value pays all but the fee", "clean-first", []taint.Input{clean(7), whole(1)}, []taint.Flow{flow(1, 2, 0, 1)}},
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

// TestTIHOOrder: by size, the earlier first among equals, and the fee last
// however large it is. What is traced already of an output changes no size.
func TestTIHOOrder(t *testing.T) {
	for _, c := range []struct {
		name   string
		traced int64
		outs   []taint.Output
		want   []taint.Flow
	}{
		{"a later output is larger", 6, withFee(1, 5, 4, 0), []taint.Flow{flow(0, 1, 0, 5), flow(0, 2, 0, 1)}},
		{"equal ones", 6, withFee(4, 4, 2), []taint.Flow{flow(0, 0, 0, 4), flow(0, 1, 0, 2)}},
		{"a large fee", 2, withFee(1, 1, 8), []taint.Flow{flow(0, 0, 0, 1), flow(0, 1, 0, 1)}},
		{"a fee in the midst", 3, []taint.Output{{Value: amount(6), Fee: true}, {Value: amount(1)}, {Value: amount(3)}}, []taint.Flow{flow(0, 2, 0, 3)}},
		{"a part is traced already", 3, []taint.Output{{Value: amount(6), Traced: amount(5)}, {Value: amount(4)}}, []taint.Flow{flow(0, 0, 0, 1), flow(0, 1, 0, 2)}},
	} {
		ins := []taint.Input{{Value: amount(10), Traced: []taint.Span{{Value: amount(c.traced)}}}}
		if diff := cmp.Diff(c.want, taint.TIHO(ins, c.outs)); diff != "" {
			t.Errorf("%s:\n%s", c.name, diff)
		}
	}
}

// TestSplit: 10 units of an account, of which 4 in the midst are traced, pay.
func TestSplit(t *testing.T) {
	span := func(offset, value int64) []taint.Span {
		return []taint.Span{{Offset: amount(offset), Value: amount(value)}}
	}
	balance := taint.Input{Value: amount(10), Traced: span(2, 4)}
	for _, c := range []struct {
		rule          string
		payment       int64
		leaves, stays []taint.Span
	}{
		{"fifo", 3, span(2, 1), span(0, 3)},
		{"lifo", 3, nil, span(2, 4)},
		{"lifo", 6, span(0, 2), span(2, 2)},    // units 4 to 9
		{"haircut", 3, span(0, 1), span(0, 3)}, // 1.2 and 2.8
		{"tiho", 3, span(0, 1), span(0, 3)},
		{"tiho", 8, span(0, 3), span(0, 1)}, // 3.2 and 0.8
		{"dirty-first", 3, span(0, 3), span(0, 1)},
		{"dirty-first", 8, span(0, 4), nil},
		{"clean-first", 6, nil, span(0, 4)},
		{"clean-first", 8, span(0, 2), span(0, 2)}, // 8-(10-4)
		{"clean-first", 10, span(0, 4), nil},
		{"poison", 3, span(0, 3), span(0, 7)},
	} {
		rule, _ := taint.RuleByName(c.rule)
		leaves, stays := rule.Split(balance, amount(c.payment))
		if diff := cmp.Diff([][]taint.Span{c.leaves, c.stays}, [][]taint.Span{leaves, stays}); diff != "" {
			t.Errorf("%s pays %d:\n%s", c.rule, c.payment, diff)
		}
	}
}

// transaction draws inputs with traced spans, and outputs that hold as much.
func transaction(t *rapid.T) (ins []taint.Input, outs []taint.Output) {
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
		outs, left = append(outs, taint.Output{Value: out}), left.Sub(out)
	}
	return ins, append(outs, taint.Output{Value: left, Fee: true})
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
					if f.Span.Value.Sign() <= 0 || f.Span.Offset.Sign() < 0 || f.Span.Offset.Add(f.Span.Value).Cmp(outs[f.Output].Value) > 0 {
						t.Fatalf("flow %+v leaves its output of %s", f, outs[f.Output].Value)
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

// byOutput sums what a rule traces of each output.
func byOutput(rule taint.Rule, ins []taint.Input, outs []taint.Output) []chains.Amount {
	sums := make([]chains.Amount, len(outs))
	for _, f := range rule.Allocate(ins, outs) {
		sums[f.Output] = sums[f.Output].Add(f.Span.Value)
	}
	return sums
}

// TestFirstOutputs: no conserving rule gives the first outputs, however many,
// more than dirty-first or less than clean-first.
func TestFirstOutputs(t *testing.T) {
	dirty, _ := taint.RuleByName("dirty-first")
	clean, _ := taint.RuleByName("clean-first")
	rapid.Check(t, func(t *rapid.T) {
		ins, outs := transaction(t)
		most, least := byOutput(dirty, ins, outs), byOutput(clean, ins, outs)
		for _, rule := range taint.Rules() {
			if !rule.Conserves {
				continue
			}
			given := byOutput(rule, ins, outs)
			for n := range outs {
				sum := chains.Sum(given[:n+1]...)
				if sum.Cmp(chains.Sum(most[:n+1]...)) > 0 || sum.Cmp(chains.Sum(least[:n+1]...)) < 0 {
					t.Fatalf("%s gives the first %d outputs %s, dirty-first %v, clean-first %v", rule.Name, n+1, sum, most, least)
				}
			}
		}
	})
}

// TestSplitBounds: of any payment out of any balance, each rule takes no less
// than clean-first and, but for poison, no more than dirty-first; nothing is lost.
func TestSplitBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ins, outs := transaction(t)
		balance, payment := ins[0], outs[0].Value.Min(ins[0].Value)
		traced := taint.Sum(balance.Traced)
		most := traced.Min(payment)
		least := payment.Sub(balance.Value.Sub(traced))
		if least.Sign() < 0 {
			least = chains.Amount{}
		}
		for _, rule := range taint.Rules() {
			leaves, stays := rule.Split(balance, payment)
			n := taint.Sum(leaves)
			if n.Cmp(least) < 0 || rule.Conserves && (n.Cmp(most) > 0 || !n.Add(taint.Sum(stays)).Equal(traced)) {
				t.Fatalf("%s pays %v of %+v with %v, keeps %v", rule.Name, payment, balance, leaves, stays)
			}
			if rule.Name == "dirty-first" && !n.Equal(most) || rule.Name == "clean-first" && !n.Equal(least) {
				t.Fatalf("%s pays %s, bounds are %s and %s", rule.Name, n, least, most)
			}
		}
	})
}

// TestLIFOMirrorsFIFO: what fifo gives the outputs read backwards, lifo gives them.
func TestLIFOMirrorsFIFO(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ins, outs := transaction(t)
		spans := func(flows []taint.Flow, output int) (of []taint.Span) {
			for _, f := range flows {
				if f.Output == output {
					of = append(of, f.Span)
				}
			}
			return of
		}
		last := taint.LIFO(ins, outs)
		if !slices.IsSortedFunc(last, func(a, b taint.Flow) int { return gocmp.Compare(a.Output, b.Output) }) {
			t.Fatalf("flows are out of order: %v", last)
		}
		slices.Reverse(outs)
		first := taint.FIFO(ins, outs)
		for o := range outs {
			if diff := cmp.Diff(spans(first, o), spans(last, len(outs)-1-o)); diff != "" {
				t.Fatal(diff)
			}
		}
	})
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
