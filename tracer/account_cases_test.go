package tracer_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"tsuiseki/chains"
	"tsuiseki/tracer"
)

// accountCase is a history and what a trace of it finds, as a person would work
// it out. A block is a list of transactions "SENDER [fee N] [tip N] [by PRODUCER] [failed]: FROM>TO N ASSET, …";
// 0 mints and burns, ! destroys. Block 0 hands out what accounts have. A line of
// the result is "FROM > TO TRACED/AMOUNT ASSET", "ACCOUNT swaps TRACED/AMOUNT ASSET
// for TRACED/AMOUNT ASSET", "fee TRACED/AMOUNT ASSET" or "ACCOUNT KIND TRACED/AMOUNT ASSET".
type accountCase struct {
	name     string
	has      string // "ACCOUNT N ASSET, …"
	blocks   [][]string
	freezes  []chains.Freeze // in the last block
	labels   map[chains.Address]accountLabel
	inferred map[chains.Address]bool // accounts that a heuristic knows
	deposits []string                // HEIGHT:TX/TRANSFER
	params   tracer.Params
	want     []string // with several deposits, each line begins with the deposit
}

func TestAccountCases(t *testing.T) {
	for _, c := range slices.Concat(accountFlowCases, accountSwapCases, accountQueueCases, accountLimitCases, accountInferCases) {
		t.Run(c.name, func(t *testing.T) { c.check(t) })
	}
}

func (c accountCase) check(t *testing.T) {
	t.Helper()
	chain := c.build(t)
	ledger := &memoryLedger{blocks: chain.blocks, labels: c.labels, inferred: c.inferred}
	var places []transferPlace
	for _, text := range c.deposits {
		var p transferPlace
		if _, err := fmt.Sscanf(text, "%d:%d/%d", &p.at.Height, &p.at.Tx, &p.transfer); err != nil {
			t.Fatalf("deposit %q: %v", text, err)
		}
		places = append(places, p)
	}
	deposits, err := accountDeposits(ledger, places)
	if err != nil {
		t.Fatal(err)
	}
	got, err := tracer.TraceAccounts(t.Context(), ledger, deposits, c.params)
	if err != nil {
		t.Fatal(err)
	}
	lines := accountLines(got, len(places) > 1)
	if want := slices.Sorted(slices.Values(c.want)); !slices.Equal(lines, want) {
		t.Errorf("%s\ngot\n\t%s\nwant\n\t%s", chain, strings.Join(lines, "\n\t"), strings.Join(want, "\n\t"))
	}
	// The reference is held to the same cases.
	hops, ends, totals := traceNaively(ledger, places, c.params)
	for _, pair := range [][2]naiveLines{{accountHops(got), hops}, {accountEnds(got), ends}, {accountTotals(got), totals}} {
		if a, b := pair[0].list(), pair[1].list(); !slices.Equal(a, b) {
			t.Errorf("got\n\t%s\nthe reference says\n\t%s", strings.Join(a, "\n\t"), strings.Join(b, "\n\t"))
		}
	}
}

func accountLines(r *tracer.Result, several bool) (lines []string) {
	add := func(deposit, format string, a ...any) {
		line := fmt.Sprintf(format, a...)
		if several {
			line = deposit + " " + line
		}
		lines = append(lines, line)
	}
	for _, h := range r.Hops {
		if s := h.Swapped; s != nil {
			add(h.Deposit, "%s %ss %s/%s %s for %s/%s %s", h.To.Address, h.Kind, s.Traced, s.Amount, s.Asset, h.Traced, h.Amount, h.Asset)
			continue
		}
		add(h.Deposit, "%s > %s %s/%s %s", h.From.Address, h.To.Address, h.Traced, h.Amount, h.Asset)
	}
	for _, e := range r.Ends {
		add(e.Deposit, "%s", strings.TrimSpace(fmt.Sprintf("%s %s %s/%s %s", e.Address, e.Kind, e.Traced, e.Amount, e.Asset)))
	}
	slices.Sort(lines)
	return lines
}

