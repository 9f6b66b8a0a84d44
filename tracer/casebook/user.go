package casebook

import (
	"context"
	"slices"
	"strings"
)

// User is who may sign in.
type User struct {
	ID           string     `json:"id"`
	Name         string     `json:"name"` // to sign in with; unique, also among those withdrawn
	Role         Role       `json:"role"`
	Prefecture   Prefecture `json:"prefecture"`
	PasswordHash string     `json:"-"` // opaque here
	Origin
	Change
	Withdrawn Withdrawal `json:"withdrawn,omitzero"`
}

// Principal is the user as who asks.
func (u *User) Principal() Principal {
	return Principal{User: u.Name, Role: u.Role, Prefecture: u.Prefecture}
}

var users = table[User]{
	"users",
	slices.Concat([]string{"id", "name", "role", "prefecture", "password_hash"}, originColumns, changeColumns, withdrawalColumns),
	func(u *User) []any {
		return slices.Concat(
			[]any{&u.ID, &u.Name, (*string)(&u.Role), (*string)(&u.Prefecture), &u.PasswordHash},
			u.Origin.fields(), u.Change.fields(), u.Withdrawn.fields(),
		)
	},
}

func userResource(id string) string { return "user/" + id }

func (u *User) check() error {
	if err := checkNames(field{"name", u.Name}, field{"password_hash", u.PasswordHash}); err != nil {
		return err
	}
	if u.Name == "" || u.Name != strings.TrimSpace(u.Name) {
		return invalid("name", "without spaces around it", "%q", u.Name)
	}
	return checkRole(u.Role, u.Prefecture)
}

// AddUser lets someone sign in.
func (b *Book) AddUser(ctx context.Context, p Principal, u User) (User, error) {
	err := b.do(ctx, p, userAdd, "user", func(ctx context.Context, t *tx) error {
		if err := u.check(); err != nil {
			return err
		}
		u.ID, u.Origin, u.Change, u.Withdrawn = newID(), t.origin(), t.change(1), Withdrawal{}
		t.note("user", u.ID)
		t.note("name", u.Name)
		t.note("as", u.Role)
		added, err := users.insert(ctx, t, &u)
		if err == nil && !added {
			err = &ConflictError{Resource: "user", Reason: "there is, or was, a user " + u.Name + ": take another name"}
		}
		return err
	})
	return recorded(u, err)
}

func (t *tx) user(ctx context.Context, id string) (User, error) {
	return users.one(ctx, t, notFound("user", id), "WHERE x.id = ?", id)
}

// User is one user.
func (b *Book) User(ctx context.Context, p Principal, id string) (u User, err error) {
	err = b.do(ctx, p, userView, userResource(id), func(ctx context.Context, t *tx) error {
		u, err = t.user(ctx, id)
		return err
	})
	return recorded(u, err)
}

// Users lists the users, the oldest first, those withdrawn too.
func (b *Book) Users(ctx context.Context, p Principal, page Page) (answer List[User], err error) {
	err = b.do(ctx, p, userList, "user", func(ctx context.Context, t *tx) error {
		answer, err = byTime(ctx, t, users, query{}, page, func(u *User) (Origin, string) { return u.Origin, u.ID })
		return err
	})
	return recorded(answer, err)
}

// UpdateUser replaces a user's role, prefecture and, unless it is empty, password hash;
// the name stays, by which the audit knows them. The version is the one that was read, as
// with UpdateCase.
func (b *Book) UpdateUser(ctx context.Context, p Principal, u User) (User, error) {
	err := b.do(ctx, p, userChange, userResource(u.ID), func(ctx context.Context, t *tx) error {
		stands, err := t.countingUser(ctx, u.ID)
		if err != nil {
			return err
		}
		if err := t.unchanged(ctx, userResource(u.ID), u.Version, stands.Change, &stands); err != nil {
			return err
		}
		next := stands
		next.Role, next.Prefecture, next.Change = u.Role, u.Prefecture, t.change(stands.Version+1)
		if u.PasswordHash != "" {
			next.PasswordHash = u.PasswordHash
		}
		if err := next.check(); err != nil {
			return err
		}
		t.note("as", next.Role)
		t.note("password", u.PasswordHash != "")
		u = next
		return t.replaceUser(ctx, &stands, &next)
	})
	return recorded(u, err)
}

// countingUser is a user who was not withdrawn.
func (t *tx) countingUser(ctx context.Context, id string) (User, error) {
	u, err := t.user(ctx, id)
	if err == nil && !u.Withdrawn.At.IsZero() {
		err = &ConflictError{Resource: userResource(id), Reason: "withdrawn: " + u.Withdrawn.Reason}
	}
	return u, err
}

func (t *tx) replaceUser(ctx context.Context, stands, next *User) error {
	if stands.Role == Administrator && (next.Role != Administrator || !next.Withdrawn.At.IsZero()) {
		var others int
		if err := t.QueryRowContext(ctx, numbered("SELECT COUNT(*) FROM users WHERE role = ? AND withdrawn = 0 AND id <> ?"),
			string(Administrator), next.ID).Scan(&others); err != nil {
			return err
		}
		if others == 0 {
			return &ConflictError{Resource: userResource(next.ID), Reason: "nobody else is administrator: add another one first"}
		}
	}
	return t.replace(ctx, userResource(next.ID), stands.Version, stands, func() (bool, error) {
		return users.update(ctx, t, next, stands.Version)
	})
}

// WithdrawUser lets a user sign in no more.
func (b *Book) WithdrawUser(ctx context.Context, p Principal, id, reason string) error {
	return b.do(ctx, p, userWithdraw, userResource(id), func(ctx context.Context, t *tx) error {
		stands, err := t.countingUser(ctx, id)
		if err != nil {
			return err
		}
		if err := checkReason(reason); err != nil {
			return err
		}
		t.note("reason", reason)
		next := stands
		next.Change, next.Withdrawn = t.change(stands.Version+1), t.withdrawal(reason)
		return t.replaceUser(ctx, &stands, &next)
	})
}

// SignIn is the user of a name, for the program to compare the password with; one who was
// withdrawn is not found. The program records with Record whether it let them in.
func (b *Book) SignIn(ctx context.Context, p Principal, name string) (u User, err error) {
	err = b.do(ctx, p, userSignIn, "user", func(ctx context.Context, t *tx) error {
		t.note("name", storable(name))
		u, err = users.one(ctx, t, notFound("user", name), "WHERE x.name = ? AND x.withdrawn = 0", storable(name))
		return err
	})
	return recorded(u, err)
}
