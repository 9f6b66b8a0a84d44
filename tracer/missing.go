package tracer

import (
	"cmp"
	"slices"

	"tsuiseki/chains"
)

// Missing is something that the trace needed of a range of heights, both included,
// and did not have. Ranges of the same lack neither overlap nor touch.
type Missing struct {
	Chain  chains.Chain `json:"chain"`
	What   string       `json:"what"`
	Range  string       `json:"range"`
	Reason string       `json:"reason"`

	heights chains.Heights
}

// NewMissing says that something of a range of heights is missing, and why.
func NewMissing(chain chains.Chain, what string, h chains.Heights, reason string) Missing {
	return Missing{chain, what, heights(h.From, h.To), reason, h}
}

// lack is what is missing and why, wherever that is.
type lack struct {
	chain        chains.Chain
	what, reason string
}

// lacks are the heights of each lack: every place of a trace names those of its
// own time, and they overlap.
type lacks map[lack][]chains.Heights

func (l lacks) add(of lack, h chains.Heights) { l[of] = addHeights(l[of], h) }

// list is what is missing, by height.
func (l lacks) list() []Missing {
	found := []Missing{}
	for of, ranges := range l {
		for _, h := range ranges {
			found = append(found, NewMissing(of.chain, of.what, h, of.reason))
		}
	}
	slices.SortFunc(found, func(a, b Missing) int {
		return cmp.Or(cmp.Compare(a.heights.From, b.heights.From), cmp.Compare(a.heights.To, b.heights.To),
			cmp.Compare(a.Chain, b.Chain), cmp.Compare(a.What, b.What), cmp.Compare(a.Reason, b.Reason))
	})
	return found
}

// addHeights adds a range to ranges in order that neither overlap nor touch.
func addHeights(ranges []chains.Heights, h chains.Heights) []chains.Heights {
	first, _ := slices.BinarySearchFunc(ranges, h.From, func(r chains.Heights, from uint64) int {
		if r.To < from && r.To+1 < from {
			return -1
		}
		return 1
	})
	last := first
	for last < len(ranges) && (ranges[last].From <= h.To || ranges[last].From-1 == h.To) {
		h.From, h.To = min(h.From, ranges[last].From), max(h.To, ranges[last].To)
		last++
	}
	return slices.Replace(ranges, first, last, h)
}

// MissingOf is what any of several traces lacks.
func MissingOf(traces []*Result) []Missing {
	all := lacks{}
	for _, r := range traces {
		for _, m := range r.Missing {
			all.add(lack{m.Chain, m.What, m.Reason}, m.heights)
		}
	}
	return all.list()
}
