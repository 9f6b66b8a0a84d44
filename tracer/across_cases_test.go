package tracer_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/btcsuite/btcd/wire/v2"
	"github.com/google/go-cmp/cmp"

	"tsuiseki/chains"
	"tsuiseki/fixtures"
	"tsuiseki/tracer"
)

// swapOnce is a world in which one deposit asks for ether for alice; out plays what
// the vault does on the other chain.
func swapOnce(t runningTest, memo string, out func(w *twoChains, quote string)) crossCase {
	w := &twoChains{bitcoin: fixtures.NewChain(), ether: newAccountChain(), now: minute(0)}
	w.network = openSource(t, w.bitcoin).Network()
	w.ether.system(chains.RewardTransfer, "vault", 1_000)
	w.ether.system(chains.RewardTransfer, "mallory", 1_000)
	w.ether.balances[accountPlace{"pool", "T"}] = 1_000
	coin := fixtures.Coins(w.bitcoin.MineAt(w.now, w.bitcoin.Coinbase(wire.NewTxOut(1_000, w.script(0)))).Transactions[0])[0]
	in := w.bitcoin.Pay([]fixtures.Coin{coin}, wire.NewTxOut(600, w.script(vaultOwner)), wire.NewTxOut(0, memoScript(memo)), wire.NewTxOut(390, w.script(0)))
	w.bitcoin.MineAt(w.now, w.bitcoin.Coinbase(wire.NewTxOut(5, w.script(2))), in)
	on := w.bitcoin.Pay(fixtures.Coins(in)[:1], wire.NewTxOut(590, w.script(1)))
	w.bitcoin.MineAt(w.now, w.bitcoin.Coinbase(wire.NewTxOut(5, w.script(2))), on)
	out(w, "OUT:"+strings.ToUpper(idOf(in).String()))
	c := crossCase{twoChains: w, params: tracer.Params{Rule: "fifo"}}
	c.world = w.open(t)
	c.outputs = []place{{at: chains.Position{Height: 1}}}
	return c
}

// pays is a transaction of transfers in order, with what a contract logs of it.
func (w *twoChains) pays(message chains.Message, transfers ...chains.Transfer) {
	w.ether.block("miner").Time = w.now
	b := w.ether.begin(transfers[0].From, 0, 0)
	for _, t := range transfers {
		n, _ := t.Amount.Int64()
		b.pay(t.Asset, t.From, t.To, n)
	}
	b.end()
	w.ether.last().Txs[0].Messages = []chains.Message{message}
}

func moving(from, to chains.Address, asset chains.Asset, n int64) chains.Transfer {
	return chains.Transfer{From: from, To: to, Asset: asset, Amount: chains.NewAmount(n)}
}

func paidOutBy(contract chains.Address, quote string) chains.Message {
	return chains.Message{Kind: chains.MessageOut, Contract: contract, Vault: "vault", To: "alice", Asset: ether, Amount: chains.NewAmount(80), Memo: quote}
}

// TestAcrossCases: what counts as an answer, and where the trail is then.
func TestAcrossCases(t *testing.T) {
	follows, stays := "390 BTC unspent", []string{"20 BTC fee", "390 BTC unspent", "590 BTC unspent"}
	for _, c := range []struct {
		name, memo string
		out        func(w *twoChains, quote string)
		want       []string
		lead       string
	}{
		{
			"paid out", "=:e:alice",
			func(w *twoChains, quote string) {
				w.pays(paidOutBy("router", quote), moving("vault", "router", ether, 80), moving("router", "alice", ether, 80))
			},
			[]string{"10 BTC fee", follows, "80 ETH unspent"},
			"records of both chains agree",
		},
		{
			"swapped on within the payment", "=:e:alice::::agg:T",
			func(w *twoChains, quote string) {
				m := paidOutBy("router", quote)
				m.Target = "agg"
				w.pays(m, moving("vault", "router", ether, 80), moving("router", "agg", ether, 80), moving("agg", "pool", ether, 80), moving("pool", "alice", "T", 30))
			},
			[]string{"10 BTC fee", follows, "30 T unspent"},
			"",
		},
		{
			"refused by the receiver", "=:e:alice",
			func(w *twoChains, quote string) {
				w.pays(paidOutBy("router", quote), moving("vault", "router", ether, 80), moving("router", "vault", ether, 80))
			},
			stays, "nothing bears it out",
		},
		{
			"logged by who moves nothing", "=:e:alice",
			func(w *twoChains, quote string) {
				w.pays(paidOutBy("liar", quote), moving("mallory", "alice", ether, 80))
			},
			stays, "nothing bears it out",
		},
		{
			"paid to another", "=:e:bob",
			func(w *twoChains, quote string) {
				w.pays(paidOutBy("router", quote), moving("vault", "router", ether, 80), moving("router", "alice", ether, 80))
			},
			stays, `it pays alice, not "bob"`,
		},
		{
			"in another asset", "=:ETH.T-T:alice",
			func(w *twoChains, quote string) {
				w.pays(paidOutBy("router", quote), moving("vault", "router", ether, 80), moving("router", "alice", ether, 80))
			},
			stays, "the memo asks for ETH.T-T",
		},
		{
			"to a chain that is not indexed", "=:DOGE.DOGE:DAbc",
			func(*twoChains, string) {},
			stays, `DOGE.DOGE to "DAbc" cannot be followed (no chain "DOGE" is indexed)`,
		},
		{
			"a synthetic, which stays on THORChain", "=:ETH/ETH:thor1x",
			func(*twoChains, string) {},
			stays, `no chain "THOR" is indexed`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := swapOnce(t, c.memo, c.out).run(t)
			sums := map[string]chains.Amount{}
			var got []string
			for _, e := range r.Ends {
				if e.Kind == tracer.EndFee {
					sums[string(e.Asset)] = sums[string(e.Asset)].Add(e.Traced)
				} else {
					got = append(got, fmt.Sprintf("%s %s %s", e.Traced, e.Asset, e.Kind))
				}
			}
			for asset, sum := range sums {
				got = append(got, fmt.Sprintf("%s %s fee", sum, asset))
			}
			want := slices.Clone(c.want)
			slices.Sort(got)
			slices.Sort(want)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("ends (-want +got):\n%s", diff)
			}
			told := slices.ContainsFunc(r.Leads, func(l tracer.Lead) bool {
				return strings.Contains(l.Detail, c.lead) || strings.Contains(l.Bridge.Basis, c.lead)
			})
			if !told {
				t.Errorf("leads %+v, want one that says %q", r.Leads, c.lead)
			}
		})
	}
}

