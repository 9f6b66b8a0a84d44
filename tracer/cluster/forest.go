package cluster

import (
	"fmt"
	"iter"
	"slices"

	"tsuiseki/chains"
)

// Link is evidence that two addresses, numbered from 0, have one owner.
type Link struct {
	From, To  uint32
	At        chains.Position // of the transaction; its block's height is below 2^32
	Heuristic Heuristic
}

// Outcome is what became of a link.
type Outcome string

// The outcomes of Add.
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
	Giant    int    // two clusters of at least so many addresses are not merged; 0 is 1,000
	Approved []Link // merges of giants that a person has approved
}

const defaultGiant = 1_000

// Forest joins addresses into clusters and keeps one link per merge, so that each
// merge can be shown and undone. Links come in chain order. It takes 12 bytes per
// address and 17 per merge; it serves one goroutine at a time.
//
// A merge hangs the root of the smaller cluster under that of the larger, and paths
// are never shortened: a path has at most log2(n) steps, along which links get
// younger, and taking off the youngest link restores the state before it.
type Forest struct {
	control Control

	up   []uint32 // parent; of a root, itself
	via  []uint32 // number from 1 of the link that hung it there; of a root, its cluster's size
	next []uint32 // ring of the cluster's members

	from, to   []uint32 // per link
	at         []uint64 // height<<32 | place in block
	heuristic  []uint8  // index into heuristics
	heuristics []Heuristic

	services map[uint32]belonging
	withheld []Withheld
}

// belonging says whose the subtree below an address is, since a link joined it.
type belonging struct {
	service Service
	since   uint32 // number of the link; 0 where the address itself is labelled
}

// NewForest has no address yet.
func NewForest(control Control) *Forest {
	if control.Giant <= 0 {
		control.Giant = defaultGiant
	}
	return &Forest{control: control, services: map[uint32]belonging{}}
}

// Grow makes addresses up to count known, each a cluster of its own.
func (f *Forest) Grow(count int) {
	old := len(f.up)
	if count <= old {
		return
	}
	f.up = slices.Grow(f.up, count-old)
	f.via = slices.Grow(f.via, count-old)
	f.next = slices.Grow(f.next, count-old)
	for id := uint32(old); int(id) < count; id++ {
		f.up, f.via, f.next = append(f.up, id), append(f.via, 1), append(f.next, id)
	}
}

// Len is how many addresses are known.
func (f *Forest) Len() int { return len(f.up) }

// Bytes is what the forest's arrays hold, without spare capacity.
func (f *Forest) Bytes() int { return 12*len(f.up) + 17*len(f.at) }

func (f *Forest) check(ids ...uint32) error {
	for _, id := range ids {
		if int(id) >= len(f.up) {
			return fmt.Errorf("address number %d: %w: the clusters hold %d", id, chains.ErrNotFound, len(f.up))
		}
	}
	return nil
}

func (f *Forest) root(id uint32) uint32 {
	for f.up[id] != id {
		id = f.up[id]
	}
	return id
}

// Entity is the number of the cluster of an address: its lowest address. It names
// the same cluster however it was put together.
func (f *Forest) Entity(id uint32) (uint32, error) {
	if err := f.check(id); err != nil {
		return 0, err
	}
	lowest := id
	for member := f.next[id]; member != id; member = f.next[member] {
		lowest = min(lowest, member)
	}
	return lowest, nil
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
	return int(f.via[f.root(id)]), nil
}

// Members yields the addresses of the cluster of an address, itself first.
func (f *Forest) Members(id uint32) iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		if f.check(id) != nil || !yield(id) {
			return
		}
		for member := f.next[id]; member != id; member = f.next[member] {
			if !yield(member) {
				return
			}
		}
	}
}

// Add follows a link where collapse control lets it.
func (f *Forest) Add(l Link) (Outcome, error) {
	if err := f.check(l.From, l.To); err != nil {
		return "", err
	}
	kind, err := f.kindOf(l.Heuristic)
	if err != nil {
		return "", err
	}
	if n := len(f.at); n > 0 && f.at[n-1]>>32 > l.At.Height || l.At.Height >= 1<<32 {
		return "", fmt.Errorf("link at %s: %w: links come in chain order", l.At, chains.ErrCorrupt)
	}
	small, large := f.root(l.From), f.root(l.To)
	if small == large {
		return Redundant, nil
	}
	if outcome := f.judge(l, small, large); outcome != Joined {
		f.withheld = append(f.withheld, Withheld{l, outcome})
		return outcome, nil
	}
	if f.via[small] > f.via[large] {
		small, large = large, small
	}
	f.from, f.to = append(f.from, l.From), append(f.to, l.To)
	f.at = append(f.at, l.At.Height<<32|uint64(l.At.Tx))
	f.heuristic = append(f.heuristic, kind)
	number := uint32(len(f.at))

	f.up[small] = large
	f.via[large] += f.via[small]
	f.via[small] = number
	f.next[small], f.next[large] = f.next[large], f.next[small]
	if of := f.services[small]; of.service != 0 && f.services[large].service == 0 {
		f.services[large] = belonging{of.service, number}
	}
	return Joined, nil
}

// judge is collapse control.
func (f *Forest) judge(l Link, a, b uint32) Outcome {
	giant := uint32(f.control.Giant)
	switch one, other := f.services[a].service, f.services[b].service; {
	case one != 0 && other != 0 && one != other:
		return Conflict
	case f.via[a] >= giant && f.via[b] >= giant && !slices.Contains(f.control.Approved, l):
		return Held
	}
	return Joined
}

// Withheld lists the links that collapse control did not follow, in order.
func (f *Forest) Withheld() []Withheld { return slices.Clone(f.withheld) }

func (f *Forest) kindOf(h Heuristic) (uint8, error) {
	const most = 256
	i := slices.Index(f.heuristics, h)
	if i < 0 {
		if i = len(f.heuristics); i == most {
			return 0, fmt.Errorf("heuristic %s version %d: more than %d heuristics", h.ID, h.Version, most)
		}
		f.heuristics = append(f.heuristics, h)
	}
	return uint8(i), nil
}

// link is the link with a number from 1.
func (f *Forest) link(number uint32) Link {
	i := number - 1
	return Link{
		From: f.from[i], To: f.to[i], Heuristic: f.heuristics[f.heuristic[i]],
		At: chains.Position{Height: f.at[i] >> 32, Tx: uint32(f.at[i])},
	}
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
		if f.up[id] == id {
			return nil
		}
		since, id = f.via[id], f.up[id]
	}
}

// ServiceOf is whose the cluster of an address is; 0 where no label says so.
func (f *Forest) ServiceOf(id uint32) Service {
	if f.check(id) != nil {
		return 0
	}
	return f.services[f.root(id)].service
}
