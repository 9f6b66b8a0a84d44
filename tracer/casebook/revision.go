package casebook

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
)

// replace overwrites a state of which the version was read, and keeps it. Another call
// may have done so since it was read.
func (t *tx) replace(ctx context.Context, resource string, version int64, state any, update func() (bool, error)) error {
	document, err := canonical(state)
	if err != nil {
		return err
	}
	done, err := update()
	if err == nil && !done {
		err = &ConflictError{Resource: resource, Reason: "someone else is changing it: read it again and repeat your change"}
	}
	if err != nil {
		return err
	}
	return t.exec(ctx, "INSERT INTO revisions (resource, version, document) VALUES (?, ?, ?)", resource, version, document)
}

// unchanged wants the version that the caller read to be the one that stands, and says
// what was changed since where it is not.
func (t *tx) unchanged(ctx context.Context, resource string, read int64, now Change, state any) error {
	if read == now.Version {
		return nil
	}
	if read < 1 || read > now.Version {
		return invalid("version", "give the version that was read", "%d; the one that stands is %d", read, now.Version)
	}
	var before string
	if err := t.QueryRowContext(ctx, numbered("SELECT document FROM revisions WHERE resource = ? AND version = ?"), resource, read).Scan(&before); err != nil {
		return fmt.Errorf("%s, version %d: %w", resource, read, err)
	}
	after, err := canonical(state)
	if err != nil {
		return err
	}
	changed, err := differing(before, after)
	if err != nil {
		return err
	}
	return &ConflictError{Resource: resource, Version: now.Version, By: now.UpdatedBy, At: now.Updated, Changed: changed}
}

// differing are the names of fields that differ between two objects, apart from those
// that every change changes.
func differing(before, after string) ([]string, error) {
	var a, b map[string]json.RawMessage
	if err := json.Unmarshal([]byte(before), &a); err != nil {
		return nil, err
	}
	if err := json.Unmarshal([]byte(after), &b); err != nil {
		return nil, err
	}
	var names []string
	for _, object := range []map[string]json.RawMessage{a, b} {
		for name := range object {
			if string(a[name]) != string(b[name]) && !slices.Contains(changeColumns, name) {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}
