package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/btcsuite/btcd/wire/v2"

	"tsuiseki/fixtures"
	"tsuiseki/fixtures/node"
)

// wallets is a small economy on a real node.
type wallets struct {
	*investigation
	split, joint, mix *wire.MsgTx
	block             string // that of the joint spend
}

func (w *wallets) address(t *testing.T, key string) string {
	t.Helper()
	return w.node.Address(t, w.node.Miner.P2WPKH(key))
}

// playWallets: a wallet pays a shop from two addresses and keeps the change, three
// others mix their coins, and the wallet spends its change. It always pays a fee of 10
// satoshi for a virtual byte.
func playWallets(t *testing.T, n *node.Node) *wallets {
	t.Helper()
	w := &wallets{investigation: &investigation{node: n, data: t.TempDir()}}
	var first string
	n.Call(t, &first, "getblockhash", 1)
	const coin = 100_000_000
	pay := wire.NewTxOut
	var paid []*wire.TxOut
	for _, key := range []string{"a", "b", "m1", "m2", "m3"} {
		paid = append(paid, pay(coin, n.Miner.P2WPKH(key)))
	}
	w.split = n.Miner.Spend(t, fixtures.Coins(n.Block(t, first).Transactions[0])[:1], paid...)
	n.Send(t, w.split)
	n.Mine(t, 1)
	coins := fixtures.Coins(w.split)
	w.joint = n.Miner.Spend(t, coins[:2], pay(120_000_000, n.Miner.P2PKH("shop")), pay(79_997_774, n.Miner.P2WPKH("change")))
	n.Send(t, w.joint)
	w.block = n.Mine(t, 1)[0]
	w.mix = n.Miner.Spend(t, coins[2:], pay(99_000_000, n.Miner.P2WPKH("o1")), pay(99_000_000, n.Miner.P2WPKH("o2")), pay(99_000_000, n.Miner.P2WPKH("o3")))
	n.Send(t, w.mix)
	n.Send(t, n.Miner.Spend(t, fixtures.Coins(w.joint)[1:], pay(50_000_000, n.Miner.P2PKH("shop")), pay(29_996_262, n.Miner.P2WPKH("rest"))))
	n.Mine(t, 2)
	return w
}

type clusterSaid struct {
	Entity    string
	Size      int
	Addresses []string
	Services  []string
	Extended  struct {
		Size     int
		Complete bool
		Links    []struct {
			Heuristic, Tx, From, To string
			By                      []string
		}
		Withheld []struct{ Other struct{ Entity string } }
	}
	Withheld []any
}

type whySaid struct {
	Joined   bool
	Extended *bool
	Chain    []struct{ Heuristic, Tx, From, To, Block string }
	Met      []struct {
		Tx    string
		Signs []struct{ Heuristic, Verdict string }
	}
}

func (w *wallets) show(t *testing.T, address string, extra ...string) (said clusterSaid, text string) {
	t.Helper()
	text = command(t, append([]string{"cluster", "show", address, "--json", "--data", w.data}, extra...)...)
	unmarshal(t, text, &said)
	return said, text
}

func (w *wallets) why(t *testing.T, a, b string, extra ...string) (said whySaid) {
	t.Helper()
	unmarshal(t, command(t, append([]string{"cluster", "why", a, b, "--json", "--data", w.data}, extra...)...), &said)
	return said
}

