package main

import (
	"errors"
	"fmt"
	"os"

	"tsuiseki/chains/ethereum"
	"tsuiseki/chains/index"
	"tsuiseki/fixtures"
	"tsuiseki/tracer"
)

// demoEthereum writes an invented fraud as files of ethereum-etl, indexes them
// and follows the victim's payment.
func demoEthereum(s *session, export string) (err error) {
	fraud := fixtures.NewFraud()
	if err := os.Mkdir(export, 0o750); err != nil {
		return err
	}
	if err := fixtures.WriteExport(export, fraud.Blocks, fraud.Tokens); err != nil {
		return err
	}
	files, err := ethereum.OpenETL(s.ctx, ethereum.ETLConfig{Path: export, Network: ethereum.NewNetwork(fixtures.FraudNetwork, ""), Log: s.log})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, files.Close()) }()
	if err := demoIndex(s, files); err != nil {
		return err
	}
	view, err := openAccountView(s, files.Chain(), nil, executionFlags{}, labelFlags{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, view.Close()) }()
	result, err := traceAccountRefs(s, view, []ref{{tx: fraud.Deposit}}, tracer.Params{Rule: "fifo", HubDegree: defaultHubDegree})
	if err != nil {
		return err
	}
	printTrace(s.out, result, drawing{})
	return nil
}

func demoIndex(s *session, files *ethereum.ETL) (err error) {
	x, err := openAccounts(s, files.Chain(), files.Network().Asset, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, x.Close()) }()
	if _, err := x.Sync(s.ctx, files, index.SyncOptions{From: files.First()}); err != nil {
		return err
	}
	status, err := x.Status(s.ctx)
	if err != nil {
		return err
	}
	fmt.Fprintln(s.out, "Ethereum: indexed an invented fraud from files as ethereum-etl writes them.")
	printAccountsStatus(s.out, status)
	fmt.Fprintln(s.out)
	return nil
}
