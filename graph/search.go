package graph

import (
	"context"
	"iter"
	"maps"
	"slices"

	"tsuiseki/chains"
)

// search looks for paths from both ends, a transfer at a time: forward from whom
// they start with, backward from whom they reach. Whichever end has fewer addresses
// to follow goes on. Together both walk as many transfers as a path may have, so
// every path's transfers are seen by one of them.
type search struct {
	Query
	filler    *filler
	store     Store
	from, to  map[Address]bool
	starting  map[Address]bool // of all addresses met, whether they are of the start
	targets   map[Address]bool // of all receivers, whether they are to be reached
	first     map[Key]bool     // transfers of the start
	transfers map[Key]*Transfer
	state     map[Address]state
	forward   front
	backward  front
	spender   map[Key]chains.Position // of outputs
	begun     map[txKey]bool          // transactions that spend an output of the start
	over      map[Key]*over           // payments into bridges; nil: an ordinary one
	ended     map[Address]bool        // where payments into bridges end
	sent      map[Address]*loaded     // what accounts paid, as far as it was read
	received  map[Address]*loaded     // what reached accounts, likewise
	passed    map[Address]bool        // whether money goes on there within a transaction
	filtered  map[Key]bool            // by the limits on amount and time
	cut       Cut
}

// state is what is known of an address on the way.
type state int

const (
	followed state = iota + 1
	hub
	stopped
)

type txKey struct {
	chain chains.Chain
	at    chains.Position
}

// front is how far one direction has come.
type front struct {
	hops map[Key]int // fewest transfers from the end, of each transfer seen
	edge []*Transfer // seen last, not followed yet
	// blocked: something kept transfers out of its sight.
	blocked bool
	// partial: an address that it starts with is a hub.
	partial bool
	done    int // transfers deep
	reached map[placeKey]chains.Position
}

// placeKey is an account's balance of an asset.
type placeKey struct {
	Address
	asset chains.Asset
}

// exhausted: all that can be reached was seen.
func (f *front) exhausted() bool { return len(f.edge) == 0 && !f.blocked }

func newSearch(store Store, f *filler, q Query) *search {
	s := &search{
		Query: q, store: store, filler: f,
		from: setOf(q.From), to: setOf(q.To), first: map[Key]bool{}, transfers: map[Key]*Transfer{}, state: map[Address]state{},
		spender: map[Key]chains.Position{}, begun: map[txKey]bool{}, over: map[Key]*over{}, ended: map[Address]bool{},
		sent: map[Address]*loaded{}, received: map[Address]*loaded{}, passed: map[Address]bool{}, filtered: map[Key]bool{},
	}
	s.starting, s.targets = maps.Clone(s.from), maps.Clone(s.to)
	s.forward = front{hops: map[Key]int{}, reached: map[placeKey]chains.Position{}}
	s.backward = front{hops: map[Key]int{}, reached: map[placeKey]chains.Position{}}
	return s
}

func setOf(addresses []Address) map[Address]bool {
	set := map[Address]bool{}
	for _, a := range addresses {
		set[a] = true
	}
	return set
}

// explore walks from both ends until one has seen all, or a limit is reached.
func (s *search) explore(ctx context.Context) error {
	if err := s.startBackward(ctx); err != nil {
		return err
	}
	if err := s.startForward(ctx); err != nil {
		return err
	}
	for next := s.next(); next != nil && !s.cut.Work; next = s.next() {
		walk := s.walkForward
		if next == &s.backward {
			walk = s.walkBackward
		}
		if err := walk(ctx); err != nil {
			return err
		}
	}
	return s.findStarts(ctx)
}

// cutByHops counts the transfers after which a path would be too long.
func (s *search) cutByHops() int {
	f, b := len(s.forward.edge), len(s.backward.edge)
	switch {
	case s.cut.Work:
		return 0
	case s.forward.partial:
		return b
	case s.backward.partial || b > 0:
		return f
	}
	return 0
}

// next is the direction in which to go on; nil where all paths' transfers were seen.
// An end that is a hub hides where its paths begin: they are seen from the other end
// alone, which then walks the whole way.
func (s *search) next() *front {
	f, b := &s.forward, &s.backward
	goOn := func(f *front) bool { return len(f.edge) > 0 && f.done < s.MaxHops }
	switch {
	case f.partial && b.partial, f.partial:
		if goOn(b) {
			return b
		}
		if b.partial && goOn(f) {
			return f
		}
		return nil
	case b.partial:
		if goOn(f) {
			return f
		}
		return nil
	case !goOn(f) || !goOn(b) || f.done+b.done >= s.MaxHops:
		return nil
	case len(f.edge) <= len(b.edge):
		return f
	}
	return b
}

