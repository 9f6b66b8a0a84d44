package casebook

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// snapshot reads one state of the whole book, while others write.
func (b *Book) snapshot(ctx context.Context, read func(context.Context, *sql.Tx) error) (err error) {
	db, options := b.db, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
	if b.pool == nil {
		// A connection of its own: the book's one is for those who write meanwhile.
		if db, err = connectSQLite(b.path, "deferred"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, db.Close()) }()
		options = nil // a transaction that begins with reading keeps to the state it finds
	}
	begun, err := db.BeginTx(ctx, options)
	if err != nil {
		return fmt.Errorf("casebook: %w", err)
	}
	defer func() { err = errors.Join(err, begun.Rollback()) }()
	return read(ctx, begun)
}
