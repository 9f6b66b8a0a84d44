package index

import (
	"encoding/binary"
	"errors"
	"fmt"

	"tsuiseki/chains"
)

// accountBatch gathers the rows of successive blocks of an account chain.
type accountBatch struct {
	recorder
	totals accountTotals // up to and with the last block added
	tip    chains.BlockRef
	added  uint32 // blocks

	txids               []row
	movements           movements
	txs, blocks, hashes values
	marks, collectibles values
	freezes, tokens     values
	allotments, quotes  values
	newest              []account            // first seen as tokens' contracts in the last block added
	unasked             []account            // to be asked for their metadata
	asked               map[account]struct{} // as unasked was, while the batch is written
}

func newAccountBatch(native chains.Asset, totals accountTotals) *accountBatch {
	return &accountBatch{
		recorder: recorder{names: newNames(), native: native},
		totals:   totals, asked: map[account]struct{}{},
	}
}

func (b *accountBatch) follow(previous *accountBatch) *accountBatch {
	if b == nil {
		b = newAccountBatch(previous.native, previous.totals)
		b.reserve(previous)
		return b
	}
	b.totals, b.added = previous.totals, 0
	b.names.reuse()
	b.txids, b.newest, b.unasked = b.txids[:0], b.newest[:0], b.unasked[:0]
	b.movements.reuse()
	for _, v := range []*values{&b.txs, &b.blocks, &b.hashes, &b.marks, &b.collectibles, &b.freezes, &b.tokens, &b.allotments, &b.quotes} {
		v.reuse()
	}
	clear(b.asked)
	return b
}

// reserve takes as much memory as another batch needed: growing by steps costs copies.
func (b *accountBatch) reserve(like *accountBatch) {
	b.names.list = append(make([]name, 0, len(like.names.list)), b.names.list...)
	b.txids = make([]row, 0, len(like.txids))
	b.movements.rows = make([]movement, 0, len(like.movements.rows))
	b.movements.sums = make([]byte, 0, len(like.movements.sums))
	b.txs.reserve(&like.txs)
	b.marks.reserve(&like.marks)
}

func (b *accountBatch) empty() bool { return len(b.blocks.entries) == 0 }

// maxUnasked bounds the contracts that one batch asks for their metadata.
const maxUnasked = 2000

func (b *accountBatch) full(limit int) bool {
	const rowSize, nameSize = 24, 80
	size := len(b.txids)*rowSize + b.movements.size() + len(b.names.list)*nameSize
	for _, v := range []*values{&b.txs, &b.blocks, &b.hashes, &b.marks, &b.collectibles, &b.freezes, &b.quotes} {
		size += v.size()
	}
	return size >= limit || uint64(len(b.movements.sums)) > maxSums || len(b.unasked) >= maxUnasked
}

func (b *accountBatch) tables() []sortedTable {
	return []sortedTable{
		b.movements.table(&b.names),
		b.txs.table(tableTx),
		rowsTable(tableTxID, b.txids),
		b.marks.table(tableMark),
		b.blocks.table(tableBlock),
		b.hashes.table(tableHash),
		b.collectibles.table(tableCollectible),
		b.freezes.table(tableFreeze),
		b.tokens.table(tableToken),
		b.allotments.table(tableGenesis),
		b.quotes.table(tableQuote),
	}
}

// addBlock adds all rows of a block.
func (b *accountBatch) addBlock(block *chains.Block) error {
	b.newest = b.newest[:0]
	if b.totals.blocks > 0 && block.Height <= b.totals.height {
		return fmt.Errorf("%w: the source gives it after the block at height %d", chains.ErrCorrupt, b.totals.height)
	}
	places, err := b.addTxs(block)
	if err != nil {
		return err
	}
	if len(block.System) > 0 {
		system := chains.Tx{Index: places, Transfers: block.System}
		if err := b.addTx(&system, packPos(chains.Position{Height: block.Height, Tx: places})); err != nil {
			return fmt.Errorf("outside of transactions: %w", err)
		}
	}
	if err := b.totals.add(block); err != nil {
		return err
	}
	b.tip = block.BlockRef
	b.added++
	row := accountBlock{
		Header: block.Header, producer: block.Producer, txs: uint64(len(block.Txs)), places: places,
		totals: b.totals, gaps: block.Gaps, freezes: block.Freezes,
	}
	err = b.blocks.add(blockKey(block.Height), func(value []byte) ([]byte, error) { return appendAccountBlock(value, &row) })
	if !untold(block.Hash) {
		b.hashes.set(hashKey(block.Hash), binary.BigEndian.AppendUint32(nil, uint32(block.Height)))
	}
	return err
}

