package casebook_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"tsuiseki/tracer/casebook"
)

func TestDisclosures(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *casebook.Book) {
		c := newCase(t, b, tokyo, "t")
		given := casebook.Disclosure{
			Exchange: "取引所", Account: "1", Holder: "山田 太郎", Nationality: "JP", Chain: "bitcoin", Address: "bc1q", Date: "2025-03-31",
		}
		first, isNew, err := b.AddDisclosure(t.Context(), tokyo, c.ID, given, []byte("answer"))
		if err != nil || !isNew || first.Confidence != 70 || first.SHA256 == "" {
			t.Fatalf("it is %+v, new %v, %v", first, isNew, err)
		}
		again, isNew, err := b.AddDisclosure(t.Context(), tokyo, c.ID, given, []byte("answer"))
		if err != nil || isNew {
			t.Errorf("again it is new %v, %v", isNew, err)
		}
		wantJSON(t, again, first)
		if got := must(b.DisclosureDocument(t.Context(), tokyo, first.ID))(t); string(got) != "answer" {
			t.Errorf("its document is %q", got)
		}
		given.Account = "2"
		without, _, err := b.AddDisclosure(t.Context(), tokyo, c.ID, given, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.DisclosureDocument(t.Context(), tokyo, without.ID); !errors.Is(err, casebook.ErrNotFound) {
			t.Errorf("the document of one without: %v", err)
		}
		if err := b.WithdrawDisclosure(t.Context(), tokyo, without.ID, "another holder"); err != nil {
			t.Fatal(err)
		}
		if err := b.WithdrawDisclosure(t.Context(), tokyo, without.ID, "again"); !errors.Is(err, casebook.ErrConflict) {
			t.Errorf("withdrawn again: %v", err)
		}
		wantJSON(t, must(b.Disclosures(t.Context(), tokyo, c.ID, casebook.Page{}))(t).Items, []casebook.Disclosure{first})
		for field, d := range map[string]casebook.Disclosure{
			"exchange": {Date: "2025-03-31"}, "date": {Exchange: "e", Date: "31.3.2025"}, "holder": {Exchange: "e", Holder: "\xff"},
		} {
			_, _, err := b.AddDisclosure(t.Context(), tokyo, c.ID, d, nil)
			wantInvalid(t, err, field)
		}
	})
}

func TestTraces(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *casebook.Book) {
		c := newCase(t, b, tokyo, "t")
		document := []byte(strings.Repeat(`{"hops":[]}`, 200_000))
		given := casebook.Trace{
			Rule: "fifo", Engine: "1.0", Digest: "sha256:aa",
			Params: json.RawMessage(` {"b": 1, "a": null} `), Snapshot: json.RawMessage(`[]`),
		}
		first, isNew, err := b.AddTrace(t.Context(), tokyo, c.ID, given, document)
		if err != nil || !isNew || string(first.Params) != `{"a":null,"b":1}` {
			t.Fatalf("it is %+v, new %v, %v", first, isNew, err)
		}
		if got := must(b.TraceDocument(t.Context(), tokyo, first.ID))(t); !bytes.Equal(got, document) {
			t.Error("its document is read as another")
		}
		var stored int
		if err := b.DB().QueryRowContext(t.Context(), "SELECT SUM(LENGTH(bytes)) FROM content_parts").Scan(&stored); err != nil || stored > len(document)/50 {
			t.Errorf("a document of %d bytes takes %d, %v", len(document), stored, err)
		}
		for _, reason := range []string{"a reorg at 100", "the chain grew"} {
			if err := b.MarkStale(t.Context(), system, first.ID, reason); err != nil {
				t.Fatal(err)
			}
		}
		stale := must(b.Traces(t.Context(), system, casebook.TraceFilter{Stale: true}, casebook.Page{}))(t)
		if len(stale.Items) != 1 || stale.Items[0].Stale.Reason != "a reorg at 100" || stale.Items[0].Stale.At.IsZero() {
			t.Errorf("stale are %+v", stale.Items)
		}
		again, isNew, err := b.AddTrace(t.Context(), system, c.ID, given, document)
		if err != nil || isNew {
			t.Errorf("again it is new %v, %v", isNew, err)
		}
		wantJSON(t, again, first) // and not stale
		wantJSON(t, must(b.Trace(t.Context(), tokyo, first.ID))(t), first)
		given.Digest = "sha256:bb"
		second, _, err := b.AddTrace(t.Context(), tokyo, c.ID, given, document)
		if err != nil {
			t.Fatal(err)
		}
		wantJSON(t, must(b.Traces(t.Context(), tokyo, casebook.TraceFilter{Case: c.ID}, casebook.Page{}))(t).Items, []casebook.Trace{second, first})
		for field, r := range map[string]casebook.Trace{
			"digest": {}, "params": {Digest: "d", Params: json.RawMessage("{")}, "rule": {Digest: "d", Rule: "\x00"},
		} {
			_, _, err := b.AddTrace(t.Context(), tokyo, c.ID, r, nil)
			wantInvalid(t, err, field)
		}
	})
}

