package cluster_test

import (
	"fmt"
	"math/big"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"tsuiseki/chains"
	"tsuiseki/tracer/cluster"
)

// The reference looks through all transactions again for every question, and never
// stops early.

type naiveDeposit struct {
	*depositChain
	d     chains.Address
	moves []naiveMove // of value from or to d that happened, in order
	code  cluster.Code
}

// naiveMove is a transfer that moved value and is to be believed.
type naiveMove struct {
	tx *chains.Tx
	chains.Transfer
}

func newNaiveDeposit(c *depositChain, d chains.Address) *naiveDeposit {
	n := &naiveDeposit{depositChain: c, d: d}
	n.code, _ = c.Code(d)
	for i, tx := range c.txs {
		for _, t := range tx.Transfers {
			fee := t.Kind == chains.FeeTransfer || t.Kind == chains.TipTransfer
			if t.From == t.To || t.Amount.Sign() <= 0 || tx.Failed && !fee || t.From != d && t.To != d {
				continue
			}
			if t.From == d && !fee && t.Kind != chains.DestroyedTransfer && !n.hadAPart(i, t) {
				continue
			}
			n.moves = append(n.moves, naiveMove{tx, t})
		}
	}
	return n
}

// hadAPart: d signed the transaction or an earlier one to the token, or is a
// contract that was called, or whose makers or exchange called.
func (n *naiveDeposit) hadAPart(place int, t chains.Transfer) bool {
	tx := n.txs[place]
	if !t.IsLog() || tx.From == n.d {
		return true
	}
	if !n.code.Contract {
		return slices.ContainsFunc(n.txs[:place], func(before *chains.Tx) bool { return before.From == n.d && before.To == chains.Address(t.Asset) })
	}
	parties := []chains.Address{n.d}
	if n.code.Creation != nil {
		parties = append(parties, n.code.Creation.From, n.code.Creation.To)
	}
	coins := slices.ContainsFunc(tx.Transfers, func(o chains.Transfer) bool { return o.Kind == chains.InternalTransfer && o.From == n.d })
	maker := slices.Contains(parties[1:], tx.From) && tx.From != ""
	return tx.To != "" && slices.Contains(parties, tx.To) || maker || coins || n.parties[tx.From].Exchange != ""
}

func (n *naiveDeposit) exchange() string {
	for _, m := range n.moves {
		if m.From == n.d && m.Kind != chains.CollectibleTransfer && n.parties[m.To].Exchange != "" {
			return n.parties[m.To].Exchange
		}
	}
	return ""
}

func (n *naiveDeposit) dust(m naiveMove) bool {
	return m.Asset == ether && m.Amount.Cmp(tenthMilli) <= 0
}

func wei(units int64) chains.Amount {
	amount, _ := chains.NewAmount(units).MulDiv(tenthMilli, chains.NewAmount(1))
	return amount
}

// sweeps are all payments to the exchange, where nothing else ever left.
func (n *naiveDeposit) sweeps() (sweeps []naiveMove, clean bool) {
	x := n.exchange()
	for _, m := range n.moves {
		fee := m.Kind == chains.FeeTransfer || m.Kind == chains.TipTransfer
		switch to := n.parties[m.To].Exchange; {
		case m.From != n.d || fee || m.Kind == chains.DestroyedTransfer:
		case m.Kind == chains.CollectibleTransfer:
			if to == "" || to != x {
				return nil, false
			}
		case to != "" && to == x:
			sweeps = append(sweeps, m)
		case to != "" || !n.dust(m):
			return nil, false
		}
	}
	return sweeps, len(sweeps) > 0
}

