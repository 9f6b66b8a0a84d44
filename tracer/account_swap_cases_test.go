package tracer_test

import (
	"testing"

	"tsuiseki/chains"
	"tsuiseki/tracer"
)

// What changes its asset within one transaction.
var accountSwapCases = []accountCase{
	{ // 10 of the pool's 10 for 50 of 50
		name: "a swap", has: "ann 100 ETH, pool 500 usd", params: fifo, deposits: []string{"1:0/0"},
		blocks: [][]string{{"ann: ann>bob 10 ETH"}, {"bob: bob>pool 10 ETH, pool>bob 50 usd"}},
		want:   []string{"bob > pool 10/10 ETH", "pool swaps 10/10 ETH for 50/50 usd", "pool > bob 50/50 usd", "bob unspent 50/50 usd"},
	},
	{
		name: "a swap to another recipient", has: "ann 100 ETH, pool 500 usd", params: fifo, deposits: []string{"1:0/0"},
		blocks: [][]string{{"ann: ann>bob 10 ETH"}, {"bob: bob>pool 4 ETH, pool>cat 20 usd"}},
		want:   []string{"bob > pool 4/4 ETH", "pool swaps 4/4 ETH for 20/20 usd", "pool > cat 20/20 usd", "cat unspent 20/20 usd", "bob unspent 6/6 ETH"},
	},
	{ // the first 2 of 3 ETH are clean: of 10 usd the last 4, from 2·10/3 = 6 on
		name: "a swap of a part, rounded down", has: "ann 100 ETH, bob 2 ETH, pool 500 usd", params: fifo, deposits: []string{"1:0/0"},
		blocks: [][]string{{"ann: ann>bob 1 ETH"}, {"bob: bob>pool 3 ETH, pool>bob 10 usd"}},
		want:   []string{"bob > pool 1/3 ETH", "pool swaps 1/3 ETH for 4/10 usd", "pool > bob 4/10 usd", "bob unspent 4/10 usd"},
	},
	{ // a third of 3 for 1 is nothing
		name: "a swap that rounds to nothing", has: "ann 100 usd, bob 2 usd, pool 500 btc", params: haircut, deposits: []string{"1:0/0"},
		blocks: [][]string{{"ann: ann>bob 1 usd"}, {"bob: bob>pool 3 usd, pool>bob 1 btc"}},
		want:   []string{"bob > pool 1/3 usd", "pool swaps 1/3 usd for 0/1 btc"},
	},
	{
		name: "a pool that pays first", has: "ann 100 ETH, pool 500 usd", params: fifo, deposits: []string{"1:0/0"},
		blocks: [][]string{{"ann: ann>bob 10 ETH"}, {"bob: pool>bob 50 usd, bob>pool 10 ETH"}},
		want:   []string{"bob > pool 10/10 ETH", "pool swaps 10/10 ETH for 50/50 usd", "pool > bob 50/50 usd", "bob unspent 50/50 usd"},
	},
	{
		name: "two pools in a row", has: "ann 100 ETH, pool 500 usd, pond 500 jpy", params: haircut, deposits: []string{"1:0/0"},
		blocks: [][]string{{"ann: ann>bob 10 ETH"}, {"bob: bob>pool 10 ETH, pool>pond 50 usd, pond>cat 75 jpy"}},
		want: []string{
			"bob > pool 10/10 ETH", "pool swaps 10/10 ETH for 50/50 usd", "pool > pond 50/50 usd",
			"pond swaps 50/50 usd for 75/75 jpy", "pond > cat 75/75 jpy", "cat unspent 75/75 jpy",
		},
	},
	{
		name: "wrap and swap", has: "ann 100 ETH, pool 500 usd", params: fifo, deposits: []string{"1:0/0"},
		blocks: [][]string{{"ann: ann>bob 10 ETH"}, {"bob: bob>weth 10 ETH, 0>bob 10 weth, bob>pool 10 weth, pool>cat 50 usd"}},
		want: []string{
			"bob > weth 10/10 ETH", "weth wraps 10/10 ETH for 10/10 weth", "0x0000000000000000000000000000000000000000 > bob 10/10 weth",
			"bob > pool 10/10 weth", "pool swaps 10/10 weth for 50/50 usd", "pool > cat 50/50 usd", "cat unspent 50/50 usd",
		},
	},
	{ // it comes down to a loss of 1 ETH, for which the pools got 1 of the 10 weth
		name: "wrap, swap and back", has: "ann 100 ETH, pool 500 usd, pond 500 weth, weth 500 ETH", params: fifo, deposits: []string{"1:0/0"},
		blocks: [][]string{
			{"ann: ann>bob 10 ETH"},
			{"bob: bob>weth 10 ETH, 0>bob 10 weth, bob>pool 10 weth, pool>pond 50 usd, pond>bob 9 weth, bob>0 9 weth, weth>bob 9 ETH"},
		},
		want: []string{
			"bob > weth 1/10 ETH", "bob unspent 9/9 ETH", "weth wraps 1/1 ETH for 1/1 weth",
			"0x0000000000000000000000000000000000000000 > bob 1/10 weth", "bob > pool 1/10 weth", "pool swaps 1/10 weth for 5/50 usd",
			"pool > pond 5/50 usd", "pond swaps 5/50 usd for 0/9 weth",
		},
	},
	{
		name: "an exchange between people", has: "ann 100 usd, cat 10 ETH", params: fifo, deposits: []string{"1:0/0"},
		blocks: [][]string{{"ann: ann>bob 50 usd"}, {"eve: bob>cat 50 usd, cat>bob 5 ETH"}},
		want:   []string{"bob > cat 50/50 usd", "cat swaps 50/50 usd for 5/5 ETH", "cat > bob 5/5 ETH", "bob unspent 5/5 ETH"},
	},
	{ // ann's second purchase is her own business
		name: "two purchases in the deposit's transaction", has: "ann 100 usd, shop 9 art, store 9 art", params: fifo, deposits: []string{"1:0/0"},
		blocks: [][]string{{"eve: ann>shop 10 usd, shop>ann 2 art, ann>store 20 usd, store>ann 3 art"}},
		want:   []string{"shop swaps 10/10 usd for 2/2 art", "shop > ann 2/2 art", "ann unspent 2/5 art"},
	},
	{
		name: "mint and burn", has: "ann 100 usd, bob 4 usd", params: fifo, deposits: []string{"1:0/0"},
		blocks: [][]string{{"ann: ann>bob 10 usd"}, {"bob: bob>0 6 usd"}, {"bob: bob>vault 5 usd, 0>bob 5 share"}},
		want: []string{
			"bob > 0x0000000000000000000000000000000000000000 2/6 usd", "usd burn 2/6 usd",
			"bob > vault 5/5 usd", "vault unspent 5/5 usd", "bob unspent 3/3 usd",
		},
	},
	{ // the vault's own token: it takes usd and makes shares
		name: "shares of a vault", has: "ann 100 usd", params: fifo, deposits: []string{"1:0/0"},
		blocks: [][]string{{"ann: ann>bob 10 usd"}, {"bob: bob>vault 10 usd, 0>bob 9 vault"}, {"bob: bob>0 9 vault, vault>cat 10 usd"}},
		want: []string{
			"bob > vault 10/10 usd", "vault swaps 10/10 usd for 9/9 vault", "0x0000000000000000000000000000000000000000 > bob 9/9 vault",
			"bob > 0x0000000000000000000000000000000000000000 9/9 vault", "vault swaps 9/9 vault for 10/10 usd", "vault > cat 10/10 usd", "cat unspent 10/10 usd",
		},
	},
	{ // the unit that the pool gives does not count twice
		name: "one asset for two", has: "ann 2 usd, pond 9 jpy, pool 9 art", params: haircut, deposits: []string{"1:0/0"},
		blocks: [][]string{
			{"ann: ann>bob 2 usd"},
			{"bob: bob>pond 1 usd, pond>bob 1 jpy"},
			{"bob: bob>pool 1 usd, bob>pool 1 jpy, pool>cat 1 art"},
		},
		want: []string{
			"bob > pond 1/1 usd", "pond swaps 1/1 usd for 1/1 jpy", "pond > bob 1/1 jpy", "bob > pool 1/1 usd", "bob > pool 1/1 jpy",
			"pool swaps 1/1 usd for 1/1 art", "pool swaps 1/1 jpy for 0/1 art", "pool > cat 1/1 art", "cat unspent 1/1 art",
		},
	},
	{ // dan's two payments of 1 are all there is for cat's usd and the pool's
		name: "a swap joins what is traced already", has: "ann 3 usd, pond 9 jpy, pool 9 usd", params: haircut, deposits: []string{"1:0/0"},
		blocks: [][]string{
			{"ann: ann>bob 2 usd"},
			{"bob: bob>cat 1 usd"},
			{"bob: bob>pond 1 usd, pond>bob 1 jpy"},
			{"eve: cat>dan 1 usd, bob>pool 1 jpy, pool>dan 1 usd, dan>fay 1 usd, dan>gus 1 usd"},
		},
		want: []string{
			"bob > cat 1/1 usd", "bob > pond 1/1 usd", "pond swaps 1/1 usd for 1/1 jpy", "pond > bob 1/1 jpy",
			"cat > dan 1/1 usd", "bob > pool 1/1 jpy", "pool swaps 1/1 jpy for 1/1 usd", "pool > dan 1/1 usd",
			"dan > fay 1/1 usd", "dan > gus 1/1 usd", "fay unspent 1/1 usd", "gus unspent 1/1 usd",
		},
	},
	{ // of 3 traced ETH of 4, 6 usd of 8: the larger payment takes 5 of them
		name: "a swap, then by size", has: "ann 100 ETH, bob 1 ETH, pool 500 usd", params: tiho, deposits: []string{"1:0/0"},
		blocks: [][]string{{"ann: ann>bob 3 ETH"}, {"bob: bob>pool 4 ETH, pool>cat 3 usd, pool>dan 5 usd"}},
		want: []string{
			"bob > pool 3/4 ETH", "pool swaps 3/4 ETH for 6/8 usd", "pool > cat 1/3 usd", "pool > dan 5/5 usd", "cat unspent 1/3 usd", "dan unspent 5/5 usd",
		},
	},
	{
		name: "both parts of a swap, to poison", has: "ann 100 ETH, bob 30 ETH, pool 500 usd", params: poison, deposits: []string{"1:0/0"},
		blocks: [][]string{{"ann: ann>bob 1 ETH"}, {"bob: bob>pool 30 ETH, pool>cat 10 usd, pool>dan 20 usd"}},
		want: []string{
			"bob > pool 30/30 ETH", "pool swaps 30/30 ETH for 30/30 usd", "pool > cat 10/10 usd", "pool > dan 20/20 usd",
			"cat unspent 10/10 usd", "dan unspent 20/20 usd", "bob unspent 1/1 ETH",
		},
	},
}

// TestAccountSwapOrder: an account that gives one asset for two is told of twice,
// in an order that does not depend on that of the deposits.
func TestAccountSwapOrder(t *testing.T) {
	c := accountCase{has: "ann 100 usd, pond 100 jpy, pool 100 art", blocks: [][]string{
		{"ann: ann>bob 20 usd, ann>bob 20 usd, ann>bob 20 usd"}, {"bob: bob>pond 30 usd, pond>bob 30 jpy"}, nil,
	}}
	for range 8 {
		c.blocks[2] = append(c.blocks[2], "bob: bob>pool 2 usd, bob>pool 2 jpy, pool>cat 4 art")
	}
	ledger := c.build(t).ledger()
	var first *tracer.Result
	for _, order := range [][]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}} {
		var places []transferPlace
		for _, transfer := range order {
			places = append(places, transferPlace{chains.Position{Height: 1}, transfer})
		}
		deposits, err := accountDeposits(ledger, places)
		if err != nil {
			t.Fatal(err)
		}
		r, err := tracer.TraceAccounts(t.Context(), ledger, deposits, haircut)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = r
		}
		if r.Digest != first.Digest {
			t.Errorf("deposits in the order %v: another digest", order)
		}
	}
}
