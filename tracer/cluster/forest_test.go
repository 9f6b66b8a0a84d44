package cluster_test

import (
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"tsuiseki/chains"
	"tsuiseki/tracer/cluster"
)

// naive is the same as a forest, by searching a graph anew for every question.
type naive struct {
	control  cluster.Control
	count    int
	services map[uint32]cluster.Service
	joined   []cluster.Link
	withheld []cluster.Withheld
}

func (n *naive) members(id uint32) []uint32 {
	found := []uint32{id}
	for i := 0; i < len(found); i++ {
		for _, l := range n.joined {
			for _, pair := range [][2]uint32{{l.From, l.To}, {l.To, l.From}} {
				if pair[0] == found[i] && !slices.Contains(found, pair[1]) {
					found = append(found, pair[1])
				}
			}
		}
	}
	slices.Sort(found)
	return found
}

func (n *naive) service(members []uint32) cluster.Service {
	for _, id := range members {
		if s := n.services[id]; s != 0 {
			return s
		}
	}
	return 0
}

func (n *naive) add(l cluster.Link) cluster.Outcome {
	a, b := n.members(l.From), n.members(l.To)
	if slices.Equal(a, b) {
		return cluster.Redundant
	}
	outcome := cluster.Joined
	switch one, other := n.service(a), n.service(b); {
	case one != 0 && other != 0 && one != other:
		outcome = cluster.Conflict
	case len(a) >= n.control.Giant && len(b) >= n.control.Giant && !slices.Contains(n.control.Approved, l):
		outcome = cluster.Held
	}
	if outcome == cluster.Joined {
		n.joined = append(n.joined, l)
	} else {
		n.withheld = append(n.withheld, cluster.Withheld{Link: l, Outcome: outcome})
	}
	return outcome
}

var heuristics = []cluster.Heuristic{cluster.CoSpending, cluster.Agreement, {ID: "other", Version: 2}}

// plan is what a random run feeds to both.
type plan struct {
	control  cluster.Control
	count    int
	services map[uint32]cluster.Service
	links    []cluster.Link
}

func drawPlan(t *rapid.T) plan {
	p := plan{count: rapid.IntRange(1, 24).Draw(t, "addresses"), services: map[uint32]cluster.Service{}}
	p.control.Giant = rapid.IntRange(2, 8).Draw(t, "giant")
	id := rapid.Uint32Range(0, uint32(p.count-1))
	for range rapid.IntRange(0, 4).Draw(t, "labels") {
		p.services[id.Draw(t, "labelled")] = cluster.Service(rapid.IntRange(1, 2).Draw(t, "service"))
	}
	height := uint64(0)
	for i := range rapid.IntRange(0, 40).Draw(t, "links") {
		height += rapid.Uint64Range(0, 2).Draw(t, "blocks")
		l := cluster.Link{
			From: id.Draw(t, "from"), To: id.Draw(t, "to"), At: chains.Position{Height: height, Tx: uint32(i)},
			Heuristic: rapid.SampledFrom(heuristics).Draw(t, "heuristic"),
		}
		p.links = append(p.links, l)
		if rapid.IntRange(0, 5).Draw(t, "approve") == 0 {
			p.control.Approved = append(p.control.Approved, l)
		}
	}
	return p
}

