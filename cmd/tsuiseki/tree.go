package main

import (
	"fmt"
	"io"
	"maps"
	"slices"

	"tsuiseki/chains"
	"tsuiseki/tracer"
)

// printTrace writes a ledger for people: the ends as a table, the trails as trees,
// or as lists where value merges in accounts.
func printTrace(w io.Writer, r *tracer.Result) {
	u := unitsOf(r)
	printSnapshot(w, r, r.Rule)
	for _, d := range r.Deposits {
		fmt.Fprintf(w, "\nDeposit %s\n  %s to %s in block %d, %s\n\n", d.ID, u.people(d.Amount, d.Asset), d.Address, d.Height, when(d.Time))
		printEnds(w, r, d.ID, u)
		fmt.Fprintln(w)
		printTotals(w, r, d.ID, u)
		fmt.Fprintln(w)
		printTrails(w, r, d, u)
		printLeads(w, r, d.ID, u)
		printBridgeLeads(w, r, d.ID)
	}
	for _, m := range r.Missing {
		fmt.Fprintf(w, "missing: %s at heights %s: %s\n", m.What, m.Range, m.Reason)
	}
	fmt.Fprintf(w, "\ndigest %s\n", r.Digest)
}

func printSnapshot(w io.Writer, r *tracer.Result, rules string) {
	for _, s := range r.Snapshot {
		fmt.Fprintf(w, "Traced by %s on %s, heights %d to %d (%s)\n", rules, s.Chain, s.FromHeight, s.Height, s.Hash)
		if s.FinalHeight != nil && *s.FinalHeight < s.Height {
			fmt.Fprintf(w, "Final up to height %d: blocks above may still be replaced\n", *s.FinalHeight)
		}
	}
}

// printTotals balances a deposit, asset by asset: amounts of different assets are
// never added up.
func printTotals(w io.Writer, r *tracer.Result, deposit string, u units) {
	relation := "="
	if r.Rule == "poison" {
		relation = "<= (poison is an upper bound)"
	}
	for _, t := range r.Totals {
		if t.Deposit != deposit {
			continue
		}
		in, out := u.people(t.In, t.Asset), ""
		if t.SwappedIn.Sign() > 0 {
			in += " + swapped in " + u.people(t.SwappedIn, t.Asset)
		}
		if t.SwappedOut.Sign() > 0 {
			out = " + swapped out " + u.people(t.SwappedOut, t.Asset)
		}
		where := ""
		if t.Chain != "" {
			where = "on " + string(t.Chain) + ": "
		}
		fmt.Fprintf(w, "  %sin %s %s ends %s + fees %s + unresolved %s%s\n", where, in, relation,
			u.people(t.Ends, t.Asset), u.people(t.Fees, t.Asset), u.people(t.Unresolved, t.Asset), out)
	}
}

func printEnds(w io.Writer, r *tracer.Result, deposit string, u units) {
	fees, paid := map[chains.Asset]chains.Amount{}, map[chains.Asset]int{}
	table(w, func(w io.Writer) {
		fmt.Fprintln(w, "  END\tTRACED\tOF\tADDRESS\tPLACE\tSINCE")
		for _, e := range r.Ends {
			if e.Deposit != deposit {
				continue
			}
			if e.Index == nil {
				fees[e.Asset] = fees[e.Asset].Add(e.Traced)
				paid[e.Asset]++
				continue
			}
			kind := string(e.Kind)
			if e.Label != nil {
				kind += " " + *e.Label
			}
			if e.Kind == tracer.EndBridge && e.Bridge != nil {
				kind += fmt.Sprintf(" to %s, recipient %q", e.Bridge.Chain, e.Bridge.Recipient)
			}
			fmt.Fprintf(w, "  %s\t%s\t%s\t%s\t%s\t%s\n", kind, u.people(e.Traced, e.Asset), u.people(e.Amount, e.Asset), e.Address, onChain(r, e.Chain)+placeOf(e.Tx, *e.Index, e.Transfer), when(e.Time))
		}
	})
	for _, asset := range slices.Sorted(maps.Keys(fees)) {
		fmt.Fprintf(w, "  and %s in fees of %d transactions\n", u.people(fees[asset], asset), paid[asset])
	}
}

