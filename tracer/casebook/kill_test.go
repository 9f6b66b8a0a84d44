package casebook_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"tsuiseki/tracer/casebook"
)

// childEnv makes the test binary a worker of the casebook at the address that it holds.
const childEnv = "TSUISEKI_TEST_WORKER"

// killLease is short, and yet enough for a busy machine to beat in.
const killLease = 12 * time.Second

const steps = 12

// depositInSteps does what a trace does: it writes, and may be killed anywhere.
func depositInSteps(b *casebook.Book, pause time.Duration) handler {
	return func(ctx context.Context, j casebook.Job, report casebook.Report) (string, error) {
		for n := range steps {
			if err := report(int64(n), steps, "depositing"); err != nil {
				return "", err
			}
			if _, err := b.AddDeposits(ctx, system, j.Case, payments(n, n+1)); err != nil {
				return "", err
			}
			select {
			case <-ctx.Done():
				return "", ctx.Err()
			case <-time.After(pause):
			}
		}
		return fmt.Sprintf("by process %d", os.Getpid()), nil
	}
}

// runChild is the worker of a child process, which has to be killed.
func runChild(address string) error {
	ctx := context.Background()
	b, err := casebook.Open(ctx, address, casebook.Options{Now: time.Now})
	if err != nil {
		return err
	}
	w, err := casebook.NewWorker(b, casebook.WorkerOptions{
		Handlers: handlers(depositInSteps(b, 200*time.Millisecond)), Log: slog.New(slog.DiscardHandler), Lease: killLease,
	})
	if err != nil {
		return err
	}
	return w.Run(ctx)
}

// child starts a worker in a process of its own.
func child(t *testing.T, address string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), childEnv+"="+address)
	var said strings.Builder
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have been killed already
		_ = cmd.Wait()         // it was killed
		if said.Len() > 0 {
			t.Logf("the child says:\n%s", said.String())
		}
	})
	return cmd
}

// awaitProgress waits until a job has done some steps.
func awaitProgress(t *testing.T, b *casebook.Book, id string, done int64) casebook.Job {
	t.Helper()
	for {
		j := must(b.Job(t.Context(), dept, id))(t)
		if j.State == casebook.JobRunning && j.Progress.Done >= done {
			return j
		}
		if j.State != casebook.JobRunning && j.State != casebook.JobQueued {
			t.Fatalf("the job is %+v", j)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func eachAddress(t *testing.T, test func(t *testing.T, address string, b *casebook.Book)) {
	t.Helper()
	for name, database := range databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address := database(t)
			test(t, address, open(t, address))
		})
	}
}

// TestKilledWorker kills a worker in the middle of a job, as kill -9 does: another one,
// which runs beside it, takes the job over, and every effect is there once.
func TestKilledWorker(t *testing.T) {
	t.Parallel()
	eachAddress(t, func(t *testing.T, address string, b *casebook.Book) {
		c := newCase(t, b, tokyo, "t")
		doomed := child(t, address)
		asked := ask(t, b, tokyo, casebook.TraceTask{Case: c.ID, Rule: "fifo"})
		queued := ask(t, b, tokyo, casebook.RetraceTask{Case: c.ID, Why: "in the same lane"})
		before := awaitProgress(t, b, asked.ID, 3)
		start(t, b, casebook.WorkerOptions{Lease: killLease, Look: time.Hour}, depositInSteps(b, time.Millisecond))
		if err := doomed.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		after := await(t, b, asked.ID, casebook.JobDone)
		if after.Attempts != 2 || after.Worker == before.Worker || after.Result != fmt.Sprintf("by process %d", os.Getpid()) {
			t.Errorf("it was %+v\nand is %+v", before, after)
		}
		if n := count(t, b, tokyo, casebook.DepositFilter{Case: c.ID}); n != steps {
			t.Errorf("the case has %d deposits, want %d", n, steps)
		}
		await(t, b, queued.ID, casebook.JobDone)
	})
}

// TestRestoredJobs backs up a book with a job that runs and one that waits. In the book
// restored from it, which has no tickets, both are run.
func TestRestoredJobs(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *casebook.Book) {
		c := newCase(t, b, tokyo, "t")
		begun, proceed := make(chan bool, 1), make(chan bool)
		stop := start(t, b, quick, func(context.Context, casebook.Job, casebook.Report) (string, error) {
			begun <- true
			<-proceed
			return "", nil
		})
		running := ask(t, b, tokyo, casebook.TraceTask{Case: c.ID, Rule: "fifo"})
		<-begun
		waiting := ask(t, b, tokyo, casebook.RetraceTask{Case: c.ID, Why: "a reorg"})
		backup := dump(t, b)
		if _, err := b.CancelJob(t.Context(), tokyo, waiting.ID, "seen enough"); err != nil {
			t.Fatal(err)
		}
		close(proceed)
		stop()
		again := restored(t, databases["sqlite"](t), backup)
		start(t, again, casebook.WorkerOptions{Lease: killLease, Look: time.Hour}, idle)
		if j := await(t, again, running.ID, casebook.JobDone); j.Attempts != 2 {
			t.Errorf("what ran is %+v", j)
		}
		await(t, again, waiting.ID, casebook.JobDone)
	})
}
