package tracer

import (
	"fmt"
)

// inferAt ends a place whose address heuristics know, spent or not. A hub is not
// asked: where value moves on from it, the hub rule ends it.
func (s *sweep) inferAt(p *place) (ended bool, err error) {
	if s.inferrer == nil {
		return false, nil
	}
	degree, err := s.degree(p)
	if err != nil || degree > s.params.HubDegree {
		return false, err
	}
	found, err := s.inferrer.Infer(p.address)
	if err != nil {
		return false, fmt.Errorf("heuristics of %s: %w", p.address, err)
	}
	if found.Doubt != "" {
		snapshot := s.chain.Snapshot()
		s.result.miss(found.What, snapshot.From, snapshot.Height, found.Doubt)
	}
	if found.Kind == "" {
		return false, nil
	}
	for _, h := range p.holds {
		s.endBy(p, h, found.Stop)
	}
	return true, nil
}
