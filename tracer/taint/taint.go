// Package taint holds the allocation rules: given which part of a transaction's
// inputs is traced, each says which part of its outputs is. The rules are pure.
//
// Courts have traced through mixed accounts by rules like fifo, haircut, dirty-first
// and clean-first; lifo and tiho are conventions of software, and poison bounds the
// others from above. What a court said is about one account over time: that a
// transaction's outputs are taken in their order is everywhere a convention.
package taint

import (
	"cmp"
	"slices"

	"tsuiseki/chains"
)

// Span is a stretch of a place's value, [Offset, Offset+Value) in base units.
// Where in a value the traced part lies matters to ordered rules alone.
type Span struct{ Offset, Value chains.Amount }

// Input is one input's whole value and its traced spans, disjoint and in order.
type Input struct {
	Value  chains.Amount
	Traced []Span
}

// Output is a value that inputs pay. Where a transaction is taken in several
// rounds, Traced is what earlier ones traced of it: rules that are not ordered
// leave that alone, ordered ones go by where it lies.
type Output struct {
	Value, Traced chains.Amount
	Fee           bool // paid to whoever produced the block
}

// room is what may still be traced of an output.
func (o Output) room() chains.Amount { return o.Value.Sub(o.Traced) }

// Outputs are outputs of which nothing is traced yet.
func Outputs(values ...chains.Amount) []Output {
	outs := make([]Output, len(values))
	for i, v := range values {
		outs[i].Value = v
	}
	return outs
}

// Flow is a traced stretch that moves from an input into an output, where it
// occupies the span.
type Flow struct {
	Input, Output int
	Span          Span
}

// Rule allocates one deposit's traced value. The outputs hold together what the
// inputs hold. They are, of a transaction with outputs, these and then the fee;
// of an account within a transaction, what it pays, in order, and what it gains,
// where the inputs are what it gives of its own and what it is paid; and of an
// account's balance, oldest units first, a payment and what stays.
type Rule struct {
	Name string
	// Conserves: traced out equals traced in. Else the result is an upper bound.
	Conserves bool
	// Ordered: it matters where in a value the traced part lies. Else a place's
	// spans stand for their sum alone.
	Ordered bool
	// Allocate gives flows ordered by output, then by offset.
	Allocate func(ins []Input, outs []Output) []Flow
	// split is Allocate for a balance, where a rule has to say something else of it.
	split func(balance Input, outs []Output) []Flow
}

// Split takes a payment out of a balance, and tells which parts of the payment
// and of what stays are traced.
func (r Rule) Split(balance Input, payment chains.Amount) (leaves, stays []Span) {
	outs := Outputs(payment, balance.Value.Sub(payment))
	var flows []Flow
	if r.split != nil {
		flows = r.split(balance, outs)
	} else {
		flows = r.Allocate([]Input{balance}, outs)
	}
	for _, f := range flows {
		if f.Output == 0 {
			leaves = append(leaves, f.Span)
		} else {
			stays = append(stays, f.Span)
		}
	}
	return leaves, stays
}

// Rules are all allocation rules, in the order in which they are told of.
func Rules() []Rule {
	return []Rule{
		{Name: "fifo", Conserves: true, Ordered: true, Allocate: FIFO},
		{Name: "lifo", Conserves: true, Ordered: true, Allocate: LIFO},
		{Name: "haircut", Conserves: true, Allocate: Haircut},
		{Name: "tiho", Conserves: true, Allocate: TIHO, split: tihoSplit},
		{Name: "dirty-first", Conserves: true, Allocate: DirtyFirst},
		{Name: "clean-first", Conserves: true, Allocate: CleanFirst},
		{Name: "poison", Conserves: false, Allocate: Poison},
	}
}

// RuleByName finds a rule.
func RuleByName(name string) (Rule, bool) {
	rules := Rules()
	i := slices.IndexFunc(rules, func(r Rule) bool { return r.Name == name })
	if i < 0 {
		return Rule{}, false
	}
	return rules[i], true
}

// Sum is the value of the spans together.
func Sum(spans []Span) chains.Amount {
	var total chains.Amount
	for _, s := range spans {
		total = total.Add(s.Value)
	}
	return total
}

// Merge is the union of spans, in order, with what touches joined.
func Merge(spans []Span) []Span {
	spans = slices.Clone(spans)
	slices.SortFunc(spans, func(a, b Span) int {
		return cmp.Or(a.Offset.Cmp(b.Offset), a.Value.Cmp(b.Value))
	})
	var merged []Span
	for _, s := range spans {
		if last := len(merged) - 1; last >= 0 && s.Offset.Cmp(merged[last].end()) <= 0 {
			if s.end().Cmp(merged[last].end()) > 0 {
				merged[last].Value = s.end().Sub(merged[last].Offset)
			}
			continue
		}
		merged = append(merged, s)
	}
	return merged
}

// Scale maps spans of a whole onto a whole of another size, rounding borders
// down: what covers all of the one covers all of the other.
func Scale(spans []Span, from, to chains.Amount) []Span {
	var scaled []Span
	for _, s := range spans {
		start, _ := s.Offset.MulDiv(to, from)
		end, _ := s.end().MulDiv(to, from)
		if value := end.Sub(start); value.Sign() > 0 {
			scaled = append(scaled, Span{Offset: start, Value: value})
		}
	}
	return scaled
}

// Subtract is what of the spans no other span covers. Both are in order and disjoint.
func Subtract(spans, others []Span) []Span {
	var left []Span
	for _, s := range spans {
		for _, o := range others {
			if o.end().Cmp(s.Offset) <= 0 || o.Offset.Cmp(s.end()) >= 0 {
				continue
			}
			if front := o.Offset.Sub(s.Offset); front.Sign() > 0 {
				left = append(left, Span{Offset: s.Offset, Value: front})
			}
			behind := s.end().Sub(o.end())
			s = Span{Offset: o.end(), Value: behind}
			if behind.Sign() <= 0 {
				break
			}
		}
		if s.Value.Sign() > 0 {
			left = append(left, s)
		}
	}
	return left
}

// Shift moves spans behind what already lies in a place.
func Shift(spans []Span, by chains.Amount) []Span {
	shifted := make([]Span, len(spans))
	for i, s := range spans {
		shifted[i] = Span{Offset: s.Offset.Add(by), Value: s.Value}
	}
	return shifted
}

func (s Span) end() chains.Amount { return s.Offset.Add(s.Value) }
