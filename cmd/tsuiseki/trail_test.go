package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/btcsuite/btcd/wire/v2"

	"tsuiseki/fixtures"
	"tsuiseki/tracer"
)

// trailChain indexes a chain of the regression test network and traces with the
// program's own command line.
type trailChain struct {
	*fixtures.Chain
	t    *testing.T
	data string
	coin fixtures.Coin
}

func newTrailChain(t *testing.T, value int64) *trailChain {
	c := &trailChain{Chain: fixtures.NewChain(), t: t, data: filepath.Join(t.TempDir(), "data")}
	coinbase := c.Coinbase(wire.NewTxOut(value, fixtures.Script("p2wpkh", 1)))
	c.Mine(coinbase)
	c.coin = fixtures.Coins(coinbase)[0]
	return c
}

// pay spends coins in a block of its own.
func (c *trailChain) pay(coins []fixtures.Coin, values ...int64) []fixtures.Coin {
	var outputs []*wire.TxOut
	for i, value := range values {
		outputs = append(outputs, wire.NewTxOut(value, fixtures.Script("p2wpkh", 1000*c.Height()+i)))
	}
	tx := c.Pay(coins, outputs...)
	c.Mine(c.Coinbase(wire.NewTxOut(1, fixtures.Script("p2tr", 9))), tx)
	return fixtures.Coins(tx)
}

// peel pays off so many payments, one after the other, and returns them and the rest.
func (c *trailChain) peel(coin fixtures.Coin, steps int, payment int64) (paid []fixtures.Coin, rest fixtures.Coin) {
	for range steps {
		coins := c.pay([]fixtures.Coin{coin}, payment, coin.Output.Value-payment)
		paid, coin = append(paid, coins[0]), coins[1]
	}
	return paid, coin
}

func (c *trailChain) index() {
	dir := c.t.TempDir()
	if err := fixtures.WriteBlkFiles(dir, c.Blocks(), fixtures.BlkOptions{}); err != nil {
		c.t.Fatal(err)
	}
	c.run("index", "bitcoin", "--network", "regtest", "--blocks", dir)
}

func (c *trailChain) run(args ...string) string {
	c.t.Helper()
	var out, errOut strings.Builder
	if code := run(append([]string{"--data", c.data}, args...), &out, &errOut); code != exitDone {
		c.t.Fatalf("%v: exit %d: %s", args, code, errOut.String())
	}
	return out.String()
}

func (c *trailChain) trace(args ...string) string {
	c.t.Helper()
	return c.run(append([]string{"trace", c.coin.Outpoint.String(), "--hub-degree", "0"}, args...)...)
}

func (c *trailChain) wants(text string, patterns ...string) {
	c.t.Helper()
	for _, pattern := range patterns {
		if !regexp.MustCompile(pattern).MatchString(text) {
			c.t.Fatalf("no match for %q in\n%s", pattern, text)
		}
	}
}

