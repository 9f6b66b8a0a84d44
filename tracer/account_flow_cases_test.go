package tracer_test

import (
	"tsuiseki/chains"
	"tsuiseki/tracer"
)

var (
	fifo    = tracer.Params{Rule: "fifo"}
	haircut = tracer.Params{Rule: "haircut"}
	poison  = tracer.Params{Rule: "poison"}
	lifo    = tracer.Params{Rule: "lifo"}
	tiho    = tracer.Params{Rule: "tiho"}
	dirty   = tracer.Params{Rule: "dirty-first"}
	clean   = tracer.Params{Rule: "clean-first"}
)

// What passes through accounts within one transaction.
var accountFlowCases = []accountCase{
	{
		name: "a payment", has: "ann 100 ETH, bob 7 ETH", params: fifo, deposits: []string{"1:0/0"},
		blocks: [][]string{{"ann fee 1 tip 2: ann>bob 10 ETH"}},
		want:   []string{"bob unspent 10/17 ETH"},
	},
	{
		name: "a splitter hands out all it gets", has: "ann 100 ETH", params: fifo, deposits: []string{"1:0/0"},
		blocks: [][]string{{"ann: ann>splitter 10 ETH, splitter>bob 4 ETH, splitter>cat 6 ETH"}},
		want:   []string{"splitter > bob 4/4 ETH", "splitter > cat 6/6 ETH", "bob unspent 4/4 ETH", "cat unspent 6/6 ETH"},
	},
	{ // dan gets bob's 10 and then 15 of ann's
		name: "a splitter fed by two", has: "ann 100 usd, bob 100 usd", params: fifo, deposits: []string{"1:0/1"},
		blocks: [][]string{{"cat: bob>splitter 10 usd, ann>splitter 30 usd, splitter>dan 25 usd, splitter>eve 15 usd"}},
		want:   []string{"splitter > dan 15/25 usd", "splitter > eve 15/15 usd", "dan unspent 15/25 usd", "eve unspent 15/15 usd"},
	},
	{ // the last paid is the first handed on
		name: "a splitter hands out the newest", has: "ann 100 usd, bob 100 usd", params: lifo, deposits: []string{"1:0/1"},
		blocks: [][]string{{"cat: bob>splitter 10 usd, ann>splitter 30 usd, splitter>dan 25 usd, splitter>eve 12 usd"}},
		want:   []string{"splitter > dan 25/25 usd", "splitter > eve 5/12 usd", "dan unspent 25/25 usd", "eve unspent 5/12 usd"},
	},
	{ // 13 to eve, and of 7 more the 10 that the splitter keeps have room
		name: "a splitter's largest payment", has: "ann 100 usd, bob 100 usd", params: tiho, deposits: []string{"1:0/1"},
		blocks: [][]string{{"cat: bob>splitter 20 usd, ann>splitter 20 usd, splitter>dan 8 usd, splitter>eve 13 usd, splitter>fay 9 usd"}},
		want:   []string{"splitter > eve 13/13 usd", "eve unspent 13/13 usd", "splitter unspent 7/10 usd"},
	},
	{ // 10 of bob's 15 are traced, and all of it goes; the fee of 8 is larger than either payment
		name: "the fee is last by size too", has: "ann 100 ETH, bob 5 ETH", params: tiho, deposits: []string{"1:0/0"},
		blocks: [][]string{{"ann: ann>bob 10 ETH"}, {"bob fee 8: bob>router 7 ETH, router>cat 3 ETH, router>dan 4 ETH"}},
		want: []string{
			"bob > router 7/7 ETH", "router > cat 3/3 ETH", "router > dan 4/4 ETH", "cat unspent 3/3 ETH", "dan unspent 4/4 ETH", "fee 3/8 ETH",
		},
	},
	{ // the splitter has 10 clean: 8 to dan, 2 to eve; it keeps 15 of ann's
		name: "a splitter hands out what is clean", has: "ann 100 usd, bob 100 usd", params: clean, deposits: []string{"1:0/1"},
		blocks: [][]string{{"cat: bob>splitter 10 usd, ann>splitter 30 usd, splitter>dan 8 usd, splitter>eve 17 usd"}},
		want:   []string{"splitter > eve 15/17 usd", "eve unspent 15/17 usd", "splitter unspent 15/15 usd"},
	},
	{
		name: "a splitter hands out what is traced", has: "ann 100 usd, bob 100 usd", params: dirty, deposits: []string{"1:0/1"},
		blocks: [][]string{{"cat: bob>splitter 30 usd, ann>splitter 10 usd, splitter>dan 8 usd, splitter>eve 17 usd"}},
		want:   []string{"splitter > dan 8/8 usd", "splitter > eve 2/17 usd", "dan unspent 8/8 usd", "eve unspent 2/17 usd"},
	},
	{
		name: "a deposit through a router", has: "ann 100 usd", params: fifo, deposits: []string{"1:0/0"},
		blocks: [][]string{{"ann: ann>router 10 usd, router>bob 9 usd"}},
		want:   []string{"router > bob 9/9 usd", "router unspent 1/1 usd", "bob unspent 9/9 usd"},
	},
	{
		name: "the router's payment as the deposit", has: "ann 100 usd", params: fifo, deposits: []string{"1:0/1"},
		blocks: [][]string{{"ann: ann>router 10 usd, router>bob 10 usd"}},
		want:   []string{"bob unspent 10/10 usd"},
	},
	{ // all 30 come back to the lender: 50 of the pool's own went to nobody
		name: "a flash loan leaves no trace", has: "bob 10 usd, pool 80 usd, ann 50 usd", params: fifo, deposits: []string{"1:0/0"},
		blocks: [][]string{{"ann: ann>bob 10 usd"}, {"bob: pool>bob 30 usd, bob>cat 30 usd, cat>bob 30 usd, bob>pool 30 usd"}},
		want:   []string{"bob unspent 10/20 usd"},
	},
	{ // only the interest is paid: with the oldest unit
		name: "interest on a flash loan", has: "pool 80 usd, ann 50 usd", params: fifo, deposits: []string{"1:0/0"},
		blocks: [][]string{{"ann: ann>bob 10 usd"}, {"bob: pool>bob 30 usd, bob>pool 31 usd"}},
		want:   []string{"bob > pool 1/31 usd", "pool unspent 1/81 usd", "bob unspent 9/9 usd"},
	},
	{ // ann has 90 of her own left, then the 4 that came back, of which the fee takes the first
		name: "a refund in the deposit's transaction", has: "ann 100 ETH", params: fifo, deposits: []string{"1:0/0"},
		blocks: [][]string{{"ann fee 1: ann>shop 10 ETH, shop>ann 4 ETH"}, {"ann: ann>bob 91 ETH"}},
		want:   []string{"shop > ann 4/4 ETH", "fee 1/1 ETH", "shop contract 6/6 ETH", "ann > bob 1/91 ETH", "bob unspent 1/91 ETH", "ann unspent 2/2 ETH"},
	},
	{ // the shop's 10 were there before the deposit was
		name: "a payment back before the deposit", has: "shop 10 usd", params: haircut, deposits: []string{"1:0/1"},
		blocks: [][]string{{"ann: shop>ann 10 usd, ann>shop 10 usd"}},
		want:   []string{"shop unspent 10/10 usd"},
	},
	{ // the loan that the deposit repays was handed on before it came
		name: "what was paid before the deposit is not paid from it", has: "pool 30 usd, ann 50 usd", params: fifo, deposits: []string{"1:0/2"},
		blocks: [][]string{{"eve: pool>bob 30 usd, bob>cat 30 usd, ann>bob 40 usd, bob>pool 30 usd"}},
		want:   []string{"bob > pool 30/30 usd", "pool unspent 30/30 usd", "bob unspent 10/10 usd"},
	},
	{
		name: "a refund in a later transaction's circle", has: "ann 100 usd", params: fifo, deposits: []string{"1:0/0"},
		blocks: [][]string{{"ann: ann>bob 10 usd"}, {"bob: bob>shop 10 usd, shop>bob 4 usd"}},
		want:   []string{"bob > shop 6/10 usd", "shop unspent 6/6 usd", "bob unspent 4/4 usd"},
	},
	{
		name: "transfers that move nothing", has: "ann 100 usd", params: poison, deposits: []string{"1:0/0"},
		blocks: [][]string{{"ann: ann>bob 10 usd"}, {"eve: bob>bab 0 usd, bob>bob 10 usd"}, {"bob failed: bob>cat 10 usd"}},
		want:   []string{"bob unspent 10/10 usd"},
	},
	{ // the payment of 5 never happened; the fee of 2 did
		name: "a failed transaction", has: "ann 100 ETH, bob 1 ETH", params: fifo, deposits: []string{"1:0/0"},
		blocks: [][]string{{"ann: ann>bob 10 ETH"}, {"bob fee 2 failed: bob>cat 5 ETH"}},
		want:   []string{"fee 1/2 ETH", "bob unspent 9/9 ETH"},
	},
	{ // the tip stays his: he loses 5 of 15, of which 3 1/3 traced; of 3, 2.4 go to cat and 0.6 are the fee
		name: "who sends it produces the block", has: "ann 100 ETH, bob 5 ETH", params: haircut, deposits: []string{"1:0/0"},
		blocks: [][]string{{"ann: ann>bob 10 ETH"}, {"bob fee 1 tip 6 by bob: bob>cat 4 ETH"}},
		want:   []string{"bob > cat 2/4 ETH", "cat unspent 2/4 ETH", "fee 1/1 ETH", "bob unspent 7/10 ETH"},
	},
	{ // eve has 10 and 3 of tips
		name: "who is paid produces the block", has: "ann 100 ETH", params: fifo, deposits: []string{"1:0/0"},
		blocks: [][]string{{"ann tip 3 by eve: ann>eve 10 ETH"}, {"eve: eve>cat 11 ETH"}},
		want:   []string{"eve > cat 10/11 ETH", "cat unspent 10/11 ETH"},
	},
	{ // what ann pays for both of them is as good as one heap
		name: "two traced accounts in one payment", has: "ann 2 usd", params: haircut, deposits: []string{"1:0/0"},
		blocks: [][]string{
			{"ann: ann>bob 2 usd"},
			{"bob: bob>cat 1 usd"},
			{"eve: bob>dan 1 usd, cat>dan 1 usd, dan>fay 1 usd, dan>gus 1 usd"},
		},
		want: []string{
			"bob > cat 1/1 usd", "bob > dan 1/1 usd", "cat > dan 1/1 usd", "dan > fay 1/1 usd", "dan > gus 1/1 usd",
			"fay unspent 1/1 usd", "gus unspent 1/1 usd",
		},
	},
	{
		name: "poison reaches a service by two ways, and is there once", has: "ann 2 usd", params: poison, deposits: []string{"1:0/0"},
		labels: map[chains.Address]accountLabel{"shop": {tracer.EndService, "Shop"}},
		blocks: [][]string{{"ann: ann>bob 2 usd"}, {"bob: bob>cat 1 usd"}, {"eve: bob>shop 1 usd, cat>shop 1 usd"}},
		want: []string{
			"bob > cat 1/1 usd", "bob > shop 1/1 usd", "cat > shop 1/1 usd", "shop service 2/2 usd",
		},
	},
	{
		name: "several deposits in one batch payment", has: "ann 100 usd, bob 100 usd, dan 5 usd", params: fifo,
		deposits: []string{"1:0/0", "1:0/1", "1:0/2"},
		blocks:   [][]string{{"eve: ann>shop 10 usd, bob>shop 20 usd, ann>dan 5 usd, shop>cat 15 usd"}, {"dan: dan>cat 7 usd"}},
		want: []string{
			"1:0/0 shop > cat 10/15 usd", "1:0/0 cat unspent 10/22 usd",
			"1:0/1 shop > cat 5/15 usd", "1:0/1 cat unspent 5/22 usd", "1:0/1 shop unspent 15/15 usd",
			"1:0/2 dan > cat 2/7 usd", "1:0/2 cat unspent 2/22 usd", "1:0/2 dan unspent 3/3 usd",
		},
	},
}
