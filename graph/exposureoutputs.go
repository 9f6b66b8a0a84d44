package graph

import (
	"context"
	"maps"
	"slices"

	"tsuiseki/chains"
)

// exposedOutputs follows money through a UTXO chain, output by output.
type exposedOutputs struct {
	*exposure
	asset   chains.Asset
	held    map[chains.Outpoint]share // of outputs that are followed; those taken up are gone
	resting chains.Amount             // of those that nothing spends, or whose origin is not held
}

func (x *exposedOutputs) start(ctx context.Context) error {
	tip := x.filler.tip(x.chain)
	var spans []Span
	for _, a := range slices.SortedFunc(maps.Keys(x.payers), Address.Compare) {
		spans = append(spans, Span{a, chains.Position{}, tip})
	}
	var coins []Key
	for step, err := range x.store.Received(ctx, spans) {
		if err != nil {
			return err
		}
		x.looked++
		x.asset = step.Asset
		coins = append(coins, step.Key)
		if x.Direction == In {
			x.own[step.At] = true
			x.push(step.At)
		}
	}
	if x.Direction == In {
		return nil
	}
	for step, err := range x.store.Followers(ctx, coins) {
		if err != nil {
			return err
		}
		if step.At.Compare(tip) <= 0 {
			x.looked++
			x.own[step.At] = true
			x.push(step.At)
		}
	}
	return nil
}

// slot is an input or output of a transaction.
type slot struct {
	coin    chains.Outpoint
	address chains.Address
	amount  chains.Amount
}

// sides are what a transaction takes from, and what it hands to.
func (x *exposedOutputs) sides(tx *Tx) (from, to []slot) {
	for _, s := range tx.Spends {
		from = append(from, slot{s.Output, s.Address, s.Amount})
	}
	for i := range tx.Transfers {
		t := &tx.Transfers[i]
		to = append(to, slot{chains.Outpoint{Tx: tx.ID, Index: t.N}, t.To, t.Amount})
	}
	if x.Direction == In {
		return to, from
	}
	return from, to
}

// source is the start's money in an input.
type source struct {
	share
	direct bool
}

func (x *exposedOutputs) take(ctx context.Context, tx *Tx) error {
	within := x.within(tx)
	from, to := x.sides(tx)
	var sources, others []source // the payers' own come first: what is direct depends on nothing else
	for _, s := range from {
		lies, followed := x.held[s.coin]
		switch {
		case x.payers[Address{x.chain, s.address}]:
			if within {
				sources = append(sources, source{share{s.amount, 1}, true})
			}
		case followed && !x.cut.Work:
			others = append(others, source{share{lies.amount, lies.hops + 1}, false})
			delete(x.held, s.coin)
		}
	}
	sources = append(sources, others...)
	if !within {
		x.cut.Time++
		t := x.total(x.asset)
		for _, s := range sources {
			t.BeyondTime = t.BeyondTime.Add(s.amount)
		}
		return nil
	}
	shared := x.isShared(tx)
	var moves []move
	var coins []chains.Outpoint
	for _, s := range to {
		if m := hand(&sources, s.amount); m.amount.Sign() > 0 {
			m.tx, m.to, m.asset, m.size, m.shared = tx, Address{x.chain, s.address}, x.asset, s.amount, shared && m.direct.Sign() > 0
			moves, coins = append(moves, m), append(coins, s.coin)
		}
	}
	x.keepRest(sources)
	if err := x.meet(ctx, moves); err != nil {
		return err
	}
	var follow []chains.Outpoint
	for i := range moves {
		if x.arrive(&moves[i]) {
			follow = append(follow, coins[i])
			x.held[coins[i]] = moves[i].share
			x.places++
		}
	}
	if len(follow) == 0 || x.cut.Work {
		return nil
	}
	if x.Direction == In {
		return x.origins(ctx, tx, follow)
	}
	return x.spenders(ctx, tx, follow)
}

// hand takes money for an output from the front of what is left of the inputs'.
func hand(sources *[]source, most chains.Amount) (m move) {
	for len(*sources) > 0 && most.Sign() > 0 {
		s := &(*sources)[0]
		part := share{s.amount.Min(most), s.hops}
		m.share = m.join(part)
		if s.direct {
			m.direct = m.direct.Add(part.amount)
		}
		most = most.Sub(part.amount)
		if s.amount = s.amount.Sub(part.amount); s.amount.Sign() == 0 {
			*sources = (*sources)[1:]
		}
	}
	return m
}

// keepRest books what no output took.
func (x *exposedOutputs) keepRest(sources []source) {
	t := x.total(x.asset)
	for _, s := range sources {
		if s.direct {
			t.Moved = t.Moved.Add(s.amount)
		}
		if x.Direction == In {
			t.Created = t.Created.Add(s.amount)
		} else {
			t.Fees = t.Fees.Add(s.amount)
		}
	}
}

// isShared reports whether nothing records who of a transaction's inputs paid what.
func (x *exposedOutputs) isShared(tx *Tx) bool {
	ours, others := false, map[chains.Address]bool{}
	for _, s := range tx.Spends {
		if x.of[Address{x.chain, s.Address}] {
			ours = true
		} else {
			others[s.Address] = true
		}
	}
	return len(others) > 1 || ours && len(others) > 0
}

// spenders has the transactions taken up that spend outputs of one.
func (x *exposedOutputs) spenders(ctx context.Context, tx *Tx, follow []chains.Outpoint) error {
	var keys []Key
	for _, coin := range follow {
		keys = append(keys, Key{x.chain, tx.At, coin.Index})
	}
	tip := x.filler.tip(x.chain)
	spent := make([]bool, len(keys))
	for step, err := range x.store.Followers(ctx, keys) {
		if err != nil {
			return err
		}
		if step.At.Compare(tip) > 0 {
			continue
		}
		spent[step.Asked] = true
		x.push(step.At)
		if !x.look() {
			return nil
		}
	}
	x.lieThere(follow, spent)
	return nil
}

// origins has the transactions taken up that made the outputs that one spends.
func (x *exposedOutputs) origins(ctx context.Context, tx *Tx, follow []chains.Outpoint) error {
	made := make([]bool, len(follow))
	for source, err := range x.store.Sources(ctx, []Key{{x.chain, tx.At, tx.Transfers[0].N}}) {
		if err != nil {
			return err
		}
		i := slices.Index(follow, source.Output)
		if i >= 0 && source.Held {
			made[i] = true
			x.push(source.Transfer.At)
		}
		if !x.look() {
			return nil
		}
	}
	x.lieThere(follow, made)
	return nil
}

// lieThere settles outputs that cannot be followed any further.
func (x *exposedOutputs) lieThere(coins []chains.Outpoint, further []bool) {
	for i, coin := range coins {
		if !further[i] {
			x.resting = x.resting.Add(x.held[coin].amount)
			delete(x.held, coin)
		}
	}
}

func (x *exposedOutputs) settle() {
	if x.asset == "" {
		return
	}
	t := x.total(x.asset)
	t.Resting = t.Resting.Add(x.resting)
	for _, lies := range x.held {
		t.BeyondWork = t.BeyondWork.Add(lies.amount)
	}
}
