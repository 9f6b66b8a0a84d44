package casebook

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
)

// PutLinks stores up to MaxBatch links as they are found now; a pair that is linked
// already gets the new evidence, and keeps its id and decisions. It returns how many are
// new, or rest on new evidence; the same again changes nothing.
func (b *Book) PutLinks(ctx context.Context, p Principal, found []NewLink) (changed int, err error) {
	err = b.do(ctx, p, linkPut, "link", func(ctx context.Context, t *tx) error {
		if len(found) > MaxBatch {
			return invalid("links", "put them in several calls", "%d, and one call takes %d", len(found), MaxBatch)
		}
		rows := make([]*linkRow, len(found))
		for i, l := range found {
			if rows[i], err = l.row(); err != nil {
				return fmt.Errorf("link %d: %w", i, err)
			}
		}
		// Two calls lock the pairs that both have in the same order.
		slices.SortFunc(rows, func(a, b *linkRow) int { return cmp.Or(cmp.Compare(a.A, b.A), cmp.Compare(a.B, b.B)) })
		changed = 0
		for _, row := range rows {
			done, err := t.putLink(ctx, row)
			if err != nil {
				return err
			}
			if done {
				changed++
			}
		}
		t.note("links", len(rows))
		t.note("changed", changed)
		return nil
	})
	return recorded(changed, err)
}

func (t *tx) putLink(ctx context.Context, row *linkRow) (changed bool, err error) {
	for _, id := range []string{row.A, row.B} {
		if _, err := t.visible(ctx, id); err != nil {
			return false, err
		}
	}
	row.Origin, row.Change = t.origin(), t.change(1)
	if added, err := links.insert(ctx, t, row); err != nil || added {
		return added, err
	}
	stands, err := links.one(ctx, t, notFound("link", row.A), "WHERE x.case_a = ? AND x.case_b = ?", row.A, row.B)
	if err != nil {
		return false, err
	}
	if stands.EvidenceDigest == row.EvidenceDigest && stands.Grade == row.Grade && stands.Score == row.Score &&
		stands.Q == row.Q && bytes.Equal(stands.Evidence, row.Evidence) && stands.Withdrawn.At.IsZero() {
		return false, nil
	}
	row.ID, row.Origin, row.Change = stands.ID, stands.Origin, t.change(stands.Version+1)
	return true, t.replaceLink(ctx, &stands, row)
}

func (t *tx) replaceLink(ctx context.Context, stands, next *linkRow) error {
	return t.replace(ctx, linkResource(next.ID), stands.Version, stands, func() (bool, error) {
		return links.update(ctx, t, next, stands.Version)
	})
}

// WithdrawLink says that a link is found no more. PutLinks brings it back.
func (b *Book) WithdrawLink(ctx context.Context, p Principal, id, reason string) error {
	return b.do(ctx, p, linkWithdraw, linkResource(id), func(ctx context.Context, t *tx) error {
		stands, err := t.knownLink(ctx, id)
		if err != nil {
			return err
		}
		if !stands.Withdrawn.At.IsZero() {
			return &ConflictError{Resource: linkResource(id), Reason: "it was withdrawn: " + stands.Withdrawn.Reason}
		}
		if err := checkReason(reason); err != nil {
			return err
		}
		t.note("reason", reason)
		next := stands
		next.Change, next.Withdrawn = t.change(stands.Version+1), t.withdrawal(reason)
		return t.replaceLink(ctx, &stands, &next)
	})
}
