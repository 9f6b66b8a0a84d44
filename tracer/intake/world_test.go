package intake_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"iter"
	"math/big"
	"testing"
	"time"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"tsuiseki/chains"
	"tsuiseki/chains/bitcoin"
	"tsuiseki/chains/index"
	"tsuiseki/fixtures"
	"tsuiseki/tracer/intake"
)

// world is two indexed chains with the payments that rows speak of. Their names say
// who is paid; amounts are in the comments.
type world struct {
	bitcoin  *bitcoinChain
	ethereum *accountChain

	single   chains.TxID // 0.5 BTC to alice alone
	batch    chains.TxID // an exchange pays 0.1 to alice, 0.2 to bob, 0.2 to carol, 0.3 to dan, dan again 0.3
	replaced chains.TxID // was to pay alice; single spent its coin
	waiting  chains.TxID // pays alice, in no block
	nothing  chains.TxID // an Ethereum call without value

	ether   chains.TxID // 1.5 ETH to mallory
	split   chains.TxID // a contract pays 1 ETH each to mallory and trent
	dollars chains.TxID // USDT: 1,000 to mallory, 2,000 to trent, and a zero transfer that poisons
	fake    chains.TxID // 500 of a token that calls itself USDT, to mallory
	failed  chains.TxID // 1 ETH to mallory, reverted
	exact   chains.TxID // 1.234567890123456789 ETH to mallory
	back    chains.TxID // mallory pays 1.4 ETH back to the payer of ether
	later   chains.TxID // 20 ETH to mallory, after back

	returned chains.TxID // alice pays 0.4 of single's 0.5 BTC back to the exchange
}

const satoshi = 100_000_000

var (
	usdt = chains.Asset(someone("USDT"))
	fake = chains.Asset(someone("fake USDT"))
)

// someone is an account that nobody has the key to.
func someone(name string) chains.Address {
	sum := sha256.Sum256([]byte("intake " + name))
	return chains.Address("0x" + hex.EncodeToString(sum[:20]))
}

// person is the Bitcoin address of an owner.
func (w *world) person(owner int) chains.Address {
	a, _ := w.bitcoin.view.Describe(fixtures.Script("p2wpkh", owner))
	return a
}

// Owners of Bitcoin addresses.
const (
	exchange = iota + 1
	alice
	bob
	carol
	dan
)

// start is the time of the first Ethereum block, and firstPaid that of the block of single.
var start = time.Date(2024, 5, 1, 3, 0, 0, 0, time.UTC)

func newWorld(t testing.TB) *world {
	w := &world{}
	w.playBitcoin(t)
	w.playEthereum(t)
	return w
}

func (w *world) options() intake.Options {
	return intake.Options{
		Chains: []intake.Chain{w.bitcoin, w.ethereum},
		Tokens: map[chains.Chain]map[string]chains.Asset{chains.Ethereum: {"USDT": usdt}},
	}
}

