package casebook

import "context"

var auditRows = table[AuditRow]{
	"audit",
	[]string{"seq", "time", "who", "action", "resource", "details", "hash"},
	func(r *AuditRow) []any {
		return []any{&r.Seq, &r.Time, &r.Who, &r.Action, &r.Resource, &r.Details, &r.Hash}
	},
}

// AuditFilter is which rows of the audit to list; what is empty does not matter.
type AuditFilter struct {
	Who, Action, Resource string
}

// Audit lists rows of the audit, the newest first.
func (b *Book) Audit(ctx context.Context, p Principal, filter AuditFilter, page Page) (answer List[AuditRow], err error) {
	err = b.do(ctx, p, auditList, "audit", func(ctx context.Context, t *tx) error {
		q := query{key: []string{"seq"}, newest: true}
		for _, f := range []field{{"who", filter.Who}, {"action", filter.Action}, {"resource", filter.Resource}} {
			if f.text != "" {
				q.and("x."+f.name+" = ?", storable(f.text))
				t.note(f.name, f.text)
			}
		}
		answer, err = list(ctx, t, auditRows, q, page, func(r *AuditRow) []any { return []any{r.Seq} })
		return err
	})
	return recorded(answer, err)
}

// AuditHead is the newest row of the audit, that of this call before it. Kept where nobody
// who can write the database can write, it proves what VerifyAudit alone cannot: that rows
// at the end were not cut off.
func (b *Book) AuditHead(ctx context.Context, p Principal) (head AuditHead, err error) {
	err = b.do(ctx, p, auditHead, "audit", func(ctx context.Context, t *tx) error {
		head, err = t.head(ctx)
		return err
	})
	return recorded(head, err)
}

func (t *tx) head(ctx context.Context) (head AuditHead, err error) {
	err = t.QueryRowContext(ctx, "SELECT seq, hash FROM audit_head").Scan(&head.Seq, &head.Hash)
	return head, err
}

// Record appends an act that no method of the book is: a search, a report, a sign-in. The
// case that it concerns, if any, is one that the principal may see.
func (b *Book) Record(ctx context.Context, p Principal, caseID, action string, details map[string]any) error {
	return b.do(ctx, p, record, listOf("record", caseID), func(ctx context.Context, t *tx) error {
		if err := checkNames(field{"action", action}); err != nil {
			return err
		}
		if caseID != "" {
			if _, err := t.visible(ctx, caseID); err != nil {
				return err
			}
		}
		if err := checkDetails(details); err != nil {
			return err
		}
		// The names of what the book itself records are not the caller's.
		t.note("act", action)
		t.note("given", details)
		return nil
	})
}

// checkDetails wants details that can be stored.
func checkDetails(details map[string]any) error {
	text, err := canonical(details)
	if err != nil {
		return invalid("details", "give what JSON can say", "%v", err)
	}
	return checkText("details", text, maxText)
}
