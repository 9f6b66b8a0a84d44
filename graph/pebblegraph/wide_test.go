package pebblegraph_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/go-cmp/cmp"

	"tsuiseki/chains"
	"tsuiseki/graph"
	"tsuiseki/graph/graphtest"
	"tsuiseki/graph/pebblegraph"
)

// wide is a transaction with many outputs, each of which one of the others spends, and
// the last of these spends what nobody made. Half of the spenders do not know whose
// the output was.
func wide(outputs int) []graph.Tx {
	id := func(n int) chains.TxID { return sha256.Sum256(fmt.Append(nil, n)) }
	one := func(n int) chains.Amount { return chains.NewAmount(int64(n + 1)) }
	made := graph.Tx{Chain: chains.Bitcoin, ID: id(0), Time: graphtest.Start}
	all := []graph.Tx{made}
	for n := range outputs {
		t := graph.Transfer{
			Key: graph.Key{Chain: made.Chain, N: uint32(n)}, Kind: graph.Output, Index: uint32(n),
			To: graphtest.Name(n), Asset: "BTC", Amount: one(n), Time: made.Time,
		}
		all[0].Transfers = append(all[0].Transfers, t)
		next := graph.Tx{Chain: made.Chain, At: chains.Position{Height: 1, Tx: uint32(n)}, ID: id(n + 1), Time: made.Time}
		spend := graph.Spend{Output: chains.Outpoint{Tx: made.ID, Index: uint32(n)}}
		if n%2 == 0 {
			spend.Address, spend.Amount = t.To, t.Amount
		}
		next.Spends = append(next.Spends, spend)
		t.Key = graph.Key{Chain: made.Chain, At: next.At}
		next.Transfers = append(next.Transfers, t)
		all = append(all, next)
	}
	last := &all[len(all)-1]
	last.Spends = append(last.Spends, graph.Spend{Output: chains.Outpoint{Tx: id(-1)}})
	return all
}

func keys(txs []graph.Tx) (all []graph.Key) {
	for _, tx := range txs {
		for _, t := range tx.Transfers {
			all = append(all, t.Key)
		}
	}
	return all
}

// TestWide asks for what spends, and what made, many outputs of one transaction.
func TestWide(t *testing.T) {
	s, memory := open(t), graphtest.NewMemory()
	defer s.Close()
	ctx, txs := context.Background(), wide(50)
	ask := func(store graph.Store) (lines []string) {
		if err := store.Write(ctx, &graph.Batch{Txs: txs}); err != nil {
			t.Fatal(err)
		}
		for step, err := range store.Followers(ctx, keys(txs)) {
			lines = append(lines, fmt.Sprintf("follower %+v %v", step, err))
		}
		for source, err := range store.Sources(ctx, keys(txs)) {
			lines = append(lines, fmt.Sprintf("source %+v %v", source, err))
		}
		return lines
	}
	want, got := ask(memory), ask(s)
	if len(want) != 50+51 {
		t.Fatalf("%d answers: the test tests nothing", len(want))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-memory +pebble):\n%s", diff)
	}
}

// BenchmarkWide follows all outputs of a transaction, and goes back from what spends them.
func BenchmarkWide(b *testing.B) {
	s, err := pebblegraph.Open(pebblegraph.Options{Dir: "graph", FS: vfs.NewMem()})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	ctx, txs := context.Background(), wide(2_000)
	if err := s.Write(ctx, &graph.Batch{Txs: txs}); err != nil {
		b.Fatal(err)
	}
	b.Run("followers", func(b *testing.B) {
		for b.Loop() {
			for _, err := range s.Followers(ctx, keys(txs[:1])) {
				if err != nil {
					b.Fatal(err)
				}
			}
		}
	})
	b.Run("sources", func(b *testing.B) {
		for b.Loop() {
			for _, err := range s.Sources(ctx, keys(txs[1:])) {
				if err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}
