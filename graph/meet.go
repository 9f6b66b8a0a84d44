package graph

import (
	"context"
	"slices"
)

// checkMeetings decides of the addresses where both directions stopped whether
// money is followed through them: the one came to each, the other from it.
func (s *search) checkMeetings(ctx context.Context) error {
	pays := map[Address]bool{}
	for _, u := range s.transfers {
		if u.From != "" {
			pays[u.Sender()] = true
		}
	}
	var at []Address
	var coins []Key
	edge := slices.DeleteFunc(s.forward.edge, func(t *Transfer) bool { return s.targets[t.Receiver()] })
	s.forward.edge = edge
	sortEdge(edge)
	if err := s.decide(ctx, edge); err != nil {
		return err
	}
	for _, t := range edge {
		switch a := t.Receiver(); {
		case s.over[t.Key] != nil:
		case utxo(t.Chain):
			coins = append(coins, t.Key)
		case pays[a]:
			at = append(at, a)
		}
	}
	err := s.followers(ctx, coins, func(coin int, u Transfer) error {
		if s.transfers[u.Key] != nil {
			at = append(at, s.transfers[coins[coin]].Receiver())
		}
		return nil
	})
	if err != nil {
		return err
	}
	return s.follow(ctx, at)
}

// addOrigins tells of paths of outputs which output of the start they begin with.
func (s *search) addOrigins(ctx context.Context, paths []Path) error {
	var firsts []*Transfer
	var of []*Path
	for i := range paths {
		if first := &paths[i].Transfers[0]; utxo(first.Chain) {
			firsts, of = append(firsts, first), append(of, &paths[i])
		}
	}
	sources, err := s.sources(ctx, firsts)
	for _, source := range sources {
		path, first := of[source.Asked], firsts[source.Asked]
		if path.Origin == nil && (s.first[first.Key] || s.starting[Address{first.Chain, source.Address}]) {
			path.Origin = &source.Spend
		}
	}
	return err
}
