package main

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"tsuiseki/chains"
	"tsuiseki/chains/index"
	"tsuiseki/graph"
	"tsuiseki/tracer/casebook"
	"tsuiseki/tracer/correlate"
)

type linkCmd struct {
	List    linkListCmd    `cmd:"" help:"List links between cases."`
	Show    linkShowCmd    `cmd:"" help:"Show why two cases may belong together."`
	Confirm linkConfirmCmd `cmd:"" help:"Say that two cases belong together."`
	Reject  linkRejectCmd  `cmd:"" help:"Say that two cases do not belong together; the link is proposed again only on new evidence."`
}

// linkDoc is a link as its reader may see it.
type linkDoc struct {
	casebook.Link
	Reopened bool     `json:"reopened"`               // evidence came since it was decided
	New      []string `json:"new_evidence,omitempty"` // ids of it
}

// newLinkDoc finds out what of a link's evidence is new since it was decided.
func newLinkDoc(s *session, d *desk, l *casebook.Link) (linkDoc, error) {
	doc := linkDoc{Link: *l}
	if l.Withheld || l.Detail.Decision == nil || l.Detail.Decided {
		return doc, nil
	}
	seen, err := seenThen(s, d, l)
	if err != nil {
		return doc, err
	}
	evidence, err := evidenceOf(l.ID, l.Detail.Evidence)
	for i := range evidence {
		e := &evidence[i]
		if !seen[e.ID] && e.Class != correlate.ClassPath && e.Class != correlate.ClassCoFlow {
			doc.New = append(doc.New, e.ID)
		}
	}
	doc.Reopened = len(doc.New) > 0
	return doc, err
}

// decided puts into words what was decided.
func (l *linkDoc) decided() string {
	if l.Detail.Decision == nil {
		return decisionText(nil)
	}
	d := l.Detail.Decision
	return decisionText(&correlate.DecisionDoc{Verdict: correlate.Verdict(d.Verdict), Reason: d.Reason, At: d.Created, Reopened: l.Reopened}) + ", by " + d.CreatedBy
}

type linkListCmd struct {
	casebookFlags
	listFlags
	Case      string `help:"Only those of this case." placeholder:"ID"`
	Grade     string `help:"Only strong, probable or weak ones." placeholder:"GRADE"`
	Withdrawn bool   `help:"Those found no more, too."`
	JSON      bool   `name:"json" help:"Print one JSON document."`
}

type linkListDoc struct {
	Links []linkDoc `json:"links"`
	Next  string    `json:"next,omitempty"`
}

// Run lists links.
func (c *linkListCmd) Run(s *session) error {
	return withDesk(s, c.casebookFlags, casebook.Analyst, func(d *desk) error {
		found, err := d.Links(s.ctx, d.who, casebook.LinkFilter{Case: c.Case, Grade: casebook.Grade(c.Grade), Withdrawn: c.Withdrawn}, c.page())
		if err != nil {
			return err
		}
		doc := linkListDoc{Links: []linkDoc{}, Next: found.Next}
		for i := range found.Items {
			one, err := newLinkDoc(s, d, &found.Items[i])
			if err != nil {
				return err
			}
			doc.Links = append(doc.Links, one)
		}
		if c.JSON {
			return printJSON(s.out, doc)
		}
		table(s.out, func(w io.Writer) {
			fmt.Fprintln(w, "LINK\tGRADE\tCASE\tAND\tDECISION\t")
			for i := range doc.Links {
				l := &doc.Links[i]
				switch {
				case l.Withheld:
					fmt.Fprintf(w, "%s\t%s\t%s\tanother force's: call %s\t\t\n", l.ID, l.Grade, l.Cases[0], l.Contact)
				case !l.Detail.Withdrawn.At.IsZero():
					fmt.Fprintf(w, "%s\t%s\t%s\t%s\twithdrawn: %s\t\n", l.ID, l.Grade, l.Cases[0], l.Cases[1], l.Detail.Withdrawn.Reason)
				default:
					fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t\n", l.ID, l.Grade, l.Cases[0], l.Cases[1], l.decided())
				}
			}
		})
		_, err = io.WriteString(s.out, moreOf(found.Next))
		return err
	})
}

