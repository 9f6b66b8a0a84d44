package label_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tsuiseki/chains"
	"tsuiseki/tracer/label"
)

// withdraw takes a set out of force; where it is in none, that is told.
func withdraw(t *rapid.T, s *label.Store, name string, held bool) {
	m, err := s.Import()
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	_, _, err = m.Withdraw(label.Set{Kind: label.SetTagPack, Name: name}, "why")
	if held != (err == nil) || !held && !errors.Is(err, chains.ErrNotFound) {
		t.Fatalf("%v of a set that is held: %v", err, held)
	}
}

// TestSets tells the history of sets: in force, withdrawn, and back.
func TestSets(t *testing.T) {
	s, c := newStore(t)
	csv := label.File{Name: "a.csv", Set: "one", Data: []byte("chain,address,label,source\nbitcoin," + someAddress + ",x,y\n")}
	list := label.File{Name: "sanctioned_addresses_ETH.txt", Set: "mine", Data: []byte(someAccount + "\n")}
	importFile(t, s, csv)
	importFile(t, s, list)
	c.day(2)
	csv.Data = append(csv.Data, "bitcoin,"+otherAddress+",x,y\n"...)
	importFile(t, s, csv)
	c.day(3)
	m, err := s.Import()
	if err != nil {
		t.Fatal(err)
	}
	one := label.Set{Kind: label.SetCSV, Name: "one"}
	if _, _, err := m.Withdraw(one, " "); err == nil {
		t.Error("withdrawn for no reason")
	}
	if rows, at, err := m.Withdraw(one, "why"); err != nil || rows != 2 || !at.Equal(c.now) {
		t.Errorf("%d rows, %s, %v", rows, at, err)
	}
	m.Close()
	withdrawn := c.now
	without, _ := newStore(t)
	importFile(t, without, list)
	if openView(t, s, withdrawn).Digest() != openView(t, without, time.Time{}).Digest() {
		t.Error("a set withdrawn still counts")
	}
	c.day(4)
	if r := importFile(t, s, csv).Sets[0]; r.Added != 2 || r.Kept != 0 {
		t.Errorf("back: %+v", r)
	}
	jan := func(n int) time.Time { return time.Date(2025, 1, n, 12, 0, 0, 0, time.UTC) }
	other := label.SetInfo{
		Pack: label.Pack{Set: label.Set{Kind: label.SetOFAC, Name: "mine"}, Title: "OFAC sanctioned addresses ETH", Creator: "OFAC"},
		Rows: 1, Since: jan(1), KnownAt: jan(1), Input: list.Name,
	}
	of := func(rows int, since, known time.Time, why string) label.SetInfo {
		return label.SetInfo{Pack: label.Pack{Set: one}, Rows: rows, Since: since, KnownAt: known, Input: "a.csv", Withdrawn: why}
	}
	for at, want := range map[time.Time]label.SetInfo{
		jan(1): of(1, jan(1), jan(1), ""), jan(2): of(2, jan(1), jan(2), ""), withdrawn: of(2, jan(1), withdrawn, "why"), jan(4): of(2, jan(4), jan(4), ""),
		{}: of(2, jan(4), jan(4), ""),
	} {
		got, err := s.Sets(at)
		if diff := cmp.Diff([]label.SetInfo{want, other}, got); diff != "" || err != nil {
			t.Errorf("%s: %v\n%s", at, err, diff)
		}
	}
	sets, err := s.Sets(withdrawn)
	if _, notFound := label.FindSet(sets, "one"); err != nil || !errors.Is(notFound, chains.ErrNotFound) {
		t.Errorf("%v, %v", err, notFound)
	}
	if set, err := label.FindSet(sets, "ofac mine"); err != nil || set != other.Set {
		t.Errorf("%v, %v", set, err)
	}
	both := []label.SetInfo{{Pack: label.Pack{Set: one}}, {Pack: label.Pack{Set: label.Set{Kind: label.SetTagPack, Name: "one"}}}}
	if _, err := label.FindSet(both, "one"); err == nil || !strings.Contains(err.Error(), `"csv one", "tagpack one"`) {
		t.Errorf("%v", err)
	}
}
