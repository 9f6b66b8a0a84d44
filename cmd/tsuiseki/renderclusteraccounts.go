package main

import (
	"fmt"
	"io"

	"tsuiseki/chains"
	"tsuiseki/tracer/cluster"
)

// printAccountCluster writes for people what an account is and uses.
func printAccountCluster(w io.Writer, view *openedAccounts, d *accountClusterDoc) error {
	u, err := view.unitsOfPayments(d.payments())
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "account %s on %s\n", party(d.Address), d.Chain)
	printLabels(w, d.Labels)
	fmt.Fprintln(w, "entity: the account alone; nothing on this chain shows that two accounts have one owner")
	printDepositAddress(w, d.DepositAddress)
	if len(d.DepositAddresses) > 0 {
		fmt.Fprintln(w, "\ndeposit addresses that it pays (inferences, not facts)")
	}
	for i := range d.DepositAddresses {
		use := &d.DepositAddresses[i]
		fmt.Fprintf(w, "%s of %s\n  %s\n", party(use.Address), use.Label, depositDetail(use.Best))
		printPayments(w, use.Payments, u, "paid")
	}
	if len(d.Senders) > 0 {
		fmt.Fprintln(w, "\nothers who pay the same deposit address: their money went to the same account holder; they need not be one person")
	}
	for i := range d.Senders {
		sender := &d.Senders[i]
		known := ""
		if sender.Label != "" {
			known = ", known as " + sender.Label
		}
		fmt.Fprintf(w, "%s pays %s%s\n", party(sender.Address), party(sender.DepositAddress), known)
		printPayments(w, sender.Payments, u, "paid")
	}
	if d.DepositAddress != nil && d.DepositAddress.Verdict == cluster.Yes {
		fmt.Fprintln(w, "\nsweeps to the exchange")
		printPayments(w, d.DepositAddress.Sweeps, u, "to")
	}
	printMissing(w, d.Missing)
	fmt.Fprintf(w, "\nas of block %s\n", d.AsOf)
	return nil
}

// printDepositAddress tells what heuristics say; those that say no are left out.
func printDepositAddress(w io.Writer, d *depositDoc) {
	if d == nil || d.Verdict == cluster.No {
		return
	}
	fmt.Fprintf(w, "deposit address of %s: %s (an inference, not a fact)\n", d.Label, d.Verdict)
	for i := range d.Inferences {
		if in := &d.Inferences[i]; in.Verdict != cluster.No {
			fmt.Fprintf(w, "  %s: %s\n", in.Verdict, depositDetail(in))
			if in.Verdict == cluster.Undecided {
				fmt.Fprintf(w, "    because %s\n", in.Reason)
			}
		}
	}
}

func printPayments(w io.Writer, payments []cluster.DepositPayment, u units, verb string) {
	table(w, func(w io.Writer) {
		for _, p := range payments {
			other := ""
			if verb == "to" {
				other = party(p.Account)
			}
			fmt.Fprintf(w, "  %d\t%s %s\t%s\t%s\n", p.Height, u.people(p.Amount, p.Asset), verb, other, p.Tx)
		}
	})
}

// payments are all that the document names.
func (d *accountClusterDoc) payments() (all []cluster.DepositPayment) {
	for i := range d.DepositAddresses {
		all = append(all, d.DepositAddresses[i].Payments...)
	}
	for i := range d.Senders {
		all = append(all, d.Senders[i].Payments...)
	}
	if d.DepositAddress != nil {
		all = append(all, d.DepositAddress.Sweeps...)
	}
	return all
}

// unitsOfPayments are how to read the assets of payments.
func (o *openedAccounts) unitsOfPayments(payments []cluster.DepositPayment) (units, error) {
	seen := map[chains.Asset]bool{}
	var transfers []transferDoc
	for _, p := range payments {
		if !seen[p.Asset] {
			seen[p.Asset] = true
			transfers = append(transfers, transferDoc{Asset: p.Asset})
		}
	}
	return o.units(transfers)
}
