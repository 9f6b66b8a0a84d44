package bitcoin_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"pgregory.net/rapid"

	"tsuiseki/chains"
	"tsuiseki/chains/bitcoin"
	"tsuiseki/chains/chaintest"
	"tsuiseki/fixtures"
)

func openFolder(tb testing.TB, dir string) *bitcoin.Files {
	tb.Helper()
	src, err := bitcoin.OpenFiles(tb.Context(), bitcoin.FilesConfig{Path: dir})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { src.Close() })
	return src
}

func randomChain(t *rapid.T, blocks int) *fixtures.Chain {
	c := fixtures.NewChain()
	c.Extend(drawFrom(t), blocks)
	return c
}

func drawFrom(t *rapid.T) fixtures.Draw {
	return func(label string, lo, hi int) int { return rapid.IntRange(lo, hi).Draw(t, label) }
}

// TestFilesAsBitcoindWritesThem: whatever the order of the records, the number of
// files, the key, the padding, a torn record or shorter branches, the folder
// yields the chain with the most work.
func TestFilesAsBitcoindWritesThem(t *testing.T) {
	top, folders := t.TempDir(), 0
	rapid.Check(t, func(rt *rapid.T) {
		draw := drawFrom(rt)
		short := randomChain(rt, draw("short branch", 3, 8))
		best := short.Fork(draw("fork", 0, short.Height()))
		best.Extend(draw, 1+short.Height()-best.Height()+draw("more", 0, 5))

		records := best.Blocks()[1:]
		for _, stale := range short.Blocks()[1:] {
			if !slices.Contains(records, stale) {
				records = append(records, stale)
			}
		}
		records = rapid.Permutation(records).Draw(rt, "order")
		records = append([]*wire.MsgBlock{best.Blocks()[0]}, records...) // bitcoind writes the genesis block first
		options := fixtures.BlkOptions{
			PerFile:          draw("per file", 1, 12),
			Padding:          draw("padding", 0, 100),
			ObfuscatePadding: draw("obfuscate padding", 0, 1) == 1,
			Torn:             draw("torn", 0, 1) == 1,
		}
		if draw("xor", 0, 1) == 1 {
			options.Key = [8]byte{0x5a, 0, 0xff, 4, 5, 6, 7, 8}
		}
		folders++
		dir := filepath.Join(top, strconv.Itoa(folders))
		if err := os.Mkdir(dir, 0o700); err != nil {
			rt.Fatal(err)
		}
		if err := fixtures.WriteBlkFiles(dir, records, options); err != nil {
			rt.Fatal(err)
		}
		sameChain(rt, dir, best.Blocks())
	})
}

