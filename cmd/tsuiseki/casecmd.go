package main

import (
	"errors"
	"fmt"
	"io"

	"tsuiseki/graph"
	"tsuiseki/tracer/casebook"
)

type caseCmd struct {
	New      caseNewCmd      `cmd:"" help:"Open a case."`
	Import   caseImportCmd   `cmd:"" help:"Take the payments of a file into a case, and give back the rows to be mended."`
	List     caseListCmd     `cmd:"" help:"List cases."`
	Show     caseShowCmd     `cmd:"" help:"Show all of a case."`
	Trace    caseTraceCmd    `cmd:"" help:"Follow all deposits of a case to where they lie or left sight."`
	Disclose caseDiscloseCmd `cmd:"" help:"Keep what an exchange answered of an account: cases whose money reached one holder are linked."`
	Refile   caseRefileCmd   `cmd:"" help:"Put what the newest traces say into the graph again, after it was lost."`
	Change   caseChangeCmd   `cmd:"" help:"Change what a case says of itself."`
	Note     caseNoteCmd     `cmd:"" help:"Add a remark to a case."`
	Withdraw caseWithdrawCmd `cmd:"" help:"Take a case, or one of its deposits, out of lists, traces and correlation; nothing is deleted."`
}

type caseNewCmd struct {
	casebookFlags
	Title      string `help:"What to call it." required:""`
	Prefecture string `help:"Whose case it is: two digits of JIS X 0401, as 13 for Tokyo." required:""`
	Number     string `help:"The force's own number (事件番号)."`
	Station    string `help:"Police station (署)."`
	Officer    string `help:"Officer in charge (担当者)."`
	Contact    string `help:"Whom forces with a linked case are told to call."`
	Scheme     string `help:"Kind of fraud (手口)."`
	JSON       bool   `name:"json" help:"Print one JSON document."`
}

type newCaseDoc struct {
	Case string `json:"case"`
}

// Run opens a case.
func (c *caseNewCmd) Run(s *session) error {
	return withDesk(s, c.casebookFlags, casebook.Analyst, func(d *desk) error {
		made, err := d.CreateCase(s.ctx, d.who, casebook.Case{
			Title: c.Title, Prefecture: casebook.Prefecture(c.Prefecture), Number: c.Number, Station: c.Station, Officer: c.Officer, Contact: c.Contact, Scheme: c.Scheme,
		})
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(s.out, newCaseDoc{made.ID})
		}
		fmt.Fprintf(s.out, "case %s\n", made.ID)
		return nil
	})
}

type caseListCmd struct {
	casebookFlags
	listFlags
	Prefecture string `help:"Only that force's." placeholder:"NN"`
	Status     string `help:"Only open, suspended or closed ones." placeholder:"STATUS"`
	Text       string `help:"Only those that have it in number, title, station, officer or scheme."`
	Withdrawn  bool   `help:"Those withdrawn, too."`
	JSON       bool   `name:"json" help:"Print one JSON document."`
}

type caseListDoc struct {
	Cases []casebook.Case `json:"cases"`
	Next  string          `json:"next,omitempty"`
}

// Run lists cases, the newest first.
func (c *caseListCmd) Run(s *session) error {
	return withDesk(s, c.casebookFlags, casebook.Analyst, func(d *desk) error {
		found, err := d.Cases(s.ctx, d.who, casebook.CaseFilter{
			Prefecture: casebook.Prefecture(c.Prefecture), Status: casebook.Status(c.Status), Text: c.Text, Withdrawn: c.Withdrawn,
		}, c.page())
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(s.out, caseListDoc{found.Items, found.Next})
		}
		table(s.out, func(w io.Writer) {
			fmt.Fprintln(w, "CASE\tNUMBER\tPREFECTURE\tSTATUS\tTITLE\t")
			for i := range found.Items {
				one := &found.Items[i]
				fmt.Fprintf(w, "%s\t%s\t%s %s\t%s\t%s\t\n", one.ID, one.Number, one.Prefecture, one.Prefecture.Name(), statusOf(one), one.Title)
			}
		})
		_, err = io.WriteString(s.out, moreOf(found.Next))
		return err
	})
}

