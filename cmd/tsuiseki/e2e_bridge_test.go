package main

import (
	"bytes"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/google/go-cmp/cmp"

	"tsuiseki/chains"
	"tsuiseki/fixtures"
	"tsuiseki/fixtures/contracts"
	"tsuiseki/fixtures/node"
	"tsuiseki/graph"
	"tsuiseki/tracer"
)

// bridgeCase is two real nodes with THORChain's part played between them.
type bridgeCase struct {
	bitcoin  *node.Node
	ethereum *node.Ethereum
	data     string

	router  common.Address
	tokenAt common.Address
	people  map[string]node.Account
	mined   int // blocks of Bitcoin
}

const (
	gwei    = 1_000_000_000
	deposit = 500_000_000 // satoshi that the victim pays
	swapped = 300_000_000 // of which the offender swaps
	paidOut = 123_456_789 // satoshi that come back
)

func newBridgeCase(t *testing.T) *bridgeCase {
	t.Helper()
	b := &bridgeCase{bitcoin: node.Btcd(t), ethereum: node.Geth(t), data: t.TempDir(), people: map[string]node.Account{}}
	b.bitcoin.Mine(t, 310)
	b.ethereum.Ahead = uint64(time.Now().Unix()) - node.GenesisTime
	creation := b.ethereum.Transact(t, b.ethereum.Faucet, nil, new(big.Int), contracts.Get(t, "ThorRouter").Creation(t))
	b.router = crypto.CreateAddress(b.ethereum.Faucet.Address, creation.Nonce())
	vault := b.account("vault").Address
	b.ethereum.Transact(t, b.ethereum.Faucet, &vault, big.NewInt(5e18), nil)
	b.ethereum.Mine(t, 1)
	return b
}

func (b *bridgeCase) account(name string) node.Account {
	if _, known := b.people[name]; !known {
		b.people[name] = node.NewAccount("bridge", name)
	}
	return b.people[name]
}

// coinbase is the coin of a block that no one has spent.
func (b *bridgeCase) coinbase(t *testing.T) fixtures.Coin {
	t.Helper()
	b.mined++
	var hash string
	b.bitcoin.Call(t, &hash, "getblockhash", b.mined)
	return fixtures.Coins(b.bitcoin.Block(t, hash).Transactions[0])[0]
}

// pay spends a coin on Bitcoin and mines it.
func (b *bridgeCase) pay(t *testing.T, coin fixtures.Coin, outputs ...*wire.TxOut) *wire.MsgTx {
	t.Helper()
	tx := b.bitcoin.Miner.Spend(t, []fixtures.Coin{coin}, outputs...)
	b.bitcoin.Send(t, tx)
	b.bitcoin.Mine(t, 1)
	return tx
}

func memoOutput(t *testing.T, memo string) *wire.TxOut {
	t.Helper()
	script, err := txscript.NewScriptBuilder().AddOp(txscript.OP_RETURN).AddFullData([]byte(memo)).Script()
	if err != nil {
		t.Fatal(err)
	}
	return wire.NewTxOut(0, script)
}

// call calls the router and mines it.
func (b *bridgeCase) call(t *testing.T, from string, wei *big.Int, method string, args ...any) *types.Transaction {
	t.Helper()
	tx := b.ethereum.Transact(t, b.account(from), &b.router, wei, contracts.Get(t, "ThorRouter").Call(t, method, args...))
	b.ethereum.Mine(t, 1)
	if receipt := b.ethereum.Receipt(t, tx.Hash()); receipt == nil || receipt.Status != types.ReceiptStatusSuccessful {
		t.Fatalf("%s failed: %+v", method, receipt)
	}
	return tx
}

// out has the vault pay on Ethereum what answers a transaction of Bitcoin.
func (b *bridgeCase) out(t *testing.T, to string, wei *big.Int, word, id string) *types.Transaction {
	t.Helper()
	return b.call(t, "vault", wei, "transferOut", b.account(to).Address, common.Address{}, wei, word+":"+strings.ToUpper(id))
}

func (b *bridgeCase) index(t *testing.T, chains ...string) {
	t.Helper()
	for _, chain := range chains {
		args := []string{"index", chain, "--data", b.data, "--rpc", b.ethereum.URL}
		if chain == "bitcoin" {
			args = []string{"index", chain, "--data", b.data, "--rpc", b.bitcoin.URL, "--rpc-user", b.bitcoin.User, "--rpc-password", b.bitcoin.Password}
		}
		command(t, args...)
	}
}

