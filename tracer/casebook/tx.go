package casebook

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// tx is one call's transaction: it does what the call asks and records it, or neither.
type tx struct {
	*sql.Tx
	book      *Book
	principal Principal
	scope     scope
	now       time.Time
	details   map[string]any // of the audit's row
}

// do runs a call. Its work gets the scope in which the principal may do it; where the
// role may not at all, or the work finds nothing, that attempt is recorded.
func (b *Book) do(ctx context.Context, p Principal, op operation, resource string, work func(context.Context, *tx) error) error {
	scope, err := p.may(op)
	if err == nil {
		err = b.transact(ctx, p, func(ctx context.Context, t *tx) error {
			t.scope = scope
			if err := work(ctx, t); err != nil {
				return err
			}
			return t.record(ctx, string(op), resource)
		})
	}
	if err == nil {
		return nil
	}
	var outcome string
	switch {
	case errors.Is(err, ErrForbidden):
		outcome = "forbidden"
	case errors.Is(err, ErrNotFound):
		outcome = "not found"
	default:
		return err
	}
	return errors.Join(err, b.transact(ctx, p, func(ctx context.Context, t *tx) error {
		t.details["outcome"] = outcome
		return t.record(ctx, string(op), resource)
	}))
}

// recorded is what a call found, and nothing where it failed: what the audit did not take
// in is not seen.
func recorded[T any](found T, err error) (T, error) {
	if err != nil {
		var none T
		return none, err
	}
	return found, nil
}

// begin begins a transaction in which a statement sees what others have committed by
// then, whatever PostgreSQL's own setting is; SQLite's writers come one after the other.
func (b *Book) begin(ctx context.Context) (*sql.Tx, error) {
	var options *sql.TxOptions
	if b.pool != nil {
		options = &sql.TxOptions{Isolation: sql.LevelReadCommitted}
	}
	begun, err := b.db.BeginTx(ctx, options)
	if err != nil {
		return nil, fmt.Errorf("casebook: %w", err)
	}
	return begun, nil
}

// transact runs work in a transaction.
func (b *Book) transact(ctx context.Context, p Principal, work func(context.Context, *tx) error) error {
	begun, err := b.begin(ctx)
	if err != nil {
		return err
	}
	t := &tx{Tx: begun, book: b, principal: p, now: b.now().UTC().Truncate(time.Microsecond), details: make(map[string]any)}
	if err := work(ctx, t); err != nil {
		_ = begun.Rollback() // why it failed matters more
		return err
	}
	return begun.Commit()
}

// note adds to what the audit says of the call.
func (t *tx) note(name string, value any) { t.details[name] = value }

// force limits queries to cases of a prefecture; it is empty where they are not.
func (t *tx) force() string {
	if t.scope == all {
		return ""
	}
	return string(t.principal.Prefecture)
}

func (t *tx) origin() Origin { return Origin{Created: t.now, CreatedBy: t.principal.User} }

func (t *tx) change(version int64) Change {
	return Change{Version: version, Updated: t.now, UpdatedBy: t.principal.User}
}

func (t *tx) withdrawal(reason string) Withdrawal {
	return Withdrawal{At: t.now, By: t.principal.User, Reason: reason}
}

func (t *tx) exec(ctx context.Context, statement string, args ...any) error {
	_, err := t.ExecContext(ctx, numbered(statement), args...)
	return err
}

// placed writes parameters as numbered does where that is fast: SQLite searches a numbered
// one among all of its statement, and takes thousands better by their place.
func (b *Book) placed(query string) string {
	if b.pool == nil {
		return query
	}
	return numbered(query)
}

// numbered writes parameters as both databases take them: $1, $2 for each question mark.
func numbered(query string) string {
	var b strings.Builder
	for n := 1; ; n++ {
		before, after, found := strings.Cut(query, "?")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		b.WriteString("$" + strconv.Itoa(n))
		query = after
	}
}

// withdraw marks a row that has no versions.
func (t *tx) withdraw(ctx context.Context, table, resource, id string, before Withdrawal, reason string) error {
	if !before.At.IsZero() {
		return &ConflictError{Resource: resource, Reason: "it was withdrawn: " + before.Reason}
	}
	if err := checkReason(reason); err != nil {
		return err
	}
	t.note("reason", reason)
	w := t.withdrawal(reason)
	result, err := t.ExecContext(ctx, numbered("UPDATE "+table+
		" SET withdrawn = ?, withdrawn_by = ?, withdrawn_reason = ? WHERE id = ? AND withdrawn = 0"), stored(w.At), w.By, w.Reason, id)
	if err != nil {
		return err
	}
	rows, err := result.RowsAffected()
	if err == nil && rows == 0 {
		err = &ConflictError{Resource: resource, Reason: "someone else is withdrawing it"}
	}
	return err
}
