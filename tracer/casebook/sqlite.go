package casebook

import (
	"context"
	"database/sql"
	"net/url"
	"os"
	"path/filepath"

	_ "modernc.org/sqlite" // the driver named sqlite
)

// openSQLite opens a file through one connection: SQLite has one writer at a time, and
// every call writes. Other processes wait their turn for up to busyTimeout.
func (b *Book) openSQLite(ctx context.Context, path string) error {
	// Nobody else on the machine reads the file: SQLite gives those beside it its rights.
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	if b.path, err = filepath.Abs(path); err != nil {
		return err
	}
	b.db, err = connectSQLite(b.path, "immediate")
	if err != nil {
		return err
	}
	return b.db.PingContext(ctx)
}

const busyTimeout = "60000" // milliseconds

// connectSQLite connects to a file. Transactions of kind immediate are the writers';
// those deferred read one state, whatever others write meanwhile.
func connectSQLite(path, transactions string) (*sql.DB, error) {
	settings := url.Values{"_txlock": {transactions}, "_pragma": {
		"busy_timeout(" + busyTimeout + ")", // first: the next one may have to wait
		"journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)",
	}}
	address := url.URL{Scheme: "file", Path: path, RawQuery: settings.Encode()}
	db, err := sql.Open("sqlite", address.String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	return db, nil
}