// trace runs the command line and wants its exit code.
func (b *bridgeCase) trace(t *testing.T, exit int, args ...string) (*tracer.Result, string) {
	t.Helper()
	var out, errOut bytes.Buffer
	args = append([]string{"trace", "--data", b.data, "--json"}, args...)
	if code := run(args, &out, &errOut); code != exit {
		t.Fatalf("tsuiseki %s: exit %d, want %d\n%s%s", strings.Join(args, " "), code, exit, &out, &errOut)
	}
	var result tracer.Result
	unmarshal(t, out.String(), &result)
	return &result, out.String()
}

// endLines writes ends with the names of who holds them.
func (b *bridgeCase) endLines(t *testing.T, r *tracer.Result) (lines []string) {
	t.Helper()
	names := map[string]string{"": "producer", strings.ToLower(b.router.Hex()): "router"}
	for name, account := range b.people {
		names[strings.ToLower(account.Address.Hex())] = name
	}
	for _, name := range []string{"offender", "payout", "vault", "elsewhere", "victim"} {
		names[b.bitcoin.Address(t, b.bitcoin.Miner.P2WPKH(name))] = name
	}
	fees := map[string]int64{}
	for _, e := range r.Ends {
		if e.Kind == tracer.EndFee {
			n, _ := e.Traced.Int64()
			fees[string(e.Asset)] += n
			continue
		}
		lines = append(lines, fmt.Sprintf("%s %s %s %s", e.Kind, names[string(e.Address)], e.Traced, e.Asset))
	}
	for asset, sum := range fees {
		lines = append(lines, fmt.Sprintf("fees %d %s", sum, asset))
	}
	slices.Sort(lines)
	return lines
}

