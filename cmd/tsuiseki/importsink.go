package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"tsuiseki/chains"
	"tsuiseki/tracer/intake"
)

// importBatch is how many rows are stored at once.
const importBatch = 5_000

// importSink keeps good rows in a file until all were read.
type importSink struct {
	ctx     context.Context // of the import
	doc     *intakeDoc
	views   []intake.Chain
	spool   *os.File
	out     *json.Encoder
	rejects *os.File
	mend    *intake.RejectFile
	done    bool
}

func newImportSink(ctx context.Context, c *caseImportCmd, doc *intakeDoc, views []intake.Chain) (*importSink, error) {
	spool, err := os.CreateTemp("", "tsuiseki-import-")
	if err != nil {
		return nil, err
	}
	sink := &importSink{ctx: ctx, doc: doc, views: views, spool: spool, out: json.NewEncoder(spool)}
	if c.DryRun {
		sink.mend = intake.NewRejectFile(io.Discard)
		return sink, nil
	}
	beside := filepath.Dir(c.rejectsFile(doc))
	if sink.rejects, err = os.CreateTemp(beside, ".tsuiseki-rejects-"); err != nil {
		return nil, errors.Join(fmt.Errorf("a file for rows to be mended: %w: name another place with --rejects", err), sink.close())
	}
	sink.mend = intake.NewRejectFile(sink.rejects)
	return sink, nil
}

// Begin implements intake.Sink.
func (k *importSink) Begin(l intake.Layout) error { return k.mend.Begin(l) }

// Accept implements intake.Sink.
func (k *importSink) Accept(d intake.Deposit) error {
	if err := k.know(d.Chain, d.Asset); err != nil {
		return err
	}
	return k.out.Encode(importedDeposit{Row: d.Row, ID: d.Already, Deposit: d})
}

// know takes up how people read amounts of an asset.
func (k *importSink) know(chain chains.Chain, asset chains.Asset) error {
	if _, known := k.doc.units[asset]; known {
		return nil
	}
	for _, view := range k.views {
		if view.Snapshot().Chain != chain {
			continue
		}
		token, told, err := view.Token(k.ctx, asset)
		if err != nil {
			return err
		}
		if told {
			k.doc.units.add(token)
		}
	}
	return nil
}

// Record implements intake.Sink.
func (k *importSink) Record(r intake.Record) error {
	k.doc.Records = append(k.doc.Records, r)
	return nil
}

// Reject implements intake.Sink.
func (k *importSink) Reject(r intake.Rejected) error {
	for i := range r.Errors {
		e := &r.Errors[i]
		k.doc.Rejected = append(k.doc.Rejected, rejectedDoc{e.Row, e.Field, e.Raw, e.Normalised, e.Code, e.Reason, e.ReasonJA, e.Suggestion, e.Candidates})
	}
	return k.mend.Reject(r)
}

// each reads the good rows back, a batch at a time.
func (k *importSink) each(use func([]importedDeposit) error) error {
	if _, err := k.spool.Seek(0, io.SeekStart); err != nil {
		return err
	}
	in := json.NewDecoder(k.spool)
	var batch []importedDeposit
	for in.More() {
		var one importedDeposit
		if err := in.Decode(&one); err != nil {
			return err
		}
		if batch = append(batch, one); len(batch) == importBatch {
			if err := use(batch); err != nil {
				return err
			}
			batch = nil
		}
	}
	if len(batch) == 0 {
		return nil
	}
	return use(batch)
}

// keepRejects puts the rows to be mended where people find them; nothing where there
// are none.
func (k *importSink) keepRejects(at string) (string, error) {
	if err := k.mend.Close(); err != nil {
		return "", err
	}
	k.done = true
	if len(k.doc.Rejected) == 0 {
		return "", nil
	}
	if err := errors.Join(k.rejects.Sync(), k.rejects.Close(), os.Rename(k.rejects.Name(), at)); err != nil {
		return "", err
	}
	k.rejects = nil
	return at, nil
}

func (k *importSink) close() (err error) {
	if !k.done {
		err = k.mend.Close()
	}
	for _, file := range []*os.File{k.spool, k.rejects} {
		if file != nil {
			err = errors.Join(err, file.Close(), os.Remove(file.Name()))
		}
	}
	return err
}
