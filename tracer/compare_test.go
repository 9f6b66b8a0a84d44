package tracer_test

import (
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tsuiseki/chains"
	"tsuiseki/tracer"
	"tsuiseki/tracer/taint"
)

// tracesByRule traces by every rule.
func tracesByRule(params tracer.Params, trace func(tracer.Params) *tracer.Result) (traces []*tracer.Result) {
	for _, rule := range taint.Rules() {
		params.Rule = rule.Name
		traces = append(traces, trace(params))
	}
	return traces
}

// checkComparison: the ranges hold just the ends of the traces, place by place.
func checkComparison(t *rapid.T, traces []*tracer.Result) *tracer.Comparison {
	c, err := tracer.Compare(traces)
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := c.Verify(); err != nil || !ok {
		t.Fatalf("the digest is not the document's (%v)", err)
	}
	type sum struct {
		rule, deposit string
		kind          tracer.EndKind
		asset         chains.Asset
		address       chains.Address
	}
	left := map[sum]chains.Amount{}
	for _, r := range traces {
		for _, e := range r.Ends {
			key := sum{r.Rule, e.Deposit, e.Kind, e.Asset, e.Address}
			left[key] = left[key].Add(e.Traced)
		}
	}
	for _, r := range c.Ranges {
		if len(r.By) != len(traces) {
			t.Fatalf("a range by %d rules: %+v", len(r.By), r)
		}
		var lowest, highest bool
		for rule, traced := range r.By {
			key := sum{rule, r.Deposit, r.Kind, r.Asset, r.Address}
			left[key] = left[key].Sub(traced)
			lowest, highest = lowest || traced.Equal(r.Least), highest || traced.Equal(r.Most)
			if traced.Cmp(r.Least) < 0 || traced.Cmp(r.Most) > 0 {
				t.Fatalf("%s is not between least and most: %+v", rule, r)
			}
		}
		if !lowest || !highest || r.Most.IsZero() || r.Most.Cmp(r.Amount) > 0 {
			t.Fatalf("bounds of %+v", r)
		}
	}
	for key, n := range left {
		if !n.IsZero() {
			t.Fatalf("%s of ends %+v are in no range", n, key)
		}
	}
	return c
}

// sameRanges: the order of the rules changes nothing but the order in which they are told of.
func sameRanges(t *rapid.T, c *tracer.Comparison) {
	order := rapid.Permutation(c.Traces).Draw(t, "rules")
	again, err := tracer.Compare(order)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := rangesText(t, c), rangesText(t, again); a != b {
		t.Fatalf("%s\nin another order\n%s", a, b)
	}
}

func rangesText(t *rapid.T, c *tracer.Comparison) string {
	text, err := json.MarshalIndent(c.Ranges, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestComparison(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawScenario(t, "fifo")
		by := func(p tracer.Params) *tracer.Result { s.params = p; return s.run(t) }
		c := checkComparison(t, tracesByRule(s.params, by))
		sameRanges(t, c)
		s.deposits = rapid.Permutation(s.deposits).Draw(t, "order")
		if again := checkComparison(t, tracesByRule(s.params, by)); again.Digest != c.Digest {
			t.Fatal("the order of deposits changes the digest")
		}
	})
}

func TestAccountComparison(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := drawHistory(t, "fifo")
		ledger := drawGaps(t, &h)
		by := func(p tracer.Params) *tracer.Result { return traceAccounts(t, ledger, h.deposits, p) }
		c := checkComparison(t, tracesByRule(h.params, by))
		sameRanges(t, c)
		h.deposits = rapid.Permutation(h.deposits).Draw(t, "order")
		if again := checkComparison(t, tracesByRule(h.params, by)); again.Digest != c.Digest {
			t.Fatal("the order of deposits changes the digest")
		}
		// Value rests in an account once, whichever transfer brought it.
		seen := map[string]bool{}
		for _, r := range c.Ranges {
			key := fmt.Sprint(r.Deposit, r.Address, r.Asset)
			if r.Kind == tracer.EndUnspent && seen[key] {
				t.Fatalf("%s rests in two places of %s", r.Asset, r.Address)
			}
			seen[key] = seen[key] || r.Kind == tracer.EndUnspent
		}
	})
}

// compareCase compares the traces of a case's deposit by all rules.
func compareCase(t *testing.T, c accountCase) *tracer.Comparison {
	t.Helper()
	ledger := c.build(t).ledger()
	deposits, err := accountDeposits(ledger, []transferPlace{{chains.Position{Height: 1}, 0}})
	if err != nil {
		t.Fatal(err)
	}
	compared, err := tracer.Compare(tracesByRule(tracer.Params{}, func(p tracer.Params) *tracer.Result {
		r, err := tracer.TraceAccounts(t.Context(), ledger, deposits, p)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}))
	if err != nil {
		t.Fatal(err)
	}
	return compared
}

