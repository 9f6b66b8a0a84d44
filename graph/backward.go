package graph

import (
	"context"
	"slices"

	"tsuiseki/chains"
)

// walkBackward follows the edge back by one more transfer.
func (s *search) walkBackward(ctx context.Context) error {
	b := &s.backward
	edge := b.edge
	b.edge, b.done = nil, b.done+1
	sortEdge(edge)
	if err := s.crossBack(ctx, edge); err != nil {
		return err
	}
	var outputs, accounts []*Transfer
	for _, t := range edge {
		if utxo(t.Chain) {
			outputs = append(outputs, t)
		} else {
			accounts = append(accounts, t)
		}
	}
	if err := s.paidFrom(ctx, accounts); err != nil {
		return err
	}
	if err := s.comeBack(ctx, accounts); err != nil {
		return err
	}
	return s.spentFrom(ctx, outputs)
}

// followBack is follow for those among addresses that are no end of paths.
func (s *search) followBack(ctx context.Context, addresses []Address) error {
	var open []Address
	for _, a := range addresses {
		ends, err := s.ends(a)
		if err != nil {
			return err
		}
		if !ends {
			open = append(open, a)
		}
	}
	return s.follow(ctx, open)
}

// paidFrom follows accounts' payments back to what had reached them.
func (s *search) paidFrom(ctx context.Context, paid []*Transfer) error {
	var at []Address
	for _, t := range paid {
		at = append(at, t.Sender())
	}
	if err := s.followBack(ctx, at); err != nil {
		return err
	}
	var open []*Transfer
	var spans []Span
	for _, t := range paid {
		switch a := t.Sender(); {
		case s.starting[a] || s.targets[a]:
		case s.state[a] != followed:
			s.backward.blocked = true
		default:
			open = append(open, t)
			spans = append(spans, Span{a, chains.Position{}, t.At})
		}
	}
	if err := s.load(s.received, firstOf(spans), s.reader(ctx, s.store.Received)); err != nil {
		return err
	}
	var earlier []*Transfer
	for _, t := range open {
		at := placeKey{t.Sender(), t.Asset}
		until, known := s.backward.reached[at]
		if !known || t.At.Compare(until) > 0 {
			s.backward.reached[at] = t.At
		}
		came := s.received[t.Sender()].transfers
		for i := range came {
			u := &came[i]
			if u.At.Compare(t.At) > 0 || u.Key == t.Key {
				continue
			}
			if u.At == t.At || u.Asset == t.Asset && (!known || u.At.Compare(until) > 0) {
				earlier = append(earlier, u)
			}
		}
	}
	return s.seeBack(ctx, earlier)
}

// spentFrom follows outputs back to those that their transactions spend.
func (s *search) spentFrom(ctx context.Context, outputs []*Transfer) error {
	sources, err := s.sources(ctx, outputs)
	if err != nil {
		return err
	}
	var at []Address
	for _, source := range sources {
		if source.Address != "" {
			at = append(at, Address{outputs[source.Asked].Chain, source.Address})
		}
	}
	if err := s.followBack(ctx, at); err != nil {
		return err
	}
	if slices.ContainsFunc(sources, func(source Source) bool { return !source.Held }) {
		// By now it may be held.
		if sources, err = s.sources(ctx, outputs); err != nil {
			return err
		}
	}
	var earlier []*Transfer
	for i := range sources {
		source := &sources[i]
		t := outputs[source.Asked]
		a := Address{t.Chain, source.Address}
		switch {
		case s.starting[a]:
			s.begun[txKey{t.Chain, t.At}] = true
		case s.targets[a]:
		case source.Address == "" || s.state[a] != followed || !source.Held:
			s.backward.blocked = true
		default:
			s.spender[source.Transfer.Key] = t.At
			earlier = append(earlier, &source.Transfer)
		}
	}
	return s.seeBack(ctx, earlier)
}

// sources are the inputs of the transactions that made outputs, asked once each.
func (s *search) sources(ctx context.Context, outputs []*Transfer) (all []Source, err error) {
	keys := make([]Key, len(outputs))
	for i, t := range outputs {
		keys[i] = t.Key
	}
	for source, err := range s.store.Sources(ctx, keys) {
		if err != nil {
			return nil, err
		}
		all = append(all, source)
	}
	return all, nil
}
