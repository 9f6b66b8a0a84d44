package main

import (
	"fmt"
	"io"
	"strings"

	"tsuiseki/tracer/cluster"
	"tsuiseki/tracer/entity"
)

// listed is how much of a list people are shown; JSON has it all.
const listed = 20

func printCluster(w io.Writer, d *clusterDoc) {
	fmt.Fprintf(w, "address %s on %s\n", d.Address, d.Chain)
	fmt.Fprintf(w, "entity %s: %s, as of block %d (%s)\n", d.Entity, counted(d.Size, "address", "addresses"), d.Snapshot.Height, d.Snapshot.Hash)
	if len(d.Services) > 0 {
		fmt.Fprintf(w, "service %s\n", joinText(d.Services))
	}
	var by []string
	for _, h := range d.Heuristics {
		by = append(by, fmt.Sprintf("%s version %d", h.ID, h.Version))
	}
	fmt.Fprintf(w, "inferred, not fact: by %s\n", joinText(by))
	for i, address := range d.Addresses {
		if i == listed {
			fmt.Fprintf(w, "  and %d more\n", d.Size-listed)
			break
		}
		fmt.Fprintf(w, "  %s\n", address)
	}
	printLabels(w, d.Labels)
	for _, c := range d.Conflicts {
		fmt.Fprintf(w, "conflict between %s: %s\n", joinText(c.Services), c.Reason)
	}
	printMerges(w, d.Withheld)
	if d.Without != nil {
		fmt.Fprintf(w, "without %s: %s\n", joinText(d.Without.Heuristics), counted(d.Without.Parts, "part", "parts"))
	}
	printExtended(w, d)
	for _, m := range d.Missing {
		fmt.Fprintf(w, "missing: %s\n", m.Reason)
	}
}

func printExtended(w io.Writer, d *clusterDoc) {
	x := &d.Extended
	switch {
	case !x.Complete:
		fmt.Fprintf(w, "extended cluster: at least %s; stopped after %d transactions, see --extend-limit\n", counted(x.Size, "address", "addresses"), x.Transactions)
	case len(x.Links) == 0:
		fmt.Fprintln(w, "extended cluster: change leads no further")
	default:
		fmt.Fprintf(w, "extended cluster: entity %s, %s in %s\n", x.Entity, counted(x.Size, "address", "addresses"), counted(len(x.Clusters)+x.More, "cluster", "clusters"))
	}
	for i, l := range x.Links {
		if i == listed {
			fmt.Fprintf(w, "  and %d more links\n", len(x.Links)-listed)
			break
		}
		printStep(w, &l)
	}
	printMerges(w, x.Withheld)
}

func printStep(w io.Writer, s *stepDoc) {
	by := ""
	if len(s.By) > 0 {
		by = " (" + strings.Join(s.By, ", ") + ")"
	}
	fmt.Fprintf(w, "  %s - %s  %s version %d%s, confidence %d, transaction %s in block %d of %s\n", s.From, s.To, s.ID, s.Version, by, s.Confidence, s.Tx, s.Height, when(s.Time))
}

func printMerges(w io.Writer, merges []mergeDoc) {
	for i := range merges {
		m := &merges[i]
		why := "both are giants"
		switch {
		case m.Outcome == cluster.Conflict:
			why = "they are of different services"
		case m.ID == cluster.Agreement.ID:
			why = "change alone joins no giants and services"
		}
		service := ""
		if len(m.Other.Services) > 0 {
			service = ", service " + joinText(m.Other.Services)
		}
		fmt.Fprintf(w, "held back: merge with entity %s (%s%s), as %s; first by\n", m.Other.Entity, counted(m.Other.Size, "address", "addresses"), service, why)
		printStep(w, &m.stepDoc)
	}
}

func printWhy(w io.Writer, d *whyDoc) {
	switch {
	case d.Joined:
		fmt.Fprintf(w, "%s and %s are in one cluster\n", d.From, d.To)
	case d.Extended == nil:
		fmt.Fprintf(w, "%s and %s are not in one cluster; whether in one extended cluster was not found out, see --extend-limit\n", d.From, d.To)
	case *d.Extended:
		fmt.Fprintf(w, "%s and %s are not in one cluster, but change leads from one to the other\n", d.From, d.To)
	default:
		fmt.Fprintf(w, "%s and %s are not in one cluster\n", d.From, d.To)
	}
	for i := range d.Steps {
		printStep(w, &d.Steps[i])
	}
	printMerges(w, d.Withheld)
	for _, m := range d.Met {
		var signs []string
		for _, s := range m.Signs {
			if s.Verdict != cluster.No {
				signs = append(signs, s.ID+" "+string(s.Verdict))
			}
		}
		fmt.Fprintf(w, "they meet in transaction %s in block %d, which joins nothing: %s\n", m.Tx, m.Height, joinText(signs))
	}
	if !d.Complete {
		fmt.Fprintf(w, "only %d transactions of %s were looked at for such\n", d.Looked, d.From)
	}
	for _, m := range d.Missing {
		fmt.Fprintf(w, "missing: %s\n", m.Reason)
	}
}

func printClusterStatus(w io.Writer, s entity.Status) {
	if s.Empty {
		fmt.Fprintln(w, "  clusters: none built yet")
		return
	}
	fmt.Fprintf(w, "  clusters: to height %d, %d addresses by %d links, %.1f MB\n", s.Tip.Height, s.Addresses, s.Links, float64(s.DiskBytes)/1e6)
	fmt.Fprintf(w, "  transactions that may be CoinJoins and join nothing: %d\n", s.Guarded)
	if s.Missing > 0 {
		fmt.Fprintf(w, "  transactions that may join more, as not all they spend is known: %d\n", s.Missing)
	}
}

func printBrief(w io.Writer, d *briefDoc) {
	if d == nil || d.Size == 1 && len(d.Labels) == 0 {
		return
	}
	service := ""
	if len(d.Services) > 0 {
		service = ", service " + joinText(d.Services)
	}
	fmt.Fprintf(w, "in the cluster of entity %s: %s%s (inferred; see tsuiseki cluster show)\n", d.Entity, counted(d.Size, "address", "addresses"), service)
	printLabels(w, d.Labels)
}
