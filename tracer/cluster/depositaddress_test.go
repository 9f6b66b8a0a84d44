package cluster_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"tsuiseki/chains"
	"tsuiseki/tracer/cluster"
)

// depositCase is a history and what the heuristics say of account d. want has a
// line "HEURISTIC CONFIDENCE OBSERVATIONS" for each that says yes; "no REASON" where
// none does, "undecided HEURISTIC REASON" where one would but for the reason.
type depositCase struct {
	name   string
	txs    []string
	change func(*depositChain)
	only   []string // heuristics that are on; all where empty
	want   []string
}

// single is a payment of 5000 and its sweep.
var single = []string{"10: ann>d 5000 ETH", "20: d>hot 4999 ETH"}

// batched are payments that are swept together, twice.
var batched = []string{
	"10: ann>d 500 ETH", "11: ben>d 700 ETH", "20: d>hot 1199 ETH",
	"30: ann>d 300 ETH", "31: ben>d 400 ETH", "5000: d>hot2 699 ETH",
}

func with(txs []string, more ...string) []string { return slices.Concat(txs, more) }

var victorCases = []depositCase{
	{name: "a payment swept", txs: single, want: []string{"victor-deposit 9934 1"}}, // 1 - 0.5/100 - 0.5·10/3200
	{name: "in the same block", txs: []string{"10: ann>d 5000 ETH", "10: d>hot 5000 ETH"}, want: []string{"victor-deposit 10000 1"}},
	{name: "most rest", txs: []string{"10: ann>d 5000 ETH", "10: d>hot 4900 ETH"}, want: []string{"victor-deposit 5000 1"}},
	{name: "too much rest", txs: []string{"10: ann>d 5000 ETH", "10: d>hot 4899 ETH"}, want: []string{"no was passed on"}},
	{name: "most blocks", txs: []string{"10: ann>d 5000 ETH", "3210: d>hot 5000 ETH"}, want: []string{"victor-deposit 5000 1"}},
	{name: "too many blocks", txs: []string{"10: ann>d 5000 ETH", "3211: d>hot 5000 ETH"}, want: []string{"no was passed on"}},
	{name: "all limits at once", txs: []string{"10: ann>d 5000 ETH", "3210: d>hot 4900 ETH"}, want: []string{"victor-deposit 0 1"}},
	{name: "more than was paid", txs: []string{"10: ann>d 50 ETH", "11: ben>d 50 ETH", "20: d>hot 100 ETH"}, want: []string{"no was passed on"}},
	{name: "the sweep comes first", txs: []string{"10: d>hot 5000 ETH", "20: ann>d 5000 ETH"}, want: []string{"no was passed on"}},
	{name: "a token", txs: []string{"10: ann>d 70 usd", "20: d>hot 70 usd"}, want: []string{"victor-deposit 9984 1"}},
	{name: "not all of a token", txs: []string{"10: ann>d 70 usd", "20: d>hot 69 usd"}, want: []string{"no was passed on"}},
	{name: "another token", txs: []string{"10: ann>d 70 usd", "11: ann>d 70 jpy", "20: d>hot 71 usd"}, want: []string{"no was passed on"}},
	{name: "the best pair", txs: with(single, "100: ben>d 900 ETH", "100: d>hot2 900 ETH"), want: []string{"victor-deposit 10000 2", "forwards-to-one-exchange 7500 2"}},
	{name: "the payer is a miner", txs: with([]string{"5 zoe calls bob: zoe>bob 1 ETH, tip zoe>ann 1 ETH"}, single...), want: []string{"no was passed on"}},
	{name: "the payer is known as a miner", txs: []string{"10: hive>d 5000 ETH", "20: d>hot 4999 ETH"}, want: []string{"no was passed on"}},
	{name: "another exchange's customer", txs: []string{"10: bank>d 5000 ETH", "20: d>hot 4999 ETH"}, want: []string{"victor-deposit 9934 1"}},
	{name: "paid by a call", txs: []string{"10 ann calls splitter: ann>splitter 5000 ETH, splitter>d 5000 ETH", "20: d>hot 4999 ETH"}, want: []string{"victor-deposit 9934 1"}},
	{name: "from the consensus layer", txs: []string{"10: withdrawal >d 5000 ETH", "20: d>hot 4999 ETH"}, want: []string{"no was passed on"}},
	{name: "no exchange", txs: []string{"10: ann>d 5000 ETH", "20: d>bob 4999 ETH"}, want: []string{"no it also pays bob"}},
	{name: "no longer held", txs: []string{"10: ann>d 5000 ETH"}, want: []string{"no nothing went from it"}},
	{name: "switched off", txs: single, only: []string{"forwards-to-one-exchange"}, want: []string{"no 1 transactions sweep it"}},
	{name: "known later", txs: []string{"10: ann>d 5000 ETH", "20: d>fresh 4999 ETH"}, want: []string{"no it also pays fresh"}},
	{name: "known in time", txs: []string{"500: ann>d 5000 ETH", "510: d>fresh 4999 ETH"}, want: []string{"victor-deposit 9934 1"}},
}

