package casebook

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

const (
	laneWait      = time.Second // before a job whose lane is busy is looked at again
	beatsPerLease = 6           // of a job that runs
	looksPerBeat  = 10          // at its progress: what changed is written with a beat of its own
)

// ticketWorker works River's tickets.
type ticketWorker struct {
	river.WorkerDefaults[ticket]
	worker *Worker
}

// Work does the job that a ticket is for. What becomes of it the job says: to River the
// ticket is done with.
func (k *ticketWorker) Work(ctx context.Context, issued *river.Job[ticket]) error {
	w := k.worker
	j, err := w.book.take(ctx, issued.Args, w.queue.ID())
	switch {
	case errors.Is(err, errObsolete):
		return nil
	case err != nil:
		if !errors.Is(err, errLaneBusy) {
			w.warn(ctx, "take a job", err)
		}
		return river.JobSnooze(laneWait)
	}
	w.run(ctx, j)
	return nil
}

// run runs a job that has begun, to its end.
func (w *Worker) run(ctx context.Context, j Job) {
	running, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	k := &keeper{worker: w, job: j, stop: stop, quit: make(chan struct{})}
	var beside sync.WaitGroup
	beside.Go(func() { k.run(running) })
	result, err := w.handle(running, j, k.report(running))
	why := context.Cause(running)
	close(k.quit)
	beside.Wait()

	j.Progress = k.progress()
	state := w.judge(&j, result, err, why)
	w.finish(context.WithoutCancel(ctx), &j, state)
}

// handle calls the job's handler.
func (w *Worker) handle(ctx context.Context, j Job, report Report) (result string, err error) {
	defer func() {
		if broken := recover(); broken != nil {
			w.options.Log.ErrorContext(ctx, "a job's handler panicked", "job", j.ID, "panic", broken, "stack", string(debug.Stack()))
			err = &JobError{Reason: fmt.Sprintf("the program is at fault: %v", broken), Hint: "report it with the worker's log of that time"}
		}
	}()
	task, err := taskOf(j.Kind, string(j.Task))
	if err != nil {
		return "", &JobError{Reason: err.Error(), Hint: "use the program that asked for the job", Final: true, Err: err}
	}
	return w.options.Handlers.do(ctx, j, task, report)
}

// judge is the state of a job whose handler has returned, and writes into the job how it
// came to that. why is what its context ended for, or nil.
func (w *Worker) judge(j *Job, result string, err, why error) JobState {
	switch {
	case err == nil:
		j.Result, j.Failure, j.Hint = shortened(storable(result)), "", ""
		return JobDone
	case errors.Is(why, errCancelled) || errors.Is(why, rivertype.ErrJobCancelledRemotely):
		return JobCancelled
	case why != nil: // the worker stops, or lost its lease: the job is handed back
		j.Attempts--
		return JobQueued
	}
	e := explain(err)
	j.fail(e)
	if e.Final || j.Attempts >= MaxAttempts {
		return JobDead
	}
	pauses := w.options.Backoff
	j.NotBefore = w.book.now().Add(pauses[min(int(j.Attempts), len(pauses))-1])
	return JobQueued
}

// finish writes the end of a job, and issues the ticket of one that waits again. Where the
// database does not let it within the patience, the job is taken for a dead worker's.
func (w *Worker) finish(ctx context.Context, j *Job, state JobState) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		err := w.book.end(ctx, j, state)
		if err == nil {
			w.warn(ctx, "issue a ticket", w.book.issue(ctx, j))
			w.options.Log.InfoContext(ctx, "job ended", "job", j.ID, "kind", j.Kind, "state", j.State, "attempts", j.Attempts, "failure", j.Failure)
			return
		}
		w.options.Log.WarnContext(ctx, "end a job", "job", j.ID, "err", err)
		if errors.Is(err, errLost) {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(patience / 20):
		}
	}
}

// keeper keeps a job while its handler runs: it beats, writes progress, and ends the
// handler's context where the job is cancelled or cannot be kept.
type keeper struct {
	worker *Worker
	job    Job
	stop   context.CancelCauseFunc
	quit   chan struct{}

	lock sync.Mutex
	at   Progress
}

func (k *keeper) progress() Progress {
	k.lock.Lock()
	defer k.lock.Unlock()
	return k.at
}

func (k *keeper) report(ctx context.Context) Report {
	return func(done, total int64, doing string) error {
		k.lock.Lock()
		defer k.lock.Unlock()
		k.at = Progress{done, total, shortened(storable(doing))}
		return context.Cause(ctx)
	}
}

// run beats until the handler has returned. A worker that could not beat for two thirds
// of the lease stops its handler, so that it runs no more when another takes over.
func (k *keeper) run(ctx context.Context) {
	lease := k.worker.options.Lease
	fence := func() *time.Timer { return time.AfterFunc(lease*2/3, func() { k.stop(errLost) }) }
	lost := fence()
	defer func() { lost.Stop() }()
	ticks := time.NewTicker(lease / (beatsPerLease * looksPerBeat))
	defer ticks.Stop()
	var written Progress
	for n := 1; ; n++ {
		select {
		case <-k.quit:
			return
		case <-ticks.C:
		}
		now := k.progress()
		if now == written && n%looksPerBeat != 0 {
			continue
		}
		next := fence() // from before the beat, which may take its time
		cancelled, err := k.beat(ctx, now)
		if err != nil {
			next.Stop()
			if errors.Is(err, errLost) {
				k.stop(errLost)
				return
			}
			k.worker.warn(ctx, "keep a job", err)
			continue
		}
		lost.Stop()
		lost, written = next, now
		if cancelled {
			k.stop(errCancelled)
		}
	}
}

func (k *keeper) beat(ctx context.Context, progress Progress) (cancelled bool, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), k.worker.options.Lease/beatsPerLease)
	defer cancel()
	return k.worker.book.keep(ctx, &k.job, progress)
}
