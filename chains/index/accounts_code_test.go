package index_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"tsuiseki/chains"
	"tsuiseki/chains/index"
	"tsuiseki/fixtures"
)

// TestAccountsCodeAndTouching asks a random index, at a random height, what shows
// that accounts are contracts and which transactions touch them.
func TestAccountsCodeAndTouching(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := drawFrom(t)
		c := fixtures.NewAccountChain(uint64(draw("start", 0, 1)) * 50)
		c.Extend(draw, draw("blocks", 2, 10))
		asOf := uint64(draw("as of", int(c.Held[0].Height), int(tipOf(c))))
		x := openAccounts(t, draw("batch bytes", 1, 6000))
		defer x.Close()
		x.sync(t, c, tipOf(c))
		v := x.view(t, &asOf)
		defer v.Close()
		r := ledger{chain: c, view: v}
		for _, block := range c.Held {
			if block.Height <= asOf {
				r.read(block)
			}
		}
		from := r.drawPosition(draw)
		for _, account := range append(fixtures.AccountNames(), "0xaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa01") {
			r.checkTouching(t, account, from)
			r.checkCode(t, account)
		}
		if _, err := v.Code("0x12"); err == nil {
			t.Fatal("no error for what is no address")
		}
	})
}

func (r *ledger) checkTouching(t *rapid.T, account chains.Address, from chains.Position) {
	var want []string
	for _, tx := range r.txs {
		names := slices.ContainsFunc(tx.Transfers, func(t chains.Transfer) bool { return t.From == account || t.To == account })
		if names && tx.Position().Compare(from) >= 0 {
			want = append(want, lineOf(tx))
		}
	}
	same(t, "transactions that touch "+string(account), all(t, r.view.Touching(account, from), lineOf), want)
}

// checkCode looks for each kind of evidence in the blocks.
func (r *ledger) checkCode(t *rapid.T, account chains.Address) {
	var want index.Code
	note := func(first **chains.Position, at chains.Position) {
		if *first == nil || at.Compare(**first) < 0 {
			*first = &at
		}
	}
	var creation *chains.Tx
	for _, tx := range r.txs {
		at := tx.Position()
		if slices.Contains(tx.Created, account) && !tx.Failed {
			note(&want.Created, at)
			if creation == nil {
				creation = tx
			}
		}
		for _, transfer := range tx.Transfers {
			if transfer.Kind == chains.InternalTransfer && transfer.From == account && !tx.Failed {
				note(&want.Internal, at)
			}
			if (transfer.IsLog() || transfer.Kind == chains.InternalTransfer) && tx.To == account && !tx.Failed {
				note(&want.Ran, at)
			}
			if transfer.IsLog() && transfer.Asset == chains.Asset(account) {
				note(&want.Token, at)
			}
		}
	}
	for _, block := range r.blocks {
		for _, freeze := range block.Freezes {
			if freeze.Asset == chains.Asset(account) {
				note(&want.Token, chains.Position{Height: block.Height, Tx: freeze.Tx})
			}
		}
	}
	got, err := r.view.Code(account)
	if err != nil || got.Any() != (want != index.Code{}) {
		t.Fatalf("code of %s: %+v, %v; want %+v", account, got, err, want)
	}
	for name, pair := range map[string][2]*chains.Position{
		"created": {got.Created, want.Created}, "internal": {got.Internal, want.Internal}, "token": {got.Token, want.Token},
		"mixer": {got.Mixer, want.Mixer}, "ran": {got.Ran, want.Ran},
	} {
		if (pair[0] == nil) != (pair[1] == nil) || pair[0] != nil && *pair[0] != *pair[1] {
			t.Fatalf("%s, %s: %v, want %v", account, name, pair[0], pair[1])
		}
	}
	made, err := r.view.Creation(account)
	if err != nil || (made == nil) != (creation == nil) || made != nil && lineOf(made) != lineOf(creation) {
		t.Fatalf("creation of %s: %v, %v", account, made, err)
	}
}
