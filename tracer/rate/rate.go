// Package rate tells what amounts were worth in a currency when they moved: from
// rate files that a person names, by a stated rule, in exact arithmetic.
//
// Values are decoration. They follow from a finished ledger and never enter it.
package rate

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	"tsuiseki/chains"
)

// ErrCorrupt says that a file of the store is not what was written.
var ErrCorrupt = errors.New("damaged rates")

func corrupt(path, format string, args ...any) error {
	return fmt.Errorf("%s: %w: %s: remove it and import its source again", path, ErrCorrupt, fmt.Sprintf(format, args...))
}

// Pair is what a rate is of: so much of the quote for one unit (1 BTC, 1 ETH, one
// token) of the asset.
type Pair struct {
	// Chain is where the asset is; empty for a coin of this name on any chain, and
	// for what is on none (USD).
	Chain chains.Chain `json:"chain,omitempty"`
	Asset chains.Asset `json:"asset"` // a coin's name in capitals, or a token's contract
	Quote string       `json:"quote"`
}

func (p Pair) String() string {
	name := string(p.Asset)
	if p.Chain != "" {
		name += " on " + string(p.Chain)
	}
	return name + " in " + p.Quote
}

func (p Pair) compare(q Pair) int {
	return cmp.Or(cmp.Compare(p.Asset, q.Asset), cmp.Compare(p.Quote, q.Quote), cmp.Compare(p.Chain, q.Chain))
}

// Series is the rates of one pair by one source.
type Series struct {
	Pair
	Source string `json:"source"`
}

func (s Series) compare(t Series) int {
	return cmp.Or(s.Pair.compare(t.Pair), cmp.Compare(s.Source, t.Source))
}

// Entry is one rate.
type Entry struct {
	At   int64 // Unix time in microseconds
	Rate Decimal
}

// Time is when the rate was.
func (e Entry) Time() time.Time { return time.UnixMicro(e.At).UTC() }

// Days says where a day begins: which moments a date means.
type Days string

// The days that files may have.
const (
	JST Days = "JST" // as exchanges in Japan close them
	UTC Days = "UTC"
)

// ParseDays reads the name of days; nothing is nothing.
func ParseDays(text string) (Days, error) {
	switch d := Days(strings.ToUpper(text)); d {
	case "", JST, UTC:
		return d, nil
	}
	return "", fmt.Errorf("days %q: want JST or UTC", text)
}

// location has no summer time, so no moment is ambiguous.
func (d Days) location() *time.Location {
	if d == JST {
		return time.FixedZone("JST", 9*60*60)
	}
	return time.UTC
}

// bounds are the first and the last microsecond of a moment's day.
func (d Days) bounds(at time.Time) (first, last int64) {
	year, month, day := at.In(d.location()).Date()
	start := time.Date(year, month, day, 0, 0, 0, 0, d.location())
	return start.UnixMicro(), start.AddDate(0, 0, 1).UnixMicro() - 1
}

// Problem is a mistake in a file.
type Problem struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Field  string `json:"field"`
	Reason string `json:"reason"`
}

func (p Problem) String() string {
	if p.Field == "" {
		return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Reason)
	}
	return fmt.Sprintf("%s:%d: %s: %s", p.File, p.Line, p.Field, p.Reason)
}

// mostProblems is how many problems of a file are told in words.
const mostProblems = 100

// RefusedError says why nothing of a file was taken in.
type RefusedError struct {
	Rows     int // that have problems
	Problems []Problem
}

func (e *RefusedError) Error() string {
	var text strings.Builder
	for i, p := range e.Problems {
		if i > 0 {
			text.WriteByte('\n')
		}
		text.WriteString(p.String())
	}
	if more := e.Rows - len(e.Problems); more > 0 {
		fmt.Fprintf(&text, "\nand %d more", more)
	}
	return text.String()
}
