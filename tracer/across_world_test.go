package tracer_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"pgregory.net/rapid"

	"tsuiseki/chains"
	"tsuiseki/chains/bitcoin"
	"tsuiseki/chains/index"
	"tsuiseki/fixtures"
	"tsuiseki/tracer"
	"tsuiseki/tracer/bridge"
)

// twoChains is a random chain with outputs and one with accounts, block by block in
// turn, each later than the one before, and a bridge between them that answers some
// deposits, in parts, or with refunds; and somebody who only says so.
type twoChains struct {
	draw    fixtures.Draw
	bitcoin *fixtures.Chain
	ether   *accountChain
	network bitcoin.Network
	now     time.Time
	ins     []bridgeIn
	answers map[chains.TxID]*bridgeIn // payments out that are true, by their id
}

// bridgeIn is a deposit into the bridge.
type bridgeIn struct {
	id       chains.TxID
	bitcoin  bool   // it was paid there
	to       string // who is to get it
	back     string // who gets a refund
	asset    string // wanted: BTC or ETH
	amount   int64
	answered bool
}

const vaultOwner = 9

func bridgeUsers() []chains.Address { return []chains.Address{"alice", "bob", "carol"} }

func drawWorld(t *rapid.T, draw fixtures.Draw) *twoChains {
	network, err := bitcoin.NetworkByName("regtest")
	if err != nil {
		t.Fatal(err)
	}
	w := &twoChains{
		draw: draw, bitcoin: fixtures.NewChain(), ether: newAccountChain(), network: network,
		now: minute(0), answers: map[chains.TxID]*bridgeIn{},
	}
	for _, account := range append(bridgeUsers(), "vault") {
		w.ether.system(chains.RewardTransfer, account, int64(draw("rich", 50, 500)))
	}
	for range draw("steps", 8, 40) {
		w.now = w.now.Add(time.Duration(draw("minutes", 1, 90)) * time.Minute)
		if draw("chain", 0, 1) == 0 {
			w.mineBitcoin()
		} else {
			w.mineEther()
		}
	}
	return w
}

func (w *twoChains) script(owner int) []byte { return fixtures.Script("p2wpkh", owner) }

func (w *twoChains) address(owner int) string {
	address, _ := w.network.Describe(w.script(owner))
	return string(address)
}

func memoScript(memo string) []byte {
	script, err := txscript.NewScriptBuilder().AddOp(txscript.OP_RETURN).AddFullData([]byte(memo)).Script()
	if err != nil {
		panic(err)
	}
	return script
}

// coins are those that an owner can spend, or that the vault can, or all.
func (w *twoChains) coins(which func(script []byte) bool) (coins []fixtures.Coin) {
	for _, coin := range w.bitcoin.Unspent() {
		if coin.Output.Value > 2 && coin.Output.PkScript[0] != 0x6a && len(coin.Output.PkScript) == 22 && which(coin.Output.PkScript) {
			coins = append(coins, coin)
		}
	}
	return coins
}

func (w *twoChains) mineBitcoin() {
	var txs []*wire.MsgTx
	if tx := w.bitcoinTx(); tx != nil {
		txs = append(txs, tx)
	}
	owner := []int{0, 1, 2, vaultOwner}[w.draw("coinbase owner", 0, 3)]
	w.bitcoin.MineAt(w.now, w.bitcoin.Coinbase(wire.NewTxOut(int64(w.draw("subsidy", 20, 400)), w.script(owner))), txs...)
}

func (w *twoChains) bitcoinTx() *wire.MsgTx {
	vault := string(w.script(vaultOwner))
	kind := w.draw("bitcoin", 0, 4)
	users := w.coins(func(script []byte) bool { return string(script) != vault })
	if kind <= 1 && len(users) > 0 {
		return w.swapIn(users[w.draw("coin", 0, len(users)-1)])
	}
	held := w.coins(func(script []byte) bool { return string(script) == vault })
	if in := w.pending("BTC"); kind <= 3 && in != nil && len(held) > 0 {
		return w.payOut(in, held[w.draw("coin", 0, len(held)-1)])
	}
	all := w.coins(func([]byte) bool { return true })
	if len(all) == 0 {
		return nil
	}
	coins := []fixtures.Coin{all[w.draw("coin", 0, len(all)-1)]}
	if second := all[w.draw("second coin", 0, len(all)-1)]; second.Outpoint != coins[0].Outpoint {
		coins = append(coins, second)
	}
	left := int64(0)
	for _, coin := range coins {
		left += coin.Output.Value
	}
	var outputs []*wire.TxOut
	for range w.draw("outputs", 1, 3) {
		part := int64(w.draw("part", 0, int(left)))
		outputs, left = append(outputs, wire.NewTxOut(part, w.script([]int{0, 1, 2, vaultOwner}[w.draw("owner", 0, 3)]))), left-part
	}
	return w.bitcoin.Pay(coins, outputs...)
}

