package main

import (
	"fmt"
	"math/big"
	"reflect"
	"slices"
	"testing"

	"github.com/btcsuite/btcd/wire/v2"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"

	"tsuiseki/chains"
	"tsuiseki/fixtures"
	"tsuiseki/fixtures/contracts"
	"tsuiseki/fixtures/node"
	"tsuiseki/tracer"
)

// TestLeadsBeyondMixers mixes on a real node: a thief pays into two pools; what
// comes out goes to his own account, to one that he paid before, to one that takes
// out just what he paid in, and to a stranger.
func TestLeadsBeyondMixers(t *testing.T) {
	l := &ledgerCase{node: node.Anvil(t), data: t.TempDir()}
	n, mixer := l.node, contracts.Get(t, "Mixer")
	account := func(name string) node.Account { return node.NewAccount("leads", name) }
	victim, thief, friend, twin, stranger := account("victim"), account("thief"), account("friend"), account("twin"), account("stranger")
	milli := func(k int64) *big.Int { return new(big.Int).Mul(big.NewInt(k), big.NewInt(1e15)) }

	pay := func(from node.Account, to common.Address, amount *big.Int, data []byte) common.Hash {
		hash := n.Transact(t, from, &to, amount, data).Hash()
		n.Mine(t, 1)
		if r := n.Receipt(t, hash); r == nil || r.Status != 1 {
			t.Fatalf("a transaction of the test failed: %v", r)
		}
		return hash
	}
	for _, who := range []node.Account{victim, thief, friend, twin, stranger} {
		pay(n.Faucet, who.Address, milli(20_000), nil)
	}
	pool := func(denomination *big.Int) common.Address {
		hash := n.Transact(t, n.Faucet, nil, new(big.Int), mixer.Creation(t, denomination)).Hash()
		n.Mine(t, 1)
		return n.Receipt(t, hash).ContractAddress
	}
	small, large := pool(milli(100)), pool(milli(1_000))
	secrets := 0
	into := func(who node.Account, pool common.Address, amount *big.Int) common.Hash {
		secrets++
		secret := crypto.Keccak256Hash(fmt.Appendf(nil, "secret %d", secrets))
		pay(who, pool, amount, mixer.Call(t, "deposit", crypto.Keccak256Hash(secret[:])))
		return secret
	}
	out := func(pool common.Address, secret common.Hash, to common.Address) common.Hash {
		return pay(n.Faucet, pool, new(big.Int), mixer.Call(t, "withdraw", secret, to, n.Faucet.Address, milli(5)))
	}

	for range 3 {
		pay(thief, friend.Address, milli(10), nil)
	}
	deposit := pay(victim, thief.Address, milli(3_000), nil)
	secret1, secret2, secret3 := into(thief, large, milli(1_000)), into(thief, large, milli(1_000)), into(thief, small, milli(100))
	secret4 := into(stranger, large, milli(1_000))
	want := []string{
		"mixer-same-address/1 " + out(large, secret1, thief.Address).Hex(),
		"mixer-direct-transfers/1 " + out(large, secret2, friend.Address).Hex(),
	}
	out(large, secret4, stranger.Address)
	out(small, secret3, twin.Address) // half of a portfolio tells nothing
	l.index(t)

	result, first := l.trace(t, deposit.Hex(), "--rule", "lifo", "--leads")
	got := map[string]bool{}
	for _, lead := range result.Leads {
		got[fmt.Sprintf("%s/%d 0x%s", lead.Heuristic, lead.Version, lead.Tx)] = true
	}
	for _, w := range want {
		if !got[w] {
			t.Errorf("no lead %s", w)
		}
		delete(got, w)
	}
	if len(got) > 0 {
		t.Errorf("leads beyond those planted: %v", got)
	}
	if ok, err := result.Verify(); !ok || err != nil {
		t.Errorf("the digest is not the result's own: %v", err)
	}
	if _, again := l.trace(t, deposit.Hex(), "--rule", "lifo", "--leads"); again != first {
		t.Error("the same question has two answers")
	}
	plain, _ := l.trace(t, deposit.Hex(), "--rule", "lifo")
	if len(plain.Leads) > 0 || !reflect.DeepEqual(plain.Ends, result.Ends) || !reflect.DeepEqual(plain.Hops, result.Hops) {
		t.Error("leads change the ledger")
	}
}

// TestLeadsBeyondCoinJoins mixes on a real node. One of those who mix spends what came
// out beside an older coin: that shows which of the equal outputs was his.
func TestLeadsBeyondCoinJoins(t *testing.T) {
	n := node.Btcd(t)
	w := &investigation{node: n, data: t.TempDir()}
	n.Mine(t, 310) // segwit is active
	var first string
	n.Call(t, &first, "getblockhash", 1)
	const coin = 100_000_000
	pay := func(key string, value int64) *wire.TxOut { return wire.NewTxOut(value, n.Miner.P2WPKH(key)) }
	mine := func(tx *wire.MsgTx) *wire.MsgTx {
		n.Send(t, tx)
		n.Mine(t, 1)
		return tx
	}
	split := mine(n.Miner.Spend(t, fixtures.Coins(n.Block(t, first).Transactions[0])[:1], pay("thief", coin), pay("thief", coin), pay("other", coin), pay("third", coin)))
	coins := fixtures.Coins(split)
	mix := mine(n.Miner.Spend(t, []fixtures.Coin{coins[0], coins[2], coins[3]}, pay("out 1", 99_000_000), pay("out 2", 99_000_000), pay("out 3", 99_000_000)))
	mine(n.Miner.Spend(t, []fixtures.Coin{fixtures.Coins(mix)[1], coins[1]}, pay("shop", 198_000_000)))
	w.index(t)

	for _, extra := range [][]string{nil, {"--no-cross"}} {
		result, _ := w.trace(t, append([]string{split.TxHash().String() + ":0", "--leads"}, extra...)...)
		var reunited []chains.Address
		for _, lead := range result.Leads {
			if lead.Heuristic == "coinjoin-reunion" {
				reunited = append(reunited, lead.Address)
			}
		}
		if want := []chains.Address{chains.Address(n.Address(t, n.Miner.P2WPKH("out 2")))}; !slices.Equal(reunited, want) {
			t.Errorf("%v: reunited with %v, want %v", extra, reunited, want)
		}
		if len(result.Ends) != 1 || result.Ends[0].Kind != tracer.EndCoinJoin {
			t.Errorf("%v: the trail ends at %+v", extra, result.Ends)
		}
	}
}
