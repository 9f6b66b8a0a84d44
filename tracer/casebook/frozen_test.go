//go:build unix

package casebook_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"tsuiseki/tracer/casebook"
)

// TestFrozenWorker stops a worker's process for longer than its lease, and wakes it:
// it has to find the job gone, and may change nothing of it.
func TestFrozenWorker(t *testing.T) {
	t.Parallel()
	eachAddress(t, func(t *testing.T, address string, b *casebook.Book) {
		c := newCase(t, b, tokyo, "t")
		frozen := child(t, address)
		asked := ask(t, b, tokyo, casebook.TraceTask{Case: c.ID, Rule: "fifo"})
		awaitProgress(t, b, asked.ID, 1)
		freeze(t, b, c.ID, frozen)
		start(t, b, casebook.WorkerOptions{Lease: killLease, Look: time.Hour}, depositInSteps(b, time.Millisecond))
		taken := await(t, b, asked.ID, casebook.JobDone)
		if err := frozen.Process.Signal(syscall.SIGCONT); err != nil {
			t.Fatal(err)
		}
		next := ask(t, b, tokyo, casebook.RetraceTask{Case: c.ID, Why: "the next"})
		await(t, b, next.ID, casebook.JobDone)
		wantJSON(t, must(b.Job(t.Context(), dept, asked.ID))(t), taken)
		if taken.Attempts != 2 || taken.Result != fmt.Sprintf("by process %d", os.Getpid()) {
			t.Errorf("it is %+v", taken)
		}
	})
}

// freeze stops a process while it holds no lock of the database: stopped within a
// transaction, it would hold up all others, as any process does that stops in one.
func freeze(t *testing.T, b *casebook.Book, caseID string, cmd *exec.Cmd) {
	t.Helper()
	for {
		if err := cmd.Process.Signal(syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		_, err := b.AddNote(ctx, dept, caseID, "free")
		cancel()
		if err == nil {
			return
		}
		if err := cmd.Process.Signal(syscall.SIGCONT); err != nil {
			t.Fatal(err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}
