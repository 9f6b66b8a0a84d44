package casebook

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"tsuiseki/chains"
)

// Movement is a transaction that moved what is watched.
type Movement struct {
	Tx     chains.TxID
	Height int64
	Block  string // its hash
	Time   time.Time
	Detail json.RawMessage // what moved, for the alert; may be empty
}

// Sighting is what a look at a watch found, all of it as of one block.
type Sighting struct {
	From      int64      // all movements above this height are here
	Seen      Sight      // up to this block
	Movements []Movement // each transaction once
	More      bool       // the look stopped at Seen, and the chain goes on: look again
}

// Observer looks at chains. Moved is what moved a watched place after the block that was
// seen last: From is its height, or, where that block was undone, the height of the fork
// or one below it.
type Observer interface {
	Moved(ctx context.Context, w Watch) (Sighting, error)
}

// MaxMovements is how many movements one sighting takes; with more, an observer stops at
// an earlier block and says that there are more.
const MaxMovements = 10_000

const watchesAtOnce = 100

// CheckWatches looks at all watches. Each movement that was not known raises an alert on
// its case, and one job that traces the case again; an alert whose transaction a reorg has
// undone is marked. It may be run twice, or stopped and run again. Where watches cannot be
// looked at, the others are: the error names the first of those, and how many they were.
func (b *Book) CheckWatches(ctx context.Context, p Principal, observer Observer, report Report) (raised int, err error) {
	round := watchRound{book: b, principal: p, observer: observer, report: report}
	if _, err := p.may(watchCheck); err == nil {
		if err := round.run(ctx); err != nil {
			return round.raised, err
		}
	}
	err = b.do(ctx, p, watchCheck, "watch", func(_ context.Context, t *tx) error {
		t.note("checked", round.checked)
		t.note("failed", round.failed)
		t.note("raised", round.raised)
		return nil
	})
	if err == nil && round.first != nil {
		err = fmt.Errorf("%d of %d watches could not be looked at: the first: %w", round.failed, round.checked, round.first)
	}
	return round.raised, err
}

// watchRound is one look at all watches.
type watchRound struct {
	book      *Book
	principal Principal
	observer  Observer
	report    Report

	checked, failed int64
	raised          int
	first           error
}

func (r *watchRound) run(ctx context.Context) error {
	for page := (Page{Limit: watchesAtOnce}); ; {
		part, err := r.book.standingWatches(ctx, r.principal, page)
		if err != nil {
			return err
		}
		for i := range part.Items {
			if err := r.look(ctx, part.Items[i]); err != nil {
				if ctx.Err() != nil {
					return err
				}
				if r.failed++; r.first == nil {
					r.first = fmt.Errorf("watch %s of case %s: %w", part.Items[i].ID, part.Items[i].Case, err)
				}
			}
			r.checked++
			if err := r.report(r.checked, 0, fmt.Sprintf("looking at watches: %d alerts raised", r.raised)); err != nil {
				return err
			}
		}
		if page.After = part.Next; page.After == "" {
			return nil
		}
	}
}

// standingWatches are those of cases that count; the audit has the round as one.
func (b *Book) standingWatches(ctx context.Context, p Principal, page Page) (part List[Watch], err error) {
	err = b.transact(ctx, p, func(ctx context.Context, t *tx) error {
		q := query{joins: "JOIN cases c ON c.id = x.case_id"}
		q.and("x.withdrawn = 0 AND c.withdrawn = 0")
		part, err = byTime(ctx, t, watches, q, page, func(w *Watch) (Origin, string) { return w.Origin, w.ID })
		return err
	})
	return part, err
}

// look looks at a watch until its observer has come to the end of the chain.
func (r *watchRound) look(ctx context.Context, w Watch) error {
	for {
		found, err := r.observer.Moved(ctx, w)
		if err != nil {
			return err
		}
		if found.More && found.From >= w.Seen.Height && found.Seen.Height <= w.Seen.Height {
			return fmt.Errorf("more than %d movements in the block after height %d: withdraw the watch, it is of a service", MaxMovements, w.Seen.Height)
		}
		n, err := r.book.saw(ctx, r.principal, w, found)
		if r.raised += n; err != nil || !found.More {
			return err
		}
		w.Seen = found.Seen
	}
}

