// Package taint holds the allocation rules: given which part of a transaction's
// inputs is traced, each says which part of its outputs is. The rules are pure.
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

// Flow is a traced stretch that moves from an input into an output, where it
// occupies the span.
type Flow struct {
	Input, Output int
	Span          Span
}

// Rule allocates one deposit's traced value within one transaction. The last of
// outs is the fee; together they hold what the inputs hold.
type Rule struct {
	Name string
	// Conserves: traced out equals traced in. Else the result is an upper bound.
	Conserves bool
	// Allocate gives flows ordered by output, then by offset.
	Allocate func(ins []Input, outs []chains.Amount) []Flow
}

// Rules are all allocation rules.
func Rules() []Rule {
	return []Rule{
		{Name: "fifo", Conserves: true, Allocate: FIFO},
		{Name: "haircut", Conserves: true, Allocate: Haircut},
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

func (s Span) end() chains.Amount { return s.Offset.Add(s.Value) }
