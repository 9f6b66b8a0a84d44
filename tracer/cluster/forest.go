package cluster

import (
	"errors"
	"fmt"
	"iter"
	"slices"

	"tsuiseki/chains"
)

// Outcome is what became of a link.
type Outcome string

// The outcomes of Add and Follow.
const (
	Joined    Outcome = "joined"
	Redundant Outcome = "redundant" // the addresses were together already
	Conflict  Outcome = "conflict"  // their clusters belong to different services
	Held      Outcome = "held"      // both clusters are giants: a person must look
)

// Withheld is a link that collapse control did not follow.
type Withheld struct {
	Link
	Outcome Outcome
}

// Service numbers a service that labels name; 0 is none.
type Service uint32

// Control is what keeps clusters from collapsing into one.
type Control struct {
	Giant    int    // two clusters of at least so many addresses are not merged; 0 is DefaultGiant
	Approved []Link // merges of giants that a person has approved
}

// DefaultGiant is the size from which two clusters are not merged.
const DefaultGiant = 1_000

// Forest joins addresses into clusters and knows the link of each merge, so that
// each can be shown and undone. Links come in chain order. It takes 16 bytes per
// address; links stand elsewhere (Over), or in memory with 17 bytes per merge (Add).
// It serves one goroutine at a time.
//
// A merge hangs the root of the smaller cluster under that of the larger, and paths
// are never shortened: a path has at most log2(n) steps, along which links get
// younger. So what was joined up to a link can be told at any time (Until), and
// taking off the youngest link restores the state before it.
type Forest struct {
	control Control

	up   *Column // parent; of a root, itself
	via  *Column // number of the link that hung it there; of a root, its cluster's size
	next *Column // ring of the cluster's members
	// low is, of a root, the cluster's lowest address. Elsewhere it is what its
	// cluster and the one that it was hung under did not need of their two.
	low *Column

	links  Links
	memory *recorded // links where they are the forest's own

	services map[uint32]belonging
	withheld []withheld
}

// belonging says whose the subtree below an address is, since a link joined it.
type belonging struct {
	service Service
	since   uint32 // number of the link; 0 where the address itself is labelled
}

type withheld struct {
	Withheld
	number uint32 // of the link
}

// NewForest has no address yet, and keeps its links itself.
func NewForest(control Control) *Forest {
	memory := new(recorded)
	f := Over(memory, control, State{NewColumn(nil), NewColumn(nil), NewColumn(nil), NewColumn(nil), nil})
	f.memory = memory
	return f
}

// State is a forest without its links.
type State struct {
	Up, Via, Next, Low *Column // of one length
	Withheld           []uint32
}

// Over is a forest as State gave it, of links that are kept elsewhere. Those that
// were withheld were Held: of labels a state knows nothing.
func Over(links Links, control Control, state State) *Forest {
	if control.Giant <= 0 {
		control.Giant = DefaultGiant
	}
	f := &Forest{control: control, up: state.Up, via: state.Via, next: state.Next, low: state.Low, links: links, services: map[uint32]belonging{}}
	for _, number := range state.Withheld {
		f.withheld = append(f.withheld, withheld{Withheld{links.Link(number), Held}, number})
	}
	return f
}

// State is what Over needs besides the links. It shares the forest's memory.
func (f *Forest) State() State {
	s := State{Up: f.up, Via: f.via, Next: f.next, Low: f.low}
	for _, w := range f.withheld {
		s.Withheld = append(s.Withheld, w.number)
	}
	return s
}

// Err says what damage was met in mapped columns and links. An answer is good where
// it is nil afterwards.
func (f *Forest) Err() error {
	return errors.Join(f.up.Err(), f.via.Err(), f.next.Err(), f.low.Err(), f.links.Err())
}

// Grow makes addresses up to count known, each a cluster of its own.
func (f *Forest) Grow(count int) {
	for id := uint32(f.Len()); int(id) < count; id++ {
		f.up.Append(id)
		f.via.Append(1)
		f.next.Append(id)
		f.low.Append(id)
	}
}

// Len is how many addresses are known.
func (f *Forest) Len() int { return f.up.Len() }

// Bytes is what the forest's arrays hold, without spare capacity.
func (f *Forest) Bytes() int {
	bytes := 16 * f.Len()
	if f.memory != nil {
		bytes += 17 * len(f.memory.at)
	}
	return bytes
}

func (f *Forest) check(ids ...uint32) error {
	for _, id := range ids {
		if int(id) >= f.Len() {
			return fmt.Errorf("address number %d: %w: the clusters hold %d", id, chains.ErrNotFound, f.Len())
		}
	}
	return nil
}

func (f *Forest) root(id uint32) uint32 {
	for {
		up := f.up.At(id)
		if up == id {
			return id
		}
		id = up
	}
}

