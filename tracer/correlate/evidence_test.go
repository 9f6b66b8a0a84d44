package correlate_test

import (
	"math"
	"slices"
	"testing"

	"tsuiseki/chains"
	"tsuiseki/graph"
	"tsuiseki/tracer/correlate"
)

// pairOf is two cases among ten: each has its own receiver, from which its money goes
// to the places given.
func pairOf(a, b []correlate.Visit) *fake {
	f := newFake()
	f.put("a", append(a, came(eth("ra"), 100, 0, 0))...)
	f.put("b", append(b, came(eth("rb"), 100, 0, 0))...)
	for _, other := range []graph.CaseID{"c", "d", "e", "f", "g", "h", "i", "j"} {
		f.put(other, came(eth("r"+string(other)), 100, 0, 0))
	}
	return f
}

func TestClasses(t *testing.T) {
	place := []correlate.Visit{came(eth("x"), 50, 2, 100)}
	entity := &correlate.Entity{Name: eth("e"), Size: 7, Heuristics: []string{"co-spend@2"}}
	holder := func(name string) *correlate.Holder {
		return &correlate.Holder{Name: name, Nationality: "JP", Source: "answer 7", Confidence: 70}
	}
	y, z := []correlate.Visit{came(eth("y"), 50, 2, 100)}, []correlate.Visit{came(eth("z"), 50, 2, 100)}
	for _, c := range []struct {
		name  string
		world func() *fake
		want  []string
		grade correlate.Grade
	}{
		{"collector", func() *fake { return pairOf(place, place) }, []string{"collector", "co-flow"}, correlate.Probable},
		{"receiver of one", func() *fake { return pairOf(place, []correlate.Visit{came(eth("x"), 50, 0, 200)}) }, []string{"address"}, correlate.Strong},
		{"deposit address", func() *fake {
			f := pairOf(place, []correlate.Visit{came(eth("x"), 50, 1, 300)})
			f.stand(eth("x"), correlate.Standing{Degree: 9, Exchange: "E", Heuristics: []string{"victor-deposit@2"}})
			return f
		}, []string{"deposit-address"}, correlate.Strong},
		{"busy deposit address", func() *fake {
			f := pairOf(place, []correlate.Visit{came(eth("x"), 50, 1, 300)})
			f.stand(eth("x"), correlate.Standing{Degree: 101, Exchange: "E"})
			return f
		}, []string{"deposit-address"}, correlate.Probable},
		{"busy collector", func() *fake {
			f := pairOf(place, []correlate.Visit{came(eth("x"), 50, 1, 300)})
			f.stand(eth("x"), correlate.Standing{Degree: 101})
			return f
		}, []string{"collector"}, correlate.Weak},
		{"hub", func() *fake {
			f := pairOf(place, place)
			f.stand(eth("x"), correlate.Standing{Degree: 1_001})
			return f
		}, nil, 0},
		{"no hub yet", func() *fake {
			f := pairOf(place, []correlate.Visit{came(eth("x"), 50, 1, 300)})
			f.stand(eth("x"), correlate.Standing{Degree: 1_000})
			return f
		}, []string{"collector"}, correlate.Weak},
		{"hot wallet", func() *fake {
			f := pairOf(place, place)
			f.stand(eth("x"), correlate.Standing{Degree: 3, Stops: "service", Label: "E"})
			return f
		}, nil, 0},
		{"transfers of nothing", func() *fake {
			return pairOf([]correlate.Visit{came(eth("x"), 0, 1, 5)}, []correlate.Visit{came(eth("x"), 0, 1, 5)})
		}, nil, 0},
		{"cluster", func() *fake {
			f := pairOf(y, z)
			f.identify(eth("y"), correlate.Identity{Entity: entity})
			f.identify(eth("z"), correlate.Identity{Entity: entity})
			return f
		}, []string{"cluster"}, correlate.Probable},
		{"cluster of one address that both came to", func() *fake {
			f := pairOf(place, []correlate.Visit{came(eth("x"), 50, 1, 300)})
			f.identify(eth("x"), correlate.Identity{Entity: entity})
			return f
		}, []string{"collector"}, correlate.Probable},
		{"cluster behind services", func() *fake {
			f := pairOf(y, z)
			for _, a := range []graph.Address{eth("y"), eth("z")} {
				f.identify(a, correlate.Identity{Entity: entity})
				f.stand(a, correlate.Standing{Stops: "service"})
			}
			f.put("c", append(y, came(eth("rc"), 1, 0, 0))...)
			f.put("d", append(z, came(eth("rd"), 1, 0, 0))...)
			return f
		}, nil, 0},
		{"cluster behind a service of one", func() *fake {
			f := pairOf(y, z)
			f.identify(eth("y"), correlate.Identity{Entity: entity})
			f.identify(eth("z"), correlate.Identity{Entity: entity})
			f.stand(eth("y"), correlate.Standing{Stops: "service"})
			f.put("c", append(y, came(eth("rc"), 1, 0, 0))...)
			return f
		}, nil, 0},
		{"account holder", func() *fake {
			f := pairOf(y, z)
			f.identify(eth("y"), correlate.Identity{Holder: holder("ＹＡＭＡＤＡ　Taro")})
			f.identify(eth("z"), correlate.Identity{Holder: holder("Yamada  TARO")})
			return f
		}, []string{"account-holder"}, correlate.Strong},
		{"namesake of another nationality", func() *fake {
			f := pairOf(y, z)
			f.identify(eth("y"), correlate.Identity{Holder: holder("Yamada Taro")})
			other := holder("Yamada Taro")
			other.Nationality = "BR"
			f.identify(eth("z"), correlate.Identity{Holder: other})
			return f
		}, nil, 0},
		{"gas funder", func() *fake {
			f := pairOf(y, z)
			f.identify(eth("y"), correlate.Identity{Funder: &correlate.Funder{Address: "0xf", Tx: chains.TxID{1}}})
			f.identify(eth("z"), correlate.Identity{Funder: &correlate.Funder{Address: "0xf", Tx: chains.TxID{2}}})
			return f
		}, []string{"gas-funder"}, correlate.Probable},
		{"gas from an exchange", func() *fake {
			f := pairOf(y, z)
			f.identify(eth("y"), correlate.Identity{Funder: &correlate.Funder{Address: "0xf"}})
			f.identify(eth("z"), correlate.Identity{Funder: &correlate.Funder{Address: "0xf"}})
			f.stand(eth("0xf"), correlate.Standing{Stops: "service"})
			return f
		}, nil, 0},
		{"path", func() *fake {
			way := func(hours int) []correlate.Visit {
				return []correlate.Visit{came(eth("x"), 9, 1, hours), came(eth("y"), 9, 2, hours+9, eth("x")), came(eth("z"), 9, 3, hours+20, eth("y"))}
			}
			return pairOf(way(0), way(100))
		}, []string{"collector", "collector", "collector", "path"}, correlate.Probable},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := linkOf(t, once(t, c.world()), "b", "a")
			if got := classes(l); !slices.Equal(got, c.want) {
				t.Fatalf("evidence %v, want %v", got, c.want)
			}
			if l != nil && l.Grade != c.grade {
				t.Errorf("grade %s, want %s", l.Grade, c.grade)
			}
		})
	}
}

