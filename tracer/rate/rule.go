package rate

import (
	"fmt"
	"strings"
	"time"
)

// Rule says which rate a moment has.
type Rule string

// The rules.
const (
	// LastBefore is the last rate at or before the moment, not older than a stated
	// age. It uses nothing that was not known then.
	LastBefore Rule = "last-before"
	// DayClose is the last rate of the moment's day, in the days of the file: what
	// exchanges and tax offices state for a day. It may lie behind the moment.
	DayClose Rule = "day-close"
	// Nearest is the rate nearest to the moment, of two as near the earlier one, not
	// further from it than the stated age.
	Nearest Rule = "nearest"
)

// Rules are all rules.
func Rules() []Rule { return []Rule{LastBefore, DayClose, Nearest} }

// DefaultMaxAge is how old a rate may be: a day, so that a file of daily closes
// answers for every moment behind its first day.
const DefaultMaxAge = 24 * time.Hour

// Params say how amounts are valued.
type Params struct {
	Currency string        // that values are in
	Places   int           // decimal places of the currency: 0 for JPY
	Rule     Rule          //
	MaxAge   time.Duration // of last-before and nearest; not of day-close
	// Sources are those whose rates may be used, each pair's by the first of them
	// that has it. Without any, a pair that two sources have is not valued but refused.
	Sources []string
}

func (p *Params) check() error {
	switch p.Rule {
	case LastBefore, DayClose, Nearest:
	default:
		return fmt.Errorf("rule of rates %q is unknown: use one of %s", p.Rule, ruleNames())
	}
	if p.MaxAge < 0 || p.Places < 0 {
		return fmt.Errorf("the age of a rate and the places of a currency cannot be negative")
	}
	return nil
}

func ruleNames() string {
	var names []string
	for _, r := range Rules() {
		names = append(names, string(r))
	}
	return strings.Join(names, ", ")
}

// at finds the rate of a moment.
func (p *Params) at(h *history, moment time.Time) (e Entry, found bool, err error) {
	at := moment.UnixMicro()
	switch p.Rule {
	case DayClose:
		return h.dayClose(at)
	case Nearest:
		return p.nearest(h, at)
	}
	e, found, err = h.before(at)
	return e, found && at-e.At <= p.MaxAge.Microseconds(), err
}

func (p *Params) nearest(h *history, at int64) (e Entry, found bool, err error) {
	before, hasBefore, err := h.before(at)
	if err != nil {
		return e, false, err
	}
	after, hasAfter, err := h.after(at)
	if err != nil {
		return e, false, err
	}
	hasBefore = hasBefore && at-before.At <= p.MaxAge.Microseconds()
	hasAfter = hasAfter && after.At-at <= p.MaxAge.Microseconds()
	if hasBefore && (!hasAfter || at-before.At <= after.At-at) {
		return before, true, nil
	}
	return after, hasAfter, nil
}

// why says for people that there is no rate.
func (p *Params) why() string {
	switch p.Rule {
	case DayClose:
		return "no rate of the day"
	case Nearest:
		return fmt.Sprintf("no rate within %s", p.MaxAge)
	}
	return fmt.Sprintf("no rate in the %s before", p.MaxAge)
}
