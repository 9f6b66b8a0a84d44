package casebook

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"
	_ "time/tzdata" // a closed network's machine may have no zones

	"github.com/robfig/cron/v3"
)

// DefaultZone is where schedules are read that name no zone.
const DefaultZone = "Asia/Tokyo"

// Schedule is when to ask for a task. Of times that went by while no worker ran, the last
// is made up for, once: however many workers start, and whichever way a clock jumps, each
// due time is seen to once.
type Schedule struct {
	Name     string // by which the casebook remembers what it has seen to
	Cron     string // five fields from minute to day of week, or @daily and the like
	Zone     string // of the IANA database; empty: DefaultZone
	Daily    bool   // one run for each date, the first time that is due on it
	Priority Priority
	Task     func(due time.Time) Task // due is in the zone

	cron cron.Schedule
	zone *time.Location
}

// Nightly correlates the cases at a time of each night, for the date of that night.
func Nightly(cron, zone string) Schedule {
	return Schedule{
		Name: "nightly", Cron: cron, Zone: zone, Daily: true, Priority: Overnight,
		Task: func(due time.Time) Task { return CorrelateTask{Date: due.Format(time.DateOnly)} },
	}
}

// Watching looks at all watches.
func Watching(cron, zone string) Schedule {
	return Schedule{Name: "watch", Cron: cron, Zone: zone, Priority: Routine, Task: func(time.Time) Task { return WatchTask{} }}
}

// CheckSchedule says what is wrong with a schedule's cron syntax or zone.
func CheckSchedule(cron, zone string) error {
	s := Schedule{Name: "check", Cron: cron, Zone: zone, Priority: Routine, Task: func(time.Time) Task { return WatchTask{} }}
	return s.check()
}

// check reads the schedule's texts.
func (s *Schedule) check() (err error) {
	const form = "write minute, hour, day of month, month and day of week, as 30 2 * * * for half past two each night"
	if s.Name == "" || s.Task == nil || s.Priority < Urgent || s.Priority > Overnight {
		return invalid("schedule", "give a name, a task and a priority from 1 to 4", "%q", s.Name)
	}
	if s.zone, err = time.LoadLocation(cmp.Or(s.Zone, DefaultZone)); err != nil {
		return invalid("zone", "name one of the IANA database, as Asia/Tokyo", "schedule %s: %q: %v", s.Name, s.Zone, err)
	}
	switch {
	case strings.Contains(s.Cron, "TZ="):
		return invalid("cron", "set the zone by itself", "schedule %s: %q names a zone", s.Name, s.Cron)
	case strings.HasPrefix(strings.TrimSpace(s.Cron), "@every"):
		return invalid("cron", form, "schedule %s: %q depends on when the program was started", s.Name, s.Cron)
	}
	if s.cron, err = cron.ParseStandard(s.Cron); err != nil {
		return invalid("cron", form, "schedule %s: %q: %v", s.Name, s.Cron, err)
	}
	if s.cron.Next(time.Unix(0, 0).UTC()).IsZero() {
		return invalid("cron", form, "schedule %s: %q never comes", s.Name, s.Cron)
	}
	return nil
}

// tick is a time at which a schedule is due, and the key by which it is seen to once; in
// the order of time keys rise.
type tick struct {
	due time.Time
	key string
}

// last is the newest tick that is not after now. Days are counted as people do, by the
// clock on the wall: a time that a change to summer time skips is due as much later, and
// one that comes twice is due once. Schedules that are not daily go by the instants.
func (s *Schedule) last(now time.Time) (tick, bool) {
	now = now.In(s.zone)
	if !s.Daily {
		at, ok := newest(s.cron, now)
		return tick{at, s.key(at)}, ok
	}
	for wall := onWall(now, time.UTC); ; {
		at, ok := newest(s.cron, wall)
		if !ok {
			return tick{}, false
		}
		midnight := time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, time.UTC)
		first := s.cron.Next(midnight.Add(-time.Second))
		due := onWall(first, s.zone)
		due = due.Add(first.Sub(onWall(due, time.UTC))) // not zero where no clock ever showed it
		if !due.After(now) {
			return tick{due, s.key(first)}, true
		}
		wall = midnight.Add(-time.Second)
	}
}

// key is how a time is remembered.
func (s *Schedule) key(at time.Time) string {
	if s.Daily {
		return at.Format(time.DateOnly)
	}
	return at.UTC().Format(time.RFC3339)
}

// onWall is what a clock on a wall shows, as a time of a zone.
func onWall(at time.Time, zone *time.Location) time.Time {
	return time.Date(at.Year(), at.Month(), at.Day(), at.Hour(), at.Minute(), at.Second(), 0, zone)
}

// newest is the last time of a schedule that is not after now, of those in some nine years:
// a 29th of February is in them.
func newest(s cron.Schedule, now time.Time) (at time.Time, ok bool) {
	const day = 24 * time.Hour
	for _, back := range []time.Duration{time.Hour, day, 32 * day, 366 * day, 9 * 366 * day} {
		for next := s.Next(now.Add(-back - time.Second)); !next.IsZero() && !next.After(now); next = s.Next(next) {
			at, ok = next, true
		}
		if ok {
			return at, true
		}
	}
	return at, false
}

// ahead is how far a clock may be set back and what it has seen to still counts as the
// past: beyond it, a clock that once ran years ahead would silence the schedule.
const ahead = 26 * time.Hour

// look asks for what is due by the schedules and was not seen to.
func (w *Worker) look(ctx context.Context) {
	for i := range w.options.Schedules {
		s := &w.options.Schedules[i]
		j, err := w.book.see(ctx, w.queue.ID(), s)
		if err == nil && j != nil {
			w.options.Log.InfoContext(ctx, "due by schedule", "schedule", s.Name, "job", j.ID, "task", string(j.Task))
			err = w.book.issue(ctx, j)
		}
		w.warn(ctx, "see to schedule "+s.Name, err)
	}
}

// see sees to a schedule's last due time, unless that was done. The first time ever
// there is nothing to make up for.
func (b *Book) see(ctx context.Context, worker string, s *Schedule) (asked *Job, err error) {
	now := b.now()
	due, ok := s.last(now)
	if !ok {
		return nil, nil
	}
	err = b.transact(ctx, machine(worker), func(ctx context.Context, t *tx) error {
		asked = nil
		var newest, ever sql.NullString
		if err := t.QueryRowContext(ctx, numbered(`SELECT MAX(CASE WHEN due <= ? THEN due END), MAX(due) FROM job_ticks WHERE schedule = ?`),
			s.key(now.Add(ahead).In(s.zone)), s.Name).Scan(&newest, &ever); err != nil {
			return fmt.Errorf("casebook: %w", err)
		}
		if newest.String >= due.key {
			return nil
		}
		first, err := t.changed(ctx, "INSERT INTO job_ticks (schedule, due, job_id, created) VALUES (?, ?, NULL, ?) ON CONFLICT DO NOTHING",
			s.Name, due.key, stored(t.now))
		if err != nil || !first || !ever.Valid {
			return err
		}
		j, _, err := t.ask(ctx, s.Task(due.due), s.Priority)
		if err != nil {
			return err
		}
		asked = &j
		if err := t.exec(ctx, "UPDATE job_ticks SET job_id = ? WHERE schedule = ? AND due = ?", j.ID, s.Name, due.key); err != nil {
			return err
		}
		t.note("due", due.key)
		return t.record(ctx, "job.due", "schedule/"+s.Name)
	})
	return asked, err
}
