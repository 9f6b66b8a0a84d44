package casebook

import (
	"context"
	"encoding/json"
	"slices"
	"time"
)

// Trace is a trace of a case's deposits; its document is stored beside it.
type Trace struct {
	ID       string          `json:"id"`
	Case     string          `json:"case"`
	Rule     string          `json:"rule"`
	Params   json.RawMessage `json:"params"`   // canonical JSON
	Snapshot json.RawMessage `json:"snapshot"` // canonical JSON: the chains as far as the trace saw them
	Engine   string          `json:"engine"`   // version
	Digest   string          `json:"digest"`   // the document's own
	SHA256   string          `json:"sha256"`   // of the document's bytes, hex
	Stale    Staleness       `json:"stale,omitzero"`
	Origin
}

// Staleness says since when a trace says no more how things stand, and why: a reorg,
// or the chain has grown. It is zero for what stands.
type Staleness struct {
	At     time.Time `json:"at"`
	Reason string    `json:"reason"`
}

var traces = table[Trace]{
	"traces",
	slices.Concat(
		[]string{"id", "case_id", "rule", "params", "snapshot", "engine", "digest", "sha256", "stale", "stale_reason"},
		originColumns,
	),
	func(r *Trace) []any {
		return append(
			[]any{
				&r.ID, &r.Case, &r.Rule, (*document)(&r.Params), (*document)(&r.Snapshot), &r.Engine, &r.Digest, &r.SHA256,
				(*micros)(&r.Stale.At), &r.Stale.Reason,
			},
			r.fields()...,
		)
	},
}

func traceResource(id string) string { return "trace/" + id }

func (r *Trace) check() (err error) {
	if err := checkNames(field{"rule", r.Rule}, field{"engine", r.Engine}, field{"digest", r.Digest}); err != nil {
		return err
	}
	if r.Digest == "" {
		return invalid("digest", "give the document's", "it is empty")
	}
	if r.Params, err = checkJSON("params", r.Params); err != nil {
		return err
	}
	r.Snapshot, err = checkJSON("snapshot", r.Snapshot)
	return err
}

// AddTrace stores a trace and its document. The same digest in the same case is the same
// trace: fresh is false then, and it is stale no more.
func (b *Book) AddTrace(ctx context.Context, p Principal, caseID string, r Trace, doc []byte) (added Trace, fresh bool, err error) {
	err = b.do(ctx, p, traceAdd, caseResource(caseID), func(ctx context.Context, t *tx) error {
		if _, err := t.writable(ctx, caseID); err != nil {
			return err
		}
		if err := r.check(); err != nil {
			return err
		}
		r.ID, r.Case, r.Origin, r.Stale = newID(), caseID, t.origin(), Staleness{}
		if r.SHA256, err = t.store(ctx, doc, compressed); err != nil {
			return err
		}
		if fresh, err = traces.insert(ctx, t, &r); err == nil && !fresh {
			if err = t.exec(ctx, "UPDATE traces SET stale = 0, stale_reason = '' WHERE case_id = ? AND digest = ?", caseID, r.Digest); err != nil {
				return err
			}
			r, err = traces.one(ctx, t, notFound("trace", r.Digest), "WHERE x.case_id = ? AND x.digest = ?", caseID, r.Digest)
		}
		t.note("trace", r.ID)
		t.note("digest", r.Digest)
		t.note("new", fresh)
		added = r
		return err
	})
	return added, fresh, err
}

func (t *tx) visibleTrace(ctx context.Context, id string) (Trace, error) {
	return traces.one(ctx, t, notFound("trace", id), ofVisibleCase+"x.id = ?", t.force(), t.force(), id)
}

// Trace is one trace, without its document.
func (b *Book) Trace(ctx context.Context, p Principal, id string) (r Trace, err error) {
	err = b.do(ctx, p, traceView, traceResource(id), func(ctx context.Context, t *tx) error {
		r, err = t.visibleTrace(ctx, id)
		return err
	})
	return recorded(r, err)
}

// TraceDocument is a trace's document, checked against its SHA-256.
func (b *Book) TraceDocument(ctx context.Context, p Principal, id string) (doc []byte, err error) {
	err = b.do(ctx, p, traceExport, traceResource(id), func(ctx context.Context, t *tx) error {
		r, err := t.visibleTrace(ctx, id)
		if err != nil {
			return err
		}
		t.note("digest", r.Digest)
		doc, err = t.load(ctx, r.SHA256)
		return err
	})
	return recorded(doc, err)
}

// TraceFilter is which traces to list; what is empty does not matter.
type TraceFilter struct {
	Case  string
	Stale bool // only those
}

// Traces lists traces, the newest first.
func (b *Book) Traces(ctx context.Context, p Principal, filter TraceFilter, page Page) (answer List[Trace], err error) {
	err = b.do(ctx, p, traceList, listOf("trace", filter.Case), func(ctx context.Context, t *tx) error {
		q, err := t.inCases(ctx, filter.Case)
		if err != nil {
			return err
		}
		q.newest = true
		if filter.Stale {
			q.and("x.stale <> 0 AND c.withdrawn = 0")
		}
		answer, err = byTime(ctx, t, traces, q, page, func(r *Trace) (Origin, string) { return r.Origin, r.ID })
		return err
	})
	return recorded(answer, err)
}

// MarkStale says that a trace has to be made again, and why. One that is stale already
// keeps its first reason.
func (b *Book) MarkStale(ctx context.Context, p Principal, id, reason string) error {
	return b.do(ctx, p, traceStale, traceResource(id), func(ctx context.Context, t *tx) error {
		if _, err := t.visibleTrace(ctx, id); err != nil {
			return err
		}
		if err := checkReason(reason); err != nil {
			return err
		}
		t.note("reason", reason)
		return t.exec(ctx, "UPDATE traces SET stale = ?, stale_reason = ? WHERE id = ? AND stale = 0", stored(t.now), reason, id)
	})
}
