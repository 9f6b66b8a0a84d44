package casebook_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"tsuiseki/chains"
	"tsuiseki/tracer/casebook"
)

// ledger is what an observer sees of a chain: blocks of which each moves the watched
// place by some transactions.
type ledger struct {
	blocks []string // their hashes, from height 1
	moves  map[string][]byte
	fails  error
	atOnce int // movements in one look; 0: all
}

// Moved looks from the fork on.
func (l *ledger) Moved(_ context.Context, w casebook.Watch) (found casebook.Sighting, err error) {
	if l.fails != nil {
		return found, l.fails
	}
	found.From = w.Seen.Height
	if int(found.From) > len(l.blocks) || l.blocks[found.From-1] != w.Seen.Hash {
		found.From = 0 // it keeps no undone blocks, and looks from before all of them
	}
	for i, hash := range l.blocks {
		height := int64(i + 1)
		if height <= found.From {
			continue
		}
		if l.atOnce > 0 && len(found.Movements) >= l.atOnce {
			found.More = true
			break
		}
		for _, n := range l.moves[hash] {
			found.Movements = append(found.Movements, casebook.Movement{
				Tx: chains.TxID{n}, Height: height, Block: hash, Time: time.Unix(1_700_000_000+height, 0).UTC(), Detail: fmt.Appendf(nil, `{"n":%d}`, n),
			})
		}
		found.Seen = casebook.Sight{Height: height, Hash: hash, Transactions: int64(len(found.Movements))}
	}
	if found.Seen.Hash == "" {
		found.Seen = w.Seen
	}
	return found, nil
}

func quiet(int64, int64, string) error { return nil }

func watchOf(kind casebook.WatchKind, seen casebook.Sight) casebook.Watch {
	w := casebook.Watch{Kind: kind, Chain: "bitcoin", Address: "bc1q", Seen: seen, Note: "the collector"}
	if kind == casebook.WatchEnd {
		w.Tx, w.Index = &chains.TxID{7}, 3
	}
	return w
}

func TestWatches(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *casebook.Book) {
		c := newCase(t, b, tokyo, "t")
		seen := casebook.Sight{Height: 800_000, Hash: "00aa", Transactions: 4}
		for _, kind := range []casebook.WatchKind{casebook.WatchAddress, casebook.WatchEntity, casebook.WatchEnd} {
			given := watchOf(kind, seen)
			w, fresh, err := b.AddWatch(t.Context(), tokyo, c.ID, given)
			if err != nil || !fresh {
				t.Fatal(fresh, err)
			}
			read := must(b.Watch(t.Context(), tokyo, w.ID))(t)
			wantJSON(t, read, w)
			given.ID, given.Case, given.Origin = w.ID, c.ID, w.Origin
			wantJSON(t, read, given)
			again, fresh, err := b.AddWatch(t.Context(), dept, c.ID, watchOf(kind, casebook.Sight{Height: 9, Hash: "09"}))
			if err != nil || fresh {
				t.Errorf("again it is %v, %v", fresh, err)
			}
			wantJSON(t, again, w)
		}
		all := must(b.Watches(t.Context(), tokyo, casebook.WatchFilter{Case: c.ID}, casebook.Page{}))(t).Items
		if len(all) != 3 {
			t.Fatalf("they are %+v", all)
		}
		wantInvalid(t, b.WithdrawWatch(t.Context(), tokyo, all[0].ID, ""), "reason")
		if err := b.WithdrawWatch(t.Context(), tokyo, all[0].ID, "a service's"); err != nil {
			t.Fatal(err)
		}
		if err := b.WithdrawWatch(t.Context(), tokyo, all[0].ID, "again"); !errors.Is(err, casebook.ErrConflict) {
			t.Errorf("withdrawn again: %v", err)
		}
		if left := must(b.Watches(t.Context(), tokyo, casebook.WatchFilter{}, casebook.Page{}))(t).Items; len(left) != 2 {
			t.Errorf("left are %+v", left)
		}
		if _, fresh, err := b.AddWatch(t.Context(), tokyo, c.ID, watchOf(all[0].Kind, seen)); err != nil || !fresh {
			t.Errorf("after it was withdrawn, it is %v, %v", fresh, err)
		}
	})
}

