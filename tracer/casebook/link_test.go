package casebook_test

import (
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"

	"tsuiseki/tracer/casebook"
)

func TestLinkAndDecisions(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *casebook.Book) {
		pair := [2]string{newCase(t, b, tokyo, "a").ID, newCase(t, b, osaka, "b").ID}
		found := casebook.NewLink{Cases: pair, Grade: casebook.Probable, Score: "0.75", Q: "0.001", Evidence: json.RawMessage(`[ {"node":"x"} ]`)}
		put := func(l casebook.NewLink) int {
			t.Helper()
			return must(b.PutLinks(t.Context(), system, []casebook.NewLink{l}))(t)
		}
		turned := found
		turned.Cases = [2]string{pair[1], pair[0]}
		turned.Evidence = json.RawMessage(`[{"node":"x"}]`)
		if put(found) != 1 || put(found) != 0 || put(turned) != 0 {
			t.Error("the same link is changed by being found again")
		}
		id, first := linkOf(t, b, pair)
		l := must(b.Link(t.Context(), dept, id))(t)
		if l.Withheld || l.Detail.Decided || l.Detail.Decision != nil || string(l.Detail.Evidence) != `[{"node":"x"}]` || l.Detail.Version != 1 {
			t.Errorf("it is %+v, %+v", l, l.Detail)
		}

		rejected := must(b.Decide(t.Context(), dept, id, casebook.Rejected, "a popular contract", first))(t)
		l = must(b.Link(t.Context(), dept, id))(t)
		if !l.Detail.Decided || l.Detail.Decision == nil || *l.Detail.Decision != rejected {
			t.Errorf("decided it is %+v", l.Detail)
		}
		put(found)
		if !must(b.Link(t.Context(), dept, id))(t).Detail.Decided {
			t.Error("the same evidence opened it again")
		}
		found.Evidence = json.RawMessage(`[{"node":"x"},{"node":"y"}]`)
		if put(found) != 1 {
			t.Error("new evidence is no change")
		}
		l = must(b.Link(t.Context(), dept, id))(t)
		if l.Detail.Decided || *l.Detail.Decision != rejected || l.Detail.Version != 2 {
			t.Errorf("with new evidence it is %+v", l.Detail)
		}
		if _, err := b.Decide(t.Context(), dept, id, casebook.Confirmed, "r", first); !errors.Is(err, casebook.ErrConflict) {
			t.Errorf("a decision on evidence of before: %v", err)
		}
		confirmed := must(b.Decide(t.Context(), dept, id, casebook.Confirmed, "one collector", l.Detail.EvidenceDigest))(t)
		wantJSON(t, must(b.Decisions(t.Context(), dept, id, casebook.Page{}))(t).Items, []casebook.Decision{rejected, confirmed})
		if l = must(b.Link(t.Context(), dept, id))(t); !l.Detail.Decided || *l.Detail.Decision != confirmed {
			t.Errorf("decided again it is %+v", l.Detail)
		}
		history := must(b.LinkHistory(t.Context(), dept, id, casebook.Page{}))(t).Items
		if len(history) != 1 || !strings.Contains(string(history[0].Document), first) || !strings.Contains(string(history[0].Document), `[{"node":"x"}]`) {
			t.Errorf("its history is %+v", history)
		}
		_, err := b.Decide(t.Context(), dept, id, "perhaps", "r", l.Detail.EvidenceDigest)
		wantInvalid(t, err, "verdict")
		_, err = b.Decide(t.Context(), dept, id, casebook.Confirmed, "", l.Detail.EvidenceDigest)
		wantInvalid(t, err, "reason")

		if err := b.WithdrawLink(t.Context(), system, id, "found no more"); err != nil {
			t.Fatal(err)
		}
		if err := b.WithdrawLink(t.Context(), system, id, "again"); !errors.Is(err, casebook.ErrConflict) {
			t.Errorf("withdrawn again: %v", err)
		}
		if listed := must(b.Links(t.Context(), dept, casebook.LinkFilter{}, casebook.Page{}))(t).Items; len(listed) != 0 {
			t.Errorf("listed are %+v", listed)
		}
		if put(found) != 1 || !must(b.Link(t.Context(), dept, id))(t).Detail.Withdrawn.At.IsZero() {
			t.Error("it did not come back")
		}
	})
}

