package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"tsuiseki/tracer/casebook"
)

type auditCmd struct {
	List   auditListCmd   `cmd:"" help:"List what was done, the newest first."`
	Verify auditVerifyCmd `cmd:"" help:"Find whether the audit was changed, cut or reordered."`
	Head   auditHeadCmd   `cmd:"" help:"Print the newest row's number and hash, to be kept where nobody who writes the casebook can."`
}

type auditListCmd struct {
	casebookFlags
	listFlags
	Who      string `help:"Only this user's acts."`
	Action   string `help:"Only this kind of act, as case.view."`
	Resource string `help:"Only what concerned it, as case/ID."`
	JSON     bool   `name:"json" help:"Print one JSON document."`
}

type auditListDoc struct {
	Rows []casebook.AuditRow `json:"rows"`
	Next string              `json:"next,omitempty"`
}

// Run lists acts.
func (c *auditListCmd) Run(s *session) error {
	return withDesk(s, c.casebookFlags, casebook.Auditor, func(d *desk) error {
		found, err := d.Audit(s.ctx, d.who, casebook.AuditFilter{Who: c.Who, Action: c.Action, Resource: c.Resource}, c.page())
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(s.out, auditListDoc{found.Items, found.Next})
		}
		table(s.out, func(w io.Writer) {
			fmt.Fprintln(w, "ROW\tTIME\tWHO\tACT\tOF\tDETAILS\t")
			for _, r := range found.Items {
				fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\t\n", r.Seq, r.Time, r.Who, r.Action, r.Resource, r.Details)
			}
		})
		_, err = io.WriteString(s.out, moreOf(found.Next))
		return err
	})
}

type auditVerifyCmd struct {
	casebookFlags
	Head []string `help:"File that audit head --json wrote earlier; it tells whether the end was cut off." placeholder:"FILE" type:"existingfile"`
	JSON bool     `name:"json" help:"Print one JSON document."`
}

// Run verifies the audit.
func (c *auditVerifyCmd) Run(s *session) error {
	var kept []casebook.AuditHead
	for _, file := range c.Head {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		var head casebook.AuditHead
		if err := json.Unmarshal(text, &head); err != nil || head.Hash == "" {
			return usagef("%s: want what audit head --json writes: %w", file, errors.Join(err, errors.New(`{"seq":…,"hash":…}`)))
		}
		kept = append(kept, head)
	}
	return withDesk(s, c.casebookFlags, casebook.Auditor, func(d *desk) error {
		found, err := d.VerifyAudit(s.ctx, d.who, kept...)
		if err != nil {
			return err
		}
		if c.JSON {
			err = printJSON(s.out, found)
		} else {
			c.print(s.out, &found)
		}
		return errors.Join(err, found.Err())
	})
}

func (c *auditVerifyCmd) print(w io.Writer, v *casebook.Verification) {
	for _, f := range v.Findings {
		fmt.Fprintf(w, "row %d: %s\n", f.Seq, f.Problem)
	}
	if v.More > 0 {
		fmt.Fprintf(w, "and %d more\n", v.More)
	}
	if len(v.Findings) == 0 {
		fmt.Fprintf(w, "the audit is whole: %d rows, the newest %s\n", v.Rows, v.Head.Hash)
	}
}

type auditHeadCmd struct {
	casebookFlags
	JSON bool `name:"json" help:"Print one JSON document."`
}

// Run prints the head of the audit.
func (c *auditHeadCmd) Run(s *session) error {
	return withDesk(s, c.casebookFlags, casebook.Auditor, func(d *desk) error {
		head, err := d.AuditHead(s.ctx, d.who)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(s.out, head)
		}
		fmt.Fprintf(s.out, "%d %s\n", head.Seq, head.Hash)
		return nil
	})
}