// TestScore works one link out by hand.
func TestScore(t *testing.T) {
	// a has 100, of which 64 come to x by 3 hops in hour 10; b has 100, of which 25 come by
	// 2 hops 90 days later.
	hot := came(eth("hot"), 3, 3, 9)
	f := pairOf(
		[]correlate.Visit{hot, came(eth("m"), 80, 1, 5, eth("ra")), came(eth("x"), 64, 2, 10, eth("m"))},
		[]correlate.Visit{hot, came(eth("x"), 25, 1, 10+90*24, eth("rb"))})
	f.stand(eth("hot"), correlate.Standing{Stops: "service"})
	f.stand(eth("x"), correlate.Standing{Degree: 30})
	l := linkOf(t, once(t, f), "a", "b")
	weight := math.Log(10.0/2) / math.Log(32)
	want := weight * math.Sqrt(0.64*0.25) * math.Exp(-0.5) * math.Pow(0.7, 3+2-2)
	if math.Abs(l.Score-want) > 1e-9 || math.Abs(l.Evidence[0].Weight-weight) > 1e-12 {
		t.Errorf("score %v with weight %v, want %v with %v", l.Score, l.Evidence[0].Weight, want, weight)
	}
	// Of 12 addresses (ten receivers, m, x; a service is none), a came to 3 and b to 2.
	if p := exactTail(12, 3, 2, 1); math.Abs(l.P-p) > 1e-12 || l.Meetings != 1 || l.Q != math.Min(1, 45*l.P) {
		t.Errorf("p %v and q %v of %d meetings, want p %v", l.P, l.Q, l.Meetings, p)
	}
	e := l.Evidence[0]
	if got := e.Path[0]; got.Case != "a" || !got.Whole || !slices.Equal(got.Nodes, []chains.Address{"ra", "m", "x"}) {
		t.Errorf("path %+v", got)
	}
	if got := e.Amounts["b"]; len(got) != 1 || got[0].Amount.String() != "25" || got[0].Asset != "ETH" || e.Hops["a"] != 3 || e.Hops["b"] != 2 {
		t.Errorf("amounts %v, hops %v", e.Amounts, e.Hops)
	}
}

