package graph

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"tsuiseki/chains"
)

// Direction is which way money went.
type Direction string

// Directions.
const (
	Out Direction = "out" // to whom an address paid
	In  Direction = "in"  // who paid it
)

// NeighbourQuery asks who dealt with some addresses of one chain, which count as
// one: what moves between them is left out.
type NeighbourQuery struct {
	Of        []Address
	Direction Direction
	Asset     chains.Asset  // empty for all
	MinAmount chains.Amount // of a payment; 0 means no limit
	After     time.Time     // no payment before; zero means no limit
	Before    time.Time     // no payment after; zero means no limit
	HubDegree int           // transactions of an address above which it is not looked at
}

// Neighbour is who dealt with the addresses, in one asset.
type Neighbour struct {
	Address  Address
	Asset    chains.Asset
	Payments int // transfers on an account chain, transactions on a UTXO chain
	// Amount is the sum. On a UTXO chain it is an upper bound where others took part
	// in the same transactions, as Shared of them say: who of the inputs paid which
	// output is not recorded.
	Amount      chains.Amount
	Shared      int
	First, Last time.Time
}

// NeighboursAnswer is the answer to a NeighbourQuery, the largest amounts first,
// asset by asset.
type NeighboursAnswer struct {
	Neighbours []Neighbour
	Hubs       []Address // of those asked about: not looked at
}

// Neighbours finds who dealt with addresses, and fills in what the graph lacks.
func Neighbours(ctx context.Context, store Store, indexes map[chains.Chain]Chain, q NeighbourQuery) (*NeighboursAnswer, error) {
	n := &neighbours{NeighbourQuery: q, store: store, of: setOf(q.Of), found: map[placeKey]*Neighbour{}}
	f, err := newFiller(ctx, store, indexes, q.HubDegree)
	if err != nil {
		return nil, err
	}
	if err := f.fill(ctx, slices.Clone(q.Of)); err != nil {
		return nil, err
	}
	answer := &NeighboursAnswer{}
	var spans []Span
	for _, a := range slices.SortedFunc(maps.Keys(n.of), Address.Compare) {
		if f.hubs[a] {
			answer.Hubs = append(answer.Hubs, a)
			continue
		}
		spans = append(spans, Span{a, chains.Position{}, f.tip(a.Chain)})
	}
	switch {
	case len(spans) > 0 && utxo(spans[0].Chain):
		err = n.outputs(ctx, spans, f.tip(spans[0].Chain))
	case q.Direction == Out:
		err = n.payments(ctx, spans, store.Sent, (*Transfer).Receiver)
	default:
		err = n.payments(ctx, spans, store.Received, (*Transfer).Sender)
	}
	for _, neighbour := range n.found {
		answer.Neighbours = append(answer.Neighbours, *neighbour)
	}
	slices.SortFunc(answer.Neighbours, func(a, b Neighbour) int {
		return cmp.Or(cmp.Compare(a.Asset, b.Asset), b.Amount.Cmp(a.Amount), a.Address.Compare(b.Address))
	})
	return answer, err
}

type neighbours struct {
	NeighbourQuery
	store Store
	of    map[Address]bool
	found map[placeKey]*Neighbour
}

// wants reports whether a payment counts.
func (n *neighbours) wants(t *Transfer) bool {
	return (n.Asset == "" || t.Asset == n.Asset) && t.Amount.Cmp(n.MinAmount) >= 0 &&
		(n.After.IsZero() || !t.Time.Before(n.After)) && (n.Before.IsZero() || !t.Time.After(n.Before))
}

// add counts a payment of a neighbour's.
func (n *neighbours) add(a Address, asset chains.Asset, amount chains.Amount, at time.Time, shared bool) {
	if n.of[a] || a.Address == "" {
		return
	}
	of := placeKey{a, asset}
	one := n.found[of]
	if one == nil {
		one = &Neighbour{Address: a, Asset: asset, First: at}
		n.found[of] = one
	}
	one.Payments++
	one.Amount = one.Amount.Add(amount)
	if shared {
		one.Shared++
	}
	if at.Before(one.First) {
		one.First = at
	}
	if at.After(one.Last) {
		one.Last = at
	}
}

// payments adds up accounts' payments.
func (n *neighbours) payments(ctx context.Context, spans []Span, read reading, other func(*Transfer) Address) error {
	for step, err := range read(ctx, spans) {
		if err != nil {
			return err
		}
		if n.wants(&step.Transfer) {
			n.add(other(&step.Transfer), step.Asset, step.Amount, step.Time, false)
		}
	}
	return nil
}

// outputs adds up, transaction by transaction, what the addresses' coins paid, or
// who paid for theirs.
func (n *neighbours) outputs(ctx context.Context, spans []Span, tip chains.Position) error {
	places := map[chains.Position]bool{} // of transactions that count
	chain := spans[0].Chain
	var coins []Key
	for step, err := range n.store.Received(ctx, spans) {
		if err != nil {
			return err
		}
		coins = append(coins, step.Key)
		if n.Direction == In {
			places[step.At] = true
		}
	}
	if n.Direction == Out {
		for step, err := range n.store.Followers(ctx, coins) {
			if err != nil {
				return err
			}
			if step.At.Compare(tip) <= 0 {
				places[step.At] = true
			}
		}
	}
	txs, err := n.store.Txs(ctx, chain, slices.SortedFunc(maps.Keys(places), chains.Position.Compare))
	for _, tx := range txs {
		n.transaction(tx)
	}
	return err
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
