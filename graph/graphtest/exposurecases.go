package graphtest

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tsuiseki/chains"
	"tsuiseki/graph"
)

// told is a world written by hand, a transaction a minute. An account chain's
// transaction is "a>b 5 ETH, b>c 4 TOK"; one of a UTXO chain names the outputs it
// spends by the transaction's place and the output's, and says what it pays: "0.0 0.1 > b 3, c 2".
func told(chain chains.Chain, lines ...string) *World {
	w := &World{Chain: chain}
	for n, line := range lines {
		tx := graph.Tx{Chain: chain, At: chains.Position{Height: uint64(n)}, Time: Start.Add(time.Duration(n) * time.Minute)}
		if chain.Family() == chains.Bitcoin {
			w.tellOutputs(&tx, line)
		} else {
			for part := range strings.SplitSeq(line, ", ") {
				var ends, asset string
				var amount int64
				mustScan(part, "%s %d %s", &ends, &amount, &asset)
				from, to, _ := strings.Cut(ends, ">")
				w.transfer(&tx, graph.Transfer{Kind: chains.TokenTransfer, From: Letter(from), To: Letter(to), Asset: chains.Asset(asset), Amount: chains.NewAmount(amount)})
			}
		}
		tx.ID = sha256.Sum256([]byte(line + fmt.Sprint(n)))
		w.settle(tx)
	}
	return w
}

func (w *World) tellOutputs(tx *graph.Tx, line string) {
	spends, pays, _ := strings.Cut(line, "> ")
	for spend := range strings.FieldsSeq(spends) {
		var of, n int
		mustScan(spend, "%d.%d", &of, &n)
		made := &w.All[of]
		tx.Spends = append(tx.Spends, graph.Spend{Output: chains.Outpoint{Tx: made.ID, Index: uint32(n)}, Address: made.Transfers[n].To, Amount: made.Transfers[n].Amount})
	}
	for part := range strings.SplitSeq(pays, ", ") {
		var to string
		var amount int64
		mustScan(part, "%s %d", &to, &amount)
		w.transfer(tx, graph.Transfer{Kind: graph.Output, To: Letter(to), Asset: "BTC", Amount: chains.NewAmount(amount)})
	}
}

func mustScan(text, format string, into ...any) {
	if _, err := fmt.Sscanf(text, format, into...); err != nil {
		panic(fmt.Sprintf("a world says %q: %v", text, err))
	}
}

// Letter is the address of a letter; an underscore is nobody's.
func Letter(l string) chains.Address {
	if l == "_" {
		return ""
	}
	return Name(int(l[0] - 'a'))
}