func TestWatchValues(t *testing.T) {
	t.Parallel()
	b := open(t, databases["sqlite"](t))
	c := newCase(t, b, tokyo, "t")
	for _, test := range []struct {
		field  string
		change func(*casebook.Watch)
	}{
		{"kind", func(w *casebook.Watch) { w.Kind = "cat" }},
		{"chain", func(w *casebook.Watch) { w.Chain = "" }},
		{"address", func(w *casebook.Watch) { w.Address = "" }},
		{"tx", func(w *casebook.Watch) { w.Tx = new(chains.TxID) }},
		{"tx", func(w *casebook.Watch) { w.Kind = casebook.WatchEnd }},
		{"index", func(w *casebook.Watch) { w.Index = 1 }},
		{"seen", func(w *casebook.Watch) { w.Seen.Hash = "" }},
		{"seen", func(w *casebook.Watch) { w.Seen.Height = -1 }},
		{"note", func(w *casebook.Watch) { w.Note = "\x00" }},
	} {
		w := watchOf(casebook.WatchAddress, casebook.Sight{Height: 1, Hash: "01"})
		test.change(&w)
		_, _, err := b.AddWatch(t.Context(), tokyo, c.ID, w)
		wantInvalid(t, err, test.field)
	}
}

// TestWatchMoves follows a watch through a growing chain and two reorgs.
func TestWatchMoves(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *casebook.Book) {
		c := newCase(t, b, tokyo, "t")
		l := &ledger{blocks: []string{"a1"}, moves: map[string][]byte{"a1": {1}}, atOnce: 1}
		w, _, err := b.AddWatch(t.Context(), tokyo, c.ID, watchOf(casebook.WatchAddress, casebook.Sight{Height: 1, Hash: "a1"}))
		if err != nil {
			t.Fatal(err)
		}
		l.moves = map[string][]byte{"a2": {2}, "a3": {3, 4}, "b3": {4}, "b4": {3}, "c3": nil, "c4": {4, 5}}
		for _, step := range []struct {
			what   string
			blocks []string
			raised int
			stand  string // the alerts: transaction, block, and ! where it is gone
		}{
			{"nothing new", []string{"a1"}, 0, ""},
			{"one moves", []string{"a1", "a2"}, 1, "2a2 "},
			{"again the same", []string{"a1", "a2"}, 0, "2a2 "},
			{"two move", []string{"a1", "a2", "a3"}, 2, "2a2 3a3 4a3 "},
			{"a reorg undoes one and moves one", []string{"a1", "a2", "b3"}, 0, "2a2 3a3! 4b3 "},
			{"it comes back later", []string{"a1", "a2", "b3", "b4"}, 0, "2a2 3b4 4b3 "},
			{"another undoes it, and one is new", []string{"a1", "a2", "c3", "c4"}, 1, "2a2 3b4! 4c4 5c4 "},
			{"a shorter chain undoes all", []string{"a1", "d2"}, 0, "2a2! 3b4! 4c4! 5c4! "},
		} {
			l.blocks = step.blocks
			raised, err := b.CheckWatches(t.Context(), system, l, quiet)
			if err != nil || raised != step.raised {
				t.Errorf("%s: raised are %d, %v, want %d", step.what, raised, err, step.raised)
			}
			if got := standing(t, b, c.ID); got != step.stand {
				t.Errorf("%s: alerts are %q, want %q", step.what, got, step.stand)
			}
			seen := must(b.Watch(t.Context(), tokyo, w.ID))(t)
			if seen.Seen.Hash != step.blocks[len(step.blocks)-1] || seen.Checked.IsZero() {
				t.Errorf("%s: it was seen up to %+v", step.what, seen)
			}
		}
		retraces := must(b.Jobs(t.Context(), tokyo, casebook.JobFilter{Case: c.ID, Kind: casebook.RetraceJob}, casebook.Page{}))(t).Items
		if len(retraces) != 1 || retraces[0].Priority != casebook.Soon {
			t.Errorf("the jobs are %+v", retraces)
		}
		for _, a := range must(b.Alerts(t.Context(), tokyo, casebook.AlertFilter{Case: c.ID, Watch: w.ID}, casebook.Page{}))(t).Items {
			if a.Job != retraces[0].ID || a.CreatedBy != system.User {
				t.Errorf("an alert is %+v", a)
			}
		}
	})
}

func standing(t *testing.T, b *casebook.Book, caseID string) (all string) {
	t.Helper()
	byTx := make(map[byte]casebook.Alert)
	for _, a := range must(b.Alerts(t.Context(), tokyo, casebook.AlertFilter{Case: caseID}, casebook.Page{}))(t).Items {
		byTx[a.Tx[0]] = a
	}
	for n := range byte(10) {
		if a, ok := byTx[n]; ok {
			gone := ""
			if !a.Gone.IsZero() {
				gone = "!"
			}
			all += fmt.Sprintf("%d%s%s ", n, a.Block, gone)
		}
	}
	return all
}

