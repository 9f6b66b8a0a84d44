package index_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"tsuiseki/chains"
	"tsuiseki/chains/chaintest"
	"tsuiseki/chains/index"
)

func TestOpenRefuses(t *testing.T) {
	network := mainNetwork(t)
	fs := vfs.NewMem()
	open := func(chain chains.Chain) error {
		x, err := index.Open(index.Options{Dir: "index", Chain: chain, Scripts: network, FS: fs})
		if err != nil {
			return err
		}
		return x.Close()
	}
	if err := open("bitcoin"); err != nil {
		t.Fatal(err)
	}
	if err := open("bitcoin-signet"); err == nil || !strings.Contains(err.Error(), "is of chain bitcoin, not bitcoin-signet") {
		t.Errorf("another chain: %v", err)
	}
	setRows(t, fs, map[string]string{"Mformat": "\x02"})
	if err := open("bitcoin"); err == nil || !strings.Contains(err.Error(), "has format 2, this program reads format 1") {
		t.Errorf("another format: %v", err)
	}
}

func TestOpenInUse(t *testing.T) {
	opt := index.Options{Dir: t.TempDir(), Chain: "bitcoin", Scripts: mainNetwork(t)}
	x, err := index.Open(opt)
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	if _, err := index.Open(opt); !errors.Is(err, index.ErrInUse) {
		t.Errorf("opened twice: %v", err)
	}
}

// setRows writes rows into a closed index behind its back.
func setRows(tb testing.TB, fs vfs.FS, rows map[string]string) {
	tb.Helper()
	db, err := pebble.Open("index", &pebble.Options{FS: fs, Logger: quiet{}, FormatMajorVersion: pebble.FormatNewest})
	if err != nil {
		tb.Fatal(err)
	}
	for key, value := range rows {
		if err := db.Set([]byte(key), []byte(value), pebble.Sync); err != nil {
			tb.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		tb.Fatal(err)
	}
}

// FuzzDamagedIndex writes arbitrary rows into an index. Reading it may fail, but
// neither panics nor runs without end.
func FuzzDamagedIndex(f *testing.F) {
	src := openFiles(f, chaintest.EarlyChain(f))
	whole := vfs.NewMem()
	x := openIndex(f, src.Network(), whole)
	from, to := uint64(100), uint64(180) // height 170 spends from before
	sync(f, x, src, index.SyncOptions{From: from, To: &to})
	if err := x.Close(); err != nil {
		f.Fatal(err)
	}
	f.Add("B\x00\x00\x00\xaa", "")
	f.Add("T\x00\x00\x00\xaa\x00\x00\x01", "\x01\x02\x03")
	f.Add("I", "")
	f.Add("H\x00\x00", "\xff")
	f.Fuzz(func(t *testing.T, key, value string) {
		if key == "" || key[0] == 'M' {
			return // not a row of facts
		}
		fs := vfs.NewMem()
		if ok, err := vfs.Clone(whole, fs, "index", "index"); err != nil || !ok {
			t.Fatal(err)
		}
		setRows(t, fs, map[string]string{key: value})
		x := openIndex(t, src.Network(), fs)
		defer x.Close()
		_ = readEverything(t, x) // an error is an answer
	})
}

// readEverything walks all blocks, transactions, spends and histories.
func readEverything(t *testing.T, x *index.Index) error {
	v, err := x.View(t.Context(), nil)
	if err != nil {
		return err
	}
	defer v.Close()
	network := mainNetwork(t)
	for height := uint64(100); height <= min(v.Snapshot().Height, 180); height++ {
		header, txs, err := v.BlockAt(height)
		if err != nil {
			return err
		}
		if _, _, err := v.BlockByHash(header.Hash); err != nil {
			return err
		}
		for i := range min(txs, 3) {
			tx, err := v.TxAt(chains.Position{Height: height, Tx: uint32(i)})
			if err != nil {
				return err
			}
			for n := range tx.Outputs {
				if _, err := v.Spend(tx, uint32(n)); err != nil {
					return err
				}
				address, _ := v.Describe(tx.Outputs[n].Script)
				for _, err := range v.History(address, network.Key(tx.Outputs[n].Script)) {
					if err != nil {
						return err
					}
				}
			}
		}
	}
	return nil
}
