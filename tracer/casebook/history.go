package casebook

import (
	"context"
	"encoding/json"
)

// Revision is a state that a change overwrote, as JSON.
type Revision struct {
	Version  int64           `json:"version"`
	Document json.RawMessage `json:"document"`

	resource string
}

var revisions = table[Revision]{
	"revisions",
	[]string{"resource", "version", "document"},
	func(r *Revision) []any { return []any{&r.resource, &r.Version, (*document)(&r.Document)} },
}

// history lists the former states of a resource, the oldest first.
func (t *tx) history(ctx context.Context, resource string, page Page) (List[Revision], error) {
	q := query{key: []string{"version"}}
	q.and("x.resource = ?", resource)
	t.note("history", true)
	return list(ctx, t, revisions, q, page, func(r *Revision) []any { return []any{r.Version} })
}

// CaseHistory lists a case's former states, the oldest first.
func (b *Book) CaseHistory(ctx context.Context, p Principal, id string, page Page) (answer List[Revision], err error) {
	err = b.do(ctx, p, caseView, caseResource(id), func(ctx context.Context, t *tx) error {
		if _, err := t.visible(ctx, id); err != nil {
			return err
		}
		answer, err = t.history(ctx, caseResource(id), page)
		return err
	})
	return recorded(answer, err)
}

// DepositHistory lists a deposit's former states, the oldest first.
func (b *Book) DepositHistory(ctx context.Context, p Principal, id string, page Page) (answer List[Revision], err error) {
	err = b.do(ctx, p, depositView, depositResource(id), func(ctx context.Context, t *tx) error {
		if _, err := t.visibleDeposit(ctx, id); err != nil {
			return err
		}
		answer, err = t.history(ctx, depositResource(id), page)
		return err
	})
	return recorded(answer, err)
}

// LinkHistory lists a link's former states, the oldest first: by their evidence_digest a
// decision's evidence is found.
func (b *Book) LinkHistory(ctx context.Context, p Principal, id string, page Page) (answer List[Revision], err error) {
	err = b.do(ctx, p, linkView, linkResource(id), func(ctx context.Context, t *tx) error {
		if _, err := t.wholeLink(ctx, id); err != nil {
			return err
		}
		answer, err = t.history(ctx, linkResource(id), page)
		return err
	})
	return recorded(answer, err)
}
