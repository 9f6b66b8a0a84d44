package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"tsuiseki/chains"
	"tsuiseki/tracer/label"
)

// addresses are those of a transaction, each once, in the order in which they are
// shown.
func (d *txDoc) addresses(more ...chains.Address) (list []chains.Address) {
	seen := map[chains.Address]bool{"": true}
	add := func(address chains.Address) {
		if !seen[address] {
			seen[address] = true
			list = append(list, address)
		}
	}
	for _, address := range more {
		add(address)
	}
	for i := range d.Inputs {
		add(d.Inputs[i].Address)
	}
	for i := range d.Outputs {
		add(d.Outputs[i].Address)
	}
	for i := range d.Transfers {
		add(d.Transfers[i].From)
		add(d.Transfers[i].Address)
	}
	return list
}

// addLabels says whose the addresses are, by the labels that held at the time of
// the transaction.
func (d *txDoc) addLabels(view *label.View, more ...chains.Address) error {
	d.Labels = []labelDoc{}
	for _, address := range d.addresses(more...) {
		entries, err := view.Of(d.Chain, string(address), d.Time)
		if err != nil {
			return err
		}
		docs, err := newLabelDocs(view, entries)
		if err != nil {
			return err
		}
		for i := range docs {
			docs[i].Address = address // as the chain writes it, to be found by
		}
		d.Labels = append(d.Labels, docs...)
	}
	return nil
}

// printKnown says of each labelled address whose it is by the best label, and how
// many sources say something of it.
func printKnown(w io.Writer, d *txDoc, write func(chains.Address) string) {
	if len(d.Labels) == 0 {
		return
	}
	fmt.Fprintln(w, "\nknown addresses (label show ADDRESS tells all)")
	table(w, func(w io.Writer) {
		for i := 0; i < len(d.Labels); {
			best := &d.Labels[i]
			sources, kinds := map[string]bool{}, map[string]bool{}
			for ; i < len(d.Labels) && d.Labels[i].Address == best.Address; i++ {
				sources[d.Labels[i].Source] = true
				kinds[cmp.Or(d.Labels[i].End, "none")] = true
			}
			kind := cmp.Or(best.Category, best.Abuse, "no category")
			if best.End != "" {
				kind += ", trails end there: " + best.End
			}
			said := fmt.Sprintf("confidence %d, %s", best.Level, counted(len(sources), "source"))
			if len(kinds) > 1 {
				said += ", which differ"
			}
			fmt.Fprintf(w, "  %s\t%s\t%s\t%s\t%s\n", write(best.Address), cmp.Or(best.Label, best.Actor), kind, said, d.placesOf(best.Address))
		}
	})
}

// placesOf says which inputs and outputs are an address's.
func (d *txDoc) placesOf(address chains.Address) string {
	var places []string
	for i := range d.Inputs {
		if d.Inputs[i].Address == address {
			places = append(places, fmt.Sprintf("input %d", d.Inputs[i].Index))
		}
	}
	for i := range d.Outputs {
		if d.Outputs[i].Address == address {
			places = append(places, fmt.Sprintf("output %d", d.Outputs[i].Index))
		}
	}
	const most = 5
	if n := len(places); n > most {
		places = append(places[:most], fmt.Sprintf("and %d more", n-most))
	}
	return strings.Join(places, ", ")
}

// counted counts things.
func counted(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}
