package bitcoin_test

import (
	"testing"

	"github.com/btcsuite/btcd/wire/v2"

	"tsuiseki/chains"
	"tsuiseki/chains/bitcoin"
	"tsuiseki/chains/chaintest"
	"tsuiseki/fixtures"
	"tsuiseki/fixtures/node"
)

func config(n *node.Node) bitcoin.RPCConfig {
	return bitcoin.RPCConfig{URL: n.URL, User: n.User, Password: n.Password, CookieFile: n.CookieFile, CertFile: n.CertFile}
}

// pay spends the first block's coinbase to a key, three times the same value to
// the same script in one transaction, and returns the transaction unmined.
func pay(t *testing.T, n *node.Node, script []byte) *wire.MsgTx {
	t.Helper()
	var first string
	n.Call(t, &first, "getblockhash", 1)
	coins := fixtures.Coins(n.Block(t, first).Transactions[0])[:1]
	share := coins[0].Output.Value / 4
	return n.Miner.Spend(t, coins, wire.NewTxOut(share, script), wire.NewTxOut(share, script), wire.NewTxOut(share, script))
}

func TestBtcd(t *testing.T) {
	n := node.Btcd(t)
	n.Mine(t, 301)
	checkNode(t, n, bitcoin.Btcd, "bitcoin-simnet")
}

func TestBtcdBehindTLS(t *testing.T) {
	n := node.BtcdTLS(t)
	n.Mine(t, 12)
	chaintest.TestSource(t, dial(t, config(n)), 0)
}

func TestLitecoind(t *testing.T) {
	n := node.Litecoind(t)
	n.Mine(t, 110)
	checkNode(t, n, bitcoin.Core, "bitcoin-litecoin-regtest")
}

func TestLitecoindWithPassword(t *testing.T) {
	n := node.Litecoind(t, "-rpcuser=me", "-rpcpassword=secret")
	n.Mine(t, 12)
	cfg := config(n)
	if cfg.User == "" || cfg.CookieFile != "" {
		t.Fatal("the node should be reached by user and password")
	}
	chaintest.TestSource(t, dial(t, cfg), 0)
}

func checkNode(t *testing.T, n *node.Node, dialect bitcoin.Dialect, chain chains.Chain) {
	t.Helper()
	tx := pay(t, n, n.Miner.P2WPKH("a"))
	n.Send(t, tx)
	n.Mine(t, 1)
	src := dial(t, config(n))
	if src.Dialect() != dialect || src.Chain() != chain {
		t.Errorf("dialect %s, chain %s; want %s, %s", src.Dialect(), src.Chain(), dialect, chain)
	}
	chaintest.TestSource(t, src, 0)
	t.Run("addresses", func(t *testing.T) { sameAddresses(t, n, src) })
	t.Run("mempool", func(t *testing.T) { mempoolSpends(t, n, src, tx) })
	t.Run("prevouts by transaction", func(t *testing.T) {
		genesis := src.Network().Genesis
		outputs, err := src.Prevouts(t.Context(), chains.BlockRef{Hash: genesis}, []chains.Outpoint{outpoint(t, tx, 1), {Tx: chains.TxID{1}}})
		if err != nil || outputs[0] == nil || string(outputs[0].Script) != string(tx.TxOut[1].PkScript) || outputs[1] != nil {
			t.Errorf("%v, %v", outputs, err)
		}
	})
}

func outpoint(t *testing.T, tx *wire.MsgTx, index uint32) chains.Outpoint {
	t.Helper()
	id, err := chains.ParseTxID(tx.TxHash().String())
	if err != nil {
		t.Fatal(err)
	}
	return chains.Outpoint{Tx: id, Index: index}
}

// sameAddresses compares our rendering of scripts with the node's own.
func sameAddresses(t *testing.T, n *node.Node, src *bitcoin.Node) {
	network := src.Network()
	for _, script := range [][]byte{n.Miner.P2PKH("x"), n.Miner.P2WPKH("x"), n.Miner.P2TR("x")} {
		got, kind := network.Describe(script)
		if want := n.Address(t, script); want != string(got) {
			t.Errorf("%s script: address %s, the node says %s", kind, got, want)
		}
	}
}

func mempoolSpends(t *testing.T, n *node.Node, src *bitcoin.Node, paid *wire.MsgTx) {
	coin := fixtures.Coins(paid)[1]
	spender := n.Miner.Spend(t, []fixtures.Coin{coin}, wire.NewTxOut(coin.Output.Value-1000, n.Miner.P2PKH("b")))
	n.Send(t, spender)
	asked := []chains.Outpoint{outpoint(t, paid, 0), outpoint(t, paid, 1), outpoint(t, paid, 2)}
	spends, err := src.MempoolSpends(t.Context(), asked)
	if err != nil {
		t.Fatal(err)
	}
	want := chains.Spend{State: chains.SpentMempool, By: outpoint(t, spender, 0).Tx}
	if len(spends) != 1 || spends[asked[1]] != want {
		t.Errorf("%+v, want only output 1 spent by %s", spends, want.By)
	}
	n.Mine(t, 1)
	if spends, err := src.MempoolSpends(t.Context(), asked); err != nil || len(spends) != 0 {
		t.Errorf("after a block: %+v, %v; want none", spends, err)
	}
}
