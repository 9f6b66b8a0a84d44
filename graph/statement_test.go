package graph_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tsuiseki/chains"
	"tsuiseki/graph"
)

func moved(height uint64, n uint32, to chains.Address, asset chains.Asset) graph.Transfer {
	return graph.Transfer{
		Key: graph.Key{Chain: "ethereum", At: chains.Position{Height: height}, N: n}, To: to, Asset: asset,
		Amount: chains.NewAmount(100), Time: time.Unix(int64(height), 0).UTC(),
	}
}

func TestVisits(t *testing.T) {
	amount := chains.NewAmount
	hop := func(deposit string, of graph.Transfer, traced int64, depth int) graph.Hop {
		return graph.Hop{Deposit: deposit, Transfer: of, Traced: amount(traced), Depth: depth}
	}
	end := func(deposit, kind string, of graph.Transfer) graph.End {
		return graph.End{Deposit: deposit, Kind: kind, Key: of.Key, Address: of.To, Asset: of.Asset}
	}
	fee := moved(3, 1, "", "ETH")
	trace := graph.Trace{
		Case: "1", Rule: "fifo",
		Deposits: []graph.Deposit{{ID: "d", Transfer: moved(1, 0, "a", "ETH")}, {ID: "e", Transfer: moved(2, 0, "a", "ETH")}, {ID: "f", Transfer: moved(2, 1, "", "BTC")}},
		Hops: []graph.Hop{
			hop("d", moved(7, 0, "b", "ETH"), 30, 3), // the later one first
			hop("d", moved(4, 0, "b", "ETH"), 20, 1),
			hop("d", moved(4, 1, "b", "ETH"), 5, 1), // in the same transaction
			hop("d", moved(4, 2, "b", "USDT"), 9, 1),
			hop("d", fee, 1, 1),
			hop("e", moved(9, 0, "b", "ETH"), 2, 2),
			hop("e", moved(9, 1, "0", "ETH"), 2, 2),
		},
		Ends: []graph.End{
			end("d", "unspent", moved(7, 0, "b", "ETH")), end("d", "hub", moved(4, 0, "b", "ETH")), end("d", "fee", fee),
			end("e", "unspent", moved(9, 1, "0", "ETH")), end("e", "lost", moved(9, 1, "nowhere it came", "ETH")),
		},
	}
	at := func(height uint64) graph.Moment {
		return graph.Moment{At: chains.Position{Height: height}, Time: time.Unix(int64(height), 0).UTC()}
	}
	visit := func(address chains.Address, deposit string, asset chains.Asset, traced int64, depth int, first, last uint64, end string) graph.Visit {
		return graph.Visit{
			Case: "1", Rule: "fifo", Deposit: deposit, Address: graph.Address{Chain: "ethereum", Address: address}, Asset: asset,
			Traced: amount(traced), Depth: depth, First: at(first), Last: at(last), End: end,
		}
	}
	want := []graph.Visit{
		visit("0", "e", "ETH", 2, 2, 9, 9, "unspent"),
		visit("a", "d", "ETH", 100, 0, 1, 1, ""),
		visit("a", "e", "ETH", 100, 0, 2, 2, ""),
		visit("b", "d", "ETH", 55, 1, 4, 7, "hub"),
		visit("b", "d", "USDT", 9, 1, 4, 4, ""),
		visit("b", "e", "ETH", 2, 2, 9, 9, ""),
	}
	if diff := cmp.Diff(want, trace.Visits(), cmp.Comparer(chains.Amount.Equal)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestKept(t *testing.T) {
	b := graph.Batch{Traces: []graph.Trace{
		{Case: "2", Rule: "fifo", Digest: "first"}, {Case: "1", Rule: "haircut"}, {Case: "2", Rule: "fifo", Digest: "last"}, {Case: "1", Rule: "fifo"},
	}}
	kept, err := b.Kept()
	if err != nil {
		t.Fatal(err)
	}
	var got []graph.TraceRef
	for _, k := range kept {
		got = append(got, k.Ref())
	}
	want := []graph.TraceRef{{Case: "1", Rule: "fifo"}, {Case: "1", Rule: "haircut"}, {Case: "2", Rule: "fifo", Digest: "last"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
