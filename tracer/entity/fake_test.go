package entity_test

import (
	"fmt"
	"iter"
	"strings"
	"testing"

	"tsuiseki/chains"
	"tsuiseki/tracer/entity"
)

// fakeChain serves transactions made by hand, block by block.
type fakeChain struct {
	name     chains.Chain
	blocks   [][]*chains.Tx
	prevouts map[chains.Outpoint]*chains.Output
}

var _ entity.Chain = (*fakeChain)(nil)

func hashOf(height uint64) (h chains.BlockHash) {
	copy(h[:], fmt.Sprintf("block %d", height))
	return h
}

func (c *fakeChain) Snapshot() chains.Snapshot {
	height := uint64(len(c.blocks) - 1)
	return chains.Snapshot{Chain: c.name, BlockRef: chains.BlockRef{Height: height, Hash: hashOf(height)}}
}

func (c *fakeChain) BlockAt(height uint64) (h chains.Header, txs int, err error) {
	h.BlockRef = chains.BlockRef{Height: height, Hash: hashOf(height)}
	return h, len(c.blocks[height]), nil
}

// add makes a block of transactions, and notes what they can be asked for.
func (c *fakeChain) add(txs ...*chains.Tx) {
	height := uint64(len(c.blocks))
	for i, tx := range txs {
		tx.Block, tx.Index = chains.BlockRef{Height: height, Hash: hashOf(height)}, uint32(i)
		for j := range tx.Outputs {
			c.prevouts[chains.Outpoint{Tx: tx.ID, Index: uint32(j)}] = &tx.Outputs[j]
		}
	}
	c.blocks = append(c.blocks, txs)
}

func (c *fakeChain) Records(from uint64) iter.Seq2[*chains.Tx, error] {
	return func(yield func(*chains.Tx, error) bool) {
		for _, block := range c.blocks[from:] {
			for _, tx := range block {
				bare := *tx
				bare.Inputs = append([]chains.Input(nil), tx.Inputs...)
				for i := range bare.Inputs {
					bare.Inputs[i].Spent = nil
				}
				if !yield(&bare, nil) {
					return
				}
			}
		}
	}
}

func (c *fakeChain) Prevout(o chains.Outpoint, _ chains.Position) (*chains.Output, error) {
	return c.prevouts[o], nil
}

func (c *fakeChain) TxAt(at chains.Position) (*chains.Tx, error) {
	tx := *c.blocks[at.Height][at.Tx]
	tx.Inputs = append([]chains.Input(nil), tx.Inputs...)
	for i := range tx.Inputs {
		tx.Inputs[i].Spent = c.prevouts[tx.Inputs[i].Prevout]
	}
	return &tx, nil
}

// plain are scripts that consist of their type and their address.
type plain struct{}

func (plain) Describe(script []byte) (chains.Address, string) {
	kind, address, _ := strings.Cut(string(script), " ")
	return chains.Address(address), kind
}

func (plain) Key([]byte) uint64 { return 0 }

func (plain) AddressKey(text string) (chains.Address, uint64, error) {
	return chains.Address(text), 0, nil
}

func synced(tb testing.TB, chain entity.Chain, opt entity.Options) *entity.Store {
	tb.Helper()
	opt.Chain = chain.Snapshot().Chain
	if opt.Dir == "" {
		opt.Dir = tb.TempDir()
	}
	store, err := entity.Open(opt)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { store.Close() })
	if _, err := store.Sync(tb.Context(), chain, nil); err != nil {
		tb.Fatal(err)
	}
	return store
}
