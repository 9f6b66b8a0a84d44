package entity_test

import (
	"bufio"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"tsuiseki/chains"
	"tsuiseki/chains/bitcoin"
	"tsuiseki/chains/chaintest"
	"tsuiseki/chains/index"
	"tsuiseki/tracer/cluster"
	"tsuiseki/tracer/entity"
)

// earlyView indexes the main chain's first blocks.
func earlyView(tb testing.TB) (*index.View, *bitcoin.Network) {
	tb.Helper()
	x, network := earlyIndex(tb)
	return viewOf(tb, x, nil), network
}

func earlyIndex(tb testing.TB) (*index.Index, *bitcoin.Network) {
	tb.Helper()
	src, err := bitcoin.OpenFiles(tb.Context(), bitcoin.FilesConfig{Path: chaintest.EarlyChain(tb)})
	if err != nil {
		tb.Fatal(err)
	}
	network := src.Network()
	x, err := index.Open(index.Options{Dir: "index", Chain: src.Chain(), Scripts: &network, Memory: true})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		x.Close()
		src.Close()
	})
	if _, err := x.Sync(tb.Context(), src, index.SyncOptions{}); err != nil {
		tb.Fatal(err)
	}
	return x, &network
}

func viewOf(tb testing.TB, x *index.Index, asOf *uint64) *index.View {
	tb.Helper()
	v, err := x.View(tb.Context(), asOf)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { v.Close() })
	return v
}

// TestEarlyChain compares the real chain's clusters with those of a union-find that
// does nothing else.
func TestEarlyChain(t *testing.T) {
	v, network := earlyView(t)
	store := synced(t, v, entity.Options{Scripts: network, Tail: 50})
	view, err := store.View(v, nil)
	if err != nil {
		t.Fatal(err)
	}
	up := map[chains.Address]chains.Address{}
	var root func(a chains.Address) chains.Address
	root = func(a chains.Address) chains.Address {
		if up[a] == "" || up[a] == a {
			return a
		}
		up[a] = root(up[a])
		return up[a]
	}
	spent := 0
	for tx, err := range v.Records(0) {
		if err != nil {
			t.Fatal(err)
		}
		whole, err := v.TxAt(tx.Position())
		if err != nil {
			t.Fatal(err)
		}
		whole = cluster.Describe(whole, network)
		if whole.Coinbase() {
			continue
		}
		spent += len(whole.Inputs)
		for i := range whole.Inputs {
			a := whole.Inputs[i].Spent.Address
			if up[a] == "" {
				up[a] = a
			}
			up[root(a)] = root(whole.Inputs[0].Spent.Address)
		}
	}
	sizes := map[chains.Address]int{}
	for a := range up {
		sizes[root(a)]++
	}
	largest := 0
	for a := range up {
		c, err := view.Cluster(a)
		if err != nil || c.Size != sizes[root(a)] {
			t.Fatalf("cluster of %s has %d addresses, want %d (%v)", a, c.Size, sizes[root(a)], err)
		}
		first, err := view.Cluster(c.Entity)
		if same, _ := c.Same(first); err != nil || !same || root(c.Entity) != root(a) {
			t.Fatalf("entity %s of %s is elsewhere (%v)", c.Entity, a, err)
		}
		largest = max(largest, c.Size)
	}
	if spent != 865 || largest != 70 {
		t.Errorf("%d spends, largest cluster %d", spent, largest)
	}
	if err := store.Verify(); err != nil {
		t.Error(err)
	}
}

type graphsenseTx struct {
	Hash     string `json:"txHash"`
	Coinbase bool   `json:"coinbase"`
	Inputs   []graphsenseCoin
	Outputs  []graphsenseCoin
}

type graphsenseCoin struct {
	Address []string
	Value   int64
}

func (c graphsenseCoin) output() chains.Output {
	kind := "p2pkh"
	if len(c.Address) > 1 {
		kind = "multisig"
	}
	return chains.Output{Value: chains.NewAmount(c.Value), Script: []byte(kind + " " + strings.Join(c.Address, "+"))}
}

func readLines[T any](t *testing.T, path string) (rows []T) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var row T
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
	return rows
}

// TestGraphSenseClusters: kept on disk and asked for address by address, the
// clusters are those that GraphSense expects of its transactions.
func TestGraphSenseClusters(t *testing.T) {
	c := &fakeChain{name: "bitcoin", prevouts: map[chains.Outpoint]*chains.Output{}}
	for i, g := range readLines[graphsenseTx](t, chaintest.Shared(t, "graphsense-utxo", "test_txs.json")) {
		id, err := chains.ParseTxID(g.Hash)
		if err != nil {
			t.Fatal(err)
		}
		tx := &chains.Tx{ID: id}
		for j, coin := range g.Inputs {
			o := chains.Outpoint{Tx: chains.TxID{0: byte(i), 31: 1}, Index: uint32(j)}
			out := coin.output()
			c.prevouts[o] = &out
			tx.Inputs = append(tx.Inputs, chains.Input{Prevout: o})
		}
		if g.Coinbase {
			tx.Inputs = []chains.Input{{Prevout: chains.Outpoint{Index: 0xffffffff}}}
		}
		for _, coin := range g.Outputs {
			tx.Outputs = append(tx.Outputs, coin.output())
		}
		c.add(tx)
	}
	view, err := synced(t, c, entity.Options{Scripts: plain{}}).View(c, nil)
	if err != nil {
		t.Fatal(err)
	}
	type numbered struct {
		ID      int    `json:"addressId"`
		Address string `json:"address"`
		Cluster int    `json:"clusterId"`
	}
	names, want := map[int]string{}, map[int][]string{}
	for _, row := range readLines[numbered](t, chaintest.Shared(t, "graphsense-utxo", "reference", "address_ids.json")) {
		names[row.ID] = row.Address
	}
	for _, row := range readLines[numbered](t, chaintest.Shared(t, "graphsense-utxo", "reference", "address_cluster_with_coinjoin.json")) {
		want[row.Cluster] = append(want[row.Cluster], names[row.ID])
	}
	for _, members := range want {
		slices.Sort(members)
		for _, member := range members {
			found, err := view.Cluster(chains.Address(member))
			if err != nil {
				t.Fatal(err)
			}
			addresses, err := found.Addresses(0)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, a := range addresses {
				if !strings.Contains(string(a), "+") { // several keys have no address there
					got = append(got, string(a))
				}
			}
			slices.Sort(got)
			if !slices.Equal(got, members) {
				t.Errorf("cluster of %s: %q, want %q", member, got, members)
			}
		}
	}
}
