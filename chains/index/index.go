// Package index keeps one chain's facts on disk, so that who spends an output,
// where a script appears, and what an account moved is answered without asking a
// node. Index holds the outputs of a UTXO chain, Accounts the transfers of an
// account chain; each says which range of blocks it holds.
package index

import (
	"context"
	"errors"

	"tsuiseki/chains"
)

// formatVersion changes with every change of an Index's keys or records on disk.
const formatVersion = 1

// Index is the index of one UTXO chain. Reading is safe beside one Sync.
type Index struct {
	*store
	scripts chains.Scripts
}

// Open opens or creates an index. It refuses one of another chain or format.
func Open(opt Options) (*Index, error) {
	s, err := openStore(opt, identity{family: familyUTXO, format: formatVersion})
	if err != nil {
		return nil, err
	}
	return &Index{s, opt.Scripts}, nil
}

// Status is what an index holds.
type Status struct {
	Chain           chains.Chain
	Empty           bool
	From            uint64        // lowest height held
	Tip             chains.Header // highest block held
	Txs             uint64
	Outputs         uint64
	Spends          uint64 // inputs but coinbases'
	MissingPrevouts uint64 // inputs whose prevout lies before From and was not to be had
	DiskBytes       uint64
}

// Status reads what the index holds.
func (x *Index) Status(ctx context.Context) (Status, error) {
	s := Status{Chain: x.chain, DiskBytes: x.db.Metrics().DiskSpaceUsage()}
	view, err := x.View(ctx, nil)
	if errors.Is(err, ErrEmpty) {
		s.Empty = true
		return s, nil
	}
	if err != nil {
		return s, err
	}
	defer view.Close()
	s.From = view.from
	header, _, sums, err := view.block(view.asOf.Height)
	s.Tip, s.Txs, s.Outputs, s.Spends, s.MissingPrevouts = header, sums.Txs, sums.Outputs, sums.Spends, sums.MissingPrevouts
	return s, err
}
