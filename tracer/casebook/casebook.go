// Package casebook keeps what people bring in and decide: cases, uploads as received,
// deposits, exchanges' disclosures, traces, links between cases and decisions on them,
// notes, rate files, users, and an audit of all that is done. It stands in SQLite, or in
// PostgreSQL where several machines share it; both hold the same schema and pass the
// same tests.
//
// Every method takes the Principal that asks. What it may not see is as if it did not
// exist; rules.go says who may do what. Each call writes a row of the audit in its own
// transaction, so that nothing is seen or changed unrecorded; so does an attempt that was
// refused. Rows are withdrawn with a reason and never deleted; what a change overwrites
// is kept. See docs/casebook.md.
package casebook

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
)

// Options of a casebook. Now is needed.
type Options struct {
	Now func() time.Time // the clock, for what is recorded
}

// Book is an open casebook. It is safe for concurrent use, by several processes too.
type Book struct {
	db   *sql.DB
	pool *pgxpool.Pool // below db, where it is PostgreSQL; else nil
	path string        // of the file, where it is SQLite; else empty
	now  func() time.Time

	queue queue // that inserts, and works nothing
}

// Open opens the casebook at a postgres:// URL, or in the SQLite file at a path, which it
// makes where there is none. An older schema is migrated; one that a newer program made is
// refused with ErrNewer. Close it.
func Open(ctx context.Context, url string, options Options) (*Book, error) {
	if options.Now == nil {
		return nil, errors.New("open a casebook: no clock given")
	}
	b := &Book{now: options.Now}
	scheme, _, remote := strings.Cut(url, "://")
	var err error
	switch {
	case !remote:
		err = b.openSQLite(ctx, url)
	case scheme == "postgres" || scheme == "postgresql":
		err = b.openPostgres(ctx, url)
	default:
		err = fmt.Errorf("a casebook's address begins with postgres://, or is the path of a file, and not %s://", scheme)
	}
	if err == nil {
		err = b.migrate(ctx)
	}
	if err == nil {
		b.queue, err = b.newQueue(&river.Config{Logger: slog.New(slog.DiscardHandler)})
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open the casebook: %w", err), b.Close())
	}
	return b, nil
}

// Close ends the book's connections.
func (b *Book) Close() error {
	var err error
	if b.db != nil {
		err = b.db.Close()
	}
	if b.pool != nil {
		b.pool.Close()
	}
	return err
}
