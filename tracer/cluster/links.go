package cluster

import (
	"fmt"
	"slices"

	"tsuiseki/chains"
)

// Link is evidence that two addresses, numbered from 0, have one owner.
type Link struct {
	From, To  uint32
	At        chains.Position // of the transaction; its block's height is below 2^32
	Heuristic Heuristic
}

// Links are links in chain order, numbered from 1.
type Links interface {
	// Count is the number of the last one.
	Count() uint32
	// Link is the link with a number from 1 to Count.
	Link(number uint32) Link
	// Ends are the addresses of the link with a number, which may be told faster.
	Ends(number uint32) (from, to uint32)
	// Err says what damage was met; a link that could not be read has no sense.
	Err() error
}

// recorded are links in memory, of 17 bytes each.
type recorded struct {
	from, to   []uint32
	at         []uint64 // height<<32 | place in block
	heuristic  []uint8  // index into heuristics
	heuristics []Heuristic
}

func (r *recorded) Count() uint32 { return uint32(len(r.at)) }

func (r *recorded) Link(number uint32) Link {
	i := number - 1
	return Link{
		From: r.from[i], To: r.to[i], Heuristic: r.heuristics[r.heuristic[i]],
		At: chains.Position{Height: r.at[i] >> 32, Tx: uint32(r.at[i])},
	}
}

func (r *recorded) Ends(number uint32) (from, to uint32) { return r.from[number-1], r.to[number-1] }

func (r *recorded) Err() error { return nil }

func (r *recorded) add(l Link) error {
	kind, err := r.kindOf(l.Heuristic)
	if err != nil {
		return err
	}
	if n := len(r.at); n > 0 && r.at[n-1]>>32 > l.At.Height || l.At.Height >= 1<<32 {
		return fmt.Errorf("link at %s: %w: links come in chain order", l.At, chains.ErrCorrupt)
	}
	r.from, r.to = append(r.from, l.From), append(r.to, l.To)
	r.at = append(r.at, l.At.Height<<32|uint64(l.At.Tx))
	r.heuristic = append(r.heuristic, kind)
	return nil
}

// drop takes off the last link.
func (r *recorded) drop() {
	n := len(r.at) - 1
	r.from, r.to, r.at, r.heuristic = r.from[:n], r.to[:n], r.at[:n], r.heuristic[:n]
}

func (r *recorded) kindOf(h Heuristic) (uint8, error) {
	const most = 256
	i := slices.Index(r.heuristics, h)
	if i < 0 {
		if i = len(r.heuristics); i == most {
			return 0, fmt.Errorf("heuristic %s version %d: more than %d heuristics", h.ID, h.Version, most)
		}
		r.heuristics = append(r.heuristics, h)
	}
	return uint8(i), nil
}
