package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"tsuiseki/tracer/label"
)

type labelImportCmd struct {
	Files []string `arg:"" name:"file" help:"Files, or folders to look through for .yaml, .yml, .csv, .txt and .json; the format is known by the contents." type:"path"`
	Set   string   `help:"The file is the new state of this set, named as label sets prints it; what it no longer says is no longer held. Without it, a pack's set is named by file, title and creator, a sanctions list's by its currency, and a CSV file adds." placeholder:"NAME"`
	Force bool     `help:"Take in a sanctions list that is much shorter than the one before."`
	JSON  bool     `name:"json" help:"Print one JSON document."`
}

// importDoc says what an import changed.
type importDoc struct {
	Files   []*label.Report `json:"files"`
	Refused []refusedDoc    `json:"refused"`
}

// refusedDoc is a file of which nothing was taken in.
type refusedDoc struct {
	File     string          `json:"file"`
	Rows     int             `json:"rows"` // that were the reason
	Reason   string          `json:"reason,omitempty"`
	Problems []label.Problem `json:"problems"`
}

// largestLabels is the size of the largest file that is read.
const largestLabels = 512 << 20

// Run takes in each file as a whole, or nothing of it.
func (c *labelImportCmd) Run(s *session) (err error) {
	files, err := c.find()
	if err != nil {
		return err
	}
	importer, err := labelStore(s).Import()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, importer.Close()) }()
	importer.Force = c.Force
	doc := importDoc{Files: []*label.Report{}, Refused: []refusedDoc{}}
	for _, path := range files {
		if err := s.ctx.Err(); err != nil {
			return err
		}
		report, err := c.take(importer, path)
		refused, known := newRefusedDoc(path, err)
		switch {
		case err == nil:
			doc.Files = append(doc.Files, report)
		case known:
			doc.Refused = append(doc.Refused, refused)
			fmt.Fprintln(s.errOut, err)
		default:
			return fmt.Errorf("%s: %w", path, err)
		}
		if !c.JSON && err == nil {
			printImport(s.out, report)
		}
	}
	if c.JSON {
		if err := printJSON(s.out, doc); err != nil {
			return err
		}
	}
	if len(doc.Refused) > 0 {
		rows := 0
		for _, r := range doc.Refused {
			rows += r.Rows
		}
		return incompleteError{fmt.Sprintf("%d of %d files were refused for %d rows; nothing of them was taken in: mend them and import them again", len(doc.Refused), len(files), rows)}
	}
	return nil
}

func newRefusedDoc(path string, err error) (refusedDoc, bool) {
	d := refusedDoc{File: path, Problems: []label.Problem{}}
	if refused, ok := errors.AsType[*label.RefusedError](err); ok {
		d.Rows, d.Problems = refused.Rows, refused.Problems
		return d, true
	}
	if shrunk, ok := errors.AsType[*label.ShrunkError](err); ok {
		d.Rows, d.Reason = shrunk.Has, shrunk.Error()
		return d, true
	}
	return d, false
}

// find lists the files named, and those in the folders named.
func (c *labelImportCmd) find() (files []string, err error) {
	for _, path := range c.Files {
		err := filepath.WalkDir(path, func(at string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			if at == path || holdsLabels(at) {
				files = append(files, at)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	if len(files) == 0 {
		return nil, usagef("no file of labels is there: want .yaml, .yml, .csv, .txt or .json")
	}
	if c.Set != "" && len(files) > 1 {
		return nil, usagef("--set is for one file, these are %d", len(files))
	}
	return files, nil
}

// holdsLabels knows files by their names. By GraphSense's custom, header.yaml is
// what packs include, and config.yaml is no pack.
func holdsLabels(path string) bool {
	name := filepath.Base(path)
	return slices.Contains([]string{".yaml", ".yml", ".csv", ".txt", ".json"}, strings.ToLower(filepath.Ext(name))) &&
		name != "header.yaml" && name != "config.yaml" && !strings.HasPrefix(name, ".")
}

// take takes in one file, which may include others of its folder only.
func (c *labelImportCmd) take(importer *label.Importer, path string) (*label.Report, error) {
	root, err := os.OpenRoot(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	defer root.Close()
	data, err := readBounded(root, filepath.Base(path))
	if err != nil {
		return nil, err
	}
	return importer.File(label.File{
		Name: filepath.Base(path), Data: data, Set: c.Set,
		Include: func(name string) ([]byte, error) { return readBounded(root, filepath.FromSlash(name)) },
	})
}

func readBounded(root *os.Root, name string) ([]byte, error) {
	file, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, errors.New("is not a file")
	case info.Size() > largestLabels:
		return nil, fmt.Errorf("has %d bytes, more than %d: split it", info.Size(), largestLabels)
	}
	data := bytes.NewBuffer(make([]byte, 0, info.Size()+bytes.MinRead)) // as large as the file, and no larger
	if _, err = data.ReadFrom(io.LimitReader(file, info.Size()+1)); err == nil && int64(data.Len()) > info.Size() {
		err = errors.New("grows while it is read: import it again")
	}
	return data.Bytes(), err
}
