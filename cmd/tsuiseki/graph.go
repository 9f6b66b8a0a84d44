package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"tsuiseki/graph"
	"tsuiseki/graph/neo4j"
	"tsuiseki/graph/pebblegraph"
)

type graphCmd struct {
	Neighbours neighboursCmd `cmd:"" help:"Add up whom an address paid, or who paid it."`
	Exposure   exposureCmd   `cmd:"" help:"Sum up to which labelled places money of addresses, or of a case, went, straight or through others."`
	Meet       meetCmd       `cmd:"" help:"Find where cases meet, by their filed traces."`
	Copy       graphCopyCmd  `cmd:"" help:"Copy a graph into another store, and compare them."`
}

// graphFlags say where the case graph is kept.
type graphFlags struct {
	Graph         string `help:"Where the graph is kept: neo4j://host or bolt://host; empty for the data folder." env:"TSUISEKI_GRAPH" placeholder:"URI"`
	GraphUser     string `help:"User for --graph." env:"TSUISEKI_GRAPH_USER" default:"neo4j"`
	GraphPassword string `help:"Password for --graph; better set by TSUISEKI_GRAPH_PASSWORD or …_FILE." env:"TSUISEKI_GRAPH_PASSWORD"`
}

// embedded names the graph of the data folder where a name is needed.
const embedded = "embedded"

// open opens the graph that the flags mean.
func (f graphFlags) open(ctx context.Context, s *session) (graph.Archive, error) {
	return f.openAt(ctx, s, f.Graph)
}

func (f graphFlags) openAt(ctx context.Context, s *session, at string) (graph.Archive, error) {
	if at == "" || at == embedded {
		return openedGraph(pebblegraph.Open(pebblegraph.Options{Dir: filepath.Join(s.data, "graph"), Log: s.log}))
	}
	if strings.Contains(at, "://") {
		return openedGraph(neo4j.Open(ctx, neo4j.Options{URI: at, User: f.GraphUser, Password: f.GraphPassword}))
	}
	return nil, usagef("graph %q: want neo4j://host, bolt://host, or %s for the data folder", at, embedded)
}

// openedGraph keeps a store that is nil from looking like one.
func openedGraph[S graph.Archive](store S, err error) (graph.Archive, error) {
	if err != nil {
		return nil, err
	}
	return store, nil
}

type graphCopyCmd struct {
	graphFlags
	From string `arg:"" help:"Graph to read: embedded, neo4j://host or bolt://host."`
	To   string `arg:"" help:"Graph to write, likewise."`
	JSON bool   `name:"json" help:"Print one JSON document."`
}

type copiedDoc struct {
	Chain        string `json:"chain"`
	Transactions uint64 `json:"transactions"`
	Addresses    uint64 `json:"addresses"`
	Traces       uint64 `json:"traces,omitempty"` // in an element without a chain
	Same         bool   `json:"same"`
}

// Run copies a graph.
func (c *graphCopyCmd) Run(s *session) (err error) {
	if c.From == c.To {
		return usagef("a graph cannot be copied into itself")
	}
	from, err := c.openAt(s.ctx, s, c.From)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	to, err := c.openAt(s.ctx, s, c.To)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	copied, err := graph.Copy(s.ctx, from, to, func(c graph.Copied) {
		s.log.Info("copying", "chain", c.Chain, "transactions", c.Txs, "addresses", c.Addresses, "traces", c.Traces)
	})
	if err != nil {
		return err
	}
	docs, differ := []copiedDoc{}, 0
	for _, done := range copied {
		docs = append(docs, copiedDoc{string(done.Chain), done.Txs, done.Addresses, done.Traces, done.Same})
		if !done.Same {
			differ++
		}
	}
	if c.JSON {
		err = printJSON(s.out, docs)
	} else {
		for _, d := range docs {
			what := fmt.Sprintf("%s: %d transactions, %d whole addresses", d.Chain, d.Transactions, d.Addresses)
			if d.Chain == "" {
				what = fmt.Sprintf("%d traces", d.Traces)
			}
			fmt.Fprintf(s.out, "%s; %s\n", what, map[bool]string{true: "both graphs are equal", false: "the other graph holds more"}[d.Same])
		}
	}
	if err == nil && differ > 0 {
		return incompleteError{fmt.Sprintf("%d of these differ: the graph written to held something else before", differ)}
	}
	return err
}
