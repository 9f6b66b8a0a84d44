package main

import (
	"fmt"
	"io"

	"tsuiseki/tracer/casebook"
)

type userCmd struct {
	Add      userAddCmd      `cmd:"" help:"Let someone use the casebook."`
	List     userListCmd     `cmd:"" help:"List the users."`
	Change   userChangeCmd   `cmd:"" help:"Give a user another role or prefecture."`
	Withdraw userWithdrawCmd `cmd:"" help:"Let a user use the casebook no more; nothing is deleted."`
}

// userFlags say who a user is.
type userFlags struct {
	casebookFlags
	Name       string `arg:"" help:"Name to sign in with; it never changes."`
	Role       string `help:"investigator of a prefecture's force, analyst of the department, auditor, or administrator." enum:"investigator,analyst,auditor,administrator" required:""`
	Prefecture string `help:"An investigator's: two digits of JIS X 0401." placeholder:"NN"`
}

type userAddCmd struct{ userFlags }

// Run adds a user.
func (c *userAddCmd) Run(s *session) error {
	return withDesk(s, c.casebookFlags, casebook.Administrator, func(d *desk) error {
		u, err := d.AddUser(s.ctx, d.who, casebook.User{Name: c.Name, Role: casebook.Role(c.Role), Prefecture: casebook.Prefecture(c.Prefecture)})
		if err == nil {
			fmt.Fprintf(s.out, "user %s, %s\n", u.Name, u.Role)
		}
		return err
	})
}

type userListCmd struct {
	casebookFlags
	JSON bool `name:"json" help:"Print one JSON document."`
}

type usersDoc struct {
	Users []casebook.User `json:"users"`
}

// Run lists all users, those withdrawn too.
func (c *userListCmd) Run(s *session) error {
	return withDesk(s, c.casebookFlags, casebook.Administrator, func(d *desk) error {
		users, err := allUsers(s, d)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(s.out, usersDoc{users})
		}
		table(s.out, func(w io.Writer) {
			fmt.Fprintln(w, "NAME\tROLE\tPREFECTURE\tSINCE\tWITHDRAWN\t")
			for i := range users {
				u := &users[i]
				fmt.Fprintf(w, "%s\t%s\t%s %s\t%s\t%s\t\n", u.Name, u.Role, u.Prefecture, u.Prefecture.Name(), when(u.Created), u.Withdrawn.Reason)
			}
		})
		return nil
	})
}

func allUsers(s *session, d *desk) ([]casebook.User, error) {
	return allPages(func(p casebook.Page) (casebook.List[casebook.User], error) { return d.Users(s.ctx, d.who, p) })
}

// userNamed finds a user who counts.
func userNamed(s *session, d *desk, name string) (casebook.User, error) {
	users, err := allUsers(s, d)
	for i := range users {
		if users[i].Name == name {
			return users[i], nil
		}
	}
	if err != nil {
		return casebook.User{}, err
	}
	return casebook.User{}, usagef("there is no user %q: user list names all", name)
}

type userChangeCmd struct{ userFlags }

// Run changes what a user may do.
func (c *userChangeCmd) Run(s *session) error {
	return withDesk(s, c.casebookFlags, casebook.Administrator, func(d *desk) error {
		u, err := userNamed(s, d, c.Name)
		if err != nil {
			return err
		}
		u.Role, u.Prefecture = casebook.Role(c.Role), casebook.Prefecture(c.Prefecture)
		_, err = d.UpdateUser(s.ctx, d.who, u)
		return err
	})
}

type userWithdrawCmd struct {
	casebookFlags
	Name   string `arg:"" help:"User."`
	Reason string `help:"Why; kept for ever." required:""`
}

// Run withdraws a user.
func (c *userWithdrawCmd) Run(s *session) error {
	return withDesk(s, c.casebookFlags, casebook.Administrator, func(d *desk) error {
		u, err := userNamed(s, d, c.Name)
		if err != nil {
			return err
		}
		return d.WithdrawUser(s.ctx, d.who, u.ID, c.Reason)
	})
}
