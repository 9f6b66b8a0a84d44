package casebook

import (
	"context"
	"fmt"
	"time"
)

// CancelJob ends a job. One that waits is cancelled at once; one that runs has its
// context ended and is cancelled when its handler returns, unless that had its work done.
func (b *Book) CancelJob(ctx context.Context, p Principal, id, reason string) (j Job, err error) {
	err = b.do(ctx, p, jobCancel, jobResource(id), func(ctx context.Context, t *tx) error {
		if j, err = t.visibleJob(ctx, id); err != nil {
			return err
		}
		if err := checkReason(reason); err != nil {
			return err
		}
		t.note("reason", reason)
		before := j
		j.Cancel = t.withdrawal(reason)
		switch j.State {
		case JobQueued:
			j.State, j.Ended = JobCancelled, t.now
		case JobRunning:
		default:
			return j.conflict("it has ended already: " + string(j.State))
		}
		return t.changeJob(ctx, &before, &j)
	})
	if err != nil {
		return Job{}, err
	}
	_ = b.recall(ctx, j.ticket) // else its worker learns of it with its next beat
	return j, nil
}

// RetryJob queues a dead job again, with all its attempts before it.
func (b *Book) RetryJob(ctx context.Context, p Principal, id string) (j Job, err error) {
	err = b.do(ctx, p, jobRetry, jobResource(id), func(ctx context.Context, t *tx) error {
		if j, err = t.deadJob(ctx, id); err != nil {
			return err
		}
		stands, waits, err := t.waitingFor(ctx, &j)
		if err != nil {
			return err
		}
		if waits {
			return j.conflict("the same was asked for again as job " + stands.ID + ": wait for that one")
		}
		before := j
		j.State, j.Attempts, j.run, j.ticket, j.Priority, j.Ended = JobQueued, 0, j.run+1, 0, Urgent, time.Time{}
		return t.changeJob(ctx, &before, &j)
	})
	if err != nil {
		return Job{}, err
	}
	_ = b.issue(ctx, &j) // where it fails, a worker's sweep does it
	return j, nil
}

// DismissJob takes a dead job off the dead-letter list.
func (b *Book) DismissJob(ctx context.Context, p Principal, id, reason string) (j Job, err error) {
	err = b.do(ctx, p, jobDismiss, jobResource(id), func(ctx context.Context, t *tx) error {
		if j, err = t.deadJob(ctx, id); err != nil {
			return err
		}
		if err := checkReason(reason); err != nil {
			return err
		}
		t.note("reason", reason)
		before := j
		j.State, j.Dismiss = JobDismissed, t.withdrawal(reason)
		return t.changeJob(ctx, &before, &j)
	})
	if err != nil {
		return Job{}, err
	}
	return j, nil
}

func (t *tx) deadJob(ctx context.Context, id string) (Job, error) {
	j, err := t.visibleJob(ctx, id)
	if err == nil && j.State != JobDead {
		err = j.conflict("it is not dead but " + string(j.State))
	}
	return j, err
}

func (j *Job) conflict(reason string) error {
	return &ConflictError{Resource: jobResource(j.ID), Reason: reason}
}

// waitingFor is the job that waits for the same task.
func (t *tx) waitingFor(ctx context.Context, j *Job) (stands Job, waits bool, err error) {
	found, err := jobs.many(ctx, t, "WHERE x.same = ? AND x.state = ? AND x.id <> ?", j.same, string(JobQueued), j.ID)
	if err != nil || len(found) == 0 {
		return stands, false, err
	}
	return found[0], true, nil
}

// changeJob writes what a person changes of a job, if that is still of the state and run
// in which it was read.
func (t *tx) changeJob(ctx context.Context, before, j *Job) error {
	result, err := t.ExecContext(ctx, numbered(`UPDATE jobs SET state = ?, run = ?, ticket = ?, attempts = ?, priority = ?, ended = ?,
		cancelled = ?, cancelled_by = ?, cancelled_reason = ?, dismissed = ?, dismissed_by = ?, dismissed_reason = ?
		WHERE id = ? AND state = ? AND run = ?`),
		string(j.State), j.run, j.ticket, j.Attempts, int64(j.Priority), stored(j.Ended),
		stored(j.Cancel.At), j.Cancel.By, j.Cancel.Reason, stored(j.Dismiss.At), j.Dismiss.By, j.Dismiss.Reason,
		j.ID, string(before.State), before.run)
	if err != nil {
		return fmt.Errorf("job %s: %w", j.ID, err)
	}
	if n, err := result.RowsAffected(); err != nil || n == 1 {
		return err
	}
	return j.conflict("it went on meanwhile: look at it again")
}
