package index

import (
	"bytes"
	"container/heap"
	"errors"
	"iter"

	"github.com/cockroachdb/pebble/v2"

	"tsuiseki/chains"
)

func hasPrefix(key, prefix []byte) bool { return bytes.HasPrefix(key, prefix) }

// walk yields the rows under a prefix from a position on, up to the view's
// height, with what follows the prefix in their keys. It has an iterator of its own.
func (v *AccountView) walk(prefix []byte, from chains.Position) iter.Seq2[*pebble.Iterator, error] {
	return func(yield func(*pebble.Iterator, error) bool) {
		it, err := v.snap.NewIter(nil)
		if err != nil {
			yield(nil, err)
			return
		}
		stopped := false
		for ok := it.SeekGE(appendPos(bytes.Clone(prefix), packFrom(from))); ok && hasPrefix(it.Key(), prefix); ok = it.Next() {
			if err = v.ctx.Err(); err != nil {
				break
			}
			var pos chains.Position
			if pos, _, err = readTail(it.Key()[len(prefix):]); err != nil || pos.Height > v.asOf.Height {
				break
			}
			if stopped = !yield(it, nil); stopped {
				break
			}
		}
		if err = errors.Join(err, it.Error(), it.Close()); err != nil && !stopped {
			yield(nil, err)
		}
	}
}

// Movements yields what transactions did to an account's balance of an asset,
// from a position on, in chain order.
func (v *AccountView) Movements(address chains.Address, asset chains.Asset, from chains.Position) iter.Seq2[chains.Movement, error] {
	return func(yield func(chains.Movement, error) bool) {
		prefix, err := v.movementPrefix(address, asset)
		if err != nil {
			yield(chains.Movement{}, err)
			return
		}
		for it, err := range v.walk(prefix, from) {
			var m chains.Movement
			if err == nil {
				m.At = unpackPos(readPos(it.Key()[len(prefix):]))
				m.In, m.Out, _, err = readMovement(it.Value())
			}
			if !yield(m, err) || err != nil {
				return
			}
		}
	}
}

func (v *AccountView) movementPrefix(address chains.Address, asset chains.Asset) ([]byte, error) {
	holder, err := parseAccount(address)
	if err != nil {
		return nil, err
	}
	of, err := parseAsset(asset, v.native)
	return pairKey(tableMovement, holder, of), err
}

// Assets yields what an account ever had a transfer of, the native asset first,
// then by the tokens' contracts. Collectibles are not among them.
func (v *AccountView) Assets(address chains.Address) iter.Seq2[chains.Asset, error] {
	return func(yield func(chains.Asset, error) bool) {
		holder, err := parseAccount(address)
		if err != nil {
			yield("", err)
			return
		}
		for next, err := range v.assets(holder, chains.Position{}) {
			if !yield(assetName(next.asset, v.native), err) || err != nil {
				return
			}
		}
	}
}

// assetFrom is an asset that an account moved, and where it next did.
type assetFrom struct {
	asset account
	at    chains.Position
}

// assets yields an account's assets with their first movement from a position
// on. It skips from one to the next, however many movements lie between.
func (v *AccountView) assets(holder account, from chains.Position) iter.Seq2[assetFrom, error] {
	return func(yield func(assetFrom, error) bool) {
		it, err := v.snap.NewIter(nil)
		if err != nil {
			yield(assetFrom{}, err)
			return
		}
		prefix, stopped := accountKey(tableMovement, holder), false
		ok := it.SeekGE(prefix)
		for ok && err == nil && !stopped && hasPrefix(it.Key(), prefix) {
			if err = v.ctx.Err(); err != nil {
				break
			}
			var next assetFrom
			var tail []byte
			if next.asset, tail, err = readAccount(it.Key()[len(prefix):]); err != nil {
				break
			}
			if len(tail) != posSize {
				err = errEncoding
				break
			}
			next.at = unpackPos(readPos(tail))
			pair := pairKey(tableMovement, holder, next.asset)
			if next.at.Compare(from) < 0 {
				if ok = it.SeekGE(appendPos(pair, packFrom(from))); !ok || !hasPrefix(it.Key(), pair) {
					continue // at the next asset already
				}
				next.at, _, err = readTail(it.Key()[len(pair):])
			}
			if err == nil && next.at.Height <= v.asOf.Height {
				stopped = !yield(next, nil)
			}
			if !stopped {
				ok = it.SeekGE(append(pair, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)) // above all positions
			}
		}
		if err = errors.Join(err, it.Error(), it.Close()); err != nil && !stopped {
			yield(assetFrom{}, err)
		}
	}
}