var guardCases = []depositCase{
	{name: "pays elsewhere before", txs: with([]string{"1: ann>d 90 ETH", "2: d>bob 90 ETH"}, single...), want: []string{"no it also pays bob"}},
	{name: "pays elsewhere after", txs: with(batched, "6000: d>bob 2 ETH"), want: []string{"no it also pays bob"}},
	{name: "pays elsewhere in a token", txs: with(single, "30: d>bob 1 usd"), want: []string{"no it also pays bob"}},
	{name: "pays dust elsewhere", txs: with(single, "30: d>bob 1 ETH"), want: []string{"victor-deposit 9934 1"}},
	{name: "pays a service", txs: with(single, "30: d>shop 2 ETH"), want: []string{"no it also pays shop"}},
	{name: "pays two exchanges", txs: with(single, "30: ann>d 50 ETH", "31: d>bank 50 ETH"), want: []string{"no it pays X 1, and Y"}},
	{name: "pays a look-alike's nothing", txs: with(single, "30: d>bob 0 usd"), want: []string{"victor-deposit 9934 1"}},
	{name: "gas from the exchange", txs: with(single, "30: hot2>d 500 ETH"), want: []string{"victor-deposit 9934 1"}},
	{name: "a withdrawal from the exchange", txs: with(single, "30: hot2>d 501 ETH"), want: []string{"no X 2 pays it more than gas"}},
	{name: "a withdrawal of tokens", txs: []string{"5: hot>d 8 usd", "10: ann>d 70 usd", "20: d>hot 70 usd"}, want: []string{"no X 1 pays it more than gas"}},
	{name: "tokens planted by the exchange's name", txs: with(single, "30 eve calls fake: hot>d 8 fake"), want: []string{"victor-deposit 9934 1"}},
	{name: "only the exchange pays", txs: []string{"10: hot>d 400 ETH", "20: d>hot2 399 ETH"}, want: []string{"no nobody but the exchange pays it"}},
	{name: "only dust from others", txs: []string{"10: hot>d 400 ETH", "11: eve>d 1 ETH", "20: d>hot2 399 ETH"}, want: []string{"no nobody but the exchange pays it"}},
	{name: "a token's contract", txs: with(single, "30 eve calls d: eve>bob 1 d"), want: []string{"no it is a token's contract"}},
	{name: "a mixer", txs: with(single, "30 eve calls d: mix >d 0 d"), want: []string{"no it is a mixer's pool"}},
	{name: "a block's producer", txs: with(single, "30: eve>bob 1 ETH, tip eve>d 1 ETH"), want: []string{"no it produced block 30"}},
	{name: "a miner", txs: with(single, "30: reward >d 1 ETH"), want: []string{"no it produced block 30"}},
	{name: "known", txs: single, change: func(c *depositChain) { c.parties["d"] = c.parties["shop"] }, want: []string{"no it is known as a shop"}},
	{name: "calls a contract", txs: with(single, "30 d calls router:"), want: []string{"no it calls router"}},
	{name: "calls a token's contract", txs: with(single, "25: eve>bob 1 usd", "30 d calls usd:"), want: []string{"victor-deposit 9934 1"}},
	{name: "calls the exchange", txs: with(single, "30 d calls hot:"), want: []string{"victor-deposit 9934 1"}},
	{name: "cancels", txs: with(single, "30 d calls d: d>d 0 ETH"), want: []string{"victor-deposit 9934 1"}},
	{name: "creates a contract", txs: with(single, "30 d calls nobody creates thing:"), change: func(c *depositChain) { c.txs[2].To = "" }, want: []string{"no it creates a contract"}},
	{name: "sends a collectible away", txs: with(single, "30 d calls art: d>bob #1 art"), want: []string{"no it sends a collectible elsewhere"}},
	{name: "sends a collectible to the exchange", txs: with(single, "30 d calls art: d>hot #1 art"), want: []string{"victor-deposit 9934 1"}},
	{name: "a collectible planted", txs: with(single, "30 eve calls art: d>bob #1 art"), want: []string{"victor-deposit 9934 1"}},
	{name: "an issuer destroys", txs: with(single, "30 issuer calls usd: destroyed d> 5 usd"), want: []string{"victor-deposit 9934 1"}},
	{name: "an issuer destroys what it moves", txs: with(single, "25: eve>bob 1 usd", "26 d calls usd:", "30 issuer calls usd: destroyed d> 5 usd"), want: []string{"victor-deposit 9934 1"}},
	{name: "failed payments", txs: with(single, "30 failed: d>bob 90 ETH", "31 d calls router failed:"), want: []string{"victor-deposit 9934 1"}},
	{name: "a failed sweep", txs: []string{"10: ann>d 5000 ETH", "20 failed: d>hot 4999 ETH"}, want: []string{"no nothing went from it"}},
	{name: "a planted sweep", txs: []string{"10 eve calls fake: ann>d 70 fake", "20 eve calls fake: d>hot 70 fake"}, want: []string{"no nothing went from it"}},
	{name: "planted payments elsewhere", txs: with(single, "30 eve calls fake: d>bob 70 fake"), want: []string{"victor-deposit 9934 1"}},
	{name: "a token that others move with leave", txs: []string{"5: eve>bob 1 usd", "9 d calls usd:", "10: ann>d 70 usd", "20 exec calls usd: d>hot 70 usd"}, want: []string{"victor-deposit 9984 1"}},
	{name: "a token that others take", txs: []string{"10: ann>d 70 usd", "20: d>hot 70 usd", "30: ann>d 5 usd", "31 thief calls usd: d>thief 5 usd"}, want: []string{"no it also pays thief"}},
}

