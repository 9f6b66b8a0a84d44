package intake

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"tsuiseki/chains"
)

// row is a data row, read but not yet checked against a chain.
type row struct {
	record  record
	layout  *layout
	details Details

	ids        []reading
	chain      string // as the row says; empty where it does not
	kind       string
	index      *uint32
	asset      named // zero where the row does not say
	assetText  string
	quantities []quantity // none, one for all transactions, or one for each
	lost       bool       // a spreadsheet may have lost digits of the quantity
	when       *moment
	addresses  []account // none, one for all transactions, or one for each
	errors     []RowError
}

// account is an address with its family.
type account struct {
	family  string
	address chains.Address
}

// merging are the fields of which one merged cell speaks for several rows. A merged
// amount is a sum, and a merged id would be one payment twice.
var merging = map[Field]bool{
	FieldChain: true, FieldAsset: true, FieldTime: true, FieldAddress: true, FieldCase: true, FieldReceipt: true, FieldVictim: true,
	FieldOfficer: true, FieldStation: true, FieldPrefecture: true, FieldScheme: true, FieldExchange: true,
}

func (r *row) cell(f Field) cell {
	column := r.layout.column(f)
	c := r.record.at(column)
	if c.text == "" && merging[f] {
		if above, ok := r.record.merged[column]; ok {
			return above
		}
	}
	return c
}

// readRow reads all fields of a row. Everything wrong with it is in errors.
func readRow(rec record, l *layout, zone *time.Location) *row {
	r := &row{record: rec, layout: l, details: Details{Row: rec.number, Part: 1}}
	for _, f := range fieldOrder {
		if c := r.cell(f); strings.ContainsRune(c.text, '\ufffd') && f != fieldReasonEN && f != fieldReasonJA {
			r.fail(newError(f, CellUndecodable))
		}
	}
	r.readWords()
	r.ids = readIDs(r.cell(FieldTx))
	for _, id := range r.ids {
		r.normal(FieldTx, id.text)
	}
	r.readReference()
	r.readAmount()
	r.readTime(zone)
	r.readAddresses()
	r.readYen()
	return r
}

// fail adds an error, with where it stands and how the cell was read.
func (r *row) fail(e RowError) {
	c := r.cell(e.Field)
	e.Row, e.Column, e.Raw = r.record.number, r.layout.columnOf(e.Field), c.text
	if e.Normalised == "" {
		e.Normalised = tidy(c.text)
	}
	r.errors = append(r.errors, e)
}

func (r *row) notice(code NoticeCode, args ...string) {
	r.details.Notices = append(r.details.Notices, newNotice(code, args...))
}

// normal records how a cell was read; what a cell holds several times is read side by side.
func (r *row) normal(f Field, normalised string) {
	raw := r.cell(f).text
	if raw == "" {
		return
	}
	d := &r.details
	if n := len(d.Fields); n > 0 && d.Fields[n-1].Field == f {
		d.Fields[n-1].Normalised += " " + normalised
		return
	}
	d.Fields = append(d.Fields, FieldValue{f, r.layout.columnOf(f), raw, normalised})
}

// readWords reads what is taken as it is.
func (r *row) readWords() {
	d := &r.details
	for _, w := range []struct {
		f  Field
		to *string
	}{
		{FieldCase, &d.Case},
		{FieldReceipt, &d.Receipt},
		{FieldVictim, &d.Victim},
		{FieldOfficer, &d.Officer},
		{FieldStation, &d.Station},
		{FieldScheme, &d.Scheme},
		{FieldExchange, &d.Exchange},
		{FieldNote, &d.Note},
	} {
		raw := r.cell(w.f).text
		switch w.f {
		case FieldCase, FieldReceipt, FieldVictim:
			*w.to = tidy(raw)
		default:
			*w.to = note(raw)
		}
		r.normal(w.f, *w.to)
	}
	if t := tidy(r.cell(FieldPrefecture).text); t != "" {
		if d.Prefecture = prefectureCode(t); d.Prefecture == "" {
			r.notice(PrefectureUnknown, clipped(t))
		}
		if d.Station == "" {
			d.Station = stationOf(t)
		}
		r.normal(FieldPrefecture, d.Prefecture)
	}
	said := strings.ToLower(tidy(d.Note))
	d.SaidTest = containsAny(said, "テスト", "試し", "試験送金", "お試し", "test payment", "test transfer")
	d.SaidRefund = containsAny(said, "返金", "払い戻し", "払戻", "refund")
}

func containsAny(text string, words ...string) bool {
	for _, w := range words {
		if strings.Contains(text, w) {
			return true
		}
	}
	return false
}

