package casebook

import (
	"context"
	"errors"
	"fmt"
)

const (
	sweepsPerLease = 6
	sweepLimit     = 1000 // jobs a sweep looks at; those that run come first
)

// sweep finds what is stuck: jobs whose worker beats no more, and jobs that wait with no
// ticket that could bring them to one. It goes by what it sees change between its own
// turns, never by a clock: those of two machines may differ, and any may jump.
type sweep struct {
	worker *Worker
	seen   map[string]sighting
}

type sighting struct {
	sign string
	same int // turns that saw it unchanged since
}

func newSweep(w *Worker) *sweep { return &sweep{worker: w, seen: make(map[string]sighting)} }

func (s *sweep) run(ctx context.Context) {
	w := s.worker
	found, err := w.book.suspects(ctx)
	if err != nil {
		w.warn(ctx, "sweep jobs", err)
		return
	}
	seen := make(map[string]sighting, len(found))
	for _, f := range found {
		now := sighting{sign: f.sign()}
		if before, ok := s.seen[f.id]; ok && before.sign == now.sign {
			now.same = before.same + 1
		}
		patience := sweepsPerLease + 1 // the turns that take a whole lease for sure
		if !f.beating() {
			patience = 1 // a job that was just asked for has its ticket by the next turn
		}
		if now.same < patience {
			seen[f.id] = now
			continue
		}
		w.warn(ctx, "rescue job "+f.id, w.rescue(ctx, &f))
	}
	s.seen = seen
}

// suspect is a job that runs, or that waits while its ticket is nowhere to be had.
type suspect struct {
	id            string
	run, beat     int64
	state         string
	ticket, since string // the state of its ticket in River, and since when a worker has it
}

func (f *suspect) sign() string {
	return fmt.Sprintf("%s %d %d %s %s", f.state, f.run, f.beat, f.ticket, f.since)
}

// beating is a job that a worker should have, or the ticket of one.
func (f *suspect) beating() bool {
	return f.state == string(JobRunning) || f.ticket == "running"
}

func (b *Book) suspects(ctx context.Context) (found []suspect, err error) {
	err = b.transact(ctx, Principal{}, func(ctx context.Context, t *tx) error {
		found, err = collect(ctx, t, func(f *suspect) []any {
			return []any{&f.id, &f.run, &f.beat, &f.state, &f.ticket, &f.since}
		}, `SELECT x.id, x.run, x.beat, x.state, COALESCE(CAST(r.state AS TEXT), ''), COALESCE(CAST(r.attempted_at AS TEXT), '')
			FROM jobs x LEFT JOIN river_job r ON r.id = x.ticket
			WHERE x.state = ? OR x.state = ? AND (r.id IS NULL OR r.state IN ('running', 'completed', 'cancelled', 'discarded'))
			ORDER BY x.state DESC, x.created, x.id LIMIT ?`, string(JobRunning), string(JobQueued), sweepLimit)
		return err
	})
	return found, err
}

// rescue queues a job again that is still as it was seen.
func (w *Worker) rescue(ctx context.Context, f *suspect) error {
	j, err := w.book.seenAs(ctx, f)
	if err != nil {
		return errorUnless(err, errObsolete)
	}
	old := j.ticket
	if j.State == JobRunning {
		err = w.takeOver(ctx, &j, f.beat)
	} else {
		err = w.book.requeue(ctx, &j)
	}
	if err != nil {
		return errorUnless(err, errLost)
	}
	w.options.Log.WarnContext(ctx, "took care of a stuck job", "job", j.ID, "kind", j.Kind, "worker", j.Worker, "state", j.State)
	return errors.Join(w.book.issue(ctx, &j), w.book.recall(ctx, old))
}

// errorUnless is the error, if it is not the one that means that others were first.
func errorUnless(err, settled error) error {
	if errors.Is(err, settled) {
		return nil
	}
	return err
}

// takeOver ends the run of a worker that beats no more.
func (w *Worker) takeOver(ctx context.Context, j *Job, beat int64) error {
	state := JobQueued
	switch {
	case !j.Cancel.At.IsZero():
		state = JobCancelled
	case j.Attempts >= MaxAttempts:
		state = JobDead
		j.fail(&JobError{
			Reason: fmt.Sprintf("its worker stopped answering, in attempt %d: it was killed, or its machine failed", j.Attempts),
			Hint:   "look at the memory and the log of the worker's machine, then retry the job",
		})
	}
	return w.book.endAt(ctx, w.queue.ID(), j, state, beat)
}

func (b *Book) seenAs(ctx context.Context, f *suspect) (j Job, err error) {
	err = b.transact(ctx, Principal{}, func(ctx context.Context, t *tx) error {
		j, err = jobs.one(ctx, t, errObsolete, "WHERE x.id = ? AND x.run = ? AND x.state = ?", f.id, f.run, f.state)
		return err
	})
	return j, err
}

// requeue gives a job that waits a new run, for a new ticket.
func (b *Book) requeue(ctx context.Context, j *Job) error {
	return b.transact(ctx, Principal{}, func(ctx context.Context, t *tx) error {
		anew, err := t.changed(ctx, "UPDATE jobs SET run = run + 1, ticket = 0 WHERE id = ? AND run = ? AND state = ?", j.ID, j.run, string(JobQueued))
		if err == nil && !anew {
			err = errLost
		}
		j.run, j.ticket = j.run+1, 0
		return err
	})
}
