package index_test

import (
	"errors"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"tsuiseki/chains"
	"tsuiseki/chains/bitcoin"
	"tsuiseki/chains/chaintest"
	"tsuiseki/chains/index"
)

func openFiles(tb testing.TB, path string) *bitcoin.Files {
	tb.Helper()
	src, err := bitcoin.OpenFiles(tb.Context(), bitcoin.FilesConfig{Path: path})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { src.Close() })
	return src
}

func mainNetwork(tb testing.TB) *bitcoin.Network {
	tb.Helper()
	n, err := bitcoin.NetworkByName("main")
	if err != nil {
		tb.Fatal(err)
	}
	return &n
}

// openIndex opens an index in a file system; the caller closes it.
func openIndex(tb testing.TB, network bitcoin.Network, fs vfs.FS) *index.Index {
	tb.Helper()
	x, err := index.Open(index.Options{Dir: "index", Chain: network.Chain(), Scripts: &network, FS: fs})
	if err != nil {
		tb.Fatal(err)
	}
	return x
}

// newIndex is an index in memory that lasts as long as the test.
func newIndex(tb testing.TB, network bitcoin.Network) *index.Index {
	tb.Helper()
	x := openIndex(tb, network, vfs.NewMem())
	tb.Cleanup(func() { x.Close() })
	return x
}

func sync(tb testing.TB, x *index.Index, src chains.UTXOSource, opt index.SyncOptions) index.Result {
	tb.Helper()
	result, err := x.Sync(tb.Context(), src, opt)
	if err != nil {
		tb.Fatal(err)
	}
	return result
}

func view(tb testing.TB, x *index.Index, asOf *uint64) *index.View {
	tb.Helper()
	v, err := x.View(tb.Context(), asOf)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { v.Close() })
	return v
}

// TestEarlyChain indexes the real chain's first blocks and resolves every spend.
func TestEarlyChain(t *testing.T) {
	src := openFiles(t, chaintest.EarlyChain(t))
	x := newIndex(t, src.Network())
	sync(t, x, src, index.SyncOptions{})
	status, err := x.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if status.From != 0 || status.Tip.Height != 14131 || status.Txs != 14247 || status.Spends != 865 || status.MissingPrevouts != 0 {
		t.Errorf("status %+v", status)
	}
	v := view(t, x, nil)
	spends := 0
	for height := range uint64(14132) {
		for block, err := range src.Blocks(t.Context(), height, height) {
			if err != nil {
				t.Fatal(err)
			}
			for i := range block.Txs {
				spends += resolveInputs(t, v, &block.Txs[i])
			}
		}
	}
	if spends != 865 {
		t.Errorf("%d spends resolve, want 865", spends)
	}
}

// resolveInputs checks that each prevout is found, and that it names this spender.
func resolveInputs(t *testing.T, v *index.View, want *chains.Tx) (spends int) {
	t.Helper()
	got, err := v.TxAt(want.Position())
	if err != nil || got.ID != want.ID || len(got.Inputs) != len(want.Inputs) || len(got.Outputs) != len(want.Outputs) {
		t.Fatalf("transaction %s: %v", want.ID, err)
	}
	for n, in := range got.Inputs {
		if in.Coinbase() {
			continue
		}
		if in.Spent == nil {
			t.Fatalf("%s input %d: its prevout is unknown", got.ID, n)
		}
		spend, err := v.SpendOf(in.Prevout)
		if err != nil || spend.State != chains.SpentConfirmed || spend.By != got.ID || int(spend.Input) != n || spend.At != got.Position() {
			t.Fatalf("%s: spend %+v, %v; want input %d of %s", in.Prevout, spend, err, n, got.ID)
		}
		spends++
	}
	return spends
}

func TestSpendStates(t *testing.T) {
	src := openFiles(t, chaintest.EarlyChain(t))
	x := newIndex(t, src.Network())
	sync(t, x, src, index.SyncOptions{From: 9})
	first, err := chains.ParseTxID("0437cd7f8525ceed2324359c2d0ba26006d92d856a9c20fa0241106ee5a597c9")
	if err != nil {
		t.Fatal(err)
	}
	// Block 170 holds the first spend of all.
	for _, c := range []struct {
		outpoint chains.Outpoint
		asOf     uint64
		want     chains.SpendState
	}{
		{chains.Outpoint{Tx: first}, 14131, chains.SpentConfirmed},
		{chains.Outpoint{Tx: first}, 170, chains.SpentConfirmed},
		{chains.Outpoint{Tx: first}, 169, chains.Unspent},
		{chains.Outpoint{Tx: first, Index: 1}, 170, chains.NotFound},
		{chains.Outpoint{Tx: chains.TxID{1}}, 170, chains.Unknown}, // it may lie below height 9
	} {
		v := view(t, x, &c.asOf)
		spend, err := v.SpendOf(c.outpoint)
		if err != nil || spend.State != c.want || spend.AsOf != v.Snapshot().BlockRef {
			t.Errorf("%s as of %d: %+v, %v; want %s", c.outpoint, c.asOf, spend, err, c.want)
		}
	}
	whole := newIndex(t, src.Network())
	sync(t, whole, src, index.SyncOptions{})
	if spend, err := view(t, whole, nil).SpendOf(chains.Outpoint{Tx: chains.TxID{1}}); err != nil || spend.State != chains.NotFound {
		t.Errorf("an unknown transaction on a whole index: %+v, %v; want not-found", spend, err)
	}
}

func TestHistoryOfARealAddress(t *testing.T) {
	src := openFiles(t, chaintest.EarlyChain(t))
	x := newIndex(t, src.Network())
	sync(t, x, src, index.SyncOptions{})
	n := src.Network()
	address, key, err := n.AddressKey("12cbQLTFMXRnSzktFkuoG3eHoMeFtpTu3S")
	if err != nil {
		t.Fatal(err)
	}
	balance, appearances := chains.Amount{}, 0
	var last chains.Position
	for a, err := range view(t, x, nil).History(address, key) {
		if err != nil {
			t.Fatal(err)
		}
		if a.Tx.Position().Compare(last) < 0 {
			t.Errorf("%s comes after %s", a.Tx.Position(), last)
		}
		last = a.Tx.Position()
		appearances++
		if a.Input {
			balance = balance.Sub(a.Value)
		} else {
			balance = balance.Add(a.Value)
		}
	}
	if appearances != 11 || balance.String() != "1800000000" {
		t.Errorf("%d appearances, balance %s", appearances, balance)
	}
}

func TestViewRefusesHeightsOutsideTheRange(t *testing.T) {
	src := openFiles(t, chaintest.EarlyChain(t))
	x := newIndex(t, src.Network())
	if _, err := x.View(t.Context(), nil); !errors.Is(err, index.ErrEmpty) {
		t.Errorf("view of an empty index: %v", err)
	}
	to := uint64(100)
	sync(t, x, src, index.SyncOptions{From: 50, To: &to})
	for _, asOf := range []uint64{0, 49, 101} {
		if _, err := x.View(t.Context(), &asOf); !errors.Is(err, chains.ErrNotFound) {
			t.Errorf("as of %d: %v", asOf, err)
		}
	}
}
