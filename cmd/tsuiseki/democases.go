package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"tsuiseki/chains/ethereum"
	"tsuiseki/chains/index"
	"tsuiseki/fixtures"
	"tsuiseki/tracer/casebook"
)

// demoCases loads a dozen invented cases of several forces as they come, traces each, and
// asks which of them belong together.
func demoCases(s *session, dir string) error {
	story, err := fixtures.NewCasework()
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "Casework: %d invented cases of %d forces, as their files come in.\n", len(story.Cases), len(story.Cases))
	cases, err := loadCases(s, dir, story)
	if err != nil {
		return err
	}
	fmt.Fprintln(s.out, "\nTwo exchanges answer whose accounts they are:")
	for i := range story.Disclosed {
		x := &story.Disclosed[i]
		fmt.Fprintf(s.out, "  %s, on %s: the account is %s's (%s)\n", x.Exchange, party(x.Address), x.Holder, x.Nationality)
		if err := demoDisclose(s, cases[x.Case], x); err != nil {
			return err
		}
	}
	fmt.Fprintln(s.out, "\nWhich cases belong together, and which only look so?")
	return (&correlateCmd{Rule: "fifo", Limit: len(cases)}).Run(s)
}

func demoDisclose(s *session, of string, x *fixtures.CaseworkDisclosure) error {
	quiet := *s
	quiet.out = io.Discard
	return (&caseDiscloseCmd{
		ID: of, Exchange: x.Exchange, Holder: x.Holder, Nationality: x.Nationality, Date: x.Date,
		Chain: fmt.Sprintf("ethereum-%d", fixtures.CaseworkNetwork), Address: string(x.Address),
	}).Run(&quiet)
}

// loadCases indexes the story's chain, takes in its labels, and imports and traces its
// cases. It tells a line of each, and returns their ids.
func loadCases(s *session, dir string, story *fixtures.Casework) (ids []string, err error) {
	if err := os.MkdirAll(filepath.Join(dir, "export"), 0o750); err != nil {
		return nil, err
	}
	quiet := *s
	quiet.out = io.Discard
	if err := indexCasework(&quiet, filepath.Join(dir, "export"), story); err != nil {
		return nil, err
	}
	labels := filepath.Join(dir, "labels.csv")
	if err := os.WriteFile(labels, []byte(story.Labels), 0o600); err != nil {
		return nil, err
	}
	if err := (&labelImportCmd{Files: []string{labels}}).Run(&quiet); err != nil {
		return nil, err
	}
	for i := range story.Cases {
		id, err := loadCase(s, filepath.Join(dir, fmt.Sprint(i)), &story.Cases[i])
		if err != nil {
			return nil, fmt.Errorf("case %s: %w", story.Cases[i].Number, err)
		}
		ids = append(ids, id)
	}
	return ids, nil
}

func indexCasework(s *session, export string, story *fixtures.Casework) (err error) {
	if err := fixtures.WriteExport(export, story.Blocks, story.Tokens); err != nil {
		return err
	}
	files, err := ethereum.OpenETL(s.ctx, ethereum.ETLConfig{Path: export, Network: ethereum.NewNetwork(fixtures.CaseworkNetwork, ""), Log: s.log})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, files.Close()) }()
	x, err := openAccounts(s, files.Chain(), files.Network().Asset, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, x.Close()) }()
	_, err = x.Sync(s.ctx, files, index.SyncOptions{From: files.First()})
	return err
}

// loadCase opens a case, imports its file and traces it, by the code of the commands.
func loadCase(s *session, dir string, c *fixtures.CaseworkCase) (id string, err error) {
	if err := os.Mkdir(dir, 0o750); err != nil {
		return "", err
	}
	file := filepath.Join(dir, c.File)
	if err := os.WriteFile(file, c.Content, 0o600); err != nil {
		return "", err
	}
	err = withDesk(s, casebookFlags{}, casebook.Analyst, func(d *desk) error {
		made, err := d.CreateCase(s.ctx, d.who, casebook.Case{Title: c.Title, Prefecture: casebook.Prefecture(c.Prefecture), Number: c.Number, Contact: c.Contact})
		id = made.ID
		return err
	})
	if err != nil {
		return "", err
	}
	quiet := *s
	quiet.out = io.Discard
	read := &caseImportCmd{ID: id, File: file}
	doc, err := read.load(&quiet)
	if err != nil {
		return "", err
	}
	fmt.Fprintf(s.out, "  %s %s, %s: %s, %d good, %d to be mended\n", c.Number, casebook.Prefecture(c.Prefecture).Name(), c.File, formatText(doc.Layout.Format), doc.Rows.Good, doc.Rows.Bad)
	for i := range doc.Rejected {
		r := &doc.Rejected[i]
		fmt.Fprintf(s.out, "    row %d, %s %q: %s (%s)\n", r.Row, r.Field, r.Value, r.Reason, r.ReasonJA)
	}
	return id, (&caseTraceCmd{ID: id, traceFlags: traceFlags{Rule: "fifo", MinAmount: "0", HubDegree: defaultHubDegree, Budget: defaultBudget}}).Run(&quiet)
}
