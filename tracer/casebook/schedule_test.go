package casebook_test

import (
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"tsuiseki/tracer/casebook"
)

func TestScheduleSyntax(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ cron, zone, field string }{
		{"30 2 * * *", "", ""},
		{"@daily", "Asia/Tokyo", ""},
		{"0 */2 * * 1-5", "America/New_York", ""},
		{"", "", "cron"},
		{"61 2 * * *", "", "cron"},
		{"* * *", "", "cron"},
		{"@every 1h", "", "cron"},
		{"TZ=UTC 0 2 * * *", "", "cron"},
		{"0 0 30 2 *", "", "cron"},
		{"30 2 * * *", "Asia/Edo", "zone"},
	} {
		err := casebook.CheckSchedule(test.cron, test.zone)
		if test.field != "" {
			wantInvalid(t, err, test.field)
		} else if err != nil {
			t.Errorf("%q: %v", test.cron, err)
		}
	}
}

func TestLastDue(t *testing.T) {
	t.Parallel()
	hourly := func(zone string) casebook.Schedule { return casebook.Watching("0 * * * *", zone) }
	for _, test := range []struct {
		what     string
		schedule casebook.Schedule
		now, due string // RFC 3339
		key      string
	}{
		{"after it", casebook.Nightly("30 2 * * *", ""), "2026-11-24T17:30:00Z", "2026-11-25T02:30:00+09:00", "2026-11-25"},
		{"just before it", casebook.Nightly("30 2 * * *", ""), "2026-11-24T17:29:59Z", "2026-11-24T02:30:00+09:00", "2026-11-24"},
		{"the first of a day", casebook.Nightly("0 2,14 * * *", ""), "2026-11-24T12:00:00Z", "2026-11-24T02:00:00+09:00", "2026-11-24"},
		{"a day a year", casebook.Nightly("0 2 29 2 *", ""), "2027-01-01T00:00:00Z", "2024-02-29T02:00:00+09:00", "2024-02-29"},
		// In New York summer began on 2026-03-08, when 02:00 became 03:00, and ends on 2026-11-01.
		{"skipped by summer time", casebook.Nightly("30 2 * * *", "America/New_York"), "2026-03-08T07:30:00Z", "2026-03-08T03:30:00-04:00", "2026-03-08"},
		{"just before it", casebook.Nightly("30 2 * * *", "America/New_York"), "2026-03-08T07:29:59Z", "2026-03-07T02:30:00-05:00", "2026-03-07"},
		{"a midnight that was skipped", casebook.Nightly("0 0 * * *", "America/Sao_Paulo"), "2018-11-04T03:00:00Z", "2018-11-04T01:00:00-02:00", "2018-11-04"},
		{"the day after", casebook.Nightly("30 2 * * *", "America/New_York"), "2026-03-09T06:30:00Z", "2026-03-09T02:30:00-04:00", "2026-03-09"},
		{"the first of two", casebook.Nightly("30 1 * * *", "America/New_York"), "2026-11-01T05:30:00Z", "2026-11-01T01:30:00-04:00", "2026-11-01"},
		{"the second of two", casebook.Nightly("30 1 * * *", "America/New_York"), "2026-11-01T06:30:00Z", "2026-11-01T01:30:00-04:00", "2026-11-01"},
		{"hourly", hourly(""), "2026-11-24T12:59:59Z", "2026-11-24T21:00:00+09:00", "2026-11-24T12:00:00Z"},
		{"hourly, twice one", hourly("America/New_York"), "2026-11-01T06:10:00Z", "2026-11-01T01:00:00-05:00", "2026-11-01T06:00:00Z"},
	} {
		due, key, err := casebook.LastDue(test.schedule, at(t, test.now))
		if err != nil || !due.Equal(at(t, test.due)) || key != test.key {
			t.Errorf("%s: it is %s, %q, %v; want %s, %q", test.what, due, key, err, test.due, test.key)
		}
	}
}

func at(tb testing.TB, text string) time.Time {
	tb.Helper()
	return must(time.Parse(time.RFC3339, text))(tb)
}

// stage is a book with a clock that a test sets, and workers with the nightly schedule.
type stage struct {
	*testing.T
	address string
	lock    sync.Mutex
	now     time.Time
}

func (s *stage) clock() time.Time {
	s.lock.Lock()
	defer s.lock.Unlock()
	return s.now
}

// nights starts some workers at once at a time, as after the machine was down, has each
// look at the schedules, and returns the dates for which correlations were asked for ever.
func (s *stage) nights(now string, workers int) (dates []string) {
	s.Helper()
	s.lock.Lock()
	s.now = at(s, now)
	s.lock.Unlock()
	var wait sync.WaitGroup
	for range workers {
		wait.Go(func() {
			b, err := casebook.Open(s.Context(), s.address, casebook.Options{Now: s.clock})
			if err != nil {
				s.Error(err)
				return
			}
			w, err := casebook.NewWorker(b, casebook.WorkerOptions{
				Handlers: handlers(idle), Log: slog.New(slog.DiscardHandler),
				Schedules: []casebook.Schedule{casebook.Nightly("30 2 * * *", "")},
			})
			if err != nil {
				s.Error(err)
				return
			}
			for range 3 {
				w.Look(s.Context())
			}
			if err := b.Close(); err != nil {
				s.Error(err)
			}
		})
	}
	wait.Wait()
	b := must(casebook.Open(s.Context(), s.address, casebook.Options{Now: s.clock}))(s)
	for _, j := range must(b.Jobs(s.Context(), dept, casebook.JobFilter{}, casebook.Page{}))(s).Items {
		dates = append(dates, string(j.Task))
		if j.Priority != casebook.Overnight || j.CreatedBy == "" {
			s.Errorf("it is %+v", j)
		}
		if _, err := b.CancelJob(s.Context(), dept, j.ID, "the next is another"); err != nil && j.State == casebook.JobQueued {
			s.Error(err)
		}
	}
	if err := b.Close(); err != nil {
		s.Error(err)
	}
	return dates
}

func TestMissedNights(t *testing.T) {
	t.Parallel()
	for name, address := range databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &stage{T: t, address: address(t)}
			total := 0
			for _, step := range []struct {
				what, now string
				date      string // of the night that is asked for; empty: none
			}{
				{"the first start ever", "2026-11-24T12:00:00+09:00", ""},
				{"before the next night", "2026-11-25T02:29:00+09:00", ""},
				{"after it", "2026-11-25T02:30:00+09:00", "2026-11-25"},
				{"later that day", "2026-11-25T20:00:00+09:00", ""},
				{"after four nights", "2026-11-29T09:00:00+09:00", "2026-11-29"},
				{"the clock jumps back an hour", "2026-11-29T01:00:00+09:00", ""},
				{"and a day", "2026-11-28T01:00:00+09:00", ""},
				{"and is right again", "2026-11-29T09:00:00+09:00", ""},
				{"the clock runs years ahead", "2031-01-01T09:00:00+09:00", "2031-01-01"},
				{"and is right again", "2026-11-29T10:00:00+09:00", ""},
				{"the night after", "2026-11-30T03:00:00+09:00", "2026-11-30"},
			} {
				dates := s.nights(step.now, 2)
				asked := len(dates) - total
				total = len(dates)
				switch {
				case step.date == "" && asked != 0:
					t.Errorf("%s: asked for %v", step.what, dates)
				case step.date != "" && (asked != 1 || !slices.Contains(dates, `{"date":"`+step.date+`"}`)):
					t.Errorf("%s: asked for %d, all are %v; want %s", step.what, asked, dates, step.date)
				}
			}
		})
	}
}
