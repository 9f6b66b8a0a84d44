package casebook

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/gowebpki/jcs"
)

// AuditRow is one act. Its hash is the SHA-256 of its other fields and the hash of the
// row before, as an object in canonical JSON (RFC 8785) with the names below and
// "previous"; details stand in it as a string.
type AuditRow struct {
	Seq      int64  `json:"seq"`  // from 1, without gaps
	Time     string `json:"time"` // UTC, as 2006-01-02T15:04:05.000000Z
	Who      string `json:"who"`
	Action   string `json:"action"`
	Resource string `json:"resource"` // kind/id; kind alone for lists
	Details  string `json:"details"`  // canonical JSON: role, prefecture, what was asked, what came of it
	Hash     string `json:"hash"`     // hex
}

const auditTime = "2006-01-02T15:04:05.000000Z"

// AuditHead is the newest row of an audit. Kept elsewhere, it proves later that nothing
// before it was changed or cut off.
type AuditHead struct {
	Seq  int64  `json:"seq"`
	Hash string `json:"hash"`
}

// sum is the hash that the row should have after the row with the hash previous.
func (r *AuditRow) sum(previous string) (string, error) {
	text, err := canonical(map[string]any{
		"seq": r.Seq, "time": r.Time, "who": r.Who, "action": r.Action,
		"resource": r.Resource, "details": r.Details, "previous": previous,
	})
	if err != nil {
		return "", err
	}
	hash := sha256.Sum256([]byte(text))
	return hex.EncodeToString(hash[:]), nil
}

// canonical writes JSON as RFC 8785 has it.
func canonical(value any) (string, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return "", err
	}
	text, err = jcs.Transform(text)
	return string(text), err
}

// record appends a row to the audit, last in its transaction: until that ends, the
// appends of others wait.
func (t *tx) record(ctx context.Context, action, resource string) error {
	if t.principal.Role != "" {
		t.note("role", t.principal.Role)
	}
	if t.principal.Prefecture != "" {
		t.note("prefecture", t.principal.Prefecture)
	}
	details, err := canonical(t.details)
	if err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	row := AuditRow{
		Time: t.now.Format(auditTime), Who: storable(t.principal.User), Action: action,
		Resource: storable(resource), Details: storable(details),
	}
	var previous string
	if err := t.QueryRowContext(ctx, "UPDATE audit_head SET seq = seq + 1 RETURNING seq, hash").Scan(&row.Seq, &previous); err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	if row.Hash, err = row.sum(previous); err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	if err := t.exec(ctx, "INSERT INTO audit (seq, time, who, action, resource, details, hash) VALUES (?, ?, ?, ?, ?, ?, ?)",
		row.Seq, row.Time, row.Who, row.Action, row.Resource, row.Details, row.Hash); err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	if err := t.exec(ctx, "UPDATE audit_head SET hash = ?", row.Hash); err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	return nil
}
