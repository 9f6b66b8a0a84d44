package tracer_test

import (
	"tsuiseki/chains"
	"tsuiseki/tracer"
)

// What lies in an account, and in which order it leaves.
var accountQueueCases = []accountCase{
	{ // bob's own 20 go first
		name: "first in, first out", has: "ann 100 usd, bob 20 usd", params: fifo, deposits: []string{"1:0/0"},
		blocks: [][]string{{"ann: ann>bob 10 usd"}, {"bob: bob>cat 25 usd"}},
		want:   []string{"bob > cat 5/25 usd", "cat unspent 5/25 usd", "bob unspent 5/5 usd"},
	},
	{
		name: "nothing of it is touched", has: "ann 100 usd, bob 20 usd", params: fifo, deposits: []string{"1:0/0"},
		blocks: [][]string{{"ann: ann>bob 10 usd"}, {"bob: bob>cat 20 usd"}},
		want:   []string{"bob unspent 10/10 usd"},
	},
	{ // 25 of 30 with 10 traced: 8 1/3
		name: "in proportion", has: "ann 100 usd, bob 20 usd", params: haircut, deposits: []string{"1:0/0"},
		blocks: [][]string{{"ann: ann>bob 10 usd"}, {"bob: bob>cat 25 usd"}},
		want:   []string{"bob > cat 8/25 usd", "cat unspent 8/25 usd", "bob unspent 2/5 usd"},
	},
	{ // the newest of 30 are ann's 10, of which dan's later 4 go before
		name: "last in, first out", has: "ann 100 usd, bob 20 usd, dan 50 usd", params: lifo, deposits: []string{"1:0/0"},
		blocks: [][]string{{"ann: ann>bob 10 usd"}, {"dan: dan>bob 4 usd"}, {"bob: bob>cat 7 usd"}, {"bob: bob>eve 10 usd"}, {"cat: cat>fay 5 usd"}},
		want: []string{
			"bob > cat 3/7 usd", "bob > eve 7/10 usd", "eve unspent 7/10 usd", "cat > fay 1/5 usd", "fay unspent 1/5 usd", "cat unspent 2/2 usd",
		},
	},
	{ // a payment and the rest have no order by size: 25 of 30 with 10 traced
		name: "tiho of a balance", has: "ann 100 usd, bob 20 usd", params: tiho, deposits: []string{"1:0/0"},
		blocks: [][]string{{"ann: ann>bob 10 usd"}, {"bob: bob>cat 25 usd"}},
		want:   []string{"bob > cat 8/25 usd", "cat unspent 8/25 usd", "bob unspent 2/5 usd"},
	},
	{
		name: "what is traced goes first", has: "ann 100 usd, bob 20 usd", params: dirty, deposits: []string{"1:0/0"},
		blocks: [][]string{{"ann: ann>bob 10 usd"}, {"bob: bob>cat 7 usd"}, {"bob: bob>dan 7 usd"}},
		want:   []string{"bob > cat 7/7 usd", "bob > dan 3/7 usd", "cat unspent 7/7 usd", "dan unspent 3/7 usd"},
	},
	{ // 23-20 leave; what dan pays later is clean, and goes before the other 7
		name: "what is clean goes first", has: "ann 100 usd, bob 20 usd, dan 50 usd", params: clean, deposits: []string{"1:0/0"},
		blocks: [][]string{{"ann: ann>bob 10 usd"}, {"bob: bob>cat 23 usd"}, {"dan: dan>bob 9 usd"}, {"bob: bob>eve 10 usd"}},
		want:   []string{"bob > cat 3/23 usd", "bob > eve 1/10 usd", "cat unspent 3/23 usd", "eve unspent 1/10 usd", "bob unspent 6/6 usd"},
	},
	{ // one unit poisons bob's 20, the 25 that he pays, and dan's money that he gets later
		name: "poisoning", has: "ann 100 usd, bob 20 usd, dan 50 usd", params: poison, deposits: []string{"1:0/0"},
		blocks: [][]string{{"ann: ann>bob 1 usd"}, {"dan: dan>bob 9 usd"}, {"bob: bob>cat 25 usd"}},
		want:   []string{"bob > cat 25/25 usd", "cat unspent 25/25 usd", "bob unspent 5/5 usd"},
	},
	{ // who has paid out all is clean again
		name: "poison leaves with all of it", has: "ann 100 usd, dan 50 usd", params: poison, deposits: []string{"1:0/0"},
		blocks: [][]string{{"ann: ann>bob 1 usd"}, {"bob: bob>cat 1 usd"}, {"dan: dan>bob 9 usd"}},
		want:   []string{"bob > cat 1/1 usd", "cat unspent 1/1 usd"},
	},
	{
		name: "frozen", has: "ann 100 usd", params: fifo, deposits: []string{"1:0/0"},
		blocks:  [][]string{{"ann: ann>bob 10 usd"}, {"bob: bob>cat 4 usd"}},
		freezes: []chains.Freeze{{Asset: "usd", Account: "bob", Frozen: true}, {Asset: "jpy", Account: "cat", Frozen: true}},
		want:    []string{"bob > cat 4/4 usd", "cat unspent 4/4 usd", "bob frozen 6/6 usd"},
	},
	{
		name: "frozen and released", has: "ann 100 usd", params: fifo, deposits: []string{"1:0/0"},
		blocks:  [][]string{{"ann: ann>bob 10 usd"}},
		freezes: []chains.Freeze{{Asset: "usd", Account: "bob", Frozen: true}, {Asset: "usd", Account: "bob"}},
		want:    []string{"bob unspent 10/10 usd"},
	},
	{
		name: "seized", has: "ann 100 usd, bob 3 usd", params: fifo, deposits: []string{"1:0/0"},
		blocks: [][]string{{"ann: ann>bob 10 usd"}, {"issuer: bob>! 9 usd"}},
		want:   []string{"bob frozen 6/9 usd", "bob unspent 4/4 usd"},
	},
	{
		name: "sent to the token's own contract", has: "ann 100 usd", params: fifo, deposits: []string{"1:0/0"},
		blocks: [][]string{{"ann: ann>bob 10 usd"}, {"bob: bob>usd 10 usd"}},
		want:   []string{"bob > usd 10/10 usd", "usd contract 10/10 usd"},
	},
}

