package main

import (
	"fmt"
	"math/big"
	"reflect"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"

	"tsuiseki/fixtures/contracts"
	"tsuiseki/fixtures/node"
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
