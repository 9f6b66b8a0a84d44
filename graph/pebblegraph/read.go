package pebblegraph

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"time"

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
func (s *Store) Coverage(ctx context.Context, addresses []graph.Address) ([]graph.Through, error) {
	all := make([]graph.Through, len(addresses))
	for i, a := range addresses {
		id, known := s.chain(a.Chain)
		if !known {
			continue
		}
		through, whole, err := s.whole(placeKey(tableWhole, id, a.Address))
		if err = errors.Join(err, ctx.Err()); err != nil {
			return nil, err
		}
		all[i] = graph.Through{Whole: whole, Height: through}
	}
	return all, nil
}

// Sent implements graph.Store.
func (s *Store) Sent(ctx context.Context, spans []graph.Span) iter.Seq2[graph.Step, error] {
	return s.history(ctx, tableSent, spans)
}

// Received implements graph.Store.
func (s *Store) Received(ctx context.Context, spans []graph.Span) iter.Seq2[graph.Step, error] {
	return s.history(ctx, tableReceived, spans)
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

// history yields the transfers of addresses' stretches from one of the two tables.
func (s *Store) history(ctx context.Context, table byte, spans []graph.Span) iter.Seq2[graph.Step, error] {
	return answer(s, func(it *pebble.Iterator, yield func(graph.Step) error) error {
		for i, span := range spans {
			id, known := s.chain(span.Chain)
			if !known {
				continue
			}
			prefix := placeKey(table, id, span.Address.Address)
			from := appendPos(append([]byte{}, prefix...), span.From)
			to := appendPos(append([]byte{}, prefix...), span.To)
			err := s.rows(ctx, it, from, upper(to), func(key, value []byte) (bool, error) {
				if len(value) == 0 { // an input: outputs are found by what they spend
					return true, nil
				}
				t, err := readRow(span.Chain, key[len(prefix):], value)
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

// readRow reads a transfer from a row of an address.
func readRow(chain chains.Chain, tail, value []byte) (t graph.Transfer, err error) {
	if len(tail) != posLength+4 {
		return t, fmt.Errorf("a key of the graph: %w", chains.ErrCorrupt)
	}
	t.Key = graph.Key{Chain: chain, At: readPos(tail), N: binary.BigEndian.Uint32(tail[posLength:])}
	r := &reader{b: value}
	t.Time = time.Unix(r.varint(), 0).UTC()
	r.transfer(&t)
	return t, r.err
}

// Followers implements graph.Store.
func (s *Store) Followers(ctx context.Context, outputs []graph.Key) iter.Seq2[graph.Step, error] {
	return answer(s, func(_ *pebble.Iterator, yield func(graph.Step) error) error {
		for i, output := range outputs {
			made, err := s.tx(ctx, output.Chain, output.At)
			if err != nil {
				return err
			}
			if made == nil {
				continue
			}
			id, _ := s.chain(output.Chain)
			at, err := s.get(spenderKey(id, chains.Outpoint{Tx: made.ID, Index: output.N}))
			if errors.Is(err, pebble.ErrNotFound) {
				continue
			}
			if err == nil && len(at) != posLength {
				err = fmt.Errorf("who spends an output: %w", chains.ErrCorrupt)
			}
			if err != nil {
				return err
			}
			tx, err := s.indexed(ctx, output.Chain, readPos(at))
			if err != nil {
				return err
			}
			for _, t := range tx.Transfers {
				if err := yield(graph.Step{Asked: i, Transfer: t}); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// Sources implements graph.Store.
func (s *Store) Sources(ctx context.Context, outputs []graph.Key) iter.Seq2[graph.Source, error] {
	return answer(s, func(it *pebble.Iterator, yield func(graph.Source) error) error {
		for i, output := range outputs {
			tx, err := s.tx(ctx, output.Chain, output.At)
			if err != nil {
				return err
			}
			if tx == nil {
				continue
			}
			for _, spend := range tx.Spends {
				source := graph.Source{Asked: i, Spend: spend}
				if err := s.find(ctx, it, output.Chain, &source); err != nil {
					return err
				}
				if err := yield(source); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// find looks for the transfer that an input spends.
func (s *Store) find(ctx context.Context, it *pebble.Iterator, chain chains.Chain, source *graph.Source) error {
	id, _ := s.chain(chain)
	prefix := idKey(id, source.Output.Tx)
	return s.rows(ctx, it, prefix, upper(prefix), func(key, _ []byte) (bool, error) {
		tx, err := s.indexed(ctx, chain, readPos(key[len(prefix):]))
		if err != nil {
			return false, err
		}
		for _, t := range tx.Transfers {
			if t.N == source.Output.Index {
				source.Held, source.Transfer = true, t
			}
		}
		return true, nil
	})
}

// Degree implements graph.Store.
func (s *Store) Degree(ctx context.Context, addresses []graph.Address, asOf uint64, limit int) (degrees []int, err error) {
	sent, err := s.db.NewIter(nil)
	if err != nil {
		return nil, err
	}
	received, err := s.db.NewIter(nil)
	if err != nil {
		return nil, errors.Join(err, sent.Close())
	}
	defer func() { err = errors.Join(err, sent.Close(), received.Close()) }()
	for _, a := range addresses {
		degree := 0
		if id, known := s.chain(a.Chain); known {
			degree = both(sent, received, placeKey(tableSent, id, a.Address), placeKey(tableReceived, id, a.Address), asOf, limit)
		}
		degrees = append(degrees, degree)
		if err := errors.Join(ctx.Err(), sent.Error(), received.Error()); err != nil {
			return nil, err
		}
	}
	return degrees, nil
}

// both counts the places up to a height, to limit+1, that either of two prefixes has.
func both(a, b *pebble.Iterator, prefixA, prefixB []byte, asOf uint64, limit int) (count int) {
	a.SetBounds(prefixA, appendPos(append([]byte{}, prefixA...), chains.Position{Height: asOf + 1}))
	b.SetBounds(prefixB, appendPos(append([]byte{}, prefixB...), chains.Position{Height: asOf + 1}))
	okA, okB := a.First(), b.First()
	var last chains.Position
	for (okA || okB) && count <= limit {
		var at chains.Position
		if okA {
			at = readPos(a.Key()[len(prefixA):])
		}
		if okB {
			if p := readPos(b.Key()[len(prefixB):]); !okA || p.Compare(at) < 0 {
				at = p
			}
		}
		if count == 0 || at != last {
			count++
			last = at
		}
		if okA && readPos(a.Key()[len(prefixA):]) == at {
			okA = a.Next()
		} else {
			okB = b.Next()
		}
	}
	return count
}

// Txs implements graph.Store.
func (s *Store) Txs(ctx context.Context, chain chains.Chain, at []chains.Position) (found []*graph.Tx, err error) {
	for _, place := range at {
		tx, err := s.tx(ctx, chain, place)
		if err != nil {
			return nil, err
		}
		if tx != nil {
			found = append(found, tx)
		}
	}
	return found, nil
}

// tx is the transaction at a place; nil where it is not held.
func (s *Store) tx(ctx context.Context, chain chains.Chain, at chains.Position) (*graph.Tx, error) {
	id, known := s.chain(chain)
	if !known {
		return nil, nil
	}
	row, err := s.get(txKey(id, at))
	if errors.Is(err, pebble.ErrNotFound) {
		return nil, nil
	}
	if err = errors.Join(err, ctx.Err()); err != nil {
		return nil, err
	}
	return readTx(chain, at, row)
}

// indexed is the transaction that another row says is there.
func (s *Store) indexed(ctx context.Context, chain chains.Chain, at chains.Position) (*graph.Tx, error) {
	tx, err := s.tx(ctx, chain, at)
	if err == nil && tx == nil {
		err = fmt.Errorf("the graph lacks transaction %s of %s, which another row names: %w", at, chain, chains.ErrCorrupt)
	}
	return tx, err
}
