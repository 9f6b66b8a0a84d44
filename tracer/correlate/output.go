package correlate

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"iter"
	"slices"

	"golang.org/x/sync/errgroup"

	"tsuiseki/graph"
)

// heldRecords is how many records are kept decoded at once, by each goroutine.
const heldRecords = 2048

// teller tells links with their evidence. It is for one goroutine.
type teller struct {
	r       *Result
	records map[uint32]*record
}

func (r *Result) teller() *teller { return &teller{r, map[uint32]*record{}} }

func (t *teller) record(of uint32) (*record, error) {
	if rec := t.records[of]; rec != nil {
		return rec, nil
	}
	rec, _, err := t.r.records.read(&t.r.rows[of])
	if err != nil {
		return nil, err
	}
	if len(t.records) >= heldRecords {
		clear(t.records)
	}
	t.records[of] = rec
	return rec, nil
}

// tell is a link as a document has it.
func (t *teller) tell(l *link) (*Link, error) {
	r := t.r
	recA, err := t.record(l.a)
	if err != nil {
		return nil, err
	}
	recB, err := t.record(l.b)
	if err != nil {
		return nil, err
	}
	a, b := &r.rows[l.a].ref, &r.rows[l.b].ref
	at := r.meetingsOf(pair{l.a, l.b})
	x := &explainer{r.sc, [2]graph.CaseID{a.ID, b.ID}, [2]*record{recA, recB}}
	doc := &Link{
		ID: LinkID(a.ID, b.ID), Cases: x.ids, Prefectures: [2]string{a.Prefecture, b.Prefecture}, Grade: l.grade, Score: l.score,
		P: l.p, Q: l.q, Meetings: int(l.meetings), Digest: digestOf(r.sc.evidenceIDs(at)), Evidence: x.evidence(at),
	}
	if doc.Evidence == nil {
		doc.Evidence = []Evidence{}
	}
	d := r.decided[pair{l.a, l.b}]
	if d == nil {
		return doc, nil
	}
	verdict := d.doc
	doc.Decision = &verdict
	for i := range doc.Evidence {
		if e := &doc.Evidence[i]; verdict.Reopened && e.Class != ClassPath && e.Class != ClassCoFlow {
			e.New = d.isNew(e.ID)
		}
	}
	return doc, nil
}

// Len is how many links there are.
func (r *Result) Len() int { return len(r.links) }

// Links yields all links, by their cases.
func (r *Result) Links(ctx context.Context) iter.Seq2[*Link, error] {
	return func(yield func(*Link, error) bool) {
		t := r.teller()
		for i := range r.links {
			doc, err := t.tell(&r.links[i])
			if err == nil {
				err = ctx.Err()
			}
			if !yield(doc, err) || err != nil {
				return
			}
		}
	}
}

// LinkOf is the link of two cases; nil where there is none.
func (r *Result) LinkOf(a, b graph.CaseID) (*Link, error) {
	i, okA := r.place(a)
	j, okB := r.place(b)
	if !okA || !okB {
		return nil, nil
	}
	at, found := r.linkOf(pair{min(i, j), max(i, j)})
	if !found {
		return nil, nil
	}
	return r.teller().tell(&r.links[at])
}

// Grades calls take with the cases and grade of each link, and whether a person
// rejected it, without reading evidence.
func (r *Result) Grades(take func(a, b graph.CaseID, g Grade, rejected bool)) {
	for i := range r.links {
		l := &r.links[i]
		d := r.decided[pair{l.a, l.b}]
		take(r.rows[l.a].ref.ID, r.rows[l.b].ref.ID, l.grade, d != nil && d.doc.Verdict == Rejected && !d.doc.Reopened)
	}
}

// WriteJSON writes the document, a link a line. Its memory does not grow with the
// number of links.
func (r *Result) WriteJSON(ctx context.Context, w io.Writer) error {
	out := bufio.NewWriterSize(w, 1<<18)
	opening, err := json.Marshal(struct {
		AsOf  string `json:"as_of"`
		Cases int    `json:"cases"`
	}{r.AsOf.Format("2006-01-02T15:04:05Z07:00"), r.Cases})
	if err != nil {
		return err
	}
	if _, err := out.Write(append(opening[:len(opening)-1], `,"links":[`...)); err != nil {
		return err
	}
	if err := r.writeLinks(ctx, out); err != nil {
		return err
	}
	for _, part := range []struct {
		name string
		list any
	}{{"],\"groups\":", orNone(r.Groups)}, {",\"suppressed\":", orNone(r.Suppressed)}} {
		raw, err := json.Marshal(part.list)
		if err != nil {
			return err
		}
		if _, err := out.WriteString(part.name); err != nil {
			return err
		}
		if _, err := out.Write(raw); err != nil {
			return err
		}
	}
	if _, err := out.WriteString("}\n"); err != nil {
		return err
	}
	return out.Flush()
}

func orNone[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// writeLinks writes links in order, which several goroutines put into words.
func (r *Result) writeLinks(ctx context.Context, out *bufio.Writer) error {
	const atOnce = 512
	tellers := make([]*teller, r.params.Workers)
	for i := range tellers {
		tellers[i] = r.teller()
	}
	first := true
	for part := range slices.Chunk(r.links, atOnce*len(tellers)) {
		words := make([][]byte, len(tellers))
		tasks, tasksCtx := errgroup.WithContext(ctx)
		n := 0
		for own := range slices.Chunk(part, atOnce) {
			i := n
			n++
			tasks.Go(func() error {
				for j := range own {
					doc, err := tellers[i].tell(&own[j])
					if err != nil {
						return err
					}
					raw, err := json.Marshal(doc)
					if err != nil {
						return err
					}
					words[i] = append(append(words[i], ",\n"...), raw...)
				}
				return tasksCtx.Err()
			})
		}
		if err := tasks.Wait(); err != nil {
			return err
		}
		for _, w := range words[:n] {
			if first {
				w = w[1:]
				first = false
			}
			if _, err := out.Write(w); err != nil {
				return err
			}
		}
	}
	return nil
}