func (c accountCase) build(t *testing.T) *accountChain {
	t.Helper()
	chain := newAccountChain()
	mint := chain.begin("deployer", 0, 0)
	for text := range strings.SplitSeq(c.has, ", ") {
		if account, n, asset := accountHolding(t, text); asset == ether {
			chain.system(chains.RewardTransfer, account, n)
		} else {
			mint.pay(asset, chains.ZeroAddress, account, n)
		}
	}
	mint.end()
	for _, txs := range c.blocks {
		chain.block("miner")
		for _, text := range txs {
			head, transfers, _ := strings.Cut(text, ":")
			tx := accountHead(t, chain, strings.Fields(head))
			for text := range strings.SplitSeq(strings.TrimSpace(transfers), ", ") {
				if text != "" {
					accountPay(t, tx, text)
				}
			}
			tx.end()
		}
	}
	chain.last().Freezes = c.freezes
	return chain
}

func accountHolding(t *testing.T, text string) (account chains.Address, n int64, asset chains.Asset) {
	t.Helper()
	fields := strings.Fields(text)
	n, err := strconv.ParseInt(fields[1], 10, 64)
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return chains.Address(fields[0]), n, chains.Asset(fields[2])
}

func accountHead(t *testing.T, chain *accountChain, fields []string) *txBuilder {
	t.Helper()
	number := map[string]int64{}
	failed := false
	for i := 1; i < len(fields); i++ {
		switch fields[i] {
		case "failed":
			failed = true
			continue
		case "by":
			chain.last().Producer = chains.Address(fields[i+1])
		default:
			number[fields[i]], _ = strconv.ParseInt(fields[i+1], 10, 64)
		}
		i++
	}
	tx := chain.begin(chains.Address(fields[0]), number["fee"], number["tip"])
	tx.failed = failed
	return tx
}

func accountPay(t *testing.T, tx *txBuilder, text string) {
	t.Helper()
	parties, n, asset := accountHolding(t, text)
	from, to, _ := strings.Cut(string(parties), ">")
	kind := chains.TokenTransfer
	nobody := func(name string) chains.Address {
		switch name {
		case "0":
			return chains.ZeroAddress
		case "!":
			kind = chains.DestroyedTransfer
			return ""
		}
		return chains.Address(name)
	}
	a, b := nobody(from), nobody(to)
	if kind == chains.DestroyedTransfer {
		tx.move(kind, asset, a, b, n)
		return
	}
	tx.pay(asset, a, b, n)
}

// TestAccountDepositsRefused: what was no payment is not traced as one.
func TestAccountDepositsRefused(t *testing.T) {
	chain := accountCase{has: "ann 100 ETH, ann 100 usd", blocks: [][]string{
		{"ann fee 1: ann>bob 5 ETH, bob>bab 0 usd, ann>ann 7 usd, ann>! 3 usd", "ann fee 1 failed: ann>bob 5 ETH"},
	}}.build(t)
	for _, c := range []struct {
		place  transferPlace
		reason string
	}{
		{transferPlace{chains.Position{Height: 1}, 1}, "is a fee, not a payment"},
		{transferPlace{chains.Position{Height: 1}, 2}, "carries no value"},
		{transferPlace{chains.Position{Height: 1}, 3}, "pays itself"},
		{transferPlace{chains.Position{Height: 1}, 4}, "is a destroyed, not a payment"},
		{transferPlace{chains.Position{Height: 1}, 5}, "not found"},
		{transferPlace{chains.Position{Height: 1, Tx: 1}, 0}, "failed"},
	} {
		deposits, err := accountDeposits(chain.ledger(), []transferPlace{c.place})
		if err != nil {
			t.Fatal(err)
		}
		if _, err = tracer.TraceAccounts(t.Context(), chain.ledger(), deposits, fifo); err == nil || !strings.Contains(err.Error(), c.reason) {
			t.Errorf("%s: %v, want %q", c.place, err, c.reason)
		}
	}
}
