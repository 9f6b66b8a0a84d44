// Package intake turns what victims and prefectures send into deposits, or into rows
// that they can mend.
//
// A file is read as a stream: CSV and the like in the encodings of Japan, .xlsx, or
// pasted text. Columns are recognised by content first, then by heading. Each row is
// normalised, checked against the chains, and handed on as a deposit that the chain
// confirms, as a record of what cannot be traced, or back with all that is wrong with
// it. Nothing is guessed: what is not certain comes back with the choices.
//
// The same bytes, chains and options give the same results in the same order.
// What is accepted, and what each code means: docs/intake.md.
package intake

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"tsuiseki/chains"
)

// Upload is a file as it was received.
type Upload struct {
	Bytes io.ReaderAt
	Size  int64
}

// Options say what rows are checked against. Chains is required.
type Options struct {
	Chains []Chain
	// Tokens are the contracts that symbols stand for, by chain; nil means DefaultTokens.
	Tokens map[chains.Chain]map[string]chains.Asset
	// Known tells what the case holds; nil means nothing.
	Known Known
	// Zone is that of times which do not say theirs; nil means JST.
	Zone *time.Location
	// Confirmations is how many blocks must stand on a payment, its own included; 0 means 1.
	Confirmations uint64
	// Sheet picks one of a workbook's sheets by name.
	Sheet string
	// Columns are a person's choices, as a column's letter or heading.
	Columns map[Field]string
	Limits  Limits
	// Progress is called now and then, and at the end.
	Progress func(Progress)
}

// Progress says how far reading is.
type Progress struct {
	Rows     int // read so far
	Deposits int
	Rejected int
}

// Sink takes what becomes of the rows, in the order of the file. Where Read fails
// nothing of it counts: a file is taken as a whole, or not.
type Sink interface {
	// Begin is called once, before any row, when the columns are decided.
	Begin(Layout) error
	Accept(Deposit) error
	Record(Record) error
	Reject(Rejected) error
}

// Skipped is a row without data.
type Skipped struct {
	Row int    `json:"row"`
	Why string `json:"why"` // title, heading, subtotal or remark
}

// Report says what was made of a file.
type Report struct {
	SHA256 string `json:"sha256"` // of the bytes received
	Layout Layout `json:"layout"`
	Rows   Rows   `json:"rows"`
	// Skipped are the first rows without data that are not blank; Rows counts all.
	Skipped []Skipped `json:"skipped"`
}

// Rows counts a file's rows: All = Blank + Skipped + Good + Bad. A row of several
// transactions is bad where one of them is; the others are deposits nevertheless.
type Rows struct {
	All      int `json:"all"`
	Blank    int `json:"blank"`
	Skipped  int `json:"skipped"`
	Good     int `json:"good"`
	Bad      int `json:"bad"`
	Deposits int `json:"deposits"`
	Already  int `json:"already"` // of the deposits, those that the case holds
	Records  int `json:"records"`
}

// ErrNoChain says that there is no chain to check rows against.
var ErrNoChain = errors.New("no chain is indexed: index one before rows can be checked")

// Read reads an upload into sink. Its errors are a *FileError where the file cannot
// be read, else those of a chain, the case or the sink.
func Read(ctx context.Context, up Upload, opt Options, sink Sink) (*Report, error) {
	if len(opt.Chains) == 0 {
		return nil, ErrNoChain
	}
	if opt.Tokens == nil {
		opt.Tokens = DefaultTokens()
	}
	if opt.Zone == nil {
		opt.Zone = JST()
	}
	opt.Confirmations = max(opt.Confirmations, 1)
	opt.Limits = opt.Limits.withDefaults()
	sum := sha256.New()
	if _, err := io.Copy(sum, io.NewSectionReader(up.Bytes, 0, up.Size)); err != nil {
		return nil, fmt.Errorf("read the upload: %w", err)
	}
	src, err := open(up, &opt)
	if err != nil {
		return nil, err
	}
	defer src.close()
	r := &reader{
		opt: &opt, sink: sink, source: src, report: &Report{SHA256: hex.EncodeToString(sum.Sum(nil)), Skipped: []Skipped{}},
		checker: &checker{chains: opt.Chains, opt: &opt, claims: map[Place]claim{}, tokens: map[tokenKey]tokenWord{}},
	}
	return r.report, r.run(ctx)
}

// reader carries one Read.
type reader struct {
	opt     *Options
	sink    Sink
	source  *source
	layout  *layout
	checker *checker
	report  *Report
}

