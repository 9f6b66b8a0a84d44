package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"

	"tsuiseki/graph"
	"tsuiseki/tracer/casebook"
	"tsuiseki/tracer/correlate"
)

// heldLinks are the links that the casebook holds, by id: of each what tells whether it
// has to be written, about 200 bytes.
type heldLinks struct {
	all     map[string]heldLink
	decided []correlate.Decision
}

type heldLink struct {
	digest    string
	grade     casebook.Grade
	withdrawn bool
	evidence  [sha256.Size]byte // steady
	cases     [2]string
}

var _ correlate.Decisions = (*heldLinks)(nil)

// Decisions implements correlate.Decisions.
func (h *heldLinks) Decisions(context.Context) iter.Seq2[correlate.Decision, error] {
	return func(yield func(correlate.Decision, error) bool) {
		for _, d := range h.decided {
			if !yield(d, nil) {
				return
			}
		}
	}
}

// readHeldLinks reads all links, those withdrawn too, and what was decided of them.
func readHeldLinks(s *session, d *desk) (*heldLinks, error) {
	h := &heldLinks{all: map[string]heldLink{}}
	links := each(func(p casebook.Page) (casebook.List[casebook.Link], error) {
		p.Limit = 200 // each may be large
		return d.Links(s.ctx, d.who, casebook.LinkFilter{Withdrawn: true}, p)
	})
	for l, err := range links {
		if err != nil {
			return nil, err
		}
		if err := h.add(s, d, l); err != nil {
			return nil, err
		}
	}
	return h, nil
}

func (h *heldLinks) add(s *session, d *desk, l *casebook.Link) error {
	evidence, err := evidenceOf(l.ID, l.Detail.Evidence)
	if err != nil {
		return err
	}
	held := heldLink{l.Detail.EvidenceDigest, l.Grade, !l.Detail.Withdrawn.At.IsZero(), [sha256.Size]byte{}, l.Cases}
	if held.evidence, err = steady(evidence); err != nil {
		return err
	}
	h.all[l.ID] = held
	decision := l.Detail.Decision
	if decision == nil {
		return nil
	}
	seen, err := seenThen(s, d, l)
	if err != nil {
		return err
	}
	h.decided = append(h.decided, correlate.Decision{
		Link: l.ID, Cases: [2]graph.CaseID{graph.CaseID(l.Cases[0]), graph.CaseID(l.Cases[1])},
		Verdict: correlate.Verdict(decision.Verdict), Reason: decision.Reason, At: decision.Created,
		Digest: decision.EvidenceDigest, Seen: slices.Sorted(maps.Keys(seen)),
	})
	return nil
}

// evidenceOf reads a link's evidence.
func evidenceOf(link string, raw json.RawMessage) (evidence []correlate.Evidence, err error) {
	if err = json.Unmarshal(raw, &evidence); err != nil {
		err = fmt.Errorf("evidence of link %s: %w", link, err)
	}
	return evidence, err
}

// steady identifies evidence without what changes with every block and every case
// elsewhere: a link is not written anew for these.
func steady(evidence []correlate.Evidence) (sum [sha256.Size]byte, err error) {
	evidence = slices.Clone(evidence)
	for i := range evidence {
		e := &evidence[i]
		e.Degree, e.InCases, e.Weight, e.Score, e.New = 0, 0, 0, 0, false
	}
	raw, err := json.Marshal(evidence)
	return sha256.Sum256(raw), err
}

// seenThen are the pieces of evidence that lay before whoever decided on a link last.
func seenThen(s *session, d *desk, l *casebook.Link) (map[string]bool, error) {
	raw := l.Detail.Evidence
	if !l.Detail.Decided {
		former, err := allPages(func(p casebook.Page) (casebook.List[casebook.Revision], error) {
			return d.LinkHistory(s.ctx, d.who, l.ID, p)
		})
		if err != nil {
			return nil, err
		}
		raw = nil
		for i := range former {
			var was casebook.LinkDetail
			if err := json.Unmarshal(former[i].Document, &was); err != nil {
				return nil, fmt.Errorf("link %s, version %d: %w", l.ID, former[i].Version, err)
			}
			if was.EvidenceDigest == l.Detail.Decision.EvidenceDigest {
				raw = was.Evidence
			}
		}
	}
	seen := map[string]bool{}
	if raw == nil {
		return seen, nil
	}
	evidence, err := evidenceOf(l.ID, raw)
	for i := range evidence {
		seen[evidence[i].ID] = true
	}
	return seen, err
}

// keep writes the links that are new or rest on something else, and takes back those
// that are found no more.
func (h *heldLinks) keep(s *session, d *desk, r *correlate.Result, book caseFacts) error {
	const atOnce = 200 // each may be large
	var batch []casebook.NewLink
	flush := func() error {
		_, err := d.PutLinks(s.ctx, d.who, batch)
		batch = batch[:0]
		return err
	}
	for l, err := range r.Links(s.ctx) {
		if err != nil {
			return err
		}
		sum, err := steady(l.Evidence)
		if err != nil {
			return err
		}
		held, known := h.all[l.ID]
		delete(h.all, l.ID)
		if known && !held.withdrawn && held.digest == l.Digest && held.evidence == sum && string(held.grade) == l.Grade.String() {
			continue
		}
		for i := range l.Evidence {
			l.Evidence[i].New = false // that is a matter of the decision
		}
		evidence, err := json.Marshal(l.Evidence)
		if err != nil {
			return err
		}
		batch = append(batch, casebook.NewLink{
			ID: l.ID, Cases: [2]string{string(l.Cases[0]), string(l.Cases[1])}, Grade: casebook.Grade(l.Grade.String()),
			Score: decimal(l.Score), Q: decimal(l.Q), Evidence: evidence, Digest: l.Digest,
		})
		if len(batch) == atOnce {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if err := flush(); err != nil {
		return err
	}
	return h.withdraw(s, d, r, book)
}

func decimal(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }

// withdraw takes back the links that are left, each with the reason.
func (h *heldLinks) withdraw(s *session, d *desk, r *correlate.Result, book caseFacts) error {
	suppressed := map[graph.Address]*correlate.Suppressed{}
	for i := range r.Suppressed {
		n := &r.Suppressed[i]
		suppressed[nodeOf(n.Chain, n.Node)] = n
	}
	for _, id := range slices.Sorted(maps.Keys(h.all)) {
		held := h.all[id]
		if held.withdrawn {
			continue
		}
		l, err := d.Link(s.ctx, d.who, id)
		if err != nil {
			return err
		}
		reason, err := whyGone(&l, suppressed, book)
		if err != nil {
			return err
		}
		if err := d.WithdrawLink(s.ctx, d.who, id, reason); err != nil {
			return err
		}
	}
	return nil
}

// whyGone says why a link is found no more.
func whyGone(l *casebook.Link, suppressed map[graph.Address]*correlate.Suppressed, book caseFacts) (string, error) {
	for _, id := range l.Cases {
		if fact := book[graph.CaseID(id)]; fact == nil || fact.stale {
			return fmt.Sprintf("found no more: case %s was withdrawn, or waits to be traced anew", id), nil
		}
	}
	evidence, err := evidenceOf(l.ID, l.Detail.Evidence)
	for i := range evidence {
		if n := suppressed[nodeOf(evidence[i].Chain, evidence[i].Node)]; n != nil {
			return fmt.Sprintf("found no more: %s counts no longer: %s", shownAddress(n.Chain, n.Node), whySuppressed(n)), err
		}
	}
	return "found no more: by their newest traces, and what is known of the places they reach, the cases meet nowhere that counts", err
}