// addTxs adds a block's transactions and freezes in chain order, so that the first
// mark of an account is the lowest. It tells the place above the last transaction's:
// a source that lacks some leaves their places free.
func (b *accountBatch) addTxs(block *chains.Block) (places uint32, err error) {
	freezes := block.Freezes
	for i := range block.Txs {
		tx := &block.Txs[i]
		at := chains.Position{Height: block.Height, Tx: tx.Index}
		if tx.Index < places {
			return 0, fmt.Errorf("%w: transaction %s is not in order", chains.ErrCorrupt, tx.ID)
		}
		if err := checkPosition(chains.Position{Height: at.Height, Tx: at.Tx + 1}); err != nil {
			return 0, err
		}
		for ; len(freezes) > 0 && freezes[0].Tx <= tx.Index; freezes = freezes[1:] {
			if err := b.addFreeze(block.Height, &freezes[0]); err != nil {
				return 0, err
			}
		}
		if err := b.addTx(tx, packPos(at)); err != nil {
			return 0, fmt.Errorf("transaction %s: %w", tx.ID, err)
		}
		b.txids = append(b.txids, row{prefix: txPrefix(tx.ID), pos: packPos(at)})
		places = tx.Index + 1
	}
	for i := range freezes {
		if err := b.addFreeze(block.Height, &freezes[i]); err != nil {
			return 0, err
		}
	}
	return places, checkPosition(chains.Position{Height: block.Height, Tx: places})
}

// addTx adds a transaction's record, and the rows that it implies but its id's.
func (b *accountBatch) addTx(tx *chains.Tx, pos uint64) error {
	if err := b.record(tx); err != nil {
		return err
	}
	err := b.txs.add(txKey(pos), func(value []byte) ([]byte, error) { return b.appendRecord(value, tx.ID), nil })
	for _, id := range b.created {
		if !tx.Failed {
			b.mark(id, markCreated, pos)
		}
	}
	ran := false
	for i := range tx.Transfers {
		t, p := &tx.Transfers[i], b.parties[i]
		ran = ran || t.IsLog() || t.Kind == chains.InternalTransfer
		paysFee := t.Kind == chains.FeeTransfer || t.Kind == chains.TipTransfer
		switch {
		case t.Kind == chains.MixTransfer:
			b.mark(p.to, markMixer, pos)
			continue
		case t.IsLog():
			b.mark(p.asset, markToken, pos)
		}
		if t.Kind == chains.InternalTransfer && !tx.Failed {
			b.mark(p.from, markInternal, pos)
		}
		switch {
		case t.Kind == chains.CollectibleTransfer:
			b.addCollectible(p, pos, uint32(i))
		case !tx.Failed || paysFee:
			b.movements.move(p, t.Amount, !paysFee)
		}
	}
	if ran && !tx.Failed {
		b.mark(b.to, markRan, pos)
	}
	b.addQuotes(tx, pos)
	b.movements.settle(pos)
	return errors.Join(err, b.movements.err)
}

// addCollectible notes a collectible's transfer with both of its accounts.
func (b *accountBatch) addCollectible(p parties, pos uint64, n uint32) {
	if p.from != 0 {
		b.collectibles.set(collectibleKey(b.names.list[p.from].account, pos, n), nil)
	}
	if p.to != 0 && p.to != p.from {
		b.collectibles.set(collectibleKey(b.names.list[p.to].account, pos, n), nil)
	}
}

func (b *accountBatch) addFreeze(height uint64, f *chains.Freeze) error {
	at := chains.Position{Height: height, Tx: f.Tx}
	if err := checkPosition(at); err != nil {
		return err
	}
	holder, err := parseAccount(f.Account)
	if err != nil {
		return fmt.Errorf("freeze in log %d: %w", f.Log, err)
	}
	id, err := b.names.asset(f.Asset, b.native)
	if err == nil && id == 0 {
		err = fmt.Errorf("%w: %s is no token", chains.ErrCorrupt, f.Asset)
	}
	if err != nil {
		return fmt.Errorf("freeze in log %d: %w", f.Log, err)
	}
	b.mark(id, markToken, packPos(at))
	b.freezes.set(freezeKey(b.names.list[id].account, holder, packPos(at), f.Log), []byte{flag(f.Frozen)})
	return nil
}

// mark notes evidence that an account is a contract, once in each block: so rows
// need no look at what is held, and go with their block.
func (b *accountBatch) mark(id uint32, kind byte, pos uint64) {
	if id == 0 {
		return
	}
	n := &b.names.list[id]
	if kind == markToken && !n.token {
		n.token = true
		b.newest = append(b.newest, n.account)
	}
	if n.marked[kind] != b.added+1 {
		n.marked[kind] = b.added + 1
		b.marks.set(markKey(n.account, kind, pos), nil)
	}
}
