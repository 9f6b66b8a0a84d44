package casebook

import (
	"bufio"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"strconv"
	"strings"

	"tsuiseki/tracer/folder"
)

// Of a backup's first line.
const (
	backupFormat  = "tsuiseki-casebook"
	backupVersion = "1"
)

// schemaVersion is the newest migration: the one that backups fit.
const schemaVersion = guardVersion

// Backup writes one state of the whole book, while others write: lines of canonical JSON
// that Restore reads into either database. docs/casebook.md describes them. It holds
// everything, password hashes too: keep it as the book is kept.
func (b *Book) Backup(ctx context.Context, p Principal, w io.Writer) error {
	if err := b.do(ctx, p, backup, "casebook", func(context.Context, *tx) error { return nil }); err != nil {
		return err
	}
	return b.dump(ctx, w)
}

// BackupFile is Backup into a file, which it replaces once all of it is written and
// lasts: killed before, it leaves the file as it was.
func (b *Book) BackupFile(ctx context.Context, p Principal, path string) error {
	return folder.Replace(path, func(f *os.File) error {
		return errors.Join(f.Chmod(0o600), b.Backup(ctx, p, f))
	})
}

func (b *Book) dump(ctx context.Context, w io.Writer) error {
	return b.snapshot(ctx, func(ctx context.Context, begun *sql.Tx) error {
		var head AuditHead
		if err := begun.QueryRowContext(ctx, "SELECT seq, hash FROM audit_head").Scan(&head.Seq, &head.Hash); err != nil {
			return fmt.Errorf("back up: audit: %w", err)
		}
		d := newDumpWriter(w)
		if err := d.line(map[string]any{
			"format": backupFormat, "version": backupVersion, "schema": strconv.Itoa(schemaVersion),
			"audit": map[string]any{"seq": strconv.FormatInt(head.Seq, 10), "hash": head.Hash},
		}); err != nil {
			return fmt.Errorf("back up: %w", err)
		}
		for i := range backedUp {
			if err := d.table(ctx, begun, &backedUp[i], b.pool != nil); err != nil {
				return fmt.Errorf("back up: table %s: %w", backedUp[i].name, err)
			}
		}
		return d.end()
	})
}

// dumpWriter writes the lines of a backup.
type dumpWriter struct {
	w    *bufio.Writer
	sum  hash.Hash // of what was flushed
	rows int64
}

func newDumpWriter(w io.Writer) *dumpWriter {
	sum := sha256.New()
	return &dumpWriter{w: bufio.NewWriterSize(io.MultiWriter(w, sum), 1<<16), sum: sum}
}

func (d *dumpWriter) line(value any) error {
	text, err := canonical(value)
	if err != nil {
		return err
	}
	_, err = d.w.WriteString(text + "\n")
	return err
}

func (d *dumpWriter) table(ctx context.Context, begun *sql.Tx, t *dumped, postgres bool) (err error) {
	rows, err := begun.QueryContext(ctx, "SELECT "+strings.Join(t.names(), ", ")+" FROM "+t.name+" ORDER BY "+t.orderIn(postgres))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	values := make([]any, len(t.columns))
	fields := make([]any, len(values))
	for i := range values {
		fields[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(fields...); err != nil {
			return err
		}
		row := make(map[string]any, len(values))
		for i := range t.columns {
			if row[t.columns[i].name], err = t.columns[i].written(values[i]); err != nil {
				return err
			}
		}
		if err := d.line(map[string]any{"table": t.name, "row": row}); err != nil {
			return err
		}
		d.rows++
	}
	return rows.Err()
}

// end writes the last line.
func (d *dumpWriter) end() error {
	if err := d.w.Flush(); err != nil {
		return err
	}
	text, err := lastLine(d.rows, digestOf(d.sum))
	if err != nil {
		return err
	}
	if _, err := d.w.WriteString(text); err != nil {
		return err
	}
	return d.w.Flush()
}

// lastLine says how many rows there are, and the digest of all lines before it.
func lastLine(rows int64, digest string) (string, error) {
	text, err := canonical(map[string]any{"rows": strconv.FormatInt(rows, 10), "digest": digest})
	return text + "\n", err
}

func digestOf(sum hash.Hash) string { return "sha256:" + hex.EncodeToString(sum.Sum(nil)) }
