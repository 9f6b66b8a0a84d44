package casebook

import (
	"context"
	"fmt"
	"slices"
)

// Decision is what a person holds of a link, on the evidence that was there. The newest
// counts.
type Decision struct {
	ID             string  `json:"id"`
	Link           string  `json:"link"`
	Number         int64   `json:"number"` // of the link's decisions, from 1
	Verdict        Verdict `json:"verdict"`
	Reason         string  `json:"reason"`
	EvidenceDigest string  `json:"evidence_digest"` // of the evidence that was decided on
	Origin
}

// Verdict is what was decided.
type Verdict string

// Verdicts.
const (
	Confirmed Verdict = "confirmed"
	Rejected  Verdict = "rejected"
)

var decisions = table[Decision]{
	"decisions",
	slices.Concat([]string{"id", "link_id", "verdict", "reason", "evidence_digest", "n"}, originColumns),
	func(d *Decision) []any {
		return append([]any{&d.ID, &d.Link, (*string)(&d.Verdict), &d.Reason, &d.EvidenceDigest, &d.Number}, d.fields()...)
	},
}

// wholeLink is a link of which nothing is withheld from the principal.
func (t *tx) wholeLink(ctx context.Context, id string) (Link, error) {
	row, err := t.knownLink(ctx, id)
	if err != nil {
		return Link{}, err
	}
	shown, err := t.show(ctx, []linkRow{row})
	if err != nil {
		return Link{}, err
	}
	if shown[0].Withheld {
		return Link{}, fmt.Errorf("link %s: %w: it leads into another force's case: call %s, or ask the department", id, ErrForbidden, shown[0].Contact)
	}
	return shown[0], nil
}

// Decide confirms or rejects a link, on the evidence with the digest that the decider has
// seen: where there is another by now it fails with a ConflictError.
func (b *Book) Decide(ctx context.Context, p Principal, linkID string, verdict Verdict, reason, evidenceDigest string) (d Decision, err error) {
	err = b.do(ctx, p, linkDecide, linkResource(linkID), func(ctx context.Context, t *tx) error {
		l, err := t.wholeLink(ctx, linkID)
		if err != nil {
			return err
		}
		if verdict != Confirmed && verdict != Rejected {
			return invalid("verdict", "one of confirmed, rejected", "%q", verdict)
		}
		if err := checkReason(reason); err != nil {
			return err
		}
		if evidenceDigest != l.Detail.EvidenceDigest {
			return &ConflictError{Resource: linkResource(linkID), Reason: "it rests on other evidence by now: look at it again"}
		}
		d = Decision{
			ID: newID(), Link: linkID, Number: 1, Verdict: verdict, Reason: reason,
			EvidenceDigest: evidenceDigest, Origin: t.origin(),
		}
		if l.Detail.Decision != nil {
			d.Number += l.Detail.Decision.Number
		}
		t.note("verdict", verdict)
		t.note("reason", reason)
		t.note("evidence", evidenceDigest)
		added, err := decisions.insert(ctx, t, &d)
		if err == nil && !added {
			err = &ConflictError{Resource: linkResource(linkID), Reason: "someone else is deciding on it: look at it again"}
		}
		return err
	})
	return recorded(d, err)
}

// Decisions lists what was decided on a link, the oldest first.
func (b *Book) Decisions(ctx context.Context, p Principal, linkID string, page Page) (answer List[Decision], err error) {
	err = b.do(ctx, p, decisionList, linkResource(linkID), func(ctx context.Context, t *tx) error {
		if _, err := t.wholeLink(ctx, linkID); err != nil {
			return err
		}
		q := query{key: []string{"n"}}
		q.and("x.link_id = ?", linkID)
		answer, err = list(ctx, t, decisions, q, page, func(d *Decision) []any { return []any{d.Number} })
		return err
	})
	return recorded(answer, err)
}

// newestDecisions are those that count, by link.
func (t *tx) newestDecisions(ctx context.Context, rows []linkRow) (map[string]*Decision, error) {
	newest := make(map[string]*Decision)
	for some := range slices.Chunk(rows, 500) {
		ids := make([]any, len(some))
		for i := range some {
			ids[i] = some[i].ID
		}
		found, err := decisions.many(ctx, t, "WHERE x.link_id IN ("+placeholders(len(ids))+") ORDER BY x.n", ids...)
		if err != nil {
			return nil, err
		}
		for _, d := range found {
			newest[d.Link] = &d
		}
	}
	return newest, nil
}
