package index_test

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tsuiseki/chains"
	"tsuiseki/chains/index"
	"tsuiseki/fixtures"
)

// TestAccountsAgainstBlocks asks a random index everything, at a random height,
// and compares with what the blocks themselves say.
func TestAccountsAgainstBlocks(t *testing.T) {
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
		r.checkBlocks(t)
		r.checkMissing(t, asOf)
		r.checkQuotes(t, draw("limit", 0, 3))
		from := r.drawPosition(draw)
		for _, account := range append(fixtures.AccountNames(), "0xaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa01") {
			r.checkAccount(t, account, from, draw("limit", 0, 10))
			for _, asset := range append(fixtures.TokenNames(), "ETH") {
				r.checkMovements(t, account, asset, from)
				if asset != "ETH" {
					r.checkFreezes(t, asset, account, from)
				}
			}
		}
	})
}

// ledger is what the blocks up to a height say.
type ledger struct {
	chain  *fixtures.AccountChain
	view   *index.AccountView
	blocks []*chains.Block
	txs    []*chains.Tx // and what moved outside of them, in chain order
}

func (r *ledger) read(block *chains.Block) {
	r.blocks = append(r.blocks, block)
	for i := range block.Txs {
		r.txs = append(r.txs, &block.Txs[i])
	}
	r.txs = append(r.txs, &chains.Tx{Block: block.BlockRef, Time: block.Time, Index: places(block), Transfers: block.System})
}

func places(block *chains.Block) uint32 {
	if len(block.Txs) == 0 {
		return 0
	}
	return block.Txs[len(block.Txs)-1].Index + 1
}

// drawPosition is that of a transaction, or the one behind it.
func (r *ledger) drawPosition(draw fixtures.Draw) chains.Position {
	if len(r.txs) == 0 {
		return chains.Position{}
	}
	at := r.txs[draw("from", 0, len(r.txs)-1)].Position()
	at.Tx += uint32(draw("behind", 0, 1))
	return at
}

func lineOf(tx *chains.Tx) string {
	line := fmt.Sprintf("%s %s %s %s %s>%s %v %q", tx.ID, tx.Block, tx.Time, tx.Position(), tx.From, tx.To, tx.Failed, tx.Created)
	for i := range tx.Transfers {
		line += "\n\t" + transferLine(&tx.Transfers[i])
	}
	for _, m := range tx.Messages {
		line += fmt.Sprintf("\n\t%+q", fmt.Sprint(m))
	}
	return line
}

// checkQuotes compares the messages that pay out with all that there are.
func (r *ledger) checkQuotes(t *rapid.T, limit int) {
	for _, id := range append(fixtures.QuotedIDs(), chains.TxID{3}) {
		var want []string
		for _, tx := range r.txs {
			answers := func(m chains.Message) bool {
				return m.Kind == chains.MessageOut && strings.Contains(strings.ToLower(m.Memo), ":"+id.String())
			}
			if slices.ContainsFunc(tx.Messages, answers) && (limit == 0 || len(want) < limit) {
				want = append(want, lineOf(tx))
			}
		}
		txs, err := r.view.Quoting(id, limit)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, tx := range txs {
			got = append(got, lineOf(tx))
		}
		same(t, "quoting "+id.String(), got, want)
	}
}

func transferLine(t *chains.Transfer) string {
	return fmt.Sprint(t.Kind, " ", t.Index, " ", t.From, ">", t.To, " ", t.Amount, " ", t.Asset, " ", t.TokenID)
}

func (r *ledger) checkBlocks(t *rapid.T) {
	for _, want := range r.blocks {
		for _, ask := range []func() (chains.Header, int, error){
			func() (chains.Header, int, error) { return r.view.BlockAt(want.Height) },
			func() (chains.Header, int, error) { return r.view.BlockByHash(want.Hash) },
		} {
			if got, n, err := ask(); err != nil || got != want.Header || n != int(places(want)) {
				t.Fatalf("block %+v with %d places, %v; want %+v", got, n, err, want.Header)
			}
		}
		producer, err := r.view.Producer(want.Height)
		gaps, gapsErr := r.view.Gaps(want.Height)
		if errors.Join(err, gapsErr) != nil || producer != want.Producer || !slices.Equal(gaps, want.Gaps) {
			t.Fatalf("producer %s, gaps %v, %v, %v; want %+v", producer, gaps, err, gapsErr, want)
		}
	}
	for _, want := range r.txs {
		got, err := r.view.TxAt(want.Position())
		if err != nil || lineOf(got) != lineOf(want) {
			t.Fatalf("%v\n%s\nwant\n%s", err, lineOf(got), lineOf(want))
		}
		if want.ID == (chains.TxID{}) {
			continue
		}
		if txs, err := r.view.Txs(want.ID); err != nil || len(txs) != 1 || lineOf(txs[0]) != lineOf(want) {
			t.Fatalf("%v, %v; want %s", txs, err, lineOf(want))
		}
	}
	for _, block := range r.chain.Held[len(r.blocks):] {
		if _, _, err := r.view.BlockByHash(block.Hash); !errors.Is(err, chains.ErrNotFound) {
			t.Fatalf("the block at height %d is in a view as of %s: %v", block.Height, r.view.Snapshot().BlockRef, err)
		}
	}
}

