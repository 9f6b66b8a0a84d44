package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"tsuiseki/chains"
	"tsuiseki/tracer"
	"tsuiseki/tracer/cluster"
)

// peelSteps are the transactions of a trace that may be steps of a peel chain, with
// the output that each passes on.
type peelSteps map[chains.TxID]uint32

// findPeelSteps reads the transactions of a trace's hops that spend one place to
// one or two, as a step does.
func findPeelSteps(views []any, r *tracer.Result) (peelSteps, error) {
	steps := peelSteps{}
	for _, view := range views {
		if of, is := view.(*opened); is {
			if err := steps.find(of, r); err != nil {
				return nil, err
			}
		}
	}
	return steps, nil
}

func (steps peelSteps) find(view *opened, r *tracer.Result) error {
	seen := map[chains.TxID]bool{}
	for i := range r.Hops {
		h := &r.Hops[i]
		if seen[h.Tx] || h.Chain != view.Snapshot().Chain {
			continue
		}
		seen[h.Tx] = true
		txs, err := view.Txs(h.Tx)
		if err != nil {
			return err
		}
		for _, tx := range txs {
			if tx.Block.Height != h.Height || len(tx.Inputs) != 1 {
				continue
			}
			if _, rest, ok := cluster.PeelStep(cluster.Describe(tx, &view.network)); ok {
				steps[h.Tx] = rest
			}
		}
	}
	return nil
}

// peelLink is one step of a peel chain in a trail: what it passes on, and the hops
// to what it pays off.
type peelLink struct {
	rest tracer.Hop
	paid []tracer.Hop // none where nothing of the deposit is paid off
}

// peelChain is the chain of steps that begins with the spending of a place; nil
// where it is as readable step by step, or none.
func (t *tree) peelChain(from chains.Outpoint) (chain []peelLink) {
	for at := from; ; {
		hops := t.hops[at]
		if len(hops) == 0 {
			break
		}
		rest, ok := t.peels[hops[0].Tx]
		if !ok {
			break
		}
		var link peelLink
		passes := false
		for _, h := range hops {
			if h.To.Index == rest {
				link.rest, passes = h, true
			} else {
				link.paid = append(link.paid, h)
			}
		}
		if !passes { // only what is paid off is the deposit's
			break
		}
		chain, at = append(chain, link), outpointTo(link.rest)
	}
	if len(chain) <= mostSteps {
		return nil
	}
	return chain
}

// drawPeelChain draws a chain as one line, and what its last step passes on.
func (t *tree) drawPeelChain(chain []peelLink, indent string, level int) {
	if t.full() {
		return
	}
	var paid []tracer.Hop
	for _, link := range chain {
		paid = append(paid, link.paid...)
	}
	first, last := chain[0].rest, chain[len(chain)-1].rest
	text := fmt.Sprintf("peel chain of %d steps, %s… to %s…: %s peeled off", len(chain), shortID(first.Tx), shortID(last.Tx), t.summary(paid))
	if none := len(chain) - len(paid); none > 0 {
		text += fmt.Sprintf("; nothing of the deposit in %d of the steps", none)
	}
	t.line(indent, level, false, text+" (folded)")
	t.drawHop(last, indent, level, true)
}

// summary says what hops carry and what became of it: how many end where they
// lead, and which ends the others reach.
func (t *tree) summary(hops []tracer.Hop) string {
	var sum chains.Amount
	ended, reached, moved := map[tracer.EndKind]int{}, map[tracer.EndKind]int{}, 0
	beyond := map[chains.Outpoint]bool{}
	for _, h := range hops {
		sum = sum.Add(h.Traced)
		to := outpointTo(h)
		if kind, ends := t.ends[to]; ends {
			ended[kind]++
			continue
		}
		moved++
		t.reach(to, beyond, reached)
	}
	if len(hops) == 0 {
		return "nothing of the deposit"
	}
	text := fmt.Sprintf("%s%s to %s", people(sum, hops[0].Asset), worthSum(hops), counted(len(hops), "output", "outputs"))
	var parts []string
	if len(ended) > 0 {
		parts = append(parts, kindCounts(ended)+" there")
	}
	if moved > 0 {
		parts = append(parts, fmt.Sprintf("%d moved on and reached %s", moved, kindCounts(reached)))
	}
	return text + " (" + strings.Join(parts, "; ") + ")"
}

// worthSum adds up what hops were worth, each at its own time; nothing where that is
// not known of all.
func worthSum(hops []tracer.Hop) string {
	var sum chains.Amount
	for _, h := range hops {
		if h.Value == nil {
			return ""
		}
		traced, err := chains.ParseAmount(h.Value.Traced) // yen are whole
		if err != nil {
			return ""
		}
		sum = sum.Add(traced)
	}
	return worthTraced(&tracer.Value{Currency: hops[0].Value.Currency, Traced: sum.String()})
}

// reach collects the ends below a place, each once.
func (t *tree) reach(from chains.Outpoint, seen map[chains.Outpoint]bool, ends map[tracer.EndKind]int) {
	for waiting := []chains.Outpoint{from}; len(waiting) > 0; {
		at := waiting[len(waiting)-1]
		waiting = waiting[:len(waiting)-1]
		if seen[at] {
			continue
		}
		seen[at] = true
		if kind, ended := t.ends[at]; ended {
			ends[kind]++
		}
		for _, h := range t.hops[at] {
			waiting = append(waiting, outpointTo(h))
		}
	}
}

// kindCounts lists how many ends there are of each kind.
func kindCounts(counts map[tracer.EndKind]int) string {
	if len(counts) == 0 {
		return "fees alone"
	}
	var list []string
	for _, kind := range slices.Sorted(maps.Keys(counts)) {
		list = append(list, fmt.Sprintf("%d %s", counts[kind], kind))
	}
	return strings.Join(list, ", ")
}
