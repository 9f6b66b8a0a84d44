package tracer_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"tsuiseki/chains"
	"tsuiseki/fixtures"
	"tsuiseki/graph"
	"tsuiseki/tracer"
	"tsuiseki/tracer/filing"
	"tsuiseki/tracer/taint"
)

// filed is what the graph has of the chains of a trace.
type filed map[string]*graph.Tx

func (f filed) tx(chain chains.Chain, id chains.TxID, height uint64) (*graph.Tx, error) {
	if tx := f[fmt.Sprint(chain, id, height)]; tx != nil {
		return tx, nil
	}
	return nil, fmt.Errorf("transaction %s at %d: %w", id, height, chains.ErrNotFound)
}

func (f filed) add(chain chains.Chain, tx *chains.Tx) {
	out := &graph.Tx{Chain: chain, At: tx.Position(), ID: tx.ID, Block: tx.Block.Hash, Time: tx.Time}
	for n, o := range tx.Outputs {
		out.Transfers = append(out.Transfers, graph.Transfer{Key: graph.Key{Chain: chain, At: out.At, N: uint32(n)}, Kind: graph.Output, Index: uint32(n), Asset: "BTC", Amount: o.Value, Time: tx.Time})
	}
	for n := range tx.Transfers {
		t := &tx.Transfers[n]
		if t.Payment() && !tx.Failed {
			out.Transfers = append(out.Transfers, graph.Transfer{Key: graph.Key{Chain: chain, At: out.At, N: uint32(n)}, Kind: t.Kind, Index: t.Index, From: t.From, To: t.To, Asset: t.Asset, Amount: t.Amount, Time: tx.Time})
		}
	}
	f[fmt.Sprint(chain, tx.ID, tx.Block.Height)] = out
}

func (f filed) source(chain chains.Chain, src *fixtures.Source) {
	for _, block := range src.Decoded {
		for i := range block.Txs {
			f.add(chain, &block.Txs[i])
		}
	}
}

func (f filed) ledger(l *memoryLedger) {
	for _, tx := range l.txs() {
		f.add(l.Snapshot().Chain, tx)
	}
}

// TestFiling: what the graph is told of a trace is what the trace says, transfer by
// transfer, and how deep is what trying all ways finds.
func TestFiling(t *testing.T) {
	t.Run("outputs", func(t *testing.T) {
		forEachRule(t, func(t *rapid.T, rule taint.Rule) {
			s := drawScenario(t, rule.Name)
			known := filed{}
			known.source(s.src.Chain(), s.src)
			checkFiling(t, s.run(t), known, rule.Conserves)
		})
	})
	t.Run("accounts", func(t *testing.T) {
		forEachRule(t, func(t *rapid.T, rule taint.Rule) {
			h := drawHistory(t, rule.Name)
			known := filed{}
			known.ledger(h.ledger())
			checkFiling(t, h.run(t), known, rule.Conserves)
		})
	})
	t.Run("across", func(t *testing.T) {
		forEachRule(t, func(t *rapid.T, rule taint.Rule) {
			c := drawCrossCase(t, rule.Name)
			known := filed{}
			known.source(c.src.Chain(), c.src)
			known.ledger(c.eth)
			checkFiling(t, c.run(t), known, rule.Conserves)
		})
	})
}

func checkFiling(t *rapid.T, r *tracer.Result, known filed, conserves bool) {
	said := func(a graph.Address) ([]graph.Member, []graph.Label, error) {
		return nil, []graph.Label{{Address: a, Label: "seen"}}, nil
	}
	batch, err := filing.File(r, filing.Filing{Case: "case", Tx: known.tx, Said: said})
	if err != nil {
		t.Fatal(err)
	}
	trace := &batch.Traces[0]
	depths := naiveDepths(r, known)
	type key struct {
		deposit  string
		transfer string
	}
	name := func(chain chains.Chain, id chains.TxID, height uint64, kind string, index uint32) string {
		return fmt.Sprint(chain, id, height, kind, index)
	}
	traced, depth := map[key]chains.Amount{}, map[key]int{}
	for i, h := range r.Hops {
		if h.Kind == "swap" || h.Kind == "wrap" {
			continue
		}
		k := key{h.Deposit, name(h.Chain, h.Tx, h.Height, h.Transfer, h.To.Index)}
		traced[k] = traced[k].Add(h.Traced)
		if have, is := depth[k]; !is || depths[i] < have {
			depth[k] = depths[i]
		}
	}
	held := map[graph.Key]*graph.Transfer{}
	for i := range batch.Txs {
		for n := range batch.Txs[i].Transfers {
			held[batch.Txs[i].Transfers[n].Key] = &batch.Txs[i].Transfers[n]
		}
	}
	for _, h := range trace.Hops {
		kind := string(h.Kind)
		if h.Kind == graph.Output {
			kind = ""
		}
		k := key{h.Deposit, name(h.Chain, h.Tx, h.At.Height, kind, h.Index)}
		if want := traced[k]; conserves && !want.Equal(h.Traced) || !conserves && !want.Min(h.Amount).Equal(h.Traced) {
			t.Fatalf("hop %+v: %s traced, want %s", h, h.Traced, want)
		}
		if h.Depth != depth[k] {
			t.Fatalf("hop %+v: depth %d, want %d", h, h.Depth, depth[k])
		}
		if fact := held[h.Key]; fact == nil || !fact.Amount.Equal(h.Amount) || fact.Asset != h.Asset || fact.From != h.From {
			t.Fatalf("hop %+v, and the graph would hold %+v", h, fact)
		}
		delete(traced, k)
	}
	if len(traced) > 0 {
		t.Fatalf("not filed: %v", traced)
	}
	checkMeans(t, r, trace)
	if len(trace.Ends) != len(r.Ends) || len(trace.Deposits) != len(r.Deposits) {
		t.Fatalf("%d ends of %d, %d deposits of %d", len(trace.Ends), len(r.Ends), len(trace.Deposits), len(r.Deposits))
	}
	checkVisits(t, trace)
}

