package correlate_test

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"
	"testing"
	"time"

	"tsuiseki/chains"
	"tsuiseki/graph"
	"tsuiseki/tracer/correlate"
)

// fake is cases, facts of addresses and decisions that a test changes as it goes.
type fake struct {
	cases     map[graph.CaseID]*fakeCase
	ids       map[graph.Address]correlate.Identity
	standings map[graph.Address]correlate.Standing
	decisions map[string]correlate.Decision
	revision  int
	log       []change // what changed; a mark is a place in it
	asked     int      // addresses whose standing was asked
}

type fakeCase struct {
	ref    correlate.Ref
	visits []correlate.Visit
}

type change struct {
	address  graph.Address
	identity bool
}

func newFake() *fake {
	return &fake{
		cases: map[graph.CaseID]*fakeCase{}, ids: map[graph.Address]correlate.Identity{},
		standings: map[graph.Address]correlate.Standing{}, decisions: map[string]correlate.Decision{},
	}
}

func (f *fake) inputs() correlate.Inputs {
	return correlate.Inputs{Cases: f, Nodes: f, Decisions: f}
}

// put sets what a case says.
func (f *fake) put(id graph.CaseID, visits ...correlate.Visit) {
	f.revision++
	f.cases[id] = &fakeCase{correlate.Ref{ID: id, Revision: strconv.Itoa(f.revision), Prefecture: "13"}, visits}
}

func (f *fake) stand(a graph.Address, s correlate.Standing) {
	f.standings[a] = s
	f.log = append(f.log, change{a, false})
}

func (f *fake) identify(a graph.Address, id correlate.Identity) {
	f.ids[a] = id
	f.log = append(f.log, change{a, true})
}

func (f *fake) Refs(context.Context) iter.Seq2[correlate.Ref, error] {
	return func(yield func(correlate.Ref, error) bool) {
		for c := range maps.Values(f.cases) {
			if !yield(c.ref, nil) {
				return
			}
		}
	}
}

func (f *fake) Case(_ context.Context, id graph.CaseID) (*correlate.Case, error) {
	c := f.cases[id]
	if c == nil {
		return nil, chains.ErrNotFound
	}
	return &correlate.Case{Visits: slices.Clone(c.visits)}, nil
}

func (f *fake) Identities(_ context.Context, addresses []graph.Address) ([]correlate.Identity, error) {
	list := make([]correlate.Identity, len(addresses))
	for i, a := range addresses {
		list[i] = f.ids[a]
	}
	return list, nil
}

func (f *fake) Standings(_ context.Context, addresses []graph.Address, limit int) ([]correlate.Standing, error) {
	f.asked += len(addresses)
	list := make([]correlate.Standing, len(addresses))
	for i, a := range addresses {
		list[i] = f.standings[a]
		list[i].Degree = min(list[i].Degree, limit+1)
	}
	return list, nil
}

func (f *fake) Changed(_ context.Context, since string) (correlate.Changes, error) {
	c := correlate.Changes{Mark: strconv.Itoa(len(f.log))}
	if since == "" {
		c.AllIdentities, c.AllStandings = true, true
		return c, nil
	}
	n, err := strconv.Atoi(since)
	if err != nil {
		return c, err
	}
	for _, ch := range f.log[n:] {
		if ch.identity {
			c.Identities = append(c.Identities, ch.address)
		} else {
			c.Standings = append(c.Standings, ch.address)
		}
	}
	return c, nil
}

func (f *fake) Decisions(context.Context) iter.Seq2[correlate.Decision, error] {
	return func(yield func(correlate.Decision, error) bool) {
		for d := range maps.Values(f.decisions) {
			if !yield(d, nil) {
				return
			}
		}
	}
}

func eth(name string) graph.Address {
	return graph.Address{Chain: "ethereum", Address: chains.Address(name)}
}

var start = time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC)

// came is a visit of one deposit in ETH, some hours after the start.
func came(to graph.Address, amount int64, depth, hours int, from ...graph.Address) correlate.Visit {
	m := graph.Moment{At: chains.Position{Height: uint64(hours)}, Time: start.Add(time.Duration(hours) * time.Hour)}
	v := correlate.Visit{Visit: graph.Visit{
		Deposit: "d", Address: to, Asset: "ETH", Traced: chains.NewAmount(amount), Depth: depth, First: m, Last: m,
	}}
	if len(from) > 0 {
		v.From = from[0]
	}
	return v
}

// options are those of a run in a folder.
func options(dir string, full bool) correlate.Options {
	return correlate.Options{Dir: dir, Full: full, AsOf: start, Params: correlate.DefaultParams("fifo")}
}

// once runs all anew.
func once(tb testing.TB, f *fake) *correlate.Result {
	tb.Helper()
	r, err := correlate.Run(context.Background(), f.inputs(), options(tb.TempDir(), true))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = r.Close() })
	return r
}

// linkOf is the only link of two cases; it fails where there is none.
func linkOf(tb testing.TB, r *correlate.Result, a, b graph.CaseID) *correlate.Link {
	tb.Helper()
	l, err := r.LinkOf(a, b)
	if err != nil {
		tb.Fatal(err)
	}
	return l
}

func classes(l *correlate.Link) (list []string) {
	if l == nil {
		return nil
	}
	for _, e := range l.Evidence {
		list = append(list, fmt.Sprint(e.Class))
	}
	return list
}