// saw takes in what a look at a watch found, and answers how many alerts that raised. The
// watch is as it was when the look began: where it has been looked at since, or was
// withdrawn, the sighting is dropped. The audit has what it changed of alerts.
func (b *Book) saw(ctx context.Context, p Principal, w Watch, found Sighting) (raised int, err error) {
	if err := found.check(); err != nil {
		return 0, err
	}
	var job Job
	err = b.transact(ctx, p, func(ctx context.Context, t *tx) error {
		raised, job = 0, Job{}
		current, err := t.changed(ctx, `UPDATE watches SET height = ?, hash = ?, transactions = ?, checked = ?
			WHERE id = ? AND height = ? AND hash = ? AND withdrawn = 0`,
			found.Seen.Height, found.Seen.Hash, found.Seen.Transactions, stored(t.now), w.ID, w.Seen.Height, w.Seen.Hash)
		if err != nil || !current {
			return err
		}
		known, settled, err := t.settleAlerts(ctx, &w, &found)
		if err != nil {
			return err
		}
		if raised, job, err = t.raise(ctx, &w, &found, known); err != nil || raised+settled == 0 {
			return err
		}
		t.note("raised", raised)
		t.note("settled", settled)
		t.note("height", found.Seen.Height)
		return t.record(ctx, "alert.raise", watchResource(w.ID))
	})
	if err != nil {
		return 0, err
	}
	_ = b.issue(ctx, &job) // where it fails, a worker's sweep does it
	return raised, nil
}

func (f *Sighting) check() error {
	if err := f.Seen.check(); err != nil {
		return err
	}
	if len(f.Movements) > MaxMovements {
		return invalid("movements", "stop at an earlier block, and say that there are more", "%d, and at most %d are taken", len(f.Movements), MaxMovements)
	}
	for i := range f.Movements {
		m := &f.Movements[i]
		if m.Height <= f.From || m.Height > f.Seen.Height {
			return invalid("movements", "give those of the blocks looked at", "%s at height %d, looked at were %d to %d", m.Tx, m.Height, f.From+1, f.Seen.Height)
		}
		if err := checkNames(field{"block", m.Block}); err != nil {
			return err
		}
		var err error
		if m.Detail, err = checkJSON("detail", m.Detail); err != nil {
			return err
		}
	}
	return nil
}

// settleAlerts compares the alerts above the height that was looked at from with what is
// there, and returns the transactions that have one, and how many it changed: a reorg may
// have undone them, moved them to another block, or brought them back.
func (t *tx) settleAlerts(ctx context.Context, w *Watch, found *Sighting) (known map[chains.TxID]bool, settled int, err error) {
	there := make(map[chains.TxID]*Movement, len(found.Movements))
	for i := range found.Movements {
		there[found.Movements[i].Tx] = &found.Movements[i]
	}
	had, err := alerts.many(ctx, t, "WHERE x.watch_id = ? AND (x.height > ? OR x.gone <> 0) ORDER BY x.id", w.ID, found.From)
	if err != nil {
		return nil, 0, err
	}
	known = make(map[chains.TxID]bool, len(had))
	for i := range had {
		before, next := &had[i], had[i]
		known[before.Tx] = true
		m := there[before.Tx]
		switch {
		case m != nil:
			next.Height, next.Block, next.Time, next.Detail, next.Gone = m.Height, m.Block, m.Time, m.Detail, time.Time{}
		case before.Gone.IsZero() && (before.Height <= found.Seen.Height || !found.More):
			next.Gone = t.now
		}
		if next.Block == before.Block && next.Gone.Equal(before.Gone) {
			continue
		}
		if err := t.replaceAlert(ctx, before, &next); err != nil {
			return nil, 0, err
		}
		settled++
	}
	return known, settled, nil
}

// raise raises an alert for each movement that has none, and a job for all of them.
func (t *tx) raise(ctx context.Context, w *Watch, found *Sighting, known map[chains.TxID]bool) (raised int, job Job, err error) {
	var rows []*Alert
	for i := range found.Movements {
		m := &found.Movements[i]
		if known[m.Tx] {
			continue
		}
		rows = append(rows, &Alert{
			ID: newID(), Watch: w.ID, Case: w.Case, Chain: w.Chain, Tx: m.Tx, Height: m.Height, Block: m.Block,
			Time: m.Time, Detail: m.Detail, Origin: t.origin(), Change: t.change(1),
		})
	}
	if len(rows) == 0 {
		return 0, Job{}, nil
	}
	job, _, err = t.ask(ctx, RetraceTask{Case: w.Case, Why: fmt.Sprintf("watch %s moved: %s", w.ID, rows[0].Tx)}, Soon)
	if err != nil {
		return 0, Job{}, err
	}
	for _, a := range rows {
		a.Job = job.ID
	}
	added, err := alerts.insertAll(ctx, t, rows)
	return len(added), job, err
}
