package graph

import (
	"context"
	"slices"

	"tsuiseki/chains"
)

// take moves what the transfers of a transaction carry; each carries once. At first
// each asset is followed alone, in the order of the transfers: an account pays what
// lay there before, then what came by then. After that, what came in this
// transaction and still lies there is changed for what its holder pays in other
// assets in it, wherever in the transaction: an exchange may pay before it is paid.
func (x *exposedAccounts) take(ctx context.Context, tx *Tx) error {
	within := x.within(tx)
	t := &accountTx{exposedAccounts: x, Tx: tx, came: map[placeKey][]arrival{}, assets: map[Address][]chains.Asset{}, done: make([]bool, len(tx.Transfers))}
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
				if t.came[at] == nil {
					t.assets[m.to] = append(t.assets[m.to], m.asset)
				}
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
	came   map[placeKey][]arrival // in this transaction, as far as it was not paid on
	assets map[Address][]chains.Asset
	done   []bool
	// All that each account paid and received of an asset, once it was asked for.
	paid, received map[placeKey]chains.Amount
}

// arrival is money that a transfer brought.
type arrival struct {
	n int
	share
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
	for _, asset := range slices.Sorted(slices.Values(t.assets[from])) {
		came := t.came[placeKey{from, asset}]
		lies := sumOf(came)
		if asset == m.asset || lies.Sign() == 0 {
			continue
		}
		t.addUp()
		paid, received := t.paid[placeKey{from, m.asset}], t.received[placeKey{from, asset}]
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

// addUp sums what accounts paid to others, and received from others.
func (t *accountTx) addUp() {
	if t.paid != nil {
		return
	}
	t.paid, t.received = map[placeKey]chains.Amount{}, map[placeKey]chains.Amount{}
	for i := range t.Transfers {
		u := &t.Transfers[i]
		if from, to := t.ends(u); from != to {
			out, in := placeKey{from, u.Asset}, placeKey{to, u.Asset}
			t.paid[out], t.received[in] = t.paid[out].Add(u.Amount), t.received[in].Add(u.Amount)
		}
	}
}
