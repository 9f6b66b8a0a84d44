package tracer

import (
	"slices"

	"tsuiseki/chains"
)

// Bridges tells of single payments what bridges join, under the conditions by which
// Across follows deposits.
type Bridges struct{ across *across }

// NewBridges looks bridges up in a world.
func NewBridges(world World) *Bridges {
	return &Bridges{&across{world: world, decided: map[crossKey]*decision{}, asked: map[chains.Chain]*Side{}}}
}

// Crossing is what became of a payment into a bridge.
type Crossing struct {
	In      chains.Amount // all that the transaction brought to the place
	Doc     BridgeDoc
	Exits   []Exit   // payments that answer it; none: it ends there
	Missing *Missing // where it ends: what was looked for in vain
}

// Exit is a payment out of a bridge.
type Exit struct {
	Side  *Side
	Tx    *chains.Tx
	Place uint32 // output, or place in Transfers
}

// Onward is what became of an output, or transfer, of a transaction on a side; nil
// where Across would follow it as an ordinary payment.
func (b *Bridges) Onward(side *Side, tx *chains.Tx, place uint32) (*Crossing, error) {
	var m *memoPlace
	switch {
	case side.Outputs != nil && int(place) < len(tx.Outputs):
		m = side.outputMemo(tx, place)
	case side.Outputs == nil && int(place) < len(tx.Transfers) && len(tx.Messages) > 0:
		m = side.transferMemo(tx, int(place))
	}
	if m == nil {
		return nil, nil
	}
	d, err := b.across.decide(m)
	if err != nil || d == nil || len(d.outs) == 0 && d.stop.Kind == "" {
		return nil, err
	}
	c := &Crossing{In: d.in.Amount, Doc: d.doc, Missing: d.miss}
	for _, out := range d.outs {
		c.Exits = append(c.Exits, Exit{out.side, out.tx, out.place})
	}
	return c, nil
}

// transferMemo is the memo of the account that a transfer reached, where the account
// gained by the transaction.
func (s *Side) transferMemo(tx *chains.Tx, transfer int) *memoPlace {
	t := &tx.Transfers[transfer]
	if !t.Payment() || tx.Failed {
		return nil
	}
	flow := settle(tx, noDeposit, nil).flows[t.Asset]
	if flow == nil {
		return nil
	}
	gained := flow.net(t.To)
	if gained.Sign() <= 0 {
		return nil
	}
	return s.accountMemo(tx, t.To, t.Asset, gained, transfer)
}

// Answered are the transactions that an output, or transfer, says it answers.
func (b *Bridges) Answered(side *Side, tx *chains.Tx, place uint32) (ids []chains.TxID) {
	for _, out := range side.exits(tx) {
		if out.place == place && !slices.Contains(ids, out.memo.Quoted) {
			ids = append(ids, out.memo.Quoted)
		}
	}
	return ids
}