// receipts are the payments by others, and those of the exchange apart.
func (n *naiveDeposit) receipts(sweeps []naiveMove) (others, gas []naiveMove, clean bool) {
	swept := func(asset chains.Asset) bool {
		return slices.ContainsFunc(sweeps, func(s naiveMove) bool { return s.Asset == asset })
	}
	for _, m := range n.moves {
		if m.To != n.d || m.Kind == chains.CollectibleTransfer {
			continue
		}
		if m.Kind == chains.TipTransfer || m.Kind == chains.RewardTransfer {
			return nil, nil, false
		}
		switch mine := n.parties[m.From].Exchange == n.exchange(); {
		case mine && (m.Asset == ether && m.Amount.Cmp(wei(500)) > 0 || m.Asset != ether && swept(m.Asset)):
			return nil, nil, false
		case mine && m.Asset == ether:
			gas = append(gas, m)
		case !mine && (m.Asset == ether && !n.dust(m) || m.Asset != ether && swept(m.Asset)):
			others = append(others, m)
		}
	}
	return others, gas, len(others) > 0
}

// actsForItself: it signed what neither pays anybody nor calls a token or the exchange.
func (n *naiveDeposit) actsForItself() bool {
	return slices.ContainsFunc(n.txs, func(tx *chains.Tx) bool {
		pays := slices.ContainsFunc(n.moves, func(m naiveMove) bool {
			return m.tx == tx && m.From == n.d && m.Kind != chains.TipTransfer && m.Kind != chains.FeeTransfer && m.Kind != chains.DestroyedTransfer
		})
		token, _ := n.Code(tx.To)
		return tx.From == n.d && !tx.Failed && !pays && tx.To != n.d && !token.Token && n.parties[tx.To].Exchange == ""
	})
}

// balance is what d has of an asset after a transaction, planted logs counted.
func (n *naiveDeposit) balance(asset chains.Asset, after *chains.Tx) (sum chains.Amount) {
	for _, tx := range n.txs[:after.Index+1] {
		for _, t := range tx.Transfers {
			fee := t.Kind == chains.FeeTransfer || t.Kind == chains.TipTransfer
			if t.Asset != asset || t.Kind == chains.CollectibleTransfer || tx.Failed && !fee {
				continue
			}
			if t.To == n.d {
				sum = sum.Add(t.Amount)
			}
			if t.From == n.d {
				sum = sum.Sub(t.Amount)
			}
		}
	}
	return sum
}

func (n *naiveDeposit) mines(who chains.Address) bool {
	return n.parties[who].Miner || slices.ContainsFunc(n.txs, func(tx *chains.Tx) bool {
		return slices.ContainsFunc(tx.Transfers, func(t chains.Transfer) bool {
			return t.To == who && t.Kind == chains.TipTransfer && t.Amount.Sign() > 0
		})
	})
}

// answers are one line for each heuristic that says yes: name, confidence, observations.
func (n *naiveDeposit) answers() (lines []string) {
	sweeps, clean := n.sweeps()
	others, gas, paid := n.receipts(sweeps)
	if !clean || !paid || n.actsForItself() || n.parties[n.d].Known || n.code.Token || n.code.Mixer {
		return nil
	}
	add := func(name string, confidences []int) {
		if len(confidences) > 0 {
			lines = append(lines, fmt.Sprintf("%s %d %d", name, slices.Max(confidences), len(confidences)))
		}
	}
	if n.code.Contract {
		add("forwarder-contract", n.contractConfidences(sweeps))
		return lines
	}
	var victor, funded []int
	for _, s := range sweeps {
		victor = append(victor, n.best(s, others)...)
		for _, g := range slices.Backward(gas) {
			if blocks := int64(s.tx.Block.Height) - int64(g.tx.Block.Height); s.Asset != ether && s.tx.From == n.d && g.tx.Index < s.tx.Index && blocks <= 3200 {
				funded = append(funded, int((10_000*6_400-10_000*blocks)/6_400))
				break
			}
		}
	}
	add("victor-deposit", victor)
	add("forwards-to-one-exchange", n.forwardConfidences(sweeps, others))
	add("exchange-gas-funding", funded)
	return lines
}

