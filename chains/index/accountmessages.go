package index

import (
	"encoding/binary"
	"fmt"

	"tsuiseki/chains"
)

// messages appends a transaction's messages to the record being written.
func (w *recorder) messages(messages []chains.Message) error {
	w.body = binary.AppendUvarint(w.body, uint64(len(messages)))
	for i := range messages {
		if err := w.message(&messages[i]); err != nil {
			return fmt.Errorf("message %d: %w", i, err)
		}
	}
	return nil
}

func (w *recorder) message(m *chains.Message) error {
	kind := messageCode(m.Kind)
	if kind == 0 || len(m.Memo) > chains.MaxMemo {
		return fmt.Errorf("%w: kind %q, memo of %d bytes", chains.ErrCorrupt, m.Kind, len(m.Memo))
	}
	w.body = binary.AppendUvarint(append(w.body, kind), uint64(m.Log))
	for _, address := range []chains.Address{m.Contract, m.Vault, m.To, m.Target} {
		id, err := w.names.address(address)
		if err != nil {
			return err
		}
		w.refer(id)
	}
	asset, err := w.names.asset(m.Asset, w.native)
	if err != nil {
		return err
	}
	w.refer(asset)
	if w.body, err = appendAmount(w.body, m.Amount); err != nil {
		return err
	}
	w.body = appendText(w.body, m.Memo)
	return nil
}

func (r *reader) messages(table []chains.Address, native chains.Asset) (messages []chains.Message) {
	const smallest = 9
	kinds := messageKinds()
	for range r.count(smallest) {
		kind := r.byte()
		if kind == 0 || int(kind) > len(kinds) {
			r.fail()
			return nil
		}
		m := chains.Message{Kind: kinds[kind-1], Log: uint32(r.uvarint())}
		m.Contract, m.Vault, m.To, m.Target = r.place(table), r.place(table), r.place(table), r.place(table)
		if m.Asset = chains.Asset(r.place(table)); m.Asset == "" {
			m.Asset = native
		}
		m.Amount, m.Memo = r.amount(), r.text()
		messages = append(messages, m)
	}
	return messages
}

// messageKinds are the kinds of message by their code, from 1.
func messageKinds() [3]chains.MessageKind {
	return [...]chains.MessageKind{chains.MessageIn, chains.MessageOut, chains.MessageMove}
}

// messageCode is a kind's code; 0 for an unknown one.
func messageCode(kind chains.MessageKind) byte {
	for i, k := range messageKinds() {
		if k == kind {
			return byte(i + 1)
		}
	}
	return 0
}

// addQuotes notes which transactions a vault's payments say they answer.
func (b *accountBatch) addQuotes(tx *chains.Tx, pos uint64) {
	for i := range tx.Messages {
		if quoted, ok := quotes(&tx.Messages[i]); ok {
			b.quotes.set(quoteKey(quoted, pos, uint32(i)), nil)
		}
	}
}

func quotes(m *chains.Message) (chains.TxID, bool) {
	if m.Kind != chains.MessageOut {
		return chains.TxID{}, false
	}
	return chains.QuotedTx(m.Memo)
}

func quoteKey(quoted chains.TxID, pos uint64, n uint32) []byte {
	return appendOrdered(appendPos(prefixKey(tableQuote, txPrefix(quoted)), pos), n)
}

// Quoting is every transaction with a message that pays out and says that it
// answers a transaction, of this chain or another, in chain order: at most limit
// of them, all where limit is 0.
func (v *AccountView) Quoting(id chains.TxID, limit int) (txs []*chains.Tx, err error) {
	hits, err := v.scan(prefixKey(tableQuote, txPrefix(id)))
	for _, at := range hits {
		if n := len(txs); n > 0 && txs[n-1].Position() == at.pos {
			continue
		}
		tx, err := v.TxAt(at.pos)
		if err != nil {
			return nil, err
		}
		if int(at.suffix) >= len(tx.Messages) {
			return nil, errEncoding
		}
		for i := range tx.Messages {
			if quoted, ok := quotes(&tx.Messages[i]); ok && quoted == id {
				txs = append(txs, tx)
				break
			}
		}
		if limit > 0 && len(txs) == limit {
			break
		}
	}
	return txs, err
}
