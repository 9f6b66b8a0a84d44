package casebook

import (
	"context"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
)

// openPostgres opens a database through a pool; settings of pgxpool stand in the URL.
func (b *Book) openPostgres(ctx context.Context, url string) error {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return err // it says nothing of the password
	}
	if b.pool, err = pgxpool.NewWithConfig(ctx, config); err != nil {
		return err
	}
	b.db = stdlib.OpenDBFromPool(b.pool)
	return b.db.PingContext(ctx)
}
