package casebook_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"tsuiseki/tracer/casebook"
)

// exempt are the methods that take no principal: two only tests have, and one ends the
// book. BackupFile is Backup into a file.
var exempt = []string{"Close", "DB", "Dump", "BackupFile"}

// principals are one of each role and owner, and some that are none.
var principals = []casebook.Principal{
	tokyo,
	osaka,
	{User: "mori", Role: casebook.Investigator, Prefecture: "01"},
	dept, audits, admin, system,
	{},
	{User: "x"},
	{User: "x", Role: "Analyst"},
	{User: "x", Role: casebook.Investigator},
	{User: "x", Role: casebook.Investigator, Prefecture: "%"},
	{User: "", Role: casebook.Analyst},
}

// newCaseFor is another case, made by the department.
func newCaseFor(ctx context.Context, b *casebook.Book) string {
	c, err := b.CreateCase(ctx, dept, casebook.Case{Title: "other", Prefecture: "01"})
	if err != nil {
		return err.Error()
	}
	return c.ID
}

func TestEveryMethodHasARule(t *testing.T) {
	t.Parallel()
	methods := reflect.TypeFor[*casebook.Book]()
	called := make(map[string]bool)
	for _, c := range slices.Concat(calls, jobCalls, jobChanges, changes) {
		called[c.method] = true
	}
	for m := range methods.Methods() {
		if slices.Contains(exempt, m.Name) {
			continue
		}
		if m.Type.NumIn() < 3 || m.Type.In(2) != reflect.TypeFor[casebook.Principal]() {
			t.Errorf("%s takes no principal", m.Name)
		}
		if !called[m.Name] {
			t.Errorf("nothing says who may call %s: add it to the calls", m.Name)
		}
	}
}

// TestSecrecy calls every method as every principal, for what is its force's, another's
// and nobody's.
func TestSecrecy(t *testing.T) {
	t.Parallel()
	for name, address := range databases {
		for _, p := range principals {
			if name == "postgres" && !slices.Contains(append(casebook.Roles(), casebook.System), p.Role) {
				continue // it is refused before a database is asked
			}
			t.Run(name+"/"+string(p.Role)+string(p.Prefecture)+p.User, func(t *testing.T) {
				t.Parallel()
				s := &secrecy{b: open(t, address(t)), p: p}
				s.tokyos, s.osakas, _ = world(t, s.b)
				for _, c := range slices.Concat(calls, jobCalls) {
					s.try(t, c)
				}
				for _, c := range slices.Concat(jobChanges, changes) {
					s.writes = contentsOf(t, s.b)
					s.try(t, c)
				}
			})
		}
	}
}

type secrecy struct {
	b              *casebook.Book
	p              casebook.Principal
	tokyos, osakas owned
	writes         []string // what the book held before a method that writes
}

func (s *secrecy) try(t *testing.T, c call) {
	t.Helper()
	_, missing := s.call(t, c, nowhere())
	may := false
	for force, o := range map[casebook.Prefecture]owned{"13": s.tokyos, "27": s.osakas} {
		if !c.owned && force == "27" {
			continue // it names nothing of a force
		}
		got, err := s.call(t, c, o)
		switch {
		case !slices.Contains(c.roles, s.p.Role) || badPrincipal(s.p):
			s.wantRefusal(t, c, err, missing, casebook.ErrForbidden)
		case c.owned && s.p.Role == casebook.Investigator && s.p.Prefecture != force:
			s.wantRefusal(t, c, err, missing, casebook.ErrNotFound)
		case err != nil:
			t.Errorf("%s of %s fails: %v", c.method, force, err)
		case c.owned && !errors.Is(missing, casebook.ErrNotFound):
			t.Errorf("%s of nothing says %v", c.method, missing)
		default:
			may = true
			s.wantNoSecret(t, c, got)
		}
	}
	if s.writes != nil && c.method != "PutLinks" {
		after := contentsOf(t, s.b)
		if may {
			s.writes, after = s.foreign(s.writes), s.foreign(after)
		}
		if !slices.Equal(after, s.writes) {
			t.Errorf("%s was refused and changed something", c.method)
		}
	}
}

