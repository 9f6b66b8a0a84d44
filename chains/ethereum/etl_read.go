package ethereum

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"tsuiseki/chains"
)

// findExport lists the files of an export, in folders and folders of those.
// What is hidden, or marks a job's end as _SUCCESS does, is no part of it.
func findExport(path string) (files []*etlFile, err error) {
	err = filepath.WalkDir(path, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if base := entry.Name(); name != path && (strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_")) {
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		info, err := os.Stat(name)
		if err == nil && info.Mode().IsRegular() {
			files = append(files, &etlFile{number: uint64(len(files)), path: name})
		}
		return err
	})
	if err == nil && len(files) == 0 {
		err = errors.New("it holds no file")
	}
	if err != nil {
		return nil, fmt.Errorf("export %s: %w; pass a folder or file that ethereum-etl wrote", path, err)
	}
	return files, nil
}

// etlReading reads all files, some at once, into sorters.
type etlReading struct {
	cfg     ETLConfig
	files   []*etlFile
	batches chan etlBatch
	spare   chan []byte // buffers of batches that are done

	mu      sync.Mutex // of what follows, and held while cfg.Progress is called
	started int
	seen    [etlKinds]bool
	unknown map[*etlFile]uint64 // the first line left out, per file
}

// run reads all rows, and says which kinds there are.
func (e *etlReading) run(ctx context.Context, sorters []*etlSorter) (seen [etlKinds]bool, err error) {
	names := make(chan *etlFile, len(e.files))
	for _, file := range e.files {
		names <- file
	}
	close(names)
	e.batches = make(chan etlBatch, len(sorters))
	e.spare = make(chan []byte, 4*len(sorters))

	e.unknown = map[*etlFile]uint64{}
	group, ctx := errgroup.WithContext(ctx)
	readers, readCtx := errgroup.WithContext(ctx)
	for range sorters {
		readers.Go(func() error { return e.cut(readCtx, names) })
	}
	group.Go(func() error {
		defer close(e.batches)
		return readers.Wait()
	})
	for _, sorter := range sorters {
		group.Go(func() error {
			p := etlParser{reading: e, rows: etlRowReader{out: sorter}}
			return p.run(ctx)
		})
	}
	err = group.Wait()
	for file, line := range e.unknown {
		e.cfg.Log.Warn("lines of the export are left out", "file", file.path, "line", line, "reason", "their keys are not those of a kind that is read")
	}
	return e.seen, err
}

// cut cuts files into batches.
func (e *etlReading) cut(ctx context.Context, names <-chan *etlFile) error {
	for file := range names {
		e.progress()
		if err := e.cutFile(ctx, file); err != nil {
			return err
		}
	}
	return nil
}

func (e *etlReading) progress() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.cfg.Progress != nil {
		e.cfg.Progress(e.started, len(e.files))
	}
	e.started++
}

// leftOut notes a line of a kind that is not read.
func (e *etlReading) leftOut(file *etlFile, line uint64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if first, told := e.unknown[file]; !told || line < first {
		e.unknown[file] = line
	}
}

func (e *etlReading) cutFile(ctx context.Context, file *etlFile) (err error) {
	lines, err := openLines(file, e.cfg.MaxLine)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lines.raw.Close()) }()
	if lines.reason != "" {
		e.cfg.Log.Warn("a file of the export is left out", "file", file.path, "reason", lines.reason)
		return nil
	}
	for {
		var buf []byte
		select {
		case buf = <-e.spare:
		default:
			buf = make([]byte, 0, min(etlBatchSize, e.cfg.MaxLine))
		}
		batch, err := lines.next(buf)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		select {
		case e.batches <- batch:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// etlParser turns batches into records.
type etlParser struct {
	reading *etlReading
	rows    etlRowReader
	row     etlRow
	csv     etlCSV
	json    etlJSON
	seen    [etlKinds]bool
}

func (p *etlParser) run(ctx context.Context) error {
	for batch := range p.reading.batches {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := p.parse(batch); err != nil {
			return err
		}
		if cap(batch.text) <= etlBatchSize { // what held a long line is not kept
			select {
			case p.reading.spare <- batch.text[:0]:
			default:
			}
		}
	}
	p.reading.mu.Lock()
	defer p.reading.mu.Unlock()
	for kind, seen := range p.seen {
		p.reading.seen[kind] = p.reading.seen[kind] || seen
	}
	return nil
}

func (p *etlParser) parse(batch etlBatch) error {
	p.row = etlRow{etlSource: etlSource{file: batch.number}}
	for text, line := batch.text, batch.line; len(text) > 0; {
		p.row.line = line
		rest, problem := p.take(batch.etlFile, text)
		line += uint64(bytes.Count(text[:len(text)-len(rest)], []byte{'\n'}))
		text = rest
		if problem != "" {
			return p.refused(batch.etlFile, errors.New(problem))
		}
		p.seen[p.row.kind] = true
		if p.row.kind == etlUnknown {
			continue
		}
		if err := p.rows.read(&p.row); err != nil {
			return err
		}
		if p.row.err != nil {
			return p.refused(batch.etlFile, p.row.err)
		}
	}
	return nil
}

func (p *etlParser) refused(file *etlFile, err error) error {
	return fmt.Errorf("%s line %d: %w: %w", file.path, p.row.line, chains.ErrCorrupt, err)
}

// take reads the first row of a text; one of kind etlUnknown is to be skipped.
func (p *etlParser) take(file *etlFile, text []byte) (rest []byte, problem string) {
	p.row.kind = etlUnknown
	if !file.json {
		return p.takeCSV(file, text)
	}
	line, rest, _ := bytes.Cut(text, []byte{'\n'})
	if skipSpace(line, 0) == len(line) {
		return rest, ""
	}
	if !p.json.read(line, &p.row) {
		return rest, "not one JSON object: is the line cut off? Export the file again"
	}
	p.setKind(file)
	return rest, ""
}

func (p *etlParser) takeCSV(file *etlFile, text []byte) (rest []byte, problem string) {
	rest, problem = p.csv.next(text)
	if problem != "" || (len(p.csv.fields) == 1 && len(p.csv.fields[0]) == 0) {
		return rest, problem
	}
	if len(p.csv.fields) != len(file.layout.columns) {
		return rest, fmt.Sprintf("%d columns where the header has %d: is the line cut off? Export the file again", len(p.csv.fields), len(file.layout.columns))
	}
	if p.row.line == 1 {
		return rest, ""
	}
	p.row.has, p.row.err = file.layout.has, nil
	for i, column := range file.layout.columns {
		if column != colNone {
			p.row.fields[column] = p.csv.fields[i]
		}
	}
	p.setKind(file)
	return rest, ""
}

func (p *etlParser) setKind(file *etlFile) {
	switch {
	case p.row.has.has(colType):
		p.row.kind = kindNamed(p.row.fields[colType])
	case file.json:
		p.row.kind = kindOf(p.row.has)
	default:
		p.row.kind = file.layout.kind
	}
	if p.row.kind == etlUnknown {
		p.reading.leftOut(file, p.row.line)
	}
}