var forwardCases = []depositCase{
	{name: "batches", txs: batched, want: []string{"forwards-to-one-exchange 7500 2"}},
	{name: "three batches", txs: with(batched, "6000: eve>d 90 ETH", "9900: d>hot 90 ETH"), want: []string{"forwards-to-one-exchange 8000 3"}},
	{name: "one batch", txs: batched[:3], want: []string{"no 1 transactions sweep it, 2 are wanted"}},
	{name: "two sweeps of one payment", txs: []string{"10: ann>d 900 ETH", "5000: d>hot 850 ETH", "5001: d>hot 49 ETH"}, want: []string{"no 1 transactions of others pay it"}},
	{name: "keeps a part", txs: []string{"10: ann>d 900 ETH", "11: ben>d 900 ETH", "20: d>hot 500 ETH", "30: d>hot 1299 ETH"}, want: []string{"no it keeps"}},
	{name: "keeps some of a token", txs: []string{"10: ann>d 90 usd", "11: ben>d 90 usd", "20: d>hot 179 usd", "30: ann>d 5 usd", "4000: d>hot 6 usd"}, want: []string{"no it keeps 1 of usd"}},
	{name: "tokens and ether", txs: []string{"10: ann>d 90 usd", "11: ben>d 50 ETH", "12: ann>d 5 usd", "20: d>hot 95 usd", "9000: d>hot 50 ETH"}, want: []string{"forwards-to-one-exchange 7500 2"}},
	{name: "gas is no payment", txs: []string{"10: ann>d 40 usd", "12: eve>d 5 ETH", "13: eve>d 5 ETH", "5000: d>hot 30 usd", "5001: d>hot 10 usd"}, want: []string{"no it keeps"}},
	{name: "gas is no payment of a token", txs: []string{"10: ann>d 40 usd", "12: eve>d 5 ETH", "13: eve>d 5 ETH", "14 d calls usd: d>hot 39 usd, d>hot 1 usd", "5001: ann>d 0 usd", "5002 d calls usd: d>hot 0 usd"}, want: []string{"no 1 transactions sweep it"}},
}

