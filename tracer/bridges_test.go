package tracer_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"tsuiseki/chains"
	"tsuiseki/tracer"
)

// TestBridges: what bridges join, of every single payment and in both directions, is
// what the world's making says.
func TestBridges(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t, drawFrom(t))
		x := w.open(t)
		b := tracer.NewBridges(x)
		for _, m := range w.moments(filled(t, x)) {
			side, places := x.sides["ETH"], len(m.tx.Transfers)
			if m.bitcoin {
				side, places = x.sides["BTC"], len(m.tx.Outputs)
			}
			in := w.in(m.tx.ID)
			for place := range places {
				var want []string
				meant := m.bitcoin && place == 0 || !m.bitcoin && m.tx.Transfers[place].From == "router" // by the memo
				if in != nil && meant {
					want = w.answersTo(in.id)
				}
				if quoted := b.Answered(side, m.tx, uint32(place)); len(quoted) > 0 && !meant {
					t.Fatalf("%s:%d answers %v", m.tx.ID, place, quoted)
				}
				c, err := b.Onward(side, m.tx, uint32(place))
				if err != nil {
					t.Fatal(err)
				}
				if got := answered(t, b, c, m.tx.ID); !slices.Equal(got, want) {
					t.Fatalf("%s:%d is answered by %v, want %v", m.tx.ID, place, got, want)
				}
				if c != nil && !c.In.Equal(chains.NewAmount(in.amount)) {
					t.Fatalf("%s:%d: %s went in, want %d", m.tx.ID, place, c.In, in.amount)
				}
			}
		}
	})
}

// answersTo are the true answers to a deposit, sorted.
func (w *twoChains) answersTo(in chains.TxID) (ids []string) {
	for id, answered := range w.answers {
		if answered.id == in {
			ids = append(ids, id.String())
		}
	}
	slices.Sort(ids)
	return ids
}

// answered are the answers to a payment, each of which says that it is one.
func answered(t *rapid.T, b *tracer.Bridges, c *tracer.Crossing, in chains.TxID) (ids []string) {
	if c == nil {
		return nil
	}
	for _, exit := range c.Exits {
		if quoted := b.Answered(exit.Side, exit.Tx, exit.Place); !slices.Equal(quoted, []chains.TxID{in}) {
			t.Fatalf("%s:%d says that it answers %v, want %s", exit.Tx.ID, exit.Place, quoted, in)
		}
		ids = append(ids, exit.Tx.ID.String())
	}
	slices.Sort(ids)
	return ids
}
