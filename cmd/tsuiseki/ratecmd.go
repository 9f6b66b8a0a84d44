package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"tsuiseki/chains"
	"tsuiseki/tracer/rate"
)

type rateCmd struct {
	Import rateImportCmd `cmd:"" help:"Register a file of rates, to value amounts by."`
	List   rateListCmd   `cmd:"" help:"List the files registered."`
	Remove rateRemoveCmd `cmd:"" help:"Take a file's rates out again, by its number in the list."`
}

type rateImportCmd struct {
	File   string `arg:"" help:"CSV with headings (time or date, rate, and asset, chain, pair, quote, source), or GraphSense's exchange rates." type:"path"`
	Source string `help:"Where the rates are from, such as \"bitFlyer daily close\"; needed where rows do not say." placeholder:"TEXT"`
	Asset  string `help:"Asset that the rates are of, where rows do not say: a coin's name or a token's contract." placeholder:"NAME"`
	Chain  string `help:"Chain that the asset is on, where rows do not say; a contract needs one." placeholder:"NAME"`
	Quote  string `help:"Currency that the rates are in, where rows do not say; JPY by default." placeholder:"NAME"`
	Days   string `help:"Days of dates, and of times without an offset: JST or UTC; JST by default, UTC for GraphSense's files." placeholder:"ZONE"`
	JSON   bool   `name:"json" help:"Print one JSON document."`
}

// rateFileDoc is a registered file.
type rateFileDoc struct {
	Number     int             `json:"number"`
	File       string          `json:"file"`
	SHA256     string          `json:"sha256"`
	Bytes      int64           `json:"bytes"`
	Encoding   string          `json:"encoding"`
	Days       rate.Days       `json:"days"`
	ImportedAt time.Time       `json:"imported_at"`
	Rows       int             `json:"rows"`
	Duplicates int             `json:"duplicates"`
	Ignored    []string        `json:"ignored_columns"`
	Series     []rateSeriesDoc `json:"series"`
}

type rateSeriesDoc struct {
	rate.Series
	Rates int       `json:"rates"`
	First time.Time `json:"first"`
	Last  time.Time `json:"last"`
}

func newRateFileDoc(s *rate.Stored) rateFileDoc {
	d := rateFileDoc{
		s.ID, s.File, s.SHA256, s.Bytes, s.Encoding, s.Days, time.Unix(s.ImportedAt, 0).UTC(), s.Rows, s.Duplicates, append([]string{}, s.Ignored...), []rateSeriesDoc{},
	}
	for _, of := range s.Series {
		d.Series = append(d.Series, rateSeriesDoc{of.Series, of.Rates, time.UnixMicro(of.First).UTC(), time.UnixMicro(of.Last).UTC()})
	}
	return d
}

// rateImportDoc says what an import did.
type rateImportDoc struct {
	Registered *rateFileDoc   `json:"registered"` // null where the file was refused
	Again      bool           `json:"again"`      // it was there before
	Rows       int            `json:"refused_rows"`
	Problems   []rate.Problem `json:"problems"`
}

// Run registers one file, whole or not at all.
func (c *rateImportCmd) Run(s *session) error {
	opt, err := c.options()
	if err != nil {
		return err
	}
	made, again, err := rate.OpenStore(rate.Dir(s.data)).Import(s.ctx, opt, time.Now())
	doc := rateImportDoc{Again: again, Problems: []rate.Problem{}}
	refused, isRefused := errors.AsType[*rate.RefusedError](err)
	switch {
	case isRefused:
		doc.Rows, doc.Problems = refused.Rows, refused.Problems
		fmt.Fprintln(s.errOut, err)
	case err != nil:
		return fmt.Errorf("%s: %w", c.File, err)
	default:
		registered := newRateFileDoc(&made)
		doc.Registered = &registered
	}
	if c.JSON {
		if err := printJSON(s.out, doc); err != nil {
			return err
		}
	} else if doc.Registered != nil {
		if again {
			fmt.Fprintln(s.out, "registered before, nothing is changed:")
		}
		printRateFile(s.out, doc.Registered)
	}
	if isRefused {
		return incompleteError{fmt.Sprintf("the file was refused for %d mistakes; nothing of it was taken in: mend them and import it again", refused.Rows)}
	}
	return nil
}

func (c *rateImportCmd) options() (opt rate.FileOptions, err error) {
	opt = rate.FileOptions{Path: c.File, Source: strings.TrimSpace(c.Source), Chain: chains.Chain(strings.ToLower(c.Chain)), Quote: strings.ToUpper(c.Quote)}
	if c.Asset != "" {
		if opt.Asset, err = rate.ParseAsset(c.Asset); err != nil {
			return opt, usagef("--asset %w", err)
		}
	}
	if opt.Days, err = rate.ParseDays(c.Days); err != nil {
		return opt, usageError{err}
	}
	return opt, nil
}

type rateListCmd struct {
	JSON bool `name:"json" help:"Print one JSON document."`
}

// Run lists the files, oldest first.
func (c *rateListCmd) Run(s *session) error {
	list, err := rate.OpenStore(rate.Dir(s.data)).List()
	if err != nil {
		return err
	}
	docs := []rateFileDoc{}
	for i := range list {
		docs = append(docs, newRateFileDoc(&list[i]))
	}
	if c.JSON {
		return printJSON(s.out, map[string]any{"files": docs})
	}
	if len(docs) == 0 {
		fmt.Fprintln(s.out, "no rates are registered: see tsuiseki rate import --help")
	}
	for i := range docs {
		printRateFile(s.out, &docs[i])
	}
	return nil
}

type rateRemoveCmd struct {
	Number int `arg:"" help:"Number of the file in the list."`
}

// Run removes one file's rates.
func (c *rateRemoveCmd) Run(s *session) error {
	return rate.OpenStore(rate.Dir(s.data)).Remove(c.Number)
}

func printRateFile(w io.Writer, d *rateFileDoc) {
	fmt.Fprintf(w, "%d  %s (%d bytes, %s, days of %s), imported %s\n   sha256:%s\n", d.Number, d.File, d.Bytes, d.Encoding, d.Days, when(d.ImportedAt), d.SHA256)
	for _, s := range d.Series {
		fmt.Fprintf(w, "   %s from %s: %d rates, %s to %s\n", s.Pair, s.Source, s.Rates, when(s.First), when(s.Last))
	}
	if d.Duplicates > 0 {
		fmt.Fprintf(w, "   said more than once: %d\n", d.Duplicates)
	}
	if len(d.Ignored) > 0 {
		fmt.Fprintf(w, "   columns that are not read: %s\n", joinText(d.Ignored))
	}
}
