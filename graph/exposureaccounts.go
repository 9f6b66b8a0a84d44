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

// ends are who pays and who receives a transfer.
func (x *exposedAccounts) ends(t *Transfer) (from, to Address) {
	if x.Direction == In {
		return t.Receiver(), t.Sender()
	}
	return t.Sender(), t.Receiver()
}

// held is what lies at an account since before the transaction.
func (x *exposedAccounts) held(a Address, asset chains.Asset) share {
	if account := x.accounts[a]; account != nil {
		return account.held[asset]
	}
	return share{}
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
			if account.unread || slices.ContainsFunc(account.pays, pays) {
				t.BeyondWork = t.BeyondWork.Add(lies.amount)
			} else {
				t.Resting = t.Resting.Add(lies.amount)
			}
		}
	}
}
