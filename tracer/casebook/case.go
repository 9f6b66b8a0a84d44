package casebook

import (
	"context"
	"slices"
	"strings"
)

// Case is one force's case.
type Case struct {
	ID         string     `json:"id"`
	Number     string     `json:"number"` // 事件番号; unique in a prefecture, may be empty
	Title      string     `json:"title"`
	Prefecture Prefecture `json:"prefecture"`
	Station    string     `json:"station"` // 署
	Officer    string     `json:"officer"` // 担当者
	Contact    string     `json:"contact"` // what forces with a linked case are told: whom to call
	Scheme     string     `json:"scheme"`  // 手口
	Status     Status     `json:"status"`
	Origin
	Change
	Withdrawn Withdrawal `json:"withdrawn,omitzero"`

	search string
}

// Status of a case.
type Status string

// Statuses.
const (
	CaseOpen      Status = "open"
	CaseSuspended Status = "suspended"
	CaseClosed    Status = "closed"
)

var cases = table[Case]{
	"cases",
	slices.Concat(
		[]string{"id", "number", "title", "prefecture", "station", "officer", "contact", "scheme", "status", "search"},
		originColumns, changeColumns, withdrawalColumns,
	),
	func(c *Case) []any {
		return slices.Concat(
			[]any{
				&c.ID, &c.Number, &c.Title, (*string)(&c.Prefecture), &c.Station, &c.Officer, &c.Contact, &c.Scheme,
				(*string)(&c.Status), &c.search,
			},
			c.Origin.fields(), c.Change.fields(), c.Withdrawn.fields(),
		)
	},
}

func caseResource(id string) string { return "case/" + id }

func (c *Case) check() error {
	if err := checkNames(
		field{"number", c.Number}, field{"title", c.Title}, field{"station", c.Station},
		field{"officer", c.Officer}, field{"contact", c.Contact}, field{"scheme", c.Scheme},
	); err != nil {
		return err
	}
	if strings.TrimSpace(c.Title) == "" {
		return invalid("title", "name the case", "it is empty")
	}
	if !slices.Contains([]Status{CaseOpen, CaseSuspended, CaseClosed}, c.Status) {
		return invalid("status", "one of open, suspended, closed", "%q", c.Status)
	}
	return c.Prefecture.check()
}

// CreateCase makes a case, and returns it with its id. A status left empty is open. The
// number is not used up by a case that was withdrawn.
func (b *Book) CreateCase(ctx context.Context, p Principal, c Case) (Case, error) {
	c.ID = newID()
	err := b.do(ctx, p, caseCreate, caseResource(c.ID), func(ctx context.Context, t *tx) error {
		if c.Status == "" {
			c.Status = CaseOpen
		}
		if err := c.check(); err != nil {
			return err
		}
		if force := t.force(); force != "" && string(c.Prefecture) != force {
			return invalid("prefecture", "leave it to that force, or to the department", "the case would not be yours")
		}
		c.Origin, c.Change, c.Withdrawn = t.origin(), t.change(1), Withdrawal{}
		c.search = c.searched()
		added, err := cases.insert(ctx, t, &c)
		if err == nil && !added {
			err = c.numberTaken()
		}
		return err
	})
	return recorded(c, err)
}

func (c *Case) searched() string {
	return folded(c.Number, c.Title, c.Station, c.Officer, c.Scheme)
}

func (c *Case) numberTaken() error {
	return &ConflictError{Resource: "case", Reason: "the prefecture has a case with the number " + c.Number + ": use that one"}
}

// visible is a case that the principal may see.
func (t *tx) visible(ctx context.Context, id string) (Case, error) {
	return cases.one(ctx, t, notFound("case", id), "WHERE x.id = ? AND (? = '' OR x.prefecture = ?)", id, t.force(), t.force())
}

// writable is a case that the principal may add to.
func (t *tx) writable(ctx context.Context, id string) (Case, error) {
	c, err := t.visible(ctx, id)
	if err == nil && !c.Withdrawn.At.IsZero() {
		err = &ConflictError{Resource: caseResource(id), Reason: "it was withdrawn: " + c.Withdrawn.Reason}
	}
	return c, err
}

