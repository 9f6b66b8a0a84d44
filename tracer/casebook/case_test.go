package casebook_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"tsuiseki/tracer/casebook"
)

func TestCaseIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *casebook.Book) {
		given := casebook.Case{
			Number: "令和7年(投)第123号", Title: "投資詐欺", Prefecture: "13", Station: "麹町署", Officer: "佐藤",
			Contact: "内線 1234", Scheme: "投資詐欺", Status: casebook.CaseOpen,
		}
		made := must(b.CreateCase(t.Context(), tokyo, given))(t)
		read := must(b.Case(t.Context(), tokyo, made.ID))(t)
		wantJSON(t, read, made)
		if made.Created.IsZero() || made.CreatedBy != "sato" || made.Version != 1 || !made.Withdrawn.At.IsZero() {
			t.Errorf("made is %+v", made)
		}
		given.ID, given.Origin, given.Change = made.ID, made.Origin, made.Change
		wantJSON(t, read, given)
	})
}

func TestCaseValues(t *testing.T) {
	t.Parallel()
	b := open(t, databases["sqlite"](t))
	good := casebook.Case{Title: "t", Prefecture: "13"}
	for _, test := range []struct {
		field  string
		change func(*casebook.Case)
	}{
		{"title", func(c *casebook.Case) { c.Title = " 　" }},
		{"title", func(c *casebook.Case) { c.Title = "a\x00b" }},
		{"officer", func(c *casebook.Case) { c.Officer = "\xff" }},
		{"station", func(c *casebook.Case) { c.Station = string(make([]byte, 501)) }},
		{"prefecture", func(c *casebook.Case) { c.Prefecture = "48" }},
		{"prefecture", func(c *casebook.Case) { c.Prefecture = "00" }},
		{"prefecture", func(c *casebook.Case) { c.Prefecture = "1" }},
		{"prefecture", func(c *casebook.Case) { c.Prefecture = "1a" }},
		{"status", func(c *casebook.Case) { c.Status = "lost" }},
	} {
		c := good
		test.change(&c)
		_, err := b.CreateCase(t.Context(), dept, c)
		wantInvalid(t, err, test.field)
	}
	for code := range 47 {
		c := good
		c.Prefecture = casebook.Prefecture([]byte{'0' + byte((code+1)/10), '0' + byte((code+1)%10)})
		if _, err := b.CreateCase(t.Context(), dept, c); err != nil || c.Prefecture.Name() == "" {
			t.Errorf("prefecture %s: %v", c.Prefecture, err)
		}
	}
	_, err := b.CreateCase(t.Context(), osaka, good)
	wantInvalid(t, err, "prefecture")
}

func TestCaseNumberIsThereOnceInAPrefecture(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *casebook.Book) {
		numbered := casebook.Case{Number: "1", Title: "t", Prefecture: "13"}
		first := must(b.CreateCase(t.Context(), tokyo, numbered))(t)
		if _, err := b.CreateCase(t.Context(), tokyo, numbered); !errors.Is(err, casebook.ErrConflict) {
			t.Errorf("the number again: %v", err)
		}
		other := numbered
		other.Prefecture = "27"
		must(b.CreateCase(t.Context(), osaka, other))(t)
		second := newCase(t, b, tokyo, "without a number")
		newCase(t, b, tokyo, "without a number")
		second.Number = "1"
		if _, err := b.UpdateCase(t.Context(), tokyo, second); !errors.Is(err, casebook.ErrConflict) {
			t.Errorf("changed to the number: %v", err)
		}
		if err := b.WithdrawCase(t.Context(), tokyo, first.ID, "entered twice"); err != nil {
			t.Fatal(err)
		}
		must(b.UpdateCase(t.Context(), tokyo, second))(t)
	})
}

func TestCaseChangesUnderOneAnother(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *casebook.Book) {
		read := newCase(t, b, tokyo, "t")
		first, second := read, read
		first.Officer, first.Station = "佐藤", "麹町署"
		changed := must(b.UpdateCase(t.Context(), tokyo, first))(t)
		if changed.Version != 2 || changed.Created != read.Created {
			t.Errorf("changed is %+v", changed)
		}
		second.Title = "other"
		_, err := b.UpdateCase(t.Context(), dept, second)
		conflict, ok := errors.AsType[*casebook.ConflictError](err)
		if !ok || !slices.Equal(conflict.Changed, []string{"officer", "station"}) || conflict.By != "sato" || conflict.Version != 2 {
			t.Fatalf("a change of what was changed: %v", err)
		}
		wantJSON(t, must(b.Case(t.Context(), tokyo, read.ID))(t), changed)
		second.Version = 9
		_, err = b.UpdateCase(t.Context(), dept, second)
		wantInvalid(t, err, "version")
	})
}

func TestCaseChangedAtOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *casebook.Book) {
		c := newCase(t, b, tokyo, "t")
		var wait sync.WaitGroup
		var won atomic.Int64
		for n := range 6 {
			wait.Go(func() {
				mine := c
				mine.Title = fmt.Sprint("by ", n)
				switch _, err := b.UpdateCase(t.Context(), tokyo, mine); {
				case err == nil:
					won.Add(1)
				case !errors.Is(err, casebook.ErrConflict):
					t.Error(err)
				}
			})
		}
		wait.Wait()
		if read := must(b.Case(t.Context(), tokyo, c.ID))(t); won.Load() != 1 || read.Version != 2 {
			t.Errorf("%d changes of one version were made, and it is %+v", won.Load(), read)
		}
	})
}

