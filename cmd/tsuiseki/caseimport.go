package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"tsuiseki/tracer/casebook"
	"tsuiseki/tracer/intake"
)

type caseImportCmd struct {
	casebookFlags
	ID      string            `arg:"" help:"Case."`
	File    string            `arg:"" help:"File as it was received: CSV, text, or .xlsx; - for standard input."`
	Rejects string            `help:"File for the rows to be mended; by default FILE.rejected.csv or .xlsx beside the file." placeholder:"FILE" type:"path"`
	DryRun  bool              `help:"Only say what would be taken."`
	Sheet   string            `help:"Sheet of a workbook." placeholder:"NAME"`
	Column  map[string]string `help:"What a column is, where the file does not tell: --column txid=C." placeholder:"FIELD=COLUMN"`
	JSON    bool              `name:"json" help:"Print one JSON document."`
}

// intakeDoc says what became of an upload.
type intakeDoc struct {
	Case     string            `json:"case"`
	Upload   string            `json:"upload"`
	SHA256   string            `json:"sha256"`
	New      bool              `json:"new"` // else the case had the same bytes
	Layout   intake.Layout     `json:"layout"`
	Rows     intake.Rows       `json:"rows"`
	Deposits []importedDeposit `json:"deposits"`
	Records  []intake.Record   `json:"records"`
	Rejected []rejectedDoc     `json:"rejected"`

	// Inferences about the file's deposits: tests, and what was paid back. No deposit is
	// changed by them.
	Marks     []intake.Mark      `json:"marks"`
	Undecided []intake.Undecided `json:"undecided"` // of which it was not seen whether money came back

	Rejects string `json:"rejects,omitempty"` // file with the rows to be mended

	units units // to read amounts of tokens by
}

type importedDeposit struct {
	Row int    `json:"row"`
	ID  string `json:"id,omitempty"`
	New bool   `json:"new"`
	intake.Deposit
}

// rejectedDoc is one thing wrong with a row.
type rejectedDoc struct {
	Row        int                `json:"row"`
	Field      intake.Field       `json:"field"`
	Value      string             `json:"value"`
	Normalised string             `json:"normalised"`
	Code       intake.Code        `json:"code"`
	Reason     string             `json:"reason"`
	ReasonJA   string             `json:"reason_ja"`
	Suggestion string             `json:"suggestion,omitempty"`
	Candidates []intake.Candidate `json:"candidates,omitempty"`
}

// maxUpload is how large a file may be.
const maxUpload = casebook.MaxContent

// Run takes a file into a case. The bytes are kept first; a run that was killed midway
// is completed by the next.
func (c *caseImportCmd) Run(s *session) error {
	doc, err := c.load(s)
	if err != nil {
		return err
	}
	if err := c.print(s, doc); err != nil {
		return err
	}
	if doc.Rows.Bad > 0 {
		return incompleteError{fmt.Sprintf("%d of %d rows came back to be mended", doc.Rows.Bad, doc.Rows.Good+doc.Rows.Bad)}
	}
	return nil
}

// load takes the file in, and says what became of it.
func (c *caseImportCmd) load(s *session) (*intakeDoc, error) {
	content, name, err := c.read()
	if err != nil {
		return nil, err
	}
	doc := &intakeDoc{Case: c.ID, units: units{}, Deposits: []importedDeposit{}, Records: []intake.Record{}, Rejected: []rejectedDoc{}}
	err = withDesk(s, c.casebookFlags, casebook.Analyst, func(d *desk) error {
		if c.DryRun {
			if _, err := d.Case(s.ctx, d.who, c.ID); err != nil {
				return err
			}
			return c.take(s, d, doc, content)
		}
		upload, fresh, err := d.AddUpload(s.ctx, d.who, c.ID, name, content)
		if err != nil {
			return err
		}
		doc.Upload, doc.SHA256, doc.New = upload.ID, upload.SHA256, fresh
		return c.take(s, d, doc, content)
	})
	return doc, err
}

func (c *caseImportCmd) read() (content []byte, name string, err error) {
	from := io.Reader(os.Stdin)
	name = "pasted text"
	if c.File != "-" {
		file, err := os.Open(c.File)
		if err != nil {
			return nil, "", err
		}
		defer file.Close()
		from, name = file, filepath.Base(c.File)
	}
	content, err = io.ReadAll(io.LimitReader(from, maxUpload+1))
	if err == nil && len(content) > maxUpload {
		err = usagef("%s is larger than %d MiB: split it", name, maxUpload>>20)
	}
	return content, name, err
}