func (w *world) playBitcoin(t testing.TB) {
	c := fixtures.NewChain()
	out := func(owner int, value int64) *wire.TxOut {
		return wire.NewTxOut(value, fixtures.Script("p2wpkh", owner))
	}
	var coins []fixtures.Coin
	for range 3 {
		coinbase := c.Coinbase(out(exchange, 50*satoshi))
		c.MineAt(start, coinbase)
		coins = append(coins, fixtures.Coins(coinbase)...)
	}
	single := c.Pay(coins[:1], out(alice, satoshi/2))
	replaced := c.Pay(coins[:1], out(alice, satoshi/2))
	batch := c.Pay(coins[1:2], out(alice, satoshi/10), out(bob, satoshi/5), out(carol, satoshi/5), out(dan, 3*satoshi/10), out(dan, 3*satoshi/10))
	waiting := c.Pay(coins[2:], out(alice, satoshi))
	c.MineAt(start.Add(time.Hour), c.Coinbase(out(exchange, 50*satoshi)), single)
	returned := c.Pay(fixtures.Coins(single)[:1], out(exchange, 4*satoshi/10))
	c.MineAt(start.Add(2*time.Hour), c.Coinbase(out(exchange, 50*satoshi)), batch, returned)
	w.returned = txid(returned)
	w.single, w.batch, w.replaced, w.waiting = txid(single), txid(batch), txid(replaced), txid(waiting)

	src, err := c.Source(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	network := src.Network()
	x, err := index.Open(index.Options{Dir: "index", Chain: src.Chain(), Scripts: &network, Memory: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := x.Sync(t.Context(), src, index.SyncOptions{}); err != nil {
		t.Fatal(err)
	}
	view, err := x.View(context.WithoutCancel(t.Context()), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { view.Close(); x.Close(); src.Close() })
	w.bitcoin = &bitcoinChain{view: view, network: network, pool: map[chains.TxID]*wire.MsgTx{w.replaced: replaced, w.waiting: waiting}}
}

// txid is a transaction's id in the order in which people read it.
func txid(tx *wire.MsgTx) chains.TxID { return reversed(tx.TxHash()) }

func reversed(h chainhash.Hash) (id chains.TxID) {
	for i, b := range h {
		id[len(h)-1-i] = b
	}
	return id
}

// bitcoinChain answers from a real index. The pool's transactions are real too: they
// were made and not mined.
type bitcoinChain struct {
	view    *index.View
	network bitcoin.Network
	pool    map[chains.TxID]*wire.MsgTx
}

func (c *bitcoinChain) Snapshot() chains.Snapshot { return c.view.Snapshot() }

func (*bitcoinChain) Native() chains.Asset { return "BTC" }

func (*bitcoinChain) Token(context.Context, chains.Asset) (chains.Token, bool, error) {
	return chains.Token{}, false, nil
}

func (c *bitcoinChain) Txs(_ context.Context, id chains.TxID) ([]*chains.Tx, error) {
	txs, err := c.view.Txs(id)
	for _, tx := range txs {
		c.describe(tx)
	}
	return txs, err
}

func (c *bitcoinChain) describe(tx *chains.Tx) {
	for i := range tx.Outputs {
		o := &tx.Outputs[i]
		o.Address, o.Type = c.view.Describe(o.Script)
	}
	for i := range tx.Inputs {
		if s := tx.Inputs[i].Spent; s != nil {
			s.Address, s.Type = c.view.Describe(s.Script)
		}
	}
}

func (c *bitcoinChain) Paying(_ context.Context, address chains.Address, from, to time.Time) iter.Seq2[*chains.Tx, error] {
	return func(yield func(*chains.Tx, error) bool) {
		canonical, key, err := c.network.AddressKey(string(address))
		if err != nil {
			return // of another network
		}
		for tx, err := range c.view.Touching(canonical, key) {
			if err == nil {
				if tx.Time.Before(from) || tx.Time.After(to) {
					continue
				}
				c.describe(tx)
			}
			if !yield(tx, err) || err != nil {
				return
			}
		}
	}
}

func (c *bitcoinChain) Pending(_ context.Context, id chains.TxID) (intake.Pending, error) {
	tx, ok := c.pool[id]
	if !ok {
		return intake.Pending{}, nil
	}
	for _, in := range tx.TxIn {
		spend, err := c.view.SpendOf(chains.Outpoint{Tx: reversed(in.PreviousOutPoint.Hash), Index: in.PreviousOutPoint.Index})
		if err != nil {
			return intake.Pending{}, err
		}
		if spend.State == chains.SpentConfirmed {
			return intake.Pending{By: &spend.By}, nil
		}
	}
	return intake.Pending{Waiting: true}, nil
}

// namedTokens is a chain whose tokens have the names and places that rows speak of.
type namedTokens struct{ *fixtures.AccountChain }

func (namedTokens) Tokens(_ context.Context, _ chains.BlockRef, assets []chains.Asset) ([]*chains.Token, error) {
	out := make([]*chains.Token, len(assets))
	for i, a := range assets {
		if a == usdt || a == fake {
			out[i] = &chains.Token{Asset: a, Symbol: "USDT", Decimals: 6}
		}
	}
	return out, nil
}

// story adds blocks to an account chain.
type story struct {
	*fixtures.AccountChain
	logs uint32
}

func (s *story) block() {
	last := s.Held[len(s.Held)-1]
	b := &chains.Block{Header: chains.Header{BlockRef: chains.BlockRef{Height: last.Height + 1}, Parent: last.Hash, Time: start.Add(time.Duration(last.Height) * time.Minute)}}
	b.Hash = sha256.Sum256(last.Hash[:])
	s.Held, s.logs = append(s.Held, b), 0
}

func (s *story) tx(from, to chains.Address, value chains.Amount, more ...chains.Transfer) *chains.Tx {
	b := s.Held[len(s.Held)-1]
	id := sha256.Sum256([]byte(b.Hash.String() + string(rune('a'+len(b.Txs)))))
	tx := chains.Tx{ID: id, Block: b.BlockRef, Time: b.Time, Index: uint32(len(b.Txs)), From: from, To: to}
	tx.Transfers = append([]chains.Transfer{{Kind: chains.NativeTransfer, From: from, To: to, Asset: "ETH", Amount: value}}, more...)
	b.Txs = append(b.Txs, tx)
	return &b.Txs[len(b.Txs)-1]
}

func (s *story) token(asset chains.Asset, to string, amount int64) chains.Transfer {
	s.logs++
	return chains.Transfer{Kind: chains.TokenTransfer, Index: s.logs - 1, From: someone("exchange"), To: someone(to), Asset: asset, Amount: chains.NewAmount(amount)}
}

func gwei(n int64) chains.Amount {
	return chains.BigAmount(new(big.Int).Mul(big.NewInt(n), big.NewInt(1e9)))
}

func (w *world) playEthereum(t testing.TB) {
	s := &story{AccountChain: fixtures.NewAccountChain(0)}
	s.Held[0].Time = start
	mallory := someone("mallory")
	s.block()
	w.ether = s.tx(someone("victim"), mallory, gwei(1_500_000_000)).ID
	w.split = s.tx(someone("victim"), someone("splitter"), chains.Amount{},
		chains.Transfer{Kind: chains.InternalTransfer, Index: 1, From: someone("splitter"), To: mallory, Asset: "ETH", Amount: gwei(1_000_000_000)},
		chains.Transfer{Kind: chains.InternalTransfer, Index: 2, From: someone("splitter"), To: someone("trent"), Asset: "ETH", Amount: gwei(1_000_000_000)}).ID
	s.block()
	w.dollars = s.tx(someone("exchange"), chains.Address(usdt), chains.Amount{},
		s.token(usdt, "mallory", 1_000_000_000), s.token(usdt, "trent", 2_000_000_000), s.token(usdt, "poison", 0)).ID
	w.fake = s.tx(someone("exchange"), chains.Address(fake), chains.Amount{}, s.token(fake, "mallory", 500_000_000)).ID
	failed := s.tx(someone("victim"), mallory, chains.Amount{})
	failed.Failed, w.failed = true, failed.ID
	w.nothing = s.tx(someone("victim"), chains.Address(usdt), chains.Amount{}).ID
	digits, _ := chains.ParseAmount("1234567890123456789")
	w.exact = s.tx(someone("victim"), mallory, digits).ID
	s.block()
	w.back = s.tx(mallory, someone("victim"), gwei(1_400_000_000)).ID
	s.block()
	w.later = s.tx(someone("victim"), mallory, gwei(20_000_000_000)).ID
	s.block()

	x, err := index.OpenAccounts(index.Options{Dir: "index", Chain: chains.Ethereum, Native: "ETH", Memory: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := x.Sync(t.Context(), namedTokens{s.AccountChain}, index.SyncOptions{}); err != nil {
		t.Fatal(err)
	}
	view, err := x.View(context.WithoutCancel(t.Context()), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { view.Close(); x.Close() })
	w.ethereum = &accountChain{view}
}

// accountChain answers from a real index.
type accountChain struct{ view *index.AccountView }

func (c *accountChain) Snapshot() chains.Snapshot { return c.view.Snapshot() }

func (*accountChain) Native() chains.Asset { return "ETH" }

func (c *accountChain) Txs(_ context.Context, id chains.TxID) ([]*chains.Tx, error) {
	return c.view.Txs(id)
}

func (c *accountChain) Token(_ context.Context, asset chains.Asset) (chains.Token, bool, error) {
	return c.view.Token(asset)
}

func (c *accountChain) Paying(_ context.Context, address chains.Address, from, to time.Time) iter.Seq2[*chains.Tx, error] {
	return func(yield func(*chains.Tx, error) bool) {
		for tx, err := range c.view.Touching(address, chains.Position{}) {
			if err == nil && (tx.Time.Before(from) || tx.Time.After(to) || tx.ID == chains.TxID{}) {
				continue
			}
			if !yield(tx, err) || err != nil {
				return
			}
		}
	}
}

// caught keeps what becomes of rows.
type caught struct {
	layout   intake.Layout
	deposits []intake.Deposit
	records  []intake.Record
	rejected []intake.Rejected
	file     *intake.RejectFile
}

func (c *caught) Begin(l intake.Layout) error {
	c.layout = l
	if c.file != nil {
		return c.file.Begin(l)
	}
	return nil
}
func (c *caught) Accept(d intake.Deposit) error { c.deposits = append(c.deposits, d); return nil }
func (c *caught) Record(r intake.Record) error  { c.records = append(c.records, r); return nil }
func (c *caught) Reject(r intake.Rejected) error {
	c.rejected = append(c.rejected, r)
	if c.file != nil {
		return c.file.Reject(r)
	}
	return nil
}

var errSink = errors.New("the sink is full")
