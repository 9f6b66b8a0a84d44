package casebook

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// Verification is what a look at the whole audit found.
type Verification struct {
	Rows     int64     `json:"rows"`
	Head     AuditHead `json:"head"` // the newest row that is there
	Findings []Finding `json:"findings"`
	More     int       `json:"more,omitempty"` // findings beyond maxFindings
}

// Finding says where the audit is not as it was written.
type Finding struct {
	Seq     int64  `json:"seq"` // of the row where it shows
	Problem string `json:"problem"`
}

// maxFindings bounds what is told; the first ones say where to look.
const maxFindings = 100

// Err is nil where nothing was found, and else says what was first, as ErrTampered.
func (v *Verification) Err() error {
	if len(v.Findings) == 0 {
		return nil
	}
	return fmt.Errorf("%w: row %d: %s (and %d other findings): compare with a backup, and with heads that were kept",
		ErrTampered, v.Findings[0].Seq, v.Findings[0].Problem, len(v.Findings)-1+v.More)
}

func (v *Verification) found(seq int64, format string, args ...any) {
	if len(v.Findings) == maxFindings {
		v.More++
		return
	}
	v.Findings = append(v.Findings, Finding{seq, fmt.Sprintf(format, args...)})
}

// VerifyAudit looks at every row of the audit, while others write, and says where one was
// changed, inserted, deleted or moved. Heads that were kept elsewhere tell, too, whether
// the end was cut off or all rows were rewritten.
func (b *Book) VerifyAudit(ctx context.Context, p Principal, kept ...AuditHead) (v Verification, err error) {
	err = b.do(ctx, p, auditVerify, "audit", func(_ context.Context, t *tx) error {
		t.note("kept", len(kept))
		return nil
	})
	if err != nil {
		return v, err
	}
	err = b.snapshot(ctx, func(ctx context.Context, begun *sql.Tx) error {
		v, err = verify(ctx, begun, kept)
		return err
	})
	return recorded(v, err)
}

func verify(ctx context.Context, begun *sql.Tx, kept []AuditHead) (v Verification, err error) {
	v.Findings = []Finding{}
	var head AuditHead
	err = begun.QueryRowContext(ctx, "SELECT seq, hash FROM audit_head").Scan(&head.Seq, &head.Hash)
	if errors.Is(err, sql.ErrNoRows) {
		v.found(0, "the record of the newest row is missing")
	} else if err != nil {
		return v, fmt.Errorf("audit: %w", err)
	}
	wanted := make(map[int64][]string)
	for _, k := range kept {
		wanted[k.Seq] = append(wanted[k.Seq], k.Hash)
	}
	rows, err := begun.QueryContext(ctx, "SELECT seq, time, who, action, resource, details, hash FROM audit ORDER BY seq")
	if err != nil {
		return v, fmt.Errorf("audit: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var row AuditRow
		if err := rows.Scan(auditRows.fields(&row)...); err != nil {
			return v, fmt.Errorf("audit, after row %d: %w", v.Head.Seq, err)
		}
		if err := v.follow(&row, wanted[row.Seq]); err != nil {
			return v, err
		}
	}
	if err := rows.Err(); err != nil {
		return v, fmt.Errorf("audit: %w", err)
	}
	v.end(head, kept)
	return v, nil
}

// follow looks at the row after the head, which becomes the head.
func (v *Verification) follow(row *AuditRow, wanted []string) error {
	if next := v.Head.Seq + 1; row.Seq > next {
		v.found(next, "rows %d to %d are missing", next, row.Seq-1)
	} else if row.Seq < next {
		v.found(row.Seq, "a row was inserted before the first")
	}
	hash, err := row.sum(v.Head.Hash)
	if err != nil {
		return fmt.Errorf("audit, row %d: %w", row.Seq, err)
	}
	if hash != row.Hash {
		v.found(row.Seq, "it does not follow the row before it: one of the two was changed, moved or inserted")
	}
	for _, w := range wanted {
		if w != row.Hash {
			v.found(row.Seq, "its hash is not the one that was kept elsewhere")
		}
	}
	v.Rows++
	v.Head = AuditHead{Seq: row.Seq, Hash: row.Hash}
	return nil
}

// end compares the last row with what the database and others remember of it.
func (v *Verification) end(head AuditHead, kept []AuditHead) {
	switch last := v.Head; {
	case last.Seq < head.Seq:
		v.found(last.Seq+1, "rows up to %d were cut off at the end", head.Seq)
	case last.Seq > head.Seq:
		v.found(head.Seq+1, "rows were added at the end past the record of the newest row, or that was changed")
	case last.Hash != head.Hash:
		v.found(last.Seq, "it is not the newest row that was recorded")
	}
	for _, k := range kept {
		if k.Seq > v.Head.Seq {
			v.found(v.Head.Seq+1, "rows up to %d, of which the hash was kept elsewhere, were cut off at the end", k.Seq)
		}
		if k.Seq < 1 && k != (AuditHead{}) {
			v.found(k.Seq, "the head that was given is none")
		}
	}
}
