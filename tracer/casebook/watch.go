package casebook

import (
	"context"
	"slices"
	"time"

	"tsuiseki/chains"
)

// Watch is a place on a chain of which a case wants to know when it moves.
type Watch struct {
	ID      string         `json:"id"`
	Case    string         `json:"case"`
	Kind    WatchKind      `json:"kind"`
	Chain   chains.Chain   `json:"chain"`
	Address chains.Address `json:"address"` // of an entity, any of its addresses
	Tx      *chains.TxID   `json:"tx"`      // of an end's output or transfer; else null
	Index   uint32         `json:"index"`   // of an end
	Note    string         `json:"note"`
	Seen    Sight          `json:"seen"`
	Checked time.Time      `json:"checked,omitzero"`
	Origin
	Withdrawn Withdrawal `json:"withdrawn,omitzero"`
}

// WatchKind is what is watched.
type WatchKind string

// Kinds of watch.
const (
	WatchAddress WatchKind = "address"
	WatchEntity  WatchKind = "entity" // all addresses of it, as it stands when looked at
	WatchEnd     WatchKind = "end"    // where a trace ended
)

// Sight is up to where a watch has been looked at.
type Sight struct {
	Height       int64  `json:"height"`
	Hash         string `json:"hash"`         // of the block
	Transactions int64  `json:"transactions"` // that moved the place, as known there
}

var watches = table[Watch]{
	"watches",
	slices.Concat(
		[]string{"id", "case_id", "kind", "chain", "address", "tx", "idx", "note", "height", "hash", "transactions", "checked"},
		originColumns, withdrawalColumns,
	),
	func(w *Watch) []any {
		return slices.Concat(
			[]any{
				&w.ID, &w.Case, (*string)(&w.Kind), (*string)(&w.Chain), (*string)(&w.Address), &optionalTx{&w.Tx}, (*position)(&w.Index),
				&w.Note, &w.Seen.Height, &w.Seen.Hash, &w.Seen.Transactions, (*micros)(&w.Checked),
			},
			w.fields(), w.Withdrawn.fields(),
		)
	},
}

func watchResource(id string) string { return "watch/" + id }

func (w *Watch) check() error {
	if err := checkNames(field{"chain", string(w.Chain)}, field{"address", string(w.Address)}, field{"seen", w.Seen.Hash}); err != nil {
		return err
	}
	switch {
	case !slices.Contains([]WatchKind{WatchAddress, WatchEntity, WatchEnd}, w.Kind):
		return invalid("kind", "one of address, entity, end", "%q", string(w.Kind))
	case w.Chain == "":
		return invalid("chain", "name it, as bitcoin or ethereum", "it is empty")
	case w.Kind != WatchEnd && w.Address == "":
		return invalid("address", "name it", "it is empty")
	case (w.Kind == WatchEnd) != (w.Tx != nil):
		return invalid("tx", "name the transaction of an end, and none of an address or entity", "a watch of kind %s", w.Kind)
	case w.Kind != WatchEnd && w.Index != 0:
		return invalid("index", "leave it to an end", "%d", w.Index)
	}
	if err := w.Seen.check(); err != nil {
		return err
	}
	return checkText("note", w.Note, maxText)
}

func (s *Sight) check() error {
	if s.Height < 0 || s.Hash == "" || s.Transactions < 0 {
		return invalid("seen", "give height and hash of the block up to which the place is known", "height %d, hash %q", s.Height, s.Hash)
	}
	return checkNames(field{"seen", s.Hash})
}

// AddWatch watches a place for a case, from the block on that it says was seen. A place
// that the case watches is watched once: fresh is false then.
func (b *Book) AddWatch(ctx context.Context, p Principal, caseID string, w Watch) (added Watch, fresh bool, err error) {
	err = b.do(ctx, p, watchAdd, caseResource(caseID), func(ctx context.Context, t *tx) error {
		if _, err := t.writable(ctx, caseID); err != nil {
			return err
		}
		if err := w.check(); err != nil {
			return err
		}
		w.ID, w.Case, w.Checked, w.Origin, w.Withdrawn = newID(), caseID, time.Time{}, t.origin(), Withdrawal{}
		if fresh, err = watches.insert(ctx, t, &w); err == nil && !fresh {
			tx, _ := (&optionalTx{&w.Tx}).Value() // a text
			w, err = watches.one(ctx, t, notFound("watch", w.ID),
				"WHERE x.case_id = ? AND x.kind = ? AND x.chain = ? AND x.address = ? AND x.tx = ? AND x.idx = ? AND x.withdrawn = 0",
				caseID, string(w.Kind), string(w.Chain), string(w.Address), tx, int64(w.Index))
		}
		t.note("watch", w.ID)
		t.note("new", fresh)
		added = w
		return err
	})
	return added, fresh, err
}

func (t *tx) visibleWatch(ctx context.Context, id string) (Watch, error) {
	return watches.one(ctx, t, notFound("watch", id), ofVisibleCase+"x.id = ?", t.force(), t.force(), id)
}

// Watch is one watch.
func (b *Book) Watch(ctx context.Context, p Principal, id string) (w Watch, err error) {
	err = b.do(ctx, p, watchView, watchResource(id), func(ctx context.Context, t *tx) error {
		w, err = t.visibleWatch(ctx, id)
		return err
	})
	return w, err
}

// WatchFilter is which watches to list; what is empty does not matter.
type WatchFilter struct {
	Case      string
	Withdrawn bool // those too, and those of withdrawn cases
}

// Watches lists watches, the oldest first.
func (b *Book) Watches(ctx context.Context, p Principal, filter WatchFilter, page Page) (answer List[Watch], err error) {
	err = b.do(ctx, p, watchList, listOf("watch", filter.Case), func(ctx context.Context, t *tx) error {
		q, err := t.inCases(ctx, filter.Case)
		if err != nil {
			return err
		}
		if !filter.Withdrawn {
			q.and("x.withdrawn = 0 AND c.withdrawn = 0")
		}
		answer, err = byTime(ctx, t, watches, q, page, func(w *Watch) (Origin, string) { return w.Origin, w.ID })
		return err
	})
	return answer, err
}

// WithdrawWatch ends a watch. Its alerts stay.
func (b *Book) WithdrawWatch(ctx context.Context, p Principal, id, reason string) error {
	return b.do(ctx, p, watchWithdraw, watchResource(id), func(ctx context.Context, t *tx) error {
		w, err := t.visibleWatch(ctx, id)
		if err != nil {
			return err
		}
		if err := checkReason(reason); err != nil {
			return err
		}
		t.note("reason", reason)
		gone, err := t.changed(ctx, "UPDATE watches SET withdrawn = ?, withdrawn_by = ?, withdrawn_reason = ? WHERE id = ? AND withdrawn = 0",
			stored(t.now), t.principal.User, reason, id)
		if err == nil && !gone {
			err = &ConflictError{Resource: watchResource(id), Reason: "it was withdrawn: " + w.Withdrawn.Reason}
		}
		return err
	})
}
