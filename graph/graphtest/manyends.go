package graphtest

import (
	"context"
	"iter"
	"slices"
	"strconv"
	"testing"

	"tsuiseki/chains"
	"tsuiseki/graph"
)

// onePayment is a chain on which each account makes one payment, in an order of its own.
type onePayment struct {
	n     int // accounts
	asked int // for histories
}

func (p *onePayment) Snapshot() chains.Snapshot {
	return chains.Snapshot{Chain: chains.Ethereum, BlockRef: chains.BlockRef{Height: uint64(p.n), Hash: chains.BlockHash{1}}}
}

func (p *onePayment) Hash(uint64) (chains.BlockHash, bool, error) {
	return chains.BlockHash{1}, true, nil
}

// tx is what an account pays: to an account of no other's.
func (p *onePayment) tx(account int) *graph.Tx {
	at := chains.Position{Height: uint64(account)}
	return &graph.Tx{Chain: chains.Ethereum, At: at, ID: chains.TxID{byte(account), byte(account >> 8), byte(account >> 16), 1}, Time: Start, Transfers: []graph.Transfer{{
		Key: graph.Key{Chain: chains.Ethereum, At: at}, Kind: chains.NativeTransfer, From: Name(account), To: Name(p.n + account),
		Asset: "ETH", Amount: chains.NewAmount(1), Time: Start,
	}}}
}

func (p *onePayment) History(address chains.Address) iter.Seq2[*graph.Tx, error] {
	p.asked++
	return func(yield func(*graph.Tx, error) bool) {
		if n, err := strconv.ParseUint(string(address[2:]), 16, 64); err == nil { // Name's number and one
			yield(p.tx(int(n-1)%p.n), nil)
		}
	}
}

// testManyEnds: an end of very many addresses is read piece by piece; no further
// than the work allows, and then the answer says so.
func testManyEnds(t *testing.T, open func(t *testing.T) graph.Archive) {
	const few, many = 1_200, 50_000
	for _, c := range []struct {
		name        string
		accounts    int
		work, asked int
		backward    bool
		answer      graph.Answer
		usedUp      bool
	}{
		{name: "all of few", accounts: few, asked: few + 1, answer: graph.Found},
		{name: "all of few, as whom money reached", accounts: few, asked: few + 1, backward: true, answer: graph.Found},
		{name: "some of many, seen from the other end", accounts: many, work: 500, asked: 1_001, answer: graph.Found, usedUp: true},
		{name: "some of many, as whom money reached", accounts: many, work: 500, asked: 1_001, backward: true, answer: graph.NotWithinLimits, usedUp: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			store, chain := open(t), &onePayment{n: c.accounts}
			defer store.Close()
			last := c.accounts - 1
			q := graph.Query{MaxHops: 3, K: 1, By: graph.ByAmount, Work: c.work, To: []graph.Address{{Chain: chains.Ethereum, Address: Name(c.accounts + last)}}}
			for account := range c.accounts {
				q.From = append(q.From, graph.Address{Chain: chains.Ethereum, Address: Name(account)})
			}
			if c.backward {
				for i := range q.From {
					q.From[i].Address = Name(c.accounts + i)
				}
				q.From, q.To = []graph.Address{{Chain: chains.Ethereum, Address: Name(last)}}, slices.Clone(q.From)
			}
			got, err := graph.Paths(context.Background(), store, map[chains.Chain]graph.Chain{chains.Ethereum: chain}, q)
			if err != nil {
				t.Fatal(err)
			}
			if got.Answer != c.answer || got.Explored.Cut.Work != c.usedUp || chain.asked > c.asked {
				t.Errorf("%s, %+v; %d histories were asked for, want at most %d", got.Answer, got.Explored.Cut, chain.asked, c.asked)
			}
		})
	}
}
