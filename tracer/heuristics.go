package tracer

import (
	"fmt"
	"slices"
	"strings"

	"tsuiseki/tracer/cluster"
)

// applied are the heuristics of a trace that are not switched off. An id that none
// of them has is refused: a misspelt one would change nothing, silently.
func applied(without []string, all ...cluster.Heuristic) (on []HeuristicDoc, err error) {
	var ids []string
	for _, h := range all {
		ids = append(ids, h.ID)
		if !slices.Contains(without, h.ID) {
			on = append(on, HeuristicDoc{Heuristic: h.ID, Version: h.Version})
		}
	}
	for _, id := range without {
		if !slices.Contains(ids, id) {
			return nil, fmt.Errorf("no heuristic %q ends trails on this chain: there are %s", id, strings.Join(ids, ", "))
		}
	}
	return on, nil
}

// sortedIDs are ids in order, each once: how they were given must not matter.
func sortedIDs(ids []string) []string { return slices.Compact(slices.Sorted(slices.Values(ids))) }
