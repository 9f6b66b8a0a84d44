package main

import (
	"encoding/json"
	"io"
	"iter"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tsuiseki/chains"
	"tsuiseki/chains/index"
	"tsuiseki/fixtures"
	"tsuiseki/tracer/cluster"
)

// heldChain answers the heuristics from whole blocks, by looking through all of them.
type heldChain struct {
	blocks  []*chains.Block
	parties map[chains.Address]cluster.Party
}

func (c heldChain) Snapshot() chains.Snapshot {
	return chains.Snapshot{Chain: chains.Ethereum, From: c.blocks[0].Height, BlockRef: c.blocks[len(c.blocks)-1].BlockRef}
}

func (heldChain) Native() chains.Asset { return "ETH" }

// txs are all transactions; what moved outside of them stands behind each block's.
func (c heldChain) txs() (txs []*chains.Tx) {
	for _, block := range c.blocks {
		place := uint32(0)
		for i := range block.Txs {
			txs, place = append(txs, &block.Txs[i]), block.Txs[i].Index+1
		}
		if len(block.System) > 0 {
			txs = append(txs, &chains.Tx{Block: block.BlockRef, Time: block.Time, Index: place, Transfers: block.System})
		}
	}
	return txs
}

func (c heldChain) Touching(account chains.Address, from chains.Position) iter.Seq2[*chains.Tx, error] {
	return func(yield func(*chains.Tx, error) bool) {
		for _, tx := range c.txs() {
			names := slices.ContainsFunc(tx.Transfers, func(t chains.Transfer) bool { return t.From == account || t.To == account })
			if names && tx.Position().Compare(from) >= 0 && !yield(tx, nil) {
				return
			}
		}
	}
}

func (c heldChain) Party(account chains.Address, _ time.Time) (cluster.Party, error) {
	return c.parties[account], nil
}

func (c heldChain) Code(account chains.Address) (code cluster.Code, err error) {
	for _, tx := range c.txs() {
		if code.Creation == nil && !tx.Failed && slices.Contains(tx.Created, account) {
			code.Creation, code.Contract = tx, true
		}
		for _, t := range tx.Transfers {
			code.Token = code.Token || t.IsLog() && t.Asset == chains.Asset(account)
			ran := !tx.Failed && tx.To == account && (t.IsLog() || t.Kind == chains.InternalTransfer)
			code.Contract = code.Contract || ran || t.Kind == chains.InternalTransfer && t.From == account && !tx.Failed
		}
	}
	for _, block := range c.blocks {
		code.Token = code.Token || slices.ContainsFunc(block.Freezes, func(f chains.Freeze) bool { return f.Asset == chains.Asset(account) })
	}
	code.Contract = code.Contract || code.Token
	return code, nil
}

func (c heldChain) Missing(part chains.Part, from, to uint64) (missing []chains.Heights, err error) {
	for i, block := range c.blocks {
		lacks := slices.ContainsFunc(block.Gaps, func(g chains.Gap) bool { return g.Part == part })
		if lacks && block.Height >= from && block.Height <= to {
			missing = append(missing, chains.Heights{From: block.Height, To: block.Height})
		}
		if i+1 < len(c.blocks) && c.blocks[i+1].Height > block.Height+1 {
			missing = append(missing, chains.Heights{From: block.Height + 1, To: c.blocks[i+1].Height - 1})
		}
	}
	return missing, nil
}

func (c heldChain) SignedBefore(chains.Address) (cluster.Verdict, error) {
	if c.blocks[0].Height == 0 {
		return cluster.No, nil
	}
	return cluster.Undecided, nil
}

