package bitcoin_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"tsuiseki/chains"
	"tsuiseki/chains/bitcoin"
	"tsuiseki/chains/chaintest"
)

// TestDecodeAgreesWithWire decodes every real block at hand with btcd's decoder too.
func TestDecodeAgreesWithWire(t *testing.T) {
	for _, raw := range append(chaintest.FullBlocks(t), chaintest.EarlyBlocks(t)...) {
		var want wire.MsgBlock
		if err := want.Deserialize(bytes.NewReader(raw)); err != nil {
			t.Fatal(err)
		}
		got, err := bitcoin.DecodeBlock(raw)
		if err != nil {
			t.Fatal(err)
		}
		compareBlocks(t, got, &want)
	}
}

func compareBlocks(t *testing.T, got *chains.Block, want *wire.MsgBlock) {
	t.Helper()
	if got.Hash.String() != want.BlockHash().String() || got.Parent.String() != want.Header.PrevBlock.String() || !got.Time.Equal(want.Header.Timestamp) {
		t.Fatalf("header of %s differs from %s", got.Hash, want.BlockHash())
	}
	if len(got.Txs) != len(want.Transactions) {
		t.Fatalf("block %s: %d transactions, want %d", got.Hash, len(got.Txs), len(want.Transactions))
	}
	for i := range got.Txs {
		if got.Txs[i].Block.Hash != got.Hash || int(got.Txs[i].Index) != i {
			t.Fatalf("block %s, transaction %d does not know its place", got.Hash, i)
		}
		compareTxs(t, &got.Txs[i], want.Transactions[i])
	}
}

func compareTxs(t *testing.T, got *chains.Tx, want *wire.MsgTx) {
	t.Helper()
	if got.ID.String() != want.TxHash().String() {
		t.Fatalf("id %s, want %s", got.ID, want.TxHash())
	}
	weight := uint32(3*want.SerializeSizeStripped() + want.SerializeSize())
	if got.Version != want.Version || got.LockTime != want.LockTime || got.Weight != weight {
		t.Fatalf("%s: version %d locktime %d weight %d, want %d %d %d", got.ID, got.Version, got.LockTime, got.Weight, want.Version, want.LockTime, weight)
	}
	if len(got.Inputs) != len(want.TxIn) || len(got.Outputs) != len(want.TxOut) {
		t.Fatalf("%s: %d inputs and %d outputs, want %d and %d", got.ID, len(got.Inputs), len(got.Outputs), len(want.TxIn), len(want.TxOut))
	}
	for i, in := range want.TxIn {
		have := got.Inputs[i]
		if have.Prevout.String() != in.PreviousOutPoint.String() || have.Sequence != in.Sequence {
			t.Fatalf("%s input %d: %s %d, want %s %d", got.ID, i, have.Prevout, have.Sequence, in.PreviousOutPoint, in.Sequence)
		}
		null := in.PreviousOutPoint.Hash == chainhash.Hash{} && in.PreviousOutPoint.Index == wire.MaxPrevOutIndex
		if have.Coinbase() != null {
			t.Fatalf("%s input %d: coinbase %v", got.ID, i, have.Coinbase())
		}
	}
	for i, out := range want.TxOut {
		have := got.Outputs[i]
		if value, _ := have.Value.Int64(); value != out.Value || !bytes.Equal(have.Script, out.PkScript) {
			t.Fatalf("%s output %d differs", got.ID, i)
		}
	}
}

func TestDecodeRefusesDamage(t *testing.T) {
	raw := chaintest.EarlyBlocks(t)[170] // two transactions
	damage := map[string]func([]byte) []byte{
		"empty":           func([]byte) []byte { return nil },
		"header only":     func(b []byte) []byte { return b[:80] },
		"last byte gone":  func(b []byte) []byte { return b[:len(b)-1] },
		"one byte more":   func(b []byte) []byte { return append(b, 0) },
		"a value changed": func(b []byte) []byte { b[len(b)-100] ^= 1; return b },
		"no transactions": func(b []byte) []byte { return append(b[:80], 0) },
		"count too large": func(b []byte) []byte { return append(b[:80], 0xff, 255, 255, 255, 255, 255, 255, 255, 255) },
	}
	for name, change := range damage {
		if _, err := bitcoin.DecodeBlock(change(bytes.Clone(raw))); !errors.Is(err, chains.ErrCorrupt) {
			t.Errorf("%s: error %v, want ErrCorrupt", name, err)
		}
	}
}

// TestDecodeRefusesDoubledSiblings repeats the last of three transactions, which
// leaves the merkle root as it was (CVE-2012-2459).
func TestDecodeRefusesDoubledSiblings(t *testing.T) {
	for _, raw := range chaintest.EarlyBlocks(t) {
		block, err := bitcoin.DecodeBlock(raw)
		if err != nil {
			t.Fatal(err)
		}
		if len(block.Txs) != 3 {
			continue
		}
		var last wire.MsgBlock
		if err := last.Deserialize(bytes.NewReader(raw)); err != nil {
			t.Fatal(err)
		}
		var tail bytes.Buffer
		if err := last.Transactions[2].Serialize(&tail); err != nil {
			t.Fatal(err)
		}
		doubled := append(bytes.Clone(raw), tail.Bytes()...)
		doubled[80] = 4
		if _, err := bitcoin.DecodeBlock(doubled); !errors.Is(err, chains.ErrCorrupt) {
			t.Errorf("error %v, want ErrCorrupt", err)
		}
		return
	}
	t.Fatal("no block of three transactions at hand")
}

func FuzzDecodeBlock(f *testing.F) {
	for _, raw := range chaintest.EarlyBlocks(f)[168:172] {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, err := bitcoin.DecodeBlock(raw)
		if err != nil {
			if !errors.Is(err, chains.ErrCorrupt) {
				t.Fatalf("error %v does not wrap ErrCorrupt", err)
			}
			return
		}
		var want wire.MsgBlock
		if err := want.Deserialize(bytes.NewReader(raw)); err == nil {
			compareBlocks(t, got, &want)
		}
	})
}

func FuzzDecodeTx(f *testing.F) {
	for _, raw := range chaintest.EarlyBlocks(f)[168:172] {
		f.Add(raw[81:])
	}
	segwit := []byte{2, 0, 0, 0, 0, 1, 1}
	segwit = append(segwit, make([]byte, 32)...)
	f.Add(append(segwit, 0, 0, 0, 0, 0, 255, 255, 255, 255, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 7, 0, 0, 0, 0))
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, err := bitcoin.DecodeTx(raw)
		if err != nil {
			if !errors.Is(err, chains.ErrCorrupt) {
				t.Fatalf("error %v does not wrap ErrCorrupt", err)
			}
			return
		}
		var want wire.MsgTx
		if err := want.Deserialize(bytes.NewReader(raw)); err == nil {
			compareTxs(t, got, &want)
		}
	})
}
