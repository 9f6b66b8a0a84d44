package index

import (
	"context"
	"encoding/binary"
	"errors"

	"github.com/cockroachdb/pebble/v2"

	"tsuiseki/chains"
)

// accountsVersion changes with every change of the keys or records of Accounts on disk.
const accountsVersion = 2

// Accounts is the index of one account chain. Reading is safe beside one Sync.
type Accounts struct {
	*store
	native chains.Asset
}

// OpenAccounts opens or creates an index of accounts. It refuses one of another
// chain, native asset or format, and an index of outputs. Where no native asset
// is given an old index keeps its own, and a new one counts in ETH.
func OpenAccounts(opt Options) (*Accounts, error) {
	s, err := openStore(opt, identity{family: familyAccounts, format: accountsVersion, native: opt.Native})
	if err != nil {
		return nil, err
	}
	native, err := s.meta("native", "")
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return &Accounts{s, chains.Asset(native)}, nil
}

// Native is the asset in which the chain's fees are paid.
func (x *Accounts) Native() chains.Asset { return x.native }

// AccountsStatus is what an index of accounts holds.
type AccountsStatus struct {
	Chain     chains.Chain
	Empty     bool
	From      uint64          // lowest height held
	Tip       chains.Header   // highest block held
	Final     chains.BlockRef // the last final block, as the last Sync was told; zero where it was not
	Blocks    uint64          // held; fewer than heights where some are missing
	Txs       uint64
	Transfers uint64 // of all kinds, in and outside of transactions
	Missing   []MissingPart
	DiskBytes uint64
}

// MissingPart sums up what is not held of one part of the blocks.
type MissingPart struct {
	Part   chains.Part      // PartBlocks for whole blocks
	Blocks uint64           // held without it; for PartBlocks, heights without a block
	Ranges uint64           // runs of heights without it
	Newest []chains.Heights // the last of them, in chain order; all, where they are as many as Ranges
}

// maxRanges bounds the ranges that a status lists of each part.
const maxRanges = 20

// Status reads what the index holds.
func (x *Accounts) Status(ctx context.Context) (AccountsStatus, error) {
	s := AccountsStatus{Chain: x.chain, DiskBytes: x.db.Metrics().DiskSpaceUsage()}
	view, err := x.View(ctx, nil)
	if errors.Is(err, ErrEmpty) {
		s.Empty = true
		return s, nil
	}
	if err != nil {
		return s, err
	}
	defer view.Close()
	block, err := view.block(view.asOf.Height)
	if err != nil {
		return s, err
	}
	s.From, s.Tip = view.from, block.Header
	s.Final, _ = view.Final()
	s.Blocks, s.Txs, s.Transfers = block.totals.blocks, block.totals.txs, block.totals.transfers
	for i, part := range missable() {
		sum := block.totals.gaps[i]
		if sum.runs == 0 {
			continue
		}
		newest, err := view.missing(i, view.from, view.asOf.Height, maxRanges)
		if err != nil {
			return s, err
		}
		s.Missing = append(s.Missing, MissingPart{part, sum.blocks, sum.runs, newest})
	}
	return s, nil
}

// keepFinal notes the last final block, or that the source cannot tell it.
func (x *Accounts) keepFinal(ctx context.Context, src chains.AccountSource) error {
	final, err := src.Final(ctx)
	known := err == nil
	if err != nil && !errors.Is(err, chains.ErrNotFound) {
		return err
	}
	row := append(binary.BigEndian.AppendUint64(nil, final.Height), final.Hash[:]...)
	before, err := x.meta("final", "")
	if err != nil {
		return err
	}
	switch {
	case !known && before != "":
		return x.db.Delete(metaKey("final"), pebble.Sync)
	case known && before != string(row):
		return x.db.Set(metaKey("final"), row, pebble.Sync)
	}
	return nil
}