func wantLines(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// spent is what an account paid in fees, in wei.
func (b *bridgeCase) feeOf(t *testing.T, tx *types.Transaction) int64 {
	t.Helper()
	receipt := b.ethereum.Receipt(t, tx.Hash())
	return new(big.Int).Mul(receipt.EffectiveGasPrice, new(big.Int).SetUint64(receipt.GasUsed)).Int64()
}

// TestBridgeOutAndBack: a victim pays on Bitcoin; the offender swaps into ether by
// memo, pays a mule, and swaps the rest back.
func TestBridgeOutAndBack(t *testing.T) {
	b := newBridgeCase(t)
	script := b.bitcoin.Miner.P2WPKH
	offender, mule := b.account("offender").Address, b.account("mule").Address

	victim := b.pay(t, b.coinbase(t), wire.NewTxOut(deposit, script("offender")))
	in := b.pay(t, fixtures.Coins(victim)[0], wire.NewTxOut(swapped, script("vault")), memoOutput(t, "=:ETH.ETH:"+offender.Hex()+":0/1/0"),
		wire.NewTxOut(deposit-swapped-1_000, script("offender")))
	ether := big.NewInt(2e18)
	paid := b.out(t, "offender", ether, "OUT", in.TxHash().String())
	toMule := b.ethereum.Transact(t, b.account("offender"), &mule, big.NewInt(7e17), nil)
	b.ethereum.Mine(t, 1)
	back := big.NewInt(1e18)
	payout := b.bitcoin.Address(t, script("payout"))
	returned := b.call(t, "offender", back, "depositWithExpiry", b.account("vault").Address, common.Address{}, back, "=:b:"+payout, big.NewInt(1<<40))
	last := b.pay(t, fixtures.Coins(in)[0], wire.NewTxOut(paidOut, script("payout")), memoOutput(t, "OUT:"+strings.ToUpper(returned.Hash().Hex()[2:])),
		wire.NewTxOut(swapped-paidOut-2_000, script("vault")))
	b.index(t, "bitcoin", "ethereum")

	ref := victim.TxHash().String() + ":0"
	fees := b.feeOf(t, toMule) + b.feeOf(t, returned)
	left := int64(2e18) - 7e17 - 1e18 - fees
	whole := []string{
		fmt.Sprintf("unspent offender %d BTC", deposit-swapped-1_000), "fees 1000 BTC",
		"unspent mule 700000000000000000 ETH", fmt.Sprintf("unspent offender %d ETH", left), fmt.Sprintf("fees %d ETH", fees),
		fmt.Sprintf("unspent payout %d BTC", paidOut),
	}
	result, document := b.trace(t, exitDone, ref, "--chain", "bitcoin")
	wantLines(t, "the whole trail", b.endLines(t, result), whole...)
	checkBalanced(t, "out and back", result)
	b.checkBridges(t, result, paid.Hash().Hex()[2:], last.TxHash().String())
	for _, rule := range []string{"lifo", "haircut", "tiho", "dirty-first", "clean-first"} {
		r, _ := b.trace(t, exitDone, ref, "--chain", "bitcoin", "--rule", rule)
		checkBalanced(t, rule, r)
	}
	if _, again := b.trace(t, exitDone, ref, "--chain", "bitcoin"); again != document {
		t.Error("the same trace gives other bytes")
	}
	command(t, "trace", ref, "--chain", "bitcoin", "--rule", "all", "--json", "--data", b.data)
	b.checkText(t, ref, returned.Hash().Hex()[2:])
	b.checkLimits(t, ref)
	b.checkPaths(t, &bridgedStory{victim: victim, in: in, last: last, paid: paid, toMule: toMule, returned: returned})
	b.checkReorg(t, ref, in)
}

// checkBridges wants both steps over the bridge, exact, and the leads that say what
// the pairing rests on.
func (b *bridgeCase) checkBridges(t *testing.T, r *tracer.Result, out, back string) {
	t.Helper()
	var got []string
	for _, h := range r.Hops {
		if h.Kind == "bridge" {
			got = append(got, fmt.Sprintf("%s %s>%s %s/%s %s for %s/%s %s: %s", h.Tx, h.FromChain, h.Chain, h.Traced, h.Amount, h.Asset, h.Swapped.Traced, h.Swapped.Amount, h.Swapped.Asset, h.Bridge.Basis))
		}
	}
	slices.Sort(got)
	agree := "records of both chains agree"
	wantLines(t, "bridges", got,
		fmt.Sprintf("%s bitcoin-simnet>ethereum-1337 2000000000000000000/2000000000000000000 ETH for %d/%d BTC: %s", out, swapped, swapped, agree),
		fmt.Sprintf("%s ethereum-1337>bitcoin-simnet %d/%d BTC for 1000000000000000000/1000000000000000000 ETH: %s", back, paidOut, paidOut, agree))
	var leads []string
	for _, l := range r.Leads {
		leads = append(leads, l.Detail)
	}
	if len(r.Snapshot) != 2 || len(leads) != 2 || !strings.Contains(leads[0], "moved on in "+back) {
		t.Errorf("snapshot %v, leads %q", r.Snapshot, leads)
	}
}

// checkText: people can read the crossing, in traces and transactions.
func (b *bridgeCase) checkText(t *testing.T, ref, returned string) {
	t.Helper()
	text := command(t, "trace", ref, "--chain", "bitcoin", "--data", b.data)
	for _, want := range []string{
		"2 ETH " + strings.ToLower(b.account("offender").Address.Hex()) + " (over a bridge, on ethereum-1337)",
		"bridge    2 ETH for 3 BTC on bitcoin-simnet", "on bitcoin-simnet: in 5 BTC + swapped in 1.23456789 BTC = ends", "1.23456789 BTC for 1 ETH on ethereum-1337, over a bridge to",
		"Leads at bridges",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	tx, _, _ := strings.Cut(ref, ":")
	var doc txDoc
	unmarshal(t, command(t, "show", "tx", b.spender(t, tx), "--chain", "bitcoin", "--data", b.data, "--json"), &doc)
	if doc.Memo == nil || doc.Memo.Kind != "swap" || doc.Memo.Chain != "ETH" || doc.Memo.Interval != "1" {
		t.Errorf("memo %+v", doc.Memo)
	}
	var account accountTxDoc
	unmarshal(t, command(t, "show", "tx", returned, "--chain", "ethereum", "--data", b.data, "--json"), &account)
	if len(account.Messages) != 1 || account.Messages[0].Kind != "in" || account.Messages[0].Decoded.Asset != "BTC.BTC" || account.Messages[0].Amount.String() != "1000000000000000000" {
		t.Errorf("messages %+v", account.Messages)
	}
	if text := command(t, "show", "tx", returned, "--chain", "ethereum", "--data", b.data); !strings.Contains(text, "thorchain: swap, into BTC.BTC") {
		t.Errorf("no message in\n%s", text)
	}
}

// spender is who spends a transaction's first output.
func (b *bridgeCase) spender(t *testing.T, tx string) string {
	t.Helper()
	var doc txDoc
	unmarshal(t, command(t, "show", "tx", tx, "--chain", "bitcoin", "--data", b.data, "--json"), &doc)
	return doc.Outputs[0].SpentBy.Tx.String()
}

// checkLimits: limits stop a trail at a bridge, and --no-cross stays on the chain.
func (b *bridgeCase) checkLimits(t *testing.T, ref string) {
	t.Helper()
	change := fmt.Sprintf("unspent offender %d BTC", deposit-swapped-1_000)
	r, _ := b.trace(t, exitDone, ref, "--chain", "bitcoin", "--max-hops", "1")
	wantLines(t, "one hop", b.endLines(t, r), change, "fees 1000 BTC", fmt.Sprintf("hop-limit vault %d BTC", swapped))
	r, _ = b.trace(t, exitDone, ref, "--chain", "bitcoin", "--no-cross")
	wantLines(t, "on one chain", b.endLines(t, r), change, "fees 3000 BTC",
		fmt.Sprintf("unspent payout %d BTC", paidOut), fmt.Sprintf("unspent vault %d BTC", swapped-paidOut-2_000))
}

// checkReorg: with the payment's block replaced, nothing bears the memo out.
func (b *bridgeCase) checkReorg(t *testing.T, ref string, in *wire.MsgTx) {
	t.Helper()
	b.ethereum.Reorg(t, 3)
	b.index(t, "ethereum")
	r, _ := b.trace(t, exitDone, ref, "--chain", "bitcoin")
	if len(r.Snapshot) != 2 || len(r.Leads) != 1 || !strings.Contains(r.Leads[0].Detail, "followed as a payment") || r.Leads[0].Tx.String() != in.TxHash().String() {
		t.Errorf("after the reorg: snapshot %v, leads %+v", r.Snapshot, r.Leads)
	}
	offender := "bitcoin:" + b.bitcoin.Address(t, b.bitcoin.Miner.P2WPKH("offender"))
	if doc := b.path(t, exitDone, offender, "ethereum:"+b.account("mule").Address.Hex()); doc.Answer != graph.None {
		t.Errorf("after the reorg: a path is %s", doc.Answer)
	}
}

// TestBridgeMemoAlone: a memo that nothing bears out ends no trail. Where others
// use the address so too, or a label says what it is, the trail ends as left to the
// other chain, and to whom.
func TestBridgeMemoAlone(t *testing.T) {
	b := newBridgeCase(t)
	script := b.bitcoin.Miner.P2WPKH
	memo := memoOutput(t, "=:ETH.ETH:"+b.account("offender").Address.Hex())
	victim := b.pay(t, b.coinbase(t), wire.NewTxOut(deposit, script("offender")))
	in := b.pay(t, fixtures.Coins(victim)[0], wire.NewTxOut(deposit-1_000, script("vault")), memo)
	on := b.pay(t, fixtures.Coins(in)[0], wire.NewTxOut(deposit-2_000, script("elsewhere")))
	b.call(t, "vault", big.NewInt(1e15), "transferOut", b.account("mule").Address, common.Address{}, big.NewInt(1e15), "OUT:"+strings.ToUpper(in.TxHash().String()))
	b.index(t, "bitcoin", "ethereum")

	ref := victim.TxHash().String() + ":0"
	r, _ := b.trace(t, exitDone, ref, "--chain", "bitcoin")
	wantLines(t, "a memo that nothing bears out", b.endLines(t, r), fmt.Sprintf("unspent elsewhere %d BTC", deposit-2_000), "fees 2000 BTC")
	if len(r.Leads) != 2 || !strings.Contains(r.Leads[0].Detail, "nothing bears it out") || !strings.Contains(r.Leads[1].Detail, "ethereum-1337: it pays 0x") {
		t.Errorf("leads %+v", r.Leads)
	}
	if !slices.ContainsFunc(r.Hops, func(h tracer.Hop) bool { return h.Tx.String() == on.TxHash().String() }) {
		t.Error("the trail does not go on")
	}

	// The chain of the memo is not indexed, and three others swap by the same address.
	alone := &bridgeCase{bitcoin: b.bitcoin, ethereum: b.ethereum, data: t.TempDir(), people: b.people, router: b.router, mined: b.mined}
	for n := range enoughOthers {
		funded := alone.pay(t, alone.coinbase(t), wire.NewTxOut(1_000_000, script(fmt.Sprint("other ", n))))
		alone.pay(t, fixtures.Coins(funded)[0], wire.NewTxOut(990_000, script("vault")), memo)
		alone.index(t, "bitcoin")
		r, _ = alone.trace(t, exitDone, ref)
		if last := r.Ends[len(r.Ends)-1]; n < enoughOthers-1 && last.Bridge != nil {
			t.Errorf("with %d others: %+v", n+1, last)
		}
	}
	wantLines(t, "an address that many swap by", alone.endLines(t, r), fmt.Sprintf("bridge vault %d BTC", deposit-1_000), "fees 1000 BTC")
	e := r.Ends[0]
	want := tracer.BridgeDoc{
		Protocol: "thorchain", Chain: "ETH", Asset: "ETH.ETH", Recipient: b.account("offender").Address.Hex(), Memo: "=:ETH.ETH:" + b.account("offender").Address.Hex(),
		Basis: "heuristic thorchain-vault/1: 3 others or more paid in with such memos",
	}
	if diff := cmp.Diff(&want, e.Bridge); diff != "" || !strings.HasPrefix(e.Detail, "left to chain ETH as ETH.ETH for \"0x") {
		t.Errorf("%s: %s", e.Detail, diff)
	}
	text := command(t, "trace", ref, "--data", alone.data)
	if !strings.Contains(text, fmt.Sprintf("bridge to ETH, recipient %q", want.Recipient)) {
		t.Errorf("no bridge in\n%s", text)
	}
	// With the other chain indexed and nothing found there, that is missing.
	alone.index(t, "ethereum")
	if r, _ = alone.trace(t, exitIncomplete, ref, "--chain", "bitcoin"); len(r.Missing) != 1 || r.Missing[0].Chain != "ethereum-1337" {
		t.Errorf("missing %+v", r.Missing)
	}
	vault := chains.Address(b.bitcoin.Address(t, script("vault")))
	doc := alone.path(t, exitIncomplete, "bitcoin:"+b.bitcoin.Address(t, script("offender")), b.bitcoin.Address(t, script("elsewhere")))
	if doc.Answer != graph.HubInTheWay || !slices.Contains(doc.Explored.Services, vault) || len(doc.Missing) != 1 {
		t.Errorf("a path through a vault is %s, services %v, missing %+v", doc.Answer, doc.Explored.Services, doc.Missing)
	}
}

const enoughOthers = 3

// TestBridgeRefund: what could not be swapped comes back, and the trail with it.
func TestBridgeRefund(t *testing.T) {
	b := newBridgeCase(t)
	script := b.bitcoin.Miner.P2WPKH
	victim := b.pay(t, b.coinbase(t), wire.NewTxOut(deposit, script("offender")))
	in := b.pay(t, fixtures.Coins(victim)[0], wire.NewTxOut(deposit-1_000, script("vault")), memoOutput(t, "=:ETH.ETH:"+b.account("offender").Address.Hex()+":99999"))
	refund := b.pay(t, fixtures.Coins(in)[0], wire.NewTxOut(deposit-5_000, script("offender")), memoOutput(t, "REFUND:"+strings.ToUpper(in.TxHash().String())))
	b.index(t, "bitcoin")
	r, _ := b.trace(t, exitDone, victim.TxHash().String()+":0")
	wantLines(t, "a refund", b.endLines(t, r), fmt.Sprintf("unspent offender %d BTC", deposit-5_000), "fees 1000 BTC")
	checkBalanced(t, "refund", r)
	last := r.Hops[len(r.Hops)-1]
	if last.Kind != "bridge" || last.Tx.String() != refund.TxHash().String() || last.FromChain != last.Chain {
		t.Errorf("hop %+v", last)
	}
}

// token calls a token and mines it.
func (b *bridgeCase) token(t *testing.T, from, method string, args ...any) *types.Transaction {
	t.Helper()
	tx := b.ethereum.Transact(t, b.account(from), &b.tokenAt, new(big.Int), contracts.Get(t, "Token").Call(t, method, args...))
	b.ethereum.Mine(t, 1)
	if receipt := b.ethereum.Receipt(t, tx.Hash()); receipt == nil || receipt.Status != types.ReceiptStatusSuccessful {
		t.Fatalf("%s failed: %+v", method, receipt)
	}
	return tx
}

// TestBridgeTokens: bitcoin is swapped into a token that the router holds, and the
// token back into bitcoin. A victim who paid in tokens is followed the same way.
func TestBridgeTokens(t *testing.T) {
	b := newBridgeCase(t)
	script := b.bitcoin.Miner.P2WPKH
	for _, name := range []string{"offender", "issuer", "payer"} {
		to := b.account(name).Address
		b.ethereum.Transact(t, b.ethereum.Faucet, &to, big.NewInt(1e18), nil)
	}
	creation := b.ethereum.Transact(t, b.account("issuer"), nil, new(big.Int), contracts.Get(t, "Token").Creation(t, "Tether", "USDT", uint8(6)))
	b.tokenAt = crypto.CreateAddress(b.account("issuer").Address, creation.Nonce())
	b.ethereum.Mine(t, 1)
	asset := strings.ToLower(b.tokenAt.Hex())
	offender, vault := b.account("offender").Address, b.account("vault").Address
	later, pool, part := big.NewInt(1<<40), big.NewInt(9_000_000), big.NewInt(1_500_000)
	b.token(t, "issuer", "mint", vault, pool)
	b.token(t, "issuer", "mint", b.account("payer").Address, pool)
	b.token(t, "vault", "approve", b.router, pool)
	b.call(t, "vault", new(big.Int), "depositWithExpiry", vault, b.tokenAt, pool, "+:ETH.USDT-"+strings.ToUpper(asset), later)

	victim := b.pay(t, b.coinbase(t), wire.NewTxOut(deposit, script("offender")))
	in := b.pay(t, fixtures.Coins(victim)[0], wire.NewTxOut(deposit-1_000, script("vault")), memoOutput(t, "=:ETH.USDT-"+strings.ToUpper(asset[len(asset)-5:])+":"+offender.Hex()))
	received := big.NewInt(4_000_000)
	b.call(t, "vault", new(big.Int), "transferOut", offender, b.tokenAt, received, "OUT:"+strings.ToUpper(in.TxHash().String()))
	// A victim pays the offender in tokens, too, and the offender swaps a part of all.
	second := b.token(t, "payer", "transfer", offender, big.NewInt(2_000_000))
	b.token(t, "offender", "approve", b.router, pool)
	returned := b.call(t, "offender", new(big.Int), "depositWithExpiry", vault, b.tokenAt, part, "=:b:"+b.bitcoin.Address(t, script("payout")), later)
	b.pay(t, fixtures.Coins(in)[0], wire.NewTxOut(paidOut, script("payout")), memoOutput(t, "OUT:"+strings.ToUpper(returned.Hash().Hex()[2:])))
	b.index(t, "bitcoin", "ethereum")

	r, _ := b.trace(t, exitDone, victim.TxHash().String()+":0", "--chain", "bitcoin")
	wantLines(t, "into tokens and back", b.endLines(t, r), "fees 1000 BTC", fmt.Sprintf("unspent payout %d BTC", paidOut), "unspent offender 2500000 "+asset)
	checkBalanced(t, "tokens", r)
	// First in, first out: what the second victim paid came last, and all of it stays.
	r, _ = b.trace(t, exitDone, second.Hash().Hex()[2:], "--chain", "ethereum")
	wantLines(t, "tokens by fifo", b.endLines(t, r), "unspent offender 2000000 "+asset)
	// By haircut a third of what was swapped is hers, and so of what came back.
	r, _ = b.trace(t, exitDone, second.Hash().Hex()[2:], "--chain", "ethereum", "--rule", "haircut")
	wantLines(t, "tokens by haircut", b.endLines(t, r), "unspent offender 1500000 "+asset, fmt.Sprintf("unspent payout %d BTC", paidOut/3))
	checkBalanced(t, "tokens by haircut", r)

	// Ether may go straight to a vault, with the memo for data.
	direct := b.ethereum.Transact(t, b.account("payer"), &vault, big.NewInt(3e17), []byte("=:b:"+b.bitcoin.Address(t, script("elsewhere"))))
	b.ethereum.Mine(t, 1)
	b.pay(t, b.coinbase(t), wire.NewTxOut(paidOut, script("elsewhere")), memoOutput(t, "OUT:"+strings.ToUpper(direct.Hash().Hex()[2:])))
	b.index(t, "bitcoin", "ethereum")
	r, _ = b.trace(t, exitDone, direct.Hash().Hex()[2:], "--chain", "ethereum")
	wantLines(t, "straight to a vault", b.endLines(t, r), fmt.Sprintf("unspent elsewhere %d BTC", paidOut))
	if text := command(t, "show", "tx", direct.Hash().Hex()[2:], "--chain", "ethereum", "--data", b.data); !strings.Contains(text, "the transaction's data: in vault") {
		t.Errorf("no memo in\n%s", text)
	}
}