// best is the confidence of the payment that a sweep passes on most surely.
func (n *naiveDeposit) best(s naiveMove, others []naiveMove) (best []int) {
	for _, r := range others {
		rest, blocks := new(big.Int).Sub(r.Amount.Big(), s.Amount.Big()), int64(s.tx.Block.Height)-int64(r.tx.Block.Height)
		most := wei(100).Big()
		if s.Asset != ether && rest.Sign() != 0 || r.Asset != s.Asset || rest.Sign() < 0 || rest.Cmp(most) > 0 ||
			r.tx.Index >= s.tx.Index || blocks > 3200 || n.mines(r.From) || r.From == "" {
			continue
		}
		// 1 - rest/2most - blocks/6400, as a fraction.
		one := big.NewRat(1, 1)
		one.Sub(one, new(big.Rat).SetFrac(rest, new(big.Int).Mul(most, big.NewInt(2))))
		one.Sub(one, big.NewRat(blocks, 6_400))
		one.Mul(one, big.NewRat(10_000, 1))
		confidence := int(new(big.Int).Div(one.Num(), one.Denom()).Int64())
		best = []int{max(confidence, slices.Max(append(best, 0)))}
	}
	return best
}

func distinctTxs(moves []naiveMove) int {
	seen := map[*chains.Tx]bool{}
	for _, m := range moves {
		seen[m.tx] = true
	}
	return len(seen)
}

func (n *naiveDeposit) forwardConfidences(sweeps, others []naiveMove) (all []int) {
	for _, s := range sweeps {
		if left := n.balance(s.Asset, s.tx); s.Asset == ether && left.Cmp(wei(100)) > 0 || s.Asset != ether && left.Sign() > 0 {
			return nil
		}
	}
	swept := slices.DeleteFunc(slices.Clone(others), func(r naiveMove) bool {
		return !slices.ContainsFunc(sweeps, func(s naiveMove) bool { return s.Asset == r.Asset })
	})
	txs := distinctTxs(sweeps)
	if txs < 2 || distinctTxs(swept) < 2 {
		return nil
	}
	return slices.Repeat([]int{10_000 * (txs + 1) / (txs + 2)}, len(sweeps))
}

func (n *naiveDeposit) contractConfidences(sweeps []naiveMove) []int {
	operated := n.code.Creation != nil && n.parties[n.code.Creation.From].Exchange == n.exchange()
	for _, s := range sweeps {
		within := slices.ContainsFunc(n.moves, func(m naiveMove) bool { return m.tx == s.tx && m.To == n.d && m.Asset == s.Asset })
		operated = operated || within || n.parties[s.tx.From].Exchange == n.exchange()
	}
	txs := distinctTxs(sweeps)
	if txs < 2 && !operated {
		return nil
	}
	return slices.Repeat([]int{10_000 * (txs + 1) / (txs + 2)}, len(sweeps))
}