// sameChain checks that a folder yields just these blocks, from height 0.
func sameChain(t *rapid.T, dir string, want []*wire.MsgBlock) {
	src, err := bitcoin.OpenFiles(t.Context(), bitcoin.FilesConfig{Path: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	tip, err := src.Tip(t.Context())
	if err != nil || tip.Height != uint64(len(want)-1) || src.Chain() != "bitcoin-regtest" {
		t.Fatalf("tip %s on %s, want height %d (%v)", tip, src.Chain(), len(want)-1, err)
	}
	height := 0
	for block, err := range src.Blocks(t.Context(), 0, tip.Height) {
		if err != nil {
			t.Fatal(err)
		}
		if block.Hash.String() != want[height].BlockHash().String() || len(block.Txs) != len(want[height].Transactions) {
			t.Fatalf("block %s with %d transactions, want %s with %d", block.BlockRef, len(block.Txs), want[height].BlockHash(), len(want[height].Transactions))
		}
		height++
	}
}

func TestFilesConform(t *testing.T) {
	chaintest.TestSource(t, openFolder(t, chaintest.EarlyChain(t)), 0)
}

// writeChain mines empty blocks and writes those from a height on.
func writeChain(t *testing.T, height, from int) (dir string, c *fixtures.Chain) {
	t.Helper()
	c, dir = fixtures.NewChain(), t.TempDir()
	for range height {
		c.Mine(c.Coinbase(wire.NewTxOut(5_000_000_000, fixtures.Script("p2wpkh", 1))))
	}
	if err := fixtures.WriteBlkFiles(dir, c.Blocks()[from:], fixtures.BlkOptions{}); err != nil {
		t.Fatal(err)
	}
	return dir, c
}

// TestPrunedFolder: without the genesis block, the first coinbase states the height.
func TestPrunedFolder(t *testing.T) {
	dir, _ := writeChain(t, 300, 200)
	src := openFolder(t, dir)
	if src.First() != 200 {
		t.Errorf("first height %d, want 200", src.First())
	}
	chaintest.TestSource(t, src, 200)
	if _, err := src.BlockHash(t.Context(), 199); !errors.Is(err, chains.ErrNotFound) {
		t.Errorf("below the range: %v", err)
	}
}

func TestFilesRefuse(t *testing.T) {
	good, c := writeChain(t, 3, 0)
	raw, err := os.ReadFile(filepath.Join(good, "blk00000.dat"))
	if err != nil {
		t.Fatal(err)
	}
	tip := c.Blocks()[3]
	damaged := bytes.Clone(raw)
	damaged[len(raw)-30]++ // in the last block's coinbase
	for _, refused := range []struct {
		name, want string
		files      map[string][]byte
		network    string
		is         error
	}{
		{"an empty folder", "blk*.dat", nil, "", nil},
		{"an empty file", "holds no block", map[string][]byte{"blk00000.dat": nil}, "", nil},
		{"something else", "xor.dat", map[string][]byte{"blk00000.dat": bytes.Repeat([]byte("text"), 100)}, "", nil},
		{"a short key", "xor.dat", map[string][]byte{"blk00000.dat": raw, "xor.dat": {1, 2}}, "", nil},
		{"another network", "regtest", map[string][]byte{"blk00000.dat": raw}, "main", nil},
		{"a damaged block", tip.Header.MerkleRoot.String(), map[string][]byte{"blk00000.dat": damaged}, "", chains.ErrCorrupt},
	} {
		t.Run(refused.name, func(t *testing.T) {
			dir := t.TempDir()
			for name, content := range refused.files {
				if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			err := readAll(t, bitcoin.FilesConfig{Path: dir, Network: refused.network})
			if err == nil || (refused.is != nil && !errors.Is(err, refused.is)) {
				t.Fatalf("error %v, want %v", err, refused.is)
			}
			if refused.is == nil && !strings.Contains(err.Error(), refused.want) {
				t.Errorf("error %q does not mention %q", err, refused.want)
			}
		})
	}
}

// readAll reads every block of a folder.
func readAll(tb testing.TB, cfg bitcoin.FilesConfig) error {
	src, err := bitcoin.OpenFiles(tb.Context(), cfg)
	if err != nil {
		return err
	}
	defer src.Close()
	tip, err := src.Tip(tb.Context())
	if err != nil {
		return err
	}
	for _, err := range src.Blocks(tb.Context(), src.First(), tip.Height) {
		if err != nil {
			return err
		}
	}
	return nil
}

// FuzzBlkFraming: no bytes in a block file make the reader fail other than by
// error, and what it yields is a chain.
func FuzzBlkFraming(f *testing.F) {
	c := fixtures.NewChain()
	c.Mine(c.Coinbase(wire.NewTxOut(50, fixtures.Script("p2tr", 1))))
	var file []byte
	for _, block := range c.Blocks() {
		raw, err := btcutil.NewBlock(block).Bytes()
		if err != nil {
			f.Fatal(err)
		}
		file = binary.LittleEndian.AppendUint32(file, uint32(chaincfg.RegressionNetParams.Net))
		file = binary.LittleEndian.AppendUint32(file, uint32(len(raw)))
		file = append(file, raw...)
	}
	f.Add(file, []byte{})
	f.Add(append(bytes.Clone(file), make([]byte, 50)...), make([]byte, 8))
	f.Add(append(file[:300:300], file...), []byte("\x00\x00\x00\x00\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, content, key []byte) {
		dir := t.TempDir()
		if len(key) > 0 {
			if err := os.WriteFile(filepath.Join(dir, "xor.dat"), key, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile(filepath.Join(dir, "blk00000.dat"), content, 0o600); err != nil {
			t.Fatal(err)
		}
		_ = readAll(t, bitcoin.FilesConfig{Path: dir}) // an error is an answer
	})
}
