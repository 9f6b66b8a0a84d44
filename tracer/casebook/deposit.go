package casebook

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"time"

	"tsuiseki/chains"
)

// Deposit is a victim's payment: an output or a transfer on a chain, once in a case.
type Deposit struct {
	ID      string         `json:"id"`
	Case    string         `json:"case"`
	Chain   chains.Chain   `json:"chain"`
	Tx      chains.TxID    `json:"tx"`
	Kind    string         `json:"kind"`  // output, native, internal or token
	Index   uint32         `json:"index"` // of the output, log or call
	Address chains.Address `json:"address"`
	Asset   chains.Asset   `json:"asset"`
	Amount  chains.Amount  `json:"amount"` // base units
	Time    time.Time      `json:"time,omitzero"`
	Note    string         `json:"note"`

	Yen     *chains.Amount `json:"yen,omitempty"` // whole yen, as the force reckoned; absent: not said
	Receipt string         `json:"receipt"`       // 受理番号
	Victim  string         `json:"victim"`        // 被害者ID, a pseudonym
	Upload  string         `json:"upload"`        // that it came by; empty: entered by hand
	Row     int64          `json:"row"`           // of the upload
	Test    bool           `json:"test"`          // a test payment
	Refund  bool           `json:"refund"`        // was paid back
	Origin
	Change
	Withdrawn Withdrawal `json:"withdrawn,omitzero"`
}

// Kinds of deposit.
const (
	KindOutput   = "output"
	KindNative   = "native"
	KindInternal = "internal"
	KindToken    = "token"
)

// MaxBatch is how many deposits, or rows refused, one call takes.
const MaxBatch = 10_000

var deposits = table[Deposit]{
	"deposits",
	slices.Concat(
		[]string{
			"id", "case_id", "chain", "tx", "kind", "idx", "address", "asset", "amount", "time", "note",
			"yen", "receipt", "victim", "upload_id", "line", "test", "refund",
		},
		originColumns, changeColumns, withdrawalColumns,
	),
	func(d *Deposit) []any {
		return slices.Concat(
			[]any{
				&d.ID, &d.Case, (*string)(&d.Chain), &stringed{&d.Tx}, &d.Kind, (*position)(&d.Index), (*string)(&d.Address),
				(*string)(&d.Asset), (*amount)(&d.Amount), (*micros)(&d.Time), &d.Note,
				&optionalAmount{&d.Yen}, &d.Receipt, &d.Victim, (*reference)(&d.Upload), &d.Row, &d.Test, &d.Refund,
			},
			d.Origin.fields(), d.Change.fields(), d.Withdrawn.fields(),
		)
	},
}

func depositResource(id string) string { return "deposit/" + id }

func (d *Deposit) check() error {
	if err := checkNames(
		field{"chain", string(d.Chain)}, field{"address", string(d.Address)}, field{"asset", string(d.Asset)},
		field{"receipt", d.Receipt}, field{"victim", d.Victim},
	); err != nil {
		return err
	}
	switch {
	case d.Chain == "":
		return invalid("chain", "name it, as bitcoin or ethereum", "it is empty")
	case d.Asset == "":
		return invalid("asset", "name it, as BTC, ETH or a token's contract", "it is empty")
	case !slices.Contains([]string{KindOutput, KindNative, KindInternal, KindToken}, d.Kind):
		return invalid("kind", "one of output, native, internal, token", "%q", d.Kind)
	case d.Amount.Sign() < 0 || d.Amount.BitLen() > 256:
		return invalid("amount", "base units of the asset, as satoshi or wei", "%s", d.Amount)
	case d.Yen != nil && (d.Yen.Sign() < 0 || d.Yen.BitLen() > 256):
		return invalid("yen", "whole yen", "%s", d.Yen)
	case !d.Time.IsZero() && (d.Time.Year() < 1970 || d.Time.Year() > 9999):
		return invalid("time", "leave it out where it is not known", "the year %d", d.Time.Year())
	case d.Row < 0:
		return invalid("row", "count from 1", "%d", d.Row)
	}
	return checkText("note", d.Note, maxText)
}

// place is what makes a deposit one of a kind in a case.
type place struct {
	chain, tx, kind string
	index           uint32
}

func (d *Deposit) place() place { return place{string(d.Chain), d.Tx.String(), d.Kind, d.Index} }

// Added says what became of a deposit that was given.
type Added struct {
	ID  string `json:"id"`
	New bool   `json:"new"` // else the case had it already, and it stands as it was
}