// TestLinkNamed has whoever finds a link name it, and say by which digest evidence is the
// same: a decision stands while amounts change.
func TestLinkNamed(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *casebook.Book) {
		pair := [2]string{newCase(t, b, tokyo, "a").ID, newCase(t, b, osaka, "b").ID}
		put := func(id, digest, evidence string) casebook.Link {
			t.Helper()
			must(b.PutLinks(t.Context(), system, []casebook.NewLink{{ID: id, Cases: pair, Grade: casebook.Weak, Digest: digest, Evidence: json.RawMessage(evidence)}}))(t)
			return must(b.Link(t.Context(), dept, "named"))(t)
		}
		first := put("named", "one", `[{"amount":"1"}]`)
		must(b.Decide(t.Context(), dept, first.ID, casebook.Rejected, "r", "one"))(t)
		if l := put("other", "one", `[{"amount":"2"}]`); !l.Detail.Decided || string(l.Detail.Evidence) != `[{"amount":"2"}]` || l.Detail.Version != 2 {
			t.Errorf("with other amounts it is %+v", l.Detail)
		}
		if l := put("named", "two", `[{"amount":"2"}]`); l.Detail.Decided || l.Detail.EvidenceDigest != "two" {
			t.Errorf("with another digest it is %+v", l.Detail)
		}
	})
}

func TestLinkValues(t *testing.T) {
	t.Parallel()
	b := open(t, databases["sqlite"](t))
	a, c := newCase(t, b, tokyo, "a").ID, newCase(t, b, tokyo, "b").ID
	for field, l := range map[string]casebook.NewLink{
		"cases": {Cases: [2]string{a, a}, Grade: casebook.Weak}, "grade": {Cases: [2]string{a, c}, Grade: "A"},
		"evidence": {Cases: [2]string{a, c}, Grade: casebook.Weak, Evidence: json.RawMessage("{")},
		"score":    {Cases: [2]string{a, c}, Grade: casebook.Weak, Score: strings.Repeat("1", 501)},
	} {
		_, err := b.PutLinks(t.Context(), system, []casebook.NewLink{l})
		wantInvalid(t, err, field)
	}
	_, err := b.PutLinks(t.Context(), system, make([]casebook.NewLink, casebook.MaxBatch+1))
	wantInvalid(t, err, "links")
	if _, err := b.PutLinks(t.Context(), system, []casebook.NewLink{{Cases: [2]string{a, "none"}, Grade: casebook.Weak}}); !errors.Is(err, casebook.ErrNotFound) {
		t.Errorf("with a case that is not there: %v", err)
	}
}

// TestLinksAtOnce has several find the same links, and decide on one.
func TestLinksAtOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *casebook.Book) {
		var ids []string
		for range 6 {
			ids = append(ids, newCase(t, b, tokyo, "t").ID)
		}
		var wait sync.WaitGroup
		changed := make([]int, 4)
		for w := range changed {
			wait.Go(func() {
				var found []casebook.NewLink
				for i := range ids {
					for j := range i {
						pair := [2]string{ids[i], ids[j]}
						if w%2 == 1 {
							pair = [2]string{ids[j], ids[i]}
						}
						found = append(found, casebook.NewLink{Cases: pair, Grade: casebook.Weak, Evidence: json.RawMessage("1")})
					}
				}
				var err error
				if changed[w], err = b.PutLinks(t.Context(), system, found); err != nil {
					t.Error(err)
				}
			})
		}
		wait.Wait()
		if total := changed[0] + changed[1] + changed[2] + changed[3]; total != 15 {
			t.Errorf("%v links are new, and 15 there are", changed)
		}
		id, digest := linkOf(t, b, [2]string{ids[0], ids[1]})
		done := make([]error, 4)
		for w := range done {
			wait.Go(func() { _, done[w] = b.Decide(t.Context(), tokyo, id, casebook.Confirmed, "r", digest) })
		}
		wait.Wait()
		made := 0
		for _, err := range done {
			switch {
			case err == nil:
				made++
			case !errors.Is(err, casebook.ErrConflict):
				t.Error(err)
			}
		}
		listed := must(b.Decisions(t.Context(), tokyo, id, casebook.Page{}))(t).Items
		if made == 0 || len(listed) != made || listed[made-1].Number != int64(made) {
			t.Errorf("%d decisions were made, and listed are %+v", made, listed)
		}
	})
}

func TestHistory(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *casebook.Book) {
		c := newCase(t, b, tokyo, "first")
		before := c
		for _, title := range []string{"second", "third"} {
			c.Title = title
			c = must(b.UpdateCase(t.Context(), tokyo, c))(t)
		}
		history := must(b.CaseHistory(t.Context(), tokyo, c.ID, casebook.Page{Limit: 1}))(t)
		if len(history.Items) != 1 || history.Items[0].Version != 1 || history.Next == "" {
			t.Fatalf("its history is %+v", history)
		}
		var was casebook.Case
		if err := json.Unmarshal(history.Items[0].Document, &was); err != nil {
			t.Fatal(err)
		}
		wantJSON(t, was, before)
		rest := must(b.CaseHistory(t.Context(), tokyo, c.ID, casebook.Page{After: history.Next}))(t)
		if len(rest.Items) != 1 || rest.Items[0].Version != 2 || !strings.Contains(string(rest.Items[0].Document), "second") {
			t.Errorf("then follows %+v", rest)
		}
	})
}
