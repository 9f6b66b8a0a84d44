package lead_test

import (
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tsuiseki/chains"
	"tsuiseki/tracer"
	"tsuiseki/tracer/lead"
)

// history is a chain of transactions, an hour apart unless told otherwise.
type history struct {
	txs []*chains.Tx
	at  time.Time
}

// pay adds a transaction that from sends, with payments written "from>to amount asset".
func (h *history) pay(from chains.Address, payments ...string) *chains.Tx {
	h.at = h.at.Add(time.Hour)
	n := uint64(len(h.txs))
	tx := &chains.Tx{ID: chains.TxID{31: byte(n), 30: byte(n >> 8)}, Block: chains.BlockRef{Height: n}, Time: h.at, From: from}
	for i, text := range payments {
		var parties, asset string
		var amount int64
		if _, err := fmt.Sscan(text, &parties, &amount, &asset); err != nil {
			panic(err)
		}
		payer, payee, _ := strings.Cut(parties, ">")
		tx.Transfers = append(tx.Transfers, chains.Transfer{
			Kind: chains.TokenTransfer, Index: uint32(i), From: chains.Address(payer), To: chains.Address(payee),
			Asset: chains.Asset(asset), Amount: chains.NewAmount(amount),
		})
	}
	h.txs = append(h.txs, tx)
	return tx
}

func (h *history) Snapshot() chains.Snapshot {
	return chains.Snapshot{Chain: "ethereum", BlockRef: chains.BlockRef{Height: uint64(len(h.txs)) - 1}}
}

func (h *history) Txs(id chains.TxID) (found []*chains.Tx, err error) {
	for _, tx := range h.txs {
		if tx.ID == id {
			found = append(found, tx)
		}
	}
	return found, nil
}

func (h *history) Transfers(account chains.Address, from chains.Position) iter.Seq2[lead.Entry, error] {
	return func(yield func(lead.Entry, error) bool) {
		for _, tx := range h.txs {
			for i := range tx.Transfers {
				t := &tx.Transfers[i]
				if (t.From == account || t.To == account) && tx.Position().Compare(from) >= 0 && !yield(lead.Entry{Tx: tx, Transfer: t}, nil) {
					return
				}
			}
		}
	}
}

func (h *history) Degree(account chains.Address, limit int) (degree int, err error) {
	for _, tx := range h.txs {
		if slices.ContainsFunc(tx.Transfers, func(t chains.Transfer) bool { return t.From == account || t.To == account }) && degree <= limit {
			degree++
		}
	}
	return degree, nil
}

func (h *history) Pool(account chains.Address, _ time.Time) (bool, error) {
	return strings.HasPrefix(string(account), "pool"), nil
}

// ends are those of a trace that reached each pool which the transactions paid.
func (h *history) ends(txs ...*chains.Tx) (ends []tracer.End) {
	for _, tx := range txs {
		for _, t := range tx.Transfers {
			if is, _ := h.Pool(t.To, tx.Time); is {
				ends = append(ends, tracer.End{Deposit: "d", Kind: tracer.EndMixer, Chain: "ethereum", Tx: tx.ID, Height: tx.Block.Height, Address: t.To, Asset: t.Asset, Traced: t.Amount})
			}
		}
	}
	return ends
}

// find is the leads as lines "heuristic: transaction address".
func find(t rapid.TB, h *history, limits lead.Limits, ends []tracer.End) (lines []string, missing []tracer.Missing) {
	t.Helper()
	leads, missing, err := lead.Mixers(h, ends, limits)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range leads {
		lines = append(lines, fmt.Sprintf("%s: %d %s", l.Heuristic, l.Height, l.Address))
	}
	slices.Sort(lines)
	return lines, missing
}

