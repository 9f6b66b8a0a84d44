package casebook

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"tsuiseki/chains"
)

// Alert says that what a case watches has moved: once for each transaction.
type Alert struct {
	ID     string          `json:"id"`
	Watch  string          `json:"watch"`
	Case   string          `json:"case"`
	Chain  chains.Chain    `json:"chain"`
	Tx     chains.TxID     `json:"tx"`
	Height int64           `json:"height"`
	Block  string          `json:"block"` // its hash
	Time   time.Time       `json:"time,omitzero"`
	Detail json.RawMessage `json:"detail"`        // canonical JSON, as the program gives it
	Job    string          `json:"job"`           // traces the case again: its result is the new trail
	Gone   time.Time       `json:"gone,omitzero"` // when a reorg was found to have undone the transaction

	Acknowledged Withdrawal `json:"acknowledged,omitzero"` // who has seen to it, and their note
	Origin
	Change
}

var alerts = table[Alert]{
	"alerts",
	slices.Concat(
		[]string{
			"id", "watch_id", "case_id", "chain", "tx", "height", "hash", "time", "detail", "job_id", "gone",
			"acknowledged", "acknowledged_by", "acknowledged_reason",
		},
		changeColumns, originColumns,
	),
	func(a *Alert) []any {
		return slices.Concat(
			[]any{
				&a.ID, &a.Watch, &a.Case, (*string)(&a.Chain), &stringed{&a.Tx}, &a.Height, &a.Block, (*micros)(&a.Time),
				(*document)(&a.Detail), &a.Job, (*micros)(&a.Gone),
			},
			a.Acknowledged.fields(), a.Change.fields(), a.Origin.fields(),
		)
	},
}

func alertResource(id string) string { return "alert/" + id }

func (t *tx) visibleAlert(ctx context.Context, id string) (Alert, error) {
	return alerts.one(ctx, t, notFound("alert", id), ofVisibleCase+"x.id = ?", t.force(), t.force(), id)
}

// Alert is one alert.
func (b *Book) Alert(ctx context.Context, p Principal, id string) (a Alert, err error) {
	err = b.do(ctx, p, alertView, alertResource(id), func(ctx context.Context, t *tx) error {
		a, err = t.visibleAlert(ctx, id)
		return err
	})
	return a, err
}

// AlertFilter is which alerts to list; what is empty does not matter.
type AlertFilter struct {
	Case  string
	Watch string
	Open  bool // only those that nobody has acknowledged
}

// Alerts lists alerts, the newest first.
func (b *Book) Alerts(ctx context.Context, p Principal, filter AlertFilter, page Page) (answer List[Alert], err error) {
	err = b.do(ctx, p, alertList, listOf("alert", filter.Case), func(ctx context.Context, t *tx) error {
		q, err := t.inCases(ctx, filter.Case)
		if err != nil {
			return err
		}
		q.newest = true
		if filter.Watch != "" {
			q.and("x.watch_id = ?", storable(filter.Watch))
			t.note("watch", filter.Watch)
		}
		if filter.Open {
			q.and("x.acknowledged = 0")
		}
		answer, err = byTime(ctx, t, alerts, q, page, func(a *Alert) (Origin, string) { return a.Origin, a.ID })
		return err
	})
	return answer, err
}

// AcknowledgeAlert records who has seen to an alert, and what they note of it. It takes
// no version: what the chain did meanwhile does not undo it.
func (b *Book) AcknowledgeAlert(ctx context.Context, p Principal, id, note string) (a Alert, err error) {
	err = b.do(ctx, p, alertAcknowledge, alertResource(id), func(ctx context.Context, t *tx) error {
		before, err := t.visibleAlert(ctx, id)
		if err != nil {
			return err
		}
		if err := checkText("note", note, maxText); err != nil {
			return err
		}
		if !before.Acknowledged.At.IsZero() {
			return &ConflictError{Resource: alertResource(id), Reason: "it was acknowledged by " + before.Acknowledged.By}
		}
		t.note("note", note)
		a = before
		a.Acknowledged = t.withdrawal(note)
		return t.replaceAlert(ctx, &before, &a)
	})
	if err != nil {
		return Alert{}, err
	}
	return a, nil
}

// replaceAlert overwrites an alert, and keeps how it was.
func (t *tx) replaceAlert(ctx context.Context, before, next *Alert) error {
	next.Change = t.change(before.Version + 1)
	return t.replace(ctx, alertResource(next.ID), before.Version, before, func() (bool, error) {
		return alerts.update(ctx, t, next, before.Version)
	})
}

// AlertHistory lists an alert's former states, the oldest first: in which block it was
// before a reorg.
func (b *Book) AlertHistory(ctx context.Context, p Principal, id string, page Page) (answer List[Revision], err error) {
	err = b.do(ctx, p, alertView, alertResource(id), func(ctx context.Context, t *tx) error {
		if _, err := t.visibleAlert(ctx, id); err != nil {
			return err
		}
		answer, err = t.history(ctx, alertResource(id), page)
		return err
	})
	return answer, err
}
