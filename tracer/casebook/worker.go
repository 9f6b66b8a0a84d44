package casebook

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/riverqueue/river"
)

// Report tells how far a job is; total is 0 where that is not known. Its error says that
// the job is to stop: it was cancelled, the worker is stopping, or the job is not this
// worker's any more. A handler asks before each lasting effect, and passes the error on.
type Report func(done, total int64, doing string) error

// Handlers do what jobs are for; each is needed. The result is what came of the job, as
// trace/ID. A handler may be run again for the same job: after a failure, or where a
// worker died in the middle. What it writes has to be there once all the same, as the
// casebook's unique keys have it.
type Handlers struct {
	Trace     func(ctx context.Context, j Job, task TraceTask, report Report) (result string, err error)
	Retrace   func(ctx context.Context, j Job, task RetraceTask, report Report) (result string, err error)
	Correlate func(ctx context.Context, j Job, task CorrelateTask, report Report) (result string, err error)
	Report    func(ctx context.Context, j Job, task ReportTask, report Report) (result string, err error)
	Watch     func(ctx context.Context, j Job, task WatchTask, report Report) (result string, err error)
}

// do calls the handler of a task.
func (h *Handlers) do(ctx context.Context, j Job, task Task, report Report) (string, error) {
	switch task := task.(type) {
	case TraceTask:
		return h.Trace(ctx, j, task, report)
	case RetraceTask:
		return h.Retrace(ctx, j, task, report)
	case CorrelateTask:
		return h.Correlate(ctx, j, task, report)
	case ReportTask:
		return h.Report(ctx, j, task, report)
	case WatchTask:
		return h.Watch(ctx, j, task, report)
	}
	return "", &JobError{Reason: fmt.Sprintf("no handler does %T", task), Final: true}
}

// Of workers.
const (
	DefaultLease = time.Minute      // after which a silent worker's job is another's
	DefaultGrace = 30 * time.Second // in which running jobs may end when the worker stops
	MaxAttempts  = 5                // after which a job is dead
)

// DefaultBackoff is how long a job waits after its first failed attempt, the second, and
// so on.
func DefaultBackoff() []time.Duration {
	return []time.Duration{10 * time.Second, time.Minute, 5 * time.Minute, 30 * time.Minute}
}

// WorkerOptions of a worker. The handlers and the log are needed.
type WorkerOptions struct {
	Handlers    Handlers
	Log         *slog.Logger
	Concurrency int             // jobs at once; 0: 1
	Schedules   []Schedule      // that this worker sees to, beside others
	Lease       time.Duration   // 0: DefaultLease; at least 300 ms, and the same for all workers
	Grace       time.Duration   // 0: DefaultGrace
	Backoff     []time.Duration // nil: DefaultBackoff; the last one goes on
	Look        time.Duration   // between looks at the schedules; 0: 15 s
}

// Worker runs the jobs of a book: several of one process, or of several, share them.
type Worker struct {
	book    *Book
	options WorkerOptions
	queue   queue
}

// NewWorker checks the options; Run starts the worker.
func NewWorker(b *Book, options WorkerOptions) (*Worker, error) {
	h := &options.Handlers
	if h.Trace == nil || h.Retrace == nil || h.Correlate == nil || h.Report == nil || h.Watch == nil {
		return nil, invalid("handlers", "give one for each kind of job", "one is missing")
	}
	if options.Log == nil {
		return nil, invalid("log", "give one", "there is none")
	}
	options.Concurrency = cmp.Or(options.Concurrency, 1)
	options.Lease, options.Grace = cmp.Or(options.Lease, DefaultLease), cmp.Or(options.Grace, DefaultGrace)
	options.Look = cmp.Or(options.Look, 15*time.Second)
	if options.Backoff == nil {
		options.Backoff = DefaultBackoff()
	}
	switch {
	case options.Concurrency < 1 || options.Concurrency > 1000:
		return nil, invalid("concurrency", "1 to 1000", "%d", options.Concurrency)
	case options.Lease < 300*time.Millisecond:
		return nil, invalid("lease", "at least 300 ms", "%s", options.Lease)
	case options.Grace < 0 || options.Look < 0 || len(options.Backoff) == 0:
		return nil, invalid("grace", "give times above zero", "%s, %s, %v", options.Grace, options.Look, options.Backoff)
	}
	names := make(map[string]bool)
	for i := range options.Schedules {
		s := &options.Schedules[i]
		if err := s.check(); err != nil {
			return nil, err
		}
		if names[s.Name] {
			return nil, invalid("schedule", "name each differently", "two are called %q", s.Name)
		}
		names[s.Name] = true
	}
	w := &Worker{book: b, options: options}
	workers := river.NewWorkers()
	river.AddWorker(workers, &ticketWorker{worker: w})
	var err error
	w.queue, err = b.newQueue(&river.Config{
		Logger:            options.Log,
		Queues:            map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: options.Concurrency}},
		Workers:           workers,
		JobTimeout:        -1, // a trace takes what it takes: leases tell the living from the dead
		FetchCooldown:     20 * time.Millisecond,
		FetchPollInterval: time.Second,
		SoftStopTimeout:   options.Grace,
	})
	if err != nil {
		return nil, fmt.Errorf("worker: %w", err)
	}
	return w, nil
}

// Run works jobs until the context ends. Then it takes no more; those that run may end
// within the grace, and what has not by then is stopped and handed back, to be run again.
func (w *Worker) Run(ctx context.Context) error {
	w.look(ctx)
	if err := w.queue.Start(ctx); err != nil {
		return fmt.Errorf("worker: %w", err)
	}
	var beside sync.WaitGroup
	beside.Go(func() { w.every(ctx, w.options.Look, w.look) })
	beside.Go(func() { w.every(ctx, w.options.Lease/sweepsPerLease, newSweep(w).run) })
	<-w.queue.Stopped()
	beside.Wait()
	return nil
}

// every calls again and again until the context ends.
func (w *Worker) every(ctx context.Context, pause time.Duration, call func(context.Context)) {
	ticks := time.NewTicker(pause)
	defer ticks.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
			call(ctx)
		}
	}
}

// warn logs what failed and is tried again.
func (w *Worker) warn(ctx context.Context, what string, err error) {
	if err != nil && !errors.Is(err, context.Canceled) {
		w.options.Log.WarnContext(ctx, what, "err", err)
	}
}
