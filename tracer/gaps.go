package tracer

import (
	"fmt"
	"slices"
	"strings"

	"tsuiseki/chains"
)

// gaps remembers which heights lack which parts: every place of a trace asks.
type gaps struct {
	missing  func(part chains.Part, from, to uint64) ([]chains.Heights, error)
	snapshot chains.Snapshot
	known    map[chains.Part][]chains.Heights // in order
}

func newGaps(snapshot chains.Snapshot, missing func(part chains.Part, from, to uint64) ([]chains.Heights, error)) *gaps {
	return &gaps{missing: missing, snapshot: snapshot, known: map[chains.Part][]chains.Heights{}}
}

// between lists the heights between two, both included, of which a part is not held.
func (g *gaps) between(part chains.Part, from, to uint64) ([]chains.Heights, error) {
	all, asked := g.known[part]
	if !asked {
		var err error
		if all, err = g.missing(part, g.snapshot.From, g.snapshot.Height); err != nil {
			return nil, err
		}
		g.known[part] = all
	}
	first, _ := slices.BinarySearchFunc(all, from, func(h chains.Heights, from uint64) int {
		if h.To < from {
			return -1
		}
		return 1
	})
	var clipped []chains.Heights
	for _, h := range all[first:] {
		if h.From > to {
			break
		}
		clipped = append(clipped, chains.Heights{From: max(h.From, from), To: min(h.To, to)})
	}
	return clipped, nil
}

func heights(from, to uint64) string { return fmt.Sprintf("%d-%d", from, to) }

func listHeights(ranges []chains.Heights) string {
	const most = 3
	var list []string
	for _, r := range ranges[:min(most, len(ranges))] {
		list = append(list, heights(r.From, r.To))
	}
	if len(ranges) > most {
		list = append(list, fmt.Sprintf("and %d more ranges", len(ranges)-most))
	}
	return strings.Join(list, ", ")
}
