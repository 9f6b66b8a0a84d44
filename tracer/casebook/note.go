package casebook

import (
	"context"
	"slices"
	"strings"
)

// Note is a remark on a case. It is not changed: a better one is added, and this one
// withdrawn.
type Note struct {
	ID   string `json:"id"`
	Case string `json:"case"`
	Text string `json:"text"`
	Origin
	Withdrawn Withdrawal `json:"withdrawn,omitzero"`
}

var notes = table[Note]{
	"notes",
	slices.Concat([]string{"id", "case_id", "text"}, originColumns, withdrawalColumns),
	func(n *Note) []any {
		return slices.Concat([]any{&n.ID, &n.Case, &n.Text}, n.fields(), n.Withdrawn.fields())
	},
}

func noteResource(id string) string { return "note/" + id }

// AddNote adds a remark to a case.
func (b *Book) AddNote(ctx context.Context, p Principal, caseID, text string) (n Note, err error) {
	err = b.do(ctx, p, noteAdd, caseResource(caseID), func(ctx context.Context, t *tx) error {
		if _, err := t.writable(ctx, caseID); err != nil {
			return err
		}
		if strings.TrimSpace(text) == "" {
			return invalid("text", "write something", "it is empty")
		}
		if err := checkText("text", text, maxText); err != nil {
			return err
		}
		n = Note{ID: newID(), Case: caseID, Text: text, Origin: t.origin()}
		t.note("note", n.ID)
		_, err := notes.insert(ctx, t, &n)
		return err
	})
	return recorded(n, err)
}

// Notes lists a case's remarks, the oldest first, those withdrawn too.
func (b *Book) Notes(ctx context.Context, p Principal, caseID string, page Page) (answer List[Note], err error) {
	err = b.do(ctx, p, noteList, caseResource(caseID), func(ctx context.Context, t *tx) error {
		answer, err = ofCase(ctx, t, notes, caseID, page, func(n *Note) (Origin, string) { return n.Origin, n.ID })
		return err
	})
	return recorded(answer, err)
}

// WithdrawNote lets a remark count no more.
func (b *Book) WithdrawNote(ctx context.Context, p Principal, id, reason string) error {
	return b.do(ctx, p, noteWithdraw, noteResource(id), func(ctx context.Context, t *tx) error {
		n, err := notes.one(ctx, t, notFound("note", id), ofVisibleCase+"x.id = ?", t.force(), t.force(), id)
		if err != nil {
			return err
		}
		return t.withdraw(ctx, "notes", noteResource(id), id, n.Withdrawn, reason)
	})
}
