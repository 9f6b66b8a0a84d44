package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"tsuiseki/chains"
	"tsuiseki/chains/bitcoin"
	"tsuiseki/chains/ethereum"
	"tsuiseki/tracer/label"
)

type labelCmd struct {
	Import labelImportCmd `cmd:"" help:"Take in TagPacks, ActorPacks, OFAC lists, CSV files and exchanges' answers."`
	Show   labelShowCmd   `cmd:"" help:"Show what is said of an address or transaction, by whom, and what conflicts."`
	Export labelExportCmd `cmd:"" help:"Write all labels, to be taken in elsewhere."`
	Sets   labelSetsCmd   `cmd:"" help:"List the sets of labels: what each import is the new state of."`
	Remove labelRemoveCmd `cmd:"" help:"Take a set of labels out of force; what was known before stays known of those days."`
}

// labelFlags pick which labels count.
type labelFlags struct {
	KnownAt string `help:"Use the labels that were known at this time (RFC 3339, or a day in UTC); all by default." placeholder:"T"`
}

func (f labelFlags) time() (time.Time, error) {
	if f.KnownAt == "" {
		return time.Time{}, nil
	}
	return parseTime(f.KnownAt)
}

// open opens the labels of a chain.
func (f labelFlags) open(s *session, chain chains.Chain) (label.Stops, error) {
	stops := label.Stops{Chain: chain, Known: label.KnownOn(chain)}
	at, err := f.time()
	if err != nil {
		return stops, err
	}
	stops.View, err = labelStore(s).View(at)
	return stops, err
}

func labelStore(s *session) *label.Store {
	return label.Open(label.Options{Dir: label.Dir(s.data), Canonical: canonicalAddresses(), Now: time.Now})
}

// canonicalAddresses writes addresses as the indexes of their chains do.
func canonicalAddresses() label.Canonical {
	networks := map[chains.Chain]bitcoin.Network{}
	return func(chain chains.Chain, text string) (chains.Address, error) {
		if chain.Family() == chains.Ethereum {
			return ethereum.ParseAddress(text)
		}
		network, known := networks[chain]
		if !known {
			var err error
			if network, err = bitcoin.NetworkByChain(chain); err != nil {
				return "", err
			}
			networks[chain] = network
		}
		address, _, err := network.AddressKey(text)
		return address, err
	}
}

type labelShowCmd struct {
	labelFlags
	Address string `arg:"" help:"Address, or id of a transaction."`
	Chain   string `help:"Show only what is said of this chain." placeholder:"NAME"`
	ValidAt string `help:"Show only what holds at this time (RFC 3339, or a day in UTC)." placeholder:"T"`
	JSON    bool   `name:"json" help:"Print one JSON document."`
}

// labelDoc is a label; an absent time is null.
type labelDoc struct {
	Chain          chains.Chain     `json:"chain"` // empty where the network is none that can be indexed
	Network        string           `json:"network"`
	Currency       string           `json:"currency"`
	Address        chains.Address   `json:"address"`
	Tx             string           `json:"tx,omitempty"`
	Label          string           `json:"label"`
	Source         string           `json:"source"`
	Confidence     label.Confidence `json:"confidence"`
	Level          int              `json:"level"`
	Category       string           `json:"category"`
	Abuse          string           `json:"abuse"`
	Concepts       []string         `json:"concepts"`
	Actor          string           `json:"actor"`
	ActorLabel     string           `json:"actor_label,omitempty"`
	TagType        string           `json:"tag_type"`
	Context        string           `json:"context"`
	LastMod        *time.Time       `json:"lastmod"`
	ClusterDefiner bool             `json:"is_cluster_definer"`
	ValidFrom      *time.Time       `json:"valid_from"`
	ValidTo        *time.Time       `json:"valid_to"`
	Holder         string           `json:"account_holder,omitempty"`
	Nationality    string           `json:"nationality,omitempty"`
	Identifiers    []string         `json:"identifiers,omitempty"`
	Sets           []label.Set      `json:"sets"`
	KnownSince     time.Time        `json:"known_since"`
	End            string           `json:"end,omitempty"` // kind of end that a trail has there
}

