package casebook_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tsuiseki/tracer/casebook"
)

// handler does any task.
type handler func(ctx context.Context, j casebook.Job, report casebook.Report) (string, error)

func handlers(do handler) casebook.Handlers {
	return casebook.Handlers{
		Trace: func(ctx context.Context, j casebook.Job, _ casebook.TraceTask, report casebook.Report) (string, error) {
			return do(ctx, j, report)
		},
		Retrace: func(ctx context.Context, j casebook.Job, _ casebook.RetraceTask, report casebook.Report) (string, error) {
			return do(ctx, j, report)
		},
		Correlate: func(ctx context.Context, j casebook.Job, _ casebook.CorrelateTask, report casebook.Report) (string, error) {
			return do(ctx, j, report)
		},
		Report: func(ctx context.Context, j casebook.Job, _ casebook.ReportTask, report casebook.Report) (string, error) {
			return do(ctx, j, report)
		},
		Watch: func(ctx context.Context, j casebook.Job, _ casebook.WatchTask, report casebook.Report) (string, error) {
			return do(ctx, j, report)
		},
	}
}

func idle(context.Context, casebook.Job, casebook.Report) (string, error) { return "", nil }

// start runs a worker until the test ends, or until stop, which waits for it.
func start(tb testing.TB, b *casebook.Book, options casebook.WorkerOptions, do handler) (stop func()) {
	tb.Helper()
	options.Handlers = handlers(do)
	options.Log = slog.New(slog.DiscardHandler)
	w := must(casebook.NewWorker(b, options))(tb)
	ctx, cancel := context.WithCancel(context.WithoutCancel(tb.Context()))
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			tb.Error(err)
		}
	})
	tb.Cleanup(stop)
	return stop
}

// quick are options of workers in tests.
var quick = casebook.WorkerOptions{
	Concurrency: 4, Lease: 30 * time.Second, Backoff: []time.Duration{time.Millisecond}, Look: time.Hour,
}

// await waits until a job is in a state.
func await(tb testing.TB, b *casebook.Book, id string, state casebook.JobState) casebook.Job {
	tb.Helper()
	for {
		var now string
		if err := b.DB().QueryRowContext(tb.Context(), "SELECT state FROM jobs WHERE id = $1", id).Scan(&now); err != nil {
			tb.Fatalf("the job stays %s, want %s: %v", now, state, err)
		}
		if now == string(state) {
			return must(b.Job(tb.Context(), dept, id))(tb)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func ask(tb testing.TB, b *casebook.Book, p casebook.Principal, task casebook.Task) casebook.Job {
	tb.Helper()
	j, _, err := b.Ask(tb.Context(), p, task)
	if err != nil {
		tb.Fatal(err)
	}
	return j
}

func TestJobIsDone(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *casebook.Book) {
		c := newCase(t, b, tokyo, "t")
		tasks := map[string]casebook.Task{
			`{"case":"` + c.ID + `","params":{"max_hops":3},"rule":"fifo"}`: casebook.TraceTask{Case: c.ID, Rule: "fifo", Params: []byte(`{"max_hops":3}`)},
			`{"case":"` + c.ID + `","why":"a reorg"}`:                       casebook.RetraceTask{Case: c.ID, Why: "a reorg"},
			`{"date":"2025-06-16","full":true}`:                             casebook.CorrelateTask{Date: "2025-06-16", Full: true},
			`{"case":"` + c.ID + `","format":"pdf","language":"ja"}`:        casebook.ReportTask{Case: c.ID, Format: "pdf", Language: "ja"},
			`{}`: casebook.WatchTask{},
		}
		start(t, b, quick, func(_ context.Context, j casebook.Job, report casebook.Report) (string, error) {
			return string(j.Kind) + "/1", report(3, 4, "hops")
		})
		for text, task := range tasks {
			asked := ask(t, b, dept, task)
			j := await(t, b, asked.ID, casebook.JobDone)
			if j.Result != string(j.Kind)+"/1" || j.Progress != (casebook.Progress{Done: 3, Total: 4, Doing: "hops"}) ||
				j.Attempts != 1 || j.Worker == "" || j.Started.IsZero() || j.Ended.IsZero() || j.Failure != "" {
				t.Errorf("it is %+v", j)
			}
			if string(j.Task) != text {
				t.Errorf("its task is %s, want %s", j.Task, text)
			}
		}
	})
}

func TestJobFails(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *casebook.Book) {
		c := newCase(t, b, tokyo, "t")
		start(t, b, quick, func(ctx context.Context, j casebook.Job, _ casebook.Report) (string, error) {
			switch {
			case strings.Contains(string(j.Task), "lifo"):
				return "", &casebook.JobError{Reason: "the deposit is not on the chain", Hint: "look at row 3", Final: true, Err: errors.New("no tx")}
			case strings.Contains(string(j.Task), "tiho"):
				panic("index out of range")
			case strings.Contains(string(j.Task), "poison"):
				_, err := b.CreateCase(ctx, dept, casebook.Case{Title: "t", Prefecture: "99"})
				return "", err
			case j.Attempts < 3:
				return "", errors.New("the node does not answer")
			}
			return "trace/1", nil
		})
		for _, test := range []struct {
			rule     string
			state    casebook.JobState
			attempts int64
			failure  string
			hint     string
		}{
			{"fifo", casebook.JobDone, 3, "", ""},
			{"lifo", casebook.JobDead, 1, "the deposit is not on the chain: no tx", "look at row 3"},
			{"tiho", casebook.JobDead, casebook.MaxAttempts, "the program is at fault: index out of range", "report it with the worker's log of that time"},
			{"poison", casebook.JobDead, 1, `prefecture: not valid: "99" is no code of JIS X 0401: two digits, 01 to 47, as 13 for Tokyo`, "two digits, 01 to 47, as 13 for Tokyo"},
		} {
			j := await(t, b, ask(t, b, tokyo, casebook.TraceTask{Case: c.ID, Rule: test.rule}).ID, test.state)
			if j.Attempts != test.attempts || j.Failure != test.failure || j.Hint != test.hint {
				t.Errorf("%s: it is %+v", test.rule, j)
			}
		}
		dead := must(b.Jobs(t.Context(), tokyo, casebook.JobFilter{State: casebook.JobDead}, casebook.Page{}))(t)
		if len(dead.Items) != 3 {
			t.Errorf("the dead are %+v", dead.Items)
		}
	})
}

