package label

import (
	"fmt"
	"strings"
	"time"

	"tsuiseki/chains"
	"tsuiseki/tracer"
)

// Stops says where trails on a chain end by attribution. That nobody has an
// address's key comes before any label; what else comes with the program, after.
type Stops struct {
	Chain chains.Chain
	Known Known
	View  *View
	// Clusters let labels that define clusters reach all addresses of theirs; nil
	// where they do not.
	Clusters Clusters
}

// Stop finds why a trail ends at an address at a time: by the best label that
// says what ends one.
func (s Stops) Stop(address chains.Address, at time.Time) (tracer.Stop, bool, error) {
	known, isKnown := s.Known.Of(address)
	if isKnown && known.Kind == tracer.EndBurn {
		return known.stop(), true, nil
	}
	entries, err := s.View.Of(s.Chain, string(address), at)
	if err != nil {
		return tracer.Stop{}, false, err
	}
	for i := range entries {
		if kind := entries[i].StopKind(); kind != "" {
			detail := []string{entries[i].Provenance()}
			conflicts, err := s.View.Conflicts(entries)
			for _, c := range conflicts {
				detail = append(detail, fmt.Sprintf("labels conflict on its %s: %s", c.About, strings.Join(c.Answers, ", ")))
			}
			return tracer.Stop{Kind: kind, Label: entries[i].Label.Label, Detail: strings.Join(detail, "; ")}, true, err
		}
	}
	if stop, reached, err := s.throughCluster(address, at); err != nil || reached {
		return stop, reached, err
	}
	if isKnown {
		return known.stop(), true, nil
	}
	return tracer.Stop{}, false, nil
}

func (a Attribution) stop() tracer.Stop {
	return tracer.Stop{Kind: a.Kind, Label: a.Label, Detail: "source: " + a.Source}
}

// Provenance says who says it, and how sure they are.
func (e *Entry) Provenance() string {
	level, _ := e.Confidence.Level()
	text := fmt.Sprintf("source: %s; confidence %d (%s)", e.Source, level, e.Confidence)
	if e.Actor != "" {
		text += "; actor " + e.Actor
	}
	return text
}
