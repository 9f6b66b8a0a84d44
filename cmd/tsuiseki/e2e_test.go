package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/btcsuite/btcd/wire/v2"

	"tsuiseki/fixtures"
	"tsuiseki/fixtures/node"
	"tsuiseki/tracer"
)

// command runs one command line in this process, which must succeed.
func command(t *testing.T, args ...string) string {
	t.Helper()
	var out, errOut bytes.Buffer
	if code := run(args, &out, &errOut); code != exitDone {
		t.Fatalf("tsuiseki %s: exit %d\n%s%s", strings.Join(args, " "), code, &out, &errOut)
	}
	return out.String()
}

// investigation is a node with a data folder that indexes it.
type investigation struct {
	node *node.Node
	data string
}

func (i *investigation) index(t *testing.T, extra ...string) {
	t.Helper()
	args := []string{"index", "bitcoin", "--data", i.data, "--rpc", i.node.URL}
	if i.node.CookieFile != "" {
		args = append(args, "--rpc-cookie", i.node.CookieFile)
	} else {
		args = append(args, "--rpc-user", i.node.User, "--rpc-password", i.node.Password)
	}
	command(t, append(args, extra...)...)
}

func (i *investigation) trace(t *testing.T, refs ...string) (*tracer.Result, string) {
	t.Helper()
	out := command(t, append([]string{"trace", "--json", "--data", i.data}, refs...)...)
	var result tracer.Result
	if err := json.Unmarshal([]byte(out), &result); err != nil {
		t.Fatal(err)
	}
	return &result, out
}

// fresh is the same investigation with an empty data folder.
func (i *investigation) fresh(t *testing.T) *investigation {
	t.Helper()
	return &investigation{node: i.node, data: t.TempDir()}
}

func TestInvestigationOnBtcd(t *testing.T) {
	n := node.Btcd(t)
	n.Mine(t, 302)
	investigate(t, n)
}

func TestInvestigationOnLitecoind(t *testing.T) {
	n := node.Litecoind(t)
	n.Mine(t, 110)
	i := investigate(t, n)

	// The node's own block files, read when it has stopped, give the same bytes.
	ref := depositOf(t, i)
	_, byRPC := i.trace(t, ref)
	n.Stop()
	files := i.fresh(t)
	command(t, "index", "bitcoin", "--data", files.data, "--blocks", filepath.Join(n.DataDir, "blocks"))
	if _, byFiles := files.trace(t, ref); byFiles != byRPC {
		t.Errorf("traces over RPC and over block files differ:\n%s\n%s", byRPC, byFiles)
	}
}

// depositOf is the reference of the victims' payment: block 1's coinbase was its coin.
func depositOf(t *testing.T, i *investigation) string {
	t.Helper()
	var coinbase struct{ Transactions []string }
	var spent struct {
		Outputs []struct {
			SpentBy struct{ Tx string } `json:"spent_by"`
		}
	}
	unmarshal(t, command(t, "show", "block", "1", "--json", "--data", i.data), &coinbase)
	unmarshal(t, command(t, "show", "tx", coinbase.Transactions[0], "--json", "--data", i.data), &spent)
	return spent.Outputs[0].SpentBy.Tx + ":0"
}

func unmarshal(t *testing.T, text string, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), into); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
}