// TestExposureCases asks what is exposed in worlds that are told by hand: of address
// a, where x and y have names, unless the case says else.
func TestExposureCases(t *testing.T, open func(t *testing.T) graph.Archive) {
	for _, c := range exposureCases() {
		t.Run(c.name, func(t *testing.T) {
			chain := chains.Chain(chains.Ethereum)
			if strings.Contains(c.world[0], "> ") {
				chain = chains.Bitcoin
			}
			w := told(chain, c.world...)
			store := open(t)
			defer store.Close()
			q := graph.ExposureQuery{Of: []graph.Address{{Chain: chain, Address: Letter("a")}}, Direction: graph.Out, MaxHops: 6, HubDegree: 5}
			q.Named = func(a graph.Address) (graph.Place, bool, error) {
				name := string(rune('a' + strings.IndexFunc("abcdefghijklmnopqrstuvwxyz", func(l rune) bool { return Letter(string(l)) == a.Address })))
				return graph.Place{Category: "exchange", Name: name}, name == "x" || name == "y", nil
			}
			if c.ask != nil {
				c.ask(&q)
			}
			got, err := graph.Exposure(context.Background(), store, map[chains.Chain]graph.Chain{chain: w}, q)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, briefly(got)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// briefly writes what of an answer is not zero.
func briefly(a *graph.ExposureAnswer) string {
	say := []string{string(a.Answer)}
	for _, p := range a.Places {
		say = append(say, fmt.Sprintf("%s %s+%s %s in %d over %d", p.Name, p.Direct, p.Indirect, p.Asset, p.Payments, p.Hops))
	}
	for _, t := range a.Totals {
		line := []string{fmt.Sprintf("%s moved %s", t.Asset, t.Moved)}
		also := func(name string, amount chains.Amount) {
			if amount.Sign() != 0 {
				line = append(line, name+" "+amount.String())
			}
		}
		also("returned", t.Returned)
		also("resting", t.Resting)
		also("hubs", t.Hubs)
		also("beyond hops", t.BeyondHops)
		also("beyond amount", t.BeyondAmount)
		also("beyond time", t.BeyondTime)
		also("beyond work", t.BeyondWork)
		also("fees", t.Fees)
		also("created", t.Created)
		also("swapped in", t.SwappedIn)
		also("swapped out", t.SwappedOut)
		say = append(say, strings.Join(line, " "))
	}
	return strings.Join(say, "; ")
}

type exposureCase struct {
	name  string
	world []string
	ask   func(*graph.ExposureQuery)
	want  string
}

func exposureCases() []exposureCase {
	in := func(q *graph.ExposureQuery) { q.Direction = graph.In }
	return []exposureCase{
		{"straight", []string{"a>x 5 ETH", "a>x 2 ETH"}, nil, "found; x 7+0 ETH in 2 over 1; ETH moved 7"},
		{"through one, who pays the start's first", []string{"c>b 9 ETH", "a>b 5 ETH", "b>x 3 ETH", "b>y 9 ETH"}, nil, "found; x 0+3 ETH in 1 over 2; y 0+2 ETH in 1 over 2; ETH moved 5"},
		{"not before it came", []string{"b>x 5 ETH", "a>b 5 ETH"}, nil, "none; ETH moved 5 resting 5"},
		{"back from a receipt, the latest first", []string{"y>b 4 ETH", "x>b 4 ETH", "b>a 5 ETH"}, in, "found; x 0+4 ETH in 1 over 2; y 0+1 ETH in 1 over 2; ETH moved 5"},
		{"of two addresses, as one", []string{"a>b 5 ETH", "b>x 5 ETH"}, func(q *graph.ExposureQuery) {
			q.Of = append(q.Of, graph.Address{Chain: chains.Ethereum, Address: Letter("b")})
		}, "found; x 5+0 ETH in 1 over 1; ETH moved 5"},

		{"change on outputs", []string{"> a 10", "0.0 > x 3, a 6"}, nil, "found; x 3+0 BTC in 1 over 1; BTC moved 4 fees 1"},
		{"change of one on the way", []string{"> a 10", "0.0 > b 10", "1.0 > x 3, c 7", "2.1 > y 7"}, nil, "found; y 0+7 BTC in 1 over 3; x 0+3 BTC in 1 over 2; BTC moved 10"},
		{"others' inputs", []string{"> a 4", "> c 6", "1.0 0.0 > b 3, x 7"}, nil, "found; x 1+0 BTC in 1 over 1; BTC moved 4 resting 3"},
		{"to nobody", []string{"> a 10", "0.0 > _ 4, x 6"}, nil, "found; x 6+0 BTC in 1 over 1; BTC moved 10 resting 4"},
		{"mined", []string{"> b 5", "0.0 > a 5"}, in, "none; BTC moved 5 created 5"},
		{"back through inputs in their order", []string{"> x 4", "> y 4", "1.0 0.0 > a 5, c 3"}, in, "found; y 4+0 BTC in 1 over 1; x 1+0 BTC in 1 over 1; BTC moved 5"},

		{"swap", []string{"a>b 8 ETH", "b>c 8 ETH, c>b 4 TOK", "b>x 4 TOK"}, nil, "found; x 0+4 TOK in 1 over 4; ETH moved 8 swapped out 8; TOK moved 0 swapped in 4"},
		{"swap, paid before", []string{"a>b 8 ETH", "c>b 4 TOK, b>c 8 ETH", "b>x 4 TOK"}, nil, "found; x 0+4 TOK in 1 over 4; ETH moved 8 swapped out 8; TOK moved 0 swapped in 4"},
		{"swap of a part", []string{"a>b 5 ETH", "b>c 10 ETH, c>b 4 TOK", "b>x 4 TOK"}, nil, "found; x 0+2 TOK in 1 over 4; ETH moved 5 swapped out 5; TOK moved 0 swapped in 2"},
		{"swap into more than rounds", []string{"a>b 1 ETH", "b>c 9 ETH, c>b 4 TOK"}, nil, "none; ETH moved 1 resting 1"},
		{"swap through a router", []string{"a>r 6 ETH, r>p 6 ETH, p>r 3 TOK, r>x 3 TOK"}, nil, "found; x 0+3 TOK in 1 over 4; ETH moved 6 swapped out 6; TOK moved 0 swapped in 3"},
		{"swap, back to the start", []string{"a>p 6 ETH, p>a 3 TOK"}, nil, "none; ETH moved 6 swapped out 6; TOK moved 0 returned 3 swapped in 3"},
		{"swap, seen from whom it reached", []string{"x>b 8 ETH", "b>c 8 ETH, c>a 4 TOK"}, in, "found; x 0+8 ETH in 1 over 3; ETH moved 0 swapped in 8; TOK moved 4 swapped out 4"},
		{"swaps, one paid before the other", []string{"q>x 2 NUT, p>q 3 TOK, a>p 6 ETH"}, nil, "found; x 0+2 NUT in 1 over 3; ETH moved 6 swapped out 6; NUT moved 0 swapped in 2; TOK moved 0 swapped in 3 swapped out 3"},
		{"swap of two, by name", []string{"a>p 4 TOK, a>p 4 ETH, p>x 4 NUT"}, nil, "found; x 0+4 NUT in 1 over 2; ETH moved 4 swapped out 4; NUT moved 0 swapped in 4; TOK moved 4 resting 4"},
		{"swap by one who pays himself", []string{"a>p 6 ETH, p>p 3 TOK, p>x 3 TOK"}, nil, "found; x 0+3 TOK in 1 over 2; ETH moved 6 swapped out 6; TOK moved 0 swapped in 3"},
		{"no swap over two transactions", []string{"a>b 8 ETH", "b>x 4 TOK"}, nil, "none; ETH moved 8 resting 8"},

		{"in a circle", []string{"a>b 5 ETH", "b>c 5 ETH", "c>b 5 ETH", "b>x 5 ETH"}, nil, "found; x 0+5 ETH in 1 over 4; ETH moved 5"},
		{"back, and paid again", []string{"a>b 5 ETH", "b>a 5 ETH", "a>x 5 ETH"}, nil, "found; x 5+0 ETH in 1 over 1; ETH moved 10 returned 5"},
		{"to itself", []string{"a>a 5 ETH", "a>b 5 ETH", "b>b 5 ETH", "b>x 5 ETH"}, nil, "found; x 0+5 ETH in 1 over 2; ETH moved 5"},
		{"twice in one transaction", []string{"a>b 5 ETH, a>b 2 ETH, b>x 6 ETH, a>x 1 ETH"}, nil, "found; x 1+6 ETH in 2 over 1; ETH moved 8 resting 1"},
		{"not before, in one transaction", []string{"b>x 5 ETH, a>b 5 ETH"}, nil, "none; ETH moved 5 resting 5"},
		{"a start with a name", []string{"x>b 5 ETH", "b>y 4 ETH", "b>x 1 ETH"}, func(q *graph.ExposureQuery) { q.Of[0].Address = Letter("x") }, "found; y 0+4 ETH in 1 over 2; ETH moved 5 returned 1"},
		{"not beyond a name", []string{"a>x 5 ETH", "x>y 5 ETH"}, nil, "found; x 5+0 ETH in 1 over 1; ETH moved 5"},

		{"a hub", []string{"a>h 5 ETH", "h>x 5 ETH", "h>c 1 ETH", "h>c 1 ETH", "h>c 1 ETH", "h>c 1 ETH"}, nil, "hub-in-the-way; ETH moved 5 hubs 5"},
		{"a start that is a hub", []string{"a>x 1 ETH", "a>x 1 ETH", "a>x 1 ETH", "a>x 1 ETH", "a>x 1 ETH", "a>x 1 ETH"}, nil, "hub-in-the-way"},
		{"nothing", []string{"b>x 1 ETH"}, nil, "none"},
		{"beyond the hops", []string{"a>b 5 ETH", "b>c 5 ETH", "c>x 5 ETH"}, func(q *graph.ExposureQuery) { q.MaxHops = 2 }, "not-within-limits; ETH moved 5 beyond hops 5"},
		{"too small", []string{"a>b 5 ETH", "b>x 1 ETH", "a>x 1 ETH"}, func(q *graph.ExposureQuery) { q.MinAmount = chains.NewAmount(2) }, "not-within-limits; ETH moved 6 resting 4 beyond amount 2"},
		{"too late", []string{"a>b 5 ETH", "b>x 3 ETH"}, func(q *graph.ExposureQuery) { q.Before = Start }, "not-within-limits; ETH moved 5 resting 2 beyond time 3"},
		{"paid too early", []string{"a>x 5 ETH"}, func(q *graph.ExposureQuery) { q.After = Start.Add(time.Minute) }, "not-within-limits"},
		{"too much work", []string{"a>b 5 ETH", "b>x 3 ETH", "b>x 2 ETH", "a>y 1 ETH"}, func(q *graph.ExposureQuery) { q.Work = 1 }, "found; y 1+0 ETH in 1 over 1; ETH moved 6 beyond work 5"},
	}
}
