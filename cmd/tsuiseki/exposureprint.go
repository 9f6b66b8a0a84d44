package main

import (
	"fmt"
	"io"
	"strings"

	"tsuiseki/chains"
	"tsuiseki/graph"
)

// addressFor writes an address as people read those of its chain.
func addressFor(chain chains.Chain, a chains.Address) string {
	if chain.Family() == chains.Ethereum {
		return party(a)
	}
	return string(a)
}

// printExposure writes exposure for people.
func printExposure(w io.Writer, d *exposureDoc, u units, limit int) {
	var chain chains.Chain
	for _, s := range d.Snapshot {
		chain = s.Chain
	}
	of := make([]string, len(d.Addresses))
	for i, a := range d.Addresses {
		of[i] = addressFor(chain, a)
	}
	words := map[graph.Direction][3]string{
		graph.Out: {"Where the money of %s went, on %s, heights %d to %d\n", "paid", "went to"},
		graph.In:  {"Where the money of %s came from, on %s, heights %d to %d\n", "received", "came from"},
	}[d.Direction]
	for _, s := range d.Snapshot {
		fmt.Fprintf(w, words[0], strings.Join(of, ", "), s.Chain, s.FromHeight, s.Height)
	}
	for _, a := range d.Hubs {
		fmt.Fprintf(w, "%s is a hub: more transactions touch it than --hub-degree. It was not looked at.\n", addressFor(chain, a))
	}
	switch d.Answer {
	case graph.None:
		fmt.Fprintf(w, "No exposure: all of it was followed, and none %s a labelled place.\n", words[2])
	case graph.NotWithinLimits:
		fmt.Fprintln(w, "No exposure within the limits. There may be some beyond them.")
	case graph.HubInTheWay:
		fmt.Fprintln(w, "No exposure that can be told: hubs are in the way, where nothing tells whose the money is.")
	default:
		printExposed(w, d, u, chain, limit)
	}
	for _, t := range d.Totals {
		printTotal(w, &t, u, words[1])
	}
	printExplored(w, &d.Explored, "labelled places")
	for _, m := range d.Missing {
		fmt.Fprintf(w, "missing: %s at heights %s: %s\n", m.What, m.Range, m.Reason)
	}
}

func printExposed(w io.Writer, d *exposureDoc, u units, chain chains.Chain, limit int) {
	fmt.Fprintf(w, "Indirect amounts by the rule %s: a place passes on what is followed before all else. Another rule may tell them otherwise.\n\n", d.Rule)
	row := func(w io.Writer, what string, e *exposedDoc) {
		bound := ""
		if e.Shared > 0 {
			bound = fmt.Sprintf("; others took part in %d", e.Shared)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d%s\t%s to %s\t\n", what, u.people(e.Direct, e.Asset), u.people(e.Indirect, e.Asset), e.Hops, e.Payments, bound, when(e.First), when(e.Last))
	}
	table(w, func(w io.Writer) {
		fmt.Fprintf(w, "category\tdirect\tindirect\tfewest hops\tpayments\twhen\t\n")
		for _, c := range d.Categories {
			row(w, c.Category, &c.exposedDoc)
		}
	})
	fmt.Fprintln(w)
	shown := d.Places
	if limit > 0 {
		shown = shown[:min(limit, len(shown))]
	}
	table(w, func(w io.Writer) {
		fmt.Fprintf(w, "place\tdirect\tindirect\tfewest hops\tpayments\twhen\t\n")
		for _, p := range shown {
			row(w, fmt.Sprintf("%s (%s) %s", p.Name, p.Category, addressFor(chain, p.Address)), &p.exposedDoc)
		}
	})
	if len(shown) < len(d.Places) {
		fmt.Fprintf(w, "%d of %d places shown: --limit 0 shows all\n", len(shown), len(d.Places))
	}
}

// printTotal says where all of an asset is.
func printTotal(w io.Writer, t *exposureTotalDoc, u units, moved string) {
	fmt.Fprintf(w, "\nOf %s %s", u.people(t.Moved, t.Asset), moved)
	if t.SwappedIn.Sign() > 0 {
		fmt.Fprintf(w, ", and %s got for other assets", u.people(t.SwappedIn, t.Asset))
	}
	fmt.Fprintln(w, ":")
	table(w, func(w io.Writer) {
		for _, one := range []struct {
			amount chains.Amount
			what   string
		}{
			{t.Named, "at labelled places"},
			{t.Resting, "at addresses without a label, as far as they were followed to the end"},
			{t.Returned, "with the addresses asked about again"},
			{t.Hubs, "at hubs, beyond which nothing tells whose it is"},
			{t.Beyond.Hops, "not followed for --max-hops"},
			{t.Beyond.Amount, "in transfers of less than --min-amount"},
			{t.Beyond.Time, "in transfers outside of --after and --before"},
			{t.Beyond.Work, "not followed for --work"},
			{t.Fees, "in fees"},
			{t.Created, "newly mined, or of unknown origin"},
			{t.SwappedOut, "changed for other assets"},
		} {
			if one.amount.Sign() > 0 {
				fmt.Fprintf(w, "  %s\t%s\t\n", u.people(one.amount, t.Asset), one.what)
			}
		}
	})
}