func TestPeelChainFolded(t *testing.T) {
	const coin = 1_0000_0000
	c := newTrailChain(t, 48*coin)
	paid, rest := c.peel(c.coin, 45, coin)
	c.pay(paid[:2], 2*coin)              // two payments move on together
	c.pay([]fixtures.Coin{rest}, 3*coin) // and so does the rest, as a whole
	c.index()

	folded := c.trace()
	c.wants(folded, `├─ peel chain of 45 steps, [0-9a-f]{12}… to [0-9a-f]{12}…: 45\.0+ BTC to 45 outputs \(43 unspent there; 2 moved on and reached 1 unspent\) peeled off \(folded\)`,
		`└─ [0-9a-f]{12}…:1 3\.0+ BTC bcrt1\w+\n     └─ [0-9a-f]{12}…:0 3\.0+ BTC bcrt1\w+  \[unspent\]`,
		`91 of 93 hops are not shown: --unfold shows all, --json has them`)
	if ends := strings.Count(folded, "  unspent  "); ends != 45 { // the ends are all listed
		t.Fatalf("%d ends are listed:\n%s", ends, folded)
	}
	rates := filepath.Join(t.TempDir(), "rates.csv")
	if err := os.WriteFile(rates, []byte("date,price\n2010-01-01,2.5\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c.wants(c.trace("--rates", "BTC="+rates, "--rate-max-age", "20000h"), `: 45\.0+ BTC \(90 JPY\) to 45 outputs`) // each 2, half to even
	unfolded := c.trace("--unfold")
	if lines := strings.Count(unfolded, "─ "); lines != 93 || strings.Contains(unfolded, "folded") || strings.Contains(unfolded, "not shown") {
		t.Fatalf("%d lines are drawn:\n%s", lines, unfolded)
	}
	c.wants(unfolded, `\(level 41\) `)
	if c.trace("--json") != c.trace("--json", "--unfold") {
		t.Fatal("folding changes the ledger")
	}
}

// TestNoPeelChain: a few steps are drawn, as is a chain that passes on no more than
// it pays.
func TestNoPeelChain(t *testing.T) {
	c := newTrailChain(t, 1050)
	_, rest := c.peel(c.coin, 5, 10)
	coins := c.pay([]fixtures.Coin{rest}, 500, 500)
	for range 7 {
		coins = c.pay(coins[1:], coins[1].Output.Value/2, coins[1].Output.Value-coins[1].Output.Value/2)
	}
	c.index()
	if text := c.trace(); strings.Contains(text, "peel") || strings.Contains(text, "not shown") {
		t.Fatal(text)
	}
}

// TestPartOfPeelChain: where nothing of the deposit is paid off, that is said.
func TestPartOfPeelChain(t *testing.T) {
	c := newTrailChain(t, 100)
	clean := c.Coinbase(wire.NewTxOut(50, fixtures.Script("p2tr", 1)))
	c.Mine(clean)
	joined := c.pay([]fixtures.Coin{fixtures.Coins(clean)[0], c.coin}, 150)
	c.peel(joined[0], 6, 10)
	c.index()
	// By fifo the clean coin pays for five steps.
	c.wants(c.trace(), `peel chain of 6 steps, [^:]*: 0\.00000010 BTC to 1 output \(1 unspent there\) peeled off; nothing of the deposit in 5 of the steps \(folded\)`)
	c.wants(c.trace("--rule", "haircut"), `peel chain of 6 steps, [^:]*: 0\.000000[34][0-9] BTC to 6 outputs \(6 unspent there\) peeled off \(folded\)`)
}

func TestWideFan(t *testing.T) {
	c := newTrailChain(t, 1000)
	values := make([]int64, 100)
	for i := range values {
		values[i] = 10
	}
	fan := c.pay([]fixtures.Coin{c.coin}, values...)
	c.pay(fan[7:8], 10)
	c.index()
	text := c.trace()
	c.wants(text, `├─ [0-9a-f]{12}…:7 .*\n  │  └─ .*\[unspent\]\n  └─ 0\.00000990 BTC to 99 outputs \(99 unspent there\) \(folded\)`, `99 of 101 hops are not shown`)
	if lines := strings.Count(c.trace("--unfold"), "─ "); lines != 101 {
		t.Fatalf("%d lines are drawn", lines)
	}
}

// TestManyLines: what is too much to draw is told.
func TestManyLines(t *testing.T) {
	c := newTrailChain(t, 10_000)
	values := make([]int64, 400)
	for i := range values {
		values[i] = 25
	}
	fan := c.pay([]fixtures.Coin{c.coin}, values...)
	for i := range fan {
		c.pay(fan[i:i+1], 25)
	}
	c.index()
	text := c.trace()
	if lines := strings.Count(text, "─ "); lines != 300 {
		t.Fatalf("%d lines are drawn", lines)
	}
	c.wants(text, `500 of 800 hops are not shown`)
}

// TestManyHops: of a list, too, what is not shown is told.
func TestManyHops(t *testing.T) {
	r := &tracer.Result{Snapshot: []tracer.SnapshotDoc{{Chain: "ethereum"}}}
	for height := range 400 {
		r.Hops = append(r.Hops, tracer.Hop{Deposit: "d", Height: uint64(height), Asset: "ETH", Kind: "transfer", Transfer: "native"})
	}
	for unfold, want := range map[bool]int{false: 300, true: 400} {
		var out strings.Builder
		printHops(&out, r, tracer.DepositDoc{ID: "d"}, "", units{}, drawing{unfold: unfold})
		if lines := strings.Count(out.String(), "native"); lines != want || strings.Contains(out.String(), "100 of 400 hops are not shown") == unfold {
			t.Fatalf("%d lines:\n%s", lines, out.String())
		}
	}
}