// TestJobsOfACaseRunOneAfterTheOther has many workers at once, and asks for much the same.
func TestJobsOfACaseRunOneAfterTheOther(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *casebook.Book) {
		cases := []casebook.Case{newCase(t, b, tokyo, "a"), newCase(t, b, osaka, "b")}
		var lock sync.Mutex
		running, runs := make(map[string]int), make(map[string]int)
		do := func(_ context.Context, j casebook.Job, _ casebook.Report) (string, error) {
			lock.Lock()
			running[j.Case]++
			if running[j.Case] > 1 {
				t.Errorf("%d traces of a case run at once", running[j.Case])
			}
			runs[j.ID]++
			lock.Unlock()
			time.Sleep(20 * time.Millisecond)
			lock.Lock()
			running[j.Case]--
			lock.Unlock()
			return "", nil
		}
		start(t, b, quick, do)
		start(t, b, quick, do)
		ids := make(map[string]bool)
		var wait sync.WaitGroup
		for n := range 24 {
			wait.Go(func() {
				task := casebook.Task(casebook.TraceTask{Case: cases[n%2].ID, Rule: []string{"fifo", "lifo"}[n/2%2]})
				if n >= 16 {
					task = casebook.RetraceTask{Case: cases[n%2].ID, Why: "the chain grew"}
				}
				j, _, err := b.Ask(t.Context(), dept, task)
				if err != nil {
					t.Error(err)
				}
				lock.Lock()
				ids[j.ID] = true
				lock.Unlock()
			})
		}
		wait.Wait()
		for id := range ids {
			await(t, b, id, casebook.JobDone)
		}
		lock.Lock()
		defer lock.Unlock()
		if len(runs) != len(ids) {
			t.Errorf("%d jobs ran, want %d", len(runs), len(ids))
		}
		for id, n := range runs {
			if n != 1 {
				t.Errorf("job %s ran %d times", id, n)
			}
		}
	})
}