var accountService = map[chains.Address]accountLabel{"shop": {tracer.EndExchange, "Shop"}}

// ann pays bob, who pays cat from two payments; cat pays dan.
var accountChainOfThree = [][]string{
	{"ann: ann>bob 10 usd"}, {"bob: bob>cat 4 usd"}, {"bob: bob>cat 5 usd"}, {"cat: cat>dan 6 usd"},
}

// Where a limit or a label stops a trail.
var accountLimitCases = []accountCase{
	{
		name: "a label", has: "ann 100 usd", params: fifo, deposits: []string{"1:0/0"}, labels: accountService,
		blocks: [][]string{{"ann: ann>bob 10 usd"}, {"bob: bob>shop 10 usd"}, {"shop: shop>cat 10 usd"}},
		want:   []string{"bob > shop 10/10 usd", "shop exchange-deposit 10/10 usd"},
	},
	{ // a label is no end to what does not stay
		name: "a label on the way", has: "ann 100 usd", params: fifo, deposits: []string{"1:0/0"}, labels: accountService,
		blocks: [][]string{{"ann: ann>bob 10 usd"}, {"bob: bob>shop 10 usd, shop>cat 10 usd"}},
		want:   []string{"bob > shop 10/10 usd", "shop > cat 10/10 usd", "cat unspent 10/10 usd"},
	},
	{ // three transactions touch cat
		name: "a hub", has: "ann 100 usd", params: tracer.Params{Rule: "fifo", HubDegree: 2}, deposits: []string{"3:0/0"},
		blocks: accountChainOfThree,
		want:   []string{"cat hub 5/5 usd"},
	},
	{ // two hops away at cat, who pays on 6; 3 stay
		name: "hop limit", has: "ann 100 usd", params: tracer.Params{Rule: "fifo", MaxHops: 1}, deposits: []string{"1:0/0"},
		blocks: accountChainOfThree,
		want:   []string{"bob > cat 4/4 usd", "bob > cat 5/5 usd", "bob unspent 1/1 usd", "cat hop-limit 6/9 usd", "cat unspent 3/3 usd"},
	},
	{ // cat was paid by two ways, one hop long and two
		name: "hops count along the shortest way", has: "ann 100 usd", params: tracer.Params{Rule: "fifo", MaxHops: 2}, deposits: []string{"1:0/0"},
		blocks: [][]string{{"ann: ann>bob 10 usd"}, {"bob: bob>cat 4 usd, bob>dan 6 usd"}, {"dan: dan>cat 6 usd"}, {"cat: cat>eve 10 usd"}},
		want: []string{
			"bob > cat 4/4 usd", "bob > dan 6/6 usd", "dan > cat 6/6 usd", "cat > eve 10/10 usd", "eve unspent 10/10 usd",
		},
	},
	{
		name: "below minimum", has: "ann 100 usd", params: tracer.Params{Rule: "fifo", MinAmount: chains.NewAmount(7)}, deposits: []string{"1:0/0"},
		blocks: accountChainOfThree,
		want:   []string{"bob > cat 4/4 usd", "bob below-minimum 6/6 usd", "cat below-minimum 4/9 usd"},
	},
	{
		name: "time limit", has: "ann 100 usd", params: tracer.Params{Rule: "fifo", Until: minute(2)}, deposits: []string{"1:0/0"},
		blocks: accountChainOfThree,
		want:   []string{"bob > cat 4/4 usd", "bob time-limit 6/6 usd", "cat time-limit 4/9 usd"},
	},
	{ // cat pays on after the time, and two hops away: all that cat had is still there
		name: "time limit before hop limit", has: "ann 100 usd", params: tracer.Params{Rule: "fifo", Until: minute(3), MaxHops: 1, Budget: 2},
		deposits: []string{"1:0/0"}, blocks: accountChainOfThree,
		want: []string{"bob > cat 4/4 usd", "bob > cat 5/5 usd", "bob unspent 1/1 usd", "cat time-limit 9/9 usd"},
	},
	{
		name: "budget", has: "ann 100 usd", params: tracer.Params{Rule: "fifo", Budget: 2}, deposits: []string{"1:0/0"},
		blocks: accountChainOfThree,
		want:   []string{"bob > cat 4/4 usd", "bob > cat 5/5 usd", "bob unspent 1/1 usd", "cat budget 9/9 usd"},
	},
	{ // one transaction takes from two accounts: it is visited once
		name: "budget counts transactions", has: "ann 100 usd", params: tracer.Params{Rule: "fifo", Budget: 2}, deposits: []string{"1:0/0"},
		blocks: [][]string{{"ann: ann>bob 10 usd"}, {"bob: bob>cat 4 usd"}, {"eve: bob>dan 6 usd, cat>dan 4 usd"}},
		want:   []string{"bob > cat 4/4 usd", "bob > dan 6/6 usd", "cat > dan 4/4 usd", "dan unspent 10/10 usd"},
	},
}
