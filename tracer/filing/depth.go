package filing

import (
	"tsuiseki/chains"
	"tsuiseki/tracer"
)

// depths are how many transfers lie between a deposit's receiver and where its value
// came, the shortest way that money can have taken: an account pays from what
// reached it in the same transaction or before.
type depths struct {
	hops   []int // of each of the result's
	places map[depthPlace]int
}

// depthPlace holds a deposit's value: an output, or an account's balance of an asset.
type depthPlace struct {
	deposit string
	chain   chains.Chain
	tx      chains.TxID // of an output; of an account, where only what one transaction brought counts
	index   uint32      // of an output
	account chains.Address
	asset   chains.Asset
}

func placeOf(deposit string, chain chains.Chain, at tracer.Endpoint, asset chains.Asset) depthPlace {
	if chain.Family() == chains.Bitcoin {
		return depthPlace{deposit: deposit, chain: chain, tx: at.Tx, index: at.Index}
	}
	return depthPlace{deposit: deposit, chain: chain, account: holderOf(at.Address, asset), asset: asset}
}

// holderOf is who gives and takes for an account: it is the token's contract that mints
// and burns.
func holderOf(account chains.Address, asset chains.Asset) chains.Address {
	if account == chains.ZeroAddress {
		return chains.Address(asset)
	}
	return account
}

// sourceOf is the place that a hop moves value from. A bridge takes what its deposit
// brought.
func sourceOf(h *tracer.Hop) depthPlace {
	chain, asset := h.Chain, h.Asset
	if h.Swapped != nil {
		asset = h.Swapped.Asset
	}
	if h.FromChain == "" {
		return placeOf(h.Deposit, chain, h.From, asset)
	}
	return placeOf(h.Deposit, h.FromChain, h.From, asset).broughtBy(h.From.Tx)
}

func (p depthPlace) broughtBy(tx chains.TxID) depthPlace {
	p.tx = tx
	return p
}

// transfersOf is how many a hop takes: within an account that changes one asset for
// another it takes none.
func transfersOf(h *tracer.Hop) int {
	if h.Kind == "swap" || h.Kind == "wrap" {
		return 0
	}
	return 1
}

// arrival is value that came to a place, and can move on by the result's hops from
// one on.
type arrival struct {
	place depthPlace
	since int
}

// depthsOf goes breadth first from the deposits. The hops of one chain are in chain
// order.
func depthsOf(r *tracer.Result) *depths {
	d := &depths{hops: make([]int, len(r.Hops)), places: map[depthPlace]int{}}
	w := &depthWalk{depths: d, result: r, onward: map[depthPlace][]int{}, first: make([]int, len(r.Hops))}
	for i := range r.Hops {
		h := &r.Hops[i]
		w.first[i] = i
		if i > 0 && r.Hops[i-1].Tx == h.Tx && r.Hops[i-1].Height == h.Height && r.Hops[i-1].Chain == h.Chain {
			w.first[i] = w.first[i-1]
		}
		w.onward[sourceOf(h)] = append(w.onward[sourceOf(h)], i)
	}
	var level []arrival
	for i := range r.Deposits {
		deposit := &r.Deposits[i]
		at := tracer.Endpoint{Tx: deposit.Tx, Index: deposit.Index, Address: deposit.Address}
		level = w.arrive(level, placeOf(deposit.ID, deposit.Chain, at, deposit.Asset), deposit.Tx, 0)
	}
	for depth := 0; len(level) > 0; depth++ {
		level = w.step(level, depth)
	}
	return d
}

// depthWalk is depthsOf under way.
type depthWalk struct {
	*depths
	result *tracer.Result
	onward map[depthPlace][]int // hops by source, in order; those that are decided are taken off the end
	first  []int                // the first hop of each hop's transaction
}

// arrive adds that value came to a place with a transaction.
func (w *depthWalk) arrive(level []arrival, at depthPlace, tx chains.TxID, since int) []arrival {
	level = append(level, arrival{at, since})
	if at.account != "" {
		level = append(level, arrival{at.broughtBy(tx), 0})
	}
	return level
}

// step decides the hops that move on what has come at a depth.
func (w *depthWalk) step(level []arrival, depth int) (next []arrival) {
	for len(level) > 0 {
		a := level[0]
		level = level[1:]
		if have, known := w.places[a.place]; !known || depth < have {
			w.places[a.place] = depth
		}
		open := w.onward[a.place]
		for len(open) > 0 && open[len(open)-1] >= a.since {
			i := open[len(open)-1]
			open = open[:len(open)-1]
			h := &w.result.Hops[i]
			w.hops[i] = depth + transfersOf(h)
			to := placeOf(h.Deposit, h.Chain, h.To, h.Asset)
			if transfersOf(h) == 0 {
				level = w.arrive(level, to, h.Tx, w.first[i])
			} else {
				next = w.arrive(next, to, h.Tx, w.first[i])
			}
		}
		w.onward[a.place] = open
	}
	return next
}

// ofEnd is the depth of the place where a part of a deposit rests; of a fee it is 0.
func (d *depths) ofEnd(e *tracer.End) int {
	if e.Index == nil {
		return 0
	}
	return d.places[placeOf(e.Deposit, e.Chain, tracer.Endpoint{Tx: e.Tx, Index: *e.Index, Address: e.Address}, e.Asset)]
}