func TestWithdrawnCase(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *casebook.Book) {
		c := newCase(t, b, tokyo, "t")
		wantInvalid(t, b.WithdrawCase(t.Context(), tokyo, c.ID, " "), "reason")
		if err := b.WithdrawCase(t.Context(), tokyo, c.ID, "entered twice"); err != nil {
			t.Fatal(err)
		}
		read := must(b.Case(t.Context(), tokyo, c.ID))(t)
		if read.Withdrawn.Reason != "entered twice" || read.Withdrawn.By != "sato" || read.Withdrawn.At.IsZero() || read.Version != 2 {
			t.Errorf("it is %+v", read)
		}
		if _, err := b.UpdateCase(t.Context(), tokyo, read); !errors.Is(err, casebook.ErrConflict) {
			t.Errorf("a change of it: %v", err)
		}
		if _, err := b.AddDeposits(t.Context(), tokyo, c.ID, payments(0, 1)); !errors.Is(err, casebook.ErrConflict) {
			t.Errorf("an addition to it: %v", err)
		}
		if listed := must(b.Cases(t.Context(), tokyo, casebook.CaseFilter{}, casebook.Page{}))(t); len(listed.Items) != 0 {
			t.Errorf("listed are %v", listed)
		}
		if listed := must(b.Cases(t.Context(), tokyo, casebook.CaseFilter{Withdrawn: true}, casebook.Page{}))(t); len(listed.Items) != 1 {
			t.Errorf("with the withdrawn, listed are %v", listed)
		}
	})
}

func TestCasesAreFound(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *casebook.Book) {
		for _, c := range []casebook.Case{
			{Title: "ﾛﾏﾝｽ詐欺 100%", Prefecture: "13", Number: "A-1"},
			{Title: "投資詐欺 1000", Prefecture: "27", Status: casebook.CaseClosed},
			{Title: "x_y", Prefecture: "13", Officer: "Ｓａｔｏ"},
		} {
			must(b.CreateCase(t.Context(), dept, c))(t)
		}
		for _, test := range []struct {
			filter casebook.CaseFilter
			found  []string
		}{
			{casebook.CaseFilter{}, []string{"x_y", "投資詐欺 1000", "ﾛﾏﾝｽ詐欺 100%"}},
			{casebook.CaseFilter{Text: "ロマンス"}, []string{"ﾛﾏﾝｽ詐欺 100%"}},
			{casebook.CaseFilter{Text: "100%"}, []string{"ﾛﾏﾝｽ詐欺 100%"}},
			{casebook.CaseFilter{Text: "X_Y"}, []string{"x_y"}},
			{casebook.CaseFilter{Text: "xzy"}, nil},
			{casebook.CaseFilter{Text: "!"}, nil},
			{casebook.CaseFilter{Text: "sATO"}, []string{"x_y"}},
			{casebook.CaseFilter{Text: "a-1"}, []string{"ﾛﾏﾝｽ詐欺 100%"}},
			{casebook.CaseFilter{Prefecture: "13"}, []string{"x_y", "ﾛﾏﾝｽ詐欺 100%"}},
			{casebook.CaseFilter{Status: casebook.CaseClosed}, []string{"投資詐欺 1000"}},
			{casebook.CaseFilter{Status: "no\x00ne"}, nil},
		} {
			var found []string
			for _, c := range must(b.Cases(t.Context(), dept, test.filter, casebook.Page{}))(t).Items {
				found = append(found, c.Title)
			}
			if !slices.Equal(found, test.found) {
				t.Errorf("%+v finds %q, want %q", test.filter, found, test.found)
			}
		}
	})
}

func TestCasesArePaged(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *casebook.Book) {
		for range 7 {
			newCase(t, b, tokyo, "t")
			newCase(t, b, osaka, "t")
		}
		all := must(b.Cases(t.Context(), tokyo, casebook.CaseFilter{}, casebook.Page{}))(t)
		if len(all.Items) != 7 || all.Next != "" {
			t.Fatalf("all are %d, then %q", len(all.Items), all.Next)
		}
		for limit := 1; limit <= 8; limit++ {
			var got []casebook.Case
			for page := (casebook.Page{Limit: limit}); ; {
				part := must(b.Cases(t.Context(), tokyo, casebook.CaseFilter{}, page))(t)
				got = append(got, part.Items...)
				if page.After = part.Next; page.After == "" {
					break
				}
			}
			wantJSON(t, got, all.Items)
		}
		for _, page := range []casebook.Page{{Limit: -1}, {Limit: 1001}} {
			_, err := b.Cases(t.Context(), tokyo, casebook.CaseFilter{}, page)
			wantInvalid(t, err, "limit")
		}
		for _, after := range []string{"x", "W10", "WyJhIiwiYiJd", "WzEsMl0"} {
			_, err := b.Cases(t.Context(), tokyo, casebook.CaseFilter{}, casebook.Page{After: after})
			wantInvalid(t, err, "after")
		}
	})
}
