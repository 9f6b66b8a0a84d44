package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"tsuiseki/chains"
	"tsuiseki/graph"
	"tsuiseki/tracer/correlate"
)

// linkStory is a link as people are told of it.
type linkStory struct {
	id       string
	grade    string
	score, q string
	cases    [2]graph.CaseID
	evidence []correlate.Evidence
	decision string // in words
	name     func(graph.CaseID) string
	units    units
	brief    bool // addresses on the way are cut short
}

// print says which cases are linked, how strongly, and why.
func (l *linkStory) print(w io.Writer) {
	fmt.Fprintf(w, "%s link %s: %s\n  and %s\n", l.grade, l.id, l.name(l.cases[0]), l.name(l.cases[1]))
	for i := range l.evidence {
		e := &l.evidence[i]
		fresh := ""
		if e.New {
			fresh = "NEW since it was decided: "
		}
		fmt.Fprintf(w, "  - %s%s\n", fresh, l.why(e))
		if e.Class == correlate.ClassCoFlow {
			continue
		}
		for _, id := range l.cases {
			fmt.Fprintf(w, "      %s\n", l.came(e, id))
		}
	}
	if len(l.evidence) == 0 {
		fmt.Fprintln(w, "  - nothing on chain speaks for it any more; it stands because a person confirmed it")
	}
	fmt.Fprintf(w, "  score %s, q %s; %s\n", l.score, l.q, l.decision)
}

// why says in a sentence what cases have in common.
func (l *linkStory) why(e *correlate.Evidence) string {
	at := shownAddress(e.Chain, e.Node)
	var text string
	switch e.Class {
	case correlate.ClassHolder:
		text = "exchanges named one person, " + e.Node + ", as the holder of accounts that money of both reached"
	case correlate.ClassDeposit:
		text = fmt.Sprintf("money of both reached %s, one customer's deposit address at %s", at, e.Exchange)
	case correlate.ClassAddress:
		text = fmt.Sprintf("money of both reached %s, which a victim paid", at)
	case correlate.ClassCollector:
		text = fmt.Sprintf("money of both came together at %s, which is nobody's known service", at)
	case correlate.ClassCluster:
		text = fmt.Sprintf("money of both reached addresses of one owner, the cluster of %s with %d addresses", at, e.Degree)
	case correlate.ClassFunder:
		text = fmt.Sprintf("%s first paid for the gas of different accounts that money of both reached", at)
	case correlate.ClassPath:
		text = "money of both took one way: " + l.way(e.Chain, e.Path[0].Nodes)
	case correlate.ClassCoFlow:
		text = fmt.Sprintf("money of both reached %s within an hour (a lead, no evidence)", at)
	default:
		text = fmt.Sprintf("%s: %s", e.Class, at)
	}
	if e.Class == correlate.ClassPath || e.Class == correlate.ClassCoFlow {
		return text // what else is known of the place stands with the evidence itself
	}
	if len(e.Heuristics) > 0 {
		text += "; inferred by " + strings.Join(e.Heuristics, ", ")
	}
	for _, s := range e.Sources {
		switch {
		case s.Tx != "":
			text += fmt.Sprintf("; %s in transaction %s", shownAddress(e.Chain, s.Address), s.Tx)
		case e.Class == correlate.ClassHolder:
			text += fmt.Sprintf("; %s (%s, confidence %d)", shownAddress(e.Chain, s.Address), s.Source, s.Confidence)
		case s.Source != "":
			text += "; " + s.Source
		}
	}
	return text
}

// came says how much of a case's money came, when, and by which way.
func (l *linkStory) came(e *correlate.Evidence, id graph.CaseID) string {
	var amounts []string
	for _, a := range e.Amounts[id] {
		amounts = append(amounts, l.units.people(a.Amount, a.Asset))
	}
	name, _, _ := strings.Cut(l.name(id), " (")
	times := e.Times[id]
	text := fmt.Sprintf("%s: %s, %s from the victim on, %s", name, strings.Join(amounts, " and "), counted(e.Hops[id], "transfer", "transfers"), when(times.First))
	if !times.Last.Equal(times.First) {
		text += " to " + when(times.Last)
	}
	if e.Class == correlate.ClassPath {
		return text
	}
	for _, leg := range e.Path {
		if leg.Case == id && (len(leg.Nodes) > 1 || !leg.Whole) {
			text += ", by " + l.way(e.Chain, leg.Nodes)
			if !leg.Whole {
				text += " (from where before is not known)"
			}
		}
	}
	return text
}

func (l *linkStory) way(chain chains.Chain, nodes []chains.Address) string {
	const start, end = 8, 4
	var shown []string
	for _, a := range nodes {
		text := shownAddress(chain, string(a))
		if l.brief && len(text) > start+end {
			text = text[:start] + "…" + text[len(text)-end:]
		}
		shown = append(shown, text)
	}
	return strings.Join(shown, " → ")
}

