package graph

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"tsuiseki/chains"
)

// Seniority is the rule by which Exposure tells how much of the start's money a
// payment carries: each place pays what is the start's before all else.
//
// What is the start's is taken up in chain order. On an account chain each account
// keeps, per asset, how much of the start's lies there, and a payment of x takes
// min(that, x), so that no opening balance is needed. On a UTXO chain a transaction
// hands what is the start's of its inputs to its outputs in their order, each as much
// as it holds, the fee last: first of the inputs that the addresses asked about pay,
// so that what is direct depends on nothing else, then of the others in order. For what came in, the same is done in
// reverse: the latest receipts explain a payment first, and outputs hand to inputs.
//
// Nothing is counted twice or lost. Given the same arrivals at an account, and apart
// from swaps, no other rule that conserves has sent on more of them by any time. That
// is no bound for a single receiver: where the first payment takes all, another rule
// may give some to the second.
//
// It is the rule that allocates traces as "dirty-first", which names its sources.
const Seniority = "dirty-first"

// Place says whose an address is.
type Place struct {
	Category string // such as exchange
	Name     string
}

// ExposureQuery asks how much of what some addresses of one chain paid, or received,
// went to places with a name, or came from them: straight, or through addresses
// without one. The addresses count as one: what moves between them is left out.
type ExposureQuery struct {
	Of        []Address
	Direction Direction
	// Named tells whose an address is, if anybody says so. Money is not followed beyond.
	Named     func(Address) (Place, bool, error)
	MaxHops   int           // transfers to follow from the addresses
	MinAmount chains.Amount // of a transfer; 0 means no limit
	After     time.Time     // no transfer before; zero means no limit
	Before    time.Time     // no transfer after; zero means no limit
	HubDegree int           // transactions of an address above which money is not followed through it
	// Work limits transfers to read plus places to follow; 0 means no limit. What the
	// addresses themselves paid is exempt: direct amounts never depend on it.
	Work int
}

// ExposedSum is what reached, or came from, one or several named places, in one asset.
type ExposedSum struct {
	Asset chains.Asset
	// Direct is exact but in payments that are shared: there it is by the rule.
	Direct   chains.Amount
	Indirect chains.Amount // by the rule
	Hops     int           // fewest transfers; 1 is a direct payment
	Payments int           // transfers that brought some of it
	// Shared counts those of a UTXO chain's transactions in which others took part, so
	// that nothing records who of them paid what.
	Shared      int
	First, Last time.Time
}

// Exposed is one named place.
type Exposed struct {
	Place
	Address Address
	ExposedSum
}

// CategorySum adds up the places of one category.
type CategorySum struct {
	Category string
	Places   int
	ExposedSum
}

// ExposureTotals says where all of one asset went, or came from:
//
//	Moved + SwappedIn = Named + Returned + Resting + Hubs + Beyond… + Fees + Created + SwappedOut
type ExposureTotals struct {
	Asset    chains.Asset
	Moved    chains.Amount // that the addresses paid, or received; not among each other, and no change
	Named    chains.Amount // at named places
	Returned chains.Amount // that others brought back to the addresses, or had from them; what is paid again counts again
	Resting  chains.Amount // at followed addresses without a name: not paid on, or without a known origin
	Hubs     chains.Amount // at hubs

	BeyondHops   chains.Amount // at MaxHops, not followed
	BeyondAmount chains.Amount // carried by transfers of less than MinAmount
	BeyondTime   chains.Amount // carried by transfers outside of the window
	BeyondWork   chains.Amount // not followed for Work

	Fees    chains.Amount // of a UTXO chain, and what nobody can spend
	Created chains.Amount // of a UTXO chain: newly mined, or from inputs that the index does not know

	// Where an address pays another asset than what it received in one transaction,
	// the one becomes the other, at the rate of all that it received and paid there.
	SwappedIn, SwappedOut chains.Amount
}

// ExposureAnswer is the answer to an ExposureQuery. Found says that something is at
// a named place, None that nothing is and everything was followed. Otherwise some
// went to a hub, or beyond a limit.
type ExposureAnswer struct {
	Answer     Answer
	Rule       string
	Categories []CategorySum    // by category and asset
	Places     []Exposed        // by category and asset, the largest first
	Totals     []ExposureTotals // by asset
	Hubs       []Address        // of those asked about: not looked at
	Explored   Explored
}

