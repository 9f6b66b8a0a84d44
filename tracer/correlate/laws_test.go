package correlate_test

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"tsuiseki/chains"
	"tsuiseki/graph"
	"tsuiseki/tracer/correlate"
)

// Random worlds are small, so that cases meet often and everything changes.
const (
	lawCases     = 9
	lawAddresses = 14
)

func drawAddress(t *rapid.T) graph.Address {
	n := rapid.IntRange(0, lawAddresses-1).Draw(t, "address")
	chain := chains.Chain("ethereum")
	if n%3 == 0 {
		chain = "bitcoin"
	}
	return graph.Address{Chain: chain, Address: chains.Address(fmt.Sprint("x", n))}
}

func drawVisits(t *rapid.T) (visits []correlate.Visit) {
	for range rapid.IntRange(0, 6).Draw(t, "visits") {
		v := came(drawAddress(t), rapid.Int64Range(0, 90).Draw(t, "amount"), rapid.IntRange(0, 3).Draw(t, "depth"), rapid.IntRange(0, 3_000).Draw(t, "hours"))
		v.Asset = rapid.SampledFrom([]chains.Asset{"ETH", "BTC"}).Draw(t, "asset")
		v.Deposit = rapid.SampledFrom([]string{"d", "e"}).Draw(t, "deposit")
		if v.Depth > 0 && rapid.Bool().Draw(t, "known") {
			v.From = drawAddress(t)
		}
		visits = append(visits, v)
	}
	return visits
}

func drawIdentity(t *rapid.T, of graph.Address) (id correlate.Identity) {
	name := rapid.IntRange(0, 2)
	if rapid.Bool().Draw(t, "entity") {
		n := name.Draw(t, "n")
		id.Entity = &correlate.Entity{Name: graph.Address{Chain: of.Chain, Address: chains.Address(fmt.Sprint("x", n))}, Size: 2 + 600*n, Heuristics: []string{"co-spend@2"}}
	}
	if rapid.Bool().Draw(t, "holder") {
		id.Holder = &correlate.Holder{
			Name: rapid.SampledFrom([]string{"Taro", "TARO", "Jiro"}).Draw(t, "n"), Nationality: rapid.SampledFrom([]string{"JP", ""}).Draw(t, "of"),
			Source: rapid.SampledFrom([]string{"answer 1", "answer 2"}).Draw(t, "source"), Confidence: 70,
		}
	}
	if rapid.Bool().Draw(t, "funder") {
		id.Funder = &correlate.Funder{Address: drawAddress(t).Address, Tx: chains.TxID{byte(name.Draw(t, "tx"))}}
	}
	return id
}

func drawStanding(t *rapid.T) correlate.Standing {
	s := correlate.Standing{Degree: rapid.SampledFrom([]int{0, 1, 30, 100, 101, 1_000, 1_001, 90_000}).Draw(t, "degree")}
	switch rapid.IntRange(0, 4).Draw(t, "what") {
	case 0:
		s.Stops, s.Label, s.Source = "service", "E", "pack"
	case 1:
		s.Exchange, s.Heuristics = "E", []string{"victor-deposit@2"}
	}
	return s
}

// step changes one thing.
func (f *fake) step(t *rapid.T, last []*correlate.Link) {
	id := graph.CaseID(fmt.Sprint("case ", rapid.IntRange(0, lawCases-1).Draw(t, "case")))
	switch rapid.IntRange(0, 9).Draw(t, "step") {
	case 0, 1, 2, 3:
		f.put(id, drawVisits(t)...)
	case 4:
		delete(f.cases, id)
	case 5, 6:
		// What an entity is changes for all its addresses at once.
		a := drawAddress(t)
		identity := drawIdentity(t, a)
		f.identify(a, identity)
		if identity.Entity != nil {
			for other, held := range f.ids {
				if held.Entity != nil && held.Entity.Name == identity.Entity.Name && other != a {
					held.Entity = identity.Entity
					f.identify(other, held)
				}
			}
		}
	case 7, 8:
		f.stand(drawAddress(t), drawStanding(t))
	default:
		if len(last) == 0 {
			return
		}
		l := rapid.SampledFrom(last).Draw(t, "link")
		f.decide(l, rapid.SampledFrom([]correlate.Verdict{correlate.Confirmed, correlate.Rejected}).Draw(t, "verdict"), rapid.Bool().Draw(t, "seen"))
	}
}

// decide keeps a decision on a link as it is.
func (f *fake) decide(l *correlate.Link, v correlate.Verdict, seen bool) {
	d := correlate.Decision{Link: l.ID, Cases: l.Cases, Verdict: v, Reason: "looked at", At: start, Digest: l.Digest}
	for _, e := range l.Evidence {
		if seen {
			d.Seen = append(d.Seen, e.ID)
		}
	}
	f.decisions[l.ID] = d
}

// runLaw runs in a folder and gives the document and its links.
func runLaw(t *rapid.T, tb testing.TB, f *fake, opt correlate.Options) ([]byte, []*correlate.Link) {
	r, err := correlate.Run(tb.Context(), f.inputs(), opt)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}()
	var b bytes.Buffer
	if err := r.WriteJSON(tb.Context(), &b); err != nil {
		t.Fatal(err)
	}
	if r.Rebuilt != "" {
		t.Fatal(r.Rebuilt)
	}
	var links []*correlate.Link
	for l, err := range r.Links(tb.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		links = append(links, l)
	}
	return b.Bytes(), links
}