// shownAddress writes a node as people read it.
func shownAddress(chain chains.Chain, node string) string {
	if (chain == "" || chain.Family() == chains.Ethereum) && strings.HasPrefix(node, "0x") {
		return party(chains.Address(node))
	}
	return node
}

func nodeOf(chain chains.Chain, node string) graph.Address {
	return graph.Address{Chain: chain, Address: chains.Address(node)}
}

// whySuppressed says why cases that meet at a place are not linked by it.
func whySuppressed(n *correlate.Suppressed) string {
	what := map[string]string{
		"hub": fmt.Sprintf("a hub, which more than %d transactions touch", n.Degree-1), "service": "a service", "mixer": "a mixer",
		"bridge": "a bridge", "burn": "nobody's, for burning", "contract": "a popular contract",
	}[n.Reason]
	what = cmp.Or(what, n.Reason)
	if n.Label != "" {
		what += ", " + n.Label
	}
	if n.Source != "" {
		what += " (" + n.Source + ")"
	}
	return what
}

// decisionText puts a correlation's decision into words.
func decisionText(d *correlate.DecisionDoc) string {
	switch {
	case d == nil:
		return "nobody has decided on it"
	case d.Reopened:
		return fmt.Sprintf("%s at %s (%s), but there is new evidence: decide again", d.Verdict, when(d.At), d.Reason)
	}
	return fmt.Sprintf("%s at %s: %s", d.Verdict, when(d.At), d.Reason)
}

// strongest are the cases of up to so many links, the strongest first, then by what
// people call the cases.
func strongest(r *correlate.Result, most int, book caseFacts) [][2]graph.CaseID {
	byGrade := map[correlate.Grade][][2]graph.CaseID{}
	r.Grades(func(a, b graph.CaseID, g correlate.Grade, _ bool) {
		byGrade[g] = append(byGrade[g], [2]graph.CaseID{a, b})
	})
	var all [][2]graph.CaseID
	for _, g := range []correlate.Grade{correlate.Strong, correlate.Probable, correlate.Weak} {
		names := func(p [2]graph.CaseID) (string, string) {
			a, b := book.name(p[0]), book.name(p[1])
			return min(a, b), max(a, b)
		}
		slices.SortFunc(byGrade[g], func(p, q [2]graph.CaseID) int {
			a, b := names(p)
			c, d := names(q)
			return cmp.Or(cmp.Compare(a, c), cmp.Compare(b, d))
		})
		all = append(all, byGrade[g]...)
	}
	return all[:min(most, len(all))]
}

// printCorrelation tells of links, groups, and what was suppressed.
func printCorrelation(s *session, r *correlate.Result, nodes *caseNodes, book caseFacts, most int) error {
	w := s.out
	fmt.Fprintf(w, "%s compared, as of %s: %s\n", counted(r.Cases, "traced case", "traced cases"), when(r.AsOf), counted(r.Len(), "link", "links"))
	shown := strongest(r, most, book)
	for _, pair := range shown {
		l, err := r.LinkOf(pair[0], pair[1])
		if err != nil {
			return err
		}
		u, err := nodes.units(l.Evidence)
		if err != nil {
			return err
		}
		fmt.Fprintln(w)
		story := linkStory{
			id: l.ID, grade: l.Grade.String(), score: decimal3(l.Score), q: decimal3(l.Q), cases: l.Cases, evidence: l.Evidence,
			decision: decisionText(l.Decision), name: book.name, units: u, brief: true,
		}
		story.print(w)
	}
	if more := r.Len() - len(shown); more > 0 {
		fmt.Fprintf(w, "\nand %s: --limit %d shows them, and --json\n", counted(more, "link more", "links more"), r.Len())
	}
	for i := range r.Groups {
		g := &r.Groups[i]
		fmt.Fprintf(w, "\ngroup of %s, by %s %s or stronger\n", counted(len(g.Cases), "case", "cases"), counted(g.Links, "link", "links"), g.Cut)
		var names []string
		for _, id := range g.Cases {
			names = append(names, book.name(id))
		}
		slices.Sort(names)
		for _, name := range names {
			fmt.Fprintf(w, "  %s\n", name)
		}
		for _, n := range g.KeyNodes {
			fmt.Fprintf(w, "  behind it, perhaps: %s %s, in %s\n", n.Role, shownAddress(n.Chain, n.Node), counted(n.Cases, "case", "cases"))
		}
	}
	if len(r.Suppressed) > 0 {
		fmt.Fprintln(w, "\nplaces where cases meet, from which nothing follows")
	}
	for i := range r.Suppressed {
		n := &r.Suppressed[i]
		fmt.Fprintf(w, "  %s met at the %s %s: %s\n", counted(n.Cases, "case", "cases"), n.Kind, shownAddress(n.Chain, n.Node), whySuppressed(n))
	}
	return nil
}

// decimal3 rounds a number without unit for people.
func decimal3(x float64) string { return fmt.Sprintf("%.3g", x) }