// investigate pays a victim's coins through all script types on a real node,
// traces them, replaces the last block by a longer branch, and traces again.
func investigate(t *testing.T, n *node.Node) *investigation {
	t.Helper()
	i := &investigation{node: n, data: t.TempDir()}
	var first string
	n.Call(t, &first, "getblockhash", 1)
	coin := fixtures.Coins(n.Block(t, first).Transactions[0])[:1]
	half := (coin[0].Output.Value - 10_000) / 4

	// Two victims' payments of one value to one address, and one to another: one transaction.
	deposit := n.Miner.Spend(t, coin, wire.NewTxOut(half, n.Miner.P2PKH("collector")), wire.NewTxOut(half, n.Miner.P2PKH("collector")),
		wire.NewTxOut(half, n.Miner.P2WPKH("other")))
	n.Send(t, deposit)
	n.Mine(t, 1)
	paid := fixtures.Coins(deposit)
	// The equal outputs are spent by different transactions: which is which must not be mixed up.
	second := n.Miner.Spend(t, paid[1:2], wire.NewTxOut(half-5_000, n.Miner.P2TR("taproot")))
	n.Send(t, second)
	n.Mine(t, 1)
	merged := n.Miner.Spend(t, []fixtures.Coin{paid[2], paid[0]}, wire.NewTxOut(half+1_000, n.Miner.P2WPKH("x")), wire.NewTxOut(half-5_000, n.Miner.P2TR("y")))
	n.Send(t, merged)
	last := n.Mine(t, 1)[0]

	i.index(t)
	ref := fmt.Sprintf("%s:0", deposit.TxHash())
	result, _ := i.trace(t, ref)
	// FIFO: the clean half goes in first and fills 'x' but for 1,000; the deposit fills the rest, 'y' and the fee.
	wantEnds(t, i, result, []end{
		{merged, 0, "unspent", 1_000}, {merged, 1, "unspent", half - 5_000}, {merged, -1, "fee", 4_000},
	})
	other, _ := i.trace(t, fmt.Sprintf("%s:1", deposit.TxHash()))
	wantEnds(t, i, other, []end{{second, 0, "unspent", half - 5_000}, {second, -1, "fee", 5_000}})

	checkReorg(t, i, last, ref)
	return i
}

// checkReorg replaces the last block: the index follows, and equals a fresh one.
func checkReorg(t *testing.T, i *investigation, last, ref string) {
	t.Helper()
	before, _ := i.trace(t, ref)
	i.node.InvalidateBlock(t, last)
	i.node.Mine(t, 3)
	i.index(t)
	after, document := i.trace(t, ref)
	if before.Digest == after.Digest || before.Snapshot[0].Height+2 != after.Snapshot[0].Height {
		t.Errorf("snapshots %+v and %+v", before.Snapshot, after.Snapshot)
	}
	for _, e := range after.Ends {
		if e.Block.String() == last {
			t.Errorf("end %+v lies in the block that was replaced", e)
		}
	}
	again := i.fresh(t)
	again.index(t)
	if _, fresh := again.trace(t, ref); fresh != document {
		t.Errorf("after the reorg and from scratch, traces differ:\n%s\n%s", document, fresh)
	}
	// An index that starts above what it spends has the prevouts from the node: nothing is missing.
	late := i.fresh(t)
	late.index(t, "--from", fmt.Sprint(before.Deposits[0].Height))
	if result, _ := late.trace(t, ref); result.Digest == after.Digest || len(result.Missing) > 0 || len(result.Ends) != len(after.Ends) {
		t.Errorf("a late index: missing %v, ends %v", result.Missing, result.Ends)
	}
}

type end struct {
	tx     *wire.MsgTx
	index  int // -1 for a fee
	kind   tracer.EndKind
	traced int64
}

func wantEnds(t *testing.T, i *investigation, result *tracer.Result, want []end) {
	t.Helper()
	var got []string
	for _, e := range result.Ends {
		index := -1
		if e.Index != nil {
			index = int(*e.Index)
			script := fixtures.Coins(want[0].tx)[index].Output.PkScript
			if address := i.node.Address(t, script); string(e.Address) != address {
				t.Errorf("end at %s, the node says %s", e.Address, address)
			}
		}
		got = append(got, fmt.Sprintf("%s:%d %s %s", e.Tx, index, e.Kind, e.Traced))
	}
	var wanted []string
	for _, e := range want {
		wanted = append(wanted, fmt.Sprintf("%s:%d %s %d", e.tx.TxHash(), e.index, e.kind, e.traced))
	}
	if strings.Join(got, "\n") != strings.Join(wanted, "\n") {
		t.Errorf("ends\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(wanted, "\n"))
	}
	total := result.Totals[0]
	if sum := total.Ends.Add(total.Fees).Add(total.Unresolved); !sum.Equal(total.In) || len(result.Missing) > 0 {
		t.Errorf("totals %+v, missing %v", total, result.Missing)
	}
}
