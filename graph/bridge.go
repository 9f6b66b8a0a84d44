package graph

import (
	"context"
	"fmt"
	"iter"

	"tsuiseki/chains"
)

// Bridges tells where money went over bridges from one transfer to another, mostly of
// another chain. Which comes first is for it to say: heights of two chains do not
// compare. Answers come in the order of what was asked.
type Bridges interface {
	// Onward yields what answers payments into bridges, and nothing for all others. A
	// payment that something answers, or that ends there, is followed in no other way.
	Onward(ctx context.Context, payments []Transfer) iter.Seq2[Crossing, error]
	// Back yields the payments that transfers say they answer; Onward tells whether
	// they do.
	Back(ctx context.Context, transfers []Transfer) iter.Seq2[Crossing, error]
	// Index is that of a chain to which either led, or on which an end lies; nil where
	// there is none.
	Index(chain chains.Chain) Chain
}

// Crossing is one side of a bridge, found from the other.
type Crossing struct {
	Asked int
	// Tx is the transaction found, whole; nil where it lies out of sight.
	Tx *Tx
	N  uint32 // of its transfer
	// In is all that went in with the payment, by Onward: the rate is what answers it
	// divided by this.
	In chains.Amount
}

// transfer is the one that was found.
func (c *Crossing) transfer() (Transfer, error) {
	for _, t := range c.Tx.Transfers {
		if t.N == c.N {
			return t, nil
		}
	}
	return Transfer{}, fmt.Errorf("a bridge leads to transfer %d of transaction %s on %s, which has none: %w", c.N, c.Tx.ID, c.Tx.Chain, chains.ErrCorrupt)
}

// over is what became of a payment into a bridge.
type over struct {
	in   chains.Amount
	outs []Transfer // none: it ends there
}

func (o *over) leads(to Key) bool {
	for i := range o.outs {
		if o.outs[i].Key == to {
			return true
		}
	}
	return false
}

// decide asks which of transfers are payments into bridges, once of each.
func (s *search) decide(ctx context.Context, transfers []*Transfer) error {
	if s.Bridges == nil {
		return nil
	}
	var asked []Transfer
	for _, t := range transfers {
		if _, known := s.over[t.Key]; !known {
			s.over[t.Key] = nil
			asked = append(asked, *t)
		}
	}
	if len(asked) == 0 {
		return nil
	}
	var txs []*Tx
	for c, err := range s.Bridges.Onward(ctx, asked) {
		if err != nil {
			return err
		}
		t := &asked[c.Asked]
		o := s.over[t.Key]
		if o == nil {
			o = &over{}
			s.over[t.Key] = o
		}
		if c.Tx == nil {
			s.ended[t.Receiver()] = true
			continue
		}
		out, err := c.transfer()
		if err != nil {
			return err
		}
		if c.In.Sign() <= 0 {
			return fmt.Errorf("nothing went into a bridge in transfer %d at %s on %s: %w", t.N, t.At, t.Chain, chains.ErrCorrupt)
		}
		o.in = c.In
		if !o.leads(out.Key) {
			o.outs = append(o.outs, out)
			txs = append(txs, c.Tx)
		}
	}
	return s.filler.keep(ctx, txs)
}

// cross follows what went into bridges to what answers it, and gives back the rest.
func (s *search) cross(ctx context.Context, edge []*Transfer) (rest []*Transfer, err error) {
	if err := s.decide(ctx, edge); err != nil {
		return nil, err
	}
	for _, t := range edge {
		o := s.over[t.Key]
		if o == nil {
			rest = append(rest, t)
			continue
		}
		if len(o.outs) == 0 {
			s.forward.blocked = true
		}
		for _, u := range o.outs {
			if err := s.reach(u, s.forward.done); err != nil {
				return nil, err
			}
		}
	}
	return rest, nil
}

// crossBack follows what came over bridges back to what it answers.
func (s *search) crossBack(ctx context.Context, edge []*Transfer) error {
	if s.Bridges == nil || len(edge) == 0 {
		return nil
	}
	asked := make([]Transfer, len(edge))
	for i, t := range edge {
		asked[i] = *t
	}
	var txs []*Tx
	var paid []*Transfer
	var answered []Key
	for c, err := range s.Bridges.Back(ctx, asked) {
		if err != nil {
			return err
		}
		if c.Tx == nil {
			s.backward.blocked = true
			continue
		}
		t, err := c.transfer()
		if err != nil {
			return err
		}
		txs, paid, answered = append(txs, c.Tx), append(paid, &t), append(answered, asked[c.Asked].Key)
	}
	if err := s.filler.keep(ctx, txs); err != nil {
		return err
	}
	if err := s.decide(ctx, paid); err != nil {
		return err
	}
	for i, t := range paid {
		o := s.over[t.Key]
		ends, err := s.ends(t.Receiver())
		if err != nil {
			return err
		}
		if o != nil && o.leads(answered[i]) && !ends && t.At.Compare(s.tip(t.Chain)) <= 0 {
			s.see(&s.backward, *t, s.backward.done)
		}
	}
	return nil
}

// seeBack notes payments on the way back from what they were spent on, but for those
// that went into a bridge instead.
func (s *search) seeBack(ctx context.Context, payments []*Transfer) error {
	if err := s.decide(ctx, payments); err != nil {
		return err
	}
	for _, t := range payments {
		if s.over[t.Key] == nil {
			s.see(&s.backward, *t, s.backward.done)
		}
	}
	return nil
}
