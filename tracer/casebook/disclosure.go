package casebook

import (
	"context"
	"slices"
	"time"
)

// Disclosure is what an exchange answered of an account: an attribution, by which cases
// may be linked.
type Disclosure struct {
	ID          string `json:"id"`
	Case        string `json:"case"`
	Exchange    string `json:"exchange"`
	Account     string `json:"account"`     // as the exchange numbers it
	Holder      string `json:"holder"`      // 名義人
	Nationality string `json:"nationality"` // as the exchange has it
	Chain       string `json:"chain"`       // of the address
	Address     string `json:"address"`     // that is the account's; may be empty
	Date        string `json:"date"`        // of the answer, as 2006-01-02
	SHA256      string `json:"sha256"`      // of the document, hex; empty: none is stored
	Confidence  int64  `json:"confidence"`  // 0 to 100
	Origin
	Withdrawn Withdrawal `json:"withdrawn,omitzero"`
}

// DisclosureConfidence is that of what an exchange states of its own customer.
const DisclosureConfidence = 70

var disclosures = table[Disclosure]{
	"disclosures",
	slices.Concat(
		[]string{"id", "case_id", "exchange", "account", "holder", "nationality", "chain", "address", "date", "sha256", "confidence"},
		originColumns, withdrawalColumns,
	),
	func(d *Disclosure) []any {
		return slices.Concat(
			[]any{
				&d.ID, &d.Case, &d.Exchange, &d.Account, &d.Holder, &d.Nationality, &d.Chain, &d.Address, &d.Date, &d.SHA256, &d.Confidence,
			},
			d.fields(), d.Withdrawn.fields(),
		)
	},
}

func disclosureResource(id string) string { return "disclosure/" + id }

func (d *Disclosure) check() error {
	if err := checkNames(
		field{"exchange", d.Exchange}, field{"account", d.Account}, field{"holder", d.Holder},
		field{"nationality", d.Nationality}, field{"chain", d.Chain}, field{"address", d.Address},
	); err != nil {
		return err
	}
	if d.Exchange == "" {
		return invalid("exchange", "say who answered", "it is empty")
	}
	if _, err := time.Parse(time.DateOnly, d.Date); err != nil {
		return invalid("date", "as 2025-03-31", "%q is no date", d.Date)
	}
	return nil
}

// AddDisclosure stores an answer with its document, which may be nil. The same answer in
// the same case is there once: fresh is false then.
func (b *Book) AddDisclosure(ctx context.Context, p Principal, caseID string, d Disclosure, document []byte) (stored Disclosure, fresh bool, err error) {
	err = b.do(ctx, p, disclosureAdd, caseResource(caseID), func(ctx context.Context, t *tx) error {
		if _, err := t.writable(ctx, caseID); err != nil {
			return err
		}
		if err := d.check(); err != nil {
			return err
		}
		d.ID, d.Case, d.SHA256, d.Confidence = newID(), caseID, "", DisclosureConfidence
		d.Origin, d.Withdrawn = t.origin(), Withdrawal{}
		if document != nil {
			if d.SHA256, err = t.store(ctx, document, asReceived); err != nil {
				return err
			}
		}
		if fresh, err = disclosures.insert(ctx, t, &d); err == nil && !fresh {
			d, err = disclosures.one(ctx, t, notFound("disclosure", d.ID), `WHERE x.case_id = ? AND x.exchange = ? AND x.account = ?
				AND x.holder = ? AND x.chain = ? AND x.address = ? AND x.date = ?`,
				caseID, d.Exchange, d.Account, d.Holder, d.Chain, d.Address, d.Date)
		}
		t.note("disclosure", d.ID)
		t.note("new", fresh)
		stored = d
		return err
	})
	return stored, fresh, err
}

func (t *tx) visibleDisclosure(ctx context.Context, id string) (Disclosure, error) {
	return disclosures.one(ctx, t, notFound("disclosure", id), ofVisibleCase+"x.id = ?", t.force(), t.force(), id)
}

// Disclosures lists a case's disclosures, or those of all cases that the principal sees
// where caseID is empty: the oldest first, without those withdrawn.
func (b *Book) Disclosures(ctx context.Context, p Principal, caseID string, page Page) (answer List[Disclosure], err error) {
	err = b.do(ctx, p, disclosureList, listOf("disclosure", caseID), func(ctx context.Context, t *tx) error {
		q, err := t.inCases(ctx, caseID)
		if err != nil {
			return err
		}
		q.and("x.withdrawn = 0 AND c.withdrawn = 0")
		answer, err = byTime(ctx, t, disclosures, q, page, func(d *Disclosure) (Origin, string) { return d.Origin, d.ID })
		return err
	})
	return recorded(answer, err)
}

// DisclosureDocument is the document of an answer, checked against its SHA-256.
func (b *Book) DisclosureDocument(ctx context.Context, p Principal, id string) (document []byte, err error) {
	err = b.do(ctx, p, disclosureExport, disclosureResource(id), func(ctx context.Context, t *tx) error {
		d, err := t.visibleDisclosure(ctx, id)
		if err == nil && d.SHA256 == "" {
			err = notFound("document of the disclosure", id)
		}
		if err != nil {
			return err
		}
		document, err = t.load(ctx, d.SHA256)
		return err
	})
	return recorded(document, err)
}

// WithdrawDisclosure lets an answer count no more.
func (b *Book) WithdrawDisclosure(ctx context.Context, p Principal, id, reason string) error {
	return b.do(ctx, p, disclosureWithdraw, disclosureResource(id), func(ctx context.Context, t *tx) error {
		d, err := t.visibleDisclosure(ctx, id)
		if err != nil {
			return err
		}
		return t.withdraw(ctx, "disclosures", disclosureResource(id), id, d.Withdrawn, reason)
	})
}
