package main

import (
	"fmt"
	"io"
	"strings"

	"tsuiseki/chains"
	"tsuiseki/tracer"
)

// everyRule stands for all allocation rules, side by side.
const everyRule = "all"

// printComparison writes for people how much of each deposit is in which place,
// by which rule.
func printComparison(w io.Writer, c *tracer.Comparison) {
	first, u := c.Traces[0], unitsOf(c.Traces...)
	printSnapshot(w, first, strings.Join(c.Rules, ", "))
	for _, d := range first.Deposits {
		fmt.Fprintf(w, "\nDeposit %s\n  %s to %s in block %d, %s\n\n", d.ID, u.people(d.Amount, d.Asset), d.Address, d.Height, when(d.Time))
		printRanges(w, c, d.ID, u)
	}
	fmt.Fprintln(w, "\nAll rules conserve what was paid, but for poison, which is an upper bound. --rule with one of them shows its trail.")
	for _, m := range tracer.MissingOf(c.Traces) {
		fmt.Fprintf(w, "missing: %s at heights %s: %s\n", m.What, m.Range, m.Reason)
	}
	fmt.Fprintf(w, "\ndigest %s\n", c.Digest)
}

// printRanges writes a row per place; the fees of one asset are one row.
func printRanges(w io.Writer, c *tracer.Comparison, deposit string, u units) {
	table(w, func(w io.Writer) {
		fmt.Fprintf(w, "  END\tLEAST\tMOST\t%s\tOF\tUNIT\tADDRESS\tPLACE\n", strings.ToUpper(strings.Join(c.Rules, "\t")))
		row := func(r tracer.Range, address, place string) {
			n := func(a chains.Amount) string { number, _ := u.number(a, r.Asset); return number }
			_, unit := u.number(r.Amount, r.Asset)
			cells := []string{string(r.Kind), n(r.Least), n(r.Most)}
			for _, rule := range c.Rules {
				cells = append(cells, n(r.By[rule]))
			}
			fmt.Fprintf(w, "  %s\t%s\t%s\t%s\t%s\n", strings.Join(cells, "\t"), n(r.Amount), unit, address, place)
		}
		for _, r := range c.Ranges {
			if r.Deposit == deposit && r.Index != nil {
				row(r, string(r.Address), placeOf(r.Tx, *r.Index, r.Transfer))
			}
		}
		for _, r := range c.Fees(deposit) {
			row(r, "", "")
		}
	})
}
