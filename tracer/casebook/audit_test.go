package casebook_test

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"tsuiseki/tracer/casebook"
)

// TestAuditByHand computes a hash as the documentation says, without the book's code.
func TestAuditByHand(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *casebook.Book) {
		c := newCase(t, b, tokyo, "投資詐欺 <&>")
		must(b.Cases(t.Context(), tokyo, casebook.CaseFilter{Text: "\"\\\u2028\x7f詐"}, casebook.Page{}))(t)
		if _, err := b.Case(t.Context(), osaka, c.ID); !errors.Is(err, casebook.ErrNotFound) {
			t.Fatal(err)
		}
		rows := must(b.Audit(t.Context(), audits, casebook.AuditFilter{}, casebook.Page{}))(t).Items
		previous := ""
		for _, r := range slices.Backward(rows) {
			text := fmt.Sprintf(`{"action":%s,"details":%s,"previous":%s,"resource":%s,"seq":%d,"time":%s,"who":%s}`,
				quoted(r.Action), quoted(r.Details), quoted(previous), quoted(r.Resource), r.Seq, quoted(r.Time), quoted(r.Who))
			sum := sha256.Sum256([]byte(text))
			if hex.EncodeToString(sum[:]) != r.Hash {
				t.Errorf("row %d: the hash of %s is %x, and %s is stored", r.Seq, text, sum, r.Hash)
			}
			previous = r.Hash
		}
		if len(rows) != 3 || rows[2].Action != "case.create" || rows[2].Who != "sato" || rows[2].Resource != "case/"+c.ID ||
			rows[0].Details != `{"outcome":"not found","prefecture":"27","role":"investigator"}` {
			t.Errorf("the audit says %+v", rows)
		}
	})
}

