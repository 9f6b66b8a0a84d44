package casebook

import "context"

// Reject is a row of an upload that became no deposit, or one of several reasons why.
type Reject struct {
	Upload     string `json:"upload"`
	Attempt    int64  `json:"attempt"`
	Row        int64  `json:"row"`   // of the upload
	Field      string `json:"field"` // empty: the row as a whole
	Code       string `json:"code"`  // once for a field of a row
	Value      string `json:"value"` // as it was received
	Normalised string `json:"normalised"`
	Reason     string `json:"reason"`
	ReasonJa   string `json:"reason_ja"`
	Suggestion string `json:"suggestion"`
}

var rejects = table[Reject]{
	"rejects",
	[]string{"upload_id", "attempt", "line", "field", "code", "raw", "normalised", "reason", "reason_ja", "suggestion"},
	func(r *Reject) []any {
		return []any{&r.Upload, &r.Attempt, &r.Row, &r.Field, &r.Code, &r.Value, &r.Normalised, &r.Reason, &r.ReasonJa, &r.Suggestion}
	},
}

func (r *Reject) check() error {
	if r.Row < 0 {
		return invalid("row", "count from 1", "%d", r.Row)
	}
	if err := checkNames(field{"field", r.Field}, field{"code", r.Code}); err != nil {
		return err
	}
	for _, f := range []field{
		{"value", r.Value}, {"normalised", r.Normalised}, {"reason", r.Reason}, {"reason_ja", r.ReasonJa}, {"suggestion", r.Suggestion},
	} {
		if err := checkText(f.name, f.text, maxText); err != nil {
			return err
		}
	}
	return nil
}

// BeginReading counts an attempt to read an upload, and returns its number. The rejects
// of attempts before are kept, and listed no more.
func (b *Book) BeginReading(ctx context.Context, p Principal, uploadID string) (attempt int64, err error) {
	err = b.do(ctx, p, uploadRead, uploadResource(uploadID), func(ctx context.Context, t *tx) error {
		if _, err := t.writableUpload(ctx, uploadID); err != nil {
			return err
		}
		err := t.QueryRowContext(ctx, numbered("UPDATE uploads SET attempt = attempt + 1 WHERE id = ? RETURNING attempt"), uploadID).Scan(&attempt)
		t.note("attempt", attempt)
		return err
	})
	return recorded(attempt, err)
}

// writableUpload is an upload that counts, of a case that does.
func (t *tx) writableUpload(ctx context.Context, id string) (Upload, error) {
	u, err := t.visibleUpload(ctx, id)
	if err != nil {
		return u, err
	}
	if _, err = t.writable(ctx, u.Case); err == nil {
		err = u.counts()
	}
	return u, err
}

// AddRejects adds up to MaxBatch rejects of an attempt to read an upload. One with the
// same row, field and code is there once.
func (b *Book) AddRejects(ctx context.Context, p Principal, uploadID string, attempt int64, given []Reject) error {
	return b.do(ctx, p, rejectAdd, uploadResource(uploadID), func(ctx context.Context, t *tx) error {
		u, err := t.writableUpload(ctx, uploadID)
		switch {
		case err != nil:
			return err
		case len(given) > MaxBatch:
			return invalid("rejects", "add them in several calls", "%d, and one call takes %d", len(given), MaxBatch)
		case attempt < 1 || attempt > u.Attempt:
			return invalid("attempt", "give the number that BeginReading returned", "%d", attempt)
		}
		rows := make([]*Reject, len(given))
		for i, r := range given {
			if err := r.check(); err != nil {
				return err
			}
			r.Upload, r.Attempt = uploadID, attempt
			rows[i] = &r
		}
		added, err := rejects.insertAll(ctx, t, rows)
		t.note("attempt", attempt)
		t.note("new", len(added))
		return err
	})
}

// Rejects lists the rejects of the newest attempt to read an upload, by row.
func (b *Book) Rejects(ctx context.Context, p Principal, uploadID string, page Page) (answer List[Reject], err error) {
	err = b.do(ctx, p, rejectList, uploadResource(uploadID), func(ctx context.Context, t *tx) error {
		u, err := t.visibleUpload(ctx, uploadID)
		if err != nil {
			return err
		}
		q := query{key: []string{"line", "field", "code"}, texts: 2}
		q.and("x.upload_id = ? AND x.attempt = ?", u.ID, u.Attempt)
		answer, err = list(ctx, t, rejects, q, page, func(r *Reject) []any { return []any{r.Row, r.Field, r.Code} })
		return err
	})
	return recorded(answer, err)
}
