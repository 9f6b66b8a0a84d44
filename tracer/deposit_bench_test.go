package tracer_test

import (
	"encoding/binary"
	"fmt"
	"iter"
	"math/rand/v2"
	"testing"
	"time"

	"tsuiseki/chains"
	"tsuiseki/chains/index"
	"tsuiseki/fixtures"
	"tsuiseki/tracer"
	"tsuiseki/tracer/cluster"
)

// askingLedger asks the heuristics of deposit addresses, each account once.
type askingLedger struct {
	benchLedger
	exchange map[chains.Address]string
	asked    map[chains.Address]tracer.Inference
	read     int
}

func (l *askingLedger) Infer(account chains.Address) (tracer.Inference, error) {
	if known, asked := l.asked[account]; asked {
		return known, nil
	}
	d, err := cluster.FindDepositAddress(askedChain{l}, account, cluster.DepositHeuristics(), cluster.DefaultDepositParams())
	if err != nil {
		return tracer.Inference{}, err
	}
	l.read += d.Read
	var found tracer.Inference
	if d.Best() != nil {
		found.Stop = tracer.Stop{Kind: tracer.EndExchange, Label: d.Label}
	}
	l.asked[account] = found
	return found, nil
}

func (l *askingLedger) Stop(account chains.Address, _ time.Time) (tracer.Stop, bool, error) {
	name, known := l.exchange[account]
	return tracer.Stop{Kind: tracer.EndService, Label: name}, known, nil
}

// askedChain answers the heuristics from the index.
type askedChain struct{ *askingLedger }

func (c askedChain) Touching(account chains.Address, from chains.Position) iter.Seq2[*chains.Tx, error] {
	return c.AccountView.Touching(account, from)
}

func (c askedChain) Party(account chains.Address, _ time.Time) (cluster.Party, error) {
	name, known := c.exchange[account]
	return cluster.Party{Exchange: name, Label: name, Known: known}, nil
}

func (c askedChain) Code(account chains.Address) (cluster.Code, error) {
	code, err := c.AccountView.Code(account)
	return cluster.Code{Contract: code.Any(), Token: code.Token != nil, Mixer: code.Mixer != nil}, err
}

func (askedChain) SignedBefore(chains.Address) (cluster.Verdict, error) { return cluster.No, nil }

func benchAccount(n int) chains.Address { return chains.Address(fmt.Sprintf("0x%040x", 0x1000+n)) }

func benchIndex(b *testing.B, c *fixtures.AccountChain) *index.AccountView {
	b.Helper()
	x, err := index.OpenAccounts(index.Options{Dir: b.TempDir(), Chain: "ethereum"})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { x.Close() })
	if _, err := x.Sync(b.Context(), c, index.SyncOptions{}); err != nil {
		b.Fatal(err)
	}
	v, err := x.View(b.Context(), nil)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { v.Close() })
	return v
}

// BenchmarkTraceAsking follows early payments through a million transfers, with ten
// labelled wallets of an exchange among the holders, without heuristics and with
// them. Every iteration begins with nothing asked.
func BenchmarkTraceAsking(b *testing.B) {
	v := benchIndex(b, benchChain(1_000_000))
	exchange := map[chains.Address]string{}
	for n := range 10 {
		exchange[benchAccount(5_000+n*100)] = "x"
	}
	for _, on := range []bool{false, true} {
		b.Run(map[bool]string{false: "off", true: "on"}[on], func(b *testing.B) {
			hops, asked, read, start := 0, 0, 0, time.Now()
			for n := 0; b.Loop(); n++ {
				tx, err := v.TxAt(chains.Position{Height: uint64(40 + n%100)})
				if err != nil {
					b.Fatal(err)
				}
				l := &askingLedger{benchLedger: benchLedger{v}, exchange: exchange, asked: map[chains.Address]tracer.Inference{}}
				var ledger tracer.Ledger = l
				if !on {
					ledger = struct{ tracer.Ledger }{l}
				}
				r, err := tracer.TraceAccounts(b.Context(), ledger, []tracer.AccountDeposit{{Tx: tx}}, tracer.Params{Rule: "fifo", Budget: 20_000, HubDegree: 1000})
				if err != nil {
					b.Fatal(err)
				}
				hops, asked, read = hops+len(r.Hops), asked+len(l.asked), read+l.read
			}
			b.ReportMetric(float64(hops)/time.Since(start).Seconds(), "hops/s")
			b.ReportMetric(float64(hops)/float64(b.N), "hops/op")
			b.ReportMetric(float64(asked)/float64(b.N), "asked/op")
			b.ReportMetric(float64(read)/float64(max(asked, 1)), "reads/asked")
		})
	}
}

