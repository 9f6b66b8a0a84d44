package casebook

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
)

// A worker's view of a job: it takes it, keeps it, and ends it. Each step holds only for
// the run that the worker has; of a run that is over by now nothing can be changed.
var (
	errObsolete  = errors.New("the ticket is of a job that needs none any more")
	errLaneBusy  = errors.New("another job runs in its lane")
	errLost      = errors.New("the job is another worker's by now, or nobody's: leave it")
	errCancelled = errors.New("a person cancelled the job")
)

// machine is as whom workers act.
func machine(worker string) Principal { return Principal{User: worker, Role: System} }

// take gives the job of a ticket to a worker, unless its lane is busy.
func (b *Book) take(ctx context.Context, k ticket, worker string) (j Job, err error) {
	err = b.transact(ctx, machine(worker), func(ctx context.Context, t *tx) error {
		if j, err = jobs.one(ctx, t, errObsolete, "WHERE x.id = ? AND x.run = ? AND x.state = ?", k.Job, k.Run, string(JobQueued)); err != nil {
			return err
		}
		free, err := t.changed(ctx, "INSERT INTO job_lanes (lane, job_id) VALUES (?, ?) ON CONFLICT DO NOTHING", j.lane, j.ID)
		if err != nil {
			return err
		}
		if !free {
			return errLaneBusy
		}
		j.State, j.Attempts, j.Worker, j.beat, j.Started, j.Progress = JobRunning, j.Attempts+1, worker, 0, t.now, Progress{}
		begun, err := t.changed(ctx, `UPDATE jobs SET state = ?, attempts = ?, worker = ?, beat = 0, started = ?, ended = 0, done = 0, total = 0, doing = ''
			WHERE id = ? AND run = ? AND state = ?`, string(JobRunning), j.Attempts, worker, stored(t.now), j.ID, j.run, string(JobQueued))
		if err == nil && !begun {
			err = errObsolete
		}
		return err
	})
	return j, err
}

// keep says that the worker still runs the job, and how far it is. It answers whether
// a person has cancelled it.
func (b *Book) keep(ctx context.Context, j *Job, progress Progress) (cancelled bool, err error) {
	var at int64
	err = b.db.QueryRowContext(ctx, numbered(`UPDATE jobs SET beat = beat + 1, done = ?, total = ?, doing = ?
		WHERE id = ? AND run = ? AND state = ? RETURNING cancelled`),
		progress.Done, progress.Total, progress.Doing, j.ID, j.run, string(JobRunning)).Scan(&at)
	if errors.Is(err, sql.ErrNoRows) {
		err = errLost
	}
	return at != 0, err
}

// end takes a job from its worker in a state, with what else the job says by now. Where
// it is to be run again, and the same was asked for meanwhile, it is merged into that.
func (b *Book) end(ctx context.Context, j *Job, state JobState) error {
	return b.endAt(ctx, j.Worker, j, state, math.MaxInt64)
}

// endAt is end by any worker, where the job's beat is at most latest.
func (b *Book) endAt(ctx context.Context, by string, j *Job, state JobState, latest int64) error {
	ended := *j
	err := b.transact(ctx, machine(by), func(ctx context.Context, t *tx) error {
		ended = *j
		ended.State, ended.Ended = state, t.now
		if state == JobQueued {
			stands, waits, err := t.waitingFor(ctx, j)
			if err != nil {
				return err
			}
			if ended.run, ended.ticket = j.run+1, 0; waits {
				ended.State, ended.Result = JobMerged, jobResource(stands.ID)
			}
		}
		if err := t.release(ctx, j, &ended, latest); err != nil {
			return err
		}
		t.note("state", ended.State)
		t.note("attempts", ended.Attempts)
		if ended.Failure != "" {
			t.note("failure", ended.Failure)
		}
		return t.record(ctx, "job.end", jobResource(j.ID))
	})
	if err == nil {
		*j = ended
	}
	return err
}

// release writes the end of a run, and frees its lane.
func (t *tx) release(ctx context.Context, j, ended *Job, latest int64) error {
	released, err := t.changed(ctx, `UPDATE jobs SET state = ?, run = ?, ticket = ?, attempts = ?, not_before = ?, ended = ?,
		done = ?, total = ?, doing = ?, result = ?, failure = ?, hint = ? WHERE id = ? AND run = ? AND state = ? AND beat <= ?`,
		string(ended.State), ended.run, ended.ticket, ended.Attempts, stored(ended.NotBefore), stored(ended.Ended),
		ended.Progress.Done, ended.Progress.Total, ended.Progress.Doing, ended.Result, ended.Failure, ended.Hint,
		j.ID, j.run, string(JobRunning), latest)
	if err == nil && !released {
		err = errLost
	}
	if err != nil {
		return err
	}
	return t.exec(ctx, "DELETE FROM job_lanes WHERE lane = ? AND job_id = ?", j.lane, j.ID)
}

// changed runs a statement and says whether it changed a row.
func (t *tx) changed(ctx context.Context, statement string, args ...any) (bool, error) {
	result, err := t.ExecContext(ctx, numbered(statement), args...)
	if err != nil {
		return false, fmt.Errorf("casebook: %w", err)
	}
	rows, err := result.RowsAffected()
	return rows > 0, err
}