// Exposure follows money from addresses, or back from them, to places with a name.
// It fills in what the graph lacks from the indexes of chains.
func Exposure(ctx context.Context, store Store, indexes map[chains.Chain]Chain, q ExposureQuery) (*ExposureAnswer, error) {
	if len(q.Of) == 0 || slices.ContainsFunc(q.Of, func(a Address) bool { return a.Chain != q.Of[0].Chain }) {
		return nil, errors.New("exposure: want one or several addresses, all of one chain")
	}
	f, err := newFiller(ctx, store, indexes, q.HubDegree)
	if err != nil {
		return nil, err
	}
	if err := f.fill(ctx, q.Of); err != nil {
		return nil, err
	}
	e := &exposure{
		ExposureQuery: q, store: store, filler: f, chain: q.Of[0].Chain, of: setOf(q.Of), payers: map[Address]bool{},
		named: map[Address]*Place{}, found: map[placeKey]*Exposed{}, totals: map[chains.Asset]*ExposureTotals{},
		queued: map[chains.Position]bool{}, own: map[chains.Position]bool{}, followed: map[Address]bool{}, hubs: map[Address]bool{},
	}
	e.queue.before = e.earlier
	answer := &ExposureAnswer{Rule: Seniority}
	for _, a := range slices.SortedFunc(maps.Keys(e.of), Address.Compare) {
		if f.hubs[a] {
			answer.Hubs = append(answer.Hubs, a)
		} else {
			e.payers[a] = true
		}
	}
	if utxo(e.chain) {
		err = e.sweep(ctx, &exposedOutputs{exposure: e, held: map[chains.Outpoint]share{}})
	} else {
		err = e.sweep(ctx, &exposedAccounts{exposure: e, accounts: map[Address]*exposedAccount{}})
	}
	if err != nil {
		return nil, err
	}
	e.tell(answer)
	return answer, nil
}

// tell sums up a sweep.
func (e *exposure) tell(answer *ExposureAnswer) {
	for _, one := range e.found {
		answer.Places = append(answer.Places, *one)
	}
	slices.SortFunc(answer.Places, func(a, b Exposed) int {
		return cmp.Or(
			cmp.Compare(a.Category, b.Category), cmp.Compare(a.Asset, b.Asset),
			b.Direct.Add(b.Indirect).Cmp(a.Direct.Add(a.Indirect)), a.Address.Compare(b.Address),
		)
	})
	answer.Categories = sumCategories(answer.Places)
	var hubs, beyond chains.Amount
	for _, asset := range slices.Sorted(maps.Keys(e.totals)) {
		t := e.totals[asset]
		if *t == (ExposureTotals{Asset: asset}) {
			continue
		}
		answer.Totals = append(answer.Totals, *t)
		hubs = hubs.Add(t.Hubs)
		beyond = chains.Sum(beyond, t.BeyondHops, t.BeyondAmount, t.BeyondTime, t.BeyondWork)
	}
	answer.Explored = Explored{
		Addresses: len(e.followed), Transfers: e.looked, Cut: e.cut,
		Hubs: slices.SortedFunc(maps.Keys(e.hubs), Address.Compare),
	}
	for at := range e.found {
		answer.Explored.Stops = append(answer.Explored.Stops, at.Address)
	}
	slices.SortFunc(answer.Explored.Stops, Address.Compare)
	answer.Explored.Stops = slices.Compact(answer.Explored.Stops)
	switch {
	case len(answer.Places) > 0:
		answer.Answer = Found
	case hubs.Sign() > 0 || len(answer.Hubs) > 0:
		answer.Answer = HubInTheWay
	case beyond.Sign() > 0 || e.cut != (Cut{}):
		answer.Answer = NotWithinLimits
	default:
		answer.Answer = None
	}
}

// sumCategories adds up places, which are in the order of categories and assets.
func sumCategories(places []Exposed) (sums []CategorySum) {
	for _, p := range places {
		last := len(sums) - 1
		if last < 0 || sums[last].Category != p.Category || sums[last].Asset != p.Asset {
			sums = append(sums, CategorySum{Category: p.Category, Places: 1, ExposedSum: p.ExposedSum})
			continue
		}
		sums[last].Places++
		sums[last].merge(&p.ExposedSum)
	}
	return sums
}

// merge adds another sum of the same asset.
func (s *ExposedSum) merge(o *ExposedSum) {
	if s.Payments == 0 {
		*s = *o
		return
	}
	s.Direct, s.Indirect = s.Direct.Add(o.Direct), s.Indirect.Add(o.Indirect)
	s.Hops = min(s.Hops, o.Hops)
	s.Payments, s.Shared = s.Payments+o.Payments, s.Shared+o.Shared
	if o.First.Before(s.First) {
		s.First = o.First
	}
	if o.Last.After(s.Last) {
		s.Last = o.Last
	}
}