// TestComparisonCase: bob has 4 of his own and 10 of ann's, and pays 4, then 5
// and a fee of 2.
func TestComparisonCase(t *testing.T) {
	c := compareCase(t, accountCase{has: "ann 100 ETH, bob 4 ETH", blocks: [][]string{
		{"ann: ann>bob 10 ETH"}, {"bob: bob>cat 4 ETH"}, {"bob fee 2: bob>cat 5 ETH"},
	}})
	line := func(r tracer.Range) string {
		text := fmt.Sprintf("%s %s %s-%s of %s", r.Address, r.Kind, r.Least, r.Most, r.Amount)
		for _, rule := range c.Rules {
			text += fmt.Sprintf(", %s %s", rule, r.By[rule])
		}
		return strings.TrimSpace(text)
	}
	var got []string
	for _, r := range c.Ranges {
		got = append(got, line(r))
	}
	// Of 4, haircut and tiho take 4·10/14 = 2.9, then of 7 traced among 10, 7·7/10 = 4.9,
	// of which 5·5/7 = 3.6 go to cat by haircut, and all by size. To lifo, 4 and then
	// 6 are ann's, and the fee is the older of them.
	want := []string{
		"bob unspent 0-3 of 3, fifo 3, lifo 0, haircut 2, tiho 2, dirty-first 0, clean-first 3, poison 3",
		"cat unspent 5-9 of 9, fifo 5, lifo 9, haircut 7, tiho 8, dirty-first 9, clean-first 5, poison 9",
		"fee 0-2 of 2, fifo 2, lifo 1, haircut 1, tiho 0, dirty-first 1, clean-first 2, poison 2",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
	if fees := c.Fees(c.Ranges[0].Deposit); len(fees) != 1 || line(fees[0]) != want[2] || c.Fees("another") != nil {
		t.Errorf("fees %+v", fees)
	}
}

// TestComparisonOfAnAccount: of bob's two payments to cat one is his own money,
// the first or the second. Either way cat holds ann's, by the second at the latest.
func TestComparisonOfAnAccount(t *testing.T) {
	c := compareCase(t, accountCase{has: "ann 100 usd, bob 10 usd", blocks: [][]string{
		{"ann: ann>bob 10 usd"}, {"bob: bob>cat 10 usd"}, {"bob: bob>cat 10 usd"},
	}})
	last := map[string]chains.TxID{} // by rule: which payment was the last to bring any
	for _, r := range c.Traces {
		last[r.Rule] = r.Ends[0].Tx
	}
	if len(c.Ranges) != 1 || last["fifo"] == last["lifo"] {
		t.Fatalf("ranges %+v, brought by %v", c.Ranges, last)
	}
	ten := chains.NewAmount(10)
	if r := c.Ranges[0]; r.Tx != last["fifo"] || !r.Least.Equal(ten) || !r.Most.Equal(chains.NewAmount(20)) || !r.By["lifo"].Equal(ten) || r.Address != "cat" {
		t.Errorf("range %+v", r)
	}
}

// TestCompareRefuses: what does not answer the same question is not put side by side.
func TestCompareRefuses(t *testing.T) {
	ledger := accountCase{has: "ann 100 usd", blocks: [][]string{{"ann: ann>bob 10 usd"}, {"ann: ann>bob 10 usd"}}}.build(t).ledger()
	trace := func(params tracer.Params, height uint64, upTo int) *tracer.Result {
		shorter := *ledger
		shorter.blocks = ledger.blocks[:upTo]
		deposits, err := accountDeposits(&shorter, []transferPlace{{chains.Position{Height: height}, 0}})
		if err != nil {
			t.Fatal(err)
		}
		r, err := tracer.TraceAccounts(t.Context(), &shorter, deposits, params)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	first := trace(fifo, 1, 3)
	for name, other := range map[string]*tracer.Result{
		"the same rule": trace(fifo, 1, 3), "another deposit": trace(lifo, 2, 3), "another block": trace(lifo, 1, 2),
	} {
		if c, err := tracer.Compare([]*tracer.Result{first, other}); err == nil {
			t.Errorf("%s: %+v", name, c)
		}
	}
	if _, err := tracer.Compare([]*tracer.Result{first, trace(lifo, 1, 3)}); err != nil {
		t.Error(err)
	}
}

// TestCompareLargeAmounts: two documents of a deposit that is too large for 63
// bits, or read from JSON, are of the same deposit.
func TestCompareLargeAmounts(t *testing.T) {
	ledger := accountCase{has: "ann 10 usd", blocks: [][]string{{"ann: ann>bob 10 usd"}, {"bob: bob>cat 7 usd"}}}.build(t).ledger()
	var traces []*tracer.Result
	for _, rule := range []string{"fifo", "lifo"} {
		deposits, err := accountDeposits(ledger, []transferPlace{{chains.Position{Height: 1}, 0}})
		if err != nil {
			t.Fatal(err)
		}
		r, err := tracer.TraceAccounts(t.Context(), ledger, deposits, tracer.Params{Rule: rule})
		if err != nil {
			t.Fatal(err)
		}
		r.Deposits[0].Amount = chains.BigAmount(new(big.Int).Lsh(big.NewInt(1), 90))
		text, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		var read tracer.Result
		if err := json.Unmarshal(text, &read); err != nil {
			t.Fatal(err)
		}
		traces = append(traces, &read)
	}
	if _, err := tracer.Compare(traces); err != nil {
		t.Error(err)
	}
}
