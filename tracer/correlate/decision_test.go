package correlate_test

import (
	"slices"
	"testing"

	"tsuiseki/graph"
	"tsuiseki/tracer/correlate"
)

// decidedWorld is two cases that meet at x, with a third that pays to x too.
func decidedWorld() *fake {
	f := pairOf([]correlate.Visit{came(eth("x"), 50, 2, 100)}, []correlate.Visit{came(eth("x"), 50, 1, 400)})
	f.put("c", came(eth("x"), 50, 1, 800), came(eth("rc"), 100, 0, 0))
	return f
}

// meet adds a second place at which a and b meet.
func meet(f *fake) {
	f.put("a", came(eth("x"), 50, 2, 100), came(eth("y"), 20, 2, 100), came(eth("ra"), 100, 0, 0))
	f.put("b", came(eth("x"), 50, 1, 400), came(eth("y"), 20, 2, 900), came(eth("rb"), 100, 0, 0))
}

func TestRejectedStaysRejected(t *testing.T) {
	for _, seen := range []bool{true, false} {
		f := decidedWorld()
		f.decide(linkOf(t, once(t, f), "a", "b"), correlate.Rejected, seen)
		r := once(t, f)
		l := linkOf(t, r, "a", "b")
		if l.Decision == nil || l.Decision.Verdict != correlate.Rejected || l.Decision.Reopened || l.Decision.Reason != "looked at" {
			t.Errorf("decision %+v", l.Decision)
		}
		// All three still meet at x, and c joins both.
		if len(r.Groups) != 1 || r.Groups[0].Links != 2 {
			t.Errorf("groups %+v, want one of two links", r.Groups)
		}
		// Other amounts are no new evidence, nor is less of it.
		f.put("b", came(eth("x"), 40, 1, 400), came(eth("rb"), 100, 0, 0))
		if l := linkOf(t, once(t, f), "a", "b"); l.Decision.Reopened {
			t.Errorf("other amounts reopened it: %+v", l)
		}
		meet(f)
		l = linkOf(t, once(t, f), "a", "b")
		if !l.Decision.Reopened {
			t.Fatalf("a second place did not reopen it: %+v", l)
		}
		for _, e := range l.Evidence {
			if want := !seen || e.Node == "y"; e.New != want {
				t.Errorf("evidence kept: %v; %s at %s is new: %v", seen, e.Class, e.Node, e.New)
			}
		}
		f.decide(l, correlate.Rejected, seen)
		f.put("b", came(eth("y"), 20, 2, 900), came(eth("rb"), 100, 0, 0))
		if l := linkOf(t, once(t, f), "a", "b"); seen && l.Decision.Reopened {
			t.Errorf("less evidence reopened it: %+v", l)
		}
	}
}

func TestConfirmedStays(t *testing.T) {
	f := decidedWorld()
	f.stand(eth("x"), correlate.Standing{Degree: 500})
	weak := linkOf(t, once(t, f), "a", "b")
	if r := once(t, f); weak.Grade != correlate.Weak || len(r.Groups) != 0 {
		t.Fatalf("grade %s, groups %v", weak.Grade, r.Groups)
	}
	f.decide(weak, correlate.Confirmed, true)
	r := once(t, f)
	if len(r.Groups) != 1 || !slices.Equal(r.Groups[0].Cases, []graph.CaseID{"a", "b"}) {
		t.Errorf("groups %+v", r.Groups)
	}
	// It stays when the evidence goes, and goes with the case.
	f.stand(eth("x"), correlate.Standing{Stops: "service"})
	if l := linkOf(t, once(t, f), "a", "b"); l == nil || len(l.Evidence) != 0 || l.Decision.Verdict != correlate.Confirmed {
		t.Errorf("without evidence: %+v", l)
	}
	delete(f.cases, "b")
	if r := once(t, f); r.Len() != 0 {
		t.Errorf("%d links of a case that is no more", r.Len())
	}
}

func TestWrongDecisions(t *testing.T) {
	for name, d := range map[string]correlate.Decision{
		"verdict":   {Link: correlate.LinkID("a", "b"), Cases: [2]graph.CaseID{"a", "b"}, Verdict: "perhaps"},
		"other way": {Link: correlate.LinkID("a", "c"), Cases: [2]graph.CaseID{"a", "b"}, Verdict: correlate.Rejected},
	} {
		f := decidedWorld()
		f.decisions[d.Link] = d
		if _, err := correlate.Run(t.Context(), f.inputs(), options(t.TempDir(), true)); err == nil {
			t.Errorf("%s: it was taken", name)
		}
	}
	if correlate.LinkID("a", "b") != correlate.LinkID("b", "a") || correlate.LinkID("a", "b") == correlate.LinkID("ab", "") {
		t.Error("a link's name is not that of its two cases")
	}
}

// TestGroupsAreCut: one doubtful link between two gangs joins them only while they are
// few.
func TestGroupsAreCut(t *testing.T) {
	f := newFake()
	for i, id := range []graph.CaseID{"a1", "a2", "b1", "b2"} {
		gang := eth("gang " + string(id[:1]))
		f.put(id, came(gang, 50, 0, i), came(eth("r"+string(id)), 10, 0, i))
	}
	f.put("a2", came(eth("gang a"), 50, 0, 1), came(eth("x"), 5, 2, 9))
	f.put("b1", came(eth("gang b"), 50, 0, 1), came(eth("x"), 5, 2, 900))
	opt := options(t.TempDir(), true)
	for limit, want := range map[int]int{4: 1, 3: 2} {
		opt.Params.GroupLimit = limit
		r, err := correlate.Run(t.Context(), f.inputs(), opt)
		if err != nil {
			t.Fatal(err)
		}
		if len(r.Groups) != want || r.Groups[0].KeyNodes[0].Node != "gang a" {
			t.Errorf("limit %d: %+v", limit, r.Groups)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
}
