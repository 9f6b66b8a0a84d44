package index_test

import (
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"pgregory.net/rapid"

	"tsuiseki/chains"
	"tsuiseki/chains/index"
	"tsuiseki/fixtures"
)

// accounts is an index of accounts, made in one or several Syncs.
type accounts struct {
	*index.Accounts
	fs vfs.FS
}

func openAccounts(t runningTest, batchBytes int) accounts {
	t.Helper()
	fs := vfs.NewMem()
	x, err := index.OpenAccounts(index.Options{Dir: "index", Chain: chains.Ethereum, FS: fs, BatchBytes: batchBytes})
	if err != nil {
		t.Fatal(err)
	}
	return accounts{x, fs}
}

func (x accounts) sync(t runningTest, src chains.AccountSource, to uint64) index.Result {
	t.Helper()
	result, err := x.Sync(t.Context(), src, index.SyncOptions{To: &to})
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// rows closes the index and reads all of it.
func (x accounts) rows(t runningTest) map[string]string {
	t.Helper()
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	return dump(t, "index", x.fs)
}

func (x accounts) view(t runningTest, asOf *uint64) *index.AccountView {
	t.Helper()
	v, err := x.View(t.Context(), asOf)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func tipOf(c *fixtures.AccountChain) uint64 { return c.Held[len(c.Held)-1].Height }

// TestAccountsReorgEqualsFresh is the law Reorg, for blocks with gaps and holes:
// an index that followed one branch, bit by bit, and was then shown another holds
// the same rows as one made from that at once, whatever the batches.
func TestAccountsReorgEqualsFresh(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := drawFrom(t)
		old := fixtures.NewAccountChain(uint64(draw("start", 0, 2)) * 1000)
		old.Extend(draw, draw("blocks", 2, 10))
		shared := draw("shared", 1, len(old.Held)-1)
		best := old.Fork(shared)
		best.Whole = true // a node replaces every block above the fork
		best.Extend(draw, int(tipOf(old)-tipOf(best))+draw("longer by", 0, 2))
		best.Whole = false
		best.Extend(draw, draw("more", 0, 2))
		old.Finality, best.Finality = draw("finality", -1, 3), draw("finality", -1, 3)

		grown := openAccounts(t, draw("batch bytes", 1, 6000))
		for to := old.Held[0].Height; to < tipOf(old); {
			to = uint64(draw("to", int(to)+1, int(tipOf(old))))
			grown.sync(t, old, to)
		}
		result := grown.sync(t, best, tipOf(best))
		if want := uint64(len(old.Held) - shared); result.Undone != want {
			t.Fatalf("%d blocks undone, want %d", result.Undone, want)
		}
		fresh := openAccounts(t, 0)
		fresh.sync(t, best, tipOf(best))
		sameRows(t, grown.rows(t), fresh.rows(t))
	})
}

// TestAccountsCutEqualsFresh: cut at a height, an index is as one that was never
// made beyond it, and becomes whole again.
func TestAccountsCutEqualsFresh(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := drawFrom(t)
		c := fixtures.NewAccountChain(40)
		c.Extend(draw, draw("blocks", 1, 10))
		above := uint64(draw("above", 40, int(tipOf(c))))
		cut, fresh, again := openAccounts(t, 0), openAccounts(t, 0), openAccounts(t, 0)
		for _, x := range []accounts{cut, again} {
			x.sync(t, c, tipOf(c))
			if _, err := x.Cut(t.Context(), above); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := cut.Cut(t.Context(), 39); err == nil {
			t.Fatal("all of an index was cut")
		}
		fresh.sync(t, c, above)
		sameRows(t, cut.rows(t), fresh.rows(t))
		again.sync(t, c, tipOf(c))
		whole := openAccounts(t, 0)
		whole.sync(t, c, tipOf(c))
		sameRows(t, again.rows(t), whole.rows(t))
	})
}

