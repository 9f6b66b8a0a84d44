package graph

import (
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
	HubDegree int           // transactions of an address above which it is a hub; 0 means no limit
	// Hubs has hubs looked at all the same. Their transactions are read from the index
	// one after the other, and are not kept in the graph.
	Hubs bool

	Limit  int    // neighbours wanted at once; 0 for all
	Cursor string // NeighboursAnswer.Next of the page before; empty for the first
	// Held is how many neighbours are added up at once. Where there are more, payments
	// are gone through again for the rest: that bounds memory, and changes no answer.
	// 0 means 250,000, of about 300 bytes each.
	Held int
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

// NeighboursAnswer is a page of the answer to a NeighbourQuery, the largest amounts
// first, asset by asset.
type NeighboursAnswer struct {
	Neighbours []Neighbour
	Total      int       // neighbours on all pages
	Next       string    // cursor of the next page; empty on the last
	Hubs       []Address // of those asked about: not looked at
}

// Neighbours finds who dealt with addresses, and fills in what the graph lacks. Amounts
// are sums, so that each page takes going through all payments; what is held meanwhile
// is the page, so many neighbours as NeighbourQuery.Held says, and on a UTXO chain the
// places of the transactions of addresses that are no hubs. A cursor of another
// question or of another snapshot is refused with ErrCursor.
func Neighbours(ctx context.Context, store Store, indexes map[chains.Chain]Chain, q NeighbourQuery) (*NeighboursAnswer, error) {
	f, err := newFiller(ctx, store, indexes, q.HubDegree)
	if err != nil {
		return nil, err
	}
	page, err := newNeighbourPage(f, q)
	if err != nil {
		return nil, err
	}
	if err := f.fill(ctx, slices.Clone(q.Of)); err != nil {
		return nil, err
	}
	n := &neighbours{NeighbourQuery: q, store: store, filler: f, of: setOf(q.Of), tally: newTally(q.Held)}
	for _, a := range slices.SortedFunc(maps.Keys(n.of), Address.Compare) {
		if f.hubs[a] {
			n.hubs = append(n.hubs, a)
		} else {
			n.spans = append(n.spans, Span{a, chains.Position{}, f.tip(a.Chain)})
		}
	}
	for n.tally.next() {
		if err := n.scan(ctx); err != nil {
			return nil, err
		}
		page.take(n.tally.found)
	}
	answer, err := page.answer()
	if err == nil && !q.Hubs {
		answer.Hubs = n.hubs
	}
	return answer, err
}

// neighbours adds up who dealt with addresses.
type neighbours struct {
	NeighbourQuery
	store  Store
	filler *filler
	of     map[Address]bool
	spans  []Span    // of those that are no hubs
	hubs   []Address // sorted
	tally  *tally
	// places are those of transactions that count for spans, on a UTXO chain; nil
	// before the first scan.
	places []chains.Position
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
	one := n.tally.of(placeKey{a, asset})
	if one == nil {
		return
	}
	if one.Payments == 0 {
		one.First = at
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
