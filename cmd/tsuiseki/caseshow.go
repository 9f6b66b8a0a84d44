package main

import (
	"fmt"
	"io"
	"iter"

	"tsuiseki/tracer/casebook"
)

type caseShowCmd struct {
	casebookFlags
	ID    string `arg:"" help:"Case."`
	Limit int    `help:"Show so many of each list; JSON has all." default:"50"`
	JSON  bool   `name:"json" help:"Print one JSON document."`
}

type caseDoc struct {
	Case        casebook.Case         `json:"case"`
	Deposits    []casebook.Deposit    `json:"deposits"`
	Uploads     []uploadDoc           `json:"uploads"`
	Traces      []casebook.Trace      `json:"traces"`
	Disclosures []casebook.Disclosure `json:"disclosures"`
	Links       []casebook.Link       `json:"links"`
	Notes       []casebook.Note       `json:"notes"`
}

type uploadDoc struct {
	casebook.Upload
	Rejected []casebook.Reject `json:"rejected"`
}

// Run shows a case.
func (c *caseShowCmd) Run(s *session) error {
	return withDesk(s, c.casebookFlags, casebook.Analyst, func(d *desk) error {
		doc, err := c.doc(s, d)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(s.out, doc)
		}
		c.print(s.out, doc)
		return nil
	})
}

func (c *caseShowCmd) doc(s *session, d *desk) (doc *caseDoc, err error) {
	doc = &caseDoc{Deposits: []casebook.Deposit{}, Uploads: []uploadDoc{}}
	if doc.Case, err = d.Case(s.ctx, d.who, c.ID); err != nil {
		return nil, err
	}
	for deposit, err := range d.EachDeposit(s.ctx, d.who, casebook.DepositFilter{Case: c.ID, Withdrawn: true}) {
		if err != nil {
			return nil, err
		}
		doc.Deposits = append(doc.Deposits, deposit)
	}
	uploads, err := allPages(func(p casebook.Page) (casebook.List[casebook.Upload], error) {
		return d.Uploads(s.ctx, d.who, c.ID, p)
	})
	if err != nil {
		return nil, err
	}
	for _, u := range uploads {
		rejected, err := allPages(func(p casebook.Page) (casebook.List[casebook.Reject], error) {
			return d.Rejects(s.ctx, d.who, u.ID, p)
		})
		if err != nil {
			return nil, err
		}
		doc.Uploads = append(doc.Uploads, uploadDoc{u, rejected})
	}
	if doc.Traces, err = allPages(func(p casebook.Page) (casebook.List[casebook.Trace], error) {
		return d.Traces(s.ctx, d.who, casebook.TraceFilter{Case: c.ID}, p)
	}); err != nil {
		return nil, err
	}
	if doc.Disclosures, err = allPages(func(p casebook.Page) (casebook.List[casebook.Disclosure], error) {
		return d.Disclosures(s.ctx, d.who, c.ID, p)
	}); err != nil {
		return nil, err
	}
	if doc.Links, err = allPages(func(p casebook.Page) (casebook.List[casebook.Link], error) {
		return d.Links(s.ctx, d.who, casebook.LinkFilter{Case: c.ID}, p)
	}); err != nil {
		return nil, err
	}
	doc.Notes, err = allPages(func(p casebook.Page) (casebook.List[casebook.Note], error) {
		return d.Notes(s.ctx, d.who, c.ID, p)
	})
	return doc, err
}

// each reads a list to its end, page by page.
func each[T any](read func(casebook.Page) (casebook.List[T], error)) iter.Seq2[*T, error] {
	return func(yield func(*T, error) bool) {
		for page := (casebook.Page{Limit: 1000}); ; {
			found, err := read(page)
			if err != nil {
				yield(nil, err)
				return
			}
			for i := range found.Items {
				if !yield(&found.Items[i], nil) {
					return
				}
			}
			if page.After = found.Next; found.Next == "" {
				return
			}
		}
	}
}

// allPages gathers a list.
func allPages[T any](read func(casebook.Page) (casebook.List[T], error)) ([]T, error) {
	all := []T{}
	for one, err := range each(read) {
		if err != nil {
			return nil, err
		}
		all = append(all, *one)
	}
	return all, nil
}

func (c *caseShowCmd) print(w io.Writer, doc *caseDoc) {
	one := &doc.Case
	fmt.Fprintf(w, "case %s, %s, version %d\n  %s\n", one.ID, statusOf(one), one.Version, one.Title)
	for _, line := range []struct{ name, value string }{
		{"number", one.Number},
		{"prefecture", string(one.Prefecture) + " " + one.Prefecture.Name()},
		{"station", one.Station},
		{"officer", one.Officer},
		{"contact", one.Contact},
		{"scheme", one.Scheme},
		{"withdrawn because", one.Withdrawn.Reason},
	} {
		if line.value != "" {
			fmt.Fprintf(w, "  %s: %s\n", line.name, line.value)
		}
	}
	part(w, "deposits", doc.Deposits, c.Limit, func(d *casebook.Deposit) string {
		text := fmt.Sprintf("%s  %s to %s on %s, %s, %s", d.ID, units{}.of(d.Chain, d.Asset).people(d.Amount, d.Asset), d.Address, d.Chain, when(d.Time), depositRef(d.Tx, d.Kind, d.Index))
		if d.Test {
			text += ", a test payment"
		}
		if d.Refund {
			text += ", paid back"
		}
		if !d.Withdrawn.At.IsZero() {
			text += ", withdrawn: " + d.Withdrawn.Reason
		}
		return text
	})
	part(w, "uploads", doc.Uploads, c.Limit, func(u *uploadDoc) string {
		return fmt.Sprintf("%s  %s, %d bytes, sha256 %s, by %s at %s, %d things to mend", u.ID, u.Name, u.Size, u.SHA256, u.CreatedBy, when(u.Created), len(u.Rejected))
	})
	part(w, "traces", doc.Traces, c.Limit, func(t *casebook.Trace) string {
		text := fmt.Sprintf("%s  %s, %s, %s", t.ID, t.Rule, t.Digest, when(t.Created))
		if !t.Stale.At.IsZero() {
			text += ", to be made anew: " + t.Stale.Reason
		}
		return text
	})
	part(w, "disclosures", doc.Disclosures, c.Limit, func(x *casebook.Disclosure) string {
		return fmt.Sprintf("%s  %s: %s is %s's, confidence %d", x.ID, x.Exchange, x.Address, x.Holder, x.Confidence)
	})
	part(w, "links", doc.Links, c.Limit, func(l *casebook.Link) string {
		if l.Withheld {
			return fmt.Sprintf("%s  %s, into another force's case: call %s", l.ID, l.Grade, l.Contact)
		}
		return fmt.Sprintf("%s  %s, %s and %s", l.ID, l.Grade, l.Cases[0], l.Cases[1])
	})
	part(w, "notes", doc.Notes, c.Limit, func(n *casebook.Note) string {
		return fmt.Sprintf("%s  %s: %s", when(n.Created), n.CreatedBy, n.Text)
	})
}

// part writes the first lines of a list.
func part[T any](w io.Writer, name string, all []T, most int, line func(*T) string) {
	if len(all) == 0 {
		return
	}
	fmt.Fprintf(w, "\n%s\n", name)
	for i := range all {
		if i == most {
			fmt.Fprintf(w, "  and %d more: --limit %d\n", len(all)-i, len(all))
			return
		}
		fmt.Fprintf(w, "  %s\n", line(&all[i]))
	}
}
