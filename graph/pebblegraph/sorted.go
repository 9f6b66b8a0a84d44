package pebblegraph

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/cockroachdb/pebble/v2"

	"tsuiseki/chains"
)

// sorted gathers rows, to write them in the order of their keys: Pebble takes them up
// three times as fast as in the order of the transactions.
type sorted struct {
	bytes []byte
	rows  []sortedRow
}

// sortedRow is where a row lies in sorted's bytes.
type sortedRow struct {
	begins   uint64 // the key's first bytes
	start    int
	key, end int // lengths: of the key, and of the key and the value
}

func (s *sorted) put(key, value []byte) error {
	if len(key) < 8 {
		return fmt.Errorf("a key of the graph has %d bytes: %w", len(key), chains.ErrCorrupt)
	}
	s.rows = append(s.rows, sortedRow{binary.BigEndian.Uint64(key), len(s.bytes), len(key), len(key) + len(value)})
	s.bytes = append(append(s.bytes, key...), value...)
	return nil
}

// batch is a batch of all rows. Of rows with one key the last counts.
func (s *sorted) batch(db *pebble.DB) (*pebble.Batch, error) {
	slices.SortFunc(s.rows, func(a, b sortedRow) int {
		if a.begins != b.begins {
			return cmp.Compare(a.begins, b.begins)
		}
		return cmp.Or(bytes.Compare(s.bytes[a.start:][:a.key], s.bytes[b.start:][:b.key]), cmp.Compare(a.start, b.start))
	})
	const perRow = 8 // bytes that a batch adds to a row, about
	batch := db.NewBatchWithSize(len(s.bytes) + perRow*len(s.rows))
	for _, r := range s.rows {
		row := s.bytes[r.start:][:r.end]
		if err := batch.Set(row[:r.key], row[r.key:], nil); err != nil {
			return nil, errors.Join(err, batch.Close())
		}
	}
	return batch, nil
}
