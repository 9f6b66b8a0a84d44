package main

import (
	"errors"
	"fmt"
	"strings"

	"tsuiseki/chains"
	"tsuiseki/tracer"
)

// openAccountSide opens an account chain of deposits.
func (c *traceFlags) openAccountSide(s *session, chain chains.Chain, refs []ref, params *tracer.Params) (*tracedSide, error) {
	view, err := openAccountView(s, chain, c.AsOf, c.executionFlags, c.labelFlags)
	if err != nil {
		return nil, err
	}
	err = view.withHeuristics(c.heuristicFlags)
	var deposits []tracer.AccountDeposit
	if err == nil {
		deposits, err = transferDeposits(view, refs)
	}
	if err != nil {
		return nil, errors.Join(err, view.Close())
	}
	params.Labels, params.Heuristics = view.labels.View.Digest(), view.heuristics.docs()
	return &tracedSide{view, tracer.SideDeposits{Side: accountSide(view), Accounts: deposits}}, nil
}

func traceAccountRefs(s *session, view *openedAccounts, refs []ref, params tracer.Params) (*tracer.Result, error) {
	deposits, err := transferDeposits(view, refs)
	if err != nil {
		return nil, err
	}
	params.Labels, params.Heuristics = view.labels.View.Digest(), view.heuristics.docs()
	return tracer.TraceAccounts(s.ctx, view, deposits, params)
}

func transferDeposits(view *openedAccounts, refs []ref) (deposits []tracer.AccountDeposit, err error) {
	for _, r := range refs {
		tx, err := r.findAccountTx(view)
		if err != nil {
			return nil, err
		}
		n, err := r.depositTransfer(view, tx)
		if err != nil {
			return nil, err
		}
		deposits = append(deposits, tracer.AccountDeposit{Tx: tx, Transfer: n})
	}
	return deposits, nil
}

// depositTransfer is the transfer meant, which only a person can tell where
// several carry value.
func (r ref) depositTransfer(view *openedAccounts, tx *chains.Tx) (int, error) {
	if r.kind == refOutput {
		return 0, usagef("%s has transfers, not outputs: write TXID:log:N or TXID:call:N", view.Snapshot().Chain)
	}
	if tx.Failed {
		return 0, usagef("transaction %s failed: it moved nothing but its fee", tx.ID)
	}
	var choices []int
	for i := range tx.Transfers {
		t := &tx.Transfers[i]
		named := r.kind == "" || (t.IsLog() == (r.kind == refLog) && t.Index == r.index)
		if named && t.Payment() {
			choices = append(choices, i)
		}
	}
	if len(choices) == 1 {
		return choices[0], nil
	}
	u, err := view.units(newTransferDocs(tx))
	if err != nil {
		return 0, err
	}
	var lines []string
	for i := range tx.Transfers {
		if t := &tx.Transfers[i]; t.Payment() {
			lines = append(lines, fmt.Sprintf("  %s  %s to %s", tracer.TransferRef(tx.ID, t), u.people(t.Amount, t.Asset), t.To))
		}
	}
	switch {
	case len(lines) == 0:
		return 0, usagef("transaction %s has no transfer that carries value", tx.ID)
	case len(choices) == 0:
		return 0, usagef("transaction %s has no transfer %s:%d that carries value; it has\n%s", tx.ID, r.kind, r.index, strings.Join(lines, "\n"))
	}
	return 0, usagef("which transfer of %s is the deposit? Name one:\n%s", tx.ID, strings.Join(lines, "\n"))
}
