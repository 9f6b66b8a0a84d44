package casebook

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/gofrs/flock"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

// schema holds the migrations that both databases accept, and what each needs in words
// of its own.
//
//go:embed migrations/*.sql guards/*.sql
var schema embed.FS

// guardVersion is the migration that lets no row of the audit be changed or deleted.
const guardVersion = 3

// migrate brings the schema up to what this program needs. Of several processes that
// start at once, one does it and the others wait.
func (b *Book) migrate(ctx context.Context) (err error) {
	shared, err := fs.Sub(schema, "migrations")
	if err != nil {
		return err
	}
	dialect, guard := goose.DialectSQLite3, "guards/sqlite.sql"
	options := []goose.ProviderOption{goose.WithDisableGlobalRegistry(true)}
	if b.pool != nil {
		dialect, guard = goose.DialectPostgres, "guards/postgres.sql"
		locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300)) // seconds, tries
		if err != nil {
			return err
		}
		options = append(options, goose.WithSessionLocker(locker))
	} else {
		unlock, err := lockFile(ctx, b.path+".lock")
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, unlock()) }()
	}
	statements, err := fs.ReadFile(schema, guard)
	if err != nil {
		return err
	}
	options = append(options, goose.WithGoMigrations(goose.NewGoMigration(guardVersion, &goose.GoFunc{
		RunTx: func(ctx context.Context, tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, string(statements))
			return err
		},
	}, nil)))
	provider, err := goose.NewProvider(dialect, b.db, shared, options...)
	if err != nil {
		return err
	}
	have, want, err := provider.GetVersions(ctx)
	if err != nil {
		return err
	}
	if have > want {
		return fmt.Errorf("%w: its schema is version %d, this program knows %d: use the newer program", ErrNewer, have, want)
	}
	if _, err = provider.Up(ctx); err != nil {
		return err
	}
	return b.migrateQueue(ctx)
}

// lockFile waits until no other process has the lock.
func lockFile(ctx context.Context, path string) (unlock func() error, err error) {
	l := flock.New(path, flock.SetPermissions(0o600))
	if _, err := l.TryLockContext(ctx, 50*time.Millisecond); err != nil {
		return nil, fmt.Errorf("wait for another process to migrate the schema: %w", err)
	}
	return l.Unlock, nil
}
