package graphtest

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"iter"
	"math/rand/v2"
	"time"

	"tsuiseki/chains"
	"tsuiseki/graph"
)

// Economy is a large account chain for benchmarks, of one asset: few hubs take part in
// many payments, most accounts in few.
type Economy struct {
	Accounts, Transfers int
	rand                *rand.Rand
	zipf                *rand.Zipf
}

const (
	economyHubs   = 50
	economyPerTx  = 2
	economyHeight = 100       // transactions a block
	economyAsset  = 1<<32 - 1 // the account whose name the asset has
)

// NewEconomy has as many transfers between a quarter as many accounts.
func NewEconomy(seed uint64, transfers int) *Economy {
	r := rand.New(rand.NewPCG(seed, 0))
	e := &Economy{Accounts: transfers/4 + economyHubs, Transfers: transfers, rand: r}
	e.zipf = rand.NewZipf(r, 1.2, 8, uint64(e.Accounts-1))
	return e
}

// account is a random account, the busier the more likely.
func (e *Economy) account() int {
	if e.rand.IntN(5) == 0 {
		return e.rand.IntN(economyHubs)
	}
	if e.rand.IntN(3) == 0 {
		return int(e.zipf.Uint64())
	}
	return e.rand.IntN(e.Accounts)
}

// name is an account's address, as random to a store as those of a chain. The bits are
// mixed as by SplitMix64 (Steele, Lea, Flood 2014).
func (e *Economy) name(account int) chains.Address {
	var raw [24]byte
	for i := range 3 {
		x := uint64(3*account+i+1) * 0x9e3779b97f4a7c15
		x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
		x = (x ^ x>>27) * 0x94d049bb133111eb
		binary.BigEndian.PutUint64(raw[8*i:], x^x>>31)
	}
	var text [42]byte
	return chains.Address(hex.AppendEncode(append(text[:0], "0x"...), raw[:20]))
}

// Account is a random account that is no hub by design.
func (e *Economy) Account() graph.Address {
	return graph.Address{Chain: chains.Ethereum, Address: e.name(economyHubs + e.rand.IntN(e.Accounts-economyHubs))}
}

// Walk goes forward in time from the sender of a random transfer, two to six payments
// long, by accounts that so many transactions at most touch: a path leads from one end
// to the other.
func (e *Economy) Walk(ctx context.Context, store graph.Store, hubDegree int) (from, to graph.Address, err error) {
	for {
		n := e.rand.IntN(e.Transfers / economyPerTx)
		txs, err := store.Txs(ctx, chains.Ethereum, []chains.Position{positionOf(n)})
		if err != nil {
			return from, to, err
		}
		t := txs[0].Transfers[e.rand.IntN(economyPerTx)]
		from, seen := t.Sender(), map[graph.Address]bool{t.Sender(): true}
		for steps := 1 + e.rand.IntN(5); ; steps-- {
			degrees, err := store.Degree(ctx, []graph.Address{t.Sender(), t.Receiver()}, e.Snapshot().Height, hubDegree)
			if err != nil {
				return from, to, err
			}
			if max(degrees[0], degrees[1]) > hubDegree || seen[t.Receiver()] {
				break
			}
			seen[t.Receiver()] = true
			if steps == 0 {
				return from, t.Receiver(), nil
			}
			var next []graph.Transfer
			span := graph.Span{Address: t.Receiver(), From: t.At, To: chains.Position{Height: e.Snapshot().Height}}
			for step, err := range store.Sent(ctx, []graph.Span{span}) {
				if err != nil {
					return from, to, err
				}
				next = append(next, step.Transfer)
			}
			if len(next) == 0 {
				break
			}
			t = next[e.rand.IntN(len(next))]
		}
	}
}

func positionOf(tx int) chains.Position {
	return chains.Position{Height: uint64(tx / economyHeight), Tx: uint32(tx % economyHeight)}
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

// Load writes all transfers, so many transactions at once, and makes all accounts
// whole. It tells how long the store took for the transfers.
func (e *Economy) Load(ctx context.Context, store graph.Store, perBatch int) (took time.Duration, err error) {
	b := &graph.Batch{}
	write := func() error {
		began := time.Now()
		err := store.Write(ctx, b)
		took += time.Since(began)
		b = &graph.Batch{}
		return err
	}
	for n := range e.Transfers / economyPerTx {
		if b.Txs = append(b.Txs, e.tx(n)); len(b.Txs) == perBatch {
			if err := write(); err != nil {
				return took, err
			}
		}
	}
	if err := write(); err != nil {
		return took, err
	}
	for n := range e.Accounts {
		b.Whole = append(b.Whole, graph.Coverage{Address: graph.Address{Chain: chains.Ethereum, Address: e.name(n)}, Through: e.Snapshot().Height})
		if len(b.Whole) == perBatch || n == e.Accounts-1 {
			if err := store.Write(ctx, b); err != nil {
				return took, err
			}
			b = &graph.Batch{}
		}
	}
	return took, nil
}

func (e *Economy) tx(n int) graph.Tx {
	at := positionOf(n)
	tx := graph.Tx{Chain: chains.Ethereum, At: at, Time: Start.Add(time.Duration(at.Height) * 12 * time.Second)}
	for i := 0; i < len(tx.ID); i += 8 {
		binary.BigEndian.PutUint64(tx.ID[i:], e.rand.Uint64())
	}
	asset := chains.Asset(e.name(economyAsset))
	for i := range economyPerTx {
		tx.Transfers = append(tx.Transfers, graph.Transfer{
			Key: graph.Key{Chain: tx.Chain, At: at, N: uint32(i)}, Kind: chains.TokenTransfer, Index: uint32(i),
			From: e.name(e.account()), To: e.name(e.account()), Asset: asset, Amount: chains.NewAmount(1 + e.rand.Int64N(1e12)), Time: tx.Time,
		})
	}
	return tx
}
