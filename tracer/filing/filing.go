// Package filing puts what traces found into the words of the graph.
package filing

import (
	"cmp"
	"fmt"
	"slices"

	"tsuiseki/chains"
	"tsuiseki/graph"
	"tsuiseki/tracer"
)

// Filing says how a trace is put into the graph.
type Filing struct {
	Case graph.CaseID
	// Tx is a transaction as the graph has it. The height tells which, where an id
	// occurs twice.
	Tx func(chain chains.Chain, id chains.TxID, height uint64) (*graph.Tx, error)
	// Said tells what inferences and attributions say of an address; it may be nil.
	Said func(graph.Address) ([]graph.Member, []graph.Label, error)
}

// File makes what the graph is to hold of a trace: its transactions, the blocks it
// rests on, and what it says. Of transfers it says once how much of a deposit moved
// with each, however many places it came from.
func File(r *tracer.Result, f Filing) (*graph.Batch, error) {
	c := &clerk{Filing: f, txs: map[filedTx]*graph.Tx{}, hops: map[filedHop]int{}}
	c.trace = graph.Trace{Case: f.Case, Rule: r.Rule, Digest: r.Digest, Engine: r.Engine.Version}
	for _, s := range r.Snapshot {
		c.trace.AsOf = append(c.trace.AsOf, graph.Anchor{Chain: s.Chain, BlockRef: chains.BlockRef{Height: s.Height, Hash: s.Hash}})
	}
	slices.SortFunc(c.trace.AsOf, func(a, b graph.Anchor) int { return cmp.Compare(a.Chain, b.Chain) })
	if err := c.deposits(r.Deposits); err != nil {
		return nil, err
	}
	depths := depthsOf(r)
	if err := c.moves(r.Hops, depths); err != nil {
		return nil, err
	}
	if err := c.ends(r.Ends, depths); err != nil {
		return nil, err
	}
	if err := c.said(); err != nil {
		return nil, err
	}
	batch := &graph.Batch{Anchors: c.trace.AsOf, Traces: []graph.Trace{c.trace}}
	for _, tx := range c.txs {
		if len(tx.Transfers) > 0 { // a failed transaction has only its fee
			batch.Txs = append(batch.Txs, *tx)
		}
	}
	slices.SortFunc(batch.Txs, func(a, b graph.Tx) int { return cmp.Or(cmp.Compare(a.Chain, b.Chain), a.At.Compare(b.At)) })
	return batch, nil
}

// clerk puts a trace into the words of the graph.
type clerk struct {
	Filing
	trace graph.Trace
	txs   map[filedTx]*graph.Tx
	hops  map[filedHop]int // places in trace.Hops
}

type filedTx struct {
	chain  chains.Chain
	id     chains.TxID
	height uint64
}

type filedHop struct {
	deposit string
	key     graph.Key
}

func (c *clerk) tx(of filedTx) (tx *graph.Tx, err error) {
	if tx = c.txs[of]; tx != nil {
		return tx, nil
	}
	if tx, err = c.Tx(of.chain, of.id, of.height); err != nil {
		return nil, fmt.Errorf("filing %s of %s: %w", of.id, of.chain, err)
	}
	c.txs[of] = tx
	return tx, nil
}

// transfer finds the place of a transfer in the graph: an output by its index, an
// account's by its kind and index. What it moved is up to the caller.
func (c *clerk) transfer(chain chains.Chain, id chains.TxID, height uint64, kind string, index uint32) (t graph.Transfer, err error) {
	tx, err := c.tx(filedTx{chain, id, height})
	if err != nil {
		return t, err
	}
	t = graph.Transfer{Key: graph.Key{Chain: chain, At: tx.At, N: index}, Kind: chains.TransferKind(kind), Index: index, Time: tx.Time}
	if chain.Family() == chains.Bitcoin {
		t.Kind = graph.Output
		return t, nil
	}
	for i := range tx.Transfers {
		if one := &tx.Transfers[i]; one.Index == index && one.Kind == t.Kind {
			t.N, t.From = one.N, one.From
			return t, nil
		}
	}
	return t, fmt.Errorf("filing %s of %s: it has no %s transfer %d: %w", id, chain, kind, index, chains.ErrNotFound)
}

