package tracer_test

import (
	"slices"
	"testing"

	"tsuiseki/chains"
	"tsuiseki/tracer"
)

var (
	hotWallet = map[chains.Address]accountLabel{"hot": {tracer.EndService, "Exchange X"}}
	isDeposit = map[chains.Address]bool{"dep": true}
)

// accountInferCases: trails end at accounts that heuristics know, also where value
// only passes them on its way to a labelled place.
var accountInferCases = []accountCase{
	{
		name: "ends where it arrives", has: "ann 9 ETH", labels: hotWallet, inferred: isDeposit,
		blocks: [][]string{{"ann: ann>dep 5 ETH"}, {"dep: dep>hot 5 ETH"}}, deposits: []string{"1:0/0"}, params: fifo,
		want: []string{"dep exchange-deposit 5/5 ETH"},
	},
	{
		name: "what lay there before is not part of it", has: "ann 9 ETH, dep 3 ETH", labels: hotWallet, inferred: isDeposit,
		blocks: [][]string{{"ann: ann>mule 5 ETH"}, {"mule fee 1: mule>dep 4 ETH"}, {"dep: dep>hot 7 ETH"}}, deposits: []string{"1:0/0"}, params: fifo,
		want: []string{"mule > dep 4/4 ETH", "dep exchange-deposit 4/4 ETH", "fee 1/1 ETH"},
	},
	{
		name: "ends where it passes on to a labelled place", has: "ann 9 ETH", labels: hotWallet, inferred: isDeposit,
		blocks: [][]string{{"ann: ann>dep 5 ETH, dep>hot 5 ETH"}}, deposits: []string{"1:0/0"}, params: fifo,
		want: []string{"dep exchange-deposit 5/5 ETH"},
	},
	{
		name: "a token passes on, with more that lay there", has: "ann 9 usd, dep 2 usd, mule 1 ETH", labels: hotWallet, inferred: isDeposit,
		blocks: [][]string{{"ann: ann>mule 5 usd"}, {"mule fee 1: mule>dep 5 usd, dep>hot 7 usd"}}, deposits: []string{"1:0/0"}, params: fifo,
		want: []string{"mule > dep 5/5 usd", "dep exchange-deposit 5/5 usd"},
	},
	{
		name: "a part passes on", has: "ann 9 ETH", labels: hotWallet, inferred: isDeposit,
		blocks: [][]string{{"ann: ann>dep 5 ETH, dep>hot 3 ETH"}}, deposits: []string{"1:0/0"}, params: fifo,
		want: []string{"dep exchange-deposit 5/5 ETH"},
	},
	{
		name: "not to a labelled place", has: "ann 9 ETH", labels: hotWallet, inferred: isDeposit,
		blocks: [][]string{{"ann: ann>dep 5 ETH, dep>bob 5 ETH"}}, deposits: []string{"1:0/0"}, params: fifo,
		want: []string{"dep > bob 5/5 ETH", "bob unspent 5/5 ETH"},
	},
	{
		name: "a label comes first", has: "ann 9 ETH", labels: map[chains.Address]accountLabel{"dep": {tracer.EndMixer, "a mixer"}}, inferred: isDeposit,
		blocks: [][]string{{"ann: ann>dep 5 ETH"}}, deposits: []string{"1:0/0"}, params: fifo,
		want: []string{"dep mixer 5/5 ETH"},
	},
	{
		name: "a hub comes first", has: "ann 9 ETH, bob 9 ETH", labels: hotWallet, inferred: isDeposit,
		blocks: [][]string{{"ann: ann>dep 5 ETH"}, {"bob: bob>dep 1 ETH"}}, deposits: []string{"1:0/0"}, params: tracer.Params{Rule: "fifo", HubDegree: 1},
		want: []string{"dep hub 5/5 ETH"},
	},
	{
		name: "no hub yet", has: "ann 9 ETH", labels: hotWallet, inferred: isDeposit,
		blocks: [][]string{{"ann: ann>dep 5 ETH"}}, deposits: []string{"1:0/0"}, params: tracer.Params{Rule: "fifo", HubDegree: 1},
		want: []string{"dep exchange-deposit 5/5 ETH"},
	},
	{
		name: "a label is passed", has: "ann 9 ETH", labels: map[chains.Address]accountLabel{"dep": {tracer.EndMixer, "a mixer"}, "hot": {tracer.EndService, "Exchange X"}}, inferred: isDeposit,
		blocks: [][]string{{"ann: ann>dep 5 ETH, dep>hot 5 ETH"}}, deposits: []string{"1:0/0"}, params: fifo,
		want: []string{"dep > hot 5/5 ETH", "hot service 5/5 ETH"},
	},
	{
		name: "a hub is passed", has: "ann 9 ETH, bob 9 ETH", labels: hotWallet, inferred: isDeposit,
		blocks: [][]string{{"ann: ann>dep 5 ETH, dep>hot 5 ETH"}, {"bob: bob>dep 1 ETH"}}, deposits: []string{"1:0/0"}, params: tracer.Params{Rule: "fifo", HubDegree: 1},
		want: []string{"dep > hot 5/5 ETH", "hot service 5/5 ETH"},
	},
	{
		name: "the sweep itself is traced", has: "ann 9 ETH", labels: hotWallet, inferred: isDeposit,
		blocks: [][]string{{"ann: ann>dep 5 ETH, dep>hot 5 ETH"}}, deposits: []string{"1:0/1"}, params: fifo,
		want: []string{"hot service 5/5 ETH"},
	},
	{
		name: "in doubt", has: "ann 9 ETH", labels: hotWallet, inferred: map[chains.Address]bool{"dep": false},
		blocks: [][]string{{"ann: ann>dep 5 ETH"}, {"dep: dep>hot 5 ETH"}}, deposits: []string{"1:0/0"}, params: fifo,
		want: []string{"dep > hot 5/5 ETH", "hot service 5/5 ETH"},
	},
}

// TestAccountDoubt: what heuristics leave undecided is named, and what they are is
// written down.
func TestAccountDoubt(t *testing.T) {
	c := accountInferCases[len(accountInferCases)-1]
	ledger := &memoryLedger{blocks: c.build(t).blocks, labels: c.labels, inferred: c.inferred}
	deposits, err := accountDeposits(ledger, []transferPlace{{at: chains.Position{Height: 1}}})
	if err != nil {
		t.Fatal(err)
	}
	used := []tracer.HeuristicDoc{{Heuristic: "h", Version: 2, Parameters: map[string]string{"p": "1"}}}
	r, err := tracer.TraceAccounts(t.Context(), ledger, deposits, tracer.Params{Rule: "fifo", Heuristics: used})
	if err != nil {
		t.Fatal(err)
	}
	want := tracer.NewMissing("ethereum", "what dep is", chains.Heights{From: 0, To: 2}, "nobody knows")
	if !slices.Contains(r.Missing, want) || len(r.Params.Heuristics) != 1 || r.Params.Heuristics[0].Version != 2 {
		t.Errorf("missing %v, params %+v", r.Missing, r.Params)
	}
}