// AddDeposits adds up to MaxBatch deposits to a case, and answers for each in the same
// order. One that the case has is left as it is, withdrawn ones too. An upload that
// they name is one of the case.
func (b *Book) AddDeposits(ctx context.Context, p Principal, caseID string, given []Deposit) (answer []Added, err error) {
	err = b.do(ctx, p, depositAdd, caseResource(caseID), func(ctx context.Context, t *tx) error {
		if len(given) > MaxBatch {
			return invalid("deposits", "add them in several calls", "%d, and one call takes %d", len(given), MaxBatch)
		}
		if _, err := t.writable(ctx, caseID); err != nil {
			return err
		}
		rows := make([]*Deposit, len(given))
		uploads := make(map[string]bool)
		for i, d := range given {
			if err := d.check(); err != nil {
				return fmt.Errorf("deposit %d: %w", i, err)
			}
			d.ID, d.Case = newID(), caseID
			d.Origin, d.Change, d.Withdrawn = t.origin(), t.change(1), Withdrawal{}
			rows[i] = &d
			if d.Upload != "" {
				uploads[d.Upload] = true
			}
		}
		for id := range uploads {
			if err := t.uploadOf(ctx, caseID, id); err != nil {
				return err
			}
		}
		answer, err = t.addDeposits(ctx, caseID, rows)
		return err
	})
	return recorded(answer, err)
}

func (t *tx) addDeposits(ctx context.Context, caseID string, rows []*Deposit) ([]Added, error) {
	// Where two calls add the same deposits, the same order lets one wait for the other.
	sorted := slices.SortedStableFunc(slices.Values(rows), func(a, b *Deposit) int {
		return a.place().compare(b.place())
	})
	added, err := deposits.insertAll(ctx, t, sorted)
	if err != nil {
		return nil, err
	}
	t.note("deposits", len(rows))
	t.note("new", len(added))
	fresh := make(map[string]bool, len(added))
	for _, id := range added {
		fresh[id] = true
	}
	ids, err := t.depositIDs(ctx, caseID, rows, fresh)
	if err != nil {
		return nil, err
	}
	answer := make([]Added, len(rows))
	for i, d := range rows {
		answer[i] = Added{ID: ids[d.place()], New: fresh[d.ID]}
	}
	return answer, nil
}

// depositIDs are the ids by which the case has the deposits, the fresh ones and those of
// before.
func (t *tx) depositIDs(ctx context.Context, caseID string, rows []*Deposit, fresh map[string]bool) (map[place]string, error) {
	ids := make(map[place]string, len(rows))
	var before []string
	for _, d := range rows {
		if fresh[d.ID] {
			ids[d.place()] = d.ID
		}
	}
	for _, d := range rows {
		if ids[d.place()] == "" {
			before = append(before, d.Tx.String())
		}
	}
	slices.Sort(before)
	for some := range slices.Chunk(slices.Compact(before), 500) {
		args := []any{caseID}
		for _, tx := range some {
			args = append(args, tx)
		}
		found, err := deposits.many(ctx, t, "WHERE x.case_id = ? AND x.tx IN ("+placeholders(len(some))+")", args...)
		if err != nil {
			return nil, err
		}
		for i := range found {
			ids[found[i].place()] = found[i].ID
		}
	}
	return ids, nil
}

// visibleDeposit is a deposit of a case that the principal may see.
func (t *tx) visibleDeposit(ctx context.Context, id string) (Deposit, error) {
	return deposits.one(ctx, t, notFound("deposit", id), ofVisibleCase+"x.id = ?", t.force(), t.force(), id)
}

// Deposit is one deposit.
func (b *Book) Deposit(ctx context.Context, p Principal, id string) (d Deposit, err error) {
	err = b.do(ctx, p, depositView, depositResource(id), func(ctx context.Context, t *tx) error {
		d, err = t.visibleDeposit(ctx, id)
		return err
	})
	return recorded(d, err)
}

// DepositFilter is which deposits to list; what is empty does not matter.
type DepositFilter struct {
	Case      string
	Upload    string
	Withdrawn bool // those too, and those of withdrawn cases
}

// Deposits lists deposits in the order in which they were added, those of one call in
// the order of their rows.
func (b *Book) Deposits(ctx context.Context, p Principal, filter DepositFilter, page Page) (answer List[Deposit], err error) {
	err = b.do(ctx, p, depositList, listOf("deposit", filter.Case), func(ctx context.Context, t *tx) error {
		q, err := t.inCases(ctx, filter.Case)
		if err != nil {
			return err
		}
		q.key, q.texts = []string{"created", "line", "id"}, 1
		if filter.Upload != "" {
			q.and("x.upload_id = ?", storable(filter.Upload))
			t.note("upload", filter.Upload)
		}
		if !filter.Withdrawn {
			q.and("x.withdrawn = 0 AND c.withdrawn = 0")
		}
		answer, err = list(ctx, t, deposits, q, page, func(d *Deposit) []any {
			return []any{stored(d.Created), d.Row, d.ID}
		})
		return err
	})
	return recorded(answer, err)
}

// EachDeposit gives all deposits of a list one after the other, in bounded memory. What
// others add meanwhile may be among them or not.
func (b *Book) EachDeposit(ctx context.Context, p Principal, filter DepositFilter) iter.Seq2[Deposit, error] {
	return func(yield func(Deposit, error) bool) {
		for page := (Page{Limit: maxLimit}); ; {
			part, err := b.Deposits(ctx, p, filter, page)
			if err != nil {
				yield(Deposit{}, err)
				return
			}
			for _, d := range part.Items {
				if !yield(d, nil) {
					return
				}
			}
			if page.After = part.Next; page.After == "" {
				return
			}
		}
	}
}