// readReference reads chain, kind, index and asset.
func (r *row) readReference() {
	if t := tidy(r.cell(FieldChain).text); t != "" {
		chain, ok := chainNamed(t)
		if !ok {
			r.fail(newError(FieldChain, ChainUnknown))
		}
		r.chain = chain
		r.normal(FieldChain, chain)
	}
	if t := strings.ToLower(tidy(r.cell(FieldKind).text)); t != "" {
		switch t {
		case KindOutput, KindNative, KindInternal, KindToken:
			r.kind = t
		default:
			if !internalTransfer(t) {
				r.fail(newError(FieldKind, KindUnknown))
			}
		}
		r.normal(FieldKind, t)
	}
	if t := tidy(r.cell(FieldIndex).text); t != "" {
		n, err := strconv.ParseUint(t, 10, 32)
		if err != nil {
			r.fail(newError(FieldIndex, IndexUnreadable))
		} else {
			index := uint32(n)
			r.index = &index
		}
		r.normal(FieldIndex, t)
	}
	if t := tidy(r.cell(FieldAsset).text); t != "" {
		asset, ok := assetNamed(t)
		if !ok {
			r.fail(newError(FieldAsset, AssetUnknown))
		}
		r.setAsset(asset, t)
		r.normal(FieldAsset, r.assetText)
	}
}

func (r *row) setAsset(asset named, text string) {
	r.asset, r.assetText = asset, asset.symbol
	if asset.symbol == "" {
		r.assetText = string(asset.contract)
	}
	if r.assetText == "" {
		r.assetText = text
	}
}

// readAmount reads the amount, or as many as there are ids.
func (r *row) readAmount() {
	c := r.cell(FieldAmount)
	t := tidy(c.text)
	if t == "" || t == "-" {
		return
	}
	if c.number && lossy(t) {
		r.lost = true
	}
	for _, part := range r.split(c, t, func(s string) bool { _, err := parseQuantity(s); return err == nil }) {
		q, err := parseQuantity(part)
		switch {
		case errors.Is(err, errExponent):
			r.fail(newError(FieldAmount, AmountMangled, strconv.Itoa(significant(t))))
			return
		case err != nil:
			r.fail(unreadable(FieldAmount, AmountUnreadable, err))
			return
		case q.yen:
			r.fail(newError(FieldAmount, AmountIsYen))
			return
		}
		if q.minus {
			r.notice(AmountNegative)
		}
		if q.unit == "" {
			q.unit = r.layout.unit
		}
		r.quantities = append(r.quantities, q)
		r.normal(FieldAmount, q.String())
		asset, ok := assetNamed(q.unit)
		switch {
		case ok && r.asset == (named{}):
			r.setAsset(asset, q.unit)
		case ok && asset.symbol != r.asset.symbol && r.asset.symbol != "":
			r.fail(newError(FieldAmount, AssetConflict, asset.symbol, r.asset.symbol))
			return
		}
	}
}

// split splits a cell into as many parts as the row has ids, where it has several and
// each part is what the cell should hold.
func (r *row) split(c cell, t string, fits func(string) bool) []string {
	if len(r.ids) < 2 {
		return []string{t}
	}
	for _, separators := range []string{"\n", "\n;、/|", "\n;、/| "} {
		parts := strings.FieldsFunc(c.text, func(x rune) bool { return strings.ContainsRune(separators, x) })
		var out []string
		for _, p := range parts {
			if p = tidy(p); p != "" && fits(p) {
				out = append(out, p)
			}
		}
		if len(out) == len(r.ids) && len(out) == len(parts) {
			return out
		}
	}
	return []string{t}
}

func (r *row) readTime(zone *time.Location) {
	t := tidy(r.cell(FieldTime).text)
	if t == "" || t == "-" {
		return
	}
	if r.layout.zone != nil {
		zone = r.layout.zone
	}
	m, err := parseMoment(t, zone)
	if err != nil {
		r.fail(unreadable(FieldTime, TimeUnreadable, err))
		return
	}
	r.when = &m
	r.normal(FieldTime, m.at.Format(time.RFC3339))
}

func (r *row) readAddresses() {
	c := r.cell(FieldAddress)
	t := tidy(c.text)
	if t == "" || t == "-" {
		return
	}
	for _, part := range r.split(c, t, func(s string) bool { _, _, err := readAddress(s); return err == nil }) {
		family, address, err := readAddress(part)
		if err != nil {
			r.fail(unreadable(FieldAddress, AddressUnreadable, err))
			return
		}
		r.addresses = append(r.addresses, account{family, address})
		r.normal(FieldAddress, string(address))
		if family == chains.Ethereum && !mixedCase(strings.TrimPrefix(part, "0x")) {
			r.notice(ChecksumAbsent)
		}
	}
}

func (r *row) readYen() {
	c := r.cell(FieldYen)
	t := tidy(c.text)
	if t == "" || t == "-" {
		return
	}
	yen, err := parseYen(t)
	if err != nil {
		r.fail(unreadable(FieldYen, YenUnreadable, err))
		return
	}
	r.details.Yen = &yen
	r.normal(FieldYen, yen.String())
}

// internal reports whether the row speaks of a transfer within an exchange: its id
// cell says so, or there is no id of a chain and another cell says so.
func (r *row) internal() bool {
	id := r.ids[0]
	if len(r.ids) != 1 || id.kind != idInternal && id.kind != idNone && id.kind != idTrade && id.kind != idUnread {
		return false
	}
	return id.kind == idInternal || internalTransfer(tidy(r.cell(FieldNote).text)) || internalTransfer(tidy(r.cell(FieldKind).text))
}
