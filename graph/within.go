package graph

import (
	"context"
	"slices"

	"tsuiseki/chains"
)

// Within one transaction of an account chain money goes on through whatever it
// passes: a router that half the chain uses is a hub, and still hands on just what
// the transaction brought. So hubs stop money only where a transaction leaves it.

// giver is who gave a transfer: it is the token's contract that mints.
func (t *Transfer) giver() Address {
	if t.From == chains.ZeroAddress && t.Kind == chains.TokenTransfer {
		return Address{t.Chain, chains.Address(t.Asset)}
	}
	return t.Sender()
}

// taker is who took a transfer: it is the token's contract that burns.
func (t *Transfer) taker() Address {
	if t.To == chains.ZeroAddress && t.Kind == chains.TokenTransfer {
		return Address{t.Chain, chains.Address(t.Asset)}
	}
	return t.Receiver()
}

// passing reports whether money may go on through an address within one transaction:
// not where trails end, nor at an end of paths.
func (s *search) passing(a Address) (bool, error) {
	passes, asked := s.passed[a]
	if asked {
		return passes, nil
	}
	ends, err := s.ends(a)
	if err != nil {
		return false, err
	}
	stops := a.Address == chains.ZeroAddress
	if !ends && !stops && s.Stop != nil {
		if stops, err = s.Stop(a); err != nil {
			return false, err
		}
	}
	s.passed[a] = !ends && !stops
	return s.passed[a], nil
}

// visit is a transaction at an account.
type visit struct {
	Address
	at chains.Position
}

// aside are the stretches to read for what moves in transactions beside what the
// accounts' own histories tell: at hubs, and of tokens minted or burned.
func (s *search) aside(visits map[visit]bool) (spans []Span) {
	add := func(a Address, at chains.Position) { spans = append(spans, Span{a, at, at}) }
	for v := range visits {
		if s.state[v.Address] != followed {
			add(v.Address, v.at)
		}
		add(Address{v.Chain, chains.ZeroAddress}, v.at)
	}
	slices.SortFunc(spans, func(a, b Span) int {
		if c := a.Compare(b.Address); c != 0 {
			return c
		}
		return a.From.Compare(b.From)
	})
	return slices.Compact(spans)
}

// goOn follows what reached accounts in a transaction to what they give in it.
func (s *search) goOn(ctx context.Context, arrived []*Transfer) error {
	visits := map[visit]bool{}
	for _, t := range arrived {
		passes, err := s.passing(t.taker())
		if err != nil {
			return err
		}
		if passes {
			visits[visit{t.taker(), t.At}] = true
		}
	}
	for step, err := range s.store.Sent(ctx, s.aside(visits)) {
		if err != nil {
			return err
		}
		if visits[visit{step.giver(), step.At}] {
			if err := s.reach(step.Transfer, s.forward.done); err != nil {
				return err
			}
		}
	}
	return nil
}

// comeBack follows what accounts gave in a transaction back to what reached them in it.
func (s *search) comeBack(ctx context.Context, given []*Transfer) error {
	visits := map[visit]bool{}
	for _, t := range given {
		passes, err := s.passing(t.giver())
		if err != nil {
			return err
		}
		if passes {
			visits[visit{t.giver(), t.At}] = true
		}
	}
	var earlier []*Transfer
	for step, err := range s.store.Received(ctx, s.aside(visits)) {
		if err != nil {
			return err
		}
		if visits[visit{step.taker(), step.At}] {
			earlier = append(earlier, &step.Transfer)
		}
	}
	return s.seeBack(ctx, earlier)
}

// decidePassing decides of all that was seen whether money passes where it arrived.
func (s *search) decidePassing() error {
	for _, t := range s.transfers {
		if utxo(t.Chain) {
			continue
		}
		if _, err := s.passing(t.taker()); err != nil {
			return err
		}
	}
	return nil
}
