package casebook

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"strconv"
	"strings"
)

// longestLine bounds a line of a backup: a row, of which the largest is a link's evidence.
const longestLine = 64 << 20

// largestInsert bounds the bytes that are inserted together.
const largestInsert = 4 << 20

// Restore reads a backup into the casebook at an address, as Open takes it, which has to
// be empty or not there. Either all of it is there then, or, whatever failed, nothing. A
// backup that was changed or cut short is refused with ErrBackup, and with ErrTampered one
// of an audit that was.
func Restore(ctx context.Context, url string, options Options, r io.Reader) (err error) {
	b, err := Open(ctx, url, options)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	begun, err := b.begin(ctx)
	if err != nil {
		return err
	}
	if err := b.restore(ctx, begun, r); err != nil {
		_ = begun.Rollback() // why it failed matters more
		return fmt.Errorf("restore: %w", err)
	}
	return begun.Commit()
}

func (b *Book) restore(ctx context.Context, begun *sql.Tx, r io.Reader) error {
	for _, t := range backedUp {
		var there bool
		if err := begun.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM "+t.name+")").Scan(&there); err != nil {
			return err
		}
		if there {
			return fmt.Errorf("%w: it has %s: restore into a new one", ErrNotEmpty, t.name)
		}
	}
	d := &dumpReader{r: bufio.NewReaderSize(r, 1<<16), sum: sha256.New(), book: b, begun: begun}
	head, err := d.header()
	if err != nil {
		return err
	}
	for done := false; !done; {
		if done, err = d.next(ctx); err != nil {
			return err
		}
	}
	if _, err := begun.ExecContext(ctx, "UPDATE audit_head SET seq = $1, hash = $2", head.Seq, head.Hash); err != nil {
		return err
	}
	v, err := verify(ctx, begun, []AuditHead{head})
	if err != nil {
		return err
	}
	return v.Err()
}

// dumpReader reads what a dumpWriter wrote.
type dumpReader struct {
	r     *bufio.Reader
	sum   hash.Hash
	book  *Book
	begun *sql.Tx
	n     int64 // lines read

	table *dumped // of the rows that wait to be inserted together
	args  []any
	size  int   // of the texts and bytes among them
	rows  int64 // all
}

// line is any line of a backup.
type line struct {
	Format  string `json:"format"`
	Version string `json:"version"`
	Schema  string `json:"schema"`
	Audit   struct {
		Seq  string `json:"seq"`
		Hash string `json:"hash"`
	} `json:"audit"`

	Table string         `json:"table"`
	Row   map[string]any `json:"row"`

	Rows   string `json:"rows"`
	Digest string `json:"digest"`

	text []byte
}

func (d *dumpReader) broken(format string, args ...any) error {
	return fmt.Errorf("%w: line %d: %s: take another backup", ErrBackup, d.n, fmt.Sprintf(format, args...))
}

// read reads a line, and the digest of those before it.
func (d *dumpReader) read() (l line, before string, err error) {
	d.n++
	before = digestOf(d.sum)
	var text []byte
	for more := true; more; {
		part, err := d.r.ReadSlice('\n')
		if more = errors.Is(err, bufio.ErrBufferFull); err != nil && !more {
			if errors.Is(err, io.EOF) {
				return l, "", d.broken("it ends here")
			}
			return l, "", err
		}
		if text = append(text, part...); len(text) > longestLine {
			return l, "", d.broken("it is longer than %d bytes", longestLine)
		}
	}
	d.sum.Write(text)
	l.text = text
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&l); err != nil {
		return l, "", d.broken("%v", err)
	}
	return l, before, nil
}

func (d *dumpReader) header() (head AuditHead, err error) {
	l, _, err := d.read()
	if err != nil {
		return head, err
	}
	if l.Format != backupFormat {
		return head, d.broken("it begins no backup of a casebook")
	}
	schema, err := strconv.Atoi(l.Schema)
	if err != nil {
		return head, d.broken("%v", err)
	}
	if l.Version != backupVersion || schema != schemaVersion {
		return head, fmt.Errorf("%w: it has format %s and schema %d, and this program restores format %s of schema %d: restore it by a program of its time, and open that casebook with this one",
			ErrOtherVersion, l.Version, schema, backupVersion, schemaVersion)
	}
	head.Hash = l.Audit.Hash
	if head.Seq, err = strconv.ParseInt(l.Audit.Seq, 10, 64); err != nil {
		return head, d.broken("%v", err)
	}
	return head, nil
}

// next takes a line in; the last one ends it.
func (d *dumpReader) next(ctx context.Context) (done bool, err error) {
	l, before, err := d.read()
	if err != nil {
		return false, err
	}
	if l.Digest == "" {
		return false, d.row(ctx, &l)
	}
	last, err := lastLine(d.rows, before)
	if err != nil {
		return false, err
	}
	if last != string(l.text) {
		return false, d.broken("it says %s of %s rows, and read were %d with %s", l.Digest, l.Rows, d.rows, before)
	}
	if _, err := d.r.ReadByte(); !errors.Is(err, io.EOF) {
		return false, errorOr(err, d.broken("something follows the end"))
	}
	return true, d.flush(ctx)
}

func (d *dumpReader) row(ctx context.Context, l *line) error {
	if d.table == nil || d.table.name != l.Table {
		if err := d.flush(ctx); err != nil {
			return err
		}
		d.table = nil
		for i := range backedUp {
			if backedUp[i].name == l.Table {
				d.table = &backedUp[i]
			}
		}
		if d.table == nil {
			return d.broken("%q is no table", l.Table)
		}
	}
	if len(l.Row) != len(d.table.columns) {
		return d.broken("%d columns, want %d", len(l.Row), len(d.table.columns))
	}
	for i := range d.table.columns {
		value, err := d.table.columns[i].read(l.Row[d.table.columns[i].name])
		if err != nil {
			return d.broken("%v", err)
		}
		switch value := value.(type) {
		case []byte:
			d.size += len(value)
		case string:
			d.size += len(value)
		}
		d.args = append(d.args, value)
	}
	d.rows++
	if d.size > largestInsert || len(d.args) >= rowsPerInsert*len(d.table.columns) {
		return d.flush(ctx)
	}
	return nil
}

// flush inserts the rows that wait.
func (d *dumpReader) flush(ctx context.Context) error {
	if len(d.args) == 0 {
		return nil
	}
	one := "(" + placeholders(len(d.table.columns)) + ")"
	rows := len(d.args) / len(d.table.columns)
	_, err := d.begun.ExecContext(ctx, d.book.placed("INSERT INTO "+d.table.name+" ("+strings.Join(d.table.names(), ", ")+") VALUES "+
		strings.Repeat(one+", ", rows-1)+one), d.args...)
	d.args, d.size = d.args[:0], 0
	if err != nil {
		return fmt.Errorf("table %s: %w", d.table.name, err)
	}
	return nil
}