// TestWhatFollowsCountsOnce: that two cases go on together after they met is no second
// coincidence.
func TestWhatFollowsCountsOnce(t *testing.T) {
	way := []correlate.Visit{came(eth("x"), 9, 1, 1), came(eth("y"), 9, 2, 2, eth("x")), came(eth("z"), 9, 3, 3, eth("y"))}
	if l := linkOf(t, once(t, pairOf(way, way)), "a", "b"); l.Meetings != 1 {
		t.Errorf("%d meetings on one way", l.Meetings)
	}
	apart := []correlate.Visit{came(eth("x"), 9, 1, 1, eth("ra")), came(eth("y"), 9, 1, 2, eth("ra"))}
	other := []correlate.Visit{came(eth("x"), 9, 1, 1, eth("rb")), came(eth("y"), 9, 1, 2, eth("rb"))}
	if l := linkOf(t, once(t, pairOf(apart, other)), "a", "b"); l.Meetings != 2 {
		t.Errorf("%d meetings at two places", l.Meetings)
	}
}

// TestSuppressed lists where cases meet for nothing.
func TestSuppressed(t *testing.T) {
	hot := []correlate.Visit{came(eth("hot"), 50, 2, 100), came(eth("hub"), 50, 2, 100)}
	f := pairOf(hot, hot)
	f.put("c", hot[0])
	f.stand(eth("hot"), correlate.Standing{Degree: 7, Stops: "service", Label: "E", Source: "pack"})
	f.stand(eth("hub"), correlate.Standing{Degree: 5_000})
	r := once(t, f)
	want := []correlate.Suppressed{
		{Node: "hot", Chain: "ethereum", Kind: "address", Reason: "service", Label: "E", Source: "pack", Degree: 7, Cases: 3},
		{Node: "hub", Chain: "ethereum", Kind: "address", Reason: "hub", Degree: 1_001, Cases: 2},
	}
	if !slices.Equal(r.Suppressed, want) || r.Len() != 0 {
		t.Errorf("%+v and %d links", r.Suppressed, r.Len())
	}
}

// TestEntityGrows: a night later the entity at which two cases met is too large.
func TestEntityGrows(t *testing.T) {
	f, dir := pairOf([]correlate.Visit{came(eth("y"), 50, 2, 100)}, []correlate.Visit{came(eth("z"), 50, 2, 100)}), t.TempDir()
	for size, want := range map[int]correlate.Grade{7: correlate.Probable, 101: correlate.Weak} {
		for _, a := range []graph.Address{eth("y"), eth("z")} {
			f.identify(a, correlate.Identity{Entity: &correlate.Entity{Name: eth("e"), Size: size, Heuristics: []string{"co-spend@2"}}})
		}
		r := run(t, f.inputs(), dir, false)
		if l := linkOf(t, r, "a", "b"); l.Grade != want || l.Evidence[0].Degree != size {
			t.Errorf("of %d addresses: %+v", size, l)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
}