// TestAccountsUndoesOnlyWhatIsReplaced: neither a source that is behind, nor one
// that has other heights, nor one that tells no hashes undoes anything.
func TestAccountsUndoesOnlyWhatIsReplaced(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := drawFrom(t)
		c := fixtures.NewAccountChain(100)
		c.Extend(draw, draw("blocks", 2, 8))
		x := openAccounts(t, 0)
		x.sync(t, c, tipOf(c))
		behind := c.Fork(draw("held", 1, len(c.Held)-1))
		if result := x.sync(t, behind, tipOf(c)); result != (index.Result{SourceTip: behind.Held[len(behind.Held)-1].BlockRef, Behind: true}) {
			t.Fatalf("a source that is behind: %+v", result)
		}
		sparse := c.Fork(len(c.Held))
		sparse.Held = slices.DeleteFunc(sparse.Held, func(*chains.Block) bool { return draw("left out", 0, 1) == 1 })
		later := fixtures.NewAccountChain(tipOf(c) + 5)
		later.Extend(draw, 2)
		mute := c.Fork(len(c.Held))
		mute.Untold = true
		for _, src := range []*fixtures.AccountChain{sparse, later, mute} {
			if len(src.Held) == 0 {
				continue
			}
			if result, err := x.Sync(t.Context(), src, index.SyncOptions{}); err != nil || result.Undone > 0 || (src != later && result.Added > 0) || (src == later && result.Added != 3) {
				t.Fatalf("%+v, %v", result, err)
			}
		}
		if err := x.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestAccountsWithoutHashes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := drawFrom(t)
		c := fixtures.NewAccountChain(7)
		c.Extend(draw, 6)
		c.Untold = true
		grown, fresh := openAccounts(t, 1), openAccounts(t, 0)
		grown.sync(t, c, 10)
		grown.sync(t, c, tipOf(c))
		fresh.sync(t, c, tipOf(c))
		sameRows(t, grown.rows(t), fresh.rows(t))
	})
}

// TestAccountsRefusesMixedSources: a source that has what the index lacks is not
// mixed in unasked.
func TestAccountsRefusesMixedSources(t *testing.T) {
	block := func(height uint64, gaps ...chains.Part) *chains.Block {
		b := &chains.Block{Header: chains.Header{BlockRef: chains.BlockRef{Height: height}}}
		for _, part := range gaps {
			b.Gaps = append(b.Gaps, chains.Gap{Part: part, Reason: "not in the files"})
		}
		return b
	}
	source := func(blocks ...*chains.Block) *fixtures.AccountChain {
		return &fixtures.AccountChain{Held: blocks, Finality: -1}
	}
	x := openAccounts(t, 0)
	defer x.Close()
	lacking := source(block(1), block(2, chains.PartInternal), block(5))
	x.sync(t, lacking, 5)
	for what, src := range map[string]*fixtures.AccountChain{
		"internal at height 2": source(block(1), block(2), block(5), block(6)),
		"blocks at height 4":   source(block(1), block(2, chains.PartInternal), block(4, chains.PartInternal), block(5), block(6)),
	} {
		_, err := x.Sync(t.Context(), src, index.SyncOptions{})
		if mixed, is := errors.AsType[*index.MixedError](err); !is || !strings.Contains(err.Error(), what) || mixed.Chain != x.Chain() {
			t.Errorf("%s: %v", what, err)
		}
		before := x.view(t, nil).Snapshot()
		if before.Height != 5 {
			t.Errorf("the tip is %s", before.BlockRef)
		}
	}
	lacking.Held = append(lacking.Held, block(6, chains.PartInternal))
	x.sync(t, lacking, 6) // the source that it was made from may go on
	full := source(block(1), block(2), block(5), block(6), block(7))
	if result, err := x.Sync(t.Context(), full, index.SyncOptions{Mixed: true}); err != nil || result.Added != 1 {
		t.Errorf("mixed on demand: %+v, %v", result, err)
	}
	// Close enough to the tip, what is lacking is read anew: first block 6, then block 2.
	if _, err := x.Sync(t.Context(), full, index.SyncOptions{Heal: 1}); err == nil {
		t.Error("block 6 is one below the tip, and was read anew within none")
	}
	if result, err := x.Sync(t.Context(), full, index.SyncOptions{Heal: 6}); err != nil || result.Reread == 0 || result.Undone > 0 {
		t.Errorf("healed: %+v, %v", result, err)
	}
	if status, err := x.Status(t.Context()); err != nil || status.Tip.Height != 7 || slices.ContainsFunc(status.Missing, func(m index.MissingPart) bool {
		return m.Part == chains.PartInternal && m.Newest[0].From < 3 && m.Newest[0].To < 3
	}) {
		t.Errorf("after healing: %+v, %v", status, err)
	}
}

