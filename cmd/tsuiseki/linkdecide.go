package main

import (
	"fmt"

	"tsuiseki/tracer/casebook"
)

// decideFlags are what a decision on a link says.
type decideFlags struct {
	casebookFlags
	ID       string `arg:"" help:"Link."`
	Reason   string `help:"Why; kept for ever." required:""`
	Evidence string `help:"Fail unless the link rests on this evidence, as link show told it." placeholder:"DIGEST"`
	JSON     bool   `name:"json" help:"Print one JSON document."`
}

type linkConfirmCmd struct{ decideFlags }

type linkRejectCmd struct{ decideFlags }

// Run confirms a link.
func (c *linkConfirmCmd) Run(s *session) error { return c.decide(s, casebook.Confirmed) }

// Run rejects a link.
func (c *linkRejectCmd) Run(s *session) error { return c.decide(s, casebook.Rejected) }

// decide keeps a verdict, on the evidence that was named, else on what there is now.
func (c *decideFlags) decide(s *session, verdict casebook.Verdict) error {
	return withDesk(s, c.casebookFlags, casebook.Analyst, func(d *desk) error {
		on := c.Evidence
		if on == "" {
			l, err := d.Link(s.ctx, d.who, c.ID)
			if err != nil {
				return err
			}
			if !l.Withheld { // else the casebook refuses, and says whom to call
				on = l.Detail.EvidenceDigest
			}
		}
		made, err := d.Decide(s.ctx, d.who, c.ID, verdict, c.Reason, on)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(s.out, made)
		}
		fmt.Fprintf(s.out, "link %s: %s, decision %d, on evidence %s\n", c.ID, made.Verdict, made.Number, made.EvidenceDigest)
		return nil
	})
}
