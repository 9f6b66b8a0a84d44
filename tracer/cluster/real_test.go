package cluster_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"tsuiseki/chains"
	"tsuiseki/chains/bitcoin"
	"tsuiseki/chains/chaintest"
	"tsuiseki/tracer/cluster"
)

// graphsenseTx is a transaction of the shared data.
type graphsenseTx struct {
	Hash     string `json:"txHash"`
	Coinbase bool   `json:"coinbase"`
	CoinJoin bool   `json:"coinjoin"`
	Block    uint64 `json:"blockId"`
	Inputs   []graphsenseCoin
	Outputs  []graphsenseCoin
}

type graphsenseCoin struct {
	Address []string
	Value   int64
}

// coin has a name of its own for an output of several keys, as scripts without an address have.
func (c graphsenseCoin) coin() coin {
	if len(c.Address) > 1 {
		return coin{"multisig:" + strings.Join(c.Address, "+"), c.Value, "multisig"}
	}
	return coin{c.Address[0], c.Value, "p2pkh"}
}

func (g graphsenseTx) tx(t *testing.T, index int) *chains.Tx {
	t.Helper()
	var ins, outs []coin
	for _, c := range g.Inputs {
		ins = append(ins, c.coin())
	}
	for _, c := range g.Outputs {
		outs = append(outs, c.coin())
	}
	tx := hand(ins, outs)
	if g.Coinbase {
		tx.Inputs = []chains.Input{{Prevout: chains.Outpoint{Index: 0xffffffff}}}
	}
	var err error
	if tx.ID, err = chains.ParseTxID(g.Hash); err != nil {
		t.Fatal(err)
	}
	tx.Block.Height, tx.Index = g.Block, uint32(index)
	return tx
}

// readLines reads a file with one JSON document per line.
func readLines[T any](t *testing.T, path string) (rows []T) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	scanner := bufio.NewScanner(bytes.NewReader(raw))
	for scanner.Scan() {
		var row T
		if err := json.Unmarshal(scanner.Bytes(), &row); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		rows = append(rows, row)
	}
	return rows
}

// TestGraphSenseClusters compares with the clusters that GraphSense expects of its
// ten transactions. Its CoinJoin is marked by hand: two inputs make none for the guard.
func TestGraphSenseClusters(t *testing.T) {
	txs := readLines[graphsenseTx](t, chaintest.Shared(t, "graphsense-utxo", "test_txs.json"))
	if len(txs) != 10 {
		t.Fatalf("%d transactions", len(txs))
	}
	marked := map[chains.TxID]bool{}
	for i, g := range txs {
		marked[g.tx(t, i).ID] = g.CoinJoin
	}
	byMark := func(tx *chains.Tx) cluster.Verdict {
		if marked[tx.ID] {
			return yes
		}
		return no
	}
	for file, guard := range map[string]func(*chains.Tx) cluster.Verdict{
		"address_cluster.json":               byMark,
		"address_cluster_with_coinjoin.json": cluster.DoNotCluster,
	} {
		if got, want := graphsenseClusters(t, txs, guard), graphsenseReference(t, file); !slices.EqualFunc(got, want, slices.Equal) {
			t.Errorf("%s: clusters\n%q\nwant\n%q", file, got, want)
		}
	}
}

// graphsenseClusters are the clusters of two and more, without what has no address.
func graphsenseClusters(t *testing.T, txs []graphsenseTx, guard func(*chains.Tx) cluster.Verdict) (clusters [][]string) {
	t.Helper()
	numbers, names := map[chains.Address]uint32{}, []chains.Address{}
	number := func(a chains.Address) uint32 {
		if _, known := numbers[a]; !known {
			numbers[a], names = uint32(len(names)), append(names, a)
		}
		return numbers[a]
	}
	f := cluster.NewForest(cluster.Control{})
	for i, g := range txs {
		for _, e := range cluster.CoSpend(g.tx(t, i), guard) {
			l := cluster.Link{From: number(e.From), To: number(e.To), At: e.At, Heuristic: e.Heuristic}
			f.Grow(len(names))
			if _, err := f.Add(l); err != nil {
				t.Fatal(err)
			}
		}
	}
	for id := range uint32(f.Len()) {
		if entity, _ := f.Entity(id); entity != id {
			continue
		}
		var members []string
		for member := range f.Members(id) {
			if name := string(names[member]); !strings.HasPrefix(name, "multisig:") {
				members = append(members, name)
			}
		}
		slices.Sort(members)
		clusters = append(clusters, members)
	}
	slices.SortFunc(clusters, slices.Compare)
	return clusters
}

