package tracer_test

import (
	"time"

	"pgregory.net/rapid"

	"tsuiseki/chains"
	"tsuiseki/tracer"
)

// accountHistory is a random history with deposits and settings to trace them by.
type accountHistory struct {
	*accountChain
	labels   map[chains.Address]accountLabel
	inferred map[chains.Address]bool
	deposits []transferPlace
	params   tracer.Params
}

// People, contracts, and the contracts of tokens, which hold value too.
var (
	people    = []chains.Address{"ann", "bob", "cat", "dan", "eve", "miner"}
	contracts = []chains.Address{"router", "pool", "pond", "weth", "usd"}
	holders   = append(append([]chains.Address{}, people...), contracts...)
	tokens    = []chains.Asset{"weth", "usd", "jpy"}
	assets    = append([]chains.Asset{ether}, tokens...)
)

// historyDraw draws a history.
type historyDraw struct {
	*accountChain
	t *rapid.T
}

func (d historyDraw) n(label string, lo, hi int64) int64 {
	return rapid.Int64Range(lo, hi).Draw(d.t, label)
}

func (d historyDraw) chance(label string, in int64) bool { return d.n(label, 1, in) == in }

func (d historyDraw) account(label string) chains.Address {
	return rapid.SampledFrom(holders).Draw(d.t, label)
}

func (d historyDraw) asset(label string) chains.Asset {
	return rapid.SampledFrom(assets).Draw(d.t, label)
}

func drawHistory(t *rapid.T, rule string) accountHistory {
	d := historyDraw{newAccountChain(), t}
	for _, account := range holders {
		d.system(chains.RewardTransfer, account, d.n("genesis", 5, 40))
	}
	d.block("miner")
	mint := d.begin("ann", 0, 0)
	mint.pay("usd", chains.ZeroAddress, "cat", 7)
	for _, token := range tokens {
		for _, account := range []chains.Address{"ann", "bob", "router", "pool", "pond"} {
			mint.pay(token, chains.ZeroAddress, account, d.n("mint", 0, 30))
		}
	}
	mint.end()
	for range d.n("blocks", 2, 9) {
		d.drawBlock()
	}
	h := accountHistory{accountChain: d.accountChain, labels: map[chains.Address]accountLabel{}, inferred: map[chains.Address]bool{}}
	if d.chance("label", 3) {
		h.labels[d.account("labelled")] = accountLabel{tracer.EndService, "a service"}
	}
	if d.chance("inferred", 3) { // with more labels: value that passes from one to the other ends at the first
		h.inferred[d.account("inferred account")] = !d.chance("in doubt", 4)
		for range 3 {
			h.labels[d.account("labelled")] = accountLabel{tracer.EndService, "a service"}
		}
	}
	h.deposits = drawAccountDeposits(t, d.blocks)
	h.params = drawAccountParams(d, rule)
	return h
}

// drawAccountDeposits picks payments, of which most are early enough to move on.
func drawAccountDeposits(t *rapid.T, blocks []*chains.Block) []transferPlace {
	known := paymentsIn(blocks)
	if early := paymentsIn(blocks[min(2, len(blocks)):min(5, len(blocks))]); len(early) > 0 && rapid.IntRange(0, 3).Draw(t, "early") > 0 {
		known = early
	}
	if len(known) == 0 {
		return nil
	}
	return rapid.SliceOfNDistinct(rapid.SampledFrom(known), 1, 4, rapid.ID[transferPlace]).Draw(t, "deposits")
}

func drawAccountParams(d historyDraw, rule string) tracer.Params {
	limit := func(label string, hi int64) int {
		if !d.chance(label+" on", 6) {
			return 0
		}
		return int(d.n(label, 1, hi))
	}
	p := tracer.Params{
		Rule: rule, MaxHops: limit("max hops", 5), MinAmount: chains.NewAmount(int64(limit("min amount", 12))),
		HubDegree: limit("hub degree", 25), Budget: limit("budget", 5),
	}
	if minutes := limit("until", 9); minutes > 0 {
		p.Until = minute(uint64(minutes)).Add(time.Second)
	}
	return p
}

func (d historyDraw) drawBlock() {
	b := d.block(rapid.SampledFrom(people).Draw(d.t, "producer"))
	for range d.n("transactions", 1, 4) {
		d.drawTx()
	}
	if d.chance("freeze", 6) {
		f := chains.Freeze{Asset: rapid.SampledFrom(tokens).Draw(d.t, "frozen asset"), Account: d.account("frozen"), Frozen: !d.chance("release", 3)}
		b.Freezes = append(b.Freezes, f)
	}
	if d.chance("withdrawal", 4) {
		d.system(chains.WithdrawalTransfer, d.account("validator"), d.n("withdrawn", 1, 20))
	}
}

func (d historyDraw) drawTx() {
	from := rapid.SampledFrom(people).Draw(d.t, "from")
	fee := min(d.n("fee", 0, 3), d.balances[accountPlace{from, ether}])
	tip := min(d.n("tip", 0, 3), d.balances[accountPlace{from, ether}]-fee)
	tx := d.begin(from, fee, tip)
	shapes := []func(*txBuilder){d.plain, d.splitter, d.routed, d.swap, d.swap, d.wrap, d.unwrap, d.flashLoan, d.roundTrip, d.oddities, d.batch, d.mintBurn, d.chaos, d.chaos, d.exchange}
	if tx.failed = d.chance("failed", 10); tx.failed {
		shapes = shapes[:1]
	}
	for range d.n("shapes", 1, 2) {
		rapid.SampledFrom(shapes).Draw(d.t, "shape")(tx)
	}
	tx.end()
}

