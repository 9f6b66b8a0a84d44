package pebblegraph

import (
	"context"
	"encoding/binary"
	"iter"
	"maps"
	"slices"

	"github.com/cockroachdb/pebble/v2"

	"tsuiseki/chains"
	"tsuiseki/graph"
)

// A visit's row is there exactly while its trace is and is not stale: no question
// has to look at the trace.

// visitPrefix begins the rows of a rule's visits on a chain.
func visitPrefix(rule string, chain chainID) []byte {
	return binary.BigEndian.AppendUint16(appendOrdered([]byte{tableVisit}, rule), uint16(chain))
}

func visitKey(chain chainID, v *graph.Visit) []byte {
	key := appendOrdered(visitPrefix(v.Rule, chain), string(v.Address.Address))
	return appendOrdered(appendOrdered(appendOrdered(key, string(v.Case)), v.Deposit), string(v.Asset))
}

func appendMoment(b []byte, m graph.Moment) []byte {
	return appendTime(binary.AppendUvarint(binary.AppendUvarint(b, m.At.Height), uint64(m.At.Tx)), m.Time)
}

func (r *reader) moment() graph.Moment {
	return graph.Moment{At: chains.Position{Height: r.uvarint(), Tx: uint32(r.uvarint())}, Time: r.time()}
}

func appendVisit(b []byte, v *graph.Visit) []byte {
	b = binary.AppendUvarint(appendAmount(b, v.Traced), uint64(v.Depth))
	return appendText(appendMoment(appendMoment(b, v.First), v.Last), v.End)
}

// readVisit reads a row whose key goes on behind a prefix.
func readVisit(rule string, chain chains.Chain, tail, row []byte) (graph.Visit, error) {
	k, r := &reader{b: tail}, &reader{b: row}
	v := graph.Visit{Rule: rule, Address: graph.Address{Chain: chain, Address: chains.Address(k.ordered())}}
	v.Case, v.Deposit, v.Asset = graph.CaseID(k.ordered()), k.ordered(), chains.Asset(k.ordered())
	v.Traced, v.Depth, v.First, v.Last, v.End = r.amount(), int(r.uvarint()), r.moment(), r.moment(), r.text()
	if k.err != nil {
		return v, k.err
	}
	return v, r.err
}

// eachVisit gives the rows of a trace's visits.
func (s *Store) eachVisit(t *graph.Trace, row func(key, value []byte) error) error {
	var value []byte
	for _, v := range t.Visits() {
		chain, err := s.number(v.Chain)
		if err != nil {
			return err
		}
		value = appendVisit(value[:0], &v)
		if err := row(visitKey(chain, &v), value); err != nil {
			return err
		}
	}
	return nil
}

// visits yields what lies under a key that begins with a prefix.
func (s *Store) visits(ctx context.Context, it *pebble.Iterator, rule string, chain chains.Chain, prefix, from []byte, yield func(graph.Visit) error) error {
	return s.rows(ctx, it, from, upper(from), func(key, value []byte) (bool, error) {
		v, err := readVisit(rule, chain, key[len(prefix):], value)
		if err != nil {
			return false, err
		}
		return true, yield(v)
	})
}

// Visits implements graph.Statements.
func (s *Store) Visits(ctx context.Context, rule string, addresses []graph.Address) iter.Seq2[graph.Visit, error] {
	return answer(s, func(it *pebble.Iterator, yield func(graph.Visit) error) error {
		for _, a := range addresses {
			id, known := s.chain(a.Chain)
			if !known {
				continue
			}
			prefix := visitPrefix(rule, id)
			from := appendOrdered(append([]byte{}, prefix...), string(a.Address))
			if err := s.visits(ctx, it, rule, a.Chain, prefix, from, yield); err != nil {
				return err
			}
		}
		return ctx.Err()
	})
}

// AllVisits implements graph.Statements: the rows of one chain after the other.
func (s *Store) AllVisits(ctx context.Context, rule string) iter.Seq2[graph.Visit, error] {
	return answer(s, func(it *pebble.Iterator, yield func(graph.Visit) error) error {
		s.mu.Lock()
		numbers := maps.Clone(s.chains)
		s.mu.Unlock()
		for _, name := range slices.Sorted(maps.Keys(numbers)) {
			prefix := visitPrefix(rule, numbers[name])
			if err := s.visits(ctx, it, rule, name, prefix, prefix, yield); err != nil {
				return err
			}
		}
		return ctx.Err()
	})
}
