package index_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"iter"
	"math/big"
	"math/rand/v2"
	"os"
	"runtime"
	"runtime/metrics"
	"strconv"
	gosync "sync"
	"testing"
	"time"

	"tsuiseki/chains"
	"tsuiseki/chains/index"
)

const (
	roundBlocks  = 200
	txsOfBlock   = 200
	hotAccounts  = 1 << 18
	coldPrefix   = "0xcc" // accounts that differ in each round
	manyTokens   = 3000
	coldOf16     = 6 // sides of transfers that fall to cold accounts
	sizeVariable = "TSUISEKI_BENCH_TRANSFERS"
)

// busyChain repeats random blocks as one chain: heavy-tailed accounts and tokens,
// with new transactions and cold accounts in each round.
type busyChain struct {
	round     []*chains.Block
	rounds    uint64
	transfers uint64 // in all rounds
}

// newBusyChain makes a chain of at least so many transfers. Whole blocks have the
// transactions' values and fees; others the tokens' logs alone.
func newBusyChain(atLeast uint64, whole bool) *busyChain {
	c := &busyChain{}
	r := rand.New(rand.NewPCG(1, 2))
	hot := make([]chains.Address, hotAccounts)
	for i := range hot {
		hot[i] = randomAddress(r)
	}
	tokens := make([]chains.Asset, manyTokens)
	for i := range tokens {
		tokens[i] = chains.Asset(randomAddress(r))
	}
	zipf, zipfToken := rand.NewZipf(r, 1.2, 8, hotAccounts-1), rand.NewZipf(r, 1.3, 2, manyTokens-1)
	account := func() chains.Address {
		if r.IntN(16) < coldOf16 {
			return coldPrefix + randomAddress(r)[len(coldPrefix):]
		}
		return hot[zipf.Uint64()]
	}
	amount := func() chains.Amount {
		n := new(big.Int).SetUint64(r.Uint64() >> r.IntN(40))
		return chains.BigAmount(n.Lsh(n, uint(r.IntN(20))))
	}
	perRound := uint64(0)
	for range roundBlocks {
		b := &chains.Block{Producer: hot[zipf.Uint64()]}
		for i := range uint32(txsOfBlock) {
			tx := chains.Tx{Index: i, From: account()}
			for at := 0; at < len(tx.ID); at += 8 {
				binary.BigEndian.PutUint64(tx.ID[at:], r.Uint64())
			}
			token := tokens[zipfToken.Uint64()]
			if whole {
				tx.To = chains.Address(token)
				value := chains.Amount{}
				if i%3 == 0 {
					tx.To, value = account(), amount()
				}
				tx.Transfers = append(
					tx.Transfers,
					chains.Transfer{Kind: chains.NativeTransfer, From: tx.From, To: tx.To, Asset: "ETH", Amount: value},
					chains.Transfer{Kind: chains.FeeTransfer, From: tx.From, Asset: "ETH", Amount: amount()},
					chains.Transfer{Kind: chains.TipTransfer, From: tx.From, To: b.Producer, Asset: "ETH", Amount: amount()},
				)
			}
			if i%3 != 0 || !whole {
				tx.Transfers = append(tx.Transfers, chains.Transfer{Kind: chains.TokenTransfer, Index: i, From: tx.From, To: account(), Asset: token, Amount: amount()})
			}
			perRound += uint64(len(tx.Transfers))
			b.Txs = append(b.Txs, tx)
		}
		c.round = append(c.round, b)
	}
	c.rounds = (atLeast + perRound - 1) / perRound
	c.transfers = perRound * c.rounds
	return c
}

func randomAddress(r *rand.Rand) chains.Address {
	return chains.Address(fmt.Sprintf("0x%016x%016x%08x", r.Uint64(), r.Uint64(), r.Uint32()))
}

func (c *busyChain) Chain() chains.Chain { return chains.Ethereum }

func (c *busyChain) ref(height uint64) (ref chains.BlockRef) {
	ref.Height = height
	binary.BigEndian.PutUint64(ref.Hash[:], height*0x9e3779b97f4a7c15)
	return ref
}

func (c *busyChain) Tip(context.Context) (chains.BlockRef, error) {
	return c.ref(c.rounds*roundBlocks - 1), nil
}

func (c *busyChain) Final(ctx context.Context) (chains.BlockRef, error) { return c.Tip(ctx) }

