package graphtest

import (
	"context"
	"encoding/binary"
	"reflect"
	"testing"
	"time"

	"tsuiseki/chains"
	"tsuiseki/graph"
)

// LargeTrace is a trace of one deposit and many hops, each to an address of its own
// but for every tenth, which goes where all tenths go.
func LargeTrace(of graph.CaseID, hops int) graph.Trace {
	transfer := func(n int) graph.Transfer {
		to := n
		if n%10 == 0 {
			to = 0
		}
		return graph.Transfer{
			Key:  graph.Key{Chain: chains.Ethereum, At: chains.Position{Height: uint64(n), Tx: uint32(n % 100)}},
			Kind: chains.NativeTransfer, From: Name(n), To: Name(to + 1), Asset: "ETH", Amount: chains.NewAmount(int64(n)), Time: Start.Add(time.Duration(n) * time.Second),
		}
	}
	txid := func(n int) (id chains.TxID) {
		binary.BigEndian.PutUint64(id[:], uint64(n))
		return id
	}
	t := graph.Trace{
		Case: of, Rule: "fifo", Digest: "sha256:large", Engine: "v1",
		AsOf:     []graph.Anchor{{Chain: chains.Ethereum, BlockRef: chains.BlockRef{Height: uint64(hops)}}},
		Deposits: []graph.Deposit{{ID: "d", Transfer: transfer(0), Tx: txid(0)}},
	}
	for n := 1; n <= hops; n++ {
		t.Hops = append(t.Hops, graph.Hop{Deposit: "d", Transfer: transfer(n), Tx: txid(n), Traced: chains.NewAmount(int64(n)), Depth: n, Means: "transfer"})
	}
	return t
}

// TestLargeTrace replaces a trace by a large one, is stopped at first, and replaces
// that by a small one. Whenever it is stopped, one of both is there, whole.
func TestLargeTrace(t *testing.T, open func(t *testing.T) graph.Archive, hops int) {
	ctx := t.Context()
	s := open(t)
	defer s.Close()
	small, large := LargeTrace("1", 3), LargeTrace("1", hops)
	write := func(ctx context.Context, trace graph.Trace) error {
		return s.Write(ctx, &graph.Batch{Traces: []graph.Trace{trace}})
	}
	if err := write(ctx, small); err != nil {
		t.Fatal(err)
	}
	wantWhole(t, s, small)
	stopped := 0
	for wait := 20 * time.Millisecond; ; wait *= 4 {
		short, cancel := context.WithTimeout(ctx, wait)
		err := write(short, large)
		cancel()
		if err == nil {
			break
		}
		if wait > time.Hour {
			t.Fatal(err)
		}
		stopped++
		wantWhole(t, s, small, large)
	}
	t.Logf("stopped %d times", stopped)
	wantWhole(t, s, large)
	if err := write(ctx, small); err != nil {
		t.Fatal(err)
	}
	wantWhole(t, s, small)
	if err := s.Withdraw(ctx, "1", ""); err != nil {
		t.Fatal(err)
	}
	if kept, err := s.Trace(ctx, "1", "fifo"); kept != nil || err != nil {
		t.Errorf("withdrawn, it is still there: %v", err)
	}
}

// wantWhole wants one of traces, with its visits and no other.
func wantWhole(t *testing.T, s graph.Statements, either ...graph.Trace) {
	t.Helper()
	got, err := s.Trace(t.Context(), either[0].Case, either[0].Rule)
	if err != nil || got == nil {
		t.Fatalf("trace %v: %v", got, err)
	}
	var visits []graph.Visit
	for v, err := range s.AllVisits(t.Context(), got.Rule) {
		if err != nil {
			t.Fatal(err)
		}
		visits = append(visits, v)
	}
	for i := range either {
		want := Kept(&either[i])
		if reflect.DeepEqual(&want, got) && reflect.DeepEqual(want.Visits(), visits) {
			return
		}
	}
	t.Fatalf("none of %d traces is there whole: there are %d hops, %d visits", len(either), len(got.Hops), len(visits))
}
