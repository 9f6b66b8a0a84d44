package index

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"tsuiseki/chains"
)

// AccountView answers from the blocks up to one height, whatever is indexed
// meanwhile. It serves one goroutine at a time; sequences that it yields may be
// read side by side by that one. Close it after use.
type AccountView struct {
	*pinned
	native chains.Asset
	final  chains.BlockRef
	told   bool // the final block
	sums   runningSums
}

// View opens a view as of a height, or of the tip where asOf is nil. Where the
// index has no block at that height, the view ends with the one below it. Its
// answers end with ctx's error once ctx is done.
func (x *Accounts) View(ctx context.Context, asOf *uint64) (*AccountView, error) {
	p, err := x.pin(ctx, asOf)
	if err != nil {
		return nil, err
	}
	v := &AccountView{pinned: p, native: x.native}
	row, found, err := v.get(metaKey("final"))
	if err == nil && found {
		if len(row) != 8+len(v.final.Hash) {
			err = errEncoding
		} else {
			v.final, v.told = chains.BlockRef{Height: binary.BigEndian.Uint64(row), Hash: chains.BlockHash(row[8:])}, true
		}
	}
	if err != nil {
		return nil, errors.Join(err, v.Close())
	}
	return v, nil
}

// Final is the last block that can no longer be replaced, as the last Sync was
// told; false where it was not.
func (v *AccountView) Final() (chains.BlockRef, bool) { return v.final, v.told }

// block reads a block's row.
func (v *AccountView) block(height uint64) (*accountBlock, error) {
	value, err := v.blockRow(height)
	if err != nil {
		return nil, err
	}
	return readAccountBlock(height, value)
}

// heldBlock is a block's row, if it is in the view.
func (v *AccountView) heldBlock(height uint64) (*accountBlock, error) {
	if err := v.checkHeight(height); err != nil {
		return nil, err
	}
	return v.block(height)
}

// BlockAt is the header of the block at a height, and its number of places for
// transactions. Where the source held all of them, that is how many there are;
// else some places may be free. At the place of that number, TxAt has what moved
// outside of transactions.
func (v *AccountView) BlockAt(height uint64) (chains.Header, int, error) {
	block, err := v.heldBlock(height)
	if err != nil {
		return chains.Header{}, 0, err
	}
	return block.Header, int(block.places), nil
}

// BlockByHash is BlockAt for the block with a hash.
func (v *AccountView) BlockByHash(hash chains.BlockHash) (chains.Header, int, error) {
	height, err := v.heightOf(hash)
	if err != nil {
		return chains.Header{}, 0, err
	}
	return v.BlockAt(height)
}

// Producer is who got the tips and rewards of the block at a height; empty where
// the source did not tell.
func (v *AccountView) Producer(height uint64) (chains.Address, error) {
	block, err := v.heldBlock(height)
	if err != nil {
		return "", err
	}
	return block.producer, nil
}

// Gaps are what the index does not hold of the block at a height.
func (v *AccountView) Gaps(height uint64) ([]chains.Gap, error) {
	block, err := v.heldBlock(height)
	if err != nil {
		return nil, err
	}
	return block.gaps, nil
}

// TxAt is the transaction at a position. The place that is the block's number of
// places has no transaction, but the transfers outside of them: withdrawals and rewards.
func (v *AccountView) TxAt(pos chains.Position) (*chains.Tx, error) {
	if err := v.checkHeight(pos.Height); err != nil {
		return nil, err
	}
	if pos.Tx > maxTxIndex {
		return nil, fmt.Errorf("transaction at %s: %w", pos, chains.ErrNotFound)
	}
	tx := new(chains.Tx)
	value, found, err := v.get(txKey(packPos(pos)))
	if err == nil && found {
		tx, err = readAccountTx(value, v.native)
	}
	if err == nil && !found {
		var block *accountBlock
		if block, err = v.block(pos.Height); err == nil && pos.Tx != block.places {
			err = fmt.Errorf("transaction at %s: %w", pos, chains.ErrNotFound)
		}
	}
	if err != nil {
		return nil, err
	}
	header, err := v.headerAt(pos.Height)
	if err != nil {
		return nil, err
	}
	tx.Block, tx.Time, tx.Index = header.BlockRef, header.Time, pos.Tx
	return tx, nil
}

// Txs is every transaction with the id, in chain order: one, unless the source errs.
func (v *AccountView) Txs(id chains.TxID) ([]*chains.Tx, error) {
	txs, err := v.withID(id, v.TxAt)
	if err == nil && len(txs) == 0 {
		err = v.noTx(id)
	}
	return txs, err
}

