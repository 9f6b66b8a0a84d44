package casebook

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// What went wrong, for errors.Is.
var (
	ErrNotFound  = errors.New("not found")                   // or not for this principal to see
	ErrForbidden = errors.New("not allowed")                 // to this role, whatever exists
	ErrConflict  = errors.New("changed meanwhile")           // or there already
	ErrInvalid   = errors.New("not valid")                   // a value that was given
	ErrNewer     = errors.New("made by a newer program")     // a casebook
	ErrNotEmpty  = errors.New("the casebook is not empty")   // and nothing is restored into it
	ErrTampered  = errors.New("the audit was tampered with") // see Finding
	ErrBackup    = errors.New("the backup is damaged")       // cut short or changed

	ErrOtherVersion = errors.New("the backup is of another version") // than this program's
)

// InvalidError names a value that cannot be taken.
type InvalidError struct {
	Field  string // as in JSON
	Reason string
	Hint   string // what to do
}

// Error says which value, why, and what to do.
func (e *InvalidError) Error() string {
	text := fmt.Sprintf("%s: %v: %s", e.Field, ErrInvalid, e.Reason)
	if e.Hint != "" {
		text += ": " + e.Hint
	}
	return text
}

// Unwrap is ErrInvalid.
func (*InvalidError) Unwrap() error { return ErrInvalid }

func invalid(field, hint, format string, args ...any) error {
	return &InvalidError{Field: field, Reason: fmt.Sprintf(format, args...), Hint: hint}
}

// ConflictError says what stands in the way of a change.
type ConflictError struct {
	Resource string    // kind/id
	Reason   string    // where it is no matter of versions
	Version  int64     // that stands now
	By       string    // who made it
	At       time.Time // and when
	Changed  []string  // fields, as in JSON, that differ from the version the caller knew
}

// Error says what changed, and what to do.
func (e *ConflictError) Error() string {
	if e.Reason != "" {
		return fmt.Sprintf("%s: %s", e.Resource, e.Reason)
	}
	return fmt.Sprintf("%s: %v: %s changed %s at %s (now version %d): read it again and repeat your change",
		e.Resource, ErrConflict, e.By, strings.Join(e.Changed, ", "), e.At.UTC().Format(time.RFC3339), e.Version)
}

// Unwrap is ErrConflict.
func (*ConflictError) Unwrap() error { return ErrConflict }

// notFound says no more of what may exist than that the caller named it.
func notFound(kind, id string) error {
	return fmt.Errorf("%s %s: %w: look it up in the list of what you may see", kind, id, ErrNotFound)
}

func errorOr(err, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}
