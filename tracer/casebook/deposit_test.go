package casebook_test

import (
	"errors"
	"math/big"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tsuiseki/chains"
	"tsuiseki/tracer/casebook"
)

func TestDepositIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *casebook.Book) {
		c := newCase(t, b, tokyo, "t")
		u, _, err := b.AddUpload(t.Context(), tokyo, c.ID, "被害.csv", []byte("txid\n"))
		if err != nil {
			t.Fatal(err)
		}
		d, yen := payment(1), chains.NewAmount(0)
		d.Amount = chains.BigAmount(new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 256), big.NewInt(1)))
		d.Index, d.Yen, d.Receipt, d.Victim, d.Upload, d.Note = 1<<32-1, &yen, "受1", "被害者A", u.ID, "テスト送金"
		d.Test, d.Refund = true, true
		added := must(b.AddDeposits(t.Context(), tokyo, c.ID, []casebook.Deposit{d, payment(2)}))(t)
		read := must(b.Deposit(t.Context(), tokyo, added[0].ID))(t)
		d.ID, d.Case, d.Origin, d.Change = added[0].ID, c.ID, read.Origin, read.Change
		wantJSON(t, read, d)
		if read.Version != 1 || read.CreatedBy != "sato" {
			t.Errorf("it was made by %+v, %+v", read.Origin, read.Change)
		}
		if plain := must(b.Deposit(t.Context(), tokyo, added[1].ID))(t); plain.Yen != nil || plain.Upload != "" {
			t.Errorf("what was not said is read as %+v", plain)
		}
	})
}

func TestDepositsAreThereOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *casebook.Book) {
		c, other := newCase(t, b, tokyo, "t"), newCase(t, b, tokyo, "other")
		first := must(b.AddDeposits(t.Context(), tokyo, c.ID, payments(0, 700)))(t)
		again := payments(500, 900)
		again = append(again, again[399], again[0]) // twice in one call, too
		second := must(b.AddDeposits(t.Context(), dept, c.ID, again))(t)
		for i := range 200 {
			if second[i].New || second[i].ID != first[500+i].ID {
				t.Fatalf("the deposit %d again is %+v, want %+v", 500+i, second[i], first[500+i])
			}
		}
		for i := 200; i < 400; i++ {
			if !second[i].New {
				t.Fatalf("the deposit %d is not new", 500+i)
			}
		}
		if second[400].ID != second[399].ID || second[401].ID != first[500].ID {
			t.Error("a deposit that a call gives twice is two")
		}
		if err := b.WithdrawDeposit(t.Context(), tokyo, first[0].ID, "not the victim's"); err != nil {
			t.Fatal(err)
		}
		if third := must(b.AddDeposits(t.Context(), tokyo, c.ID, payments(0, 1)))(t); third[0].New {
			t.Error("a withdrawn deposit was added again")
		}
		must(b.AddDeposits(t.Context(), tokyo, other.ID, payments(0, 1)))(t)
		if n := count(t, b, tokyo, casebook.DepositFilter{Case: c.ID}); n != 899 {
			t.Errorf("the case has %d deposits, want 899", n)
		}
		if n := count(t, b, tokyo, casebook.DepositFilter{Withdrawn: true}); n != 901 {
			t.Errorf("all are %d, want 901", n)
		}
	})
}

func count(t *testing.T, b *casebook.Book, p casebook.Principal, filter casebook.DepositFilter) (n int) {
	t.Helper()
	var before casebook.Deposit
	for d, err := range b.EachDeposit(t.Context(), p, filter) {
		if err != nil {
			t.Fatal(err)
		}
		if order := d.Created.Compare(before.Created); order < 0 || order == 0 && d.Row < before.Row {
			t.Errorf("row %d of %s comes after row %d of %s", d.Row, d.Created, before.Row, before.Created)
		}
		before = d
		n++
	}
	return n
}

func TestDepositsAddedAtOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *casebook.Book) {
		c := newCase(t, b, tokyo, "t")
		answers := make([][]casebook.Added, 4)
		var wait sync.WaitGroup
		for i := range answers {
			wait.Go(func() {
				mine := payments(0, 300)
				if i%2 == 1 {
					slices.Reverse(mine)
				}
				var err error
				if answers[i], err = b.AddDeposits(t.Context(), tokyo, c.ID, mine); err != nil {
					t.Error(err)
				}
				if i%2 == 1 {
					slices.Reverse(answers[i])
				}
			})
		}
		wait.Wait()
		for n := range 300 {
			added := 0
			for i := range answers {
				if answers[i][n].ID != answers[0][n].ID {
					t.Fatalf("deposit %d has two ids", n)
				}
				if answers[i][n].New {
					added++
				}
			}
			if added != 1 {
				t.Fatalf("deposit %d was added %d times", n, added)
			}
		}
	})
}

