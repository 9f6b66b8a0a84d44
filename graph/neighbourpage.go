package graph

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"maps"
	"slices"

	"tsuiseki/chains"
)

// heldNeighbours are added up at once where a query does not say how many.
const heldNeighbours = 250_000

// tally adds neighbours up. Where there are more than it may hold, it goes on with the
// half of them that a bit of their names' hash tells, and leaves the other half to
// another scan of all payments.
type tally struct {
	most  int
	found map[placeKey]*Neighbour
	part  hashPart
	later []hashPart
}

// hashPart is what has a hash whose lowest bits are these.
type hashPart struct {
	bits   int
	lowest uint64
}

func (p hashPart) has(hash uint64) bool { return hash&(1<<p.bits-1) == p.lowest }

func newTally(most int) *tally {
	if most <= 0 {
		most = heldNeighbours
	}
	return &tally{most: most, later: []hashPart{{}}}
}

// next begins a scan, and reports whether one is needed.
func (t *tally) next() bool {
	if len(t.later) == 0 {
		return false
	}
	last := len(t.later) - 1
	t.part, t.later = t.later[last], t.later[:last]
	t.found = map[placeKey]*Neighbour{}
	return true
}

func hashOf(key placeKey) uint64 {
	h := fnv.New64a()
	io.WriteString(h, string(key.Address.Address)) //nolint:errcheck // it has none
	h.Write([]byte{0})
	io.WriteString(h, string(key.asset)) //nolint:errcheck // likewise
	return h.Sum64()
}

// of is a neighbour's sum; nil where it is left to another scan.
func (t *tally) of(key placeKey) *Neighbour {
	if one := t.found[key]; one != nil {
		return one
	}
	hash := hashOf(key)
	for t.part.has(hash) && len(t.found) >= t.most && t.part.bits < 63 {
		t.split()
	}
	if !t.part.has(hash) {
		return nil
	}
	one := &Neighbour{Address: key.Address, Asset: key.asset}
	t.found[key] = one
	return one
}

func (t *tally) split() {
	t.later = append(t.later, hashPart{t.part.bits + 1, t.part.lowest | 1<<t.part.bits})
	t.part.bits++
	maps.DeleteFunc(t.found, func(key placeKey, _ *Neighbour) bool { return !t.part.has(hashOf(key)) })
}

// compareNeighbours orders them as in an answer.
func compareNeighbours(a, b Neighbour) int {
	return cmp.Or(cmp.Compare(a.Asset, b.Asset), b.Amount.Cmp(a.Amount), a.Address.Compare(b.Address))
}

// ErrCursor says that a page cannot be told from a cursor.
var ErrCursor = errors.New("the cursor is of another question, or of another block of the chain: ask for the first page again, without a cursor")

// neighbourPage gathers a page of neighbours.
type neighbourPage struct {
	limit    int
	question []byte     // digest of what is asked, as of when
	after    *Neighbour // last of the page before
	best     []Neighbour
	total    int
}

// neighbourCursor is what a cursor's bytes say.
type neighbourCursor struct {
	Question []byte
	Asset    chains.Asset
	Amount   string
	Address  chains.Address
}

const mostAtOnce = 1 << 30 // keeps sums of limits in their type

func newNeighbourPage(f *filler, q NeighbourQuery) (*neighbourPage, error) {
	p := &neighbourPage{limit: min(q.Limit, mostAtOnce)}
	if len(q.Of) == 0 {
		return p, nil
	}
	chain := f.chains[q.Of[0].Chain]
	if chain == nil {
		return nil, &UnindexedError{q.Of[0].Chain}
	}
	p.question = questionOf(q, chain.Snapshot())
	if q.Cursor == "" {
		return p, nil
	}
	var c neighbourCursor
	raw, err := base64.RawURLEncoding.DecodeString(q.Cursor)
	if err != nil {
		return nil, fmt.Errorf("%w (%w)", ErrCursor, err)
	}
	if err := json.Unmarshal(raw, &c); err != nil {
		return nil, fmt.Errorf("%w (%w)", ErrCursor, err)
	}
	amount, err := chains.ParseAmount(c.Amount)
	if err != nil || !slices.Equal(c.Question, p.question) {
		return nil, ErrCursor
	}
	p.after = &Neighbour{Asset: c.Asset, Amount: amount, Address: Address{q.Of[0].Chain, c.Address}}
	return p, nil
}

// questionOf tells questions and snapshots apart: not pages, nor how they are made.
func questionOf(q NeighbourQuery, snapshot chains.Snapshot) []byte {
	of := slices.SortedFunc(maps.Keys(setOf(q.Of)), Address.Compare)
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %q %s %s %s %d %t %s %d %s",
		of, q.Direction, q.Asset, q.MinAmount, q.After.UTC(), q.Before.UTC(), q.HubDegree, q.Hubs, snapshot.Chain, snapshot.Height, snapshot.Hash))
	return sum[:16]
}

// take adds neighbours, of which each is taken but once.
func (p *neighbourPage) take(found map[placeKey]*Neighbour) {
	p.total += len(found)
	for _, one := range found {
		if p.after != nil && compareNeighbours(*one, *p.after) <= 0 {
			continue
		}
		p.best = append(p.best, *one)
		if p.limit > 0 && len(p.best) >= 2*(p.limit+1) {
			p.trim()
		}
	}
}

// trim keeps the best, one more than the page has: it tells whether there is another.
func (p *neighbourPage) trim() {
	slices.SortFunc(p.best, compareNeighbours)
	if p.limit > 0 {
		p.best = p.best[:min(len(p.best), p.limit+1)]
	}
}

func (p *neighbourPage) answer() (*NeighboursAnswer, error) {
	p.trim()
	answer := &NeighboursAnswer{Neighbours: p.best, Total: p.total}
	if p.limit <= 0 || len(p.best) <= p.limit {
		return answer, nil
	}
	answer.Neighbours = p.best[:p.limit]
	last := answer.Neighbours[p.limit-1]
	raw, err := json.Marshal(neighbourCursor{p.question, last.Asset, last.Amount.String(), last.Address.Address})
	answer.Next = base64.RawURLEncoding.EncodeToString(raw)
	return answer, err
}