// placeOf refers to the output or transfer in which an end lies.
func placeOf(tx chains.TxID, index uint32, transfer string) string {
	if transfer == "" {
		return chains.Outpoint{Tx: tx, Index: index}.String()
	}
	return tracer.TransferRef(tx, &chains.Transfer{Kind: chains.TransferKind(transfer), Index: index})
}

// printHops lists what moved between a chain's accounts, in chain order.
func printHops(w io.Writer, r *tracer.Result, d tracer.DepositDoc, chain chains.Chain, u units) {
	var hops []tracer.Hop
	for _, h := range r.Hops {
		if h.Deposit == d.ID && h.Chain == chain {
			hops = append(hops, h)
		}
	}
	if len(hops) > largestTree {
		fmt.Fprintf(w, "  %d hops: too many to list; --json has them all\n", len(hops))
		return
	}
	table(w, func(w io.Writer) {
		for _, h := range hops {
			if h.Kind == "bridge" {
				fmt.Fprintf(w, "  %d\tbridge\t%s for %s on %s\tto %s\t%s\n", h.Height, u.people(h.Traced, h.Asset), u.people(h.Swapped.Traced, h.Swapped.Asset), h.FromChain, party(h.To.Address), h.Tx)
				continue
			}
			if h.Swapped != nil {
				fmt.Fprintf(w, "  %d\t%s\t%s for %s\tat %s\t%s\n", h.Height, h.Kind, u.people(h.Traced, h.Asset), u.people(h.Swapped.Traced, h.Swapped.Asset), party(h.To.Address), h.Tx)
				continue
			}
			fmt.Fprintf(w, "  %d\t%s\t%s of %s\t%s -> %s\t%s\n", h.Height, h.Transfer, u.people(h.Traced, h.Asset), u.people(h.Amount, h.Asset),
				party(h.From.Address), party(h.To.Address), h.Tx)
		}
	})
}

// largestTree is how many hops are drawn; more are no longer readable.
const largestTree = 300

// tree draws one deposit's trail. Where branches meet again, the place is drawn once.
type tree struct {
	out     io.Writer
	units   units
	deposit string
	hops    map[chains.Outpoint][]tracer.Hop // by where they come from
	ends    map[chains.Outpoint]tracer.EndKind
	drawn   map[chains.Outpoint]bool
}

func printTree(w io.Writer, r *tracer.Result, d tracer.DepositDoc, u units) {
	t := tree{
		out: w, units: u, deposit: d.ID, hops: map[chains.Outpoint][]tracer.Hop{}, ends: map[chains.Outpoint]tracer.EndKind{}, drawn: map[chains.Outpoint]bool{},
	}
	hops := 0
	for _, h := range r.Hops {
		if h.Deposit == d.ID && (h.Transfer == "" || h.Kind == "bridge") {
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
	if d.Kind == refOutput {
		root := chains.Outpoint{Tx: d.Tx, Index: d.Index}
		fmt.Fprintf(w, "  %s %s %s%s\n", short(root), people(d.Amount, d.Asset), d.Address, t.mark(root))
		t.draw(root, "  ")
	}
	t.drawArrivals(r)
}

func (t *tree) draw(from chains.Outpoint, indent string) {
	hops := t.hops[from]
	for i, h := range hops {
		to := chains.Outpoint{Tx: h.To.Tx, Index: h.To.Index}
		branch, below := "├─ ", "│  "
		if i == len(hops)-1 {
			branch, below = "└─ ", "   "
		}
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
		fmt.Fprintf(t.out, "%s%s%s %s %s%s%s\n", indent, branch, short(to), t.units.people(h.Traced, h.Asset), h.To.Address, mark, again)
		if !t.drawn[to] && h.Transfer == "" {
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
