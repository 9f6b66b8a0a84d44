package rate

import (
	"errors"
	"strings"
	"time"
)

// layouts are how files write times. Those without an offset are of the file's days.
var layouts = [...]struct {
	layout string
	day    bool
	suffix string // that the text must have
}{
	{layout: "2006-1-2", day: true},
	{layout: "2006/1/2", day: true},
	{layout: "2006.1.2", day: true},
	{layout: "2006年1月2日", day: true},
	{layout: "20060102", day: true},
	{layout: time.RFC3339},
	{layout: "2006-1-2 15:04:05Z07:00"},
	{layout: "2006-1-2 15:04:05 -0700"},
	{layout: "2006-1-2 15:04:05 MST", suffix: " UTC"}, // any other name of a zone is read as UTC too
	{layout: "2006-1-2T15:04:05"},
	{layout: "2006-1-2 15:04:05"},
	{layout: "2006-1-2 15:04"},
	{layout: "2006/1/2 15:04:05"},
	{layout: "2006/1/2 15:04"},
}

var (
	errNoTime = errors.New("is no time: want 2006-01-02, 2006-01-02 15:04:05, 2006-01-02T15:04:05+09:00, or Unix time")
	errTooOld = errors.New("lies before 1970 or after 2261")
	errFiner  = errors.New("is finer than a microsecond")
)

// moments reads the times of a file, which are mostly written alike.
type moments struct {
	days Days
	last int // layout that fitted last
}

// parse reads when a rate was. A day stands for its last second: a day's rate is
// its close.
func (m *moments) parse(text string) (at int64, err error) {
	if n, ok := allDigits(text); ok && len(text) != len("20060102") {
		return unixMoment(n, len(text))
	}
	for i := range layouts {
		// The last one that fitted is tried first, then the others.
		at := (i + m.last) % len(layouts)
		l := &layouts[at]
		if !strings.HasSuffix(text, l.suffix) {
			continue
		}
		t, err := time.ParseInLocation(l.layout, text, m.days.location())
		if err != nil {
			continue
		}
		m.last = at
		if l.day {
			t = t.AddDate(0, 0, 1).Add(-time.Second)
		}
		return micro(t)
	}
	return 0, errNoTime
}

func micro(t time.Time) (int64, error) {
	switch {
	case t.Year() > 2261 || t.Unix() < 0:
		return 0, errTooOld
	case t.Nanosecond()%1000 != 0:
		return 0, errFiner
	}
	return t.UnixMicro(), nil
}

func allDigits(text string) (n int64, ok bool) {
	if len(text) == 0 || len(text) > 18 {
		return 0, false
	}
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return 0, false
		}
		n = n*10 + int64(text[i]-'0')
	}
	return n, true
}

// unixMoment tells seconds, milliseconds and microseconds apart by their digits,
// which are clear from September 2001 on.
func unixMoment(n int64, digits int) (at int64, err error) {
	switch digits {
	case 10:
		n *= 1_000_000
	case 13:
		n *= 1000
	case 16:
	default:
		return 0, errors.New("is no Unix time: want 10 digits of seconds, 13 of milliseconds or 16 of microseconds")
	}
	return micro(time.UnixMicro(n).UTC())
}