func TestNotes(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *casebook.Book) {
		c := newCase(t, b, tokyo, "t")
		first, second := must(b.AddNote(t.Context(), tokyo, c.ID, "一"))(t), must(b.AddNote(t.Context(), dept, c.ID, "二"))(t)
		if err := b.WithdrawNote(t.Context(), tokyo, first.ID, "wrong case"); err != nil {
			t.Fatal(err)
		}
		listed := must(b.Notes(t.Context(), tokyo, c.ID, casebook.Page{}))(t).Items
		if len(listed) != 2 || listed[0].Withdrawn.Reason != "wrong case" || listed[0].Text != "一" {
			t.Errorf("listed are %+v", listed)
		}
		wantJSON(t, listed[1], second)
		_, err := b.AddNote(t.Context(), tokyo, c.ID, "\n")
		wantInvalid(t, err, "text")
		wantInvalid(t, b.WithdrawNote(t.Context(), tokyo, second.ID, "\x00"), "reason")
	})
}

func TestRateFiles(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *casebook.Book) {
		given := casebook.RateFile{Name: "btc.csv", Asset: "BTC", Source: "daily close"}
		first, isNew, err := b.AddRateFile(t.Context(), dept, given, []byte("rates"))
		if err != nil || !isNew {
			t.Fatal(isNew, err)
		}
		again, isNew, err := b.AddRateFile(t.Context(), dept, given, []byte("rates"))
		if err != nil || isNew {
			t.Errorf("again it is new %v, %v", isNew, err)
		}
		wantJSON(t, again, first)
		if got := must(b.RateContent(t.Context(), tokyo, first.ID))(t); string(got) != "rates" {
			t.Errorf("it is read as %q", got)
		}
		if err := b.WithdrawRateFile(t.Context(), dept, first.ID, "another asset's"); err != nil {
			t.Fatal(err)
		}
		if listed := must(b.RateFiles(t.Context(), tokyo, casebook.Page{}))(t).Items; len(listed) != 1 || listed[0].Withdrawn.Reason == "" {
			t.Errorf("listed are %+v", listed)
		}
		_, _, err = b.AddRateFile(t.Context(), dept, casebook.RateFile{Asset: "BTC"}, nil)
		wantInvalid(t, err, "source")
	})
}

func TestUsers(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *casebook.Book) {
		root := must(b.AddUser(t.Context(), admin, casebook.User{Name: "root", Role: casebook.Administrator, PasswordHash: "h0"}))(t)
		given := casebook.User{Name: "佐藤", Role: casebook.Investigator, Prefecture: "13", PasswordHash: "h1"}
		made := must(b.AddUser(t.Context(), admin, given))(t)
		if _, err := b.AddUser(t.Context(), admin, given); !errors.Is(err, casebook.ErrConflict) {
			t.Errorf("the name again: %v", err)
		}
		signing := must(b.SignIn(t.Context(), system, "佐藤"))(t)
		if signing.PasswordHash != "h1" || signing.Principal() != (casebook.Principal{User: "佐藤", Role: casebook.Investigator, Prefecture: "13"}) {
			t.Errorf("signing in is %+v", signing)
		}
		change := made
		change.Prefecture, change.PasswordHash, change.Name = "27", "", "ignored"
		changed := must(b.UpdateUser(t.Context(), admin, change))(t)
		if changed.Name != "佐藤" || changed.Prefecture != "27" || changed.PasswordHash != "h1" || changed.Version != 2 {
			t.Errorf("changed is %+v", changed)
		}
		if _, err := b.UpdateUser(t.Context(), admin, made); !errors.Is(err, casebook.ErrConflict) || !strings.Contains(err.Error(), "prefecture") {
			t.Errorf("a change of what was changed: %v", err)
		}
		changed.PasswordHash = "h2"
		must(b.UpdateUser(t.Context(), admin, changed))(t)
		if read := must(b.User(t.Context(), admin, made.ID))(t); read.PasswordHash != "h2" {
			t.Errorf("the password did not change: %+v", read)
		}
		if err := b.WithdrawUser(t.Context(), admin, made.ID, "left"); err != nil {
			t.Fatal(err)
		}
		if _, err := b.SignIn(t.Context(), system, "佐藤"); !errors.Is(err, casebook.ErrNotFound) {
			t.Errorf("signing in after leaving: %v", err)
		}
		if _, err := b.SignIn(t.Context(), system, "no\x00body"); !errors.Is(err, casebook.ErrNotFound) {
			t.Errorf("nobody signing in: %v", err)
		}
		if err := b.WithdrawUser(t.Context(), admin, root.ID, "left"); !errors.Is(err, casebook.ErrConflict) {
			t.Errorf("the last administrator left: %v", err)
		}
		if listed := must(b.Users(t.Context(), admin, casebook.Page{}))(t).Items; len(listed) != 2 || listed[1].Withdrawn.Reason != "left" {
			t.Errorf("listed are %+v", listed)
		}
		for field, u := range map[string]casebook.User{
			"name": {Name: " a", Role: casebook.Analyst}, "role": {Name: "a", Role: casebook.System},
			"prefecture": {Name: "a", Role: casebook.Investigator}, "password_hash": {Name: "a", Role: casebook.Analyst, PasswordHash: "\x00"},
		} {
			_, err := b.AddUser(t.Context(), admin, u)
			wantInvalid(t, err, field)
		}
		_, err := b.AddUser(t.Context(), admin, casebook.User{Name: "a", Role: casebook.Analyst, Prefecture: "13"})
		wantInvalid(t, err, "prefecture")
	})
}
