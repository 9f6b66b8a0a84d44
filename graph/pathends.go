package graph

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"tsuiseki/chains"
)

// startChunk is how many addresses of an end are read at once.
const startChunk = 1_000

// starts reports whether paths may begin with what an address paid.
func (s *search) starts(a Address) (bool, error) {
	is, asked := s.starting[a]
	if asked || s.Begins == nil || s.to[a] || a.Address == "" {
		return is, nil
	}
	is, err := s.Begins(a)
	s.starting[a] = is
	return is, err
}

// target reports whether paths may end with what reaches an address.
func (s *search) target(a Address) (bool, error) {
	is, asked := s.targets[a]
	if asked || s.Reaches == nil || s.from[a] {
		return is, nil
	}
	is, err := s.Reaches(a)
	s.targets[a] = is
	return is, err
}

// ends reports whether an address is of either end: no path leads through it.
func (s *search) ends(a Address) (bool, error) {
	starts, err := s.starts(a)
	if err != nil || starts {
		return starts, err
	}
	return s.target(a)
}

// startForward finds the first transfers of paths.
func (s *search) startForward(ctx context.Context) error {
	f := &s.forward
	f.done = 1
	f.partial = s.Begins != nil
	f.blocked = f.partial
	if err := s.startWithTransfers(ctx); err != nil {
		return err
	}
	for addresses := range slices.Chunk(s.From, startChunk) {
		if s.cut.Work {
			f.blocked = true
			return nil
		}
		if err := s.startFrom(ctx, addresses); err != nil {
			return err
		}
	}
	return nil
}

// startWithTransfers begins paths with transfers themselves.
func (s *search) startWithTransfers(ctx context.Context) error {
	of := map[chains.Chain][]Key{}
	for _, k := range s.FromTransfers {
		of[k.Chain] = append(of[k.Chain], k)
	}
	for _, chain := range slices.Sorted(maps.Keys(of)) {
		if _, err := s.filler.index(ctx, chain); err != nil {
			return err
		}
		var at []chains.Position
		tip := s.tip(chain)
		of[chain] = slices.DeleteFunc(of[chain], func(k Key) bool { return k.At.Compare(tip) > 0 })
		for _, k := range of[chain] {
			at = append(at, k.At)
		}
		txs, err := s.store.Txs(ctx, chain, at)
		if err != nil {
			return err
		}
		held := map[Key]Transfer{}
		for _, tx := range txs {
			for _, t := range tx.Transfers {
				held[t.Key] = t
			}
		}
		for _, k := range of[chain] {
			t, is := held[k]
			if !is {
				return fmt.Errorf("the graph does not hold transfer %d at %s on %s, with which paths are to begin: %w", k.N, k.At, chain, chains.ErrNotFound)
			}
			s.first[k] = true
			if err := s.reach(t, 1); err != nil {
				return err
			}
		}
	}
	return nil
}

// startFrom finds what addresses paid, and what spends their outputs.
func (s *search) startFrom(ctx context.Context, addresses []Address) error {
	if err := s.follow(ctx, slices.Clone(addresses)); err != nil {
		return err
	}
	var accounts, holders []Span
	for _, a := range addresses {
		switch span := (Span{a, chains.Position{}, s.tip(a.Chain)}); {
		case s.state[a] != followed:
			s.forward.blocked, s.forward.partial = true, true
		case utxo(a.Chain):
			holders = append(holders, span)
		default:
			accounts = append(accounts, span)
		}
	}
	for step, err := range s.store.Sent(ctx, accounts) {
		if err != nil {
			return err
		}
		if err := s.reach(step.Transfer, 1); err != nil {
			return err
		}
	}
	var coins []Key
	for step, err := range s.store.Received(ctx, holders) {
		if err != nil {
			return err
		}
		coins = append(coins, step.Key)
	}
	return s.followers(ctx, coins, func(_ int, t Transfer) error {
		s.begun[txKey{t.Chain, t.At}] = true
		return s.reach(t, 1)
	})
}

// startBackward finds the last transfers of paths.
func (s *search) startBackward(ctx context.Context) error {
	b := &s.backward
	b.done = 1
	b.partial = s.Reaches != nil
	b.blocked = b.partial
	for addresses := range slices.Chunk(s.To, startChunk) {
		if s.cut.Work {
			b.blocked = true
			return nil
		}
		if err := s.startTo(ctx, addresses); err != nil {
			return err
		}
	}
	return nil
}

// startTo finds what reached addresses.
func (s *search) startTo(ctx context.Context, addresses []Address) error {
	if err := s.follow(ctx, slices.Clone(addresses)); err != nil {
		return err
	}
	var spans []Span
	for _, a := range addresses {
		switch {
		case s.state[a] == followed:
			spans = append(spans, Span{a, chains.Position{}, s.tip(a.Chain)})
		case s.LeaveHubs:
			s.backward.blocked = true
			delete(s.to, a)
			delete(s.targets, a)
		default:
			s.backward.blocked, s.backward.partial = true, true
		}
	}
	for step, err := range s.store.Received(ctx, spans) {
		if err != nil {
			return err
		}
		s.see(&s.backward, step.Transfer, 1)
	}
	return nil
}

// findStarts looks where the transfers seen last begin paths, if the start cannot tell.
func (s *search) findStarts(ctx context.Context) error {
	if !s.forward.partial {
		return nil
	}
	for _, t := range s.backward.edge {
		if _, err := s.starts(t.Sender()); err != nil {
			return err
		}
	}
	sources, err := s.sources(ctx, s.backward.edge)
	if err != nil {
		return err
	}
	for _, source := range sources {
		t := s.backward.edge[source.Asked]
		starts, err := s.starts(Address{t.Chain, source.Address})
		if err != nil {
			return err
		}
		if starts {
			s.begun[txKey{t.Chain, t.At}] = true
		}
	}
	return nil
}
