package tracer_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"tsuiseki/chains"
	"tsuiseki/chains/index"
	"tsuiseki/fixtures"
	"tsuiseki/tracer"
)

// benchLedger answers from an index that holds the whole history.
type benchLedger struct {
	*index.AccountView
}

func (benchLedger) Native() chains.Asset { return "ETH" }

func (l benchLedger) Opening(account chains.Address, asset chains.Asset, before chains.Position) (tracer.Opening, error) {
	sum, _, err := l.Balance(account, asset, before)
	return tracer.Opening{Balance: sum}, err
}

func (l benchLedger) Contract(account chains.Address) (bool, error) {
	_, _, ok, err := l.AccountView.Contract(account)
	return ok, err
}

func (l benchLedger) Frozen(asset chains.Asset, account chains.Address) (chains.Position, bool, error) {
	frozen, since, _, err := l.AccountView.Frozen(asset, account, chains.Position{Height: l.Snapshot().Height + 1})
	return since, frozen, err
}

func (benchLedger) Token(chains.Asset) (*chains.Token, error) { return nil, nil }

func (benchLedger) Stop(chains.Address, time.Time) (tracer.Stop, bool, error) {
	return tracer.Stop{}, false, nil
}

// benchChain moves one token among accounts, the busiest of which take part in
// most of the transfers.
func benchChain(transfers int) *fixtures.AccountChain {
	const perBlock, holders, token = 150, 50_000, chains.Asset("0x00000000000000000000000000000000000000ff")
	random := rand.New(rand.NewPCG(1, 2))
	account := func() int {
		n := random.Float64()
		return int(n * n * n * holders) // heavy-tailed
	}
	name := func(n int) chains.Address { return chains.Address(fmt.Sprintf("0x%040x", 0x1000+n)) }
	balance := make([]int64, holders)
	c := &fixtures.AccountChain{Finality: -1}
	var block *chains.Block
	for i := range transfers {
		if i%perBlock == 0 {
			block = &chains.Block{}
			block.Height, block.Time = uint64(i/perBlock), time.Unix(1_600_000_000+int64(i/perBlock)*12, 0).UTC()
			binary.BigEndian.PutUint64(block.Hash[24:], block.Height+1)
			binary.BigEndian.PutUint64(block.Parent[24:], block.Height)
			c.Held = append(c.Held, block)
		}
		t := chains.Transfer{Kind: chains.TokenTransfer, Index: uint32(i % perBlock), From: chains.ZeroAddress, Asset: token}
		to, from, value := account(), account(), int64(1_000_000)
		if i > holders/10 && balance[from] > 1 {
			value = 1 + random.Int64N(balance[from])
			balance[from] -= value
			t.From = name(from)
		}
		balance[to] += value
		t.To, t.Amount = name(to), chains.NewAmount(value)
		tx := chains.Tx{Block: block.BlockRef, Time: block.Time, Index: uint32(len(block.Txs)), From: t.From, To: chains.Address(token), Transfers: []chains.Transfer{t}}
		binary.BigEndian.PutUint64(tx.ID[:], uint64(i)*0x9e3779b97f4a7c15+1)
		block.Txs = append(block.Txs, tx)
	}
	return c
}

// BenchmarkTraceAccounts follows early payments through a million transfers and
// states the rate of hops, and what a hop costs against one random read of a
// transaction in the same run.
func BenchmarkTraceAccounts(b *testing.B) {
	c := benchChain(1_000_000)
	x, err := index.OpenAccounts(index.Options{Dir: b.TempDir(), Chain: "ethereum"})
	if err != nil {
		b.Fatal(err)
	}
	defer x.Close()
	if _, err := x.Sync(b.Context(), c, index.SyncOptions{}); err != nil {
		b.Fatal(err)
	}
	v, err := x.View(b.Context(), nil)
	if err != nil {
		b.Fatal(err)
	}
	defer v.Close()
	read := randomReads(b, v)
	for _, rule := range []string{"fifo", "haircut", "poison"} {
		b.Run(rule, func(b *testing.B) {
			hops, start := 0, time.Now()
			for n := 0; b.Loop(); n++ {
				tx, err := v.TxAt(chains.Position{Height: uint64(40 + n%100)})
				if err != nil {
					b.Fatal(err)
				}
				r, err := tracer.TraceAccounts(b.Context(), benchLedger{v}, []tracer.AccountDeposit{{Tx: tx}}, tracer.Params{Rule: rule, Budget: 20_000, HubDegree: 1000})
				if err != nil {
					b.Fatal(err)
				}
				hops += len(r.Hops)
			}
			perHop := time.Since(start).Seconds() / float64(max(hops, 1))
			b.ReportMetric(1/perHop, "hops/s")
			b.ReportMetric(float64(hops)/float64(b.N), "hops/op")
			b.ReportMetric(perHop/read, "reads/hop")
		})
	}
}

// randomReads is the time of one read of a transaction anywhere in the index.
func randomReads(b *testing.B, v *index.AccountView) (seconds float64) {
	const reads = 50_000
	random := rand.New(rand.NewPCG(3, 4))
	start := time.Now()
	for range reads {
		if _, err := v.TxAt(chains.Position{Height: random.Uint64N(v.Snapshot().Height), Tx: uint32(random.IntN(150))}); err != nil {
			b.Fatal(err)
		}
	}
	return time.Since(start).Seconds() / reads
}