func TestAccountsRefusesFacts(t *testing.T) {
	account, token := fixtures.AccountNames()[2], fixtures.TokenNames()[0]
	wide := chains.BigAmount(new(big.Int).Lsh(big.NewInt(1), 256))
	transfer := func(from, to chains.Address, asset chains.Asset, amount chains.Amount) chains.Block {
		return chains.Block{Txs: []chains.Tx{{Transfers: []chains.Transfer{{Kind: chains.TokenTransfer, From: from, To: to, Asset: asset, Amount: amount}}}}}
	}
	for what, block := range map[string]chains.Block{
		"want 0x and 40 hexadecimal digits":  transfer("0x12", account, token, chains.Amount{}),
		`address "bc1q"`:                     {Txs: []chains.Tx{{From: "bc1q"}}},
		"the address of a token's contract":  transfer(account, account, "WETH", chains.Amount{}),
		"0x0000000000000000":                 transfer(account, account, chains.Asset(chains.ZeroAddress), chains.Amount{}),
		"is out of range":                    transfer(account, account, token, wide),
		"amount -1":                          transfer(account, account, token, chains.NewAmount(-1)),
		`kind "gift"`:                        {System: []chains.Transfer{{Kind: "gift"}}},
		`a gap in "weather"`:                 {Gaps: []chains.Gap{{Part: "weather"}}},
		"is not in order":                    {Txs: []chains.Tx{{Index: 1}, {Index: 1}}},
		"ETH is no token":                    {Freezes: []chains.Freeze{{Asset: "ETH", Account: account}}},
		"beyond what the index can hold":     {Txs: []chains.Tx{{Index: 1 << 24}}},
		"position 4294967296:0 is beyond wh": {Header: chains.Header{BlockRef: chains.BlockRef{Height: 1 << 32}}},
	} {
		x := openAccounts(t, 0)
		_, err := x.Sync(t.Context(), &fixtures.AccountChain{Held: []*chains.Block{&block}, Finality: -1}, index.SyncOptions{})
		if err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("want %q: %v", what, err)
		}
		if len(x.rows(t)) != 4 {
			t.Errorf("%q left rows behind", what)
		}
	}
}

func TestOpenAccountsRefuses(t *testing.T) {
	fs, network := vfs.NewMem(), mainNetwork(t)
	open := func(chain chains.Chain, native chains.Asset) error {
		x, err := index.OpenAccounts(index.Options{Dir: "index", Chain: chain, Native: native, FS: fs})
		if err != nil {
			return err
		}
		return x.Close()
	}
	if err := open("ethereum", ""); err != nil {
		t.Fatal(err)
	}
	if err := open("ethereum", "ETH"); err != nil {
		t.Errorf("again: %v", err)
	}
	_, err := index.Open(index.Options{Dir: "index", Chain: "ethereum", Scripts: network, FS: fs})
	for what, err := range map[string]error{
		"is of chain ethereum, not ethereum-137":     open("ethereum-137", ""),
		`counts native amounts in "ETH", not "POL"`:  open("ethereum", "POL"),
		"is one of accounts, not of outputs":         err,
		"has format 1, this program reads format 2":  damaged(t, fs, open),
		"is one of outputs, not of accounts: it was": ofOutputs(t),
	} {
		if err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("want %q: %v", what, err)
		}
	}
}