// drawDepositChain draws customers, deposit addresses and their exchange, and what
// may spoil the picture.
func drawDepositChain(t *rapid.T) *depositChain {
	c := &depositChain{parties: defaultParties()}
	n := func(label string, lo, hi int) int { return rapid.IntRange(lo, hi).Draw(t, label) }
	pick := func(label string, of ...string) string { return rapid.SampledFrom(of).Draw(t, label) }
	height := 10
	made, most := false, 19
	if n("clean", 0, 2) > 0 {
		most = 13 // only what deposit addresses do
	}
	for range n("transactions", 3, 14) {
		height += rapid.SampledFrom([]int{0, 1, 1, 5, 100, 1_500, 3_100, 3_201}).Draw(t, "blocks")
		d, customer, wallet := pick("deposit", "d", "d", "e", "f"), pick("customer", "ann", "ben", "hive"), pick("wallet", "hot", "hot", "hot2")
		amount := rapid.SampledFrom([]int{1, 2, 50, 499, 500, 501, 1_000}).Draw(t, "amount")
		asset := pick("asset", "ETH", "ETH", "usd")
		left := amount
		if n("all", 0, 2) > 0 { // a sweep of all that there is, or nearly
			if sum := (&naiveDeposit{depositChain: c, d: chains.Address(d)}).held(chains.Asset(asset)); sum > 0 {
				left = max(1, sum-rapid.SampledFrom([]int{0, 0, 1, 100, 101}).Draw(t, "left"))
			}
		}
		text := ""
		switch n("what", 0, most) {
		default:
			text = fmt.Sprintf("%d: %s>%s %d %s", height, customer, d, amount, asset)
		case 4, 5, 6, 7, 8, 9:
			text = fmt.Sprintf("%d: %s>%s %d %s", height, d, wallet, left, asset)
		case 10:
			text = fmt.Sprintf("%d: %s>%s %d ETH", height, wallet, d, amount)
		case 16:
			text = fmt.Sprintf("%d: %s>%s %d %s", height, d, pick("elsewhere", "ann", "bank", "shop", "e"), amount, asset)
		case 17, 14:
			text = fmt.Sprintf("%d %s calls %s: %s>%s %d %s", height, pick("who", "eve", "hot", d), pick("called", "fake", "usd", d), d, pick("planted", "hot", "eve"), amount, pick("planted asset", "fake", "usd"))
		case 18, 15:
			text = fmt.Sprintf("%d %s calls %s:", height, d, pick("called", "usd", "router", "hot", d))
		case 11:
			text = fmt.Sprintf("%d %s calls f: %s>f %d %s, f>%s %d %s", height, customer, customer, amount, asset, wallet, amount, asset)
		case 12:
			if !made {
				made, text = true, fmt.Sprintf("%d %s calls factory creates f:", height, pick("maker", "op", "hot"))
			}
		case 13:
			text = fmt.Sprintf("%d %s calls factory: op>factory 0 ETH, f>%s %d %s", height, pick("sweeper", "op", "eve", "hot2"), wallet, amount, asset)
		case 19:
			text = pick("odd",
				fmt.Sprintf("%d failed: %s>ann 5 ETH", height, d), fmt.Sprintf("%d: eve>ben 1 ETH, tip eve>%s 1 ETH", height, pick("producer", customer, "eve", d)),
				fmt.Sprintf("%d %s calls art: %s>%s #1 art", height, pick("who", d, "eve"), d, pick("collector", "hot", "ann")), fmt.Sprintf("%d: withdrawal >%s %d ETH", height, d, amount))
		}
		if text != "" {
			c.tx(t, text)
		}
	}
	c.height = uint64(height)
	return c
}

// held is what an account has of an asset, in units of these tests.
func (n *naiveDeposit) held(asset chains.Asset) int {
	if len(n.txs) == 0 {
		return 0
	}
	sum := n.balance(asset, n.txs[len(n.txs)-1])
	if asset == ether {
		if sum.Sign() <= 0 {
			return 0
		}
		sum, _ = sum.MulDiv(chains.NewAmount(1), tenthMilli)
	}
	units, _ := sum.Int64()
	return int(units)
}

// TestDepositReferenceAgrees: one pass with its guards says what looking through
// everything says.
func TestDepositReferenceAgrees(t *testing.T) {
	said := map[string]int{}
	agrees := func(t *rapid.T) {
		c := drawDepositChain(t)
		for _, d := range []chains.Address{"d", "e", "f"} {
			found, err := cluster.FindDepositAddress(c, d, cluster.DepositHeuristics(), cluster.DefaultDepositParams())
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, in := range found.Inferences {
				if in.Verdict == cluster.Undecided && found.Verdict == cluster.Undecided {
					continue // a planted log: the reference tells no doubts
				}
				if in.Verdict == cluster.Yes {
					got = append(got, fmt.Sprintf("%s %d %d", in.ID, in.Confidence, in.Observed))
					said[in.ID]++
				}
			}
			want := newNaiveDeposit(c, d).answers()
			if found.Verdict == cluster.Undecided {
				want = nil
			}
			if !slices.Equal(got, want) {
				t.Fatalf("%s: %v (%s), want %v", d, got, found.Reason, want)
			}
		}
	}
	for range 20 { // most histories spoil what they began
		rapid.Check(t, agrees)
	}
	for _, h := range cluster.DepositHeuristics() {
		if said[h.ID] == 0 {
			t.Errorf("%s never said yes: the histories prove nothing of it", h.ID)
		}
	}
	t.Log(said)
}