func (c *clerk) deposits(all []tracer.DepositDoc) error {
	for i := range all {
		d := &all[i]
		t, err := c.transfer(d.Chain, d.Tx, d.Height, d.Kind, d.Index)
		if err != nil {
			return err
		}
		t.To, t.Asset, t.Amount = d.Address, d.Asset, d.Amount
		c.trace.Deposits = append(c.trace.Deposits, graph.Deposit{ID: d.ID, Transfer: t, Tx: d.Tx})
	}
	return nil
}

// swapPlace is where an account gave one asset for another.
type swapPlace struct {
	deposit string
	tx      filedTx
	account chains.Address
	asset   chains.Asset // given
}

// moves files hops, a transfer's in one. A swap is no transfer: what the account
// then gives is marked by it.
func (c *clerk) moves(all []tracer.Hop, depths *depths) error {
	swaps := map[swapPlace]string{}
	for i := range all {
		if h := &all[i]; h.Kind != "transfer" && h.Kind != "bridge" {
			swaps[swapPlace{h.Deposit, filedTx{h.Chain, h.Tx, h.Height}, h.To.Address, h.Asset}] = h.Kind
		}
	}
	for i := range all {
		h := &all[i]
		if h.Kind != "transfer" && h.Kind != "bridge" {
			continue
		}
		t, err := c.transfer(h.Chain, h.Tx, h.Height, h.Transfer, h.To.Index)
		if err != nil {
			return err
		}
		t.To, t.Asset, t.Amount = h.To.Address, h.Asset, h.Amount
		means := h.Kind
		if kind, is := swaps[swapPlace{h.Deposit, filedTx{h.Chain, h.Tx, h.Height}, holderOf(t.From, h.Asset), h.Asset}]; is {
			means = kind
		}
		hop := graph.Hop{Deposit: h.Deposit, Transfer: t, Tx: h.Tx, Traced: h.Traced, Depth: depths.hops[i], Means: means}
		at := filedHop{h.Deposit, t.Key}
		n, known := c.hops[at]
		if !known {
			c.hops[at] = len(c.trace.Hops)
			c.trace.Hops = append(c.trace.Hops, hop)
			continue
		}
		whole := &c.trace.Hops[n]
		whole.Traced = whole.Traced.Add(hop.Traced).Min(t.Amount) // poison taints from every input
		whole.Depth = min(whole.Depth, hop.Depth)
	}
	return nil
}

func (c *clerk) ends(all []tracer.End, depths *depths) error {
	for i := range all {
		e := &all[i]
		end := graph.End{
			Deposit: e.Deposit, Kind: string(e.Kind), Tx: e.Tx, Address: e.Address, Asset: e.Asset, Traced: e.Traced,
			Depth: depths.ofEnd(e), Detail: e.Detail,
		}
		if e.Label != nil {
			end.Label = *e.Label
		}
		if e.Index == nil || e.Transfer == string(chains.DestroyedTransfer) { // nobody got it
			tx, err := c.tx(filedTx{e.Chain, e.Tx, e.Height})
			if err != nil {
				return err
			}
			end.Key, end.Time = graph.Key{Chain: e.Chain, At: tx.At}, tx.Time
		} else {
			t, err := c.transfer(e.Chain, e.Tx, e.Height, e.Transfer, *e.Index)
			if err != nil {
				return err
			}
			end.Key, end.Time = t.Key, t.Time
		}
		c.trace.Ends = append(c.trace.Ends, end)
	}
	return nil
}

// said adds what is said of every address that the trace came to.
func (c *clerk) said() error {
	if c.Said == nil {
		return nil
	}
	var last graph.Address
	for _, v := range c.trace.Visits() {
		if v.Address == last {
			continue
		}
		last = v.Address
		members, labels, err := c.Said(v.Address)
		if err != nil {
			return err
		}
		c.trace.Members = append(c.trace.Members, members...)
		c.trace.Labels = append(c.trace.Labels, labels...)
	}
	return nil
}