func damaged(t *testing.T, fs *vfs.MemFS, open func(chains.Chain, chains.Asset) error) error {
	copied := vfs.NewMem()
	if _, err := vfs.Clone(fs, copied, "index", "index"); err != nil {
		t.Fatal(err)
	}
	setRows(t, fs, map[string]string{"Mformat": "\x01"})
	err := open("ethereum", "")
	setRows(t, fs, map[string]string{"Mformat": "\x02"})
	return err
}

func ofOutputs(t *testing.T) error {
	fs, network := vfs.NewMem(), mainNetwork(t)
	if err := openIndex(t, *network, fs).Close(); err != nil {
		t.Fatal(err)
	}
	_, err := index.OpenAccounts(index.Options{Dir: "index", Chain: "bitcoin", FS: fs})
	return err
}

// TestAccountsStatus names what is missing, and cuts long lists.
func TestAccountsStatus(t *testing.T) {
	c := fixtures.NewAccountChain(10)
	c.Finality = 1
	for height := uint64(12); height <= 120; height += 2 {
		b := &chains.Block{Header: chains.Header{BlockRef: chains.BlockRef{Height: height, Hash: chains.BlockHash{byte(height)}}}}
		b.Gaps = []chains.Gap{{Part: chains.PartInternal, Reason: "the files have no traces"}}
		c.Held = append(c.Held, b)
	}
	x := openAccounts(t, 0)
	defer x.Close()
	if s, err := x.Status(t.Context()); err != nil || !s.Empty {
		t.Errorf("%+v, %v", s, err)
	}
	x.sync(t, c, 120)
	s, err := x.Status(t.Context())
	if err != nil || s.From != 10 || s.Tip.Height != 120 || s.Final.Height != 118 || s.Blocks != 56 || len(s.Missing) != 7 {
		t.Fatalf("%+v, %v", s, err)
	}
	var lines []string
	for _, m := range s.Missing {
		if m.Part == chains.PartInternal || m.Part == index.PartBlocks {
			lines = append(lines, fmt.Sprintf("%s %d %d %d %v", m.Part, m.Blocks, m.Ranges, len(m.Newest), m.Newest[len(m.Newest)-1]))
		}
	}
	if want := []string{"internal 55 1 1 {11 120}", "blocks 55 55 20 {119 119}"}; !slices.Equal(lines, want) {
		t.Errorf("%q, want %q", lines, want)
	}
}

// TestAccountsStoreAddressesOnce: a record grows by few bytes with each transfer
// between the same accounts, and marks do with blocks, not with transfers.
func TestAccountsStoreAddressesOnce(t *testing.T) {
	token, names := fixtures.TokenNames()[0], fixtures.AccountNames()
	tx := chains.Tx{From: names[2], To: chains.Address(token)}
	for i := range uint32(100) {
		tx.Transfers = append(tx.Transfers, chains.Transfer{Kind: chains.TokenTransfer, Index: i, From: names[2], To: names[3], Asset: token, Amount: chains.NewAmount(300)})
	}
	again := tx
	again.Index = 1
	x := openAccounts(t, 0)
	x.sync(t, &fixtures.AccountChain{Held: []*chains.Block{{Txs: []chains.Tx{tx, again}}}, Finality: -1}, 0)
	rows := x.rows(t)
	if size, most := len(rows["T 00000000000000"])/2, 32+3*20+10+100*8; size == 0 || size > most {
		t.Errorf("the record has %d bytes, want at most %d", size, most)
	}
	marks := 0
	for key := range rows {
		if key[0] == 'K' {
			marks++
		}
	}
	if marks != 2 { // it is a token, and it was called
		t.Errorf("%d marks of one contract in one block", marks)
	}
}