func TestMixerLeads(t *testing.T) {
	cases := []struct {
		name string
		play func(h *history) []tracer.End
		want []string
	}{
		{"back to who paid in", func(h *history) []tracer.End {
			in := h.pay("alice", "alice>pool1 100 ETH")
			h.pay("relayer", "pool1>alice 98 ETH", "pool1>relayer 2 ETH")
			h.pay("relayer", "pool1>bob 98 ETH", "pool1>relayer 2 ETH")
			return h.ends(in)
		}, []string{"mixer-same-address: 1 alice"}},
		{"taken out before it was paid in", func(h *history) []tracer.End {
			h.pay("relayer", "pool1>alice 98 ETH", "pool1>relayer 2 ETH")
			return h.ends(h.pay("alice", "alice>pool1 100 ETH"))
		}, nil},
		{"the relayer's fee is no withdrawal", func(h *history) []tracer.End {
			in := h.pay("alice", "alice>pool1 100 ETH")
			h.pay("alice", "pool1>bob 60 ETH", "pool1>alice 40 ETH")
			return h.ends(in)
		}, nil},
		{"through a router", func(h *history) []tracer.End {
			in := h.pay("alice", "alice>router 100 ETH", "router>pool1 100 ETH")
			h.pay("alice", "pool1>alice 100 ETH")
			return h.ends(in)
		}, []string{"mixer-same-address: 1 alice"}},
		{"three payments, either way and at any time", func(h *history) []tracer.End {
			h.pay("alice", "alice>bob 1 ETH")
			h.pay("bob", "bob>alice 1 dai")
			in := h.pay("alice", "alice>pool1 100 ETH")
			h.pay("bob", "pool1>bob 100 ETH")
			h.pay("bob", "bob>alice 5 ETH")
			return h.ends(in)
		}, []string{"mixer-direct-transfers: 3 bob"}},
		{"two payments are too few, and nothing is no payment", func(h *history) []tracer.End {
			h.pay("alice", "alice>bob 1 ETH", "alice>bob 0 ETH")
			in := h.pay("alice", "alice>pool1 100 ETH")
			h.pay("bob", "pool1>bob 100 ETH")
			h.pay("bob", "bob>alice 5 ETH")
			return h.ends(in)
		}, nil},
		{"the same portfolio", func(h *history) []tracer.End {
			one := h.pay("alice", "alice>pool1 100 ETH")
			two := h.pay("alice", "alice>pool1 100 ETH")
			dai := h.pay("alice", "alice>pool2 7 dai")
			h.pay("bob", "pool1>bob 100 ETH")
			h.pay("carol", "pool1>carol 100 ETH")
			h.pay("bob", "pool2>bob 7 dai")
			h.pay("carol", "pool2>carol 7 dai")
			h.pay("bob", "pool1>bob 100 ETH")
			return h.ends(one, two, dai)
		}, []string{
			"mixer-portfolio: 3 bob", "mixer-portfolio: 3 bob", "mixer-portfolio: 5 bob", "mixer-portfolio: 7 bob", "mixer-portfolio: 7 bob",
		}},
		{"what others pay in for an account is not of its portfolio", func(h *history) []tracer.End {
			one := h.pay("alice", "alice>pool1 100 ETH")
			h.pay("dave", "alice>pool2 7 dai")
			h.pay("alice", "alice>pool2 7 dai")
			h.pay("bob", "pool1>bob 100 ETH")
			h.pay("bob", "pool2>bob 7 dai")
			return h.ends(one)
		}, []string{"mixer-portfolio: 3 bob"}},
		{"one pool is no portfolio", func(h *history) []tracer.End {
			in := h.pay("alice", "alice>pool1 100 ETH")
			h.pay("bob", "pool1>bob 100 ETH")
			return h.ends(in)
		}, nil},
		{"a portfolio taken out too slowly", func(h *history) []tracer.End {
			one := h.pay("alice", "alice>pool1 100 ETH")
			two := h.pay("alice", "alice>pool2 7 dai")
			h.pay("bob", "pool1>bob 100 ETH")
			h.at = h.at.Add(24 * time.Hour)
			h.pay("bob", "pool2>bob 7 dai")
			return h.ends(one, two)
		}, nil},
		{"failed withdrawals", func(h *history) []tracer.End {
			in := h.pay("alice", "alice>pool1 100 ETH")
			h.pay("alice", "pool1>alice 100 ETH").Failed = true
			return h.ends(in)
		}, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			h := &history{}
			ends := c.play(h)
			got, missing := find(t, h, lead.DefaultLimits, ends)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			if len(missing) > 0 {
				t.Errorf("missing: %v", missing)
			}
		})
	}
}

