package index_test

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tsuiseki/chains"
	"tsuiseki/chains/index"
	"tsuiseki/fixtures"
)

const (
	busy  = chains.Address("0x00000000000000000000000000000000000000aa")
	other = chains.Address("0x00000000000000000000000000000000000000bb")
	coin  = chains.Asset("0x00000000000000000000000000000000000000ff")
)

// pingPong moves one token in and out of one account, many times a block.
func pingPong(blocks, perBlock int) *fixtures.AccountChain {
	random := rand.New(rand.NewPCG(5, 6))
	c := &fixtures.AccountChain{Finality: -1}
	for height := range blocks {
		block := &chains.Block{}
		block.Height, block.Time = uint64(height), time.Unix(1_600_000_000+int64(height)*12, 0).UTC()
		binary.BigEndian.PutUint64(block.Hash[24:], block.Height+1)
		binary.BigEndian.PutUint64(block.Parent[24:], block.Height)
		for i := range perBlock {
			t := chains.Transfer{Kind: chains.TokenTransfer, Index: uint32(i), From: other, To: busy, Asset: coin, Amount: chains.NewAmount(1 + random.Int64N(100))}
			if random.IntN(2) == 0 {
				t.From, t.To = t.To, t.From
			}
			tx := chains.Tx{Block: block.BlockRef, Time: block.Time, Index: uint32(i), From: t.From, To: chains.Address(coin), Transfers: []chains.Transfer{t}}
			binary.BigEndian.PutUint64(tx.ID[:], uint64(height*perBlock+i)*0x9e3779b97f4a7c15+1)
			block.Txs = append(block.Txs, tx)
		}
		c.Held = append(c.Held, block)
	}
	return c
}

func pingPongIndex(t testing.TB, blocks, perBlock int) *index.Accounts {
	x, err := index.OpenAccounts(index.Options{Dir: "index", Chain: "ethereum", Memory: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { x.Close() })
	if _, err := x.Sync(t.Context(), pingPong(blocks, perBlock), index.SyncOptions{}); err != nil {
		t.Fatal(err)
	}
	return x
}

// TestBalanceInAnyOrder: a view says the same of a balance whatever it was asked
// before, at every position and as of every height.
func TestBalanceInAnyOrder(t *testing.T) {
	const blocks, perBlock = 40, 20
	x := pingPongIndex(t, blocks, perBlock)
	rapid.Check(t, func(t *rapid.T) {
		asOf := rapid.Uint64Range(0, blocks-1).Draw(t, "as of")
		v, err := x.View(t.Context(), &asOf)
		if err != nil {
			t.Fatal(err)
		}
		defer v.Close()
		for range rapid.IntRange(1, 80).Draw(t, "questions") {
			account := rapid.SampledFrom([]chains.Address{busy, other}).Draw(t, "account")
			before := chains.Position{Height: rapid.Uint64Range(0, blocks+1).Draw(t, "height"), Tx: rapid.Uint32Range(0, perBlock).Draw(t, "tx")}
			if rapid.IntRange(0, 9).Draw(t, "far") == 9 {
				before = chains.Position{Height: 1 << 40, Tx: 1 << 31}
			}
			var sum, lowest chains.Amount
			for m, err := range v.Movements(account, coin, chains.Position{}) {
				if err != nil {
					t.Fatal(err)
				}
				if m.At.Compare(before) >= 0 {
					break
				}
				sum = sum.Add(m.In).Sub(m.Out)
				lowest = lowest.Min(sum)
			}
			gotSum, gotLowest, err := v.Balance(account, coin, before)
			if err != nil || !gotSum.Equal(sum) || !gotLowest.Equal(lowest) {
				t.Fatalf("%s before %s: %s, lowest %s, %v; want %s, %s", account, before, gotSum, gotLowest, err, sum, lowest)
			}
		}
	})
}

// BenchmarkBalance asks for one account's balance at later and later positions, as
// a trace does, beside adding up its movements each time.
func BenchmarkBalance(b *testing.B) {
	const blocks, perBlock = 50, 20
	v, err := pingPongIndex(b, blocks, perBlock).View(b.Context(), nil)
	if err != nil {
		b.Fatal(err)
	}
	defer v.Close()
	at := func(n int) chains.Position {
		return chains.Position{Height: uint64(n/perBlock) % blocks, Tx: uint32(n % perBlock)}
	}
	b.Run("asked again", func(b *testing.B) {
		for n := 0; b.Loop(); n++ {
			if _, _, err := v.Balance(busy, coin, at(n)); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("movements", func(b *testing.B) {
		for n := 0; b.Loop(); n++ {
			var sum chains.Amount
			for m, err := range v.Movements(busy, coin, chains.Position{}) {
				if err != nil {
					b.Fatal(err)
				}
				if m.At.Compare(at(n)) >= 0 {
					break
				}
				sum = sum.Add(m.In).Sub(m.Out)
			}
		}
	})
}