func (r *reader) run(ctx context.Context) error {
	sample, ended, err := takeSample(r.source)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(sample, func(rec record) bool { return !rec.blank() }) {
		return refuse(FileEmpty, 0, "the file holds no rows: upload one that does", "行がありません。行のあるファイルを送ってください。")
	}
	if r.layout, err = newLayout(sample, r.opt.Columns); err != nil {
		return err
	}
	r.report.Layout = r.layout.public(r.source.format)
	if err := r.sink.Begin(r.report.Layout); err != nil {
		return err
	}
	for _, rec := range sample {
		if err := r.take(ctx, rec); err != nil {
			return err
		}
	}
	for !ended {
		rec, err := r.source.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if err := r.take(ctx, rec); err != nil {
			return err
		}
	}
	r.progress()
	return nil
}

func (r *reader) progress() {
	if r.opt.Progress != nil {
		r.opt.Progress(Progress{Rows: r.report.Rows.All, Deposits: r.report.Rows.Deposits, Rejected: r.report.Rows.Bad})
	}
}

// take deals with one row of the file.
func (r *reader) take(ctx context.Context, rec record) error {
	n := &r.report.Rows
	n.All++
	const every = 1000
	if n.All%every == 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		r.progress()
	}
	switch {
	case rec.blank():
		n.Blank++
		return nil
	case r.layout.heading > 0 && rec.number < r.layout.heading:
		return r.skip(rec, "title")
	case r.layout.isHeading(&rec):
		return r.skip(rec, "heading")
	case subtotal(&rec):
		return r.skip(rec, "subtotal")
	case remark(&rec):
		return r.skip(rec, "remark")
	}
	if n.Good+n.Bad >= r.opt.Limits.Rows {
		return refuse(FileTooLarge, rec.number, fmt.Sprintf("the file has more than %d rows: split it", r.opt.Limits.Rows), fmt.Sprintf("%d 行を超えています。分割してください。", r.opt.Limits.Rows))
	}
	return r.decide(ctx, readRow(rec, r.layout, r.opt.Zone))
}

func (r *reader) skip(rec record, why string) error {
	const shown = 100
	r.report.Rows.Skipped++
	if len(r.report.Skipped) < shown {
		r.report.Skipped = append(r.report.Skipped, Skipped{rec.number, why})
	}
	return nil
}

// decide checks a row's transactions and hands them on.
func (r *reader) decide(ctx context.Context, row *row) error {
	outcomes, err := r.outcomes(ctx, row)
	if err != nil {
		return err
	}
	var bad []int
	var wrong []RowError
	for i, o := range outcomes {
		if len(o.errors) > 0 {
			bad = append(bad, i)
			for _, e := range o.errors {
				if !slices.ContainsFunc(wrong, func(w RowError) bool { return w.Code == e.Code && w.Normalised == e.Normalised && w.Reason == e.Reason }) {
					wrong = append(wrong, e)
				}
			}
			continue
		}
		if err := r.hand(o, i+1); err != nil {
			return err
		}
	}
	if len(bad) == 0 {
		r.report.Rows.Good++
		return nil
	}
	r.report.Rows.Bad++
	return r.sink.Reject(Rejected{Row: row.record.number, Cells: row.reduced(bad), Errors: wrong})
}

func (r *reader) hand(o outcome, part int) error {
	n := &r.report.Rows
	if o.record != nil {
		n.Records++
		o.record.Part = part
		return r.sink.Record(*o.record)
	}
	n.Deposits++
	if o.deposit.Already != "" {
		n.Already++
	}
	o.deposit.Part = part
	return r.sink.Accept(*o.deposit)
}

// outcomes checks each transaction of a row. A row that cannot be read comes back
// whole, with what is wrong with its ids.
func (r *reader) outcomes(ctx context.Context, row *row) ([]outcome, error) {
	items := row.items()
	if most := r.opt.Limits.PartsOfCell; len(items) > most {
		e := items[0].error(FieldTx, IDsTooMany, fmt.Sprint(len(items)), fmt.Sprint(most))
		return []outcome{failed(e)}, nil
	}
	out := make([]outcome, len(items))
	if len(row.errors) > 0 {
		for i := range items {
			out[i] = failed(row.errors...)
			if e, wrong := items[i].unreadable(); wrong && !row.internal() {
				if err := r.checker.suggest(ctx, &items[i], &e); err != nil {
					return nil, err
				}
				out[i].errors = append(out[i].errors, e)
			}
		}
		return out, nil
	}
	for i := range items {
		o, err := r.checker.check(ctx, &items[i])
		if err != nil {
			return nil, err
		}
		if out[i] = o; o.deposit != nil {
			r.checker.claim(o.deposit)
		}
	}
	return out, r.checker.sum(ctx, row, items, out)
}
