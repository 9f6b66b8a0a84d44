package main

import (
	"fmt"
	"io"

	"tsuiseki/chains"
	"tsuiseki/tracer"
)

// What a trail takes up at most, unless all of it is asked for.
const (
	mostLines  = 300 // drawn
	mostLeaves = 20  // ends of one transaction, drawn one by one
	mostSteps  = 5   // of a peel chain, drawn one by one; three make a chain
	mostLevels = 40  // of indentation; below, lines tell their level
)

// drawing says how trails are drawn. Folding is for the eye: the ends that are
// listed, and JSON, have everything.
type drawing struct {
	unfold bool
	peels  peelSteps
}

// tree draws one deposit's trail. Where branches meet again, the place is drawn once.
type tree struct {
	drawing
	out     io.Writer
	units   units
	deposit string
	hops    map[chains.Outpoint][]tracer.Hop // by where they come from
	ends    map[chains.Outpoint]tracer.EndKind
	drawn   map[chains.Outpoint]bool
	lines   int
	shown   int // hops
}

func printTree(w io.Writer, r *tracer.Result, d tracer.DepositDoc, u units, how drawing) {
	t := tree{
		drawing: how, out: w, units: u, deposit: d.ID, hops: map[chains.Outpoint][]tracer.Hop{}, ends: map[chains.Outpoint]tracer.EndKind{}, drawn: map[chains.Outpoint]bool{},
	}
	total := 0
	for _, h := range r.Hops {
		if h.Deposit == d.ID && (h.Transfer == "" || h.Kind == "bridge") {
			from := chains.Outpoint{Tx: h.From.Tx, Index: h.From.Index}
			t.hops[from] = append(t.hops[from], h)
			total++
		}
	}
	for _, e := range r.Ends {
		if e.Deposit == d.ID && e.Index != nil {
			t.ends[chains.Outpoint{Tx: e.Tx, Index: *e.Index}] = e.Kind
		}
	}
	if d.Kind == refOutput {
		root := chains.Outpoint{Tx: d.Tx, Index: d.Index}
		fmt.Fprintf(w, "  %s %s %s%s\n", short(root), people(d.Amount, d.Asset), d.Address, t.mark(root))
		t.draw(root, "  ", 1)
	}
	t.drawArrivals(r)
	printHidden(w, total-t.shown, total)
}

// printHidden says how many hops are not among the lines above.
func printHidden(w io.Writer, hidden, total int) {
	if hidden > 0 {
		fmt.Fprintf(w, "  %d of %d hops are not shown: --unfold shows all, --json has them\n", hidden, total)
	}
}

// full reports whether no more lines are to be drawn.
func (t *tree) full() bool { return !t.unfold && t.lines >= mostLines }

// line writes one line of a branch and returns the indentation of what is below it.
func (t *tree) line(indent string, level int, last bool, text string) string {
	branch, below := "├─ ", "│  "
	if last {
		branch, below = "└─ ", "   "
	}
	if level > mostLevels {
		text, below = fmt.Sprintf("(level %d) %s", level, text), ""
	}
	fmt.Fprintf(t.out, "%s%s%s\n", indent, branch, text)
	t.lines++
	return indent + below
}

func (t *tree) draw(from chains.Outpoint, indent string, level int) {
	if !t.unfold {
		if chain := t.peelChain(from); chain != nil {
			t.drawPeelChain(chain, indent, level)
			return
		}
	}
	hops, leaves := t.hops[from], []tracer.Hop(nil)
	if !t.unfold {
		hops, leaves = t.foldLeaves(hops)
	}
	for i, h := range hops {
		if t.full() {
			return
		}
		t.drawHop(h, indent, level, i == len(hops)-1 && len(leaves) == 0)
	}
	if len(leaves) > 0 && !t.full() {
		t.line(indent, level, true, t.summary(leaves)+" (folded)")
	}
}

// drawHop draws one hop and all that is below it.
func (t *tree) drawHop(h tracer.Hop, indent string, level int, last bool) {
	to := outpointTo(h)
	again, mark := "", t.mark(to)
	if t.drawn[to] {
		again = " (drawn above)"
	}
	if h.Kind == "bridge" {
		again = " (over a bridge, on " + string(h.Chain) + ")" + again
	}
	if h.Transfer != "" { // what comes of it there is listed
		mark = ""
	}
	below := t.line(indent, level, last, fmt.Sprintf("%s %s%s %s%s%s", short(to), t.units.people(h.Traced, h.Asset), worthTraced(h.Value), h.To.Address, mark, again))
	t.shown++
	if !t.drawn[to] && h.Transfer == "" {
		t.drawn[to] = true
		t.draw(to, below, level+1)
	}
}

// foldLeaves parts the hops of a wide fan that end where they lead from the others.
func (t *tree) foldLeaves(hops []tracer.Hop) (drawn, leaves []tracer.Hop) {
	for _, h := range hops {
		if _, ended := t.ends[outpointTo(h)]; ended {
			leaves = append(leaves, h)
		} else {
			drawn = append(drawn, h)
		}
	}
	if len(leaves) <= mostLeaves {
		return hops, nil
	}
	return drawn, leaves
}

func (t *tree) mark(at chains.Outpoint) string {
	if kind, ended := t.ends[at]; ended {
		return "  [" + string(kind) + "]"
	}
	return ""
}

func outpointTo(h tracer.Hop) chains.Outpoint {
	return chains.Outpoint{Tx: h.To.Tx, Index: h.To.Index}
}

func short(o chains.Outpoint) string { return fmt.Sprintf("%s…:%d", shortID(o.Tx), o.Index) }

func shortID(id chains.TxID) string { return id.String()[:12] }
