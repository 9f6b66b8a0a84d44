package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/btcsuite/btcd/wire/v2"
	"github.com/google/go-cmp/cmp"

	"tsuiseki/chains"
	"tsuiseki/chains/bitcoin"
	"tsuiseki/fixtures"
	"tsuiseki/tracer"
)

// People and wallets of the test by the number of their key.
const (
	thief = iota + 1
	customer
	depositAddress // swept twice, together with another
	onceSwept
	wallet    // of the exchange
	coldStore // of the same
)

func ownedBy(who int) []byte { return fixtures.Script("p2wpkh", who) }

// TestOutputDepositAddresses: a trail on Bitcoin ends at an address that is swept to
// one exchange alone, and goes on to the labelled wallet without the heuristic.
func TestOutputDepositAddresses(t *testing.T) {
	network, err := bitcoin.NetworkByChain("bitcoin-regtest")
	if err != nil {
		t.Fatal(err)
	}
	name := func(who int) string {
		address, _ := network.Describe(ownedBy(who))
		return string(address)
	}
	c, theft, small := sweptChain()
	blocks, data := t.TempDir(), t.TempDir()
	if err := fixtures.WriteBlkFiles(blocks, c.Blocks(), fixtures.BlkOptions{}); err != nil {
		t.Fatal(err)
	}
	rows := "chain,address,label,category,source,actor\n"
	for _, who := range []int{wallet, coldStore} {
		rows += fmt.Sprintf("bitcoin-regtest,%s,X %d,exchange,test,x\n", name(who), who)
	}
	labels := filepath.Join(t.TempDir(), "labels.csv")
	if err := os.WriteFile(labels, []byte(rows), 0o600); err != nil {
		t.Fatal(err)
	}
	command(t, "index", "bitcoin", "--network", "regtest", "--blocks", blocks, "--data", data)
	command(t, "label", "import", labels, "--data", data)

	trace := func(args ...string) (lines []string, r tracer.Result) {
		t.Helper()
		unmarshal(t, command(t, append([]string{"trace", "--json", "--data", data}, args...)...), &r)
		for _, e := range r.Ends {
			if e.Kind != tracer.EndFee {
				by, _, _ := strings.Cut(e.Detail, ",")
				lines = append(lines, fmt.Sprintf("%s %s %s %s", e.Kind, e.Address, e.Traced, by))
			}
		}
		return slices.Sorted(slices.Values(lines)), r
	}
	swept := "exchange-deposit " + name(depositAddress) + " 90 by heuristic spends-to-one-exchange/1"
	got, r := trace(theft + ":0")
	if diff := cmp.Diff([]string{swept}, got); diff != "" || len(r.Params.Heuristics) != 2 || len(r.Missing) > 0 {
		t.Errorf("ends of %+v, missing %v (-want +got):\n%s", r.Params, r.Missing, diff)
	}
	if got, _ := trace(small + ":0"); len(got) != 1 || !strings.HasPrefix(got[0], "service "+name(wallet)) {
		t.Errorf("swept once: %v", got)
	}
	if got, r := trace(theft+":0", "--without", "spends-to-one-exchange"); len(got) != 1 || !strings.HasPrefix(got[0], "service "+name(wallet)) || len(r.Params.Heuristics) != 1 || len(r.Params.Without) != 1 {
		t.Errorf("without: %v", got)
	}
	if got, _ := trace(theft+":0", "--hub-degree", "1"); len(got) != 1 || !strings.HasPrefix(got[0], "hub "+name(depositAddress)) {
		t.Errorf("as a hub: %v", got)
	}
	if got, _ := trace(theft+":0", "--as-of", "3"); len(got) != 1 || !strings.HasPrefix(got[0], "unspent "+name(depositAddress)) {
		t.Errorf("before the sweeps: %v", got)
	}
	var doc addressDoc
	unmarshal(t, command(t, "show", "address", name(depositAddress), "--json", "--data", data), &doc)
	if d := doc.Signs.DepositAddress; d == nil || d.Verdict != "yes" || d.Exchange != "x" || len(d.Sweeps) != 2 || d.Sweeps[0].Asset != "BTC" {
		t.Errorf("signs %+v", d)
	}
	text := command(t, "show", "address", name(depositAddress), "--data", data)
	if !strings.Contains(text, "deposit address of X "+fmt.Sprint(wallet)+": yes (an inference, not a fact)") {
		t.Errorf("shown as\n%s", text)
	}
}

// sweptChain tells of a theft that is paid in at an exchange, and of a payment to an
// address that is swept only once.
func sweptChain() (c *fixtures.Chain, theft, small string) {
	c = fixtures.NewChain()
	pay := func(from *wire.MsgTx, output int, outputs ...*wire.TxOut) *wire.MsgTx {
		return c.Pay(fixtures.Coins(from)[output:output+1], outputs...)
	}
	coins := c.Coinbase(wire.NewTxOut(100, ownedBy(customer)), wire.NewTxOut(100, ownedBy(customer)), wire.NewTxOut(50, ownedBy(customer)))
	c.Mine(coins)
	stolen := pay(coins, 0, wire.NewTxOut(100, ownedBy(thief)))
	c.Mine(c.Coinbase(), stolen)
	paidIn := pay(stolen, 0, wire.NewTxOut(90, ownedBy(depositAddress)), wire.NewTxOut(5, fixtures.Script("op_return", thief)))
	other := pay(coins, 2, wire.NewTxOut(50, ownedBy(onceSwept)))
	c.Mine(c.Coinbase(), paidIn, other)
	sweep := c.Pay([]fixtures.Coin{fixtures.Coins(paidIn)[0], fixtures.Coins(other)[0]}, wire.NewTxOut(139, ownedBy(wallet)))
	c.Mine(c.Coinbase(), sweep)
	again := pay(coins, 1, wire.NewTxOut(100, ownedBy(depositAddress)))
	c.Mine(c.Coinbase(), again)
	c.Mine(c.Coinbase(), pay(again, 0, wire.NewTxOut(60, ownedBy(coldStore)), wire.NewTxOut(39, ownedBy(wallet))))
	id := func(tx *wire.MsgTx) string { return chains.TxID(reversed(tx.TxHash())).String() }
	return c, id(paidIn), id(other)
}

func reversed(hash [32]byte) [32]byte {
	slices.Reverse(hash[:])
	return hash
}
