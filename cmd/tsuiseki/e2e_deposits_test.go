package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tsuiseki/chains"
	"tsuiseki/fixtures/evm"
	"tsuiseki/fixtures/node"
	"tsuiseki/tracer"
)

// TestDepositAddresses plays customers and their exchange on two kinds of nodes:
// trails end at the deposit addresses, and the same everywhere.
func TestDepositAddresses(t *testing.T) {
	documents := map[string][]string{}
	for name, start := range map[string]func(testing.TB, ...string) *node.Ethereum{"geth": node.Geth, "anvil": node.Anvil} {
		t.Run(name, func(t *testing.T) {
			l := &ledgerCase{node: start(t), data: t.TempDir()}
			l.story = evm.PlayDeposits(t, l.node)
			l.index(t)
			l.checkLedger(t)
			l.label(t)
			documents[name] = l.checkDeposits(t)
			l.checkClusters(t)
			l.checkHolderPaths(t)
			l.checkLateIndex(t)
		})
	}
	if diff := cmp.Diff(documents["geth"], documents["anvil"]); diff != "" {
		t.Errorf("ends differ between nodes (-geth +anvil):\n%s", diff)
	}
}

// label says whose the exchanges' wallets are.
func (l *ledgerCase) label(t *testing.T) {
	t.Helper()
	rows := []string{"chain,address,label,category,source,actor"}
	for wallet, exchange := range map[string][2]string{
		"hot wallet": {"Exchange X hot wallet", "exchange_x"}, "second wallet": {"Exchange X 2", "exchange_x"}, "other exchange": {"Exchange Y", "exchange_y"},
	} {
		rows = append(rows, fmt.Sprintf("ethereum-%d,%s,%s,exchange,test,%s", node.ChainID, l.story.Party(wallet), exchange[0], exchange[1]))
	}
	file := filepath.Join(t.TempDir(), "labels.csv")
	if err := os.WriteFile(file, []byte(strings.Join(rows, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	command(t, "label", "import", "--data", l.data, file)
}

// depositTrails are where payments of the story end, and by which heuristic.
var depositTrails = []struct {
	step  string
	token bool
	want  []string
}{
	{"ann pays", false, []string{"exchange-deposit at deposit of ann: ETH 3000000000000000000 by victor-deposit/1 89.98%, swept in ann's sweep"}},
	{"victim pays", false, []string{"exchange-deposit at deposit of ann: ETH 2000000000000000000 by victor-deposit/1 89.98%, swept in ann's sweep"}},
	{"theft", false, []string{
		"exchange-deposit at deposit of mule: ETH 4998000000000000000 by victor-deposit/1 89.98%, swept in mule's sweep",
		"unspent at mule: ETH 1971577259864000",
	}},
	{"mule pays", false, []string{"exchange-deposit at deposit of mule: ETH 4998000000000000000 by victor-deposit/1 89.98%, swept in mule's sweep"}},
	{"first batch 2", false, []string{"exchange-deposit at deposit of ben: ETH 700000000000000000 by forwards-to-one-exchange/1 75.00%, swept in first batch swept"}},
	{"cho pays", true, []string{"exchange-deposit at deposit of cho: USDT 400000000 by exchange-gas-funding/1 99.98%, swept in cho's sweep"}},
	{"eve pays again", true, []string{"exchange-deposit at deposit of eve: USDT 50000000 by exchange-gas-funding/1 99.98%, swept in eve's sweep"}},
	{"to the trader", false, []string{"unspent at trader: ETH 1000000000000000000"}}, // who pays out of what he had before
	{"to the customer", false, []string{"service at hot wallet: ETH 1998000000000000000", "unspent at wallet of customer: ETH 1978733997893000"}},
	{"first to the arbitrageur", false, []string{"service at hot wallet: ETH 998000000000000000", "service at other exchange: ETH 1978821692402000"}},
	{"to the forwarder", false, []string{"exchange-deposit at forwarder: ETH 4000000000000000000 by forwarder-contract/1 75.00%, swept in to the forwarder"}},
	{"tokens to the forwarder", true, []string{"exchange-deposit at forwarder: USDT 60000000 by forwarder-contract/1 75.00%, swept in to the forwarder"}},
	{"to the vault of ann", false, []string{"exchange-deposit at vault of ann: ETH 2000000000000000000 by forwarder-contract/1 75.00%, swept in vaults swept"}},
	{"to the vault of ben", false, []string{"service at hot wallet: ETH 1000000000000000000"}}, // swept once, and not by a wallet of the exchange that is labelled
	{"trader to the exchange", false, []string{"service at hot wallet: ETH 1000000000000000000"}},
}

func (l *ledgerCase) checkDeposits(t *testing.T) (all []string) {
	t.Helper()
	for _, c := range depositTrails {
		asset := evm.Ether
		if c.token {
			asset = l.story.Asset("USDT")
		}
		for _, rule := range []string{"fifo", "haircut", "poison"} {
			r, _ := l.trace(t, l.of(t, c.step, asset), "--rule", rule)
			if rule != "poison" {
				checkBalanced(t, c.step, r)
			}
			ends := l.endsBy(r)
			all = append(all, append([]string{c.step + " by " + rule}, ends...)...)
			if diff := cmp.Diff(c.want, ends); diff != "" && rule == "fifo" {
				t.Errorf("%s (-want +got):\n%s", c.step, diff)
			}
			if len(r.Missing) > 0 {
				t.Errorf("%s by %s: missing %v", c.step, rule, r.Missing)
			}
		}
	}
	return all
}

// endsBy writes a trace's ends with the story's names, fees aside.
func (l *ledgerCase) endsBy(r *tracer.Result) (lines []string) {
	names, steps := map[chains.Address]string{}, map[string]string{}
	for name, address := range l.story.Address {
		names[chains.Address(strings.ToLower(address.Hex()))] = name
	}
	for _, step := range l.story.Steps {
		steps[strings.TrimPrefix(step.Tx.Hex(), "0x")] = step.Name
	}
	for _, e := range r.Ends {
		if e.Kind == tracer.EndFee {
			continue
		}
		line := fmt.Sprintf("%s at %s: %s %s", e.Kind, names[e.Address], assetName(names, e.Asset), e.Traced)
		if heuristic, rest, ok := strings.Cut(strings.TrimPrefix(e.Detail, "by heuristic "), ", confidence "); ok {
			confidence, _, _ := strings.Cut(rest, ", ")
			_, sweep, _ := strings.Cut(rest, " in ")
			line += fmt.Sprintf(" by %s %s, swept in %s", heuristic, confidence, steps[sweep])
		}
		lines = append(lines, line)
	}
	return slices.Sorted(slices.Values(lines))
}

// shown runs a command that prints a document.
func (l *ledgerCase) shown(t *testing.T, into any, args ...string) {
	t.Helper()
	unmarshal(t, command(t, append(args, "--json", "--data", l.data)...), into)
}

func (l *ledgerCase) checkClusters(t *testing.T) {
	t.Helper()
	names := map[chains.Address]string{}
	for name, address := range l.story.Address {
		names[chains.Address(strings.ToLower(address.Hex()))] = name
	}
	for _, c := range []struct {
		account string
		want    []string
	}{
		{"ann", []string{
			"ben shares deposit of ann", "ben shares vault of ann",
			"uses deposit of ann by victor-deposit", "uses forwarder by forwarder-contract", "uses vault of ann by forwarder-contract", "ben shares forwarder",
		}},
		{"mule", []string{"uses deposit of mule by victor-deposit"}},
		{"deposit of ann", []string{"ann shares deposit of ann", "ben shares deposit of ann", "is one of exchange_x"}},
		{"deposit of cho", []string{"cho shares deposit of cho", "is one of exchange_x"}},
		{"hot wallet", nil},
		{"trader", nil},
	} {
		var doc accountClusterDoc
		l.shown(t, &doc, "cluster", "show", string(l.story.Party(c.account)))
		var got []string
		if doc.DepositAddress.Verdict == "yes" {
			got = append(got, "is one of "+doc.DepositAddress.Exchange)
		}
		for _, use := range doc.DepositAddresses {
			got = append(got, "uses "+names[use.Address]+" by "+use.Best.ID)
		}
		for _, sender := range doc.Senders {
			got = append(got, names[sender.Address]+" shares "+names[sender.DepositAddress])
		}
		slices.Sort(got)
		slices.Sort(c.want)
		if diff := cmp.Diff(c.want, got); diff != "" || doc.Size != 1 || len(doc.Addresses) != 1 {
			t.Errorf("cluster of %s, of %d (-want +got):\n%s", c.account, doc.Size, diff)
		}
	}
	var why accountWhyDoc
	l.shown(t, &why, "cluster", "why", string(l.story.Party("ben")), string(l.story.Party("ann")))
	payments := []string{l.story.Step(t, "victim pays").Tx.Hex()[2:], l.story.Step(t, "ann pays").Tx.Hex()[2:]}
	if why.Joined || why.Relation != sameDepositAddress || len(why.Chain) != 2 || len(why.Shared) != 3 ||
		why.Chain[0].Tx.String() != payments[0] || why.Chain[1].Tx.String() != payments[1] || why.Chain[0].To != l.story.Party("deposit of ann") {
		t.Errorf("why ben and ann: %+v", why)
	}
	why = accountWhyDoc{}
	l.shown(t, &why, "cluster", "why", string(l.story.Party("ben")), string(l.story.Party("mule")))
	if why.Joined || len(why.Chain) != 0 || why.Relation != "" {
		t.Errorf("why ben and mule: %+v", why)
	}
}

// checkLateIndex: what an account did before the index begins is not known, but for
// what a node's nonce tells; and what has not happened yet is no evidence.
func (l *ledgerCase) checkLateIndex(t *testing.T) {
	t.Helper()
	paid := l.of(t, "ann pays", evm.Ether)
	before, _ := l.trace(t, paid, "--as-of", fmt.Sprint(l.story.Step(t, "ann's sweep").Block-1))
	if diff := cmp.Diff([]string{"unspent at deposit of ann: ETH 3000000000000000000"}, l.endsBy(before)); diff != "" {
		t.Errorf("before the sweep (-want +got):\n%s", diff)
	}
	off, _ := l.trace(t, paid, "--without", "victor-deposit")
	if diff := cmp.Diff([]string{"exchange-deposit at deposit of ann: ETH 3000000000000000000 by forwards-to-one-exchange/1 75.00%, swept in ann's sweep"}, l.endsBy(off)); diff != "" {
		t.Errorf("without one heuristic (-want +got):\n%s", diff)
	}
	late := &ledgerCase{node: l.node, data: t.TempDir(), story: l.story}
	late.index(t, "--from", fmt.Sprint(l.story.Step(t, "ann pays").Block))
	late.label(t)
	want := []string{"exchange-deposit at deposit of ann: ETH 3000000000000000000 by victor-deposit/1 89.98%, swept in ann's sweep"}
	known, _ := late.trace(t, paid, "--rpc", l.node.URL)
	if diff := cmp.Diff(want, late.endsBy(known)); diff != "" || len(known.Missing) > 0 {
		t.Errorf("a late index with a node: missing %v (-want +got):\n%s", known.Missing, diff)
	}
	var out, errOut bytes.Buffer
	if code := run([]string{"trace", "--json", "--data", late.data, paid}, &out, &errOut); code != exitIncomplete {
		t.Fatalf("a late index: exit %d\n%s", code, &errOut)
	}
	var open tracer.Result
	unmarshal(t, out.String(), &open)
	undecided := slices.ContainsFunc(open.Missing, func(m tracer.Missing) bool {
		return m.What == fmt.Sprintf("whether %s is a deposit address of exchange_x", l.story.Party("deposit of ann"))
	})
	if ends := late.endsBy(&open); !undecided || slices.ContainsFunc(ends, func(e string) bool { return strings.HasPrefix(e, "exchange-deposit") }) {
		t.Errorf("a late index: ends %v, missing %v", ends, open.Missing)
	}
}