// wish draws what a deposit asks for.
func (w *twoChains) wish() (memo, to, asset string) {
	if w.draw("wish", 0, 2) == 0 {
		to = w.address(w.draw("owner", 0, 2))
		return "=:b:" + to, to, "BTC"
	}
	to = string(bridgeUsers()[w.draw("user", 0, 2)])
	return "=:ETH.ETH:" + to + ":0/1/0", to, "ETH"
}

func (w *twoChains) swapIn(coin fixtures.Coin) *wire.MsgTx {
	memo, to, asset := w.wish()
	amount := w.most("swapped", coin.Output.Value-1)
	change := int64(w.draw("change", 0, int(coin.Output.Value-amount)))
	tx := w.bitcoin.Pay([]fixtures.Coin{coin}, wire.NewTxOut(amount, w.script(vaultOwner)), wire.NewTxOut(0, memoScript(memo)),
		wire.NewTxOut(change, w.script(w.draw("owner", 0, 2))))
	sender, _ := w.network.Describe(coin.Output.PkScript)
	w.ins = append(w.ins, bridgeIn{id: idOf(tx), bitcoin: true, to: to, back: string(sender), asset: asset, amount: amount})
	return tx
}

func idOf(tx *wire.MsgTx) chains.TxID {
	id, err := chains.ParseTxID(tx.TxHash().String())
	if err != nil {
		panic(err)
	}
	return id
}

// most is all of a value, or a part of it.
func (w *twoChains) most(label string, value int64) int64 {
	if w.draw("all", 0, 1) == 0 {
		return value
	}
	return int64(w.draw(label, 1, int(value)))
}

// pending draws a deposit that a payment on a chain may answer; nil where there is none.
func (w *twoChains) pending(asset string) *bridgeIn {
	var found []int
	for i, in := range w.ins {
		if in.asset == asset || in.bitcoin == (asset == "BTC") {
			found = append(found, i)
		}
	}
	if len(found) == 0 {
		return nil
	}
	return &w.ins[found[w.draw("pending", 0, len(found)-1)]]
}

// answer is a payment's memo and receiver. Now and then it pays somebody else.
func (w *twoChains) answer(in *bridgeIn, asset string) (memo, to string, ok bool) {
	memo, to = "OUT:", in.to
	if in.asset != asset || in.bitcoin == (asset == "BTC") && w.draw("refund", 0, 2) == 0 {
		memo, to = "REFUND:", in.back
	}
	id := in.id.String()
	if w.draw("upper case", 0, 3) > 0 {
		id = strings.ToUpper(id)
	}
	return memo + id, to, w.draw("true", 0, 4) > 0
}

func (w *twoChains) payOut(in *bridgeIn, coin fixtures.Coin) *wire.MsgTx {
	memo, to, ok := w.answer(in, "BTC")
	var script []byte
	for owner := range 3 {
		if w.address(owner) == to {
			script = w.script(owner)
			if !ok {
				script = w.script((owner + 1) % 3)
			}
		}
	}
	amount := w.most("paid out", coin.Output.Value-1)
	change := int64(w.draw("change", 0, int(coin.Output.Value-amount)))
	tx := w.bitcoin.Pay([]fixtures.Coin{coin}, wire.NewTxOut(amount, script), wire.NewTxOut(0, memoScript(memo)), wire.NewTxOut(change, w.script(vaultOwner)))
	w.note(in, idOf(tx), ok)
	return tx
}

func (w *twoChains) note(in *bridgeIn, answer chains.TxID, ok bool) {
	if ok {
		in.answered = true
		w.answers[answer] = &bridgeIn{id: in.id, amount: in.amount}
	}
}

