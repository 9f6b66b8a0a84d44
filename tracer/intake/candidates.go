package intake

import (
	"context"
	"fmt"
	"strings"
	"time"

	"tsuiseki/chains"
)

// suggest adds to an id that cannot be used the payments that the row may mean, by
// address, amount and time, and by the digits that are left of it. They are never
// taken: a person confirms one by writing it.
func (c *checker) suggest(ctx context.Context, it *item, e *RowError) error {
	switch it.id.kind {
	case idTruncated, idAddress, idTrade, idMangled, idNone, idUnread:
	default:
		return nil
	}
	to := it.address
	if family, address, err := readAddress(it.id.text); to == nil && it.id.kind == idAddress && err == nil {
		to = &account{family, address}
	}
	if to == nil || it.row.when == nil && it.id.kind != idTruncated {
		return nil
	}
	looked, cut := 0, false
	for _, chain := range c.chains {
		if chain.Snapshot().Chain.Family() != to.family {
			continue
		}
		from, until := it.window()
		for tx, err := range chain.Paying(ctx, to.address, from, until) {
			if err != nil {
				return fmt.Errorf("row %d, payments to %s on %s: %w", it.row.record.number, to.address, chain.Snapshot().Chain, err)
			}
			if looked++; looked > c.opt.Limits.Candidates || len(e.Candidates) >= c.opt.Limits.Outputs {
				cut = true
				break
			}
			fits, err := c.fits(ctx, it, found{chain, tx}, to.address)
			if err != nil {
				return err
			}
			e.Candidates = append(e.Candidates, fits...)
		}
	}
	it.tell(e, cut)
	return nil
}

// window is when the payment may have been made.
func (it *item) window() (from, until time.Time) {
	if it.row.when == nil {
		return time.Time{}, time.Unix(1<<40, 0).UTC() // the digits must tell
	}
	from, until = it.row.when.at.Add(-timeFar), it.row.when.at.Add(timeFar)
	if it.row.when.day {
		until = until.Add(24 * time.Hour)
	}
	return from, until
}

// fits are the payments of a transaction to an address that nothing in the row rules out.
func (c *checker) fits(ctx context.Context, it *item, f found, to chains.Address) ([]Candidate, error) {
	if f.tx.Failed || it.id.kind == idTruncated && !it.id.fits(f.tx.ID) {
		return nil, nil
	}
	left := ofAddress(payments(f.name(), f.chain.Native(), f.tx), to)
	if it.amount != nil && !it.row.lost {
		var equal []payment
		for _, p := range left {
			want, e, err := c.wanted(ctx, it, f, p.asset)
			if err != nil {
				return nil, err
			}
			if e == nil && want.Equal(p.amount) {
				equal = append(equal, p)
			}
		}
		left = equal
	}
	return c.candidatesOf(ctx, f, left, nil)
}

// fits reports whether an id has the digits that are left of this one. Digits
// without a mark where they were cut may be either end.
func (r *reading) fits(id chains.TxID) bool {
	text := id.String()
	if r.tail == "" && !strings.ContainsAny(r.text, ".*~…") {
		return strings.HasPrefix(text, r.head) || strings.HasSuffix(text, r.head)
	}
	return strings.HasPrefix(text, r.head) && strings.HasSuffix(text, r.tail)
}

// tell writes the candidates into the suggestion.
func (it *item) tell(e *RowError, cut bool) {
	if len(e.Candidates) == 0 {
		if cut {
			e.Suggestion += "; the address has too many payments to look through"
			e.SuggestionJA += "(このアドレスへの支払いが多すぎるため、候補を探しきれません。)"
		}
		return
	}
	var list []string
	for i, k := range e.Candidates {
		list = append(list, fmt.Sprintf("(%d) %s: %s at %s", i+1, k.Ref, k.Amount, k.Time.In(JST()).Format("2006-01-02 15:04 JST")))
	}
	text := strings.Join(list, "; ")
	if cut {
		text += "; and perhaps more"
	}
	e.Suggestion += "; it may be " + text + ": confirm before you enter one"
	e.SuggestionJA += "候補: " + text + "(必ず確認してから記入してください。)"
}