// follow decides of addresses whether money is followed through them.
func (s *search) follow(ctx context.Context, addresses []Address) error {
	slices.SortFunc(addresses, Address.Compare)
	addresses = slices.Compact(addresses)
	addresses = slices.DeleteFunc(addresses, func(a Address) bool { return s.state[a] != 0 })
	var open []Address
	for _, a := range addresses {
		stops, end := false, s.starting[a] || s.targets[a]
		if s.Stop != nil && !end {
			var err error
			if stops, err = s.Stop(a); err != nil {
				return err
			}
		}
		stops = stops || !end && !utxo(a.Chain) && a.Address == chains.ZeroAddress // it mints and burns, and holds nothing
		if stops {
			s.state[a] = stopped
			continue
		}
		open = append(open, a)
	}
	if err := s.filler.fill(ctx, open); err != nil {
		return err
	}
	for _, a := range open {
		s.state[a] = followed
		if s.filler.hubs[a] {
			s.state[a] = hub
		}
	}
	return nil
}

// see notes a transfer that a direction reached; nil where a limit keeps it out.
func (s *search) see(f *front, t Transfer, hops int) {
	if s.transfers[t.Key] == nil {
		if s.keepOut(&t) {
			f.blocked = true
			return
		}
		s.transfers[t.Key] = &t
	}
	if _, seen := f.hops[t.Key]; !seen {
		f.hops[t.Key] = hops
		f.edge = append(f.edge, s.transfers[t.Key])
	}
}

// keepOut applies the limits to a transfer that is seen for the first time.
func (s *search) keepOut(t *Transfer) bool {
	small := t.Amount.Cmp(s.MinAmount) < 0
	late := !s.After.IsZero() && t.Time.Before(s.After) || !s.Before.IsZero() && t.Time.After(s.Before)
	switch {
	case s.filtered[t.Key]:
		return true
	case small:
		s.cut.Amount++
	case late:
		s.cut.Time++
	case s.Work > 0 && len(s.transfers) >= s.Work:
		s.cut.Work = true
		return true
	default:
		return false
	}
	s.filtered[t.Key] = true
	return true
}

// loaded is a stretch of an account's payments, or of what it received, in chain order.
type loaded struct {
	from, to  chains.Position
	transfers []Transfer
}

// load reads what is still missing of accounts' stretches.
func (s *search) load(into map[Address]*loaded, spans []Span, read func([]Span) iter.Seq2[Step, error]) error {
	var missing []Span
	for _, span := range spans {
		have := into[span.Address]
		if have == nil {
			into[span.Address] = &loaded{from: span.From, to: span.To}
			missing = append(missing, span)
			continue
		}
		if span.From.Compare(have.from) < 0 {
			missing = append(missing, Span{span.Address, span.From, before(have.from)})
			have.from = span.From
		}
		if span.To.Compare(have.to) > 0 {
			missing = append(missing, Span{span.Address, after(have.to), span.To})
			have.to = span.To
		}
	}
	touched := map[Address]bool{}
	for step, err := range read(missing) {
		if err != nil {
			return err
		}
		at := missing[step.Asked].Address
		into[at].transfers = append(into[at].transfers, step.Transfer)
		touched[at] = true
	}
	for a := range touched {
		slices.SortFunc(into[a].transfers, func(a, b Transfer) int { return a.Compare(b.Key) })
	}
	return nil
}

func before(p chains.Position) chains.Position {
	if p.Tx > 0 {
		return chains.Position{Height: p.Height, Tx: p.Tx - 1}
	}
	return chains.Position{Height: p.Height - 1, Tx: lastTx}
}

func after(p chains.Position) chains.Position {
	if p.Tx < lastTx {
		return chains.Position{Height: p.Height, Tx: p.Tx + 1}
	}
	return chains.Position{Height: p.Height + 1}
}

// lastTx is beyond every transaction's place in a block.
const lastTx = 1<<24 - 1

// sortEdge puts what is to be followed in an order that depends on the chain alone.
func sortEdge(edge []*Transfer) {
	slices.SortFunc(edge, func(a, b *Transfer) int { return a.Compare(b.Key) })
}

// utxo reports whether a chain's transfers are outputs.
func utxo(chain chains.Chain) bool { return chain.Family() == chains.Bitcoin }

func (s *search) tip(chain chains.Chain) chains.Position { return s.filler.tip(chain) }
