package pebblegraph

import (
	"context"
	"encoding/binary"
	"fmt"
	"iter"
	"maps"
	"slices"

	"github.com/cockroachdb/pebble/v2"

	"tsuiseki/chains"
	"tsuiseki/graph"
)

// Chains implements graph.Archive.
func (s *Store) Chains(ctx context.Context) (held []chains.Chain, err error) {
	s.mu.Lock()
	names := maps.Clone(s.chains)
	s.mu.Unlock()
	it, err := s.db.NewIter(nil)
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		some := false
		for _, table := range []byte{tableTx, tableWhole, tableAnchor} {
			prefix := chainKey(table, names[name])
			err = s.rows(ctx, it, prefix, upper(prefix), func(_, _ []byte) (bool, error) { some = true; return false, nil })
			if err != nil {
				it.Close()
				return nil, err
			}
		}
		if some {
			held = append(held, name)
		}
	}
	return held, it.Close()
}

// All implements graph.Archive.
func (s *Store) All(ctx context.Context, chain chains.Chain) iter.Seq2[*graph.Tx, error] {
	return answer(s, func(it *pebble.Iterator, yield func(*graph.Tx) error) error {
		id, known := s.chain(chain)
		if !known {
			return nil
		}
		prefix := chainKey(tableTx, id)
		return s.rows(ctx, it, prefix, upper(prefix), func(key, value []byte) (bool, error) {
			tx, err := readTx(chain, readPos(key[len(prefix):]), value)
			if err != nil {
				return false, err
			}
			return true, yield(tx)
		})
	})
}

// Wholes implements graph.Archive.
func (s *Store) Wholes(ctx context.Context, chain chains.Chain) iter.Seq2[graph.Coverage, error] {
	return answer(s, func(it *pebble.Iterator, yield func(graph.Coverage) error) error {
		id, known := s.chain(chain)
		if !known {
			return nil
		}
		prefix := chainKey(tableWhole, id)
		var all []graph.Coverage
		err := s.rows(ctx, it, prefix, upper(prefix), func(key, value []byte) (bool, error) {
			r := &reader{b: key[len(prefix):]}
			address := graph.Address{Chain: chain, Address: chains.Address(r.text())}
			if r.err != nil || len(value) != 8 {
				return false, fmt.Errorf("how far an address is whole: %w", chains.ErrCorrupt)
			}
			all = append(all, graph.Coverage{Address: address, Through: binary.BigEndian.Uint64(value)})
			return true, nil
		})
		if err != nil {
			return err
		}
		// Keys begin with the names' lengths.
		slices.SortFunc(all, func(a, b graph.Coverage) int { return a.Compare(b.Address) })
		for _, c := range all {
			if err := yield(c); err != nil {
				return err
			}
		}
		return nil
	})
}