// Entity is the number of the cluster of an address: its lowest address. It names
// the same cluster however it was put together.
func (f *Forest) Entity(id uint32) (uint32, error) {
	if err := f.check(id); err != nil {
		return 0, err
	}
	return f.low.At(f.root(id)), nil
}

// Together reports whether two addresses are in one cluster.
func (f *Forest) Together(a, b uint32) (bool, error) {
	if err := f.check(a, b); err != nil {
		return false, err
	}
	return f.root(a) == f.root(b), nil
}

// Size is how many addresses the cluster of an address has.
func (f *Forest) Size(id uint32) (int, error) {
	if err := f.check(id); err != nil {
		return 0, err
	}
	return int(f.via.At(f.root(id))), nil
}

// Members yields the addresses of the cluster of an address, itself first.
func (f *Forest) Members(id uint32) iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		if f.check(id) != nil || !yield(id) {
			return
		}
		last := id
		for member := f.next.At(id); member != id && member != last; member = f.next.At(member) {
			if last = member; !yield(member) {
				return
			}
		}
	}
}

// Add takes a link in and follows it where collapse control lets it. It is for a
// forest that keeps its links itself.
func (f *Forest) Add(l Link) (Outcome, error) {
	if err := f.check(l.From, l.To); err != nil {
		return "", err
	}
	if f.memory == nil {
		return "", errors.New("the links of this forest are kept elsewhere: Follow them")
	}
	if err := f.memory.add(l); err != nil {
		return "", err
	}
	outcome := f.follow(l.From, l.To, f.memory.Count())
	if outcome != Joined {
		f.memory.drop()
	}
	return outcome, nil
}

// Follow follows the link with a number where collapse control lets it. Numbers rise.
func (f *Forest) Follow(number uint32) (Outcome, error) {
	from, to := f.links.Ends(number)
	if err := f.check(from, to); err != nil {
		return "", err
	}
	return f.follow(from, to, number), nil
}

func (f *Forest) follow(from, to, number uint32) Outcome {
	small, large := f.root(from), f.root(to)
	if small == large {
		return Redundant
	}
	if outcome := f.judge(number, small, large); outcome != Joined {
		f.withheld = append(f.withheld, withheld{Withheld{f.links.Link(number), outcome}, number})
		return outcome
	}
	if f.via.At(small) > f.via.At(large) {
		small, large = large, small
	}
	f.up.Set(small, large)
	f.via.Set(large, f.via.At(large)+f.via.At(small))
	f.via.Set(small, number)
	f.swap(f.next, small, large)
	if f.low.At(small) < f.low.At(large) {
		f.swap(f.low, small, large)
	}
	if of := f.services[small]; of.service != 0 && f.services[large].service == 0 {
		f.services[large] = belonging{of.service, number}
	}
	return Joined
}

func (f *Forest) swap(c *Column, a, b uint32) {
	one, other := c.At(a), c.At(b)
	c.Set(a, other)
	c.Set(b, one)
}

// judge is collapse control.
func (f *Forest) judge(number, a, b uint32) Outcome {
	giant := uint32(f.control.Giant)
	switch one, other := f.services[a].service, f.services[b].service; {
	case one != 0 && other != 0 && one != other:
		return Conflict
	case f.via.At(a) >= giant && f.via.At(b) >= giant && !slices.Contains(f.control.Approved, f.links.Link(number)):
		return Held
	}
	return Joined
}

// Direct reports whether two addresses are in one cluster because a link between
// just them joined it. Another such link says nothing new.
func (f *Forest) Direct(a, b uint32) bool {
	if a == b || f.check(a, b) != nil || f.root(a) != f.root(b) {
		return false
	}
	from, to := f.links.Ends(f.joinedBy(a, b))
	return from == a && to == b || from == b && to == a
}

// Withheld lists the links that collapse control did not follow, in order.
func (f *Forest) Withheld() (links []Withheld) {
	for _, w := range f.withheld {
		links = append(links, w.Withheld)
	}
	return links
}

// Label says that an address is a service's. Give labels before links: a label that
// contradicts what is already merged is refused with ErrContradiction, and the
// clusters have to be built anew with it.
func (f *Forest) Label(id uint32, service Service) error {
	if err := f.check(id); err != nil {
		return err
	}
	if of := f.services[f.root(id)].service; of != 0 && of != service {
		return fmt.Errorf("address number %d as service %d, in a cluster of service %d: %w", id, service, of, ErrContradiction)
	}
	since := uint32(0)
	for {
		if of, known := f.services[id]; !known || since < of.since {
			f.services[id] = belonging{service, since}
		}
		up := f.up.At(id)
		if up == id {
			return nil
		}
		since, id = f.via.At(id), up
	}
}

// ServiceOf is whose the cluster of an address is; 0 where no label says so.
func (f *Forest) ServiceOf(id uint32) Service {
	if f.check(id) != nil {
		return 0
	}
	return f.services[f.root(id)].service
}
