package graph

import (
	"context"
	"maps"
	"slices"

	"tsuiseki/chains"
)

// exposedAccounts follows money through an account chain.
type exposedAccounts struct {
	*exposure
	accounts map[Address]*exposedAccount
}

// exposedAccount is an address that money was followed to.
type exposedAccount struct {
	held   map[chains.Asset]share
	pays   []payment // in the order in which they are taken up
	unread bool      // work ran out before all were read
}

type payment struct {
	at    chains.Position
	asset chains.Asset
}

// read is the question about a stretch of an account's payments.
func (x *exposedAccounts) read() reading {
	if x.Direction == In {
		return x.store.Received
	}
	return x.store.Sent
}

func (x *exposedAccounts) start(ctx context.Context) error {
	var spans []Span
	for _, a := range slices.SortedFunc(maps.Keys(x.payers), Address.Compare) {
		spans = append(spans, Span{a, chains.Position{}, x.filler.tip(x.chain)})
	}
	for step, err := range x.read()(ctx, spans) {
		if err != nil {
			return err
		}
		x.looked++
		x.own[step.At] = true
		x.push(step.At)
	}
	return nil
}

// take moves what the transfers of a transaction carry; each carries once. At first
// each asset is followed alone, in the order of the transfers: an account pays what
// lay there before, then what came by then. After that, what came in this
// transaction and still lies there is changed for what its holder pays in other
// assets in it, wherever in the transaction: an exchange may pay before it is paid.
func (x *exposedAccounts) take(ctx context.Context, tx *Tx) error {
	within := x.within(tx)
	t := &accountTx{exposedAccounts: x, Tx: tx, came: map[placeKey][]arrival{}, done: make([]bool, len(tx.Transfers))}
	if err := t.prepare(ctx, within); err != nil {
		return err
	}
	for swaps := false; ; swaps = true {
		carried := false
		for i := range tx.Transfers {
			n := i
			if x.Direction == In {
				n = len(tx.Transfers) - 1 - i
			}
			if t.done[n] {
				continue
			}
			m := t.carry(n, swaps)
			if m.amount.Sign() == 0 {
				continue
			}
			t.done[n], carried = true, true
			if !within {
				total := x.total(m.asset)
				total.BeyondTime = total.BeyondTime.Add(m.amount)
				x.cut.Time++
				continue
			}
			if err := x.meet(ctx, []move{m}); err != nil {
				return err
			}
			if x.arrive(&m) {
				at := placeKey{m.to, m.asset}
				t.came[at] = append(t.came[at], arrival{n: n, share: m.share})
			}
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if len(t.came) == 0 || !carried && swaps {
			break
		}
	}
	return x.rest(ctx, t)
}

// accountTx is a transaction while what it carries is moved.
type accountTx struct {
	*exposedAccounts
	*Tx
	came map[placeKey][]arrival // in this transaction, as far as it was not paid on
	done []bool
}

// arrival is money that a transfer brought.
type arrival struct {
	n int
	share
}

// ends are who pays and who receives a transfer.
func (x *exposedAccounts) ends(t *Transfer) (from, to Address) {
	if x.Direction == In {
		return t.Receiver(), t.Sender()
	}
	return t.Sender(), t.Receiver()
}

// prepare meets whom the transaction's own payers, and what lies at others, may reach:
// all at once.
func (t *accountTx) prepare(ctx context.Context, within bool) error {
	if !within {
		for i := range t.Transfers {
			if from, to := t.ends(&t.Transfers[i]); t.payers[from] && !t.of[to] {
				t.cut.Time++
			}
		}
		return nil
	}
	var moves []move
	for i := range t.Transfers {
		u := &t.Transfers[i]
		from, to := t.ends(u)
		hops := 1
		if !t.payers[from] {
			held := t.held(from, u.Asset)
			if held.amount.Sign() == 0 {
				continue
			}
			hops = held.hops + 1
		}
		moves = append(moves, move{tx: t.Tx, to: to, asset: u.Asset, size: u.Amount, share: share{hops: hops}})
	}
	return t.meet(ctx, moves)
}

// held is what lies at an account since before the transaction.
func (x *exposedAccounts) held(a Address, asset chains.Asset) share {
	if account := x.accounts[a]; account != nil {
		return account.held[asset]
	}
	return share{}
}

// carry tells what a transfer carries, and takes it from its payer.
func (t *accountTx) carry(n int, swaps bool) move {
	u := &t.Transfers[n]
	from, to := t.ends(u)
	m := move{tx: t.Tx, to: to, asset: u.Asset, size: u.Amount}
	switch {
	case t.of[from]:
		if t.payers[from] && !t.of[to] && t.within(t.Tx) {
			m.share, m.direct = share{u.Amount, 1}, u.Amount
		}
		return m
	case t.cut.Work, from == to:
		return m
	}
	if lies := t.held(from, u.Asset); lies.amount.Sign() > 0 {
		part := share{lies.amount.Min(u.Amount), lies.hops + 1}
		m.share = m.join(part)
		t.accounts[from].held[u.Asset] = share{lies.amount.Sub(part.amount), lies.hops}
	}
	byThen := func(a *arrival) bool { return a.n < n != (t.Direction == In) }
	m.share = m.join(takeFrom(t.came[placeKey{from, u.Asset}], u.Amount.Sub(m.amount), byThen))
	if swaps {
		t.swap(from, &m)
	}
	return m
}

// takeFrom takes money from arrivals, in their order, up to an amount.
func takeFrom(came []arrival, most chains.Amount, counts func(*arrival) bool) (taken share) {
	for i := range came {
		a := &came[i]
		if part := a.amount.Min(most); part.Sign() > 0 && counts(a) {
			taken = taken.join(share{part, a.hops + 1})
			a.amount, most = a.amount.Sub(part), most.Sub(part)
		}
	}
	return taken
}

// swap changes what came to an account in other assets for what is left of a
// transfer that it pays, at the rate of all that it received of the one and paid of
// the other in this transaction, rounded down.
func (t *accountTx) swap(from Address, m *move) {
	var others []chains.Asset
	for at, came := range t.came {
		if at.Address == from && at.asset != m.asset && sumOf(came).Sign() > 0 {
			others = append(others, at.asset)
		}
	}
	slices.Sort(others)
	for _, asset := range others {
		came := t.came[placeKey{from, asset}]
		lies, paid, received := sumOf(came), t.moved(from, m.asset, true), t.moved(from, asset, false)
		most, _ := lies.MulDiv(paid, received)
		gets := most.Min(m.size.Sub(m.amount))
		if gets.Sign() == 0 {
			continue
		}
		if gets.Cmp(most) < 0 {
			exact, rest := gets.MulDiv(received, paid)
			if rest.Sign() > 0 {
				exact = exact.Add(chains.NewAmount(1))
			}
			lies = exact
		}
		gives := takeFrom(came, lies, func(*arrival) bool { return true })
		m.share = m.join(share{gets, gives.hops})
		out, in := t.total(asset), t.total(m.asset)
		out.SwappedOut, in.SwappedIn = out.SwappedOut.Add(gives.amount), in.SwappedIn.Add(gets)
	}
}

func sumOf(came []arrival) (sum chains.Amount) {
	for _, a := range came {
		sum = sum.Add(a.amount)
	}
	return sum
}

// moved is all that an account paid, or received, of an asset in the transaction.
func (t *accountTx) moved(a Address, asset chains.Asset, paid bool) (sum chains.Amount) {
	for i := range t.Transfers {
		u := &t.Transfers[i]
		from, to := t.ends(u)
		if u.Asset == asset && from != to && (paid && from == a || !paid && to == a) {
			sum = sum.Add(u.Amount)
		}
	}
	return sum
}

// rest lays down what came in a transaction and was not paid on in it, and has the
// next payments of all whom it touched taken up.
func (x *exposedAccounts) rest(ctx context.Context, t *accountTx) error {
	touched := map[Address]bool{}
	var opened []Address
	for at, came := range t.came {
		touched[at.Address] = true
		account := x.accounts[at.Address]
		if account == nil {
			account = &exposedAccount{held: map[chains.Asset]share{}}
			x.accounts[at.Address] = account
			opened = append(opened, at.Address)
			x.places++
		}
		for _, a := range came {
			if a.amount.Sign() > 0 {
				account.held[at.asset] = account.held[at.asset].join(a.share)
			}
		}
	}
	for i := range t.Transfers {
		if from, _ := x.ends(&t.Transfers[i]); x.accounts[from] != nil {
			touched[from] = true
		}
	}
	slices.SortFunc(opened, Address.Compare)
	if err := x.open(ctx, opened, t.At); err != nil {
		return err
	}
	for a := range touched {
		x.next(a, t.At)
	}
	return nil
}

// open reads what accounts pay after a transaction that money first came to them in.
func (x *exposedAccounts) open(ctx context.Context, opened []Address, at chains.Position) error {
	var spans []Span
	for _, a := range opened {
		x.accounts[a].unread = true
		span := Span{a, after(at), x.filler.tip(x.chain)}
		if x.Direction == In {
			if at == (chains.Position{}) {
				x.accounts[a].unread = false
				continue
			}
			span = Span{a, chains.Position{}, before(at)}
		}
		spans = append(spans, span)
	}
	if x.cut.Work {
		return nil
	}
	read := 0
	for step, err := range x.read()(ctx, spans) {
		if err != nil {
			return err
		}
		for ; read < step.Asked; read++ {
			x.accounts[spans[read].Address].unread = false
		}
		account := x.accounts[spans[step.Asked].Address]
		account.pays = append(account.pays, payment{step.At, step.Asset})
		if !x.look() {
			return nil
		}
	}
	for ; read < len(spans); read++ {
		x.accounts[spans[read].Address].unread = false
	}
	if x.Direction == In {
		for _, a := range opened {
			slices.Reverse(x.accounts[a].pays)
		}
	}
	return nil
}

// next has the next transaction taken up in which an account pays of what lies there.
func (x *exposedAccounts) next(a Address, now chains.Position) {
	account := x.accounts[a]
	for len(account.pays) > 0 && !x.earlier(now, account.pays[0].at) {
		account.pays = account.pays[1:]
	}
	for _, p := range account.pays {
		if account.held[p.asset].amount.Sign() > 0 {
			x.push(p.at)
			return
		}
	}
}

func (x *exposedAccounts) settle() {
	for _, account := range x.accounts {
		for asset, lies := range account.held {
			t := x.total(asset)
			pays := func(p payment) bool { return p.asset == asset }
			if x.cut.Work && (account.unread || slices.ContainsFunc(account.pays, pays)) {
				t.BeyondWork = t.BeyondWork.Add(lies.amount)
			} else {
				t.Resting = t.Resting.Add(lies.amount)
			}
		}
	}
}
