package index

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"tsuiseki/chains"
)

// ErrEmpty says that the index holds no block yet.
var ErrEmpty = errors.New("the index is empty")

// pinned is a store up to one height, whatever is indexed meanwhile. Views of
// both kinds of index stand on it.
type pinned struct {
	chain chains.Chain
	from  uint64
	asOf  chains.BlockRef

	ctx    context.Context
	snap   *pebble.Snapshot
	iter   *pebble.Iterator
	header chains.Header // the last one read
}

// pin pins the store as of a height, or of the tip where asOf is nil. Where there
// is no block at that height, the one below it is the last.
func (s *store) pin(ctx context.Context, asOf *uint64) (*pinned, error) {
	p := &pinned{chain: s.chain, ctx: ctx, snap: s.db.NewSnapshot()}
	var err error
	if p.iter, err = p.snap.NewIter(nil); err != nil {
		return nil, errors.Join(err, p.snap.Close())
	}
	first, last, err := heightRange(p.iter)
	if err == nil && asOf != nil {
		if *asOf < first || *asOf > last {
			err = fmt.Errorf("as of height %d: %w: the index of %s holds heights %d to %d", *asOf, chains.ErrNotFound, s.chain, first, last)
		} else {
			last, _, err = p.below(*asOf + 1)
		}
	}
	if err == nil {
		p.from = first
		var header chains.Header
		header, err = p.headerAt(last)
		p.asOf = header.BlockRef
	}
	if err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

// heightRange is the lowest and highest height held.
func heightRange(iter *pebble.Iterator) (first, last uint64, err error) {
	if !iter.SeekGE([]byte{tableBlock}) || iter.Key()[0] != tableBlock {
		if err := iter.Error(); err != nil {
			return 0, 0, err
		}
		return 0, 0, ErrEmpty
	}
	if first, err = readHeight(iter.Key()); err != nil {
		return 0, 0, err
	}
	if !iter.SeekLT([]byte{tableBlock + 1}) {
		return 0, 0, errors.Join(errEncoding, iter.Error())
	}
	last, err = readHeight(iter.Key())
	return first, last, err
}

// readHeight reads the key of a block's row.
func readHeight(key []byte) (uint64, error) {
	if len(key) != 5 || key[0] != tableBlock {
		return 0, errEncoding
	}
	return uint64(binary.BigEndian.Uint32(key[1:])), nil
}

// Close releases the view.
func (p *pinned) Close() error { return errors.Join(p.iter.Close(), p.snap.Close()) }

// Snapshot is what the view can see.
func (p *pinned) Snapshot() chains.Snapshot {
	return chains.Snapshot{Chain: p.chain, From: p.from, BlockRef: p.asOf}
}

// below is the highest block held below a height; false where there is none.
func (p *pinned) below(height uint64) (uint64, bool, error) {
	if err := p.ctx.Err(); err != nil {
		return 0, false, err
	}
	bound := []byte{tableBlock + 1}
	if height <= maxHeight {
		bound = blockKey(height)
	}
	if !p.iter.SeekLT(bound) || p.iter.Key()[0] != tableBlock {
		return 0, false, p.iter.Error()
	}
	height, err := readHeight(p.iter.Key())
	return height, err == nil, err
}

// get is the value at a key, valid until the next read; false where there is none.
func (p *pinned) get(key []byte) ([]byte, bool, error) {
	if err := p.ctx.Err(); err != nil {
		return nil, false, err
	}
	if !p.iter.SeekGE(key) || !bytes.Equal(p.iter.Key(), key) {
		return nil, false, p.iter.Error()
	}
	value, err := p.iter.ValueAndErr()
	return value, err == nil, err
}

// blockRow is a block's row, valid until the next read.
func (p *pinned) blockRow(height uint64) ([]byte, error) {
	value, found, err := p.get(blockKey(height))
	if err == nil && !found {
		err = fmt.Errorf("block at height %d: %w", height, chains.ErrNotFound)
	}
	return value, err
}

// headerAt is the header of the block at a height.
func (p *pinned) headerAt(height uint64) (chains.Header, error) {
	if p.header.Time.IsZero() || p.header.Height != height {
		value, err := p.blockRow(height)
		if err != nil {
			return chains.Header{}, err
		}
		r := reader{buf: value}
		header := r.header(height)
		if r.err != nil {
			return chains.Header{}, r.err
		}
		p.header = header
	}
	return p.header, nil
}

// checkHeight refuses a height that the view does not reach.
func (p *pinned) checkHeight(height uint64) error {
	if height < p.from || height > p.asOf.Height {
		return fmt.Errorf("block at height %d: %w: the view holds heights %d to %d", height, chains.ErrNotFound, p.from, p.asOf.Height)
	}
	return nil
}

// heightOf is the height of a block on the best chain.
func (p *pinned) heightOf(hash chains.BlockHash) (uint64, error) {
	value, found, err := p.get(hashKey(hash))
	if err == nil && (!found || len(value) != 4) {
		err = fmt.Errorf("block %s: %w on the best chain between heights %d and %d", hash, chains.ErrNotFound, p.from, p.asOf.Height)
	}
	if err != nil {
		return 0, err
	}
	return uint64(binary.BigEndian.Uint32(value)), nil
}

// hit is the tail of a key that a scan found.
type hit struct {
	pos    chains.Position
	suffix uint32
}

// scan lists the hits under a prefix up to the view's height.
func (p *pinned) scan(prefix []byte) ([]hit, error) {
	if err := p.ctx.Err(); err != nil {
		return nil, err
	}
	var hits []hit
	for ok := p.iter.SeekGE(prefix); ok && bytes.HasPrefix(p.iter.Key(), prefix); ok = p.iter.Next() {
		pos, suffix, err := readTail(p.iter.Key()[len(prefix):])
		if err != nil {
			return nil, err
		}
		if pos.Height > p.asOf.Height {
			break // hits of one output lie in chain order
		}
		hits = append(hits, hit{pos, suffix})
	}
	return hits, p.iter.Error()
}

// appendHeader writes how a block's row starts: hash, parent, time.
func appendHeader(value []byte, h chains.Header) []byte {
	value = append(value, h.Hash[:]...)
	value = append(value, h.Parent[:]...)
	return binary.BigEndian.AppendUint64(value, uint64(h.Time.Unix()))
}

func (r *reader) header(height uint64) (h chains.Header) {
	h.Height = height
	copy(h.Hash[:], r.bytes(32))
	copy(h.Parent[:], r.bytes(32))
	if b := r.bytes(8); b != nil {
		h.Time = time.Unix(int64(binary.BigEndian.Uint64(b)), 0).UTC()
	}
	return h
}

// withID is every transaction with the id, in chain order, as read reads them.
func (p *pinned) withID(id chains.TxID, read func(chains.Position) (*chains.Tx, error)) (txs []*chains.Tx, err error) {
	hits, err := p.scan(prefixKey(tableTxID, txPrefix(id)))
	if err != nil {
		return nil, err
	}
	for _, at := range hits {
		tx, err := read(at.pos)
		if err != nil {
			return nil, err
		}
		if tx.ID == id {
			txs = append(txs, tx)
		}
	}
	return txs, nil
}

func (p *pinned) noTx(id chains.TxID) error {
	return fmt.Errorf("transaction %s: %w on %s between heights %d and %d", id, chains.ErrNotFound, p.chain, p.from, p.asOf.Height)
}