func TestJobIsAskedForWhileItWaitsAndRuns(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *casebook.Book) {
		c := newCase(t, b, tokyo, "t")
		task := casebook.RetraceTask{Case: c.ID, Why: "a reorg"}
		first := ask(t, b, system, task)
		again := ask(t, b, tokyo, casebook.RetraceTask{Case: c.ID, Why: "the chain grew"})
		if again.ID != first.ID || first.Priority != casebook.Routine || again.Priority != casebook.Urgent {
			t.Errorf("asked for again while it waits, it is %+v and was %+v", again, first)
		}
		begun, proceed := make(chan string), make(chan bool)
		start(t, b, quick, func(_ context.Context, j casebook.Job, _ casebook.Report) (string, error) {
			begun <- j.ID
			<-proceed
			return "", nil
		})
		if id := <-begun; id != first.ID {
			t.Errorf("job %s begins, want %s", id, first.ID)
		}
		second, fresh, err := b.Ask(t.Context(), tokyo, task)
		if err != nil || !fresh || second.ID == first.ID {
			t.Errorf("asked for again while it runs, it is %+v, %v, %v", second, fresh, err)
		}
		if third := ask(t, b, dept, task); third.ID != second.ID {
			t.Errorf("and again, it is %+v", third)
		}
		proceed <- true
		await(t, b, first.ID, casebook.JobDone)
		if id := <-begun; id != second.ID {
			t.Errorf("job %s begins, want %s", id, second.ID)
		}
		proceed <- true
		await(t, b, second.ID, casebook.JobDone)
	})
}

func TestUrgentJobsGoFirst(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *casebook.Book) {
		var want, order []string
		var last casebook.TraceTask
		for n := range 4 {
			c := newCase(t, b, tokyo, fmt.Sprint(n))
			last = casebook.TraceTask{Case: c.ID, Rule: "fifo"}
			ask(t, b, system, last)
		}
		want = append(want, ask(t, b, tokyo, last).ID) // a person wants it, too
		for n := range 3 {
			c := newCase(t, b, tokyo, fmt.Sprint(n))
			want = append(want, ask(t, b, tokyo, casebook.TraceTask{Case: c.ID, Rule: "fifo"}).ID)
		}
		all := make(chan bool)
		options := quick
		options.Concurrency = 1
		start(t, b, options, func(_ context.Context, j casebook.Job, _ casebook.Report) (string, error) {
			if order = append(order, j.ID); len(order) == 7 {
				close(all)
			}
			return "", nil
		})
		<-all
		if !slices.Equal(order[:4], want) {
			t.Errorf("the order is %v, want %v first", order, want)
		}
	})
}

func TestCancelledJob(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *casebook.Book) {
		c := newCase(t, b, tokyo, "t")
		waiting := ask(t, b, tokyo, casebook.ReportTask{Case: c.ID, Format: "pdf"})
		_, err := b.CancelJob(t.Context(), tokyo, waiting.ID, " ")
		wantInvalid(t, err, "reason")
		must(b.CancelJob(t.Context(), tokyo, waiting.ID, "not needed"))(t)
		j := await(t, b, waiting.ID, casebook.JobCancelled)
		if j.Cancel.By != "sato" || j.Cancel.Reason != "not needed" || j.Cancel.At.IsZero() {
			t.Errorf("it is %+v", j)
		}
		if _, err := b.CancelJob(t.Context(), tokyo, waiting.ID, "again"); !errors.Is(err, casebook.ErrConflict) {
			t.Errorf("cancelled again: %v", err)
		}
		begun := make(chan bool)
		start(t, b, quick, func(ctx context.Context, j casebook.Job, report casebook.Report) (string, error) {
			if j.ID == waiting.ID {
				t.Error("a cancelled job runs")
			}
			begun <- true
			<-ctx.Done()
			return "", report(1, 2, "half")
		})
		running := ask(t, b, tokyo, casebook.TraceTask{Case: c.ID, Rule: "fifo"})
		<-begun
		must(b.CancelJob(t.Context(), dept, running.ID, "wrong case"))(t)
		j = await(t, b, running.ID, casebook.JobCancelled)
		if j.Cancel.By != "takahashi" || j.Attempts != 1 || j.Progress.Done != 1 {
			t.Errorf("it is %+v", j)
		}
		// Its lane is free again.
		next := ask(t, b, tokyo, casebook.TraceTask{Case: c.ID, Rule: "lifo"})
		<-begun
		must(b.CancelJob(t.Context(), tokyo, next.ID, "enough"))(t)
		await(t, b, next.ID, casebook.JobCancelled)
	})
}