// quoted writes a string as RFC 8785 does: what has no short form and is no control
// character stands as it is.
func quoted(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteString(`\` + string(r))
		case r < ' ':
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	return `"` + b.String() + `"`
}

func TestAuditIsAppendOnly(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *casebook.Book) {
		newCase(t, b, tokyo, "t")
		for _, statement := range []string{
			"UPDATE audit SET who = 'x'", "DELETE FROM audit", "UPDATE audit SET hash = hash WHERE seq = 1", "DELETE FROM audit WHERE seq = 1",
		} {
			if _, err := b.DB().ExecContext(t.Context(), statement); err == nil || !strings.Contains(err.Error(), "append-only") {
				t.Errorf("%s: %v", statement, err)
			}
		}
	})
}

func TestAuditIsOneChain(t *testing.T) {
	t.Parallel()
	for name, address := range databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at := address(t)
			books := []*casebook.Book{open(t, at), open(t, at)} // as two processes
			c := newCase(t, books[0], tokyo, "t")
			const writers, each = 4, 25
			var wait sync.WaitGroup
			for w := range writers {
				wait.Go(func() {
					for range each {
						if _, err := books[w%2].Case(t.Context(), tokyo, c.ID); err != nil {
							t.Error(err)
						}
					}
				})
			}
			wait.Wait()
			v := must(books[0].VerifyAudit(t.Context(), audits))(t)
			if v.Err() != nil || v.Rows != writers*each+2 || v.Head.Seq != v.Rows {
				t.Errorf("it is %+v", v)
			}
		})
	}
}

func TestVerifyWithKeptHeads(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *casebook.Book) {
		newCase(t, b, tokyo, "t")
		head := must(b.AuditHead(t.Context(), audits))(t)
		newCase(t, b, tokyo, "t")
		if v := must(b.VerifyAudit(t.Context(), audits, head, casebook.AuditHead{}))(t); v.Err() != nil || v.Rows != 4 {
			t.Errorf("with the head that was kept it is %+v", v)
		}
		for _, wrong := range []casebook.AuditHead{
			{Seq: head.Seq, Hash: strings.Repeat("0", 64)}, {Seq: 99, Hash: head.Hash}, {Seq: 2, Hash: head.Hash}, {Seq: -1, Hash: head.Hash},
		} {
			v := must(b.VerifyAudit(t.Context(), audits, head, wrong))(t)
			if !errors.Is(v.Err(), casebook.ErrTampered) || len(v.Findings) != 1 {
				t.Errorf("with %+v it is %+v", wrong, v)
			}
		}
	})
}

// TestVerifyFindsEveryChange flips, moves, inserts and deletes what rapid draws, and wants
// it to be found, and where.
func TestVerifyFindsEveryChange(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *casebook.Book) {
		const rows = 12
		for n := range rows {
			newCase(t, b, tokyo, fmt.Sprint("case ", n))
		}
		rapid.Check(t, func(r *rapid.T) {
			kind := rapid.SampledFrom([]string{"field", "delete", "swap", "insert", "append", "cut", "head", "rewrite"}).Draw(r, "kind")
			at := rapid.IntRange(1, rows).Draw(r, "row")
			damage(t.Context(), t, b, func(begun *sql.Tx) {
				var head casebook.AuditHead
				if err := begun.QueryRowContext(t.Context(), "SELECT seq, hash FROM audit_head").Scan(&head.Seq, &head.Hash); err != nil {
					r.Fatal(err)
				}
				from, to := tamper(t.Context(), r, begun, kind, at, rows)
				v, err := casebook.Verify(t.Context(), begun, head)
				if err != nil {
					r.Fatal(err)
				}
				if v.Err() == nil {
					r.Fatalf("%s at row %d was not found", kind, at)
				}
				if first := int(v.Findings[0].Seq); first < from || first > to {
					r.Fatalf("%s at row %d was found at row %d: %+v", kind, at, first, v.Findings)
				}
			})
		})
		if v := must(b.VerifyAudit(t.Context(), audits))(t); v.Err() != nil {
			t.Errorf("afterwards it is %+v", v)
		}
	})
}

// damage runs what changes the audit in a transaction that it takes back.
func damage(ctx context.Context, t *testing.T, b *casebook.Book, change func(*sql.Tx)) {
	begun, err := b.DB().BeginTx(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = begun.Rollback() }() // the test has what it wants
	drops := []string{"DROP TRIGGER audit_update", "DROP TRIGGER audit_delete"}
	if postgresBook(b) {
		drops = []string{"DROP TRIGGER audit_change ON audit"}
	}
	for _, drop := range drops {
		if _, err := begun.ExecContext(ctx, drop); err != nil {
			t.Fatal(err)
		}
	}
	change(begun)
}

func postgresBook(b *casebook.Book) bool {
	return strings.Contains(fmt.Sprintf("%T", b.DB().Driver()), "stdlib")
}

// tamper changes the audit of so many rows, and returns between which rows that shows first.
func tamper(ctx context.Context, r *rapid.T, begun *sql.Tx, kind string, at, rows int) (from, to int) {
	do := func(statement string, args ...any) {
		if _, err := begun.ExecContext(ctx, statement, args...); err != nil {
			r.Fatalf("%s: %v", statement, err)
		}
	}
	switch kind {
	case "field":
		column := rapid.SampledFrom([]string{"time", "who", "action", "resource", "details", "hash"}).Draw(r, "column")
		do("UPDATE audit SET "+column+" = "+column+" || ' ' WHERE seq = $1", at)
		return at, at
	case "delete":
		do("DELETE FROM audit WHERE seq = $1", at)
		return at, at
	case "swap":
		other := at%rows + 1
		do("UPDATE audit SET seq = -1 WHERE seq = $1", at)
		do("UPDATE audit SET seq = $1 WHERE seq = $2", at, other)
		do("UPDATE audit SET seq = $1 WHERE seq = -1", other)
		return min(at, other), min(at, other)
	case "insert":
		do("UPDATE audit SET seq = -seq - 1 WHERE seq >= $1", at)
		do("UPDATE audit SET seq = -seq WHERE seq < 0")
		do("INSERT INTO audit SELECT $1, time, who, action, resource, details, hash FROM audit WHERE seq = $2", at, at+1)
		return at, at + 1
	case "append":
		do("INSERT INTO audit SELECT $1, time, who, action, resource, details, hash FROM audit WHERE seq = $2", rows+1, at)
		return rows + 1, rows + 1
	case "cut": // with the record of the newest row
		do("DELETE FROM audit WHERE seq >= $1", at)
		do("UPDATE audit_head SET seq = $1, hash = COALESCE((SELECT hash FROM audit WHERE seq = $1), '')", at-1)
		return at, at
	case "head":
		do("DELETE FROM audit_head")
		return 0, 0
	case "rewrite": // all rows from one on, with valid hashes
		rewrite(ctx, r, begun, at)
		return rows, rows
	}
	r.Fatalf("no %s", kind)
	return 0, 0
}

func rewrite(ctx context.Context, r *rapid.T, begun *sql.Tx, from int) {
	previous := ""
	for seq := 1; ; seq++ {
		var row casebook.AuditRow
		err := begun.QueryRowContext(ctx, "SELECT seq, time, who, action, resource, details, hash FROM audit WHERE seq = $1", seq).
			Scan(&row.Seq, &row.Time, &row.Who, &row.Action, &row.Resource, &row.Details, &row.Hash)
		if errors.Is(err, sql.ErrNoRows) {
			break
		}
		if err != nil {
			r.Fatal(err)
		}
		if seq >= from {
			row.Who = "someone"
			text, err := json.Marshal(map[string]any{
				"seq": row.Seq, "time": row.Time, "who": row.Who, "action": row.Action,
				"resource": row.Resource, "details": row.Details, "previous": previous,
			})
			if err != nil {
				r.Fatal(err)
			}
			sum := sha256.Sum256(text) // these rows have nothing that Go writes in another way
			row.Hash = hex.EncodeToString(sum[:])
			if _, err := begun.ExecContext(ctx, "UPDATE audit SET who = $1, hash = $2 WHERE seq = $3", row.Who, row.Hash, seq); err != nil {
				r.Fatal(err)
			}
		}
		previous = row.Hash
	}
	if _, err := begun.ExecContext(ctx, "UPDATE audit_head SET hash = $1", previous); err != nil {
		r.Fatal(err)
	}
}

func TestRecord(t *testing.T) {
	t.Parallel()
	b := open(t, databases["sqlite"](t))
	if err := b.Record(t.Context(), tokyo, "", "search", map[string]any{"address": "bc1q", "role": "x"}); err != nil {
		t.Fatal(err)
	}
	if got := lastRow(t, b).Details; got != `{"act":"search","given":{"address":"bc1q","role":"x"},"prefecture":"13","role":"investigator"}` {
		t.Errorf("recorded is %s", got)
	}
	wantInvalid(t, b.Record(t.Context(), tokyo, "", "search", map[string]any{"f": func() {}}), "details")
	wantInvalid(t, b.Record(t.Context(), tokyo, "", "search", map[string]any{"f": strings.Repeat("x", 20_000)}), "details")
}

func TestAuditIsFiltered(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *casebook.Book) {
		c := newCase(t, b, tokyo, "t")
		newCase(t, b, osaka, "t")
		must(b.Case(t.Context(), tokyo, c.ID))(t)
		for _, test := range []struct {
			filter casebook.AuditFilter
			want   int
		}{
			{casebook.AuditFilter{Who: "sato"}, 2},
			{casebook.AuditFilter{Action: "case.create"}, 2},
			{casebook.AuditFilter{Resource: "case/" + c.ID}, 2},
			{casebook.AuditFilter{Who: "sato", Action: "case.create"}, 1},
			{casebook.AuditFilter{Who: "no\x00body"}, 0},
		} {
			if got := must(b.Audit(t.Context(), audits, test.filter, casebook.Page{}))(t); len(got.Items) != test.want {
				t.Errorf("%+v finds %+v", test.filter, got.Items)
			}
		}
	})
}

// TestNothingIsSeenOrDoneUnrecorded takes the audit away.
func TestNothingIsSeenOrDoneUnrecorded(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *casebook.Book) {
		o, _, _ := world(t, b)
		before := contentsOf(t, b)
		if _, err := b.DB().ExecContext(t.Context(), "ALTER TABLE audit RENAME TO gone"); err != nil {
			t.Fatal(err)
		}
		for _, c := range slices.Concat(calls, changes) {
			for _, p := range []casebook.Principal{tokyo, system, audits, admin} {
				if !slices.Contains(c.roles, p.Role) {
					continue
				}
				got, err := c.does(t.Context(), b, p, o)
				if err == nil {
					t.Errorf("%s succeeds as %s", c.method, p.Role)
				}
				text, _ := json.Marshal(got)
				if strings.Contains(string(text), secret("13")) {
					t.Errorf("%s tells %s", c.method, text)
				}
			}
		}
		if _, err := b.DB().ExecContext(t.Context(), "ALTER TABLE gone RENAME TO audit"); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(contentsOf(t, b), before) {
			t.Error("something was changed")
		}
	})
}