func (c *busyChain) BlockHash(_ context.Context, height uint64) (chains.BlockHash, error) {
	return c.ref(height).Hash, nil
}

func (c *busyChain) Tokens(_ context.Context, _ chains.BlockRef, assets []chains.Asset) ([]*chains.Token, error) {
	return make([]*chains.Token, len(assets)), nil
}

func (c *busyChain) Blocks(_ context.Context, from, to uint64) iter.Seq2[*chains.Block, error] {
	return func(yield func(*chains.Block, error) bool) {
		for height := from; height <= to; height++ {
			block := c.inRound(*c.round[height%roundBlocks], height/roundBlocks)
			block.BlockRef, block.Time = c.ref(height), time.Unix(int64(height)*12, 0)
			if height > 0 {
				block.Parent = c.ref(height - 1).Hash
			}
			if !yield(&block, nil) {
				return
			}
		}
	}
}

// inRound changes a block's ids and cold accounts to those of a round.
func (c *busyChain) inRound(block chains.Block, round uint64) chains.Block {
	if round == 0 {
		return block
	}
	infix := chains.Address(fmt.Sprintf("%04x", round))
	change := func(address *chains.Address) {
		if len(*address) > 8 && (*address)[:len(coldPrefix)] == coldPrefix {
			*address = (*address)[:4] + infix + (*address)[8:]
		}
	}
	block.Txs = append([]chains.Tx(nil), block.Txs...)
	for i := range block.Txs {
		tx := &block.Txs[i]
		binary.BigEndian.PutUint64(tx.ID[:], binary.BigEndian.Uint64(tx.ID[:])^round*0x9e3779b97f4a7c15)
		tx.Transfers = append([]chains.Transfer(nil), tx.Transfers...)
		for n := range tx.Transfers {
			change(&tx.Transfers[n].From)
			change(&tx.Transfers[n].To)
		}
	}
	return block
}

// BenchmarkAccounts indexes a million transfers, or as many as the environment
// says: of whole blocks, and of token logs alone. Fees and tips count as
// transfers, each of which is two sides in the movements.
func BenchmarkAccounts(b *testing.B) {
	size := uint64(1_000_000)
	if text := os.Getenv(sizeVariable); text != "" {
		var err error
		if size, err = strconv.ParseUint(text, 10, 64); err != nil {
			b.Fatal(err)
		}
	}
	for name, whole := range map[string]bool{"whole": true, "logs": false} {
		b.Run(name, func(b *testing.B) {
			c := newBusyChain(size, whole)
			var indexing, reading float64
			var disk, peak uint64
			for b.Loop() {
				reading += seconds(func() {
					for _, err := range c.Blocks(b.Context(), 0, c.rounds*roundBlocks-1) {
						if err != nil {
							b.Fatal(err)
						}
					}
				})
				runtime.GC()
				stop := watchHeap()
				indexing += seconds(func() { disk = indexAccounts(b, c) })
				peak = max(peak, stop())
			}
			n := float64(c.transfers) * float64(b.N)
			b.ReportMetric(n/indexing, "transfers/s")
			b.ReportMetric(n/reading, "made/s")
			b.ReportMetric(float64(disk)/float64(c.transfers), "disk-B/transfer")
			b.ReportMetric(float64(peak)/1e6, "peak-heap-MB")
		})
	}
}

func indexAccounts(b *testing.B, c *busyChain) (disk uint64) {
	x, err := index.OpenAccounts(index.Options{Dir: b.TempDir(), Chain: chains.Ethereum})
	if err != nil {
		b.Fatal(err)
	}
	defer x.Close()
	if _, err := x.Sync(b.Context(), c, index.SyncOptions{}); err != nil {
		b.Fatal(err)
	}
	status, err := x.Status(b.Context())
	if err != nil || status.Transfers != c.transfers {
		b.Fatalf("%+v, %v", status, err)
	}
	return status.DiskBytes
}

// watchHeap samples how far the heap grows above what it is now.
func watchHeap() (stop func() uint64) {
	heap := func() uint64 {
		sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		metrics.Read(sample)
		return sample[0].Value.Uint64()
	}
	before, peak := heap(), uint64(0)
	done := make(chan struct{})
	var watching gosync.WaitGroup
	watching.Go(func() {
		for {
			peak = max(peak, heap())
			select {
			case <-done:
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	})
	return func() uint64 {
		close(done)
		watching.Wait()
		return peak - before
	}
}
