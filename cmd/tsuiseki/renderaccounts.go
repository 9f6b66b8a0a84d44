package main

import (
	"fmt"
	"io"

	"tsuiseki/chains"
	"tsuiseki/chains/ethereum"
	"tsuiseki/chains/index"
	"tsuiseki/tracer"
)

// reference is how people refer to a transfer.
func reference(tx *chains.Tx, t *chains.Transfer) string { return tracer.TransferRef(tx.ID, t) }

// party writes an account as people read it.
func party(address chains.Address) string {
	if address == "" {
		return "nobody"
	}
	return ethereum.Checksum(address)
}

func printAccountsStatus(w io.Writer, s index.AccountsStatus) {
	if s.Empty {
		fmt.Fprintf(w, "%s: no block yet\n", s.Chain)
		return
	}
	fmt.Fprintf(w, "%s: heights %d to %d, %d blocks, %d transactions, %d transfers, %.1f MB on disk\n",
		s.Chain, s.From, s.Tip.Height, s.Blocks, s.Txs, s.Transfers, float64(s.DiskBytes)/1e6)
	fmt.Fprintf(w, "  tip %s of %s\n", s.Tip.Hash, when(s.Tip.Time))
	if s.Final != (chains.BlockRef{}) && s.Final.Height < s.Tip.Height {
		fmt.Fprintf(w, "  final up to height %d; blocks above may still be replaced\n", s.Final.Height)
	}
	for _, m := range missingParts(s) {
		fmt.Fprintf(w, "  missing: %s: heights %s\n", m.Reason, m.Range)
	}
}

func printAccountTx(w io.Writer, d *accountTxDoc, u units) {
	fmt.Fprintf(w, "transaction %s on %s\nin block %d (%s) of %s\n", d.Tx, d.Chain, d.Height, d.Block, when(d.Time))
	to := party(d.To)
	if d.To == "" {
		to = "a new contract"
	}
	fmt.Fprintf(w, "from %s to %s\n", party(d.From), to)
	if d.Final != nil && !*d.Final {
		fmt.Fprintln(w, "provisional: its block may still be replaced")
	}
	if d.Failed {
		fmt.Fprintln(w, "it failed: it moved nothing but its fee")
	}
	if d.Fee == nil {
		fmt.Fprintln(w, "fee unknown: the receipt is missing")
	} else {
		fmt.Fprintf(w, "fee %s\n", u.people(*d.Fee, d.Asset))
	}
	for _, created := range d.Created {
		fmt.Fprintf(w, "creates the contract %s\n", party(created))
	}
	fmt.Fprintln(w, "\ntransfers")
	printTransfers(w, d.Transfers, u, "")
	printMessages(w, d.Messages, u)
	for _, m := range d.Missing {
		fmt.Fprintf(w, "missing: %s: %s\n", m.What, m.Reason)
	}
	fmt.Fprintf(w, "\nas of block %s\n", d.AsOf)
}

// printTransfers writes transfers in rows, with a sign where they concern an account.
func printTransfers(w io.Writer, transfers []transferDoc, u units, account chains.Address) {
	table(w, func(w io.Writer) {
		for _, t := range transfers {
			amount := u.people(t.Amount, t.Asset)
			if t.TokenID != nil {
				amount = fmt.Sprintf("%s of item %s of %s", t.Amount, t.TokenID, t.Asset)
			}
			switch {
			case account == "":
			case t.From == account && t.Address == account:
				amount = "±" + amount
			case t.From == account:
				amount = "-" + amount
			default:
				amount = "+" + amount
			}
			place := t.Ref
			if place == "" && t.Tx != nil {
				place = t.Tx.String()
			}
			if account == "" {
				fmt.Fprintf(w, "  %s\t%s\t%s\t-> %s\t%s\n", t.Kind, amount, party(t.From), party(t.Address), place)
				continue
			}
			other := t.Address
			if t.From != account {
				other = t.From
			}
			fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\n", t.Height, when(t.Time), t.Kind, amount, party(other), place)
		}
	})
}

func printAccount(w io.Writer, d *accountDoc, u units) {
	what := "account"
	if d.Contract {
		what = "contract"
	}
	fmt.Fprintf(w, "%s %s on %s, heights %d to %d\n", what, party(d.Address), d.Chain, d.FromHeight, d.AsOf.Height)
	if d.Label != "" {
		fmt.Fprintf(w, "known as %s\n", d.Label)
	}
	printLabels(w, d.Labels)
	printDepositAddress(w, d.Signs.DepositAddress)
	for _, b := range d.Balances {
		frozen := ""
		if b.Frozen {
			frozen = ", frozen by the issuer"
		}
		fmt.Fprintf(w, "  %s by the transfers held%s\n", u.people(b.Amount, b.Asset), frozen)
	}
	fmt.Fprintln(w)
	printTransfers(w, d.Transfers, u, d.Address)
}