// TestIncrementalEqualsFull changes cases, addresses, labels, degrees and decisions, and
// wants after each change what a run over everything gives, byte for byte, by other
// numbers of workers and of entries held too.
func TestIncrementalEqualsFull(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		f, dir := newFake(), t.TempDir()
		var links []*correlate.Link
		for range rapid.IntRange(1, 12).Draw(rt, "steps") {
			for range rapid.IntRange(1, 4).Draw(rt, "changes") {
				f.step(rt, links)
			}
			inc := options(dir, false)
			inc.Params.HoldEntries(7)
			full := options(t.TempDir(), true)
			full.Params.Workers = 3
			var got, want []byte
			got, links = runLaw(rt, t, f, inc)
			if want, _ = runLaw(rt, t, f, full); !bytes.Equal(got, want) {
				rt.Fatalf("incremental:\n%s\nfull:\n%s", got, want)
			}
		}
	})
}

// TestOnlyWhatChangedIsAsked counts what a night reads and asks.
func TestOnlyWhatChangedIsAsked(t *testing.T) {
	f, dir := newFake(), t.TempDir()
	for i := range 30 {
		f.put(graph.CaseID(fmt.Sprint("case ", i)), came(eth("x"), 9, 1, i), came(eth(fmt.Sprint("r", i)), 9, 0, i))
	}
	again := func() *correlate.Result {
		r, err := correlate.Run(t.Context(), f.inputs(), options(dir, false))
		if err != nil {
			t.Fatal(err)
		}
		f.asked = 0
		return r
	}
	if err := again().Close(); err != nil {
		t.Fatal(err)
	}
	f.put("case 3", came(eth("x"), 4, 1, 1))
	f.put("new", came(eth("r4"), 4, 2, 1))
	delete(f.cases, "case 7")
	r, err := correlate.Run(t.Context(), f.inputs(), options(dir, false))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if r.Read != 2 || r.Removed != 1 || f.asked != 1 || r.Cases != 30 {
		t.Errorf("read %d, removed %d, asked about %d addresses, of %d cases; want 2, 1, 1 and 30", r.Read, r.Removed, f.asked, r.Cases)
	}
}

// TestLinksAgreeWithPairs compares each two cases of random worlds by definition, and
// wants the same links, meetings and places from the index.
func TestLinksAgreeWithPairs(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		f := newFake()
		for i := range rapid.IntRange(2, lawCases).Draw(rt, "cases") {
			f.put(graph.CaseID(fmt.Sprint("case ", i)), drawVisits(rt)...)
		}
		for range rapid.IntRange(0, 20).Draw(rt, "facts") {
			if a := drawAddress(rt); rapid.Bool().Draw(rt, "standing") {
				f.stand(a, drawStanding(rt))
			} else {
				f.identify(a, drawIdentity(rt, a))
			}
		}
		_, links := runLaw(rt, t, f, options(t.TempDir(), true))
		got := map[[2]graph.CaseID][]string{}
		for _, l := range links {
			for _, e := range l.Evidence {
				if e.Class == "address" || e.Class == "collector" || e.Class == "deposit-address" {
					got[l.Cases] = append(got[l.Cases], string(e.Class)+" "+e.Node)
				}
			}
			slices.Sort(got[l.Cases])
		}
		if want := f.addressPairs(); !maps.EqualFunc(got, want, slices.Equal) {
			rt.Fatalf("got %v, want %v", got, want)
		}
	})
}

// addressPairs is, of each two cases, where their moneys meet at an address that is no
// service's and no hub.
func (f *fake) addressPairs() map[[2]graph.CaseID][]string {
	pairs := map[[2]graph.CaseID][]string{}
	nearest := func(c *fakeCase, a graph.Address) int {
		least := -1
		for _, v := range c.visits {
			if v.Address == a && v.Traced.Sign() > 0 && (least < 0 || v.Depth < least) {
				least = v.Depth
			}
		}
		return least
	}
	for a, ca := range f.cases {
		for b, cb := range f.cases {
			if a >= b {
				continue
			}
			for n := range lawAddresses {
				for _, chain := range []chains.Chain{"ethereum", "bitcoin"} {
					at := graph.Address{Chain: chain, Address: chains.Address(fmt.Sprint("x", n))}
					da, db, s := nearest(ca, at), nearest(cb, at), f.standings[at]
					if da < 0 || db < 0 || s.Stops != "" || s.Degree > 1_000 {
						continue
					}
					class := "collector"
					if s.Exchange != "" {
						class = "deposit-address"
					} else if da == 0 || db == 0 {
						class = "address"
					}
					p := [2]graph.CaseID{a, b}
					pairs[p] = append(pairs[p], class+" "+string(at.Address))
				}
			}
			slices.Sort(pairs[[2]graph.CaseID{a, b}])
			if len(pairs[[2]graph.CaseID{a, b}]) == 0 {
				delete(pairs, [2]graph.CaseID{a, b})
			}
		}
	}
	return pairs
}