func (p plan) forest(t *rapid.T) *cluster.Forest {
	f := cluster.NewForest(p.control)
	f.Grow(p.count)
	for id, service := range p.services {
		if err := f.Label(id, service); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

func (p plan) naive() *naive {
	return &naive{control: p.control, count: p.count, services: p.services}
}

func mustAdd(t *rapid.T, f *cluster.Forest, l cluster.Link) cluster.Outcome {
	outcome, err := f.Add(l)
	if err != nil {
		t.Fatal(err)
	}
	return outcome
}

// compare asks both everything.
func compare(t *rapid.T, f *cluster.Forest, n *naive) {
	for a := range uint32(n.count) {
		want := n.members(a)
		got := slices.Sorted(f.Members(a))
		entity, _ := f.Entity(a)
		size, _ := f.Size(a)
		if !slices.Equal(got, want) || entity != want[0] || size != len(want) || f.ServiceOf(a) != n.service(want) {
			t.Fatalf("cluster of %d: %v, entity %d, size %d, service %d; want %v, service %d", a, got, entity, size, f.ServiceOf(a), want, n.service(want))
		}
		for b := range uint32(n.count) {
			checkWhy(t, f, n, a, b, slices.Contains(want, b))
		}
	}
	if got := f.Withheld(); !slices.Equal(got, n.withheld) {
		t.Fatalf("withheld %v, want %v", got, n.withheld)
	}
}

// checkWhy: the chain leads from a to b over links that were followed, none twice.
func checkWhy(t *rapid.T, f *cluster.Forest, n *naive, a, b uint32, together bool) {
	chain, joined, err := f.Why(a, b)
	asked, askedErr := f.Together(a, b)
	if err != nil || askedErr != nil || joined != together || asked != together {
		t.Fatalf("why %d %d: joined %v and %v, want %v; %v %v", a, b, joined, asked, together, err, askedErr)
	}
	at, used := a, map[int]bool{}
	for _, step := range chain {
		turned := step
		turned.From, turned.To = step.To, step.From
		i := slices.IndexFunc(n.joined, func(l cluster.Link) bool { return l == step || l == turned })
		if i < 0 || used[i] || step.From != at {
			t.Fatalf("why %d %d: %v at %d: not a followed link, or walked twice, or not from here", a, b, step, at)
		}
		used[i], at = true, step.To
	}
	if together && at != b {
		t.Fatalf("why %d %d ends at %d: %v", a, b, at, chain)
	}
}

func TestForestAgainstGraphSearch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPlan(t)
		f, n := p.forest(t), p.naive()
		for _, l := range p.links {
			if got, want := mustAdd(t, f, l), n.add(l); got != want {
				t.Fatalf("%v: %s, want %s", l, got, want)
			}
		}
		compare(t, f, n)
	})
}

func TestUndoEqualsFresh(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPlan(t)
		f := p.forest(t)
		for _, l := range p.links {
			mustAdd(t, f, l)
		}
		height := rapid.Uint64Range(0, 80).Draw(t, "undone above")
		f.Undo(height)
		n := p.naive()
		for _, l := range p.links {
			if l.At.Height <= height {
				n.add(l)
			}
		}
		compare(t, f, n)
		// The blocks of another branch go on from there.
		for range rapid.IntRange(0, 10).Draw(t, "more") {
			l := cluster.Link{
				From: rapid.Uint32Range(0, uint32(p.count-1)).Draw(t, "from"), To: rapid.Uint32Range(0, uint32(p.count-1)).Draw(t, "to"),
				At: chains.Position{Height: height + 1}, Heuristic: cluster.CoSpending,
			}
			if got, want := mustAdd(t, f, l), n.add(l); got != want {
				t.Fatalf("%v after the undo: %s, want %s", l, got, want)
			}
		}
		compare(t, f, n)
	})
}

// TestUntilEqualsFresh: what a forest says as of a link is what one says that has
// followed no more.
func TestUntilEqualsFresh(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPlan(t)
		f := p.forest(t)
		stop := rapid.IntRange(0, len(p.links)).Draw(t, "until")
		n, last := p.naive(), uint32(0)
		for i, l := range p.links {
			if mustAdd(t, f, l) == cluster.Joined && i < stop {
				last++ // a forest that keeps its links keeps those that it followed
			}
			if i < stop {
				n.add(l)
			}
		}
		past := f.Until(last)
		for a := range uint32(p.count) {
			want := n.members(a)
			got := slices.Sorted(past.Members(a))
			entity, _ := past.Entity(a)
			size, _ := past.Size(a)
			if !slices.Equal(got, want) || entity != want[0] || size != len(want) {
				t.Fatalf("cluster of %d until link %d: %v, entity %d, size %d; want %v", a, last, got, entity, size, want)
			}
			for b := range uint32(p.count) {
				root, err := past.Root(a)
				other, otherErr := past.Root(b)
				_, joined, whyErr := past.Why(a, b)
				if want := slices.Contains(want, b); err != nil || otherErr != nil || whyErr != nil || joined != want || (root == other) != want {
					t.Fatalf("%d and %d until link %d: joined %v, roots %d and %d; want %v", a, b, last, joined, root, other, want)
				}
			}
		}
	})
}

func TestWithoutAHeuristic(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPlan(t)
		f := p.forest(t)
		for _, l := range p.links {
			mustAdd(t, f, l)
		}
		off := rapid.SampledFrom(heuristics).Draw(t, "off")
		other, err := f.Without(slices.Values(p.links), off)
		if err != nil {
			t.Fatal(err)
		}
		n := p.naive()
		for _, l := range p.links {
			if l.Heuristic != off {
				n.add(l)
			}
		}
		compare(t, other, n)
		checkSplit(t, f, other, n, rapid.Uint32Range(0, uint32(p.count-1)).Draw(t, "split"))
	})
}

