package casebook

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
)

// Link says that two cases may belong together. Of one into another force's case an
// investigator is told that it exists, its grade and whom to call, and nothing else.
type Link struct {
	ID       string      `json:"id"`
	Cases    [2]string   `json:"cases"` // the lesser id first; or the own one, and none for another force's
	Grade    Grade       `json:"grade"`
	Contact  string      `json:"contact,omitempty"` // whom to call, where the rest is withheld
	Withheld bool        `json:"withheld"`
	Detail   *LinkDetail `json:"detail,omitempty"` // nil where it is withheld
}

// LinkDetail is what a link rests on.
type LinkDetail struct {
	Score          string          `json:"score"` // decimal
	Q              string          `json:"q"`     // decimal: the false discovery rate at which it is found
	Evidence       json.RawMessage `json:"evidence"`
	EvidenceDigest string          `json:"evidence_digest"` // what decisions are held against
	Origin
	Change
	Withdrawn Withdrawal `json:"withdrawn,omitzero"`

	Decision *Decision `json:"decision,omitempty"` // the newest
	Decided  bool      `json:"decided"`            // on this evidence: else there is none, or new evidence came since
}

// Grade is how strong a link is.
type Grade string

// Grades.
const (
	Strong   Grade = "strong"
	Probable Grade = "probable"
	Weak     Grade = "weak"
)

// NewLink is a link as correlation finds it.
type NewLink struct {
	Cases    [2]string // in either order
	Grade    Grade
	Score, Q string // decimal
	Evidence json.RawMessage
	ID       string // of the link where it is new; made where it is empty
	Digest   string // what decisions are held against; the SHA-256 of the evidence in canonical form, hex, where it is empty
}

// linkRow is a link as it is stored; its JSON is what revisions keep.
type linkRow struct {
	ID             string          `json:"id"`
	A              string          `json:"a"`
	B              string          `json:"b"`
	Grade          string          `json:"grade"`
	Score          string          `json:"score"`
	Q              string          `json:"q"`
	Evidence       json.RawMessage `json:"evidence"`
	EvidenceDigest string          `json:"evidence_digest"`
	Origin
	Change
	Withdrawn Withdrawal `json:"withdrawn,omitzero"`
}

var links = table[linkRow]{
	"links",
	slices.Concat(
		[]string{"id", "case_a", "case_b", "grade", "score", "q", "evidence", "evidence_digest"},
		originColumns, changeColumns, withdrawalColumns,
	),
	func(l *linkRow) []any {
		return slices.Concat(
			[]any{&l.ID, &l.A, &l.B, &l.Grade, &l.Score, &l.Q, (*document)(&l.Evidence), &l.EvidenceDigest},
			l.Origin.fields(), l.Change.fields(), l.Withdrawn.fields(),
		)
	},
}

func linkResource(id string) string { return "link/" + id }

// row checks a link and gives it the form in which it is stored.
func (l NewLink) row() (*linkRow, error) {
	if err := checkNames(field{"score", l.Score}, field{"q", l.Q}, field{"id", l.ID}, field{"digest", l.Digest}); err != nil {
		return nil, err
	}
	if !slices.Contains([]Grade{Strong, Probable, Weak}, l.Grade) {
		return nil, invalid("grade", "one of strong, probable, weak", "%q", l.Grade)
	}
	if l.Cases[0] == l.Cases[1] {
		return nil, invalid("cases", "give two cases", "twice the same")
	}
	evidence, err := checkJSON("evidence", l.Evidence)
	if err != nil {
		return nil, err
	}
	if l.Digest == "" {
		digest := sha256.Sum256(evidence)
		l.Digest = hex.EncodeToString(digest[:])
	}
	return &linkRow{
		ID: cmp.Or(l.ID, newID()), A: min(l.Cases[0], l.Cases[1]), B: max(l.Cases[0], l.Cases[1]),
		Grade: string(l.Grade), Score: l.Score, Q: l.Q, Evidence: evidence, EvidenceDigest: l.Digest,
	}, nil
}

// knownPairs limits a query to links that the principal may know of; its parameters are
// the force, four times. A link that was withdrawn, or has a case that was, is known to
// those who see both cases.
const (
	joinPairs  = "JOIN cases a ON a.id = x.case_a JOIN cases b ON b.id = x.case_b"
	pairCounts = "(x.withdrawn = 0 AND a.withdrawn = 0 AND b.withdrawn = 0)"
	knownPairs = "(? = '' OR a.prefecture = ? OR b.prefecture = ?) AND (? = '' OR a.prefecture = b.prefecture OR " + pairCounts + ")"
)

