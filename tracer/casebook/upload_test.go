package casebook_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"tsuiseki/tracer/casebook"
)

func TestUploadIsStoredOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *casebook.Book) {
		c, other := newCase(t, b, tokyo, "t"), newCase(t, b, osaka, "t")
		content := bytes.Repeat([]byte{0, 0x83, 0xff, '\n'}, 700_000) // no text, and of several parts
		sum := sha256.Sum256(content)
		first, isNew, err := b.AddUpload(t.Context(), tokyo, c.ID, "被害.csv", content)
		if err != nil || !isNew || first.SHA256 != hex.EncodeToString(sum[:]) || first.Size != int64(len(content)) || first.CreatedBy != "sato" {
			t.Fatalf("it is %+v, new %v, %v", first, isNew, err)
		}
		again, isNew, err := b.AddUpload(t.Context(), dept, c.ID, "copy.csv", content)
		if err != nil || isNew {
			t.Errorf("again it is new %v, %v", isNew, err)
		}
		wantJSON(t, again, first)
		elsewhere, isNew, err := b.AddUpload(t.Context(), osaka, other.ID, "x.csv", content)
		if err != nil || !isNew || elsewhere.ID == first.ID {
			t.Errorf("in another case it is %+v, new %v, %v", elsewhere, isNew, err)
		}
		var stored int
		if err := b.DB().QueryRowContext(t.Context(), "SELECT COUNT(*) FROM contents").Scan(&stored); err != nil || stored != 1 {
			t.Errorf("the bytes are stored %d times, %v", stored, err)
		}
		if got := must(b.UploadContent(t.Context(), tokyo, first.ID))(t); !bytes.Equal(got, content) {
			t.Error("it is read as other bytes")
		}
		empty, _, err := b.AddUpload(t.Context(), tokyo, c.ID, "empty", nil)
		if err != nil || len(must(b.UploadContent(t.Context(), tokyo, empty.ID))(t)) != 0 {
			t.Errorf("an empty file: %v", err)
		}
		wantJSON(t, must(b.Uploads(t.Context(), tokyo, c.ID, casebook.Page{}))(t).Items, []casebook.Upload{first, empty})
		_, _, err = b.AddUpload(t.Context(), tokyo, c.ID, strings.Repeat("x", 501), nil)
		wantInvalid(t, err, "name")
		_, _, err = b.AddUpload(t.Context(), tokyo, c.ID, "huge", make([]byte, casebook.MaxContent+1))
		wantInvalid(t, err, "content")
	})
}

func TestWithdrawnUpload(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *casebook.Book) {
		c := newCase(t, b, tokyo, "t")
		u, _, err := b.AddUpload(t.Context(), tokyo, c.ID, "f", []byte("x"))
		if err != nil {
			t.Fatal(err)
		}
		came := payments(0, 1500)
		for i := range came {
			came[i].Upload = u.ID
		}
		added := must(b.AddDeposits(t.Context(), tokyo, c.ID, came))(t)
		must(b.AddDeposits(t.Context(), tokyo, c.ID, payments(1500, 1502)))(t)
		if err := b.WithdrawDeposit(t.Context(), tokyo, added[0].ID, "earlier"); err != nil {
			t.Fatal(err)
		}
		if err := b.WithdrawUpload(t.Context(), tokyo, u.ID, "of another case"); err != nil {
			t.Fatal(err)
		}
		if n := count(t, b, tokyo, casebook.DepositFilter{Case: c.ID}); n != 2 {
			t.Errorf("%d deposits count, want 2", n)
		}
		for i, reason := range []string{"earlier", "of another case"} {
			if d := must(b.Deposit(t.Context(), tokyo, added[i].ID))(t); d.Withdrawn.Reason != reason || d.Version != 2 {
				t.Errorf("deposit %d is %+v, %+v", i, d.Withdrawn, d.Change)
			}
		}
		for what, err := range map[string]error{
			"withdrawn again": b.WithdrawUpload(t.Context(), tokyo, u.ID, "r"),
			"read again":      second(b.BeginReading(t.Context(), tokyo, u.ID)),
			"more deposits":   second(b.AddDeposits(t.Context(), tokyo, c.ID, came[:1])),
		} {
			if !errors.Is(err, casebook.ErrConflict) {
				t.Errorf("%s: %v", what, err)
			}
		}
		again, isNew, err := b.AddUpload(t.Context(), tokyo, c.ID, "f", []byte("x"))
		if err != nil || isNew || again.Withdrawn.Reason != "of another case" {
			t.Errorf("uploaded again it is %+v, new %v, %v", again, isNew, err)
		}
	})
}

