package main

import (
	"slices"

	"tsuiseki/chains"
	"tsuiseki/tracer/bridge"
)

// mostLooked bounds the payments into an address that are looked at for memos.
const mostLooked = 2000

// Quoting implements tracer.Messages: a vault's transaction states in an output
// which one it answers.
func (o *opened) Quoting(id chains.TxID, limit int) (txs []*chains.Tx, err error) {
	for _, script := range bridge.QuoteScripts(id) {
		found, err := o.Paying(script, limit)
		if err != nil {
			return nil, err
		}
		txs = append(txs, found...)
	}
	slices.SortStableFunc(txs, func(a, b *chains.Tx) int { return a.Position().Compare(b.Position()) })
	txs = slices.CompactFunc(txs, func(a, b *chains.Tx) bool { return a.Position() == b.Position() })
	if limit > 0 && len(txs) > limit {
		txs = txs[:limit]
	}
	return txs, nil
}

// Depositors implements tracer.Messages. It looks at the first payments alone.
func (o *opened) Depositors(vault, but chains.Address, enough int) (int, error) {
	address, key, err := o.network.AddressKey(string(vault))
	if err != nil {
		return 0, err
	}
	senders, looked := map[chains.Address]bool{}, 0
	for a, err := range o.History(address, key) {
		if err != nil {
			return 0, err
		}
		if a.Input {
			continue
		}
		if looked++; looked > mostLooked {
			break
		}
		if !asksForSwap(a.Tx) {
			continue
		}
		tx, err := o.TxAt(a.Tx.Position())
		if err != nil {
			return 0, err
		}
		index, sender, ok := bridge.Payment(tx, o.Describe)
		if ok && index == a.Index && sender != but {
			senders[sender] = true
		}
		if len(senders) >= enough {
			break
		}
	}
	return len(senders), nil
}

func asksForSwap(tx *chains.Tx) bool {
	text, ok := bridge.TxMemo(tx)
	memo, known := bridge.Parse(text)
	return ok && known && memo.Swaps()
}

// Depositors implements tracer.Messages. It looks at the first movements of the
// chain's coin alone: tokens stay with the router.
func (o *openedAccounts) Depositors(vault, but chains.Address, enough int) (int, error) {
	senders, looked := map[chains.Address]bool{}, 0
	for m, err := range o.Movements(vault, o.Native(), chains.Position{}) {
		if err != nil {
			return 0, err
		}
		if m.In.Cmp(m.Out) <= 0 {
			continue
		}
		if looked++; looked > mostLooked {
			break
		}
		tx, err := o.TxAt(m.At)
		if err != nil {
			return 0, err
		}
		for i := range tx.Messages {
			message := &tx.Messages[i]
			memo, known := bridge.Parse(message.Memo)
			if message.Kind == chains.MessageIn && message.Vault == vault && known && memo.Swaps() && tx.From != but {
				senders[tx.From] = true
			}
		}
		if len(senders) >= enough {
			break
		}
	}
	return len(senders), nil
}