func checkSplit(t *rapid.T, f, other *cluster.Forest, n *naive, id uint32) {
	parts, err := f.Split(id, other)
	if err != nil {
		t.Fatal(err)
	}
	var all []uint32
	members := slices.Sorted(f.Members(id))
	for _, part := range parts {
		want := slices.DeleteFunc(n.members(part[0]), func(m uint32) bool { return !slices.Contains(members, m) })
		if !slices.Equal(part, want) {
			t.Fatalf("part %v, want %v", part, want)
		}
		all = append(all, part...)
	}
	slices.Sort(all)
	if !slices.Equal(all, members) {
		t.Fatalf("the parts %v are not %v", parts, members)
	}
}

// Labels that come while links do are undone like those that came before.
func TestLateLabels(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPlan(t)
		p.services = map[uint32]cluster.Service{}
		f, n := p.forest(t), p.naive()
		kept := map[uint32]cluster.Service{}
		for _, l := range p.links {
			mustAdd(t, f, l)
			if rapid.IntRange(0, 3).Draw(t, "label") > 0 {
				continue
			}
			id, service := rapid.Uint32Range(0, uint32(p.count-1)).Draw(t, "labelled"), cluster.Service(rapid.IntRange(1, 2).Draw(t, "service"))
			of := f.ServiceOf(id)
			err := f.Label(id, service)
			if errors.Is(err, cluster.ErrContradiction) != (of != 0 && of != service) {
				t.Fatalf("label %d in a cluster of %d: %v", service, of, err)
			}
			if err == nil {
				kept[id] = service
			}
		}
		f.Undo(0)
		// What height 0 joined stands; the labels are where they were put.
		for id, service := range kept {
			if f.ServiceOf(id) != service {
				t.Fatalf("address %d is of service %d, want %d", id, f.ServiceOf(id), service)
			}
		}
		for id := range uint32(n.count) {
			labelled := slices.ContainsFunc(slices.Collect(f.Members(id)), func(m uint32) bool { return kept[m] != 0 })
			if (f.ServiceOf(id) != 0) != labelled {
				t.Fatalf("address %d is of service %d, labelled %v", id, f.ServiceOf(id), labelled)
			}
		}
	})
}

func TestForestRefuses(t *testing.T) {
	f := cluster.NewForest(cluster.Control{})
	f.Grow(2)
	f.Grow(1) // never less
	if f.Len() != 2 {
		t.Errorf("%d addresses", f.Len())
	}
	link := cluster.Link{From: 0, To: 2, Heuristic: cluster.CoSpending}
	if _, err := f.Add(link); !errors.Is(err, chains.ErrNotFound) {
		t.Errorf("an address that is not there: %v", err)
	}
	link.To, link.At.Height = 1, 5
	if outcome, err := f.Add(link); outcome != cluster.Joined || err != nil {
		t.Fatal(outcome, err)
	}
	f.Grow(3)
	link.To, link.At.Height = 2, 4
	if _, err := f.Add(link); err == nil {
		t.Error("a link from before the last one was taken")
	}
	link.At.Height = 1 << 32
	if _, err := f.Add(link); err == nil {
		t.Error("a height of 33 bits was taken")
	}
	for name, err := range map[string]error{
		"label": f.Label(9, 1), "size": second(f.Size(9)), "entity": second(f.Entity(9)), "together": second(f.Together(0, 9)), "split": second(f.Split(9, f)),
	} {
		if !errors.Is(err, chains.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := f.Why(9, 0); !errors.Is(err, chains.ErrNotFound) {
		t.Errorf("why: %v", err)
	}
	if f.ServiceOf(9) != 0 || len(slices.Collect(f.Members(9))) > 0 {
		t.Error("an address that is not there has members or a service")
	}
}

func second[T any](_ T, err error) error { return err }

func TestGiantsAreHeldAtAThousand(t *testing.T) {
	for last, want := range map[uint32]cluster.Outcome{1_999: cluster.Held, 1_998: cluster.Joined} {
		f := cluster.NewForest(cluster.Control{})
		f.Grow(2_000)
		for id := range last + 1 {
			mustJoin(t, f, id/1_000*1_000, id)
		}
		if got := mustJoin(t, f, 3, 1_003); got != want {
			t.Errorf("1000 and %d addresses: %s, want %s", last-999, got, want)
		}
	}
}

func mustJoin(t *testing.T, f *cluster.Forest, a, b uint32) cluster.Outcome {
	t.Helper()
	outcome, err := f.Add(cluster.Link{From: a, To: b, Heuristic: cluster.CoSpending})
	if err != nil {
		t.Fatal(err)
	}
	return outcome
}
