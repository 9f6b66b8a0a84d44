package main

import (
	"fmt"
	"io"

	"tsuiseki/chains"
	"tsuiseki/tracer"
)

// printTrails draws a deposit's trail on chains with outputs as trees, and lists it
// on chains with accounts, where value merges.
func printTrails(w io.Writer, r *tracer.Result, d tracer.DepositDoc, u units) {
	outputs := d.Kind == refOutput
	var accounts []chains.Chain // of the hops, which are sorted by chain
	for i := range r.Hops {
		h := &r.Hops[i]
		if h.Deposit != d.ID {
			continue
		}
		if h.Transfer == "" && h.Swapped == nil || h.Kind == "bridge" && h.Transfer == "" {
			outputs = true
		} else if n := len(accounts); n == 0 || accounts[n-1] != h.Chain {
			accounts = append(accounts, h.Chain)
		}
	}
	if outputs {
		printTree(w, r, d, u)
	}
	for _, chain := range accounts {
		if len(r.Snapshot) > 1 {
			fmt.Fprintf(w, "\n  on %s\n", chain)
		}
		printHops(w, r, d, chain, u)
	}
}

// drawArrivals draws what came over bridges from chains with accounts, and so hangs
// on no output.
func (t *tree) drawArrivals(r *tracer.Result) {
	for i := range r.Hops {
		h := &r.Hops[i]
		to := chains.Outpoint{Tx: h.To.Tx, Index: h.To.Index}
		if h.Deposit != t.deposit || h.Kind != "bridge" || h.Transfer != "" || t.drawn[to] {
			continue
		}
		t.drawn[to] = true
		fmt.Fprintf(t.out, "  %s %s for %s on %s, over a bridge to %s%s\n", short(to), t.units.people(h.Traced, h.Asset),
			t.units.people(h.Swapped.Traced, h.Swapped.Asset), h.FromChain, h.To.Address, t.mark(to))
		t.draw(to, "  ")
	}
}

// onChain names an end's chain where there are several.
func onChain(r *tracer.Result, chain chains.Chain) string {
	if len(r.Snapshot) < 2 {
		return ""
	}
	return string(chain) + " "
}

// printBridgeLeads lists what memos of bridges leave open.
func printBridgeLeads(w io.Writer, r *tracer.Result, deposit string) {
	heading := "\n  Leads at bridges, for you to check; no facts:\n"
	for _, l := range r.Leads {
		if l.Deposit == deposit && l.Bridge != nil {
			fmt.Fprintf(w, "%s  %s:%d on %s, at %s: %s\n", heading, l.Tx, l.Index, l.Chain, l.Address, l.Detail)
			heading = ""
		}
	}
}