type linkShowCmd struct {
	casebookFlags
	ID   string `arg:"" help:"Link."`
	JSON bool   `name:"json" help:"Print one JSON document."`
}

type linkShowDoc struct {
	Link      linkDoc             `json:"link"`
	Decisions []casebook.Decision `json:"decisions"` // the oldest first; none where they are withheld
}

// Run shows a link as far as the reader may see it.
func (c *linkShowCmd) Run(s *session) error {
	return withDesk(s, c.casebookFlags, casebook.Analyst, func(d *desk) error {
		l, err := d.Link(s.ctx, d.who, c.ID)
		if err != nil {
			return err
		}
		doc := linkShowDoc{Decisions: []casebook.Decision{}}
		if doc.Link, err = newLinkDoc(s, d, &l); err != nil {
			return err
		}
		if !l.Withheld {
			if doc.Decisions, err = allPages(func(p casebook.Page) (casebook.List[casebook.Decision], error) {
				return d.Decisions(s.ctx, d.who, c.ID, p)
			}); err != nil {
				return err
			}
		}
		if c.JSON {
			return printJSON(s.out, doc)
		}
		return doc.print(s, d)
	})
}

func (doc *linkShowDoc) print(s *session, d *desk) error {
	l := &doc.Link
	if l.Withheld {
		fmt.Fprintf(s.out, "%s link %s of case %s leads into another force's case; the rest is theirs to tell: call %s\n", l.Grade, l.ID, l.Cases[0], l.Contact)
		return nil
	}
	evidence, err := evidenceOf(l.ID, l.Detail.Evidence)
	if err != nil {
		return err
	}
	for i := range evidence {
		evidence[i].New = slices.Contains(l.New, evidence[i].ID)
	}
	story := linkStory{id: l.ID, grade: string(l.Grade), score: l.Detail.Score, q: l.Detail.Q, evidence: evidence, decision: l.decided()}
	names := map[graph.CaseID]string{}
	for i, id := range l.Cases {
		one, err := d.Case(s.ctx, d.who, id)
		if err != nil {
			return err
		}
		story.cases[i], names[graph.CaseID(id)] = graph.CaseID(id), caseName(&one)
	}
	story.name = func(id graph.CaseID) string { return names[id] }
	if story.units, err = unitsOfEvidence(s, evidence); err != nil {
		return err
	}
	story.print(s.out)
	for i := range doc.Decisions {
		one := &doc.Decisions[i]
		fmt.Fprintf(s.out, "  %s %s by %s: %s\n", when(one.Created), one.Verdict, one.CreatedBy, one.Reason)
	}
	if !l.Detail.Withdrawn.At.IsZero() {
		fmt.Fprintf(s.out, "  withdrawn at %s: %s\n", when(l.Detail.Withdrawn.At), l.Detail.Withdrawn.Reason)
	}
	_, err = fmt.Fprintf(s.out, "  evidence %s\n", l.Detail.EvidenceDigest)
	return err
}

// unitsOfEvidence opens the account chains that evidence is of.
func unitsOfEvidence(s *session, evidence []correlate.Evidence) (u units, err error) {
	held, err := index.List(s.data)
	if err != nil {
		return nil, err
	}
	nodes := &caseNodes{chains: map[chains.Chain]*nodeChain{}}
	for _, chain := range held {
		asked := func(e correlate.Evidence) bool { return e.Chain == chain || e.Chain == "" }
		if chain.Family() == chains.Ethereum && slices.ContainsFunc(evidence, asked) {
			view, err := openChain(s, chain, nil, labelFlags{})
			if err != nil {
				return nil, joinClose(err, nodes)
			}
			nodes.add(view)
		}
	}
	u, err = nodes.units(evidence)
	return u, joinClose(err, nodes)
}

// joinClose closes what was opened, whatever happened before.
func joinClose(err error, of io.Closer) error { return errors.Join(err, of.Close()) }
