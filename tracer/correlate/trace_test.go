package correlate_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tsuiseki/chains"
	"tsuiseki/graph"
	"tsuiseki/tracer/correlate"
)

// heldTxs are transactions by place.
type heldTxs map[chains.Position]*graph.Tx

func (h heldTxs) Txs(_ context.Context, _ chains.Chain, at []chains.Position) (txs []*graph.Tx, err error) {
	for _, p := range at {
		if tx := h[p]; tx != nil {
			txs = append(txs, tx)
		}
	}
	return txs, nil
}

func moved(chain chains.Chain, height uint64, from, to chains.Address, amount int64) graph.Transfer {
	kind, asset := chains.TransferKind("native"), chains.Asset("ETH")
	if chain == "bitcoin" {
		kind, asset = graph.Output, "BTC"
	}
	return graph.Transfer{
		Key: graph.Key{Chain: chain, At: chains.Position{Height: height}}, Kind: kind, From: from, To: to, Asset: asset,
		Amount: chains.NewAmount(amount), Time: start.Add(time.Duration(height) * time.Minute),
	}
}

func hop(t graph.Transfer, depth int) graph.Hop {
	return graph.Hop{Deposit: "d", Transfer: t, Traced: t.Amount, Depth: depth, Means: "transfer"}
}

// TestFromTrace finds from where money came: the sender's account, or what the
// transaction spent that the trail passed; of what is not held, nothing.
func TestFromTrace(t *testing.T) {
	for _, c := range []struct {
		name  string
		chain chains.Chain
		from  bool // transfers have senders
		txs   heldTxs
		want  []string
	}{
		{"accounts", "ethereum", true, nil, []string{"a<-", "b<-a", "c<-b"}},
		{"outputs", "bitcoin", false, heldTxs{
			{Height: 2}: {At: chains.Position{Height: 2}, Spends: []graph.Spend{{Address: "0 of somebody"}, {Address: "a"}}},
			{Height: 3}: {At: chains.Position{Height: 3}, Spends: []graph.Spend{{Address: "a"}, {Address: "b"}}},
		}, []string{"a<-", "b<-a", "c<-b"}},
		{"outputs of transactions that are not held", "bitcoin", false, heldTxs{}, []string{"a<-", "b<-", "c<-"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			sender := func(a chains.Address) chains.Address {
				if c.from {
					return a
				}
				return ""
			}
			trace := &graph.Trace{
				Case: "x", Rule: "fifo",
				Deposits: []graph.Deposit{{ID: "d", Transfer: moved(c.chain, 1, sender("victim"), "a", 100)}},
				Hops:     []graph.Hop{hop(moved(c.chain, 2, sender("a"), "b", 90), 1), hop(moved(c.chain, 3, sender("b"), "c", 80), 2)},
			}
			got, err := correlate.FromTrace(t.Context(), trace, c.txs)
			if err != nil {
				t.Fatal(err)
			}
			var ways []string
			for _, v := range got.Visits {
				ways = append(ways, string(v.Address.Address+"<-"+v.From.Address))
			}
			slices.Sort(ways)
			if diff := cmp.Diff(c.want, ways); diff != "" {
				t.Error(diff)
			}
			var plain []graph.Visit
			for _, v := range got.Visits {
				plain = append(plain, v.Visit)
			}
			if len(plain) != len(trace.Visits()) {
				t.Errorf("%d visits of %d", len(plain), len(trace.Visits()))
			}
		})
	}
}

// TestFromTraceThroughChange: change that comes back to the payer's address takes
// nothing from the way.
func TestFromTraceThroughChange(t *testing.T) {
	trace := &graph.Trace{
		Case: "x", Rule: "fifo",
		Deposits: []graph.Deposit{{ID: "d", Transfer: moved("bitcoin", 1, "", "a", 100)}},
		Hops:     []graph.Hop{hop(moved("bitcoin", 2, "", "a", 90), 1), hop(moved("bitcoin", 3, "", "b", 80), 2)},
	}
	got, err := correlate.FromTrace(t.Context(), trace, heldTxs{
		{Height: 2}: {At: chains.Position{Height: 2}, Spends: []graph.Spend{{Address: "a"}}},
		{Height: 3}: {At: chains.Position{Height: 3}, Spends: []graph.Spend{{Address: "a"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range got.Visits {
		if v.Address.Address == "b" && v.From.Address != "a" {
			t.Errorf("b was paid by %q, not by a", v.From.Address)
		}
	}
}
