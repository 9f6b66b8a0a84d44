package pebblegraph

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"

	"github.com/cockroachdb/pebble/v2"

	"tsuiseki/chains"
	"tsuiseki/graph"
)

// Anchors implements graph.Store.
func (s *Store) Anchors(ctx context.Context, chain chains.Chain) iter.Seq2[chains.BlockRef, error] {
	return func(yield func(chains.BlockRef, error) bool) {
		id, known := s.chain(chain)
		if !known {
			return
		}
		prefix := chainKey(tableAnchor, id)
		it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: prefix, UpperBound: upper(prefix)})
		if err != nil {
			yield(chains.BlockRef{}, err)
			return
		}
		defer it.Close()
		for ok := it.Last(); ok; ok = it.Prev() {
			r := &reader{b: it.Key()[len(prefix):]}
			ref := chains.BlockRef{Height: binary.BigEndian.Uint64(r.bytes(8)), Hash: r.hash()}
			if err := errors.Join(r.err, ctx.Err()); !yield(ref, err) || err != nil {
				return
			}
		}
		if err := it.Error(); err != nil {
			yield(chains.BlockRef{}, err)
		}
	}
}

// Coverage implements graph.Store.
func (s *Store) Coverage(ctx context.Context, addresses []graph.Address) (_ []graph.Through, err error) {
	it, err := s.db.NewIter(nil)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, it.Close()) }()
	all := make([]graph.Through, len(addresses))
	for i, a := range addresses {
		id, known := s.chain(a.Chain)
		if !known {
			continue
		}
		value, held, err := seek(ctx, it, placeKey(tableWhole, id, a.Address))
		if err != nil {
			return nil, err
		}
		if !held {
			continue
		}
		all[i].Whole = true
		if all[i].Height, err = wholeOf(value); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// seek looks for a row. The value holds until the iterator is moved.
func seek(ctx context.Context, it *pebble.Iterator, key []byte) (value []byte, held bool, err error) {
	if err := ctx.Err(); err != nil {
		return nil, false, err
	}
	if it.SeekGE(key) && bytes.Equal(it.Key(), key) {
		return it.Value(), true, nil
	}
	return nil, false, it.Error()
}

// Sent implements graph.Store.
func (s *Store) Sent(ctx context.Context, spans []graph.Span) iter.Seq2[graph.Step, error] {
	return s.history(ctx, sent, spans)
}

// Received implements graph.Store.
func (s *Store) Received(ctx context.Context, spans []graph.Span) iter.Seq2[graph.Step, error] {
	return s.history(ctx, received, spans)
}

// errStopped ends a walk whose reader has enough.
var errStopped = errors.New("the reader stopped")

// answer turns a walk with one iterator into a sequence.
func answer[T any](s *Store, walk func(it *pebble.Iterator, yield func(T) error) error) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		it, err := s.db.NewIter(nil)
		if err == nil {
			err = walk(it, func(v T) error {
				if !yield(v, nil) {
					return errStopped
				}
				return nil
			})
			if errors.Is(err, errStopped) {
				it.Close()
				return
			}
			err = errors.Join(err, it.Close())
		}
		if err != nil {
			var none T
			yield(none, err)
		}
	}
}

// history yields the transfers of addresses' stretches on whose one side they are.
func (s *Store) history(ctx context.Context, its side, spans []graph.Span) iter.Seq2[graph.Step, error] {
	return answer(s, func(it *pebble.Iterator, yield func(graph.Step) error) error {
		var p payments
		for i, span := range spans {
			id, known := s.chain(span.Chain)
			if !known {
				continue
			}
			prefix := placeKey(tableHistory, id, span.Address.Address)
			from := appendPos(append([]byte{}, prefix...), span.From)
			to := appendPos(append([]byte{}, prefix...), span.To)
			err := s.rows(ctx, it, from, upper(to), func(key, value []byte) (bool, error) {
				tail := key[len(prefix):]
				if len(tail) != tailLength {
					return false, errKey
				}
				if side(tail[posLength]) != its {
					return true, nil
				}
				t, err := p.read(span.Address, tail, value)
				if err != nil {
					return false, err
				}
				return true, yield(graph.Step{Asked: i, Transfer: t})
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// errKey says that a key is none that this package writes.
var errKey = fmt.Errorf("a key of the graph: %w", chains.ErrCorrupt)

// Degree implements graph.Store.
func (s *Store) Degree(ctx context.Context, addresses []graph.Address, asOf uint64, limit int) (degrees []int, err error) {
	it, err := s.db.NewIter(nil)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, it.Close()) }()
	for _, a := range addresses {
		degree := 0
		if id, known := s.chain(a.Chain); known {
			if degree, err = s.degree(ctx, it, placeKey(tableHistory, id, a.Address), asOf, limit); err != nil {
				return nil, err
			}
		}
		degrees = append(degrees, degree)
	}
	return degrees, nil
}

// degree counts the places up to a height, to limit+1, of rows with a prefix.
func (s *Store) degree(ctx context.Context, it *pebble.Iterator, prefix []byte, asOf uint64, limit int) (count int, err error) {
	to := appendPos(append([]byte{}, prefix...), chains.Position{Height: asOf + 1})
	var last chains.Position
	err = s.rows(ctx, it, prefix, to, func(key, _ []byte) (bool, error) {
		tail := key[len(prefix):]
		if len(tail) != tailLength {
			return false, errKey
		}
		if at := readPos(tail); count == 0 || at != last {
			count++
			last = at
		}
		return count <= limit, nil
	})
	return count, err
}

// Txs implements graph.Store.
func (s *Store) Txs(ctx context.Context, chain chains.Chain, at []chains.Position) (found []*graph.Tx, err error) {
	id, known := s.chain(chain)
	if !known {
		return nil, nil
	}
	it, err := s.db.NewIter(nil)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, it.Close()) }()
	for _, place := range at {
		row, held, err := seek(ctx, it, txKey(id, place))
		if err != nil {
			return nil, err
		}
		if !held {
			continue
		}
		tx, err := readTx(chain, place, row)
		if err != nil {
			return nil, err
		}
		found = append(found, tx)
	}
	return found, nil
}
