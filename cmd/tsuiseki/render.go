package main

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"tsuiseki/chains/index"
)

func printJSON(w io.Writer, document any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(document)
}

func when(t time.Time) string {
	if t.IsZero() { // an export need not tell
		return "time unknown"
	}
	return t.UTC().Format("2006-01-02 15:04:05 UTC")
}

// table aligns what fill writes: cells end in a tab, rows in a newline.
func table(w io.Writer, fill func(w io.Writer)) {
	aligned := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fill(aligned)
	aligned.Flush()
}

func printStatus(w io.Writer, s index.Status) {
	if s.Empty {
		fmt.Fprintf(w, "%s: no block yet\n", s.Chain)
		return
	}
	fmt.Fprintf(w, "%s: heights %d to %d, %d transactions, %d outputs, %d spends, %.1f MB on disk\n",
		s.Chain, s.From, s.Tip.Height, s.Txs, s.Outputs, s.Spends, float64(s.DiskBytes)/1e6)
	fmt.Fprintf(w, "  tip %s of %s\n", s.Tip.Hash, when(s.Tip.Time))
	if s.MissingPrevouts > 0 {
		fmt.Fprintf(w, "  missing: %s\n", missingPrevouts(s))
	}
}

func printTx(w io.Writer, d *txDoc) {
	fmt.Fprintf(w, "transaction %s on %s\nin block %d (%s) of %s\n", d.Tx, d.Chain, d.Height, d.Block, when(d.Time))
	switch {
	case d.Coinbase:
		fmt.Fprintln(w, "coinbase: it creates new coins and collects the block's fees")
	case d.Fee == nil:
		fmt.Fprintln(w, "fee unknown: a prevout is missing")
	default:
		fmt.Fprintf(w, "fee %s\n", people(*d.Fee, d.Asset))
	}
	fmt.Fprintln(w, "\ninputs")
	table(w, func(w io.Writer) {
		for _, in := range d.Inputs {
			amount, from := "unknown", "new coins"
			if in.Amount != nil {
				amount = people(*in.Amount, d.Asset)
			}
			if in.Tx != nil {
				from = fmt.Sprintf("%s:%d", in.Tx, *in.Output)
			} else {
				amount = ""
			}
			fmt.Fprintf(w, "  %d\t%s\t%s\t%s\t%s\n", in.Index, amount, in.Script, in.Address, from)
		}
	})
	fmt.Fprintln(w, "\noutputs")
	table(w, func(w io.Writer) {
		for _, out := range d.Outputs {
			spender := string(out.State)
			if out.SpentBy != nil {
				spender += fmt.Sprintf(" by %s:%d", out.SpentBy.Tx, out.SpentBy.Input)
			}
			fmt.Fprintf(w, "  %d\t%s\t%s\t%s\t%s\n", out.Index, people(out.Amount, d.Asset), out.Script, out.Address, spender)
		}
	})
	printMemo(w, d.Memo)
	printSigns(w, d)
	fmt.Fprintf(w, "\nas of block %s\n", d.AsOf)
}

func printAddress(w io.Writer, d *addressDoc) {
	fmt.Fprintf(w, "address %s on %s, heights %d to %d\n", d.Address, d.Chain, d.FromHeight, d.AsOf.Height)
	printLabels(w, d.Labels)
	printDepositAddress(w, d.Signs.DepositAddress)
	fmt.Fprintf(w, "received %s, spent %s, balance %s\n\n", people(d.Received, d.Asset), people(d.Spent, d.Asset), people(d.Balance, d.Asset))
	table(w, func(w io.Writer) {
		for _, a := range d.Appearances {
			sign := "+"
			if a.Side == "input" {
				sign = "-"
			}
			fmt.Fprintf(w, "%d\t%s\t%s%s\t%s %s:%d\n", a.Height, when(a.Time), sign, people(a.Amount, d.Asset), a.Side, a.Tx, a.Index)
		}
	})
}

func printBlock(w io.Writer, d *blockDoc) {
	fmt.Fprintf(w, "block %d of %s\n  hash    %s\n  parent  %s\n  time    %s\n  %d transactions\n", d.Height, d.Chain, d.Block, d.Parent, when(d.Time), len(d.Txs))
	for i, id := range d.Txs {
		fmt.Fprintf(w, "  %d  %s\n", i, id)
	}
	for _, m := range d.Missing {
		fmt.Fprintf(w, "missing: %s: %s\n", m.What, m.Reason)
	}
}