func (r *ledger) checkMissing(t *rapid.T, asOf uint64) {
	first, last := r.blocks[0].Height, r.blocks[len(r.blocks)-1].Height
	if got := r.view.Snapshot(); got.From != first || got.BlockRef != r.blocks[len(r.blocks)-1].BlockRef {
		t.Fatalf("snapshot %+v", got)
	}
	for _, part := range append(chains.Parts(), index.PartBlocks) {
		lacks := map[uint64]bool{}
		for height := first; height <= last; height++ {
			lacks[height] = true
		}
		for _, block := range r.blocks {
			lacks[block.Height] = slices.ContainsFunc(block.Gaps, func(g chains.Gap) bool { return g.Part == part })
		}
		for _, bounds := range [][2]uint64{{0, asOf + 9}, {first + 2, last - 1}, {(first + last) / 2, last}, {first, (first + last) / 2}} {
			var want []chains.Heights
			for height := max(first, bounds[0]); height <= min(last, bounds[1]); height++ {
				if n := len(want); n > 0 && want[n-1].To+1 == height && lacks[height] {
					want[n-1].To = height
				} else if lacks[height] {
					want = append(want, chains.Heights{From: height, To: height})
				}
			}
			if got, err := r.view.Missing(part, bounds[0], bounds[1]); err != nil || !slices.Equal(got, want) {
				t.Fatalf("%s between %v: %v, %v; want %v", part, bounds, got, err, want)
			}
		}
	}
}

// all reads a sequence as lines.
func all[V any](t *rapid.T, seq iter.Seq2[V, error], line func(V) string) (lines []string) {
	for v, err := range seq {
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line(v))
	}
	return lines
}