// take reads an upload and stores what it holds. A file is taken as a whole or not at
// all: until its end is reached, what was read waits in a file.
func (c *caseImportCmd) take(s *session, d *desk, doc *intakeDoc, content []byte) (err error) {
	opened, err := openChains(s, labelFlags{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeChains(opened)) }()
	views := intakeChains(opened)
	held, err := depositsOf(s, d, c.ID)
	if err != nil {
		return err
	}
	sink, err := newImportSink(s.ctx, c, doc, views)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sink.close()) }()
	bar := newProgress(s.errOut)
	defer bar.close()
	options := intake.Options{
		Chains: views, Known: held, Sheet: c.Sheet, Columns: map[intake.Field]string{},
		Progress: func(p intake.Progress) { bar.set("reading rows", uint64(p.Rows), uint64(p.Rows)) },
	}
	for field, column := range c.Column {
		options.Columns[intake.Field(field)] = column
	}
	report, err := intake.Read(s.ctx, intake.Upload{Bytes: bytes.NewReader(content), Size: int64(len(content))}, options, sink)
	if refused, is := errors.AsType[*intake.FileError](err); is {
		return usageError{fmt.Errorf("%w\n%s", refused, refused.ReasonJA)}
	}
	if err != nil {
		return err
	}
	doc.SHA256, doc.Layout, doc.Rows = report.SHA256, report.Layout, report.Rows
	if c.DryRun {
		err = sink.each(func(one []importedDeposit) error {
			doc.Deposits = append(doc.Deposits, one...)
			return nil
		})
	} else {
		err = c.store(s, d, doc, sink)
	}
	if err != nil {
		return err
	}
	return doc.mark(s, views)
}

// mark looks for tests and refunds among the deposits.
func (d *intakeDoc) mark(s *session, views []intake.Chain) error {
	deposits := make([]intake.Deposit, len(d.Deposits))
	for i := range d.Deposits {
		deposits[i] = d.Deposits[i].Deposit
	}
	marks, undecided, err := intake.MarkPayments(s.ctx, views, deposits, intake.DefaultMarkParams())
	d.Marks, d.Undecided = append([]intake.Mark{}, marks...), append([]intake.Undecided{}, undecided...)
	return err
}

// store puts what was read into the casebook.
func (c *caseImportCmd) store(s *session, d *desk, doc *intakeDoc, sink *importSink) error {
	attempt, err := d.BeginReading(s.ctx, d.who, doc.Upload)
	if err != nil {
		return err
	}
	err = sink.each(func(batch []importedDeposit) error {
		var rows []casebook.Deposit
		for i := range batch {
			rows = append(rows, casebookDeposit(doc.Upload, &batch[i].Deposit))
		}
		added, err := d.AddDeposits(s.ctx, d.who, c.ID, rows)
		for i := range added {
			batch[i].ID, batch[i].New = added[i].ID, added[i].New
		}
		doc.Deposits = append(doc.Deposits, batch...)
		return err
	})
	for from := 0; err == nil && from < len(doc.Rejected); from += importBatch {
		var rows []casebook.Reject
		for _, r := range doc.Rejected[from:min(from+importBatch, len(doc.Rejected))] {
			rows = append(rows, casebook.Reject{
				Row: int64(r.Row), Field: string(r.Field), Code: string(r.Code), Value: r.Value, Normalised: r.Normalised,
				Reason: r.Reason, ReasonJa: r.ReasonJA, Suggestion: r.Suggestion,
			})
		}
		err = d.AddRejects(s.ctx, d.who, doc.Upload, attempt, rows)
	}
	if err == nil {
		err = c.record(s, d, doc)
	}
	if err != nil {
		return err
	}
	doc.Rejects, err = sink.keepRejects(c.rejectsFile(doc))
	return err
}

// record keeps as remarks what is for exchanges to disclose, and cannot be traced.
func (c *caseImportCmd) record(s *session, d *desk, doc *intakeDoc) error {
	if len(doc.Records) == 0 {
		return nil
	}
	notes, err := allPages(func(p casebook.Page) (casebook.List[casebook.Note], error) { return d.Notes(s.ctx, d.who, c.ID, p) })
	if err != nil {
		return err
	}
	held := map[string]bool{}
	for i := range notes {
		held[notes[i].Text] = true
	}
	for i := range doc.Records {
		r := &doc.Records[i]
		text := fmt.Sprintf("upload %s, row %d: %s", doc.Upload, r.Row, recordText(r))
		if held[text] {
			continue
		}
		if _, err := d.AddNote(s.ctx, d.who, c.ID, text); err != nil {
			return err
		}
	}
	return nil
}

func casebookDeposit(upload string, d *intake.Deposit) casebook.Deposit {
	return casebook.Deposit{
		Chain: d.Chain, Tx: d.Tx, Kind: d.Kind, Index: d.Index, Address: d.Address, Asset: d.Asset, Amount: d.Amount, Time: d.Time,
		Note: d.Note, Yen: d.Yen, Receipt: d.Receipt, Victim: d.Victim, Upload: upload, Row: int64(d.Row), Test: d.SaidTest, Refund: d.SaidRefund,
	}
}

// rejectsFile is where the rows to be mended go.
func (c *caseImportCmd) rejectsFile(doc *intakeDoc) string {
	extension := ".csv"
	if doc.Layout.Format.Kind == "xlsx" {
		extension = ".xlsx"
	}
	switch {
	case c.Rejects != "":
		return c.Rejects
	case c.File == "-":
		return "pasted.rejected" + extension
	}
	return strings.TrimSuffix(c.File, filepath.Ext(c.File)) + ".rejected" + extension
}
