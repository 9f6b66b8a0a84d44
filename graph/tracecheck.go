package graph

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"

	"tsuiseki/chains"
)

// ErrBadTrace says that a trace contradicts itself.
var ErrBadTrace = errors.New("the trace cannot be kept")

// Kept are the traces that Write keeps: of each case and rule the last, by case, then
// by rule. One that contradicts itself is an ErrBadTrace.
func (b *Batch) Kept() ([]*Trace, error) {
	type name struct {
		of   CaseID
		rule string
	}
	last := map[name]*Trace{}
	for i := range b.Traces {
		t := &b.Traces[i]
		if err := t.Check(); err != nil {
			return nil, err
		}
		last[name{t.Case, t.Rule}] = t
	}
	kept := make([]*Trace, 0, len(last))
	for _, t := range last {
		kept = append(kept, t)
	}
	slices.SortFunc(kept, func(a, b *Trace) int {
		return cmp.Or(cmp.Compare(a.Case, b.Case), cmp.Compare(a.Rule, b.Rule))
	})
	return kept, nil
}

// compare orders traces by case, then by rule.
func (r *TraceRef) compare(o *TraceRef) int {
	return cmp.Or(cmp.Compare(r.Case, o.Case), cmp.Compare(r.Rule, o.Rule))
}

// Ref is a trace without what it says.
func (t *Trace) Ref() TraceRef {
	return TraceRef{t.Case, t.Rule, t.Digest, t.Engine, t.AsOf, t.Stale}
}

// Check tells whether a trace holds together: it and its deposits have names, each of
// its own; hops and ends are of its deposits; no amount is negative; it has at most one
// block of each chain as of which it holds, sorted; its words are UTF-8.
func (t *Trace) Check() error {
	bad := func(format string, a ...any) error {
		return fmt.Errorf("case %q, rule %q: %w: %s", t.Case, t.Rule, ErrBadTrace, fmt.Sprintf(format, a...))
	}
	if t.Case == "" || t.Rule == "" {
		return bad("its case and its rule need a name")
	}
	for i := 1; i < len(t.AsOf); i++ {
		if t.AsOf[i-1].Chain >= t.AsOf[i].Chain {
			return bad("its blocks are not one of each chain, by chain: %s, then %s", t.AsOf[i-1].Chain, t.AsOf[i].Chain)
		}
	}
	deposits := map[string]bool{}
	for i := range t.Deposits {
		d := &t.Deposits[i]
		if d.ID == "" || deposits[d.ID] {
			return bad("deposit %d of %d needs an id of its own, not %q", i+1, len(t.Deposits), d.ID)
		}
		deposits[d.ID] = true
		if d.Amount.Sign() < 0 {
			return bad("deposit %q is of a negative amount, %s", d.ID, d.Amount)
		}
	}
	for i := range t.Hops {
		h := &t.Hops[i]
		if !deposits[h.Deposit] || anyNegative(h.Amount, h.Traced) || h.Depth < 0 {
			return bad("hop %d of %d (deposit %q, %s traced, depth %d) is of no deposit, or negative", i+1, len(t.Hops), h.Deposit, h.Traced, h.Depth)
		}
	}
	for i := range t.Ends {
		e := &t.Ends[i]
		if !deposits[e.Deposit] || anyNegative(e.Traced) || e.Depth < 0 {
			return bad("end %d of %d (deposit %q, %s traced, depth %d) is of no deposit, or negative", i+1, len(t.Ends), e.Deposit, e.Traced, e.Depth)
		}
	}
	if word, is := t.notUTF8(); is {
		return bad("%q is not UTF-8", word)
	}
	return nil
}

func anyNegative(amounts ...chains.Amount) bool {
	return slices.ContainsFunc(amounts, func(a chains.Amount) bool { return a.Sign() < 0 })
}

// notUTF8 is the first word that is not UTF-8.
func (t *Trace) notUTF8() (word string, is bool) {
	look := func(words ...string) {
		for _, w := range words {
			if !is && !utf8.ValidString(w) {
				word, is = w, true
			}
		}
	}
	transfer := func(of *Transfer) {
		look(string(of.Chain), string(of.Kind), string(of.From), string(of.To), string(of.Asset))
	}
	look(string(t.Case), t.Rule, t.Digest, t.Engine)
	for i := range t.AsOf {
		look(string(t.AsOf[i].Chain))
	}
	for i := range t.Deposits {
		look(t.Deposits[i].ID)
		transfer(&t.Deposits[i].Transfer)
	}
	for i := range t.Hops {
		look(t.Hops[i].Means)
		transfer(&t.Hops[i].Transfer)
	}
	for i := range t.Ends {
		e := &t.Ends[i]
		look(e.Kind, string(e.Chain), string(e.Address), string(e.Asset), e.Label, e.Detail)
	}
	for _, m := range t.Members {
		look(string(m.Chain), string(m.Address.Address), string(m.Entity))
		look(m.Heuristics...)
	}
	for _, l := range t.Labels {
		look(string(l.Chain), string(l.Address.Address), l.Label, l.Source)
		look(l.Concepts...)
	}
	return word, is
}
