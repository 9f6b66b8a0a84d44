package main

import (
	"errors"
	"fmt"
	"io"

	"tsuiseki/chains"
	"tsuiseki/chains/ethereum"
	"tsuiseki/tracer/cluster"
)

// accountWhyDoc is what joins two accounts. That they pay one deposit address says
// that money of both went to one account holder, not that they are one: joined
// stays false, and the chain leads from one to the other through the address.
type accountWhyDoc struct {
	Joined   bool            `json:"joined"`
	Chain    []whyLinkDoc    `json:"chain"`
	Relation string          `json:"relation"` // "same-deposit-address", or empty
	Shared   []sharedDoc     `json:"shared"`
	AsOf     chains.BlockRef `json:"as_of"`
	Missing  []missingDoc    `json:"missing"`
}

type whyLinkDoc struct {
	cluster.Heuristic
	Tx         chains.TxID    `json:"tx"` // in which one pays the other
	From       chains.Address `json:"from"`
	To         chains.Address `json:"to"`
	Confidence int            `json:"confidence_bp"`
}

// sharedDoc is a deposit address that both pay, or that one of them is.
type sharedDoc struct {
	depositUseDoc
	Others []cluster.DepositPayment `json:"others_payments"` // the second account's; Payments are the first's
}

// sameDepositAddress is how accounts are related that pay one.
const sameDepositAddress = "same-deposit-address"

// whyAccounts shows by which deposit addresses two accounts are related.
func (c *clusterWhyCmd) whyAccounts(s *session, chain chains.Chain) (err error) {
	var pair [2]chains.Address
	for i, text := range []string{c.A, c.B} {
		if pair[i], err = ethereum.ParseAddress(text); err != nil {
			return usageError{err}
		}
	}
	if pair[0] == pair[1] {
		return usagef("%s is given twice: want two addresses", pair[0])
	}
	view, err := c.openCluster(s, chain)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, view.Close()) }()
	doc := &accountWhyDoc{Chain: []whyLinkDoc{}, Shared: []sharedDoc{}, AsOf: view.Snapshot().BlockRef, Missing: []missingDoc{}}
	if err := doc.fill(view, pair[0], pair[1], c.most()); err != nil {
		return err
	}
	if c.JSON {
		err = printJSON(s.out, doc)
	} else {
		printAccountWhy(s.out, pair[0], pair[1], doc)
	}
	if err == nil && len(doc.Missing) > 0 {
		err = incompleteError{fmt.Sprintf("%d facts are missing, the first: %s (%s)", len(doc.Missing), doc.Missing[0].What, doc.Missing[0].Reason)}
	}
	return err
}

func (d *accountWhyDoc) fill(view *openedAccounts, a, b chains.Address, most int) error {
	if len(view.heuristics.deposits) == 0 {
		d.Missing = append(d.Missing, newMissing(view, "deposit addresses", "no labels are known, or all heuristics are switched off: no account is known to be an exchange's"))
		return nil
	}
	shared, used, err := cluster.FindSharedDeposits(depositChain{view}, a, b, view.heuristics.deposits, view.heuristics.params, most)
	if err != nil {
		return err
	}
	for _, u := range used {
		d.Missing = append(d.Missing, missingUsed(view, u)...)
	}
	for i := range shared {
		d.Shared = append(d.Shared, sharedDoc{newDepositUse(cluster.DepositUse{DepositAddress: shared[i].DepositAddress, Payments: shared[i].A}), shared[i].B})
	}
	if len(shared) == 0 {
		return nil
	}
	d.Relation = sameDepositAddress
	first := &shared[0]
	best := first.Best()
	for _, step := range []struct {
		payments []cluster.DepositPayment
		from, to chains.Address
	}{{first.A, a, first.Address}, {first.B, first.Address, b}} {
		if len(step.payments) > 0 {
			d.Chain = append(d.Chain, whyLinkDoc{best.Heuristic, step.payments[0].Tx, step.from, step.to, best.Confidence})
		}
	}
	return nil
}

func printAccountWhy(w io.Writer, a, b chains.Address, d *accountWhyDoc) {
	if len(d.Shared) == 0 {
		fmt.Fprintf(w, "nothing found that joins %s and %s\n", party(a), party(b))
	} else {
		fmt.Fprintf(w, "%s and %s are not known to be one owner's; money of both went to one account holder:\n", party(a), party(b))
	}
	for i := range d.Shared {
		shared := &d.Shared[i]
		fmt.Fprintf(w, "deposit address %s of %s\n  %s\n", party(shared.Address), shared.Label, depositDetail(shared.Best))
		table(w, func(w io.Writer) {
			for _, side := range []struct {
				account  chains.Address
				payments []cluster.DepositPayment
			}{{a, shared.Payments}, {b, shared.Others}} {
				if len(side.payments) == 0 {
					fmt.Fprintf(w, "  %s\tis this address\t\n", party(side.account))
				}
				for _, p := range side.payments {
					fmt.Fprintf(w, "  %s\tpays it at height %d\tin %s\n", party(side.account), p.Height, p.Tx)
				}
			}
		})
	}
	printMissing(w, d.Missing)
	fmt.Fprintf(w, "\nas of block %s\n", d.AsOf)
}

func printMissing(w io.Writer, missing []missingDoc) {
	for _, m := range missing {
		fmt.Fprintf(w, "missing: %s at heights %s: %s\n", m.What, m.Range, m.Reason)
	}
}