// deposits adds blocks in which a person pays an account and that pays a wallet, of
// ether or of a token. Nothing else happens in them.
func deposits(draw fixtures.Draw, c *fixtures.AccountChain, wallets []chains.Address) {
	names := fixtures.AccountNames()
	for n := range draw("deposits", 0, 6) {
		last := c.Held[len(c.Held)-1]
		b := &chains.Block{Header: chains.Header{BlockRef: chains.BlockRef{Height: last.Height + 1}, Parent: last.Hash, Time: last.Time.Add(12 * time.Second)}}
		b.Hash = chains.BlockHash{0: 0xde, 1: byte(n), 2: byte(b.Height)}
		d, amount := names[draw("deposit address", 2, 4)], chains.NewAmount(int64(draw("amount", 1, 9))*1_000_000_000_000_000)
		asset := []chains.Asset{"ETH", fixtures.TokenNames()[0]}[draw("asset", 0, 1)]
		for i, pair := range [][2]chains.Address{{names[5], d}, {d, wallets[draw("wallet", 0, len(wallets)-1)]}} {
			t := chains.Transfer{Kind: chains.NativeTransfer, From: pair[0], To: pair[1], Asset: asset, Amount: amount}
			tx := chains.Tx{ID: chains.TxID{0: 0xde, 1: byte(n), 2: byte(i), 3: byte(b.Height)}, Block: b.BlockRef, Time: b.Time, Index: uint32(i), From: pair[0], To: pair[1]}
			if asset != "ETH" {
				t.Kind, t.Index, tx.To = chains.TokenTransfer, uint32(i), chains.Address(asset)
			}
			tx.Transfers = []chains.Transfer{t}
			b.Txs = append(b.Txs, tx)
		}
		c.Held = append(c.Held, b)
	}
}

// TestDepositsFromTheIndex: the heuristics say the same of an index with labels as of
// the blocks themselves, whatever is missing.
func TestDepositsFromTheIndex(t *testing.T) {
	names := fixtures.AccountNames()
	wallets := []chains.Address{names[6], names[7], names[1]} // two of one exchange, one of another; the first two are tokens too
	data, labels := t.TempDir(), filepath.Join(t.TempDir(), "labels.csv")
	rows, parties := "chain,address,label,category,source,actor\n", map[chains.Address]cluster.Party{chains.ZeroAddress: {Label: "zero address", Known: true}}
	for i, actor := range []string{"x", "x", "y"} {
		rows += "ethereum," + string(wallets[i]) + ",wallet,exchange,test," + actor + "\n"
		parties[wallets[i]] = cluster.Party{Exchange: actor, Label: "wallet", Known: true}
	}
	if err := os.WriteFile(labels, []byte(rows), 0o600); err != nil {
		t.Fatal(err)
	}
	command(t, "label", "import", labels, "--data", data)
	said := map[cluster.Verdict]int{}
	rapid.Check(t, func(rt *rapid.T) {
		draw := func(label string, lo, hi int) int { return rapid.IntRange(lo, hi).Draw(rt, label) }
		c := fixtures.NewAccountChain(uint64(draw("start", 0, 3) / 3 * 50))
		if draw("noise", 0, 2) == 0 {
			c.Extend(draw, draw("blocks", 0, 3))
		}
		deposits(draw, c, wallets)
		s := &session{ctx: t.Context(), data: data, out: io.Discard, errOut: io.Discard, log: slog.New(slog.DiscardHandler)}
		defer os.RemoveAll(index.Dir(data, chains.Ethereum))
		x, err := openAccounts(s, chains.Ethereum, "ETH", false)
		if err != nil {
			rt.Fatal(err)
		}
		if _, err := x.Sync(t.Context(), c, index.SyncOptions{From: c.Held[0].Height}); err != nil {
			rt.Fatal(err)
		}
		if err := x.Close(); err != nil {
			rt.Fatal(err)
		}
		view, err := openAccountView(s, chains.Ethereum, nil, executionFlags{}, labelFlags{})
		if err != nil {
			rt.Fatal(err)
		}
		defer view.Close()
		for _, account := range names {
			got, err := view.depositAddress(account)
			if err != nil {
				rt.Fatal(err)
			}
			want, err := cluster.FindDepositAddress(heldChain{c.Held, parties}, account, cluster.DepositHeuristics(), cluster.DefaultDepositParams())
			if err != nil {
				rt.Fatal(err)
			}
			said[got.Verdict]++
			a, _ := json.Marshal(newDepositDoc(got))
			b, _ := json.Marshal(newDepositDoc(want))
			if string(a) != string(b) {
				rt.Fatalf("%s, from the index:\n%s\nfrom the blocks:\n%s", account, a, b)
			}
		}
	})
	t.Log(said)
	for _, verdict := range []cluster.Verdict{cluster.Yes, cluster.No, cluster.Undecided} {
		if said[verdict] == 0 {
			t.Errorf("never %s: the histories prove nothing of it", verdict)
		}
	}
}