func TestChangedContentIsFound(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *casebook.Book) {
		o, _, _ := world(t, b)
		for _, statement := range []string{
			"UPDATE contents SET size = size - 1", "UPDATE content_parts SET bytes = bytes || bytes", "DELETE FROM content_parts",
		} {
			if _, err := b.DB().ExecContext(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
			if _, err := b.TraceDocument(t.Context(), tokyo, o.Trace); err == nil || !strings.Contains(err.Error(), "changed") {
				t.Errorf("%s: the document is read with %v", statement, err)
			}
		}
		if _, err := b.UploadContent(t.Context(), tokyo, o.Upload); err == nil || !strings.Contains(err.Error(), "changed") {
			t.Errorf("the upload is read with %v", err)
		}
	})
}

func TestRejects(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *casebook.Book) {
		c := newCase(t, b, tokyo, "t")
		u, _, err := b.AddUpload(t.Context(), tokyo, c.ID, "f", []byte("x"))
		if err != nil {
			t.Fatal(err)
		}
		wantInvalid(t, b.AddRejects(t.Context(), tokyo, u.ID, 1, nil), "attempt")
		attempt := must(b.BeginReading(t.Context(), tokyo, u.ID))(t)
		var given []casebook.Reject
		for row := range 250 {
			given = append(given, casebook.Reject{
				Upload: u.ID, Attempt: 1, Row: int64(row + 1), Field: "txid", Code: "truncated", Value: "ａ１", Normalised: "a1",
				Reason: "cut short", ReasonJa: "途中で切れています", Suggestion: fmt.Sprint("row ", row),
			})
		}
		given[3].Row, given[3].Code = given[2].Row, "zero" // two reasons for a row
		for range 2 {
			if err := b.AddRejects(t.Context(), tokyo, u.ID, attempt, given); err != nil {
				t.Fatal(err)
			}
		}
		var got []casebook.Reject
		for page := (casebook.Page{Limit: 7}); ; {
			part := must(b.Rejects(t.Context(), tokyo, u.ID, page))(t)
			got = append(got, part.Items...)
			if page.After = part.Next; page.After == "" {
				break
			}
		}
		wantJSON(t, got, given)

		if second := must(b.BeginReading(t.Context(), tokyo, u.ID))(t); second != 2 {
			t.Errorf("the second attempt is %d", second)
		}
		if left := must(b.Rejects(t.Context(), tokyo, u.ID, casebook.Page{}))(t); len(left.Items) != 0 {
			t.Errorf("of the first attempt, listed are %d", len(left.Items))
		}
		for field, r := range map[string]casebook.Reject{
			"row": {Row: -1}, "code": {Code: "\x00"}, "value": {Value: strings.Repeat("x", 20_001)},
		} {
			wantInvalid(t, b.AddRejects(t.Context(), tokyo, u.ID, 2, []casebook.Reject{r}), field)
		}
		if err := b.WithdrawCase(t.Context(), tokyo, c.ID, "r"); err != nil {
			t.Fatal(err)
		}
		if _, err := b.BeginReading(t.Context(), tokyo, u.ID); !errors.Is(err, casebook.ErrConflict) {
			t.Errorf("of a withdrawn case: %v", err)
		}
	})
}
