package graph

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"tsuiseki/chains"
)

// askTogether is how many outputs or transactions a scan asks the store for at once.
const askTogether = 1_000

// scan goes through all payments that may count.
func (n *neighbours) scan(ctx context.Context) error {
	if len(n.of) == 0 {
		return nil
	}
	outputs := utxo(n.Of[0].Chain)
	var err error
	switch {
	case outputs:
		err = n.outputs(ctx)
	case n.Direction == Out:
		err = n.payments(ctx, n.store.Sent, (*Transfer).Receiver)
	default:
		err = n.payments(ctx, n.store.Received, (*Transfer).Sender)
	}
	if !n.Hubs {
		return err
	}
	for _, hub := range n.hubs {
		if err != nil {
			return err
		}
		err = n.stream(ctx, hub, outputs)
	}
	return err
}

// payments adds up accounts' payments.
func (n *neighbours) payments(ctx context.Context, read reading, other func(*Transfer) Address) error {
	for step, err := range read(ctx, n.spans) {
		if err != nil {
			return err
		}
		if n.wants(&step.Transfer) {
			n.add(other(&step.Transfer), step.Asset, step.Amount, step.Time, false)
		}
	}
	return nil
}

// stream adds up what a hub paid, or received, by its history in the index.
func (n *neighbours) stream(ctx context.Context, hub Address, outputs bool) error {
	for tx, err := range n.filler.chains[hub.Chain].History(hub.Address) {
		if err != nil {
			return fmt.Errorf("reading the history of %s: %w", hub.Address, err)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if outputs {
			if n.firstOf(tx) == hub {
				n.transaction(tx)
			}
			continue
		}
		for i := range tx.Transfers {
			t := &tx.Transfers[i]
			own, other := t.Sender(), t.Receiver()
			if n.Direction == In {
				own, other = other, own
			}
			if own == hub && n.wants(t) {
				n.add(other, t.Asset, t.Amount, t.Time, false)
			}
		}
	}
	return nil
}

// firstOf is whose history a transaction of outputs is counted in, where it is in that
// of several addresses: one that is no hub, or else the first hub.
func (n *neighbours) firstOf(tx *Tx) (first Address) {
	found := false
	take := func(name chains.Address) {
		a := Address{tx.Chain, name}
		if !n.of[a] {
			return
		}
		isHub := n.filler.hubs[a]
		if !found || isHub == n.filler.hubs[first] && a.Compare(first) < 0 || !isHub && n.filler.hubs[first] {
			first, found = a, true
		}
	}
	if n.Direction == Out {
		for i := range tx.Spends {
			take(tx.Spends[i].Address)
		}
		return first
	}
	for i := range tx.Transfers {
		take(tx.Transfers[i].To)
	}
	return first
}

// outputs adds up, transaction by transaction, what the addresses' coins paid, or
// who paid for theirs.
func (n *neighbours) outputs(ctx context.Context) error {
	if n.places == nil && len(n.spans) > 0 {
		if err := n.findPlaces(ctx); err != nil {
			return err
		}
	}
	for places := range slices.Chunk(n.places, askTogether) {
		txs, err := n.store.Txs(ctx, n.spans[0].Chain, places)
		if err != nil {
			return err
		}
		for _, tx := range txs {
			n.transaction(tx)
		}
	}
	return nil
}

// findPlaces finds the transactions in which the addresses received, or spent.
func (n *neighbours) findPlaces(ctx context.Context) error {
	found := map[chains.Position]bool{}
	tip := n.spans[0].To
	var coins []Key
	follow := func() error {
		for step, err := range n.store.Followers(ctx, coins) {
			if err != nil {
				return err
			}
			if step.At.Compare(tip) <= 0 {
				found[step.At] = true
			}
		}
		coins = coins[:0]
		return nil
	}
	for step, err := range n.store.Received(ctx, n.spans) {
		if err != nil {
			return err
		}
		if n.Direction == In {
			found[step.At] = true
			continue
		}
		if coins = append(coins, step.Key); len(coins) == askTogether {
			if err := follow(); err != nil {
				return err
			}
		}
	}
	if err := follow(); err != nil {
		return err
	}
	n.places = slices.SortedFunc(maps.Keys(found), chains.Position.Compare)
	return nil
}

func (n *neighbours) transaction(tx *Tx) {
	payers := map[Address]chains.Amount{}
	for _, spend := range tx.Spends {
		a := Address{tx.Chain, spend.Address}
		payers[a] = payers[a].Add(spend.Amount)
	}
	foreign := false
	for a := range payers {
		foreign = foreign || !n.of[a]
	}
	paid := map[placeKey]chains.Amount{}
	for i := range tx.Transfers {
		t := &tx.Transfers[i]
		if n.of[t.Receiver()] != (n.Direction == In) || !n.wants(t) {
			continue
		}
		at := placeKey{t.Receiver(), t.Asset}
		paid[at] = paid[at].Add(t.Amount)
	}
	if n.Direction == Out {
		for at, amount := range paid {
			n.add(at.Address, at.asset, amount, tx.Time, foreign)
		}
		return
	}
	sums := map[chains.Asset]chains.Amount{}
	for at, amount := range paid {
		sums[at.asset] = sums[at.asset].Add(amount)
	}
	for asset, sum := range sums {
		for a, put := range payers {
			n.add(a, asset, sum.Min(put), tx.Time, len(payers) > 1)
		}
	}
}
