package main

import (
	"fmt"
	"io"
	"iter"
	"time"

	"tsuiseki/chains"
	"tsuiseki/tracer"
	"tsuiseki/tracer/cluster"
	"tsuiseki/tracer/lead"
)

// mixerLedger answers what leads beyond mixers ask of an index of accounts.
type mixerLedger struct{ *openedAccounts }

var _ lead.Ledger = mixerLedger{}

// Transfers implements lead.Ledger.
func (l mixerLedger) Transfers(account chains.Address, from chains.Position) iter.Seq2[lead.Entry, error] {
	return func(yield func(lead.Entry, error) bool) {
		for entry, err := range l.History(account, from) {
			if !yield(lead.Entry{Tx: entry.Tx, Transfer: entry.Transfer}, err) || err != nil {
				return
			}
		}
	}
}

// Pool implements lead.Ledger.
func (l mixerLedger) Pool(account chains.Address, at time.Time) (bool, error) {
	stop, stops, err := l.Stop(account, at)
	return stops && stop.Kind == tracer.EndMixer, err
}

// addMixerLeads looks beyond the mixers that a trace ends at.
func addMixerLeads(view *openedAccounts, result *tracer.Result) error {
	var ends []tracer.End // of others, other indexes tell
	for i := range result.Ends {
		if result.Ends[i].Chain == view.Snapshot().Chain {
			ends = append(ends, result.Ends[i])
		}
	}
	leads, missing, err := lead.Mixers(mixerLedger{view}, ends, lead.DefaultLimits)
	if err != nil {
		return err
	}
	return result.AddLeads(leads, missing)
}

// addJoinLeads looks beyond the CoinJoins that a trace ends at, by the clusters that
// what was spent later makes.
func addJoinLeads(s *session, view *opened, result *tracer.Result) error {
	chain := view.Snapshot().Chain
	var joins []lead.Join
	seen := map[lead.Join]bool{}
	txs := map[chains.TxID]*chains.Tx{}
	for _, l := range result.Leads {
		if l.Chain != chain || l.Heuristic != cluster.Joint.ID {
			continue
		}
		if txs[l.Tx] == nil {
			found, err := view.Txs(l.Tx)
			if err != nil {
				return err
			}
			txs[l.Tx] = cluster.Describe(found[0], view)
		}
		join := lead.Join{Deposit: l.Deposit, Tx: txs[l.Tx], From: l.Mixed.Address}
		if !seen[join] {
			seen[join] = true
			joins = append(joins, join)
		}
	}
	if len(joins) == 0 {
		return nil
	}
	if err := view.withClusters(s); err != nil {
		return err
	}
	leads, err := lead.Joins(chain, view.network.Asset, joins, func(address chains.Address) (chains.Address, error) {
		found, err := view.clusters.Cluster(address)
		if err != nil {
			return "", err
		}
		return found.Entity, nil
	})
	if err != nil {
		return err
	}
	return result.AddLeads(leads, nil)
}

// printLeads writes for people where a deposit's value may have come out of mixers.
func printLeads(w io.Writer, r *tracer.Result, deposit string, u units) {
	heading := "\n  Leads beyond mixers, for you to check; no amount here is traced:\n"
	for _, l := range r.Leads {
		if l.Deposit == deposit && l.Bridge == nil {
			fmt.Fprintf(w, "%s  %s to %s in %s, %s\n    by %s/%d: %s\n", heading, u.people(l.Amount, l.Asset), l.Address, l.Tx, when(l.Time), l.Heuristic, l.Version, l.Detail)
			heading = ""
		}
	}
}