func TestMixerLeadsName(t *testing.T) {
	h := &history{}
	in := h.pay("alice", "alice>pool1 100 ETH")
	h.pay("bob", "pool1>bob 100 ETH")
	h.pay("alice", "pool1>alice 100 ETH")
	unknown := h.pay("", "dave>pool1 100 ETH")
	for name, c := range map[string]struct {
		limits lead.Limits
		end    *chains.Tx
		reason string
	}{
		"a busy depositor": {lead.Limits{Degree: 1, Withdrawals: 10}, in, "more than 1 transactions touch its sender alice"},
		"a busy pool":      {lead.Limits{Degree: 10, Withdrawals: 2}, in, "more than 2 transfers touch the pool pool1 since: later ones were not looked at"},
		"no sender":        {lead.DefaultLimits, unknown, "the source did not tell who sent it"},
	} {
		t.Run("what is missing: "+name, func(t *testing.T) {
			got, missing := find(t, h, c.limits, h.ends(c.end))
			if len(got) > 0 {
				t.Errorf("leads: %v", got)
			}
			if len(missing) != 1 || missing[0].Reason != c.reason {
				t.Errorf("missing %v, want %q", missing, c.reason)
			}
		})
	}
}

// TestMixerLeadsLaws plays at random, and looks for all leads in the plainest way.
func TestMixerLeadsLaws(t *testing.T) {
	people := []chains.Address{"alice", "bob", "carol"}
	rapid.Check(t, func(t *rapid.T) {
		h := &history{}
		for range rapid.IntRange(1, 25).Draw(t, "transactions") {
			who := rapid.SampledFrom(people).Draw(t, "who")
			pool := rapid.SampledFrom([]string{"pool1 100 ETH", "pool2 7 dai"}).Draw(t, "pool")
			name, rest, _ := strings.Cut(pool, " ")
			switch rapid.IntRange(0, 2).Draw(t, "what") {
			case 0:
				h.pay(who, fmt.Sprintf("%s>%s %s", who, name, rest))
			case 1:
				h.pay(who, fmt.Sprintf("%s>%s %s", name, who, rest))
			case 2:
				h.pay(who, fmt.Sprintf("%s>%s 1 ETH", who, rapid.SampledFrom(people).Draw(t, "payee")))
			}
			if rapid.IntRange(0, 9).Draw(t, "wait") == 0 {
				h.at = h.at.Add(20 * time.Hour)
			}
		}
		ends := h.ends(h.txs...)
		got, missing := find(t, h, lead.DefaultLimits, ends)
		if diff := cmp.Diff(naive(h, ends), got); diff != "" || len(missing) > 0 {
			t.Fatalf("%s\nmissing %v", diff, missing)
		}
	})
}

// naive asks of each end and each later withdrawal whether a heuristic joins them.
func naive(h *history, ends []tracer.End) (lines []string) {
	for _, end := range ends {
		from := h.txs[end.Height].From
		for _, w := range h.txs[end.Height+1:] {
			out := w.Transfers[0]
			if out.From != end.Address {
				continue
			}
			line := func(heuristic string) {
				lines = append(lines, fmt.Sprintf("%s: %d %s", heuristic, w.Block.Height, out.To))
			}
			if out.To == from {
				line("mixer-same-address")
			}
			direct := 0
			for _, tx := range h.txs {
				if p := tx.Transfers[0]; p.From == from && p.To == out.To || p.From == out.To && p.To == from {
					direct++
				}
			}
			if direct >= 3 && out.To != from {
				line("mixer-direct-transfers")
			}
			if samePortfolio(h, from, out.To) {
				line("mixer-portfolio")
			}
		}
	}
	slices.Sort(lines)
	return lines
}

func samePortfolio(h *history, from, to chains.Address) bool {
	in, out := map[chains.Address]int{}, map[chains.Address]int{}
	var paid, took []time.Time
	for _, tx := range h.txs {
		if p := tx.Transfers[0]; p.From == from && strings.HasPrefix(string(p.To), "pool") {
			in[p.To]++
			paid = append(paid, tx.Time)
		}
	}
	for _, tx := range h.txs {
		if p := tx.Transfers[0]; in[p.From] > 0 && p.To == to && tx.Time.After(paid[len(paid)-1]) {
			out[p.From]++
			took = append(took, tx.Time)
		}
	}
	short := func(times []time.Time) bool {
		return len(times) > 0 && times[len(times)-1].Sub(times[0]) <= 24*time.Hour
	}
	return len(in) > 1 && in["pool1"] == out["pool1"] && in["pool2"] == out["pool2"] && short(paid) && short(took)
}
