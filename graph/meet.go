package graph

import "context"

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
	sortEdge(s.forward.edge)
	for _, t := range s.forward.edge {
		switch a := t.Receiver(); {
		case s.targets[a]:
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
	for i := range paths {
		first := &paths[i].Transfers[0]
		if !utxo(first.Chain) {
			continue
		}
		sources, err := s.sources(ctx, []*Transfer{first})
		if err != nil {
			return err
		}
		for _, source := range sources {
			if s.from[Address{first.Chain, source.Address}] {
				paths[i].Origin = &source.Spend
				break
			}
		}
	}
	return nil
}
