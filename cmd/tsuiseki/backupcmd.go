package main

import (
	"errors"
	"fmt"
	"os"
	"time"

	"tsuiseki/tracer/casebook"
)

type backupCmd struct {
	casebookFlags
	File string `arg:"" help:"File to write; an older one is replaced once all is written." type:"path"`
}

// Run writes the casebook into a file, while others work.
func (c *backupCmd) Run(s *session) error {
	return withDesk(s, c.casebookFlags, casebook.Administrator, func(d *desk) error {
		return d.BackupFile(s.ctx, d.who, c.File)
	})
}

type restoreCmd struct {
	casebookFlags
	File string `arg:"" help:"File that backup wrote." type:"existingfile"`
}

// Run reads a backup into an empty casebook. The graph is filled by case refile, indexes
// by their nodes; labels and rates are files of their own.
func (c *restoreCmd) Run(s *session) (err error) {
	if c.As != "" {
		return usagef("restore makes the casebook's users: it is done by whoever operates the machine, without --as")
	}
	file, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if err := os.MkdirAll(s.data, 0o750); err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	if err := casebook.Restore(s.ctx, c.where(s), casebook.Options{Now: time.Now}, file); err != nil {
		return err
	}
	fmt.Fprintln(s.out, "restored; case refile puts what traces say into the graph again")
	return nil
}