// some pays a part of what an account has. It tells how much.
func (d historyDraw) some(tx *txBuilder, asset chains.Asset, from, to chains.Address, most int64) int64 {
	most = min(most, tx.has(from, asset), 40)
	n := d.n("amount", 0, most)
	if d.chance("all", 3) {
		n = most
	}
	if n > 0 || d.chance("nothing", 4) { // zero: look-alikes are planted so
		tx.pay(asset, from, to, n)
	}
	return n
}

func (d historyDraw) plain(tx *txBuilder) {
	d.some(tx, d.asset("asset"), tx.from, d.account("to"), 40)
}

// splitter hands what comes in to several accounts and keeps nothing, or little.
func (d historyDraw) splitter(tx *txBuilder) {
	asset := d.asset("asset")
	left := d.some(tx, asset, tx.from, "router", 40)
	for left > 0 && !d.chance("keeps", 8) {
		left -= d.some(tx, asset, "router", d.account("to"), left)
	}
}

// routed passes value on over two contracts.
func (d historyDraw) routed(tx *txBuilder) {
	asset := d.asset("asset")
	n := d.some(tx, asset, tx.from, "router", 40)
	n = d.some(tx, asset, "router", "pond", n)
	d.some(tx, asset, "pond", d.account("to"), n)
}

// swap gives one asset to a pool for another, or through two pools, to anyone;
// some pools pay before they are paid.
func (d historyDraw) swap(tx *txBuilder) {
	in, out, to := d.asset("in"), d.asset("out"), d.account("to")
	if d.chance("own", 2) {
		to = tx.from
	}
	if d.chance("pays first", 4) {
		d.some(tx, out, "pool", to, 40)
		d.some(tx, in, tx.from, "pool", 40)
		return
	}
	d.some(tx, in, tx.from, "pool", 40)
	if d.chance("second", 3) {
		d.some(tx, out, "pool", "pond", 40)
		out = d.asset("last")
		d.some(tx, out, "pond", to, 40)
		return
	}
	d.some(tx, out, "pool", to, 40)
}

func (d historyDraw) wrap(tx *txBuilder) {
	n := d.some(tx, ether, tx.from, "weth", 40)
	tx.pay("weth", chains.ZeroAddress, tx.from, n)
}

func (d historyDraw) unwrap(tx *txBuilder) {
	n := d.some(tx, "weth", tx.from, chains.ZeroAddress, tx.has("weth", ether))
	tx.pay(ether, "weth", d.account("to"), n)
}

// flashLoan circles through the sender and comes back to the pool.
func (d historyDraw) flashLoan(tx *txBuilder) {
	asset := d.asset("asset")
	n := d.some(tx, asset, "pool", tx.from, 40)
	d.some(tx, asset, tx.from, d.account("to"), 40)
	d.some(tx, asset, tx.from, "pool", n)
}

func (d historyDraw) roundTrip(tx *txBuilder) {
	asset, to := d.asset("asset"), d.account("to")
	n := d.some(tx, asset, tx.from, to, 40)
	d.some(tx, asset, to, tx.from, n)
}

// oddities are transfers that move nothing, and what an issuer destroys.
func (d historyDraw) oddities(tx *txBuilder) {
	account, asset := d.account("account"), d.asset("asset")
	switch d.n("oddity", 0, 3) {
	case 0:
		d.some(tx, asset, account, account, 40)
	case 1:
		tx.pay(asset, account, d.account("to"), 0)
	case 2:
		token := rapid.SampledFrom(tokens).Draw(d.t, "token")
		tx.move(chains.DestroyedTransfer, token, account, "", d.n("destroyed", 0, tx.has(account, token)))
	case 3:
		tx.logs = append(tx.logs, chains.Transfer{Kind: chains.CollectibleTransfer, From: account, To: "cat", Asset: "art", Amount: unit})
	}
}

// batch is one transaction that pays for several accounts.
func (d historyDraw) batch(tx *txBuilder) {
	asset := d.asset("asset")
	for range d.n("payments", 1, 4) {
		from := tx.from
		if asset != ether && d.chance("for another", 2) {
			from = d.account("payer")
		}
		d.some(tx, asset, from, d.account("to"), 40)
	}
}

func (d historyDraw) mintBurn(tx *txBuilder) {
	token := rapid.SampledFrom(tokens).Draw(d.t, "token")
	if d.chance("mint", 2) {
		d.some(tx, token, chains.ZeroAddress, d.account("to"), 10)
		return
	}
	d.some(tx, token, tx.from, chains.ZeroAddress, 40)
}

// chaos is any transfers at all.
func (d historyDraw) chaos(tx *txBuilder) {
	for range d.n("transfers", 1, 6) {
		d.some(tx, d.asset("asset"), d.account("payer"), d.account("to"), 40)
	}
}

// exchange swaps between people, without a pool.
func (d historyDraw) exchange(tx *txBuilder) {
	other := d.account("other")
	d.some(tx, d.asset("gives"), tx.from, other, 40)
	d.some(tx, d.asset("takes"), other, tx.from, 40)
}

func (h accountHistory) ledger() *memoryLedger {
	return &memoryLedger{blocks: h.blocks, labels: h.labels, inferred: h.inferred}
}

func (h accountHistory) run(t *rapid.T) *tracer.Result {
	return traceAccounts(t, h.ledger(), h.deposits, h.params)
}

func traceAccounts(t *rapid.T, l tracer.Ledger, places []transferPlace, params tracer.Params) *tracer.Result {
	deposits, err := accountDeposits(l, places)
	if err != nil {
		t.Fatal(err)
	}
	result, err := tracer.TraceAccounts(t.Context(), l, deposits, params)
	if err != nil {
		t.Fatal(err)
	}
	return result
}
