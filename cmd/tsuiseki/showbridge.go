package main

import (
	"fmt"
	"io"
	"strings"

	"tsuiseki/chains"
	"tsuiseki/tracer/bridge"
)

// memoDoc is a memo of a bridge, taken apart. It says what whoever wrote it says.
type memoDoc struct {
	Protocol  string       `json:"protocol"`
	Kind      bridge.Kind  `json:"kind"`
	Memo      string       `json:"memo"`
	Chain     string       `json:"chain,omitempty"` // the protocol's code
	Asset     string       `json:"asset,omitempty"`
	Recipient string       `json:"recipient,omitempty"`
	Refund    string       `json:"refund,omitempty"`
	Limit     string       `json:"limit,omitempty"`
	Interval  string       `json:"interval,omitempty"`
	Quantity  string       `json:"quantity,omitempty"`
	Affiliate string       `json:"affiliate,omitempty"`
	Fee       string       `json:"fee,omitempty"`
	Answers   *chains.TxID `json:"answers,omitempty"` // the transaction that a payment out answers
}

func newMemoDoc(text string) *memoDoc {
	m, ok := bridge.Parse(text)
	if !ok {
		return nil
	}
	d := &memoDoc{
		Protocol: bridge.Protocol, Kind: m.Kind, Memo: bridge.Printable(text), Chain: m.Asset.Chain, Asset: m.Asset.Text,
		Recipient: m.To, Refund: m.Refund, Limit: m.Limit, Interval: m.Interval, Quantity: m.Quantity, Affiliate: m.Affiliate, Fee: m.Fee,
	}
	if m.Answers() {
		d.Answers = &m.Quoted
	}
	return d
}

// txMemoDoc is the memo of a transaction with outputs; nil where there is none.
func txMemoDoc(tx *chains.Tx) *memoDoc {
	text, ok := bridge.TxMemo(tx)
	if !ok {
		return nil
	}
	return newMemoDoc(text)
}

// messageDoc is what a contract logged beside what it moved, in the shape of a
// bridge's router, or the text that a payment has for data (no contract). Anybody can.
type messageDoc struct {
	Kind     chains.MessageKind `json:"kind"`
	Log      uint32             `json:"log"`
	Contract chains.Address     `json:"contract"`
	Vault    chains.Address     `json:"vault"`
	To       chains.Address     `json:"to,omitempty"`
	Target   chains.Address     `json:"target,omitempty"`
	Asset    chains.Asset       `json:"asset"`
	Amount   chains.Amount      `json:"amount"`
	Text     string             `json:"memo"`
	Decoded  *memoDoc           `json:"decoded"` // null where it is no memo of a bridge that is known
}

func newMessageDocs(tx *chains.Tx) (docs []messageDoc) {
	for i := range tx.Messages {
		m := &tx.Messages[i]
		docs = append(docs, messageDoc{
			Kind: m.Kind, Log: m.Log, Contract: m.Contract, Vault: m.Vault, To: m.To, Target: m.Target, Asset: m.Asset, Amount: m.Amount,
			Text: bridge.Printable(m.Memo), Decoded: newMemoDoc(m.Memo),
		})
	}
	return docs
}

func printMemo(w io.Writer, d *memoDoc) {
	if d != nil {
		fmt.Fprintf(w, "\nmemo %q\n  %s\n", d.Memo, d.sentence())
	}
}

// sentence is what the memo says, for people.
func (d *memoDoc) sentence() string {
	parts := []string{fmt.Sprintf("%s: %s", d.Protocol, d.Kind)}
	if d.Answers != nil {
		return fmt.Sprintf("%s, answers %s", parts[0], d.Answers)
	}
	for _, p := range []struct{ format, value string }{
		{"into %s", d.Asset},
		{"on chain %s", d.Chain},
		{"recipient %s", d.Recipient},
		{"refund to %s", d.Refund},
		{"limit %s", d.Limit},
		{"affiliate %s", d.Affiliate},
	} {
		if p.value != "" {
			parts = append(parts, fmt.Sprintf(p.format, p.value))
		}
	}
	return strings.Join(parts, ", ")
}

func printMessages(w io.Writer, docs []messageDoc, u units) {
	if len(docs) == 0 {
		return
	}
	fmt.Fprintln(w, "\nmessages, as they were written")
	for _, d := range docs {
		whom := ""
		if d.To != "" {
			whom = " to " + party(d.To)
		}
		where := fmt.Sprintf("log %d of %s", d.Log, party(d.Contract))
		if d.Contract == "" {
			where = "the transaction's data"
		}
		fmt.Fprintf(w, "  %s: %s vault %s%s, %s, memo %q\n", where, d.Kind, party(d.Vault), whom, u.people(d.Amount, d.Asset), d.Text)
		if d.Decoded != nil {
			fmt.Fprintf(w, "    %s\n", d.Decoded.sentence())
		}
	}
}
