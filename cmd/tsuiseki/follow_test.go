package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tsuiseki/fixtures/node"
)

// follower is tsuiseki index … --follow in a process of its own.
type follower struct {
	process *exec.Cmd
	out     strings.Builder
	synced  chan string // what it logs each time it has added blocks
}

// follow starts the program under its name: the test's binary answers to it.
func follow(t *testing.T, args ...string) *follower {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(t.TempDir(), "tsuiseki")
	if err := os.Symlink(self, program); err != nil {
		t.Fatal(err)
	}
	f := &follower{process: exec.CommandContext(t.Context(), program, append(args, "--follow", "--poll", "50ms", "--log-level", "info")...), synced: make(chan string, 100)}
	f.process.Stdout = &f.out
	log, err := f.process.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := f.process.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(f.synced)
		for lines := bufio.NewScanner(log); lines.Scan(); {
			if strings.Contains(lines.Text(), "msg=indexed") {
				f.synced <- lines.Text()
			}
		}
	}()
	return f
}

// await waits until the follower has indexed up to a source's tip at the height.
func (f *follower) await(t *testing.T, height int) {
	t.Helper()
	want := fmt.Sprintf("\"source tip\"=%d", height)
	for deadline := time.After(30 * time.Second); ; {
		select {
		case line, open := <-f.synced:
			if !open {
				t.Fatalf("the follower ended: %s", f.out.String())
			}
			if strings.Contains(line, want) {
				return
			}
		case <-deadline:
			t.Fatalf("height %d is not indexed after 30 s", height)
		}
	}
}

// stop interrupts the follower, as a person would, and returns what it prints then.
func (f *follower) stop(t *testing.T) string {
	t.Helper()
	if err := f.process.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	for range f.synced {
		continue
	}
	if err := f.process.Wait(); err != nil {
		t.Fatalf("a follower that is interrupted ends with %v\n%s", err, f.out.String())
	}
	return f.out.String()
}

// TestFollowBitcoin: --follow adds blocks as they come, through a reorg.
func TestFollowBitcoin(t *testing.T) {
	n := node.Btcd(t)
	n.Mine(t, 5)
	f := follow(t, "index", "bitcoin", "--data", t.TempDir(), "--rpc", n.URL, "--rpc-user", n.User, "--rpc-password", n.Password)
	f.await(t, 5)
	last := n.Mine(t, 2)
	f.await(t, 7)
	n.InvalidateBlock(t, last[0])
	n.Mine(t, 3)
	f.await(t, 8)
	if out := f.stop(t); !strings.Contains(out, "heights 0 to 8, 9 transactions") {
		t.Errorf("it prints %s", out)
	}
}

// TestFollowEthereum is the same on an execution client.
func TestFollowEthereum(t *testing.T) {
	n := node.Anvil(t)
	n.Mine(t, 3)
	f := follow(t, "index", "ethereum", "--data", t.TempDir(), "--rpc", n.URL)
	f.await(t, 3)
	n.Mine(t, 2)
	f.await(t, 5)
	n.Reorg(t, 2)
	f.await(t, 6)
	// A branch of the same length: only hashes tell.
	n.Call(t, nil, "anvil_reorg", 2, []any{})
	f.await(t, 6)
	if out := f.stop(t); !strings.Contains(out, "heights 0 to 6, 7 blocks") {
		t.Errorf("it prints %s", out)
	}
}