// Entry is a transfer in an account's history.
type Entry struct {
	Tx       *chains.Tx // without an id where the transfer is outside of transactions
	Transfer *chains.Transfer
}

// History yields the transfers to and from an account from a position on, of all
// assets and collectibles, in chain order. To go on after a page, ask from the
// position behind its last transaction's. Memory grows with the account's assets,
// not with its history.
func (v *AccountView) History(address chains.Address, from chains.Position) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		holder, err := parseAccount(address)
		if err != nil {
			yield(Entry{}, err)
			return
		}
		var streams nextFirst
		for next, err := range v.assets(holder, from) {
			if err != nil {
				yield(Entry{}, err)
				return
			}
			streams = append(streams, stream{pairKey(tableMovement, holder, next.asset), next.at})
		}
		streams = append(streams, stream{accountKey(tableCollectible, holder), from})
		heap.Init(&streams)
		if err := v.merge(streams, holder.address(), yield); err != nil {
			yield(Entry{}, err)
		}
	}
}

// merge yields an account's transfers, transaction by transaction, until the
// streams end or it is told to stop.
func (v *AccountView) merge(streams nextFirst, holder chains.Address, yield func(Entry, error) bool) (err error) {
	it, err := v.snap.NewIter(nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, it.Close()) }()
	var done uint64 // packed; all below it are yielded
	for len(streams) > 0 {
		if err := v.ctx.Err(); err != nil {
			return err
		}
		s := &streams[0]
		at, found, err := s.seek(it, max(packFrom(s.at), done))
		switch {
		case err != nil:
			return err
		case !found || at.Height > v.asOf.Height:
			heap.Pop(&streams)
			continue
		case at != s.at:
			s.at = at // later than thought: another stream may come before
			heap.Fix(&streams, 0)
			continue
		}
		tx, err := v.TxAt(at)
		if err != nil {
			return err
		}
		for i := range tx.Transfers {
			t := &tx.Transfers[i]
			if (t.From == holder || t.To == holder) && !yield(Entry{tx, t}, nil) {
				return nil
			}
		}
		if done = packPos(at) + 1; done > maxPos {
			return nil
		}
	}
	return nil
}

// stream is the rows under a prefix, whose next is not before a position.
type stream struct {
	prefix []byte
	at     chains.Position
}

// seek finds the stream's first row from a position on.
func (s *stream) seek(it *pebble.Iterator, from uint64) (at chains.Position, found bool, err error) {
	if !it.SeekGE(appendPos(bytes.Clone(s.prefix), from)) || !hasPrefix(it.Key(), s.prefix) {
		return at, false, it.Error()
	}
	at, _, err = readTail(it.Key()[len(s.prefix):])
	return at, err == nil, err
}

// nextFirst is a heap of streams.
type nextFirst []stream

func (q nextFirst) Len() int           { return len(q) }
func (q nextFirst) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q nextFirst) Less(i, j int) bool { return q[i].at.Compare(q[j].at) < 0 }
func (q *nextFirst) Push(s any)        { *q = append(*q, s.(stream)) }
func (q *nextFirst) Pop() any {
	last := len(*q) - 1
	s := (*q)[last]
	*q = (*q)[:last]
	return s
}