func statusOf(c *casebook.Case) string {
	if !c.Withdrawn.At.IsZero() {
		return "withdrawn"
	}
	return string(c.Status)
}

type caseChangeCmd struct {
	casebookFlags
	ID         string  `arg:"" help:"Case."`
	Title      *string `help:"What to call it."`
	Number     *string `help:"The force's own number (事件番号)."`
	Station    *string `help:"Police station (署)."`
	Officer    *string `help:"Officer in charge (担当者)."`
	Contact    *string `help:"Whom forces with a linked case are told to call."`
	Scheme     *string `help:"Kind of fraud (手口)."`
	Status     *string `help:"open, suspended or closed."`
	Prefecture *string `help:"The force that has it now; only the department moves cases." placeholder:"NN"`
	Version    int64   `help:"Fail unless this version stands, as a look at the case told it." placeholder:"N"`
}

// Run changes what is given.
func (c *caseChangeCmd) Run(s *session) error {
	return withDesk(s, c.casebookFlags, casebook.Analyst, func(d *desk) error {
		one, err := d.Case(s.ctx, d.who, c.ID)
		if err != nil {
			return err
		}
		if c.Version != 0 {
			one.Version = c.Version
		}
		for _, f := range []struct {
			given *string
			into  *string
		}{
			{c.Title, &one.Title},
			{c.Number, &one.Number},
			{c.Station, &one.Station},
			{c.Officer, &one.Officer},
			{c.Contact, &one.Contact},
			{c.Scheme, &one.Scheme},
			{c.Status, (*string)(&one.Status)},
			{c.Prefecture, (*string)(&one.Prefecture)},
		} {
			if f.given != nil {
				*f.into = *f.given
			}
		}
		changed, err := d.UpdateCase(s.ctx, d.who, one)
		if err == nil {
			fmt.Fprintf(s.out, "case %s, version %d\n", changed.ID, changed.Version)
		}
		return err
	})
}

type caseNoteCmd struct {
	casebookFlags
	ID   string `arg:"" help:"Case."`
	Text string `arg:"" help:"The remark."`
}

// Run adds a remark.
func (c *caseNoteCmd) Run(s *session) error {
	return withDesk(s, c.casebookFlags, casebook.Analyst, func(d *desk) error {
		_, err := d.AddNote(s.ctx, d.who, c.ID, c.Text)
		return err
	})
}

type caseWithdrawCmd struct {
	casebookFlags
	graphFlags
	ID      string `arg:"" help:"Case."`
	Deposit string `help:"Withdraw this deposit of it alone." placeholder:"ID"`
	Reason  string `help:"Why; kept for ever." required:""`
}

// Run withdraws. What traces said of it leaves the graph: with a deposit gone, the case
// is to be traced anew.
func (c *caseWithdrawCmd) Run(s *session) error {
	return withDesk(s, c.casebookFlags, casebook.Analyst, func(d *desk) error {
		if c.Deposit == "" {
			if err := d.WithdrawCase(s.ctx, d.who, c.ID, c.Reason); err != nil {
				return err
			}
			return c.retract(s)
		}
		deposit, err := d.Deposit(s.ctx, d.who, c.Deposit)
		if err != nil {
			return err
		}
		if deposit.Case != c.ID {
			return usagef("deposit %s is not of case %s", c.Deposit, c.ID)
		}
		if err := d.WithdrawDeposit(s.ctx, d.who, c.Deposit, c.Reason); err != nil {
			return err
		}
		traces, err := d.Traces(s.ctx, d.who, casebook.TraceFilter{Case: c.ID}, casebook.Page{})
		for i := range traces.Items {
			err = errors.Join(err, d.MarkStale(s.ctx, casebook.Principal{User: d.who.User, Role: casebook.System}, traces.Items[i].ID, "a deposit was withdrawn: "+c.Reason))
		}
		if err != nil {
			return err
		}
		return c.retract(s)
	})
}

// retract takes what traces of the case said out of the graph.
func (c *caseWithdrawCmd) retract(s *session) (err error) {
	store, err := c.graphFlags.open(s.ctx, s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	return store.Withdraw(s.ctx, graph.CaseID(c.ID), "")
}