// sweptTransfers are payments of a token into deposit addresses, the first of which
// get most, and a sweep after every eighth.
func sweptTransfers(payments int) (c *fixtures.AccountChain, touched map[int]int) {
	const perBlock, addresses, batch, token = 150, 20_000, 8, chains.Asset("0x00000000000000000000000000000000000000ff")
	random := rand.New(rand.NewPCG(5, 6))
	touched, held := map[int]int{}, map[int]int64{}
	c = &fixtures.AccountChain{Finality: -1}
	count := 0
	add := func(from, to chains.Address, n int64) {
		if count%perBlock == 0 {
			block := &chains.Block{}
			block.Height, block.Time = uint64(count/perBlock), time.Unix(1_600_000_000+int64(count/perBlock)*12, 0).UTC()
			binary.BigEndian.PutUint64(block.Hash[24:], block.Height+1)
			binary.BigEndian.PutUint64(block.Parent[24:], block.Height)
			c.Held = append(c.Held, block)
		}
		block := c.Held[len(c.Held)-1]
		t := chains.Transfer{Kind: chains.TokenTransfer, Index: uint32(count % perBlock), From: from, To: to, Asset: token, Amount: chains.NewAmount(n)}
		tx := chains.Tx{Block: block.BlockRef, Time: block.Time, Index: uint32(len(block.Txs)), From: from, To: chains.Address(token), Transfers: []chains.Transfer{t}}
		binary.BigEndian.PutUint64(tx.ID[:], uint64(count)*0x9e3779b97f4a7c15+1)
		block.Txs = append(block.Txs, tx)
		count++
	}
	for range payments {
		u := random.Float64()
		d, n := int(u*u*u*addresses), 1+random.Int64N(1_000_000)
		add(benchAccount(100_000+random.IntN(50_000)), benchAccount(d), n)
		held[d] += n
		if touched[d]++; touched[d]%(batch+1) == batch {
			add(benchAccount(d), benchAccount(1_000_000), held[d])
			held[d] = 0
			touched[d]++
		}
	}
	return c, touched
}

// BenchmarkAskAccount asks one account: holders of the heavy-tailed chain, most of
// which are ruled out soon, and deposit addresses by how many transactions touch them.
// It states the cost against one random read of a transaction in the same run.
func BenchmarkAskAccount(b *testing.B) {
	ask := func(b *testing.B, v *index.AccountView, exchange map[chains.Address]string, accounts []int, want bool) {
		l, read := &askingLedger{benchLedger: benchLedger{v}, exchange: exchange}, randomReads(b, v)
		yes, start := 0, time.Now()
		for n := 0; b.Loop(); n++ {
			l.asked = map[chains.Address]tracer.Inference{}
			found, err := l.Infer(benchAccount(accounts[n%len(accounts)]))
			if err != nil {
				b.Fatal(err)
			}
			if found.Kind != "" {
				yes++
			}
		}
		if want != (yes > 0) {
			b.Fatalf("%d of %d are deposit addresses", yes, b.N)
		}
		b.ReportMetric(float64(l.read)/float64(b.N), "txs/op")
		b.ReportMetric(time.Since(start).Seconds()/float64(b.N)/read, "reads/op")
	}
	b.Run("ordinary", func(b *testing.B) {
		v, random := benchIndex(b, benchChain(300_000)), rand.New(rand.NewPCG(7, 8))
		accounts := make([]int, 1_000)
		for i := range accounts {
			accounts[i] = random.IntN(50_000)
		}
		b.ResetTimer()
		ask(b, v, map[chains.Address]string{benchAccount(5_000): "x"}, accounts, false)
	})
	c, touched := sweptTransfers(300_000)
	v := benchIndex(b, c)
	for _, degree := range [][2]int{{20, 27}, {40, 60}, {200, 300}, {600, 1_000}} {
		var accounts []int
		for d := 0; d < 20_000 && len(accounts) < 200; d++ {
			if n := touched[d]; n >= degree[0] && n <= degree[1] {
				accounts = append(accounts, d)
			}
		}
		b.Run(fmt.Sprintf("deposit-%d-%d", degree[0], degree[1]), func(b *testing.B) {
			if len(accounts) == 0 {
				b.Skip("no account of this degree")
			}
			ask(b, v, map[chains.Address]string{benchAccount(1_000_000): "x"}, accounts, true)
		})
	}
}