// knownLink is a link that the principal may know of; what it may see of it show says.
func (t *tx) knownLink(ctx context.Context, id string) (linkRow, error) {
	f := t.force()
	return links.one(ctx, t, notFound("link", id), joinPairs+" WHERE "+knownPairs+" AND x.id = ?", f, f, f, f, id)
}

// show gives links the form in which the principal may see them.
func (t *tx) show(ctx context.Context, rows []linkRow) ([]Link, error) {
	ends, err := t.ends(ctx, rows)
	if err != nil {
		return nil, err
	}
	newest, err := t.newestDecisions(ctx, rows)
	if err != nil {
		return nil, err
	}
	shown := make([]Link, len(rows))
	for i, row := range rows {
		l := Link{ID: row.ID, Grade: Grade(row.Grade)}
		for side, id := range []string{row.A, row.B} {
			if c := ends[id]; t.scope != all && string(c.Prefecture) != t.force() {
				l.Withheld, l.Contact = true, contact(c)
			} else {
				l.Cases[side] = id
			}
		}
		if l.Withheld {
			// The place of a case in the pair would tell of the other's id.
			l.Cases = [2]string{l.Cases[0] + l.Cases[1]}
		} else {
			l.Detail = row.detail(newest[row.ID])
		}
		shown[i] = l
	}
	return shown, nil
}

func (l *linkRow) detail(newest *Decision) *LinkDetail {
	return &LinkDetail{
		Score: l.Score, Q: l.Q, Evidence: l.Evidence, EvidenceDigest: l.EvidenceDigest,
		Origin: l.Origin, Change: l.Change, Withdrawn: l.Withdrawn,
		Decision: newest, Decided: newest != nil && newest.EvidenceDigest == l.EvidenceDigest,
	}
}

// contact is whom to call about a case.
func contact(c Case) string {
	if c.Contact != "" {
		return c.Contact
	}
	return c.Prefecture.Name()
}

// ends are the cases of links, where some may be another force's.
func (t *tx) ends(ctx context.Context, rows []linkRow) (map[string]Case, error) {
	if t.scope == all {
		return nil, nil
	}
	var ids []any
	for _, row := range rows {
		ids = append(ids, row.A, row.B)
	}
	ends := make(map[string]Case)
	for some := range slices.Chunk(ids, 500) {
		found, err := cases.many(ctx, t, "WHERE x.id IN ("+placeholders(len(some))+")", some...)
		if err != nil {
			return nil, err
		}
		for _, c := range found {
			ends[c.ID] = c
		}
	}
	return ends, nil
}

// Link is one link, as the principal may see it.
func (b *Book) Link(ctx context.Context, p Principal, id string) (l Link, err error) {
	err = b.do(ctx, p, linkView, linkResource(id), func(ctx context.Context, t *tx) error {
		row, err := t.knownLink(ctx, id)
		if err != nil {
			return err
		}
		shown, err := t.show(ctx, []linkRow{row})
		if err == nil {
			l = shown[0]
		}
		return err
	})
	return recorded(l, err)
}

// LinkFilter is which links to list; what is empty does not matter.
type LinkFilter struct {
	Case      string
	Grade     Grade
	Withdrawn bool // those too, and those of withdrawn cases, where nothing of them is withheld
}

// Links lists the links that the principal may know of, as it may see them, in an order
// that tells nothing.
func (b *Book) Links(ctx context.Context, p Principal, filter LinkFilter, page Page) (answer List[Link], err error) {
	err = b.do(ctx, p, linkList, listOf("link", filter.Case), func(ctx context.Context, t *tx) error {
		f := t.force()
		q := query{joins: joinPairs, key: []string{"id"}, texts: 1}
		q.and(knownPairs, f, f, f, f)
		if filter.Case != "" {
			if _, err := t.visible(ctx, filter.Case); err != nil {
				return err
			}
			q.and("(x.case_a = ? OR x.case_b = ?)", filter.Case, filter.Case)
		}
		if filter.Grade != "" {
			q.and("x.grade = ?", storable(string(filter.Grade)))
		}
		if !filter.Withdrawn {
			q.and(pairCounts)
		}
		rows, err := list(ctx, t, links, q, page, func(l *linkRow) []any { return []any{l.ID} })
		if err != nil {
			return err
		}
		answer.Next = rows.Next
		answer.Items, err = t.show(ctx, rows.Items)
		return err
	})
	return recorded(answer, err)
}
