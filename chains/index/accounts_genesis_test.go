package index_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"tsuiseki/chains"
	"tsuiseki/chains/index"
	"tsuiseki/fixtures"
)

// allotting is a source whose genesis block allots to every account.
type allotting struct {
	*fixtures.AccountChain
	asked   map[chains.Address]int
	refuses bool
}

func (a *allotting) Allotments(_ context.Context, accounts []chains.Address) (amounts []chains.Amount, err error) {
	for _, account := range accounts {
		a.asked[account]++
		amounts = append(amounts, chains.NewAmount(int64(account[41])))
	}
	if a.refuses {
		return nil, fmt.Errorf("state of block 0: %w", chains.ErrUnavailable)
	}
	return amounts, nil
}

// TestAccountsAskForTheGenesisBlock: what it allots is asked for once an account,
// of an index that begins with it, and a source that does not tell is no error.
func TestAccountsAskForTheGenesisBlock(t *testing.T) {
	names := fixtures.AccountNames()
	pay := func(height uint64, from, to chains.Address, asset chains.Asset) *chains.Block {
		b := &chains.Block{Header: chains.Header{BlockRef: chains.BlockRef{Height: height, Hash: chains.BlockHash{byte(height + 1)}}}}
		if height > 0 {
			b.Parent = chains.BlockHash{byte(height)}
		}
		b.Txs = []chains.Tx{{ID: chains.TxID{byte(height)}, From: from, To: to, Transfers: []chains.Transfer{
			{Kind: chains.NativeTransfer, From: from, To: to, Asset: asset, Amount: chains.NewAmount(1)},
		}}}
		if asset != "ETH" {
			b.Txs[0].Transfers[0].Kind = chains.TokenTransfer
		}
		return b
	}
	blocks := []*chains.Block{pay(0, names[2], names[3], "ETH"), pay(1, names[2], names[4], "ETH"), pay(2, names[5], names[6], fixtures.TokenNames()[0])}
	for _, c := range []struct {
		from    uint64
		refuses bool
		told    []chains.Address
	}{{0, false, names[2:5]}, {1, false, nil}, {0, true, nil}} {
		x := openAccounts(t, 0)
		src := &allotting{&fixtures.AccountChain{Held: blocks, Finality: -1}, map[chains.Address]int{}, c.refuses}
		for to := c.from; to < 3; to++ {
			if _, err := x.Sync(t.Context(), src, index.SyncOptions{From: c.from, To: &to}); err != nil {
				t.Fatal(err)
			}
		}
		v := x.view(t, nil)
		for _, account := range names[2:7] {
			amount, told, err := v.Allotment(account)
			if err != nil || told != slices.Contains(c.told, account) || told && amount.String() != fmt.Sprint(account[41]) {
				t.Errorf("from %d, %s: %s, %v, %v", c.from, account, amount, told, err)
			}
			if n := src.asked[account]; told && n != 1 {
				t.Errorf("%s is asked for %d times", account, n)
			}
		}
		if err := v.Close(); err != nil {
			t.Fatal(err)
		}
		x.Close()
	}
}
