package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"tsuiseki/tracer/label"
)

// printLabels writes labels, the best first, each with who says it.
func printLabels(w io.Writer, labels []labelDoc) {
	for _, d := range labels {
		where := cmp.Or(string(d.Chain), "network "+d.Network+", as no chain that can be indexed")
		fmt.Fprintf(w, "label %s on %s\n", d.Label, where)
		said := []string{fmt.Sprintf("confidence %d (%s)", d.Level, d.Confidence)}
		for _, part := range []struct{ name, value string }{
			{"category", d.Category},
			{"abuse", d.Abuse},
			{"concepts", joinText(d.Concepts)},
			{"actor", cmp.Or(d.ActorLabel, d.Actor)},
			{"account holder", d.Holder},
			{"nationality", d.Nationality},
			{"identifiers", joinText(d.Identifiers)},
		} {
			if part.value != "" {
				said = append(said, part.name+" "+part.value)
			}
		}
		if d.ClusterDefiner {
			said = append(said, "holds for its whole cluster")
		}
		if d.End != "" {
			said = append(said, "trails end there: "+d.End)
		}
		fmt.Fprintf(w, "  %s\n", strings.Join(said, ", "))
		if d.ValidFrom != nil || d.ValidTo != nil {
			from, to := "ever", "now"
			if d.ValidFrom != nil {
				from = when(*d.ValidFrom)
			}
			if d.ValidTo != nil {
				to = when(*d.ValidTo)
			}
			fmt.Fprintf(w, "  true from %s until %s\n", from, to)
		}
		var sets []string
		for _, set := range d.Sets {
			sets = append(sets, set.String())
		}
		fmt.Fprintf(w, "  source %s; known since %s by %s\n", d.Source, when(d.KnownSince), strings.Join(sets, "; "))
	}
}

func printImport(w io.Writer, r *label.Report) {
	for i := range r.Sets {
		set := &r.Sets[i]
		fmt.Fprintf(w, "%s: %d labels, %d new, %d as before, %d gone\n", set.Set, set.Rows, set.Added, set.Kept, set.Gone)
		for _, other := range set.Resembles {
			fmt.Fprintf(w, "  counts beside %s, which it resembles: if it is the new state of that, remove this set and import it with --set %q\n", other, other.Name)
		}
		if set.Duplicates > 0 {
			fmt.Fprintf(w, "  said more than once: %d\n", set.Duplicates)
		}
		for _, note := range set.Notes {
			fmt.Fprintf(w, "  kept, but of no chain: %s\n", note)
		}
		if len(set.Networks) > 0 {
			fmt.Fprintf(w, "  kept, on networks that cannot be indexed: %s\n", counts(set.Networks))
		}
		if len(set.Concepts) > 0 {
			fmt.Fprintf(w, "  kept, of concepts that no taxonomy has: %s\n", counts(set.Concepts))
		}
	}
}

func printSet(w io.Writer, d *setDoc) {
	fmt.Fprintf(w, "%s %s: %d labels\n", d.Kind, d.Name, d.Rows)
	if d.Title != "" {
		fmt.Fprintf(w, "  %s, by %s\n", d.Title, d.Creator)
	}
	if d.Withdrawn != nil {
		fmt.Fprintf(w, "  known from %s until it was withdrawn at %s: %s\n", when(d.KnownSince), when(d.Withdrawn.At), d.Withdrawn.Reason)
		return
	}
	fmt.Fprintf(w, "  known since %s, last imported at %s from %s\n", when(d.KnownSince), when(*d.LastImported), d.Input)
}

func counts(of map[string]int) string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(of)) {
		list = append(list, fmt.Sprintf("%s %d", name, of[name]))
	}
	return strings.Join(list, ", ")
}

func joinText(texts []string) string { return strings.Join(texts, ", ") }
