package graph

import (
	"context"
	"iter"
	"slices"
)

// reading is one of a Store's two questions about addresses' stretches.
type reading func(context.Context, []Span) iter.Seq2[Step, error]

func (s *search) reader(ctx context.Context, of reading) func([]Span) iter.Seq2[Step, error] {
	return func(spans []Span) iter.Seq2[Step, error] { return of(ctx, spans) }
}

// reach notes a transfer on the way forward, unless no path has it: what returns to
// the start is not on the way.
func (s *search) reach(t Transfer, hops int) error {
	starts, err := s.starts(t.Receiver())
	if err != nil || starts || t.At.Compare(s.tip(t.Chain)) > 0 {
		return err
	}
	_, err = s.target(t.Receiver())
	s.see(&s.forward, t, hops)
	return err
}

// followers tells what the transactions that spend outputs pay, and notes who they are.
func (s *search) followers(ctx context.Context, coins []Key, found func(coin int, t Transfer) error) error {
	for step, err := range s.store.Followers(ctx, coins) {
		if err != nil {
			return err
		}
		if step.At.Compare(s.tip(step.Chain)) <= 0 {
			s.spender[coins[step.Asked]] = step.At
			if err := found(step.Asked, step.Transfer); err != nil {
				return err
			}
		}
	}
	return nil
}

// walkForward follows the edge by one more transfer.
func (s *search) walkForward(ctx context.Context) error {
	f := &s.forward
	edge := f.edge
	f.edge, f.done = nil, f.done+1
	edge = slices.DeleteFunc(edge, func(t *Transfer) bool { return s.targets[t.Receiver()] })
	sortEdge(edge)
	edge, err := s.cross(ctx, edge)
	if err != nil {
		return err
	}
	var at []Address
	for _, t := range edge {
		at = append(at, t.Receiver())
	}
	if err := s.follow(ctx, at); err != nil {
		return err
	}
	var coins []Key
	var accounts, arrived []*Transfer
	for _, t := range edge {
		if !utxo(t.Chain) {
			arrived = append(arrived, t)
		}
		switch {
		case s.state[t.Receiver()] != followed:
			f.blocked = true
		case utxo(t.Chain):
			coins = append(coins, t.Key)
		default:
			accounts = append(accounts, t)
		}
	}
	if err := s.followers(ctx, coins, func(_ int, t Transfer) error { return s.reach(t, f.done) }); err != nil {
		return err
	}
	if err := s.payOn(ctx, accounts); err != nil {
		return err
	}
	return s.goOn(ctx, arrived)
}

// payOn follows what reached accounts into what they pay from then on.
func (s *search) payOn(ctx context.Context, arrived []*Transfer) error {
	var spans []Span
	for _, t := range arrived {
		spans = append(spans, Span{t.Receiver(), t.At, s.tip(t.Chain)})
	}
	if err := s.load(s.sent, firstOf(spans), s.reader(ctx, s.store.Sent)); err != nil {
		return err
	}
	for _, t := range arrived {
		at := placeKey{t.Receiver(), t.Asset}
		since, before := s.forward.reached[at]
		if !before || t.At.Compare(since) < 0 {
			s.forward.reached[at] = t.At
		}
		for _, u := range s.sent[t.Receiver()].transfers {
			if u.At.Compare(t.At) < 0 || u.Key == t.Key {
				continue
			}
			if u.At == t.At || u.Asset == t.Asset && (!before || u.At.Compare(since) < 0) {
				if err := s.reach(u, s.forward.done); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// firstOf keeps, of spans of one address, the one that begins first.
func firstOf(spans []Span) (firsts []Span) {
	number := map[Address]int{}
	for _, span := range spans {
		n, known := number[span.Address]
		if !known {
			number[span.Address] = len(firsts)
			firsts = append(firsts, span)
			continue
		}
		if span.From.Compare(firsts[n].From) < 0 {
			firsts[n].From = span.From
		}
		if span.To.Compare(firsts[n].To) > 0 {
			firsts[n].To = span.To
		}
	}
	return firsts
}