// Case is one case.
func (b *Book) Case(ctx context.Context, p Principal, id string) (c Case, err error) {
	err = b.do(ctx, p, caseView, caseResource(id), func(ctx context.Context, t *tx) error {
		c, err = t.visible(ctx, id)
		return err
	})
	return recorded(c, err)
}

// CaseFilter is which cases to list; what is empty does not matter.
type CaseFilter struct {
	Prefecture Prefecture
	Status     Status
	Text       string // in number, title, station, officer or scheme, width and case apart
	Withdrawn  bool   // those too
}

// Cases lists cases, the newest first.
func (b *Book) Cases(ctx context.Context, p Principal, filter CaseFilter, page Page) (answer List[Case], err error) {
	err = b.do(ctx, p, caseList, "case", func(ctx context.Context, t *tx) error {
		if err := checkText("text", filter.Text, maxName); err != nil {
			return err
		}
		t.note("filter", map[string]any{
			"prefecture": filter.Prefecture, "status": filter.Status, "text": filter.Text, "withdrawn": filter.Withdrawn,
		})
		q := query{newest: true}
		q.and("(? = '' OR x.prefecture = ?)", t.force(), t.force())
		if filter.Prefecture != "" {
			q.and("x.prefecture = ?", storable(string(filter.Prefecture)))
		}
		if filter.Status != "" {
			q.and("x.status = ?", storable(string(filter.Status)))
		}
		if filter.Text != "" {
			q.and("x.search LIKE ? ESCAPE '!'", containing(folded(filter.Text)))
		}
		if !filter.Withdrawn {
			q.and("x.withdrawn = 0")
		}
		answer, err = byTime(ctx, t, cases, q, page, func(c *Case) (Origin, string) { return c.Origin, c.ID })
		return err
	})
	return recorded(answer, err)
}

// UpdateCase replaces what a case says. The version is the one that was read: where
// another stands by now it fails with a ConflictError. Only the department moves a case
// to another prefecture.
func (b *Book) UpdateCase(ctx context.Context, p Principal, c Case) (Case, error) {
	err := b.do(ctx, p, caseChange, caseResource(c.ID), func(ctx context.Context, t *tx) error {
		stands, err := t.writable(ctx, c.ID)
		if err != nil {
			return err
		}
		if err := c.check(); err != nil {
			return err
		}
		if c.Prefecture != stands.Prefecture && t.force() != "" {
			return invalid("prefecture", "ask the department to move the case", "another force's")
		}
		if err := t.unchanged(ctx, caseResource(c.ID), c.Version, stands.Change, &stands); err != nil {
			return err
		}
		c.Origin, c.Change, c.Withdrawn = stands.Origin, t.change(stands.Version+1), Withdrawal{}
		return t.replaceCase(ctx, &stands, &c)
	})
	return recorded(c, err)
}

func (t *tx) replaceCase(ctx context.Context, stands, next *Case) error {
	if next.Number != "" && next.Withdrawn.At.IsZero() {
		var others int
		if err := t.QueryRowContext(ctx, numbered("SELECT COUNT(*) FROM cases WHERE prefecture = ? AND number = ? AND withdrawn = 0 AND id <> ?"),
			string(next.Prefecture), next.Number, next.ID).Scan(&others); err != nil {
			return err
		}
		if others > 0 {
			return next.numberTaken()
		}
	}
	next.search = next.searched()
	t.note("version", next.Version)
	return t.replace(ctx, caseResource(next.ID), stands.Version, stands, func() (bool, error) {
		return cases.update(ctx, t, next, stands.Version)
	})
}

// WithdrawCase takes a case out of lists and correlation; it can be seen as before, and
// nothing is added to it.
func (b *Book) WithdrawCase(ctx context.Context, p Principal, id, reason string) error {
	return b.do(ctx, p, caseWithdraw, caseResource(id), func(ctx context.Context, t *tx) error {
		stands, err := t.writable(ctx, id)
		if err != nil {
			return err
		}
		if err := checkReason(reason); err != nil {
			return err
		}
		t.note("reason", reason)
		next := stands
		next.Change, next.Withdrawn = t.change(stands.Version+1), t.withdrawal(reason)
		return t.replaceCase(ctx, &stands, &next)
	})
}
