package casebook

import "context"

// ofVisibleCase continues a query for rows that belong to a case which the principal
// may see: its first two parameters are the force.
const ofVisibleCase = "JOIN cases c ON c.id = x.case_id WHERE (? = '' OR c.prefecture = ?) AND "

// inCases asks for rows of one case, or of all that the principal sees.
func (t *tx) inCases(ctx context.Context, caseID string) (query, error) {
	q := query{joins: "JOIN cases c ON c.id = x.case_id"}
	q.and("(? = '' OR c.prefecture = ?)", t.force(), t.force())
	if caseID == "" {
		return q, nil
	}
	q.and("x.case_id = ?", caseID)
	_, err := t.visible(ctx, caseID)
	return q, err
}

// listOf is what the audit calls a list of a case, or of all cases.
func listOf(kind, caseID string) string {
	if caseID == "" {
		return kind
	}
	return caseResource(caseID)
}

// ofCase lists what belongs to a case, the oldest first.
func ofCase[T any](ctx context.Context, t *tx, n table[T], caseID string, page Page, key func(*T) (Origin, string)) (List[T], error) {
	if _, err := t.visible(ctx, caseID); err != nil {
		return List[T]{}, err
	}
	var q query
	q.and("x.case_id = ?", caseID)
	return byTime(ctx, t, n, q, page, key)
}
