package pebblegraph

import (
	"bytes"
	"context"
	"fmt"
	"iter"

	"github.com/cockroachdb/pebble/v2"

	"tsuiseki/chains"
	"tsuiseki/graph"
)

// Followers implements graph.Store.
func (s *Store) Followers(ctx context.Context, outputs []graph.Key) iter.Seq2[graph.Step, error] {
	return answer(s, func(it *pebble.Iterator, yield func(graph.Step) error) error {
		w := &spending{store: s, it: it}
		for i, output := range outputs {
			at, spent, err := w.spender(ctx, output)
			if err != nil {
				return err
			}
			if !spent {
				continue
			}
			transfers, err := w.paid(ctx, output.Chain, at)
			if err != nil {
				return err
			}
			for _, t := range transfers {
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
		w := &spending{store: s, it: it}
		for i, output := range outputs {
			sources, err := w.sources(ctx, output)
			if err != nil {
				return err
			}
			for _, source := range sources {
				source.Asked = i
				if err := yield(source); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// spending walks between outputs and what spends them, with one iterator. It keeps the
// transaction that it looked at last of each kind: outputs of one transaction are
// mostly asked for together, and so are those that one transaction spends.
type spending struct {
	store *Store
	it    *pebble.Iterator
	read  payments

	made     place // whose id is known
	id       chains.TxID
	held     bool
	spent    place // whose transfers are known
	paying   []graph.Transfer
	asked    place // whose sources are known
	of       []graph.Source
	row, key []byte
}

// place is where a transaction is; known where it was looked at.
type place struct {
	chain chains.Chain
	at    chains.Position
	known bool
}

// spender is where an output is spent, as far as the graph knows.
func (w *spending) spender(ctx context.Context, output graph.Key) (at chains.Position, spent bool, err error) {
	chain, known := w.store.chain(output.Chain)
	if !known {
		return at, false, nil
	}
	if here := (place{output.Chain, output.At, true}); w.made != here {
		row, held, err := seek(ctx, w.it, txKey(chain, output.At))
		if err != nil {
			return at, false, err
		}
		if w.made, w.held = here, held; held {
			r := newTxRow(output.Chain, output.At, row)
			if w.id = r.hash(); r.err != nil {
				return at, false, r.err
			}
		}
	}
	if !w.held {
		return at, false, nil
	}
	value, spent, err := seek(ctx, w.it, spenderKey(chain, chains.Outpoint{Tx: w.id, Index: output.N}))
	if err != nil || !spent {
		return at, false, err
	}
	if len(value) != posLength {
		return at, false, fmt.Errorf("who spends an output: %w", chains.ErrCorrupt)
	}
	return readPos(value), true, nil
}

// paid is what a transaction that another row names paid.
func (w *spending) paid(ctx context.Context, chain chains.Chain, at chains.Position) ([]graph.Transfer, error) {
	here := place{chain, at, true}
	if w.spent == here {
		return w.paying, nil
	}
	row, err := w.named(ctx, chain, at)
	if err != nil {
		return nil, err
	}
	r := newTxRow(chain, at, row)
	head := r.head()
	r.skipSpends()
	w.spent, w.paying = here, r.transfers(head.Time)
	return w.paying, r.err
}

// named is the row of a transaction that another row says is there.
func (w *spending) named(ctx context.Context, chain chains.Chain, at chains.Position) ([]byte, error) {
	id, _ := w.store.chain(chain)
	row, held, err := seek(ctx, w.it, txKey(id, at))
	if err == nil && !held {
		err = fmt.Errorf("the graph lacks transaction %s of %s, which another row names: %w", at, chain, chains.ErrCorrupt)
	}
	return row, err
}

// sources are what an output's transaction spends.
func (w *spending) sources(ctx context.Context, output graph.Key) ([]graph.Source, error) {
	here := place{output.Chain, output.At, true}
	if w.asked == here {
		return w.of, nil
	}
	id, known := w.store.chain(output.Chain)
	if !known {
		return nil, nil
	}
	row, held, err := seek(ctx, w.it, txKey(id, output.At))
	if err != nil {
		return nil, err
	}
	w.asked, w.of = here, nil
	if !held {
		return nil, nil
	}
	r := newTxRow(output.Chain, output.At, row)
	r.head()
	for _, spend := range r.spends() {
		w.of = append(w.of, graph.Source{Spend: spend})
	}
	if r.err != nil {
		return nil, r.err
	}
	for i := range w.of {
		if err := w.find(ctx, output.Chain, id, &w.of[i]); err != nil {
			return nil, err
		}
	}
	return w.of, nil
}

// find looks for the transfer that an input spends.
func (w *spending) find(ctx context.Context, chain chains.Chain, id chainID, source *graph.Source) error {
	prefix := append(appendChain(w.key[:0], tableID, id), source.Output.Tx[:]...)
	w.key = prefix
	var places []chains.Position // an id is of several where the chain let it come again
	for ok := w.it.SeekGE(prefix); ok && bytes.HasPrefix(w.it.Key(), prefix); ok = w.it.Next() {
		if len(w.it.Key()) != len(prefix)+posLength {
			return errKey
		}
		places = append(places, readPos(w.it.Key()[len(prefix):]))
	}
	if err := w.it.Error(); err != nil {
		return err
	}
	for _, at := range places {
		t, found, err := w.output(ctx, chain, id, at, source)
		if err != nil {
			return err
		}
		if found {
			source.Held, source.Transfer = true, t
		}
	}
	return nil
}

// output is the transfer that an input spends, in the transaction at a place. It is
// among what its holder received: that spares going through the outputs of the whole
// transaction, unless the spender does not tell the holder.
func (w *spending) output(ctx context.Context, chain chains.Chain, id chainID, at chains.Position, source *graph.Source) (t graph.Transfer, found bool, err error) {
	holder := graph.Address{Chain: chain, Address: source.Address}
	key := appendText(appendChain(w.row[:0], tableHistory, id), string(holder.Address))
	tail := len(key)
	key = appendTail(key, at, received, source.Output.Index)
	w.row = key
	value, held, err := seek(ctx, w.it, key)
	if err != nil {
		return t, false, err
	}
	if held {
		t, err = w.read.read(holder, key[tail:], value)
		return t, true, err
	}
	row, err := w.named(ctx, chain, at)
	if err != nil {
		return t, false, err
	}
	r := newTxRow(chain, at, row)
	head := r.head()
	r.skipSpends()
	t, found = r.transferOf(source.Output.Index, head.Time)
	return t, found, r.err
}
