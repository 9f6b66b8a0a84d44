package main

import (
	"fmt"
	"io"

	"tsuiseki/chains"
	"tsuiseki/tracer"
)

// printTrace writes a ledger for people: the ends as a table, the trails as trees.
func printTrace(w io.Writer, r *tracer.Result) {
	for _, s := range r.Snapshot {
		fmt.Fprintf(w, "Traced by %s on %s, heights %d to %d (%s)\n", r.Rule, s.Chain, s.FromHeight, s.Height, s.Hash)
	}
	for i, d := range r.Deposits {
		fmt.Fprintf(w, "\nDeposit %s\n  %s to %s in block %d, %s\n\n", d.ID, people(d.Amount, d.Asset), d.Address, d.Height, when(d.Time))
		printEnds(w, r, d.ID)
		t := r.Totals[i]
		relation := "="
		if r.Rule == "poison" {
			relation = "<= (poison is an upper bound)"
		}
		fmt.Fprintf(w, "\n  in %s %s ends %s + fees %s + unresolved %s\n\n", people(t.In, t.Asset), relation,
			people(t.Ends, t.Asset), people(t.Fees, t.Asset), people(t.Unresolved, t.Asset))
		printTree(w, r, d)
	}
	for _, m := range r.Missing {
		fmt.Fprintf(w, "missing: %s at heights %s: %s\n", m.What, m.Range, m.Reason)
	}
	fmt.Fprintf(w, "\ndigest %s\n", r.Digest)
}

func printEnds(w io.Writer, r *tracer.Result, deposit string) {
	var fees chains.Amount
	var paid int
	var asset chains.Asset
	table(w, func(w io.Writer) {
		fmt.Fprintln(w, "  END\tTRACED\tOF\tADDRESS\tOUTPUT\tSINCE")
		for _, e := range r.Ends {
			if e.Deposit != deposit {
				continue
			}
			if e.Index == nil {
				fees, asset, paid = fees.Add(e.Traced), e.Asset, paid+1
				continue
			}
			fmt.Fprintf(w, "  %s\t%s\t%s\t%s\t%s:%d\t%s\n", e.Kind, people(e.Traced, e.Asset), people(e.Amount, e.Asset), e.Address, e.Tx, *e.Index, when(e.Time))
		}
	})
	if paid > 0 {
		fmt.Fprintf(w, "  and %s in fees of %d transactions\n", people(fees, asset), paid)
	}
}

// largestTree is how many hops are drawn; more are no longer readable.
const largestTree = 300

// tree draws one deposit's trail. Where branches meet again, the place is drawn once.
type tree struct {
	out   io.Writer
	hops  map[chains.Outpoint][]tracer.Hop // by where they come from
	ends  map[chains.Outpoint]tracer.EndKind
	drawn map[chains.Outpoint]bool
}

func printTree(w io.Writer, r *tracer.Result, d tracer.DepositDoc) {
	t := tree{
		out: w, hops: map[chains.Outpoint][]tracer.Hop{}, ends: map[chains.Outpoint]tracer.EndKind{}, drawn: map[chains.Outpoint]bool{},
	}
	hops := 0
	for _, h := range r.Hops {
		if h.Deposit == d.ID {
			from := chains.Outpoint{Tx: h.From.Tx, Index: h.From.Index}
			t.hops[from] = append(t.hops[from], h)
			hops++
		}
	}
	if hops > largestTree {
		fmt.Fprintf(w, "  %d hops: too many to draw; --json has them all\n", hops)
		return
	}
	for _, e := range r.Ends {
		if e.Deposit == d.ID && e.Index != nil {
			t.ends[chains.Outpoint{Tx: e.Tx, Index: *e.Index}] = e.Kind
		}
	}
	root := chains.Outpoint{Tx: d.Tx, Index: d.Index}
	fmt.Fprintf(w, "  %s %s %s%s\n", short(root), people(d.Amount, d.Asset), d.Address, t.mark(root))
	t.draw(root, "  ")
}

func (t *tree) draw(from chains.Outpoint, indent string) {
	hops := t.hops[from]
	for i, h := range hops {
		to := chains.Outpoint{Tx: h.To.Tx, Index: h.To.Index}
		branch, below := "├─ ", "│  "
		if i == len(hops)-1 {
			branch, below = "└─ ", "   "
		}
		again := ""
		if t.drawn[to] {
			again = " (drawn above)"
		}
		fmt.Fprintf(t.out, "%s%s%s %s %s%s%s\n", indent, branch, short(to), people(h.Traced, h.Asset), h.To.Address, t.mark(to), again)
		if again == "" {
			t.drawn[to] = true
			t.draw(to, indent+below)
		}
	}
}

func (t *tree) mark(at chains.Outpoint) string {
	if kind, ended := t.ends[at]; ended {
		return "  [" + string(kind) + "]"
	}
	return ""
}

func short(o chains.Outpoint) string { return fmt.Sprintf("%s…:%d", o.Tx.String()[:12], o.Index) }
