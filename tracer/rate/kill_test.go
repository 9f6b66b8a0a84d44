package rate_test

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tsuiseki/tracer/rate"
)

// importsInto names the folder in which a process of this test imports file after
// file until it is killed.
const importsInto = "TSUISEKI_TEST_RATE_IMPORT"

// minutesHeld is how many minutes a file has: enough that a kill may hit its writing.
const minutesHeld = 30_000

// numberedFile is a file of minutes whose rates all are the number.
func numberedFile(t *testing.T, number int) rate.FileOptions {
	var content strings.Builder
	content.WriteString("time,rate\n")
	for minute := range minutesHeld {
		fmt.Fprintf(&content, "%d,%d\n", 1_600_000_000+60*minute, number)
	}
	return rate.FileOptions{Path: write(t, "n.csv", content.String()), Asset: "BTC", Source: "s"}
}

// TestKill kills a process while it imports. What is there then is every import
// that was reported done, each whole, and at most one more.
func TestKill(t *testing.T) {
	if dir := os.Getenv(importsInto); dir != "" {
		list, err := rate.OpenStore(dir).List()
		for n := len(list) + 1; err == nil; n++ {
			_, _, err = rate.OpenStore(dir).Import(t.Context(), numberedFile(t, n), time.Unix(1, 0))
			fmt.Println("done", n)
		}
		t.Fatal(err)
	}
	dir, done := filepath.Join(t.TempDir(), "rates"), 0
	for round := range 8 {
		command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKill$")
		command.Env = append(os.Environ(), importsInto+"="+dir)
		out, err := command.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := command.Start(); err != nil {
			t.Fatal(err)
		}
		timer := time.AfterFunc(time.Duration(200+round*41)*time.Millisecond, func() { _ = command.Process.Kill() })
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if _, err := fmt.Sscanf(lines.Text(), "done %d", &done); err != nil {
				t.Fatalf("%q", lines.Text())
			}
		}
		_ = command.Wait() // it was killed
		timer.Stop()
		list, err := rate.OpenStore(dir).List()
		if err != nil || len(list) < done || len(list) > done+1 {
			t.Fatalf("%d imports were reported done, %d are there: %v", done, len(list), err)
		}
		checkNumbered(t, dir, len(list))
	}
	if done == 0 {
		t.Fatal("no process lived to finish an import")
	}
	// What was stopped half-way is gone with the next import.
	if _, _, err := rate.OpenStore(dir).Import(t.Context(), numberedFile(t, 0), time.Unix(1, 0)); err == nil {
		t.Fatal("a rate of zero was taken in")
	}
	if parts, err := filepath.Glob(filepath.Join(dir, "*.part")); err != nil || len(parts) > 0 {
		t.Fatalf("left are %v, %v", parts, err)
	}
}

// checkNumbered wants the newest file's rates.
func checkNumbered(t *testing.T, dir string, newest int) {
	book, err := rate.OpenStore(dir).Open()
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	pricer := yen(t, book, rate.LastBefore)
	for minute := range minutesHeld {
		price, err := pricer.Price("bitcoin", "BTC", time.Unix(int64(1_600_000_000+60*minute), 0))
		if _, none := errors.AsType[*rate.NoRateError](err); none && newest == 0 {
			continue
		}
		if err != nil || price.Steps[0].Rate.String() != fmt.Sprint(newest) {
			t.Fatalf("minute %d: got %+v, %v, want %d", minute, price, err, newest)
		}
	}
}
