package label

import (
	"fmt"
	"time"

	"tsuiseki/chains"
	"tsuiseki/tracer"
	"tsuiseki/tracer/cluster"
)

// Clusters know which addresses belong together.
type Clusters interface {
	// Tagged are the addresses in the cluster of an address that have labels which
	// define clusters.
	Tagged(address chains.Address) ([]chains.Address, error)
}

// throughCluster finds why a trail ends at an address at a time by what is said of
// its cluster: the best label that defines clusters and says what ends a trail.
func (s Stops) throughCluster(address chains.Address, at time.Time) (tracer.Stop, bool, error) {
	if s.Clusters == nil {
		return tracer.Stop{}, false, nil
	}
	tagged, err := s.Clusters.Tagged(address)
	if err != nil {
		return tracer.Stop{}, false, err
	}
	var best *Entry
	for _, other := range tagged {
		entries, err := s.View.Defining(s.Chain, other, at)
		if err != nil {
			return tracer.Stop{}, false, err
		}
		for i := range entries {
			if entries[i].StopKind() != "" && other != address && (best == nil || entries[i].Compare(best) < 0) {
				best = &entries[i]
			}
		}
	}
	if best == nil {
		return tracer.Stop{}, false, nil
	}
	return tracer.Stop{Kind: best.StopKind(), Label: best.Label.Label, Detail: fmt.Sprintf("%s; said of %s, with which this address is in one cluster by %s version %d",
		best.Provenance(), best.Address, cluster.CoSpending.ID, cluster.CoSpending.Version)}, true, nil
}
