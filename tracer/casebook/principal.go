package casebook

import "fmt"

// Role is what a principal is.
type Role string

// Roles.
const (
	Investigator  Role = "investigator"  // of one prefecture's force
	Analyst       Role = "analyst"       // of the department: all cases
	Auditor       Role = "auditor"       // the audit, and nothing else
	Administrator Role = "administrator" // users and backups, and no cases
	System        Role = "system"        // the program by itself: sign-in, nightly work; no user has it
)

// Roles are those that a user may have.
func Roles() []Role { return []Role{Investigator, Analyst, Auditor, Administrator} }

// Principal is who asks.
type Principal struct {
	User       string // as the audit names them
	Role       Role
	Prefecture Prefecture // of an investigator's force; else empty
}

// may is the scope in which the principal may do it, or ErrForbidden.
func (p Principal) may(op operation) (scope, error) {
	if err := p.check(); err != nil {
		return nothing, err
	}
	s := rules[op][p.Role]
	if s == nothing {
		return nothing, fmt.Errorf("%s %s: %w: %s", p.Role, p.User, ErrForbidden, op)
	}
	return s, nil
}

func (p Principal) check() error {
	if p.User == "" || checkText("user", p.User, maxName) != nil {
		return fmt.Errorf("a principal without a user's name: %w", ErrForbidden)
	}
	if p.Role != System && checkRole(p.Role, p.Prefecture) != nil {
		return fmt.Errorf("%s: %w: the role %q with prefecture %q", p.User, ErrForbidden, p.Role, p.Prefecture)
	}
	return nil
}

// checkRole wants a role of users, and a prefecture with the role that needs one.
func checkRole(role Role, prefecture Prefecture) error {
	switch role {
	case Investigator:
		return prefecture.check()
	case Analyst, Auditor, Administrator:
		if prefecture != "" {
			return invalid("prefecture", "leave it empty", "the role %s is of no prefecture", role)
		}
		return nil
	default:
		return invalid("role", "one of investigator, analyst, auditor, administrator", "%q is no role", role)
	}
}