// funded are accounts that a funder paid the gas for and that swept a token.
func funded(funder string, n int) (txs []string) {
	for i := range n {
		txs = append(txs, fmt.Sprintf("8: ben>e%d 5 usd", i), fmt.Sprintf("9: %s>e%d 10 ETH", funder, i), fmt.Sprintf("9: e%d>hot2 5 usd", i))
	}
	return txs
}

// tokensWith are payments in a token, and the sweep of both, with something between.
func tokensWith(between ...string) []string {
	return slices.Concat([]string{"10: ann>d 70 usd", "11: ann>d 30 usd"}, between, []string{"3000: d>hot 100 usd"})
}

var gasCases = []depositCase{
	{name: "gas by the exchange", txs: tokensWith("2900: hot2>d 100 ETH"), want: []string{"exchange-gas-funding 9843 1"}},
	{name: "most gas", txs: tokensWith("3000: hot2>d 500 ETH"), want: []string{"exchange-gas-funding 10000 1"}},
	{name: "too much gas", txs: tokensWith("2900: hot2>d 501 ETH"), want: []string{"no X 2 pays it more than gas"}},
	{name: "gas too early", txs: []string{"10: hot>d 90 ETH", "3000: ann>d 70 usd", "3001: ann>d 30 usd", "3211: d>hot 100 usd"}, want: []string{"no not seen to pay gas"}},
	{name: "gas by nobody", txs: tokensWith("2900: eve>d 100 ETH"), want: []string{"no not seen to pay gas"}},
	{name: "gas by another exchange", txs: tokensWith("2900: bank>d 100 ETH"), want: []string{"no not seen to pay gas"}},
	{name: "gas after the sweep", txs: with(tokensWith(), "3001: hot>d 9 ETH"), want: []string{"no not seen to pay gas"}},
	{name: "the last gas that is the exchange's", txs: tokensWith("2800: hot2>d 100 ETH", "2900: eve>d 50 ETH"), want: []string{"exchange-gas-funding 9687 1"}},
	{name: "gas just in time", txs: []string{"10: ann>d 70 usd", "11: ann>d 30 usd", "20: hot>d 9 ETH", "3220: d>hot 100 usd"}, want: []string{"exchange-gas-funding 5000 1"}},
	{name: "gas by a service", txs: with(funded("shop", 3), tokensWith("2900: shop>d 100 ETH")...), want: []string{"no not seen to pay gas"}},
	{name: "gas that no sweep needs", txs: with([]string{"5: eve>bob 1 usd", "9 d calls usd:"}, slices.Concat(tokensWith("2900: hot>d 100 ETH")[:3], []string{"3000 exec calls usd: d>hot 100 usd"})...), want: []string{"no not seen to pay gas"}},
	{name: "a funder whose payment failed", txs: with(slices.Concat(funded("station", 2), []string{"8: ben>e9 5 usd", "9 failed: station>e9 10 ETH", "9: e9>hot 5 usd"}), tokensWith("2900: station>d 100 ETH")...), want: []string{"no not seen to pay gas"}},
	{name: "a sweep of ether", txs: []string{"9: hot>d 100 ETH", "10: ann>d 600 ETH", "11: ann>d 500 ETH", "20: d>hot 1199 ETH"}, want: []string{"no not seen to pay gas"}},
	{name: "a funder of many", txs: with(funded("station", 3), tokensWith("2900: station>d 100 ETH")...), want: []string{"exchange-gas-funding 9843 1"}},
	{name: "a funder of few", txs: with(funded("station", 2), tokensWith("2900: station>d 100 ETH")...), want: []string{"no not seen to pay gas"}},
	{
		name: "a funder of others' deposits", txs: with(slices.Concat(funded("station", 2), []string{"8: ben>e9 5 usd", "9: station>e9 10 ETH", "9: e9>bank 5 usd"}), tokensWith("2900: station>d 100 ETH")...),
		want: []string{"no not seen to pay gas"},
	},
}

