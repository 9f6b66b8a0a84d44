package tracer

import (
	"time"

	"tsuiseki/chains"
	"tsuiseki/tracer/bridge"
	"tsuiseki/tracer/taint"
)

const timeFormat = time.RFC3339

// exits are a transaction's payments out of vaults, as its memos tell.
func (s *Side) exits(tx *chains.Tx) []exit {
	if s.Outputs == nil {
		return s.transferExits(tx)
	}
	text, ok := bridge.TxMemo(tx)
	memo, known := bridge.Parse(text)
	if !ok || !known || !memo.Answers() {
		return nil
	}
	index, _, ok := bridge.Payment(tx, s.Outputs.Describe)
	if !ok {
		return nil
	}
	out := &tx.Outputs[index]
	to, _ := s.Outputs.Describe(out.Script)
	return []exit{{side: s, tx: tx, place: index, index: index, to: to, asset: s.Asset, amount: out.Value, memo: memo}}
}

// transferExits are the payments that a contract's messages are borne out by: it,
// or the vault by its leave, made a transfer of just that amount. A message alone is not one: routers log a
// payment that the receiver refused, too.
func (s *Side) transferExits(tx *chains.Tx) (exits []exit) {
	used := map[int]bool{}
	for i := range tx.Messages {
		m := &tx.Messages[i]
		memo, known := bridge.Parse(m.Memo)
		if m.Kind != chains.MessageOut || !known || !memo.Answers() || tx.Failed {
			continue
		}
		for _, to := range []chains.Address{m.Target, m.To} {
			n := transferOf(tx, m, to, used)
			if to == "" || n < 0 {
				continue
			}
			used[n] = true
			t := &tx.Transfers[n]
			exits = append(exits, exit{side: s, tx: tx, place: uint32(n), index: t.Index, to: m.To, asset: t.Asset, amount: t.Amount, memo: memo, contract: m.Contract})
			break
		}
	}
	return exits
}

// transferOf is the first transfer, not used yet, that a message tells of; -1
// where there is none.
func transferOf(tx *chains.Tx, m *chains.Message, to chains.Address, used map[int]bool) int {
	for i := range tx.Transfers {
		t := &tx.Transfers[i]
		if !used[i] && t.Payment() && (t.From == m.Contract || t.From == m.Vault) && t.To == to && t.Asset == m.Asset && t.Amount.Equal(m.Amount) {
			return i
		}
	}
	return -1
}

// hop is the step over the bridge, fresh what it puts into the place.
func (in *injection) hop(fresh chains.Amount) Hop {
	from := in.source
	return Hop{
		From: Endpoint{from.in.Tx, in.from.index(from), from.in.Vault}, To: Endpoint{in.tx.ID, in.index, in.to},
		FromChain: in.from.chain, Asset: in.asset, Amount: in.amount, Traced: fresh, Kind: "bridge",
		Swapped: &Swapped{from.in.Asset, from.in.Amount, in.taken}, Bridge: &from.doc,
		order: uint64(in.place), input: in.from.tx.Tx,
	}
}

// index is the output or transfer that brought value to a place.
func (k crossKey) index(d *decision) uint32 {
	if k.account == "" {
		return k.output
	}
	return d.brought
}

// fresh is the part of an injection that is not traced of its place already, and
// what is traced then. A place that holds value holds no more than that.
func (c *crossings) fresh(before, spans []taint.Span, value chains.Amount) (fresh, all []taint.Span) {
	if c.rule.Conserves && !c.rule.Ordered {
		spans = sumSpan(taint.Sum(spans).Min(value.Sub(taint.Sum(before))))
	}
	return unite(c.rule, before, spans)
}