// foreign are the rows that an investigator may not change; of others it is none.
func (s *secrecy) foreign(rows []string) (kept []string) {
	for force, o := range map[casebook.Prefecture]owned{"13": s.tokyos, "27": s.osakas} {
		if s.p.Role != casebook.Investigator || s.p.Prefecture == force {
			continue
		}
		for _, row := range rows {
			if slices.ContainsFunc(idsOf(o), func(id string) bool { return strings.Contains(row, id) }) {
				kept = append(kept, row)
			}
		}
	}
	slices.Sort(kept) // the forces come in any order
	return kept
}

func badPrincipal(p casebook.Principal) bool {
	return p.User == "" || p.Role == casebook.Investigator && p.Prefecture.Name() == ""
}

// call calls, and wants exactly that to be recorded.
func (s *secrecy) call(t *testing.T, c call, o owned) (any, error) {
	t.Helper()
	if c.method == "PutLinks" {
		newCaseFor(t.Context(), s.b)
	}
	from := lastRow(t, s.b)
	got, err := c.does(t.Context(), s.b, s.p, o)
	to := lastRow(t, s.b)
	rows := to.Seq - from.Seq
	if c.method == "PutLinks" {
		rows-- // it makes a case first
	}
	if rows != 1 || to.Who != s.p.User {
		t.Errorf("%s, which says %v, left %d rows in the audit, the last by %q", c.method, err, rows, to.Who)
	}
	if outcome := refusalIn(t, to); (outcome != "") != (err != nil) {
		t.Errorf("%s says %v, and the audit %s", c.method, err, to.Details)
	}
	return got, err
}

func refusalIn(t *testing.T, row casebook.AuditRow) string {
	t.Helper()
	var details struct{ Outcome string }
	if err := json.Unmarshal([]byte(row.Details), &details); err != nil {
		t.Fatal(err)
	}
	return details.Outcome
}

// wantRefusal wants what is there to be refused in the very words in which nothing is.
func (s *secrecy) wantRefusal(t *testing.T, c call, err, missing, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s says %v, want %v", c.method, err, want)
		return
	}
	text := err.Error()
	for _, o := range []owned{s.tokyos, s.osakas} {
		for _, id := range idsOf(o) {
			text = strings.ReplaceAll(text, id, nowhere().Note)
		}
	}
	if c.owned && text != missing.Error() {
		t.Errorf("%s tells what is there from what is not:\n%s\n%s", c.method, text, missing)
	}
}

func idsOf(o owned) []string {
	return []string{o.Case.ID, o.Deposit.ID, o.Upload, o.Disclosure, o.Trace, o.Note, o.Link, o.Job, o.Dead, o.Failed, o.Watch, o.Alert}
}

// wantNoSecret wants nothing of another force in an answer to an investigator.
func (s *secrecy) wantNoSecret(t *testing.T, c call, got any) {
	t.Helper()
	text, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(text, []byte("password")) {
		t.Errorf("%s tells of a password: %s", c.method, text)
	}
	if s.p.Role != casebook.Investigator {
		return
	}
	for force, o := range map[casebook.Prefecture]owned{"13": s.tokyos, "27": s.osakas} {
		if force == s.p.Prefecture {
			continue
		}
		for _, told := range append(idsOf(o), secret(force)) {
			if bytes.Contains(text, []byte(told)) {
				t.Errorf("%s tells %s of %s: %s", c.method, told, force, text)
			}
		}
	}
}

// lastRow is the newest row of the audit, read below the book.
func lastRow(tb testing.TB, b *casebook.Book) (row casebook.AuditRow) {
	tb.Helper()
	err := b.DB().QueryRowContext(tb.Context(), "SELECT seq, who, action, resource, details FROM audit ORDER BY seq DESC LIMIT 1").
		Scan(&row.Seq, &row.Who, &row.Action, &row.Resource, &row.Details)
	if err != nil {
		tb.Fatal(err)
	}
	return row
}

