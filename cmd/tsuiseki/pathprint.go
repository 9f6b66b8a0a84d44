package main

import (
	"cmp"
	"fmt"
	"io"

	"tsuiseki/chains"
	"tsuiseki/graph"
)

// printPaths writes paths for people.
func printPaths(w io.Writer, d *pathDoc, u units) {
	printQuestion(w, d)
	for i, path := range d.Paths {
		fmt.Fprintf(w, "\nPath %d: %s may have come the whole way\n", i+1, u.people(path.Bottleneck, path.Asset))
		for _, hop := range path.Hops {
			printPathHop(w, &hop, len(d.Snapshot) > 1, u)
		}
	}
	printExplored(w, &d.Explored, "services")
	for _, m := range d.Missing {
		fmt.Fprintf(w, "missing: %s at heights %s: %s\n", m.What, m.Range, m.Reason)
	}
}

// printExplored says how far a question went, and what limits kept out. places is what
// it calls those where it stopped.
func printExplored(w io.Writer, e *exploredDoc, places string) {
	fmt.Fprintf(w, "\nLooked at %d transfers, followed %d addresses; met %d hubs and %d %s.\n", e.Transfers, e.Addresses, len(e.Hubs), len(e.Services), places)
	if cut := e.Cut; cut.Hops+cut.Amount+cut.Time > 0 || cut.Work {
		fmt.Fprintf(w, "Not followed: %d transfers for --max-hops; left out: %d for --min-amount, %d for --after and --before", cut.Hops, cut.Amount, cut.Time)
		if cut.Work {
			fmt.Fprint(w, "; --work was used up")
		}
		fmt.Fprintln(w, ".")
	}
}

// printQuestion says what was asked, of which blocks, and the answer in words.
func printQuestion(w io.Writer, d *pathDoc) {
	fmt.Fprintf(w, "From %s to %s", d.From, d.To)
	for i, s := range d.Snapshot {
		on := ";"
		if i == 0 {
			on = " on"
		}
		fmt.Fprintf(w, "%s %s, heights %d to %d", on, s.Chain, s.FromHeight, s.Height)
	}
	fmt.Fprintln(w)
	printPathEnd(w, d.From, d.FromIs)
	printPathEnd(w, d.To, d.ToIs)
	switch d.Answer {
	case graph.None:
		fmt.Fprintln(w, "There is no path.")
	case graph.NotWithinLimits:
		fmt.Fprintln(w, "No path within the limits. There may be one beyond them.")
	case graph.HubInTheWay:
		fmt.Fprintln(w, "No path that avoids hubs and services. There may be one through them, where nothing tells whose the money is.")
	}
}

func printPathEnd(w io.Writer, name string, e endDoc) {
	switch {
	case e.Kind == endEntity && e.Chain.Family() == chains.Ethereum:
		fmt.Fprintf(w, "%s: the account and its deposit addresses at exchanges, %s\n", name, counted(e.Addresses, "address", "addresses"))
	case e.Kind == endEntity:
		fmt.Fprintf(w, "%s: the cluster %s, %s\n", name, e.Entity, counted(e.Addresses, "address", "addresses"))
	case e.Kind == endCase && e.Transfers > 0:
		fmt.Fprintf(w, "%s: %s, as the trace by %s has them\n", name, counted(e.Transfers, "deposit", "deposits"), e.Rule)
	case e.Kind == endCase:
		fmt.Fprintf(w, "%s: %s that its money came to by %s, hubs and services left out\n", name, counted(e.Addresses, "address", "addresses"), e.Rule)
	}
}

func printPathHop(w io.Writer, hop *pathHopDoc, chain bool, u units) {
	on := ""
	if chain {
		on = " on " + string(hop.Chain)
	}
	what := u.people(hop.Amount, hop.Asset)
	if hop.Bridge != nil {
		what += fmt.Sprintf(" for %s on %s (%s)", u.people(hop.Swapped.Amount, hop.Swapped.Asset), hop.FromChain, hop.Bridge.Basis)
	}
	fmt.Fprintf(w, "  %s  %s\n    from %s\n    to   %s\n    in %s%s, block %d, %s\n", hop.Kind, what, cmp.Or(hop.From.Address, "no known address"), cmp.Or(hop.To.Address, "no known address"), hop.Tx, on, hop.Height, when(hop.Time))
}