var contractCases = []depositCase{
	{name: "passes on in the same transaction", txs: []string{"5 op calls factory creates d:", "10 ann calls d: ann>d 90 ETH, d>hot 90 ETH"}, want: []string{"forwarder-contract 6666 1"}},
	{name: "passes on a token", txs: []string{"5 op calls factory creates d:", "10 ann calls d: ann>d 90 usd, d>hot 90 usd"}, want: []string{"forwarder-contract 6666 1"}},
	{name: "swept once by nobody known", txs: []string{"5 op calls factory creates d:", "10: ann>d 90 ETH", "20 op calls factory: op>factory 0 ETH, d>hot 90 ETH"}, want: []string{"no 1 transactions sweep it"}},
	{name: "swept once when something else came", txs: []string{"5 op calls factory creates d:", "10: ann>d 90 ETH", "20 op calls factory: op>factory 0 ETH, ben>d 5 usd, d>hot 90 ETH"}, want: []string{"no 1 transactions sweep it"}},
	{name: "swept twice", txs: []string{"5 op calls factory creates d:", "10: ann>d 90 ETH", "20 op calls factory: op>factory 0 ETH, d>hot 90 ETH", "30: ann>d 40 ETH", "40 op calls factory: op>factory 0 ETH, d>hot 40 ETH"}, want: []string{"forwarder-contract 7500 2"}},
	{name: "swept by the exchange", txs: []string{"5 op calls factory creates d:", "10: ann>d 90 ETH", "20 hot2 calls factory: hot2>factory 0 ETH, d>hot 90 ETH"}, want: []string{"forwarder-contract 6666 1"}},
	{name: "made by the exchange", txs: []string{"5 hot calls factory creates d:", "10: ann>d 90 usd", "20 op calls factory: d>hot 90 usd"}, want: []string{"forwarder-contract 6666 1"}},
	{name: "a token flushed by its maker", txs: []string{"5 op calls factory creates d:", "10: ann>d 90 usd", "20 op calls other: d>hot 50 usd", "21 eve calls factory: d>hot 40 usd"}, want: []string{"forwarder-contract 7500 2"}},
	{name: "a token flushed by a call of it", txs: []string{"5 op calls factory creates d:", "10: ann>d 90 usd", "20 eve calls d: d>hot 50 usd", "21 bob calls d: d>hot 40 usd"}, want: []string{"forwarder-contract 7500 2"}},
	{name: "a token flushed by nobody known", txs: []string{"5 op calls factory creates d:", "10: ann>d 90 usd", "20 eve calls other: d>hot 50 usd", "21 eve calls other: d>hot 40 usd"}, want: []string{"no nothing went from it"}},
	{name: "a payment that may be planted", txs: []string{"5 op calls factory creates d:", "10 ann calls d: ann>d 90 ETH, d>hot 90 ETH", "20 eve calls fake: d>bob 5 fake"}, want: []string{"undecided forwarder-contract fake logs that it paid bob"}},
	{name: "pays elsewhere", txs: []string{"5 op calls factory creates d:", "10 ann calls d: ann>d 90 ETH, d>hot 80 ETH, d>op 10 ETH"}, want: []string{"no it also pays op"}},
	{name: "paid before it was made", txs: []string{"5: ann>d 90 ETH", "10 op calls factory creates d: op>factory 0 ETH, d>hot 90 ETH", "20 ben calls d: ben>d 7 ETH, d>hot 7 ETH"}, want: []string{"forwarder-contract 7500 2"}},
}

func TestDepositAddresses(t *testing.T) {
	for _, c := range slices.Concat(victorCases, guardCases, forwardCases, gasCases, contractCases, gapCases) {
		t.Run(c.name, func(t *testing.T) {
			chain := c.chain(t)
			var on []cluster.DepositHeuristic
			for _, h := range cluster.DepositHeuristics() {
				if len(c.only) == 0 || slices.Contains(c.only, h.ID) {
					on = append(on, h)
				}
			}
			got, err := cluster.FindDepositAddress(chain, "d", on, cluster.DefaultDepositParams())
			if err != nil {
				t.Fatal(err)
			}
			if lines := depositLines(got); !matches(lines, c.want) {
				t.Errorf("got\n\t%s\nwant\n\t%s", strings.Join(lines, "\n\t"), strings.Join(c.want, "\n\t"))
			}
			checkInference(t, got)
		})
	}
}