func TestAlertIsAcknowledged(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *casebook.Book) {
		c := newCase(t, b, tokyo, "t")
		if _, _, err := b.AddWatch(t.Context(), tokyo, c.ID, watchOf(casebook.WatchEnd, casebook.Sight{Height: 1, Hash: "a1"})); err != nil {
			t.Fatal(err)
		}
		l := &ledger{blocks: []string{"a1", "a2"}, moves: map[string][]byte{"a2": {2, 3}}}
		must(b.CheckWatches(t.Context(), system, l, quiet))(t)
		alerts := must(b.Alerts(t.Context(), tokyo, casebook.AlertFilter{Open: true}, casebook.Page{}))(t).Items
		if len(alerts) != 2 {
			t.Fatalf("they are %+v", alerts)
		}
		must(b.AcknowledgeAlert(t.Context(), tokyo, alerts[0].ID, "asked the exchange to freeze it"))(t)
		a := must(b.Alert(t.Context(), tokyo, alerts[0].ID))(t)
		if a.Acknowledged.By != "sato" || a.Acknowledged.Reason != "asked the exchange to freeze it" || a.Version != 2 {
			t.Errorf("it is %+v", a)
		}
		if _, err := b.AcknowledgeAlert(t.Context(), dept, a.ID, "again"); !errors.Is(err, casebook.ErrConflict) {
			t.Errorf("again: %v", err)
		}
		if open := must(b.Alerts(t.Context(), tokyo, casebook.AlertFilter{Open: true}, casebook.Page{}))(t).Items; len(open) != 1 || open[0].ID != alerts[1].ID {
			t.Errorf("open are %+v", open)
		}
		l.blocks[1] = "b2"
		must(b.CheckWatches(t.Context(), system, l, quiet))(t)
		if gone := must(b.Alert(t.Context(), tokyo, a.ID))(t); gone.Gone.IsZero() || gone.Acknowledged.By != "sato" {
			t.Errorf("after a reorg it is %+v", gone)
		}
	})
}

// TestWatchesAreCheckedAtOnce has several workers look, one of which is late: each
// movement raises one alert.
func TestWatchesAreCheckedAtOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *casebook.Book) {
		for n := range 120 {
			c := newCase(t, b, tokyo, fmt.Sprint(n))
			if _, _, err := b.AddWatch(t.Context(), tokyo, c.ID, watchOf(casebook.WatchAddress, casebook.Sight{Height: 1, Hash: "a1"})); err != nil {
				t.Fatal(err)
			}
		}
		l := &ledger{blocks: []string{"a1", "a2"}, moves: map[string][]byte{"a2": {2, 3}}}
		raised := make([]int, 3)
		var wait sync.WaitGroup
		for i := range raised {
			wait.Go(func() {
				var err error
				if raised[i], err = b.CheckWatches(t.Context(), system, l, quiet); err != nil {
					t.Error(err)
				}
			})
		}
		wait.Wait()
		if raised[0]+raised[1]+raised[2] != 240 {
			t.Errorf("raised were %v", raised)
		}
		l.fails = errors.New("the node does not answer")
		if _, err := b.CheckWatches(t.Context(), system, l, quiet); !errors.Is(err, l.fails) {
			t.Errorf("with a node that fails: %v", err)
		}
	})
}

func TestStaleTracesAreTracedAgain(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *casebook.Book) {
		var stale []casebook.Case
		for n := range 3 {
			c := newCase(t, b, tokyo, fmt.Sprint(n))
			for _, rule := range []string{"fifo", "lifo"} {
				r, _, err := b.AddTrace(t.Context(), tokyo, c.ID, casebook.Trace{Rule: rule, Digest: "sha256:" + rule}, []byte(rule))
				if err != nil {
					t.Fatal(err)
				}
				if n > 0 {
					if err := b.MarkStale(t.Context(), system, r.ID, "the chain grew"); err != nil {
						t.Fatal(err)
					}
				}
			}
			stale = append(stale, c)
		}
		stale[2].Status = casebook.CaseClosed
		must(b.UpdateCase(t.Context(), tokyo, stale[2]))(t)
		if n := must(b.RetraceStale(t.Context(), osaka))(t); n != 0 {
			t.Errorf("another force asked for %d", n)
		}
		if n := must(b.RetraceStale(t.Context(), system))(t); n != 1 {
			t.Errorf("asked for %d, want 1", n)
		}
		must(b.RetraceStale(t.Context(), system))(t)
		asked := must(b.Jobs(t.Context(), tokyo, casebook.JobFilter{}, casebook.Page{}))(t).Items
		if len(asked) != 1 || asked[0].Case != stale[1].ID || asked[0].Kind != casebook.RetraceJob {
			t.Errorf("the jobs are %+v", asked)
		}
	})
}
