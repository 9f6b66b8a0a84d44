package tracer

import (
	"cmp"
	"slices"

	"tsuiseki/tracer/cluster"
)

// applied are heuristics that are not switched off. Whoever takes the ids from a
// person refuses unknown ones: they change nothing.
func applied(without []string, all ...cluster.Heuristic) (on []HeuristicDoc) {
	for _, h := range all {
		if !slices.Contains(without, h.ID) {
			on = append(on, HeuristicDoc{Heuristic: h.ID, Version: h.Version})
		}
	}
	return on
}

// sortedIDs are ids in order, each once: how they were given must not matter.
func sortedIDs(ids []string) []string { return slices.Compact(slices.Sorted(slices.Values(ids))) }

// uniteHeuristics are those of several chains, each once, by id.
func uniteHeuristics(a, b []HeuristicDoc) []HeuristicDoc {
	all := slices.Concat(a, b)
	slices.SortStableFunc(all, func(a, b HeuristicDoc) int { return cmp.Compare(a.Heuristic, b.Heuristic) })
	return slices.CompactFunc(all, func(a, b HeuristicDoc) bool { return a.Heuristic == b.Heuristic })
}