// contentsOf are all rows that the book holds, apart from the audit.
func contentsOf(tb testing.TB, b *casebook.Book) (rows []string) {
	tb.Helper()
	var all bytes.Buffer
	if err := b.Dump(tb.Context(), &all); err != nil {
		tb.Fatal(err)
	}
	for line := range strings.Lines(all.String()) {
		if strings.HasPrefix(line, `{"row"`) && !strings.Contains(line, `"table":"audit"}`) {
			rows = append(rows, line)
		}
	}
	return rows
}

// TestEveryOperationIsUsed wants no rule that says nothing.
func TestEveryOperationIsUsed(t *testing.T) {
	t.Parallel()
	b := open(t, databases["sqlite"](t))
	o, _, _ := world(t, b)
	used := make(map[string]bool)
	for _, c := range slices.Concat(calls, jobCalls, jobChanges, changes) {
		for _, p := range []casebook.Principal{system, audits, admin} {
			if slices.Contains(c.roles, p.Role) {
				if _, err := c.does(t.Context(), b, p, o); err != nil {
					t.Errorf("%s: %v", c.method, err)
				}
				used[lastRow(t, b).Action] = true
			}
		}
	}
	for op, roles := range casebook.Operations() {
		if !used[op] {
			t.Errorf("no method does %s", op)
		}
		for role, scope := range roles {
			if (role == casebook.Investigator) != (scope == "own") && !strings.HasPrefix(op, "rate.") {
				t.Errorf("%s may do %s for %s cases", role, op, scope)
			}
		}
	}
}

// TestIdsThatNoDatabaseStores wants such an id to be like any that nothing has.
func TestIdsThatNoDatabaseStores(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *casebook.Book) {
		o := nowhere()
		const id = "\x00\xff'"
		o.Case.ID, o.Deposit.ID, o.Upload, o.Disclosure, o.Trace, o.Note, o.Link = id, id, id, id, id, id, id
		o.Job, o.Dead, o.Failed, o.Watch, o.Alert = id, id, id, id, id
		for _, c := range slices.Concat(calls, jobCalls, jobChanges, changes) {
			if !c.owned {
				continue
			}
			if _, err := c.does(t.Context(), b, system, o); !errors.Is(err, casebook.ErrNotFound) {
				t.Errorf("%s says %v", c.method, err)
			}
		}
		if v := must(b.VerifyAudit(t.Context(), audits))(t); v.Err() != nil {
			t.Error(v.Err())
		}
	})
}

func TestLinkIntoAnotherForcesCase(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *casebook.Book) {
		tokyos, osakas, between := world(t, b)
		for _, side := range []struct {
			p     casebook.Principal
			own   string
			other casebook.Prefecture
		}{{tokyo, tokyos.Case.ID, "27"}, {osaka, osakas.Case.ID, "13"}} {
			want := casebook.Link{
				ID: between, Cases: [2]string{side.own}, Grade: casebook.Strong, Contact: contactOf(side.other), Withheld: true,
			}
			wantJSON(t, must(b.Link(t.Context(), side.p, between))(t), want)
			var listed []casebook.Link
			for _, l := range must(b.Links(t.Context(), side.p, casebook.LinkFilter{}, casebook.Page{}))(t).Items {
				if l.Withheld {
					listed = append(listed, l)
				}
			}
			wantJSON(t, listed, []casebook.Link{want})
			for what, err := range map[string]error{
				"deciding":  second(b.Decide(t.Context(), side.p, between, casebook.Confirmed, "r", tokyos.Evidence)),
				"decisions": second(b.Decisions(t.Context(), side.p, between, casebook.Page{})),
				"history":   second(b.LinkHistory(t.Context(), side.p, between, casebook.Page{})),
			} {
				if !errors.Is(err, casebook.ErrForbidden) || strings.Contains(err.Error(), secret(side.other)) {
					t.Errorf("%s: %v", what, err)
				}
			}
		}
		if err := b.WithdrawCase(t.Context(), osaka, osakas.Case.ID, "no crime"); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Link(t.Context(), tokyo, between); !errors.Is(err, casebook.ErrNotFound) {
			t.Errorf("a link to a case that was withdrawn: %v", err)
		}
		must(b.Link(t.Context(), dept, between))(t)
	})
}

func second[T any](_ T, err error) error { return err }