// graphsenseReference are the expected clusters of two and more addresses. The two
// references number the addresses by themselves.
func graphsenseReference(t *testing.T, file string) (clusters [][]string) {
	t.Helper()
	type numbered struct {
		ID      int    `json:"addressId"`
		Address string `json:"address"`
		Cluster int    `json:"clusterId"`
	}
	names := map[int]string{}
	for _, row := range readLines[numbered](t, chaintest.Shared(t, "graphsense-utxo", "reference", "address_ids.json")) {
		names[row.ID] = row.Address
	}
	byCluster := map[int][]string{}
	for _, row := range readLines[numbered](t, chaintest.Shared(t, "graphsense-utxo", "reference", file)) {
		byCluster[row.Cluster] = append(byCluster[row.Cluster], names[row.ID])
	}
	for _, members := range byCluster {
		if len(members) > 1 {
			slices.Sort(members)
			clusters = append(clusters, members)
		}
	}
	slices.SortFunc(clusters, slices.Compare)
	return clusters
}

// within answers from the transactions of one block.
type within struct {
	spenders map[chains.Outpoint]*chains.Tx
	byID     map[chains.TxID]*chains.Tx
}

func (w within) Fresh(*chains.Output, chains.Position) (cluster.Verdict, error) { return open, nil }

func (w within) Spender(tx *chains.Tx, n uint32) (*chains.Tx, error) {
	return w.spenders[chains.Outpoint{Tx: tx.ID, Index: n}], nil
}

func (w within) Creator(tx *chains.Tx, input uint32) (*chains.Tx, error) {
	return w.byID[tx.Inputs[input].Prevout.Tx], nil
}

// TestRealBlocks: of real blocks, whose prevouts are known only within the block,
// everything can be asked; a coinbase has no signs, and what may be one is not clustered.
func TestRealBlocks(t *testing.T) {
	network, err := bitcoin.NetworkByName("main")
	if err != nil {
		t.Fatal(err)
	}
	count, joined := 0, 0
	for _, raw := range chaintest.FullBlocks(t) {
		block, err := bitcoin.DecodeBlock(raw)
		if err != nil {
			t.Fatal(err)
		}
		for _, tx := range described(block, &network) {
			checkAnswers(t, tx.Tx, tx.chain)
			count++
			joined += len(cluster.CoSpend(tx.Tx, cluster.DoNotCluster))
		}
	}
	if count < 300 {
		t.Errorf("%d transactions in real blocks", count)
	}
	t.Logf("%d transactions, %d links", count, joined)
}

type placed struct {
	*chains.Tx
	chain within
}

func described(block *chains.Block, scripts chains.Scripts) (txs []placed) {
	w := within{map[chains.Outpoint]*chains.Tx{}, map[chains.TxID]*chains.Tx{}}
	for i := range block.Txs {
		for j := range block.Txs[i].Inputs {
			in := &block.Txs[i].Inputs[j]
			if source := w.byID[in.Prevout.Tx]; source != nil {
				in.Spent = &source.Outputs[in.Prevout.Index]
			}
		}
		tx := cluster.Describe(&block.Txs[i], scripts)
		for j := range tx.Inputs {
			w.spenders[tx.Inputs[j].Prevout] = tx
		}
		w.byID[tx.ID] = tx
		txs = append(txs, placed{tx, w})
	}
	return txs
}

func TestDescribeLeavesTheTransaction(t *testing.T) {
	network, err := bitcoin.NetworkByName("main")
	if err != nil {
		t.Fatal(err)
	}
	script := append([]byte{0, 20}, make([]byte, 20)...)
	tx := &chains.Tx{Inputs: []chains.Input{{Spent: &chains.Output{Script: script}}, {}}, Outputs: []chains.Output{{Script: script}}}
	got := cluster.Describe(tx, &network)
	if got.Inputs[0].Spent.Type != "p2wpkh" || got.Outputs[0].Address == "" || got.Inputs[1].Spent != nil {
		t.Errorf("%+v", got)
	}
	if tx.Inputs[0].Spent.Type != "" || tx.Outputs[0].Address != "" {
		t.Error("the transaction itself was changed")
	}
}
