package graphtest

import (
	"context"
	"iter"
	"math/rand/v2"
	"time"

	"tsuiseki/chains"
	"tsuiseki/graph"
)

// Economy is a large account chain for benchmarks: few hubs take part in many
// payments, most accounts in few.
type Economy struct {
	Accounts, Transfers int
	rand                *rand.Rand
	zipf                *rand.Zipf
}

const (
	economyHubs   = 50
	economyPerTx  = 2
	economyHeight = 100 // transactions a block
)

// NewEconomy has as many transfers between a quarter as many accounts.
func NewEconomy(seed uint64, transfers int) *Economy {
	r := rand.New(rand.NewPCG(seed, 0))
	e := &Economy{Accounts: transfers/4 + economyHubs, Transfers: transfers, rand: r}
	e.zipf = rand.NewZipf(r, 1.2, 8, uint64(e.Accounts-1))
	return e
}

// Account is a random account, the busier the more likely.
func (e *Economy) account() int {
	if e.rand.IntN(5) == 0 {
		return e.rand.IntN(economyHubs)
	}
	if e.rand.IntN(3) == 0 {
		return int(e.zipf.Uint64())
	}
	return e.rand.IntN(e.Accounts)
}

// Pair is two random accounts that are no hubs by design.
func (e *Economy) Pair() (from, to graph.Address) {
	name := func() graph.Address {
		return graph.Address{Chain: chains.Ethereum, Address: Name(economyHubs + e.rand.IntN(e.Accounts-economyHubs))}
	}
	return name(), name()
}

// Snapshot implements graph.Chain.
func (e *Economy) Snapshot() chains.Snapshot {
	return chains.Snapshot{Chain: chains.Ethereum, BlockRef: chains.BlockRef{Height: uint64(e.Transfers/economyPerTx/economyHeight) + 1}}
}

// Hash implements graph.Chain.
func (e *Economy) Hash(uint64) (chains.BlockHash, bool, error) { return chains.BlockHash{}, true, nil }

// History implements graph.Chain: Load has made everybody whole.
func (e *Economy) History(chains.Address) iter.Seq2[*graph.Tx, error] {
	return func(func(*graph.Tx, error) bool) {}
}

// Load writes all transfers, in batches of so many transactions.
func (e *Economy) Load(ctx context.Context, store graph.Store, batch int) error {
	b := &graph.Batch{}
	for n := range e.Transfers / economyPerTx {
		at := chains.Position{Height: uint64(n / economyHeight), Tx: uint32(n % economyHeight)}
		tx := graph.Tx{Chain: chains.Ethereum, At: at, Time: Start.Add(time.Duration(at.Height) * 12 * time.Second)}
		e.rand.Uint64()
		for i := range tx.ID {
			tx.ID[i] = byte(e.rand.Uint32())
		}
		for i := range economyPerTx {
			tx.Transfers = append(tx.Transfers, graph.Transfer{
				Key: graph.Key{Chain: tx.Chain, At: at, N: uint32(i)}, Kind: chains.TokenTransfer, Index: uint32(i),
				From: Name(e.account()), To: Name(e.account()), Asset: chains.Asset(Name(1 << 30)), Amount: chains.NewAmount(1 + e.rand.Int64N(1e12)), Time: tx.Time,
			})
		}
		if b.Txs = append(b.Txs, tx); len(b.Txs) == batch {
			if err := store.Write(ctx, b); err != nil {
				return err
			}
			b = &graph.Batch{}
		}
	}
	for n := range e.Accounts {
		b.Whole = append(b.Whole, graph.Coverage{Address: graph.Address{Chain: chains.Ethereum, Address: Name(n)}, Through: e.Snapshot().Height})
	}
	return store.Write(ctx, b)
}
