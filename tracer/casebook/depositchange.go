package casebook

import (
	"cmp"
	"context"
)

func (p place) compare(q place) int {
	return cmp.Or(cmp.Compare(p.chain, q.chain), cmp.Compare(p.tx, q.tx), cmp.Compare(p.kind, q.kind), cmp.Compare(p.index, q.index))
}

// UpdateDeposit replaces what people say of a deposit: note, yen, receipt, victim, test
// and refund. What the chain says of it stays: a deposit that is another one is added, and
// the wrong one withdrawn. The version is the one that was read, as with UpdateCase.
func (b *Book) UpdateDeposit(ctx context.Context, p Principal, d Deposit) (Deposit, error) {
	err := b.do(ctx, p, depositChange, depositResource(d.ID), func(ctx context.Context, t *tx) error {
		stands, err := t.writableDeposit(ctx, d.ID)
		if err != nil {
			return err
		}
		if err := t.unchanged(ctx, depositResource(d.ID), d.Version, stands.Change, &stands); err != nil {
			return err
		}
		next := stands
		next.Note, next.Yen, next.Receipt, next.Victim, next.Test, next.Refund = d.Note, d.Yen, d.Receipt, d.Victim, d.Test, d.Refund
		if err := next.check(); err != nil {
			return err
		}
		next.Change = t.change(stands.Version + 1)
		t.note("version", next.Version)
		d = next
		return t.replaceDeposit(ctx, &stands, &next)
	})
	return recorded(d, err)
}

// writableDeposit is a deposit that counts, of a case that does.
func (t *tx) writableDeposit(ctx context.Context, id string) (Deposit, error) {
	d, err := t.visibleDeposit(ctx, id)
	if err != nil {
		return d, err
	}
	if !d.Withdrawn.At.IsZero() {
		return d, &ConflictError{Resource: depositResource(id), Reason: "it was withdrawn: " + d.Withdrawn.Reason}
	}
	_, err = t.writable(ctx, d.Case)
	return d, err
}

func (t *tx) replaceDeposit(ctx context.Context, stands, next *Deposit) error {
	return t.replace(ctx, depositResource(next.ID), stands.Version, stands, func() (bool, error) {
		return deposits.update(ctx, t, next, stands.Version)
	})
}

// WithdrawDeposit lets a deposit count no more.
func (b *Book) WithdrawDeposit(ctx context.Context, p Principal, id, reason string) error {
	return b.do(ctx, p, depositWithdraw, depositResource(id), func(ctx context.Context, t *tx) error {
		stands, err := t.writableDeposit(ctx, id)
		if err != nil {
			return err
		}
		if err := checkReason(reason); err != nil {
			return err
		}
		t.note("reason", reason)
		return t.withdrawDeposit(ctx, &stands, reason)
	})
}

func (t *tx) withdrawDeposit(ctx context.Context, stands *Deposit, reason string) error {
	next := *stands
	next.Change, next.Withdrawn = t.change(stands.Version+1), t.withdrawal(reason)
	return t.replaceDeposit(ctx, stands, &next)
}
