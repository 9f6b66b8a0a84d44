package intake

import (
	"strconv"
	"strings"
	"time"

	"tsuiseki/chains"
)

// item is one transaction of a row: what is checked against the chain.
type item struct {
	row     *row
	id      reading
	amount  *quantity // nil where none is said of this transaction alone
	address *account  // nil where none is said
}

// items are the row's transactions.
func (r *row) items() []item {
	out := make([]item, len(r.ids))
	for i, id := range r.ids {
		out[i] = item{row: r, id: id}
		switch len(r.quantities) {
		case 0:
		case len(r.ids):
			out[i].amount = &r.quantities[i]
		}
		switch len(r.addresses) {
		case 0:
		case 1:
			out[i].address = &r.addresses[0]
		default:
			out[i].address = &r.addresses[i]
		}
	}
	return out
}

// shared is the amount that a row states of all its transactions together.
func (r *row) shared() *quantity {
	if len(r.quantities) == 1 && len(r.ids) > 1 {
		return &r.quantities[0]
	}
	return nil
}

// error is a RowError of the item's row, with the id as it was read.
func (it *item) error(f Field, code Code, args ...string) RowError {
	e := newError(f, code, args...)
	c := it.row.cell(f)
	e.Row, e.Column, e.Raw, e.Normalised = it.row.record.number, it.row.layout.columnOf(f), c.text, tidy(c.text)
	switch f {
	case FieldTx:
		e.Normalised = it.id.text
	case FieldAmount:
		if it.amount != nil {
			e.Normalised = it.amount.String()
		}
	case FieldAddress:
		if it.address != nil {
			e.Normalised = string(it.address.address)
		}
	case FieldTime:
		if it.row.when != nil {
			e.Normalised = it.row.when.at.Format(time.RFC3339)
		}
	}
	return e
}

// record keeps the item for disclosure.
func (it *item) record(kind, chain, text, textJA string) *Record {
	r := &Record{Kind: kind, Chain: chain, ID: it.id.text, Asset: it.row.assetText, Details: it.row.details}
	if it.address != nil {
		r.Address = string(it.address.address)
	}
	switch q := it.amount; {
	case q != nil:
		r.Amount = q.String()
	case it.row.shared() != nil:
		r.Amount = it.row.shared().String()
	}
	if m := it.row.when; m != nil {
		at := m.at
		r.Time = &at
	}
	r.Notices = append(append([]Notice(nil), it.row.details.Notices...), newNotice(NotTraced, fill(text, []string{chain}), fill(textJA, []string{chain})))
	return r
}

// unreadable is what is wrong with the item's id itself; false where nothing is.
func (it *item) unreadable() (RowError, bool) {
	switch it.id.kind {
	case idHash:
		return RowError{}, false
	case idNone:
		return it.error(FieldTx, IDMissing), true
	case idAddress:
		e := it.error(FieldTx, IDIsAddress)
		if family, _, err := readAddress(it.id.text); err == nil && family == tron {
			e.Reason, e.ReasonJA = e.Reason+" (of Tron, which is not indexed)", e.ReasonJA+"(Tron のアドレスです。Tron は取り込まれていません。)"
		}
		return e, true
	case idTruncated:
		return it.error(FieldTx, IDTruncated, strconv.Itoa(len(it.id.head)+len(it.id.tail))), true
	case idTooLong:
		return it.error(FieldTx, IDTooLong, strconv.Itoa(len(it.id.head))), true
	case idTrade:
		return it.error(FieldTx, IDIsTradeNumber), true
	case idMangled:
		return it.error(FieldTx, IDMangled), true
	}
	return it.error(FieldTx, IDUnreadable), true
}

// hints are the chains that the row itself tells, with the field that tells each.
type hint struct {
	field Field
	chain string
}

func (it *item) hints() (out []hint) {
	if it.row.chain != "" {
		out = append(out, hint{FieldChain, it.row.chain})
	}
	if it.id.chain != "" {
		out = append(out, hint{FieldTx, it.id.chain})
	}
	if it.row.asset.chain != "" {
		out = append(out, hint{FieldAsset, it.row.asset.chain})
	}
	if it.address != nil {
		out = append(out, hint{FieldAddress, it.address.family})
	}
	return out
}

// reduced are the row's cells with those of its transactions alone that came to
// nothing, for the file that goes back.
func (r *row) reduced(bad []int) []string {
	cells := r.record.texts()
	if len(bad) == len(r.ids) || len(r.ids) < 2 {
		return cells
	}
	var ids, amounts, addresses []string
	for _, i := range bad {
		ids = append(ids, r.ids[i].text)
		if len(r.quantities) == len(r.ids) {
			amounts = append(amounts, r.quantities[i].String())
		}
		if len(r.addresses) == len(r.ids) {
			addresses = append(addresses, string(r.addresses[i].address))
		}
	}
	for f, parts := range map[Field][]string{FieldTx: ids, FieldAmount: amounts, FieldAddress: addresses} {
		if c := r.layout.column(f); len(parts) > 0 && c >= 0 && c < len(cells) {
			cells[c] = strings.Join(parts, "\n")
		}
	}
	return cells
}

// ref writes a place as references do.
func ref(p Place) string {
	n := strconv.FormatUint(uint64(p.Index), 10)
	switch p.Kind {
	case KindOutput:
		return p.Tx.String() + ":" + n
	case KindToken:
		return p.Tx.String() + ":" + placeLog + ":" + n
	}
	return p.Tx.String() + ":" + placeCall + ":" + n
}

// place is a payment of a transaction that a row may mean.
type payment struct {
	Place
	from, to chains.Address
	asset    chains.Asset
	amount   chains.Amount
}

// payments are all that a transaction pays.
func payments(chain chains.Chain, native chains.Asset, tx *chains.Tx) (out []payment) {
	for i, o := range tx.Outputs {
		if o.Value.Sign() > 0 {
			out = append(out, payment{Place{chain, tx.ID, KindOutput, uint32(i)}, "", o.Address, native, o.Value})
		}
	}
	kinds := map[chains.TransferKind]string{chains.NativeTransfer: KindNative, chains.InternalTransfer: KindInternal, chains.TokenTransfer: KindToken}
	for i := range tx.Transfers {
		if t := &tx.Transfers[i]; t.Payment() {
			out = append(out, payment{Place{chain, tx.ID, kinds[t.Kind], t.Index}, t.From, t.To, t.Asset, t.Amount})
		}
	}
	return out
}
