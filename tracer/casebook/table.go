package casebook

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
)

// table is how values of a type stand in a table: its columns, the key first, and
// pointers to the fields that they hold, in the same order.
type table[T any] struct {
	name    string
	columns []string
	fields  func(*T) []any
}

// rowsPerInsert bounds the parameters of a statement.
const rowsPerInsert = 200

// insert adds a row; where a unique key has it already, it adds none.
func (n table[T]) insert(ctx context.Context, t *tx, value *T) (added bool, err error) {
	ids, err := n.insertAll(ctx, t, []*T{value})
	return len(ids) == 1, err
}

// insertAll adds rows, apart from those that a unique key has already, and returns the
// keys of the added.
func (n table[T]) insertAll(ctx context.Context, t *tx, values []*T) (added []string, err error) {
	one := "(" + placeholders(len(n.columns)) + ")"
	for some := range slices.Chunk(values, rowsPerInsert) {
		var args []any
		for _, value := range some {
			args = append(args, parameters(n.fields(value))...)
		}
		keys, err := collect(ctx, t, func(key *string) []any { return []any{key} },
			"INSERT INTO "+n.name+" ("+strings.Join(n.columns, ", ")+") VALUES "+
				strings.Repeat(one+", ", len(some)-1)+one+" ON CONFLICT DO NOTHING RETURNING "+n.columns[0], args...)
		if err != nil {
			return nil, err
		}
		added = append(added, keys...)
	}
	return added, nil
}

// parameters are the values that the pointers point at.
func parameters(fields []any) []any {
	values := make([]any, len(fields))
	for i, f := range fields {
		switch f := f.(type) {
		case *string:
			values[i] = *f
		case *int64:
			values[i] = *f
		case *bool:
			values[i] = *f
		default:
			values[i] = f // a driver.Valuer
		}
	}
	return values
}

// update writes all columns of the row with the value's key, where its version is still
// the one that was read.
func (n table[T]) update(ctx context.Context, t *tx, value *T, version int64) (done bool, err error) {
	args := parameters(n.fields(value))
	args = append(args[1:], args[0], version)
	result, err := t.ExecContext(ctx, numbered("UPDATE "+n.name+" SET "+strings.Join(n.columns[1:], " = ?, ")+
		" = ? WHERE "+n.columns[0]+" = ? AND version = ?"), args...)
	if err != nil {
		return false, err
	}
	rows, err := result.RowsAffected()
	return rows == 1, err
}

// selected begins a query for rows of the table, which it calls x.
func (n table[T]) selected() string {
	return "SELECT x." + strings.Join(n.columns, ", x.") + " FROM " + n.name + " x"
}

// one is the row that a query, which begins as selected does, finds; where there is none
// it is missing. An id may be whatever a caller sent: what no database can store is found
// in none.
func (n table[T]) one(ctx context.Context, t *tx, missing error, rest string, args ...any) (value T, err error) {
	for i, arg := range args {
		if text, ok := arg.(string); ok {
			args[i] = storable(text)
		}
	}
	err = t.QueryRowContext(ctx, numbered(n.selected()+" "+rest), args...).Scan(n.fields(&value)...)
	if errors.Is(err, sql.ErrNoRows) {
		err = missing
	}
	return value, err
}

// many are the rows that a query, which begins as selected does, finds.
func (n table[T]) many(ctx context.Context, t *tx, rest string, args ...any) ([]T, error) {
	return collect(ctx, t, n.fields, n.selected()+" "+rest, args...)
}

// collect reads all rows of a query into the fields of a value each.
func collect[T any](ctx context.Context, t *tx, fields func(*T) []any, query string, args ...any) (values []T, err error) {
	rows, err := t.QueryContext(ctx, t.book.placed(query), args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var value T
		if err := rows.Scan(fields(&value)...); err != nil {
			return nil, err
		}
		values = append(values, value)
	}
	return values, rows.Err()
}
