package tracer_test

import (
	"cmp"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"tsuiseki/chains"
	"tsuiseki/tracer"
	"tsuiseki/tracer/taint"
)

// TestAddHeights: ranges say each height that was added, and no other; none
// overlaps or touches the next.
func TestAddHeights(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const top = 20
		base := rapid.SampledFrom([]uint64{0, 1000, math.MaxUint64 - top}).Draw(t, "base")
		var ranges []chains.Heights
		held := [top + 1]bool{}
		for range rapid.IntRange(0, 8).Draw(t, "n") {
			from := rapid.IntRange(0, top).Draw(t, "from")
			to := rapid.IntRange(from, min(top, from+6)).Draw(t, "to")
			ranges = tracer.AddHeights(ranges, chains.Heights{From: base + uint64(from), To: base + uint64(to)})
			for i := from; i <= to; i++ {
				held[i] = true
			}
		}
		for i := range held {
			h := base + uint64(i)
			if said := slices.ContainsFunc(ranges, func(r chains.Heights) bool { return r.From <= h && h <= r.To }); said != held[i] {
				t.Fatalf("height %d: %v, want %v: %v", h, said, held[i], ranges)
			}
		}
		for i, r := range ranges {
			if r.From > r.To || i > 0 && (ranges[i-1].To >= r.From || ranges[i-1].To+1 == r.From) {
				t.Fatalf("%v", ranges)
			}
		}
	})
}

// TestMissingIsToldOnce: of each lack every height is told once, in order, in as few
// ranges as can be, and what is said not to be held is not.
func TestMissingIsToldOnce(t *testing.T) {
	forEachAccountRule(t, func(t *rapid.T, rule taint.Rule) {
		h := drawHistory(t, rule.Name)
		ledger := drawGaps(t, &h)
		result := traceAccounts(t, ledger, h.deposits, h.params)
		checkMissing(t, result.Missing)
		for _, m := range result.Missing {
			part := chains.Part(m.What)
			if !slices.Contains(chains.Parts(), part) {
				continue
			}
			from, to := rangeOf(t, m)
			if lacking, _ := ledger.Missing(part, from, to); len(lacking) != 1 || lacking[0] != (chains.Heights{From: from, To: to}) {
				t.Fatalf("%+v, but of these are held all but %v", m, lacking)
			}
		}
		var alone []*tracer.Result
		for _, d := range h.deposits {
			alone = append(alone, traceAccounts(t, ledger, []transferPlace{d}, h.params))
		}
		if joined := tracer.MissingOf(alone); !slices.Equal(joined, result.Missing) {
			t.Fatalf("the deposits alone lack %+v\ntogether %+v", joined, result.Missing)
		}
	})
}

func checkMissing(t *rapid.T, missing []tracer.Missing) {
	type lack struct{ what, reason string }
	last := map[lack]uint64{}
	before := uint64(0)
	for _, m := range missing {
		from, to := rangeOf(t, m)
		if end, again := last[lack{m.What, m.Reason}]; again && from <= end+1 {
			t.Fatalf("%+v is told before: %+v", m, missing)
		}
		if cmp.Compare(before, from) > 0 {
			t.Fatalf("%+v stands too late: %+v", m, missing)
		}
		last[lack{m.What, m.Reason}], before = to, from
	}
}