func (w *twoChains) mineEther() {
	w.ether.block("miner").Time = w.now
	kind := w.draw("ether", 0, 4)
	from := bridgeUsers()[w.draw("from", 0, 2)]
	to := append(bridgeUsers(), "vault")[w.draw("to", 0, 3)]
	in := w.pending("ETH")
	var message chains.Message
	answers, ok := false, false
	switch {
	case kind <= 1:
		memo, _, _ := w.wish()
		to, message = "vault", chains.Message{Kind: chains.MessageIn, Memo: memo}
	case kind <= 3 && in != nil:
		memo, whom, pays := w.answer(in, "ETH")
		from, to, message, answers, ok = "vault", chains.Address(whom), chains.Message{Kind: chains.MessageOut, Memo: memo}, true, pays
		if !pays {
			to = bridgeUsers()[(slices.Index(bridgeUsers(), to)+1)%3]
		}
	}
	w.etherTx(from, to, message, func(id chains.TxID, amount int64) {
		switch {
		case answers:
			w.note(in, id, ok)
		case message.Memo != "":
			m, _ := bridge.Parse(message.Memo)
			w.ins = append(w.ins, bridgeIn{id: id, to: m.To, back: string(from), asset: m.Asset.Symbol, amount: amount})
		}
	})
}

// etherTx pays, by way of the router where a message goes with it.
func (w *twoChains) etherTx(from, to chains.Address, message chains.Message, done func(id chains.TxID, amount int64)) {
	fee, tip := int64(w.draw("fee", 0, 2)), int64(w.draw("tip", 0, 2))
	has := w.ether.balances[accountPlace{from, ether}] - fee - tip
	if has < 1 || from == to {
		return
	}
	b := w.ether.begin(from, fee, tip)
	amount := w.most("amount", has)
	if message.Memo == "" {
		b.pay(ether, from, to, amount)
	} else {
		b.pay(ether, from, "router", amount)
		b.pay(ether, "router", to, amount)
	}
	b.end()
	tx := &w.ether.last().Txs[0]
	if message.Memo != "" {
		message.Contract, message.Vault, message.To, message.Asset, message.Amount = "router", "vault", to, ether, chains.NewAmount(amount)
		tx.Messages = []chains.Message{message}
	}
	done(tx.ID, amount)
}

// world is the two chains as a trace sees them.
type world struct {
	sides map[string]*tracer.Side
	src   *fixtures.Source
	view  *index.View
	eth   *memoryLedger
}

func (w *world) Side(code string) (*tracer.Side, string, error) {
	if side := w.sides[code]; side != nil {
		return side, "", nil
	}
	return nil, fmt.Sprintf("no chain %q is indexed", code), nil
}

func (w *twoChains) open(t runningTest) *world {
	src := openSource(t, w.bitcoin)
	x := openIndex(t, src, 0)
	sync(t, x, src, 0)
	v := view(t, x, uint64(w.bitcoin.Height()))
	ledger := w.ether.ledger()
	return &world{src: src, view: v, eth: ledger, sides: map[string]*tracer.Side{
		"BTC": {Outputs: v, Asset: "BTC", Messages: outputMessages{v}},
		"ETH": {Accounts: ledger, Asset: ether, Messages: ledgerMessages{ledger}},
	}}
}

// outputMessages looks scripts up in an index.
type outputMessages struct{ view *index.View }

func (m outputMessages) Quoting(id chains.TxID, limit int) (txs []*chains.Tx, err error) {
	for _, script := range bridge.QuoteScripts(id) {
		found, err := m.view.Paying(script, limit)
		if err != nil {
			return nil, err
		}
		txs = append(txs, found...)
	}
	slices.SortFunc(txs, func(a, b *chains.Tx) int { return a.Position().Compare(b.Position()) })
	return txs, nil
}

func (outputMessages) Depositors(_, _ chains.Address, _ int) (int, error) { return 0, nil }

// ledgerMessages looks through all transactions.
type ledgerMessages struct{ ledger *memoryLedger }

func (m ledgerMessages) Quoting(id chains.TxID, _ int) (txs []*chains.Tx, err error) {
	for _, tx := range m.ledger.txs() {
		for _, message := range tx.Messages {
			if quoted, ok := chains.QuotedTx(message.Memo); ok && quoted == id && message.Kind == chains.MessageOut {
				txs = append(txs, tx)
			}
		}
	}
	return txs, nil
}

func (ledgerMessages) Depositors(_, _ chains.Address, _ int) (int, error) { return 0, nil }
