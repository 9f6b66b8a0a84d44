package index_test

import (
	"context"
	"errors"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"tsuiseki/chains"
	"tsuiseki/chains/index"
	"tsuiseki/fixtures"
)

// FuzzDamagedAccounts writes arbitrary rows into an index of accounts. Reading it
// and undoing its blocks may fail, but neither panics nor runs without end.
func FuzzDamagedAccounts(f *testing.F) {
	src := seededChain(8)
	other := src.Fork(4)
	other.Whole = true
	other.Extend(func(_ string, lo, _ int) int { return lo }, 20)
	whole := accounts{fs: vfs.NewMem()}
	x, err := index.OpenAccounts(index.Options{Dir: "index", Chain: chains.Ethereum, FS: whole.fs})
	if err != nil {
		f.Fatal(err)
	}
	if _, err := x.Sync(f.Context(), src, index.SyncOptions{}); err != nil {
		f.Fatal(err)
	}
	if err := x.Close(); err != nil {
		f.Fatal(err)
	}
	for key, value := range map[string]string{
		"B\x00\x00\x00\x07": "", "T\x00\x00\x00\x01\x00\x00\x00": "\x01\x02", "A": "", "C\x00": "\xff", "D": "\x00",
		"F\x00": "", "K\x00\x01": "", "I\x00": "", "N": "", "Mfinal": "\x00", "Q\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00": "\xff",
	} {
		f.Add(key, value)
	}
	f.Fuzz(func(t *testing.T, key, value string) {
		if key == "" || key == "Mformat" || key == "Mchain" || key == "Mfamily" || key == "Mnative" {
			return // refused before anything is read
		}
		fs := vfs.NewMem()
		if ok, err := vfs.Clone(whole.fs, fs, "index", "index"); err != nil || !ok {
			t.Fatal(err)
		}
		setRows(t, fs, map[string]string{key: value})
		x, err := index.OpenAccounts(index.Options{Dir: "index", Chain: chains.Ethereum, FS: fs})
		if err != nil {
			t.Fatal(err)
		}
		defer x.Close()
		_ = readAccounts(t.Context(), x) // an error is an answer
		_, _ = x.Sync(t.Context(), other, index.SyncOptions{})
	})
}

// readAccounts asks for everything of everyone, and joins what fails.
func readAccounts(ctx context.Context, x *index.Accounts) error {
	v, err := x.View(ctx, nil)
	if err != nil {
		return err
	}
	defer v.Close()
	_, err = x.Status(ctx)
	for height := range uint64(20) {
		header, places, readErr := v.BlockAt(height)
		_, _, hashErr := v.BlockByHash(header.Hash)
		_, gapsErr := v.Gaps(height)
		err = errors.Join(err, readErr, hashErr, gapsErr)
		for i := range min(places, 8) + 1 {
			_, txErr := v.TxAt(chains.Position{Height: height, Tx: uint32(i)})
			err = errors.Join(err, txErr)
		}
	}
	for _, id := range fixtures.QuotedIDs() {
		_, quoteErr := v.Quoting(id, 0)
		err = errors.Join(err, quoteErr)
	}
	for _, account := range fixtures.AccountNames() {
		for _, e := range v.History(account, chains.Position{}) {
			err = errors.Join(err, e)
		}
		for _, e := range v.Collectibles(account, chains.Position{}) {
			err = errors.Join(err, e)
		}
		_, degreeErr := v.Degree(account, 100)
		_, _, _, contractErr := v.Contract(account)
		err = errors.Join(err, degreeErr, contractErr)
		for _, asset := range append(fixtures.TokenNames(), "ETH") {
			_, _, balanceErr := v.Balance(account, asset, chains.Position{Height: 99})
			_, _, _, frozenErr := v.Frozen(asset, account, chains.Position{Height: 99})
			_, _, tokenErr := v.Token(asset)
			err = errors.Join(err, balanceErr, frozenErr, tokenErr)
		}
	}
	return err
}

// TestAccountsStopsWhenTold: an answer ends once its context is done.
func TestAccountsStopsWhenTold(t *testing.T) {
	x := openAccounts(t, 0)
	defer x.Close()
	src := seededChain(20)
	x.sync(t, src, tipOf(src))
	ctx, cancel := context.WithCancel(t.Context())
	v, err := x.View(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	cancel()
	for _, account := range fixtures.AccountNames() {
		for _, err := range v.History(account, chains.Position{}) {
			if !errors.Is(err, context.Canceled) {
				t.Errorf("history of %s: %v", account, err)
			}
		}
		if _, _, err := v.Balance(account, "ETH", chains.Position{Height: 99}); !errors.Is(err, context.Canceled) {
			t.Errorf("balance of %s: %v", account, err)
		}
	}
	if _, err := v.Missing(chains.PartLogs, 0, 99); !errors.Is(err, context.Canceled) {
		t.Errorf("missing: %v", err)
	}
}
