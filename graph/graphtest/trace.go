package graphtest

import (
	"slices"
	"time"

	"tsuiseki/chains"
	"tsuiseki/graph"
)

// CaseIDs and Rules are those of which the suite writes traces. Names are chosen to
// be taken for one another: by their order, or where one ends and the next begins.
func CaseIDs() []graph.CaseID {
	return []graph.CaseID{"1", "1 ", "10", "2", "a\x00", "a\x00b", "案件ｱ", "案件𝒳"}
}

// Rules are the allocation rules by which the suite's traces are made.
func Rules() []string { return []string{"fifo", "fifo x", "haircut"} }

// oddAddresses sort otherwise as bytes than as text, or than by their length.
func oddAddresses() []chains.Address {
	return []chains.Address{"0xAB", "0xab", "0xabc", "0xab00", "a\x00b", "a", "bc1qexample", Name(0), Name(1)}
}

// NewTrace is a trace that speaks at random of what worlds moved, and of what none did.
func NewTrace(draw Draw, worlds []*World) graph.Trace {
	t := graph.Trace{
		Case: CaseIDs()[draw("case", 0, len(CaseIDs())-1)], Rule: Rules()[draw("rule", 0, len(Rules())-1)],
		Digest: "sha256:" + string(Name(draw("digest", 0, 9))), Engine: "v" + string(rune('0'+draw("engine", 0, 9))), Stale: draw("stale", 0, 5) == 0,
	}
	for _, w := range worlds {
		if draw("on", 0, 2) > 0 {
			height := uint64(draw("as of", 0, 6))
			t.AsOf = append(t.AsOf, graph.Anchor{Chain: w.Chain, BlockRef: chains.BlockRef{Height: height, Hash: w.hash(height)}})
		}
	}
	slices.SortFunc(t.AsOf, func(a, b graph.Anchor) int {
		return graph.Address{Chain: a.Chain}.Compare(graph.Address{Chain: b.Chain})
	})
	for n := range draw("deposits", 0, 3) {
		of, tx := someTransfer(draw, worlds)
		t.Deposits = append(t.Deposits, graph.Deposit{ID: []string{"d", "d ", "d10"}[n], Transfer: of, Tx: tx})
	}
	if len(t.Deposits) > 0 {
		follow(draw, worlds, &t)
	}
	for range draw("members", 0, 2) {
		t.Members = append(t.Members, graph.Member{
			Address: someAddress(draw, worlds), Entity: Name(draw("entity", 0, 3)), Size: draw("size", 1, 9),
			Heuristics: []string{"change@1", "co-spend@2"}[:draw("heuristics", 0, 2)],
		})
	}
	for range draw("labels", 0, 2) {
		l := graph.Label{
			Address: someAddress(draw, worlds), Label: "Exchange 取引所", Concepts: []string{"exchange", "hosted_wallet"}[:draw("concepts", 0, 2)],
			Source: "tagpack", Confidence: draw("confidence", 0, 100),
		}
		if draw("dated", 0, 1) == 1 {
			l.Since = Start.AddDate(0, 0, -draw("days", 0, 99))
		}
		t.Labels = append(t.Labels, l)
	}
	return t
}

// follow has the deposits move and end. The same transfer may carry several deposits,
// or one of them twice; several may reach one address in one transaction.
func follow(draw Draw, worlds []*World, t *graph.Trace) {
	deposit := func() string { return t.Deposits[draw("of", 0, len(t.Deposits)-1)].ID }
	for range draw("hops", 0, 6) {
		of, tx := someTransfer(draw, worlds)
		h := graph.Hop{Deposit: deposit(), Transfer: of, Tx: tx, Traced: someAmount(draw), Depth: draw("depth", 1, 4), Means: []string{"transfer", "swap", "bridge"}[draw("means", 0, 2)]}
		t.Hops = append(t.Hops, h)
		if draw("two outputs", 0, 2) == 0 {
			h.N++
			h.Index++
			t.Hops = append(t.Hops, h)
		}
	}
	for range draw("ends", 0, 4) {
		of, tx := someTransfer(draw, worlds)
		e := graph.End{
			Deposit: deposit(), Kind: []string{"unspent", "exchange-deposit", "fee"}[draw("kind", 0, 2)], Key: of.Key, Tx: tx, Time: of.Time,
			Address: of.To, Asset: of.Asset, Traced: someAmount(draw), Depth: draw("depth", 0, 4),
			Label: []string{"", "Exchange 取引所"}[draw("labelled", 0, 1)], Detail: []string{"", "of the policy"}[draw("detailed", 0, 1)],
		}
		if len(t.Hops) > 0 && draw("where it came", 0, 2) > 0 {
			h := &t.Hops[draw("at", 0, len(t.Hops)-1)]
			e.Deposit, e.Key, e.Tx, e.Time, e.Address, e.Asset, e.Depth = h.Deposit, h.Key, h.Tx, h.Time, h.To, h.Asset, h.Depth
		}
		t.Ends = append(t.Ends, e)
	}
}

// someAmount may be nothing, or larger than 64 bits hold.
func someAmount(draw Draw) chains.Amount {
	a := chains.NewAmount(int64(draw("traced", 0, 9)))
	if draw("large", 0, 3) == 0 {
		a, _ = chains.NewAmount(1e18).MulDiv(chains.NewAmount(1e18), chains.NewAmount(int64(draw("part", 1, 9))))
	}
	return a
}

func someAddress(draw Draw, worlds []*World) graph.Address {
	odd := oddAddresses()
	return graph.Address{Chain: worlds[draw("chain", 0, len(worlds)-1)].Chain, Address: odd[draw("address", 0, len(odd)-1)]}
}

// someTransfer is one of a world, or one that none has; some are fees.
func someTransfer(draw Draw, worlds []*World) (graph.Transfer, chains.TxID) {
	w := worlds[draw("world", 0, len(worlds)-1)]
	tx := &w.All[draw("transaction", 0, len(w.All)-1)]
	t := tx.Transfers[draw("transfer", 0, len(tx.Transfers)-1)]
	switch draw("of another world", 0, 5) {
	case 0:
		t.To = someAddress(draw, worlds).Address
	case 1:
		t.To, t.Kind = "", chains.FeeTransfer
	case 2:
		t.At.Height += 50
		t.Time = t.Time.Add(50 * time.Minute)
		return t, chains.TxID{byte(draw("txid", 0, 255))}
	}
	return t, tx.ID
}