func TestDepositValues(t *testing.T) {
	t.Parallel()
	b := open(t, databases["sqlite"](t))
	c, other := newCase(t, b, tokyo, "t"), newCase(t, b, tokyo, "other")
	u, _, err := b.AddUpload(t.Context(), tokyo, other.ID, "f", []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	huge, negative := chains.BigAmount(new(big.Int).Lsh(big.NewInt(1), 256)), chains.NewAmount(-1)
	for _, test := range []struct {
		field  string
		change func(*casebook.Deposit)
	}{
		{"chain", func(d *casebook.Deposit) { d.Chain = "" }},
		{"asset", func(d *casebook.Deposit) { d.Asset = "" }},
		{"kind", func(d *casebook.Deposit) { d.Kind = "gift" }},
		{"amount", func(d *casebook.Deposit) { d.Amount = negative }},
		{"amount", func(d *casebook.Deposit) { d.Amount = huge }},
		{"yen", func(d *casebook.Deposit) { d.Yen = &negative }},
		{"time", func(d *casebook.Deposit) { d.Time = time.Unix(-1, 0).UTC() }},
		{"time", func(d *casebook.Deposit) { d.Time = time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC) }},
		{"row", func(d *casebook.Deposit) { d.Row = -1 }},
		{"note", func(d *casebook.Deposit) { d.Note = strings.Repeat("x", 20_001) }},
		{"victim", func(d *casebook.Deposit) { d.Victim = "\x00" }},
	} {
		d := payment(1)
		test.change(&d)
		_, err := b.AddDeposits(t.Context(), tokyo, c.ID, []casebook.Deposit{payment(0), d})
		wantInvalid(t, err, test.field)
	}
	d := payment(1)
	d.Upload = u.ID
	if _, err := b.AddDeposits(t.Context(), tokyo, c.ID, []casebook.Deposit{d}); !errors.Is(err, casebook.ErrNotFound) {
		t.Errorf("by an upload of another case: %v", err)
	}
	_, err = b.AddDeposits(t.Context(), tokyo, c.ID, make([]casebook.Deposit, casebook.MaxBatch+1))
	wantInvalid(t, err, "deposits")
	if n := count(t, b, tokyo, casebook.DepositFilter{Withdrawn: true}); n != 0 {
		t.Errorf("of calls that failed, %d deposits are there", n)
	}
	if none := must(b.AddDeposits(t.Context(), tokyo, c.ID, nil))(t); len(none) != 0 {
		t.Errorf("no deposits are %v", none)
	}
}

func TestDepositChanges(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *casebook.Book) {
		c := newCase(t, b, tokyo, "t")
		id := must(b.AddDeposits(t.Context(), tokyo, c.ID, payments(1, 2)))(t)[0].ID
		read := must(b.Deposit(t.Context(), tokyo, id))(t)
		yen := chains.NewAmount(1_500_000)
		change := read
		change.Yen, change.Test, change.Victim, change.Amount, change.Case = &yen, true, "B", chains.NewAmount(7), "elsewhere"
		changed := must(b.UpdateDeposit(t.Context(), tokyo, change))(t)
		want := read
		want.Yen, want.Test, want.Victim, want.Change = &yen, true, "B", changed.Change
		wantJSON(t, changed, want)
		wantJSON(t, must(b.Deposit(t.Context(), tokyo, id))(t), want)

		_, err := b.UpdateDeposit(t.Context(), dept, read)
		conflict, ok := errors.AsType[*casebook.ConflictError](err)
		if !ok || !slices.Equal(conflict.Changed, []string{"test", "victim", "yen"}) {
			t.Errorf("a change of what was changed: %v", err)
		}
		wantInvalid(t, b.WithdrawDeposit(t.Context(), tokyo, id, ""), "reason")
		if err := b.WithdrawDeposit(t.Context(), tokyo, id, "refunded before it left"); err != nil {
			t.Fatal(err)
		}
		if err := b.WithdrawDeposit(t.Context(), tokyo, id, "again"); !errors.Is(err, casebook.ErrConflict) {
			t.Errorf("withdrawn again: %v", err)
		}
		if read := must(b.Deposit(t.Context(), tokyo, id))(t); read.Withdrawn.Reason != "refunded before it left" || read.Version != 3 {
			t.Errorf("withdrawn it is %+v", read)
		}
	})
}
