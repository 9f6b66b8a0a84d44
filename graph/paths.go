package graph

import (
	"context"
	"slices"
	"time"

	"tsuiseki/chains"
)

// Order is by what paths are ranked.
type Order string

// Orders of paths. What is equal in one goes by the others, then by chain order.
const (
	ByAmount Order = "amount" // the largest bottleneck first, asset by asset
	ByHops   Order = "hops"   // the fewest transfers first
	ByTime   Order = "time"   // the earliest arrival first
)

// Query asks for the paths that money took from one of some addresses to another
// of some. No path leads through an address of either end, nor through a hub. An
// address that is listed at one end is none of the other's functions.
type Query struct {
	From, To []Address
	// FromTransfers are further beginnings: a path's first transfer is one of them. The
	// store holds their transactions.
	FromTransfers []Key
	// Begins and Reaches tell further addresses of either end, that cannot be listed.
	// They may be nil. A path between two such addresses is not seen.
	Begins, Reaches func(Address) (bool, error)
	// LeaveHubs leaves out hubs among To: they are no end, and stand in the way.
	LeaveHubs bool
	Bridges   Bridges       // nil: no path leads from chain to chain
	MaxHops   int           // transfers in a path
	MinAmount chains.Amount // of every transfer; 0 means no limit
	After     time.Time     // no transfer before; zero means no limit
	Before    time.Time     // no transfer after; zero means no limit
	K         int           // paths wanted, of each asset that arrives on each chain
	By        Order
	HubDegree int // transactions of an address above which money is not followed through it
	Work      int // transfers to look at; 0 means no limit
	// Stop tells addresses beyond which money cannot be followed: a service's. It may be nil.
	Stop func(Address) (bool, error)
}

// Answer is what became of a Query.
type Answer string

// Answers. NotWithinLimits and HubInTheWay say that there may be a path.
const (
	Found           Answer = "found"
	None            Answer = "none"
	NotWithinLimits Answer = "not-within-limits"
	HubInTheWay     Answer = "hub-in-the-way"
)

// Path is how money may have gone: each transfer follows the one before, or answers
// it over a bridge.
type Path struct {
	// Bottleneck is how much of what arrived can have come the whole way: the least
	// that any transfer moved. Where one asset was changed for another, it is
	// counted in the other at the rate of that transaction, or bridge, rounded down.
	Bottleneck chains.Amount
	Asset      chains.Asset // that arrived
	Transfers  []Transfer
	Bridged    []int // places in Transfers of those that came over a bridge
	// Origin is an output that the first transfer's transaction spends, on a UTXO chain:
	// one of the start's, or the first where the path begins with a transfer.
	Origin *Spend
}

// Explored tells how far a search went.
type Explored struct {
	Addresses int       // followed
	Transfers int       // looked at
	Hubs      []Address // met, and not followed
	Stops     []Address // likewise, as Query.Stop or Query.Bridges says
	Cut       Cut
}

// Cut counts what limits kept out of sight.
type Cut struct {
	Hops   int // transfers beyond which it was not followed
	Amount int // transfers of less
	Time   int // transfers outside of the window
	Work   bool
}

// PathsAnswer is the answer to a Query.
type PathsAnswer struct {
	Answer   Answer
	Paths    []Path
	Explored Explored
}

// Paths finds paths. It fills in what the graph lacks from the indexes of chains.
func Paths(ctx context.Context, store Store, indexes map[chains.Chain]Chain, q Query) (*PathsAnswer, error) {
	f, err := newFiller(ctx, store, indexes, q.HubDegree)
	if err != nil {
		return nil, err
	}
	if q.Bridges != nil {
		f.more = q.Bridges.Index
	}
	s := newSearch(store, f, q)
	if err := s.explore(ctx); err != nil {
		return nil, err
	}
	if err := s.checkMeetings(ctx); err != nil {
		return nil, err
	}
	if err := s.decidePassing(); err != nil {
		return nil, err
	}
	s.cut.Hops = s.cutByHops()
	paths := s.best()
	if err := s.addOrigins(ctx, paths); err != nil {
		return nil, err
	}
	answer := &PathsAnswer{Paths: paths, Explored: s.explored()}
	switch {
	case len(paths) > 0:
		answer.Answer = Found
	case s.forward.exhausted() || s.backward.exhausted():
		answer.Answer = None
	case len(answer.Explored.Hubs)+len(answer.Explored.Stops) > 0:
		answer.Answer = HubInTheWay
	default:
		answer.Answer = NotWithinLimits
	}
	return answer, nil
}

// explored sums up both directions.
func (s *search) explored() Explored {
	e := Explored{Transfers: len(s.transfers)}
	for a := range s.ended {
		if s.state[a] != stopped {
			e.Stops = append(e.Stops, a)
		}
	}
	for a, state := range s.state {
		switch state {
		case followed:
			e.Addresses++
		case hub:
			e.Hubs = append(e.Hubs, a)
		case stopped:
			e.Stops = append(e.Stops, a)
		}
	}
	slices.SortFunc(e.Hubs, Address.Compare)
	slices.SortFunc(e.Stops, Address.Compare)
	e.Cut = s.cut
	return e
}