// checkMeans: the transfer by which an account gave what it had changed an asset for
// says by which means, tokens that a contract minted included.
func checkMeans(t *rapid.T, r *tracer.Result, trace *graph.Trace) {
	for _, swap := range r.Hops {
		if swap.Kind != "swap" && swap.Kind != "wrap" {
			continue
		}
		for _, h := range trace.Hops {
			given := h.Deposit == swap.Deposit && h.Tx == swap.Tx && h.Index == swap.To.Index && h.Asset == swap.Asset && issuer(h.From, h.Asset) == swap.To.Address
			if given && h.Means != swap.Kind {
				t.Fatalf("hop %+v of %+v: by %s", h, swap, h.Means)
			}
		}
	}
}

// checkVisits: each address that something came to is visited, once a deposit and
// asset, and all that is said is of one of them.
func checkVisits(t *rapid.T, trace *graph.Trace) {
	visited := map[graph.Address]bool{}
	for _, v := range trace.Visits() {
		visited[v.Address] = true
	}
	for i, e := range trace.Ends {
		burned := graph.Address{Chain: e.Chain, Address: chains.ZeroAddress} // the token's contract has it
		if e.Address != "" && !visited[graph.Address{Chain: e.Chain, Address: e.Address}] && (e.Address != chains.Address(e.Asset) || !visited[burned]) {
			t.Fatalf("end %d at %s, which nothing came to", i, e.Address)
		}
	}
	if len(trace.Labels) != len(visited) || slices.ContainsFunc(trace.Labels, func(l graph.Label) bool { return !visited[l.Address] }) {
		t.Fatalf("%d labels of %d addresses", len(trace.Labels), len(visited))
	}
}

// naiveDepths tries all hops after all others until nothing gets shallower.
func naiveDepths(r *tracer.Result, known filed) []int {
	const far = 1 << 20
	at := func(chain chains.Chain, id chains.TxID, height uint64) chains.Position {
		tx, err := known.tx(chain, id, height)
		if err != nil {
			panic(err)
		}
		return tx.At
	}
	same := func(chain chains.Chain, a, b tracer.Endpoint, assetA, assetB chains.Asset) bool {
		if chain.Family() == chains.Bitcoin {
			return a.Tx == b.Tx && a.Index == b.Index
		}
		return issuer(a.Address, assetA) == issuer(b.Address, assetB) && assetA == assetB
	}
	depths := make([]int, len(r.Hops))
	for i := range depths {
		depths[i] = far
	}
	for changed := true; changed; {
		changed = false
		for j := range r.Hops {
			h := &r.Hops[j]
			source, asset, takes := h.Chain, h.Asset, 1
			if h.FromChain != "" {
				source = h.FromChain
			}
			if h.Swapped != nil {
				asset = h.Swapped.Asset
			}
			if h.Kind == "swap" || h.Kind == "wrap" {
				takes = 0
			}
			shallower := func(depth int) {
				if depth+takes < depths[j] {
					depths[j], changed = depth+takes, true
				}
			}
			for _, d := range r.Deposits {
				if d.ID == h.Deposit && d.Chain == source && (h.FromChain == "" || d.Tx == h.From.Tx) && same(source, tracer.Endpoint{Tx: d.Tx, Index: d.Index, Address: d.Address}, h.From, d.Asset, asset) {
					shallower(0)
				}
			}
			for i := range r.Hops {
				b := &r.Hops[i]
				if b.Deposit != h.Deposit || b.Chain != source || !same(source, b.To, h.From, b.Asset, asset) {
					continue
				}
				follows := b.Tx == h.From.Tx
				if h.FromChain == "" && source.Family() == chains.Ethereum {
					follows = at(b.Chain, b.Tx, b.Height).Compare(at(h.Chain, h.Tx, h.Height)) <= 0
				}
				if follows {
					shallower(depths[i])
				}
			}
		}
	}
	return depths
}

func issuer(account chains.Address, token chains.Asset) chains.Address {
	if account == chains.ZeroAddress {
		return chains.Address(token)
	}
	return account
}
