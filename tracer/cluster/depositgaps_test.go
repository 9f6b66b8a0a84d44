package cluster_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"tsuiseki/chains"
	"tsuiseki/tracer/cluster"
)

func lacking(part chains.Part) func(*depositChain) {
	return func(c *depositChain) {
		c.missing = map[chains.Part][]chains.Heights{part: {{From: 7_000, To: 7_001}, {From: 8_000, To: 8_000}}}
	}
}

func late(signed cluster.Verdict) func(*depositChain) {
	return func(c *depositChain) { c.from, c.signed = 5, signed }
}

var forwarded = []string{"6 op calls factory creates d:", "10 ann calls d: ann>d 90 ETH, d>hot 90 ETH"}

// gapCases: where blocks are not held that could show what rules an account out.
var gapCases = []depositCase{
	{name: "without transactions", txs: single, change: lacking(chains.PartTransactions), want: []string{"undecided victor-deposit transactions of heights 7000-8000 are not held"}},
	{
		name: "without signers", txs: []string{"10: ann>d 70 usd", "20: d>hot 70 usd"},
		change: func(c *depositChain) {
			lacking(chains.PartTransactions)(c)
			for _, tx := range c.txs {
				tx.From, tx.To = "", ""
			}
		}, want: []string{"undecided victor-deposit transactions of heights"},
	},
	{
		name: "without signers, a payment elsewhere", txs: []string{"10: ann>d 70 usd", "20: d>hot 70 usd", "30: d>bob 1 jpy"},
		change: func(c *depositChain) { c.txs[2].From = "" }, want: []string{"undecided victor-deposit who signed"},
	},
	{name: "without receipts", txs: single, change: lacking(chains.PartReceipts), want: []string{"undecided victor-deposit receipts of heights"}},
	{name: "without logs", txs: single, change: lacking(chains.PartLogs), want: []string{"undecided victor-deposit logs of heights"}},
	{name: "without withdrawals", txs: single, change: lacking(chains.PartWithdrawals), want: []string{"victor-deposit 9934 1"}},
	{name: "a key needs no calls", txs: single, change: lacking(chains.PartInternal), want: []string{"victor-deposit 9934 1"}},
	{name: "a contract does", txs: forwarded, change: lacking(chains.PartInternal), want: []string{"undecided forwarder-contract internal of heights"}},
	{name: "a no needs no blocks", txs: with(single, "30: d>bob 2 ETH"), change: lacking(chains.PartLogs), want: []string{"no it also pays bob"}},
	{name: "a late index", txs: single, change: late(""), want: []string{"undecided victor-deposit what it paid before height 5"}},
	{name: "a late index and a used key", txs: single, change: late(cluster.Yes), want: []string{"undecided victor-deposit what it paid before height 5"}},
	{name: "a late index and a fresh key", txs: single, change: late(cluster.No), want: []string{"victor-deposit 9934 1"}},
	{name: "a contract made within", txs: forwarded, change: late(""), want: []string{"forwarder-contract 6666 1"}},
	{name: "a contract made before", txs: forwarded[1:], change: late(cluster.No), want: []string{"undecided forwarder-contract what it paid before height 5"}},
}

// TestDepositReads: a history is read no further than to what rules the account
// out, nor beyond the limit.
func TestDepositReads(t *testing.T) {
	txs := []string{"1: ann>d 90 ETH", "2: d>bob 80 ETH"}
	for i := range 3_000 {
		txs = append(txs, fmt.Sprintf("%d: ann>d 90 ETH", 10+i))
	}
	chain := depositCase{txs: txs}.chain(t)
	find := func() *cluster.DepositAddress {
		t.Helper()
		chain.reads = 0
		d, err := cluster.FindDepositAddress(chain, "d", cluster.DepositHeuristics(), cluster.DefaultDepositParams())
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	if d := find(); d.Verdict != cluster.No || chain.reads != 2 {
		t.Errorf("%s after %d reads", d.Verdict, chain.reads)
	}
	chain.txs[1].Transfers[0].To = "hot"
	if d := find(); d.Verdict != cluster.Undecided || !strings.Contains(d.Reason, "more than 1000 transactions touch it") || chain.reads > 1_100 {
		t.Errorf("%s (%s) after %d reads", d.Verdict, d.Reason, chain.reads)
	}
}

// TestUsedDeposits: what an account pays, who shares it, and what joins two accounts.
func TestUsedDeposits(t *testing.T) {
	chain := depositCase{txs: slices.Concat(single, batched, []string{
		"40: ann>shop 5 ETH", "41: ann>bob 5 ETH", "42: ben>e 900 ETH", "43: e>hot 900 ETH", "44 ann failed: ann>e 5 ETH", "45: ann>hot 3 ETH",
		"46 eve calls fake: ann>e 7 fake", "47: eve>d 1 ETH",
	})}.chain(t)
	all, params := cluster.DepositHeuristics(), cluster.DefaultDepositParams()
	used, err := cluster.FindUsedDeposits(chain, "ann", all, params, 10)
	if err != nil || len(used.Uses) != 1 || used.Limit != "" || len(used.Undecided) != 0 {
		t.Fatalf("%+v, %v", used, err)
	}
	use := used.Uses[0]
	senders := use.Senders()
	if use.Address != "d" || len(use.Payments) != 3 || len(senders) != 2 || senders[0].Address != "ann" || senders[1].Address != "ben" || len(senders[1].Payments) != 2 {
		t.Errorf("ann uses %+v, with %+v", use, senders)
	}
	if used, err = cluster.FindUsedDeposits(chain, "ann", all, params, 1); err != nil || used.Limit == "" || used.Payees != 1 {
		t.Errorf("one payee: %+v, %v", used, err)
	}
	params.MaxTxs = 2
	if used, err = cluster.FindUsedDeposits(chain, "ann", all, params, 10); err != nil || used.Limit == "" || len(used.Undecided) != 1 {
		t.Errorf("two transactions: %+v, %v", used, err)
	}
	params.MaxTxs = 1_000
	for _, c := range []struct {
		a, b chains.Address
		want []chains.Address
	}{{"ann", "ben", []chains.Address{"d"}}, {"ben", "ann", []chains.Address{"d"}}, {"ben", "e", []chains.Address{"e"}}, {"e", "ben", []chains.Address{"e"}}, {"ann", "e", nil}, {"ann", "bob", nil}, {"ann", "hot", nil}} {
		shared, _, err := cluster.FindSharedDeposits(chain, c.a, c.b, all, params, 10)
		var got []chains.Address
		for _, s := range shared {
			got = append(got, s.Address)
			if (len(s.A) == 0) != (s.Address == c.a) || (len(s.B) == 0) != (s.Address == c.b) {
				t.Errorf("%s and %s share %+v", c.a, c.b, s)
			}
		}
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s and %s share %v, want %v (%v)", c.a, c.b, got, c.want, err)
		}
	}
}