func TestClustersOnBtcd(t *testing.T) {
	n := node.Btcd(t)
	n.Mine(t, 302)
	w := playWallets(t, n)
	w.index(t)
	a, b, change, rest := w.address(t, "a"), w.address(t, "b"), w.address(t, "change"), w.address(t, "rest")
	joint := w.joint.TxHash().String()

	said, _ := w.show(t, b)
	if said.Size != 2 || said.Entity != a || said.Addresses[0] != a || said.Addresses[1] != b {
		t.Errorf("cluster of b: %+v", said)
	}
	// The change, and the change of that, are in the extended cluster alone.
	if x := said.Extended; x.Size != 4 || !x.Complete || len(x.Links) != 2 || x.Links[0].Tx != joint || x.Links[0].From != a || x.Links[0].To != change || x.Links[1].To != rest {
		t.Errorf("extended cluster of b: %+v", said.Extended)
	}
	if why := w.why(t, a, b); !why.Joined || len(why.Chain) != 1 || why.Chain[0].Heuristic != "co-spend" || why.Chain[0].Tx != joint || why.Chain[0].Block != w.block {
		t.Errorf("why a b: %+v", why)
	}
	why := w.why(t, rest, b)
	if why.Joined || !*why.Extended || len(why.Chain) != 3 || why.Chain[0].From != rest || why.Chain[1].Heuristic != "change-agreement" || why.Chain[2].To != b {
		t.Errorf("why rest b: %+v", why)
	}
	if why := w.why(t, rest, b, "--without", "change-agreement"); *why.Extended || len(why.Chain) > 0 {
		t.Errorf("without change-agreement: %+v", why)
	}
	// Each rule that is switched off leaves fewer than two signs sooner or later.
	if said, _ := w.show(t, b, "--without", "power-of-ten,address-type,optimal-change,fresh-address,fixed-fee-rate,peeling-chain,locktime"); said.Extended.Size != 2 {
		t.Errorf("without signs: %+v", said.Extended)
	}
	// The mix joins nothing, and is named.
	m1, m2 := w.address(t, "m1"), w.address(t, "m2")
	if said, _ := w.show(t, m1); said.Size != 1 || said.Extended.Size != 1 {
		t.Errorf("cluster of m1: %+v", said)
	}
	why = w.why(t, m1, m2)
	if why.Joined || *why.Extended || len(why.Met) != 1 || why.Met[0].Tx != w.mix.TxHash().String() || why.Met[0].Signs[0].Heuristic != "do-not-cluster" || why.Met[0].Signs[0].Verdict != "yes" {
		t.Errorf("why m1 m2: %+v", why)
	}
	w.labelled(t, change)
	w.replaced(t, b)
}

// labelled: what is a service's joins nobody by change alone.
func (w *wallets) labelled(t *testing.T, change string) {
	t.Helper()
	pack := filepath.Join(t.TempDir(), "pack.yaml")
	text := fmt.Sprintf("title: T\ncreator: C\nis_cluster_definer: true\ntags:\n- {address: %s, network: %s, currency: BTC, label: Shop, source: s, category: shop}\n", change, "bitcoin-simnet")
	if err := os.WriteFile(pack, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	command(t, "label", "import", pack, "--data", w.data)
	if said, text := w.show(t, w.address(t, "a")); said.Extended.Size != 2 || len(said.Extended.Withheld) != 1 || said.Extended.Withheld[0].Other.Entity != change {
		t.Errorf("with the change a service's: %s", text)
	}
	if err := os.RemoveAll(filepath.Join(w.data, "labels")); err != nil {
		t.Fatal(err)
	}
}

// replaced takes the block of the joint spend off the chain: the clusters follow, and
// equal those of a fresh index.
func (w *wallets) replaced(t *testing.T, b string) {
	t.Helper()
	_, before := w.show(t, b)
	w.node.InvalidateBlock(t, w.block)
	w.node.Mine(t, 6)
	w.index(t)
	_, after := w.show(t, b)
	if before == after || strings.Contains(after, w.block) {
		t.Errorf("after the reorganisation: %s", after)
	}
	again := &wallets{investigation: w.fresh(t)}
	again.index(t)
	if _, fresh := again.show(t, b); fresh != after {
		t.Errorf("after the reorganisation and from scratch, clusters differ:\n%s\n%s", after, fresh)
	}
	command(t, "cluster", "verify", "--data", w.data)
}
