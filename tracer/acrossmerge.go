package tracer

import (
	"cmp"
	"maps"
	"slices"

	"tsuiseki/chains"
)

func compareInjections(a, b injection) int {
	return cmp.Or(a.tx.Position().Compare(b.tx.Position()), cmp.Compare(a.place, b.place), cmp.Compare(a.deposit, b.deposit), a.from.compare(b.from))
}

func (k crossKey) compare(other crossKey) int {
	return cmp.Or(cmp.Compare(k.chain, other.chain), k.tx.Compare(other.tx), cmp.Compare(k.output, other.output),
		cmp.Compare(k.account, other.account), cmp.Compare(k.asset, other.asset))
}

func sameInjection(a, b injection) bool {
	return a.flowKey == b.flowKey && a.exit == b.exit && a.hops == b.hops && a.taken.Equal(b.taken) && sameSpans(a.spans, b.spans)
}

// merge joins the chains' results into one document.
func (a *across) merge() (*Result, error) {
	names := slices.Sorted(maps.Keys(a.runs))
	var all *Result
	for _, chain := range names {
		r := a.runs[chain]
		own := r.result
		own.Deposits = own.Deposits[:r.local]
		if all == nil {
			all = own
			continue
		}
		all.Snapshot = append(all.Snapshot, own.Snapshot...)
		all.Assets = append(all.Assets, own.Assets...)
		all.Deposits = append(all.Deposits, own.Deposits...)
		all.Hops = append(all.Hops, own.Hops...)
		all.Ends = append(all.Ends, own.Ends...)
		all.Totals = append(all.Totals, own.Totals...)
		all.Leads = append(all.Leads, own.Leads...)
		all.Params.Heuristics = uniteHeuristics(all.Params.Heuristics, own.Params.Heuristics)
		all.missAll(own.missing)
	}
	all.nameAsked(a)
	if len(all.Snapshot) > 1 {
		all.nameTotals(names, a.runs)
		all.nameCoins(names, a.runs)
	}
	err := all.finish()
	return all, err
}

// nameAsked adds the chains to which nothing crossed, and that were asked whether
// anything did: that they hold no such thing is part of the result.
func (r *Result) nameAsked(a *across) {
	for chain, side := range a.asked {
		if a.runs[chain] == nil {
			r.Snapshot = append(r.Snapshot, snapshotDoc(side.snapshot()))
		}
	}
	slices.SortFunc(r.Snapshot, func(a, b SnapshotDoc) int { return cmp.Compare(a.Chain, b.Chain) })
}

func (r *Result) missAll(others lacks) {
	for of, ranges := range others {
		for _, h := range ranges {
			r.missing.add(of, h)
		}
	}
}

// nameTotals says of which chain each total is: an asset's name may stand for
// another on another chain.
func (r *Result) nameTotals(names []chains.Chain, runs map[chains.Chain]*run) {
	n := 0
	for _, chain := range names {
		for range runs[chain].result.balances {
			r.Totals[n].Chain = chain
			n++
		}
	}
}

// nameCoins tells how to read the amounts of chains that have no tokens, beside
// those that do.
func (r *Result) nameCoins(names []chains.Chain, runs map[chains.Chain]*run) {
	for _, chain := range names {
		if side := runs[chain].side; side.Outputs != nil {
			symbol, decimals := string(side.Asset), uint8(SatoshiDecimals)
			r.Assets = append(r.Assets, AssetDoc{Asset: side.Asset, Symbol: &symbol, Decimals: &decimals})
		}
	}
	slices.SortFunc(r.Assets, func(a, b AssetDoc) int { return cmp.Compare(a.Asset, b.Asset) })
	r.Assets = slices.CompactFunc(r.Assets, func(a, b AssetDoc) bool { return a.Asset == b.Asset })
}

// SatoshiDecimals is how many decimal places the coin of a chain in Bitcoin's format has.
const SatoshiDecimals = 8
