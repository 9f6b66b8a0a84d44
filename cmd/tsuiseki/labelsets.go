package main

import (
	"errors"
	"fmt"
	"time"

	"tsuiseki/tracer/label"
)

type labelSetsCmd struct {
	labelFlags
	All  bool `help:"List the sets that were withdrawn, too."`
	JSON bool `name:"json" help:"Print one JSON document."`
}

// setDoc is a set of labels.
type setDoc struct {
	Kind         label.SetKind `json:"kind"`
	Name         string        `json:"name"`
	Title        string        `json:"title"`
	Creator      string        `json:"creator"`
	Rows         int           `json:"rows"`
	KnownSince   time.Time     `json:"known_since"`
	LastImported *time.Time    `json:"last_imported"` // null where it was withdrawn since
	Input        string        `json:"input"`         // name of the file imported last
	Withdrawn    *withdrawnDoc `json:"withdrawn"`
}

type withdrawnDoc struct {
	At     time.Time `json:"at"`
	Reason string    `json:"reason"`
}

type setsDoc struct {
	KnownAt *time.Time `json:"known_at"`
	Sets    []setDoc   `json:"sets"` // by kind and name
}

// Run lists the sets of labels.
func (c *labelSetsCmd) Run(s *session) error {
	known, err := c.time()
	if err != nil {
		return err
	}
	sets, err := labelStore(s).Sets(known)
	if err != nil {
		return err
	}
	doc := setsDoc{KnownAt: timeOrNil(known), Sets: []setDoc{}}
	for i := range sets {
		if sets[i].Withdrawn == "" || c.All {
			doc.Sets = append(doc.Sets, newSetDoc(&sets[i]))
		}
	}
	if c.JSON {
		return printJSON(s.out, doc)
	}
	if len(doc.Sets) == 0 {
		fmt.Fprintln(s.out, "no set of labels is known")
	}
	for i := range doc.Sets {
		printSet(s.out, &doc.Sets[i])
	}
	return nil
}

func newSetDoc(set *label.SetInfo) setDoc {
	d := setDoc{
		Kind: set.Set.Kind, Name: set.Set.Name, Title: set.Title, Creator: set.Creator, Rows: set.Rows,
		KnownSince: set.Since, Input: set.Input,
	}
	if set.Withdrawn != "" {
		d.Withdrawn = &withdrawnDoc{set.KnownAt, set.Withdrawn}
	} else {
		d.LastImported = &set.KnownAt
	}
	return d
}

type labelRemoveCmd struct {
	Set    string `arg:"" help:"Set to withdraw, by its name as label sets prints it; with its kind before it where several have one name."`
	Reason string `required:"" help:"Why; it is kept." placeholder:"TEXT"`
	JSON   bool   `name:"json" help:"Print one JSON document."`
}

// removedDoc is a set withdrawn.
type removedDoc struct {
	Set       label.Set    `json:"set"`
	Rows      int          `json:"rows"`
	Withdrawn withdrawnDoc `json:"withdrawn"`
}

// Run takes a set out of force. What was known before stays known of those days.
func (c *labelRemoveCmd) Run(s *session) (err error) {
	store := labelStore(s)
	sets, err := store.Sets(time.Time{})
	if err != nil {
		return err
	}
	set, err := label.FindSet(sets, c.Set)
	if err != nil {
		return err
	}
	importer, err := store.Import()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, importer.Close()) }()
	rows, at, err := importer.Withdraw(set, c.Reason)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(s.out, removedDoc{set, rows, withdrawnDoc{at, c.Reason}})
	}
	fmt.Fprintf(s.out, "%s: its %d labels are no longer in force; they stay known of the time before %s\n", set, rows, when(at))
	return nil
}