type labelsDoc struct {
	Address   string           `json:"address"`
	KnownAt   *time.Time       `json:"known_at"`
	Labels    []labelDoc       `json:"labels"` // the best first
	Conflicts []label.Conflict `json:"conflicts"`
}

// Run shows what is said of an address.
func (c *labelShowCmd) Run(s *session) (err error) {
	known, err := c.time()
	if err != nil {
		return err
	}
	var valid time.Time
	if c.ValidAt != "" {
		if valid, err = parseTime(c.ValidAt); err != nil {
			return err
		}
	}
	view, err := labelStore(s).View(known)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, view.Close()) }()
	entries, err := view.Of(chains.Chain(c.Chain), c.Address, valid)
	if err != nil {
		return err
	}
	doc := labelsDoc{Address: c.Address, KnownAt: timeOrNil(known), Conflicts: []label.Conflict{}}
	if doc.Labels, err = newLabelDocs(view, entries); err != nil {
		return err
	}
	conflicts, err := view.Conflicts(entries)
	if err != nil {
		return err
	}
	doc.Conflicts = append(doc.Conflicts, conflicts...)
	if c.JSON {
		return printJSON(s.out, doc)
	}
	if len(doc.Labels) == 0 {
		fmt.Fprintf(s.out, "%s: no label is known\n", c.Address)
	}
	printLabels(s.out, doc.Labels)
	for _, conflict := range doc.Conflicts {
		fmt.Fprintf(s.out, "conflict: labels differ on its %s on %s: %s\n", conflict.About, cmp.Or(string(conflict.Chain), conflict.Network), joinText(conflict.Answers))
	}
	return nil
}

// labelDocs are the labels of an address on a chain, the best first.
func labelDocs(view *label.View, chain chains.Chain, address string) ([]labelDoc, error) {
	entries, err := view.Of(chain, address, time.Time{})
	if err != nil {
		return nil, err
	}
	return newLabelDocs(view, entries)
}

func newLabelDocs(view *label.View, entries []label.Entry) ([]labelDoc, error) {
	docs := []labelDoc{}
	for i := range entries {
		e := &entries[i]
		level, _ := e.Confidence.Level()
		d := labelDoc{
			Chain: e.Chain, Network: e.Network, Currency: e.Currency, Address: e.Address, Tx: e.Tx, Label: e.Label.Label, Source: e.Source,
			Confidence: e.Confidence, Level: level, Category: e.Category, Abuse: e.Abuse, Concepts: append([]string{}, e.Concepts...),
			Actor: e.Actor, TagType: e.TagType, Context: e.Context, LastMod: timeOrNil(e.LastMod), ClusterDefiner: e.ClusterDefiner,
			ValidFrom: timeOrNil(e.ValidFrom), ValidTo: timeOrNil(e.ValidTo), Holder: e.Holder.Name, Nationality: e.Holder.Nationality,
			Identifiers: e.Holder.Identifiers, Sets: e.Sets, KnownSince: e.Since, End: string(e.StopKind()),
		}
		if e.Actor != "" {
			actor, known, err := view.Actor(e.Actor)
			if err != nil {
				return nil, err
			}
			if known {
				d.ActorLabel = actor.Label
			}
		}
		docs = append(docs, d)
	}
	return docs, nil
}

func timeOrNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

type labelExportCmd struct {
	labelFlags
	Format string `help:"tagpack keeps all that is known; csv keeps the labels, not what their packs say of themselves." enum:"tagpack,csv" default:"tagpack"`
	Output string `short:"o" help:"File to write; stdout by default." placeholder:"FILE" type:"path"`
}

// Run writes all labels.
func (c *labelExportCmd) Run(s *session) (err error) {
	known, err := c.time()
	if err != nil {
		return err
	}
	view, err := labelStore(s).View(known)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, view.Close()) }()
	write := view.ExportTagPacks
	if c.Format == "csv" {
		write = view.ExportCSV
	}
	if c.Output == "" {
		return write(s.out)
	}
	return writeWhole(c.Output, write)
}

// writeWhole puts a file in its place when all of it is written.
func writeWhole(path string, write func(io.Writer) error) error {
	file, err := os.CreateTemp(filepath.Dir(path), ".tsuiseki-*")
	if err != nil {
		return err
	}
	if err := errors.Join(write(file), file.Sync(), file.Close()); err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return os.Rename(file.Name(), path)
}