// TestAcrossLabels: a label of a bridge bears a memo out, one of something else
// outweighs it; and messages must tell of just what came.
func TestAcrossLabels(t *testing.T) {
	for _, c := range []struct {
		name  string
		label accountLabel
		told  int64
		want  string
		basis string
		lead  string
	}{
		{"nothing", accountLabel{}, 70, "unspent", "", "nothing bears it out"},
		{"a bridge", accountLabel{tracer.EndBridge, "a vault"}, 70, "bridge", "label a vault", ""},
		{"a service", accountLabel{tracer.EndService, "a swapper"}, 70, "bridge", "label a swapper", ""},
		{"an exchange", accountLabel{tracer.EndExchange, "an exchange"}, 70, "exchange-deposit", "", ""},
		{"another amount", accountLabel{tracer.EndBridge, "a vault"}, 69, "bridge", "", "messages tell of 69, and 70 came"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := &twoChains{bitcoin: fixtures.NewChain(), ether: newAccountChain(), now: minute(1)}
			w.ether.system(chains.RewardTransfer, "alice", 70)
			message := chains.Message{Kind: chains.MessageIn, Contract: "router", Vault: "vault", Asset: ether, Amount: chains.NewAmount(c.told), Memo: "=:DOGE.DOGE:DAbc:5"}
			w.pays(message, moving("alice", "router", ether, 70), moving("router", "vault", ether, 70))
			x := crossCase{twoChains: w, params: tracer.Params{Rule: "fifo"}}
			x.world = w.open(t)
			x.eth.labels = map[chains.Address]accountLabel{"vault": c.label}
			if c.label.kind == "" {
				x.eth.labels = nil
			}
			x.transfers = []transferPlace{{at: chains.Position{Height: 1}}}
			r := x.run(t)
			e := r.Ends[0]
			basis := ""
			if e.Bridge != nil {
				basis = e.Bridge.Basis
			}
			if len(r.Ends) != 1 || string(e.Kind) != c.want || !e.Traced.Equal(chains.NewAmount(70)) || basis != c.basis {
				t.Errorf("ends %+v, basis %q", r.Ends, basis)
			}
			if c.basis != "" && (e.Bridge.Recipient != "DAbc" || e.Bridge.Chain != "DOGE" || e.Bridge.Limit != "5" || *e.Label != c.label.name || !strings.HasPrefix(e.Detail, "left to chain DOGE")) {
				t.Errorf("end %+v of %+v", e, e.Bridge)
			}
			if c.lead == "" && len(r.Leads) > 0 || c.lead != "" && (len(r.Leads) != 1 || !strings.Contains(r.Leads[0].Detail, c.lead)) {
				t.Errorf("leads %+v", r.Leads)
			}
		})
	}
}

// TestAcrossUntil: of several payments that answer, those after the time limit are
// left out with words; where all are later, the trail ends by that limit.
func TestAcrossUntil(t *testing.T) {
	c := swapOnce(t, "=:e:alice", func(w *twoChains, quote string) {
		for range 2 {
			w.now = w.now.Add(time.Hour)
			w.pays(paidOutBy("router", quote), moving("vault", "router", ether, 80), moving("router", "alice", ether, 80))
		}
	})
	for _, u := range []struct {
		until time.Time
		want  string
		lead  bool
	}{
		{time.Time{}, "160 ETH unspent", false},
		{minute(90), "80 ETH unspent", true},
		{minute(30), "600 BTC time-limit", false},
	} {
		c.params.Until = u.until
		r := c.run(t)
		found := slices.ContainsFunc(r.Ends, func(e tracer.End) bool {
			return fmt.Sprintf("%s %s %s", e.Traced, e.Asset, e.Kind) == u.want
		})
		told := slices.ContainsFunc(r.Leads, func(l tracer.Lead) bool { return strings.Contains(l.Detail, "later than the time limit") })
		if !found || told != u.lead {
			t.Errorf("until %s: ends %+v, leads %+v; want %s", u.until, r.Ends, r.Leads, u.want)
		}
	}
}