func (c depositCase) chain(tb testing.TB) *depositChain {
	chain := &depositChain{parties: defaultParties(), height: 10_000}
	for _, text := range c.txs {
		chain.tx(tb, text)
	}
	if c.change != nil {
		c.change(chain)
	}
	return chain
}

// depositLines are the answers that are no refusals, or all reasons in one line.
func depositLines(d *cluster.DepositAddress) (lines []string) {
	reasons := []string{"no", d.Reason}
	for _, in := range d.Inferences {
		switch in.Verdict {
		case cluster.Yes:
			lines = append(lines, fmt.Sprintf("%s %d %d", in.ID, in.Confidence, in.Observed))
		case cluster.Undecided:
			lines = append(lines, fmt.Sprintf("undecided %s %s", in.ID, in.Reason))
		default:
			reasons = append(reasons, in.Reason)
		}
	}
	if len(lines) == 0 {
		return []string{strings.Join(reasons, " | ")}
	}
	return lines
}

// matches compares line by line; a refusal's reason may be longer.
func matches(lines, want []string) bool {
	return slices.EqualFunc(lines, want, func(line, want string) bool {
		kind, rest, _ := strings.Cut(want, " ")
		if kind != "no" && kind != "undecided" {
			return line == want
		}
		return strings.HasPrefix(line, kind) && strings.Contains(line, rest)
	})
}

// checkInference holds an answer to what is promised of all: it names what fired
// and by which parameters.
func checkInference(t *testing.T, d *cluster.DepositAddress) {
	t.Helper()
	for _, in := range d.Inferences {
		switch {
		case in.ID == "" || in.Version < 1 || len(in.Parameters) == 0:
			t.Errorf("%+v does not say by what", in)
		case (in.Verdict == cluster.No) != (len(in.Fired) == 0) || in.Observed != len(in.Fired):
			t.Errorf("%+v: %d observations", in, len(in.Fired))
		case in.Verdict != cluster.Yes && in.Reason == "" || in.Confidence < 0 || in.Confidence > 10_000:
			t.Errorf("%+v", in)
		}
		if best := d.Best(); best != nil && in.Confidence > best.Confidence && in.Verdict == cluster.Yes {
			t.Errorf("%s is surer than the best, %s", in.ID, best.ID)
		}
		for _, f := range in.Fired {
			if f.Sweep == (chains.TxID{}) || f.To == "" || f.Amount.Sign() <= 0 {
				t.Errorf("%s fired by %+v", in.ID, f)
			}
		}
	}
	best := d.Best()
	if (best != nil) != (d.Verdict == cluster.Yes) || d.Verdict == cluster.Yes && (d.Exchange == "" || d.Label == "" || len(d.Sweeps) == 0 || len(d.Receipts) == 0) {
		t.Errorf("%+v, best %+v", d, best)
	}
}

// TestDepositFirings: what the confidence is of comes first, and who pays the gas
// for an exchange is no customer.
func TestDepositFirings(t *testing.T) {
	chain := depositCase{txs: with(single, "100: ben>d 900 ETH", "100: d>hot2 900 ETH", "200: ben>d 800 ETH", "201: d>hot2 800 ETH")}.chain(t)
	d, err := cluster.FindDepositAddress(chain, "d", cluster.DepositHeuristics(), cluster.DefaultDepositParams())
	if err != nil {
		t.Fatal(err)
	}
	fired, txs := d.Best().Fired, chain.txs
	if len(fired) != 3 || fired[0].Sweep != txs[3].ID || *fired[0].Deposit != txs[2].ID || fired[1].Sweep != txs[1].ID || fired[2].Sweep != txs[5].ID {
		t.Errorf("fired %+v", fired)
	}
	chain = depositCase{txs: with(funded("station", 3), tokensWith("2900: station>d 100 ETH")...)}.chain(t)
	if d, err = cluster.FindDepositAddress(chain, "d", cluster.DepositHeuristics(), cluster.DefaultDepositParams()); err != nil {
		t.Fatal(err)
	}
	if senders := d.Senders(); len(senders) != 1 || senders[0].Address != "ann" || len(senders[0].Payments) != 2 {
		t.Errorf("senders %+v", senders)
	}
}
