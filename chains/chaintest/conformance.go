package chaintest

import (
	"context"
	"errors"
	"testing"

	"tsuiseki/chains"
)

// TestSource checks that a source of at least ten blocks keeps the contract of
// chains.Source, from its lowest height up.
func TestSource(t *testing.T, src chains.Source, first uint64) {
	tip, err := src.Tip(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if tip.Height < first+9 {
		t.Fatalf("tip %s: the suite needs ten blocks from height %d", tip, first)
	}
	t.Run("blocks in order", func(t *testing.T) { blocksInOrder(t, src, first, tip) })
	t.Run("part of the range", func(t *testing.T) { partOfRange(t, src, first) })
	t.Run("above the tip", func(t *testing.T) { aboveTip(t, src, tip) })
	t.Run("stops early", func(t *testing.T) { stopsEarly(t, src, first, tip) })
	t.Run("cancelled", func(t *testing.T) { cancelled(t, src, first, tip) })
	if utxo, ok := src.(chains.UTXOSource); ok {
		t.Run("prevouts", func(t *testing.T) { prevouts(t, utxo, first, tip) })
	}
}

func blocksInOrder(t *testing.T, src chains.Source, first uint64, tip chains.BlockRef) {
	next := first
	var parent *chains.Block
	for block, err := range src.Blocks(t.Context(), first, tip.Height) {
		if err != nil {
			t.Fatal(err)
		}
		hash, err := src.BlockHash(t.Context(), next)
		if err != nil || block.Height != next || block.Hash != hash {
			t.Fatalf("block %s at height %d, whose hash is %s (%v)", block.BlockRef, next, hash, err)
		}
		if parent != nil && block.Parent != parent.Hash {
			t.Fatalf("block %s does not follow %s", block.BlockRef, parent.BlockRef)
		}
		if len(block.Txs) == 0 || block.Time.IsZero() || block.Time.Location() != block.Time.UTC().Location() {
			t.Fatalf("block %s: %d transactions, time %s", block.BlockRef, len(block.Txs), block.Time)
		}
		for i := range block.Txs {
			tx := &block.Txs[i]
			if tx.Block != block.BlockRef || tx.Index != uint32(i) || !tx.Time.Equal(block.Time) {
				t.Fatalf("block %s, transaction %d does not know its place: %s, %d", block.BlockRef, i, tx.Block, tx.Index)
			}
		}
		parent, next = block, next+1
	}
	if parent == nil || parent.BlockRef != tip {
		t.Fatalf("the blocks end before the tip %s", tip)
	}
}

func partOfRange(t *testing.T, src chains.Source, first uint64) {
	var heights []uint64
	for block, err := range src.Blocks(t.Context(), first+3, first+5) {
		if err != nil {
			t.Fatal(err)
		}
		heights = append(heights, block.Height)
	}
	if len(heights) != 3 || heights[0] != first+3 || heights[2] != first+5 {
		t.Fatalf("heights %v", heights)
	}
}

func aboveTip(t *testing.T, src chains.Source, tip chains.BlockRef) {
	if _, err := src.BlockHash(t.Context(), tip.Height+1); !errors.Is(err, chains.ErrNotFound) {
		t.Errorf("hash above the tip: error %v, want ErrNotFound", err)
	}
	blocks := 0
	var last error
	for _, err := range src.Blocks(t.Context(), tip.Height, tip.Height+1) {
		if last = err; err == nil {
			blocks++
		}
	}
	if blocks != 1 || !errors.Is(last, chains.ErrNotFound) {
		t.Errorf("%d blocks and error %v from the tip on, want 1 and ErrNotFound", blocks, last)
	}
}

func stopsEarly(t *testing.T, src chains.Source, first uint64, tip chains.BlockRef) {
	for range 3 {
		for _, err := range src.Blocks(t.Context(), first, tip.Height) {
			if err != nil {
				t.Fatal(err)
			}
			break
		}
	}
}

func cancelled(t *testing.T, src chains.Source, first uint64, tip chains.BlockRef) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	blocks := 0
	var last error
	for _, err := range src.Blocks(ctx, first, tip.Height) {
		if last = err; err == nil {
			blocks++
		}
		cancel()
	}
	if blocks > int(tip.Height-first) && last == nil {
		t.Errorf("a cancelled source went on to its end")
	}
	if last != nil && !errors.Is(last, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", last)
	}
}

// prevouts compares what the source tells of spent outputs with the outputs.
func prevouts(t *testing.T, src chains.UTXOSource, first uint64, tip chains.BlockRef) {
	created := map[chains.Outpoint]chains.Output{}
	known := 0
	for block, err := range src.Blocks(t.Context(), first, tip.Height) {
		if err != nil {
			t.Fatal(err)
		}
		var spent []chains.Outpoint
		for i := range block.Txs {
			tx := &block.Txs[i]
			for j := range tx.Inputs {
				if !tx.Inputs[j].Coinbase() {
					spent = append(spent, tx.Inputs[j].Prevout)
				}
			}
			for j := range tx.Outputs {
				created[chains.Outpoint{Tx: tx.ID, Index: uint32(j)}] = tx.Outputs[j]
			}
		}
		if len(spent) == 0 {
			continue
		}
		outputs, err := src.Prevouts(t.Context(), block.BlockRef, spent)
		if err != nil || len(outputs) != len(spent) {
			t.Fatalf("%d outputs for %d outpoints, error %v", len(outputs), len(spent), err)
		}
		for i, out := range outputs {
			if out == nil {
				continue
			}
			known++
			want := created[spent[i]]
			if !out.Value.Equal(want.Value) || string(out.Script) != string(want.Script) {
				t.Fatalf("prevout %s is %s %x, want %s %x", spent[i], out.Value, out.Script, want.Value, want.Script)
			}
		}
	}
	t.Logf("%d prevouts known to the source", known)
}