func same(t *rapid.T, what string, got, want []string) {
	if !slices.Equal(got, want) {
		t.Fatalf("%s:\n%s\nwant\n%s", what, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// movements computes a history of sums by reading all transfers.
func (r *ledger) movements(account chains.Address, asset chains.Asset) (found []chains.Movement) {
	for _, tx := range r.txs {
		m, met := chains.Movement{At: tx.Position()}, false
		for _, transfer := range tx.Transfers {
			if transfer.Asset != asset || transfer.Kind == chains.CollectibleTransfer {
				continue
			}
			if transfer.From == account {
				m.Out, met = m.Out.Add(transfer.Amount), true
			}
			if transfer.To == account {
				m.In, met = m.In.Add(transfer.Amount), true
			}
		}
		if met {
			found = append(found, m)
		}
	}
	return found
}

func movementLine(m chains.Movement) string { return fmt.Sprint(m.At, " +", m.In, " -", m.Out) }

func (r *ledger) checkMovements(t *rapid.T, account chains.Address, asset chains.Asset, from chains.Position) {
	var want []string
	var sum, lowest chains.Amount
	for _, m := range r.movements(account, asset) {
		if m.At.Compare(from) >= 0 {
			want = append(want, movementLine(m))
			continue
		}
		sum = sum.Add(m.In).Sub(m.Out)
		lowest = lowest.Min(sum)
	}
	same(t, "movements", all(t, r.view.Movements(account, asset, from), movementLine), want)
	gotSum, gotLowest, err := r.view.Balance(account, asset, from)
	if err != nil || !gotSum.Equal(sum) || !gotLowest.Equal(lowest) {
		t.Fatalf("balance %s, lowest %s, %v; want %s, %s", gotSum, gotLowest, err, sum, lowest)
	}
}

func entryLine(e index.Entry) string {
	return e.Tx.Position().String() + " " + transferLine(e.Transfer)
}

func (r *ledger) checkAccount(t *rapid.T, account chains.Address, from chains.Position, limit int) {
	var history, collectibles []string
	assets, degree := map[chains.Asset]bool{}, 0
	for _, tx := range r.txs {
		counts := false
		for i := range tx.Transfers {
			transfer := &tx.Transfers[i]
			if transfer.From != account && transfer.To != account {
				continue
			}
			line := entryLine(index.Entry{Tx: tx, Transfer: transfer})
			if tx.Position().Compare(from) >= 0 {
				history = append(history, line)
			}
			if transfer.Kind != chains.CollectibleTransfer {
				assets[transfer.Asset] = true
			} else if tx.Position().Compare(from) >= 0 {
				collectibles = append(collectibles, line)
			}
			if transfer.Ledger() && transfer.Kind != chains.FeeTransfer && transfer.Kind != chains.TipTransfer {
				counts = true
			}
		}
		if counts {
			degree++
		}
	}
	same(t, "history of "+string(account), all(t, r.view.History(account, from), entryLine), history)
	same(t, "collectibles of "+string(account), all(t, r.view.Collectibles(account, from), entryLine), collectibles)
	var want []string
	for _, asset := range append([]chains.Asset{"ETH"}, sorted(fixtures.TokenNames())...) {
		if assets[asset] {
			want = append(want, string(asset))
		}
	}
	same(t, "assets of "+string(account), all(t, r.view.Assets(account), func(a chains.Asset) string { return string(a) }), want)
	if got, err := r.view.Degree(account, limit); err != nil || got != min(degree, limit+1) {
		t.Fatalf("degree of %s up to %d: %d, %v; want %d", account, limit, got, err, degree)
	}
	r.checkContract(t, account)
}

func sorted(assets []chains.Asset) []chains.Asset {
	slices.Sort(assets)
	return assets
}

func (r *ledger) checkContract(t *rapid.T, account chains.Address) {
	var want *chains.Position
	note := func(at chains.Position) {
		if want == nil || at.Compare(*want) < 0 {
			want = &at
		}
	}
	isToken := false
	for _, tx := range r.txs {
		if slices.Contains(tx.Created, account) {
			note(tx.Position())
		}
		for _, transfer := range tx.Transfers {
			if transfer.Kind == chains.InternalTransfer && transfer.From == account {
				note(tx.Position())
			}
			if !tx.Failed && tx.To == account && (transfer.IsLog() || transfer.Kind == chains.InternalTransfer) {
				note(tx.Position())
			}
			if transfer.IsLog() && transfer.Asset == chains.Asset(account) {
				note(tx.Position())
				isToken = true
			}
		}
	}
	for _, block := range r.blocks {
		for _, freeze := range block.Freezes {
			if freeze.Asset == chains.Asset(account) {
				note(chains.Position{Height: block.Height, Tx: freeze.Tx})
				isToken = true
			}
		}
	}
	_, at, ok, err := r.view.Contract(account)
	if err != nil || ok != (want != nil) || (ok && at != *want) {
		t.Fatalf("contract %s: since %s, %v, %v; want %v", account, at, ok, err, want)
	}
	if isToken {
		told, _ := r.chain.Tokens(t.Context(), chains.BlockRef{}, []chains.Asset{chains.Asset(account)})
		token, ok, err := r.view.Token(chains.Asset(account))
		if err != nil || ok != (told[0] != nil) || (ok && token != *told[0]) {
			t.Fatalf("token %+v, %v, %v; want %+v", token, ok, err, told[0])
		}
	}
}

func (r *ledger) checkFreezes(t *rapid.T, asset chains.Asset, account chains.Address, asOf chains.Position) {
	var want []string
	line := func(e index.FreezeEvent) string { return fmt.Sprint(e.At, " ", e.Freeze) }
	var frozen, ok bool
	var since chains.Position
	for _, block := range r.blocks {
		for _, freeze := range block.Freezes {
			if freeze.Asset != asset || freeze.Account != account {
				continue
			}
			event := index.FreezeEvent{At: chains.Position{Height: block.Height, Tx: freeze.Tx}, Freeze: freeze}
			want = append(want, line(event))
			if event.At.Compare(asOf) <= 0 && (!ok || frozen != freeze.Frozen) {
				frozen, since, ok = freeze.Frozen, event.At, true
			}
		}
	}
	same(t, "freezes", all(t, r.view.Freezes(asset, account), line), want)
	gotFrozen, gotSince, gotOK, err := r.view.Frozen(asset, account, asOf)
	if err != nil || gotFrozen != frozen || gotSince != since || gotOK != ok {
		t.Fatalf("frozen %v since %s, %v, %v; want %v since %s, %v", gotFrozen, gotSince, gotOK, err, frozen, since, ok)
	}
}
