package casebook

import (
	"context"
	"database/sql"
	"io"
	"time"
)

// DB is the database, to damage it and to look below the book.
func (b *Book) DB() *sql.DB { return b.db }

// Dump is Backup without its record in the audit.
func (b *Book) Dump(ctx context.Context, w io.Writer) error { return b.dump(ctx, w) }

// Verify is VerifyAudit of what a transaction sees, without its record.
func Verify(ctx context.Context, begun *sql.Tx, kept ...AuditHead) (Verification, error) {
	return verify(ctx, begun, kept)
}

// BackedUp are the columns of each table that backups hold.
func BackedUp() map[string][]string {
	tables := make(map[string][]string)
	for _, t := range backedUp {
		tables[t.name] = t.names()
	}
	return tables
}

// Operations are all that rules know, and the roles that may do each.
func Operations() map[string]map[Role]string {
	all := make(map[string]map[Role]string)
	for op, roles := range rules {
		all[string(op)] = make(map[Role]string)
		for role, scope := range roles {
			all[string(op)][role] = string(scope)
		}
	}
	return all
}

// LastDue is the newest time of a schedule that is not after now, and its key.
func LastDue(s Schedule, now time.Time) (due time.Time, key string, err error) {
	if err := s.check(); err != nil {
		return due, "", err
	}
	last, _ := s.last(now)
	return last.due, last.key, nil
}

// Look looks at the worker's schedules once.
func (w *Worker) Look(ctx context.Context) { w.look(ctx) }