func TestDeadJobs(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *casebook.Book) {
		c := newCase(t, b, tokyo, "t")
		mended := make(chan bool)
		start(t, b, quick, func(context.Context, casebook.Job, casebook.Report) (string, error) {
			select {
			case <-mended:
				return "trace/1", nil
			default:
				return "", &casebook.JobError{Reason: "no rule of that name", Final: true}
			}
		})
		task := casebook.TraceTask{Case: c.ID, Rule: "x"}
		first, second := ask(t, b, tokyo, task), ask(t, b, tokyo, casebook.ReportTask{Case: c.ID, Format: "x"})
		for _, id := range []string{first.ID, second.ID} {
			await(t, b, id, casebook.JobDead)
		}
		_, err := b.DismissJob(t.Context(), tokyo, second.ID, "")
		wantInvalid(t, err, "reason")
		must(b.DismissJob(t.Context(), tokyo, second.ID, "a slip"))(t)
		if j := await(t, b, second.ID, casebook.JobDismissed); j.Dismiss.Reason != "a slip" || j.Dismiss.By != "sato" || j.Failure == "" {
			t.Errorf("dismissed it is %+v", j)
		}
		if _, err := b.RetryJob(t.Context(), tokyo, second.ID); !errors.Is(err, casebook.ErrConflict) {
			t.Errorf("retried after that: %v", err)
		}
		close(mended)
		must(b.RetryJob(t.Context(), tokyo, first.ID))(t)
		if j := await(t, b, first.ID, casebook.JobDone); j.Result != "trace/1" || j.Failure != "" || j.Attempts != 1 {
			t.Errorf("retried it is %+v", j)
		}
	})
}

// TestWorkerStops has one job that ends in the grace, and one that does not.
func TestWorkerStops(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *casebook.Book) {
		cases := []casebook.Case{newCase(t, b, tokyo, "short"), newCase(t, b, tokyo, "long")}
		begun, ends := make(chan bool), make(chan bool)
		options := quick
		options.Grace = 500 * time.Millisecond
		stop := start(t, b, options, func(ctx context.Context, j casebook.Job, report casebook.Report) (string, error) {
			begun <- true
			if j.Case == cases[0].ID {
				<-ends
				return "trace/short", nil
			}
			<-ctx.Done()
			return "", report(1, 2, "")
		})
		short := ask(t, b, tokyo, casebook.TraceTask{Case: cases[0].ID, Rule: "fifo"})
		long := ask(t, b, tokyo, casebook.TraceTask{Case: cases[1].ID, Rule: "fifo"})
		<-begun
		<-begun
		time.AfterFunc(100*time.Millisecond, func() { close(ends) })
		stop()
		if j := must(b.Job(t.Context(), tokyo, short.ID))(t); j.State != casebook.JobDone {
			t.Errorf("the short one is %+v", j)
		}
		if j := must(b.Job(t.Context(), tokyo, long.ID))(t); j.State != casebook.JobQueued || j.Attempts != 0 {
			t.Errorf("the long one is %+v", j)
		}
		start(t, b, quick, func(context.Context, casebook.Job, casebook.Report) (string, error) { return "trace/long", nil })
		if j := await(t, b, long.ID, casebook.JobDone); j.Attempts != 1 {
			t.Errorf("run again, the long one is %+v", j)
		}
	})
}

// TestLongJobRunsOnce has a job run for many leases, under the eyes of another worker.
func TestLongJobRunsOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *casebook.Book) {
		c := newCase(t, b, tokyo, "t")
		options := quick
		options.Lease = 8 * time.Second
		runs := make(chan string, 10)
		do := func(ctx context.Context, j casebook.Job, _ casebook.Report) (string, error) {
			runs <- j.ID
			select {
			case <-ctx.Done():
				return "", ctx.Err()
			case <-time.After(2 * options.Lease):
				return "trace/1", nil
			}
		}
		start(t, b, options, do)
		start(t, b, options, do)
		j := await(t, b, ask(t, b, tokyo, casebook.TraceTask{Case: c.ID, Rule: "fifo"}).ID, casebook.JobDone)
		if j.Attempts != 1 || len(runs) != 1 {
			t.Errorf("it ran %d times: %+v", len(runs), j)
		}
	})
}