// Missing are the runs of heights between two, both included, at which a part is
// not held, in chain order. Heights without a block lack every part; PartBlocks
// asks for them alone. What lies outside of the view is no gap of it.
func (v *AccountView) Missing(part chains.Part, from, to uint64) ([]chains.Heights, error) {
	i := slices.Index(missable(), part)
	if i < 0 {
		return nil, fmt.Errorf("%q is no part of a block: want one of %q", part, missable())
	}
	return v.missing(i, from, to, 0)
}

// missing walks from one run of heights to the one before; the last ones up to a
// limit, where there is one.
func (v *AccountView) missing(part int, from, to uint64, limit int) (found []chains.Heights, err error) {
	from, to = max(from, v.from), min(to, v.asOf.Height)
	if from > to {
		return nil, nil
	}
	// The block at or above the end knows of a hole that the end lies in.
	height, held, err := v.atOrAbove(to)
	for held && err == nil {
		block, err := v.block(height)
		if err != nil {
			return nil, err
		}
		gap := block.totals.gaps[part]
		if gap.runs == 0 || gap.last.To < from {
			break
		}
		if gap.last.From > gap.last.To || gap.last.To > height {
			return nil, errEncoding
		}
		if gap.last.From <= to {
			found = append(found, chains.Heights{From: max(gap.last.From, from), To: min(gap.last.To, to)})
		}
		if limit > 0 && len(found) == limit {
			break
		}
		if height, held, err = v.below(gap.last.From); err != nil {
			return nil, err
		}
	}
	slices.Reverse(found)
	return found, err
}

// atOrAbove is the lowest block held at or above a height.
func (v *AccountView) atOrAbove(height uint64) (uint64, bool, error) {
	if err := v.ctx.Err(); err != nil {
		return 0, false, err
	}
	if !v.iter.SeekGE(blockKey(height)) || v.iter.Key()[0] != tableBlock {
		return 0, false, v.iter.Error()
	}
	height, err := readHeight(v.iter.Key())
	return height, err == nil, err
}

// Token is what a token's contract says of itself, as it said when the token was
// first seen; false where it says nothing or the source could not tell.
func (v *AccountView) Token(asset chains.Asset) (chains.Token, bool, error) {
	contract, err := parseAsset(asset, v.native)
	if err != nil || contract == (account{}) {
		return chains.Token{}, false, err
	}
	value, found, err := v.get(tokenKey(contract))
	if err != nil || !found || len(value) == 0 {
		return chains.Token{}, false, err
	}
	r := reader{buf: value}
	token := chains.Token{Asset: chains.Asset(contract.address()), Decimals: r.byte(), Symbol: r.text()}
	return token, r.err == nil, r.err
}

// contractEvidence are the kinds of evidence as people read them.
func contractEvidence() [markKinds]string {
	return [...]string{
		markCreated:  "created in a transaction",
		markInternal: "sent an internal transfer",
		markToken:    "logged a token's transfer",
		markMixer:    "logged a deposit into a mixer",
		markRan:      "a transaction sent to it ran code",
	}
}

// Contract is the first evidence in the view that an account is a contract, and
// where; false where there is none. An account with delegated code (EIP-7702)
// sends internal transfers too.
func (v *AccountView) Contract(address chains.Address) (evidence string, at chains.Position, ok bool, err error) {
	a, err := parseAccount(address)
	if err != nil {
		return "", at, false, err
	}
	for kind, text := range contractEvidence() {
		first, err := v.firstMark(a, byte(kind))
		if err != nil {
			return "", at, false, err
		}
		if first.Height <= v.asOf.Height && (!ok || first.Compare(at) < 0) {
			evidence, at, ok = text, first, true
		}
	}
	return evidence, at, ok, nil
}

// Mixer is where an account first logged a deposit as the pools of a mixer do;
// false where it did not in the view.
func (v *AccountView) Mixer(address chains.Address) (at chains.Position, ok bool, err error) {
	a, err := parseAccount(address)
	if err != nil {
		return at, false, err
	}
	at, err = v.firstMark(a, markMixer)
	return at, err == nil && at.Height <= v.asOf.Height, err
}

// firstMark is where evidence of a kind was first seen; beyond all heights where it was not.
func (v *AccountView) firstMark(a account, kind byte) (chains.Position, error) {
	never := chains.Position{Height: maxHeight + 1}
	if err := v.ctx.Err(); err != nil {
		return never, err
	}
	prefix := append(accountKey(tableMark, a), kind)
	if !v.iter.SeekGE(prefix) || !hasPrefix(v.iter.Key(), prefix) {
		return never, v.iter.Error()
	}
	pos, _, err := readTail(v.iter.Key()[len(prefix):])
	return pos, err
}
