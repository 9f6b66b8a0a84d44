package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"time"

	"tsuiseki/graph"
	"tsuiseki/tracer/casebook"
)

// casebookFlags say where the casebook is, and who acts.
type casebookFlags struct {
	Casebook string `help:"Where the casebook is: postgres://…; empty for the data folder." env:"TSUISEKI_CASEBOOK" placeholder:"URL"`
	As       string `help:"Act as this user of the casebook; by default as whoever operates the machine, who sees all cases." env:"TSUISEKI_USER" placeholder:"NAME"`
}

// desk is an open casebook with who acts on it.
type desk struct {
	*casebook.Book
	who casebook.Principal
}

// open opens the casebook. Without --as whoever operates the machine acts, in the role
// that the command needs: they can read the data folder in any case.
func (f casebookFlags) open(s *session, needs casebook.Role) (*desk, error) {
	if err := os.MkdirAll(s.data, 0o750); err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	book, err := casebook.Open(s.ctx, f.where(s), casebook.Options{Now: time.Now})
	if err != nil {
		return nil, err
	}
	who, err := f.principal(s.ctx, book, needs)
	if err != nil {
		return nil, errors.Join(err, book.Close())
	}
	return &desk{book, who}, nil
}

// where is the casebook's address.
func (f casebookFlags) where(s *session) string {
	if f.Casebook != "" {
		return f.Casebook
	}
	return filepath.Join(s.data, "casebook.db")
}

func (f casebookFlags) principal(ctx context.Context, book *casebook.Book, needs casebook.Role) (casebook.Principal, error) {
	if f.As != "" {
		u, err := book.SignIn(ctx, casebook.Principal{User: "tsuiseki", Role: casebook.System}, f.As)
		return u.Principal(), err
	}
	return casebook.Principal{User: operator(), Role: needs}, nil
}

// operator is who operates the machine, as the audit names them.
func operator() string {
	if u, err := user.Current(); err == nil { // a uid without a name has none
		return "local:" + u.Username
	}
	return "local:unknown"
}

// withDesk lends an open casebook.
func withDesk(s *session, f casebookFlags, needs casebook.Role, use func(*desk) error) (err error) {
	d, err := f.open(s, needs)
	if err != nil {
		return asCaseUsage(err)
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	return asCaseUsage(use(d))
}

// see fails where a user that acts may not see a case: the graph knows of no people.
// Whoever operates the machine sees all of it.
func (f casebookFlags) see(s *session, cases ...graph.CaseID) error {
	if f.As == "" {
		return nil
	}
	return withDesk(s, f, casebook.Analyst, func(d *desk) error {
		for _, id := range cases {
			if _, err := d.Case(s.ctx, d.who, string(id)); err != nil {
				return err
			}
		}
		return nil
	})
}

// asCaseUsage tells that the person has to give something else.
func asCaseUsage(err error) error {
	if errors.Is(err, casebook.ErrInvalid) {
		return usageError{err}
	}
	return err
}

// listFlags pick a part of a list.
type listFlags struct {
	Limit  int    `help:"Show so many, 1 to 1000." default:"100"`
	Cursor string `help:"Go on where the part before says." placeholder:"NEXT"`
}

func (f listFlags) page() casebook.Page { return casebook.Page{After: f.Cursor, Limit: f.Limit} }

// moreOf tells people how to see the rest of a list.
func moreOf(next string) string {
	if next == "" {
		return ""
	}
	return fmt.Sprintf("there are more: --cursor %s\n", next)
}
