package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"tsuiseki/chains"
	"tsuiseki/graph"
	"tsuiseki/tracer"
)

// pathDoc is the answer to a question for paths.
type pathDoc struct {
	From     string               `json:"from"`
	To       string               `json:"to"`
	Answer   graph.Answer         `json:"answer"`
	Snapshot []tracer.SnapshotDoc `json:"snapshot"`
	Paths    []onePathDoc         `json:"paths"`
	Explored exploredDoc          `json:"explored"`
	Missing  []tracer.Missing     `json:"missing"`
}

type onePathDoc struct {
	Bottleneck chains.Amount `json:"bottleneck"`
	Asset      chains.Asset  `json:"asset"`
	Hops       []pathHopDoc  `json:"hops"`
}

// pathHopDoc has the fields of a trace's hop that do not depend on a deposit.
type pathHopDoc struct {
	Chain    chains.Chain     `json:"chain"`
	Tx       chains.TxID      `json:"tx"`
	Height   uint64           `json:"height"`
	Block    chains.BlockHash `json:"block,omitzero"`
	Time     time.Time        `json:"time,omitzero"`
	From     tracer.Endpoint  `json:"from"`
	To       tracer.Endpoint  `json:"to"`
	Asset    chains.Asset     `json:"asset"`
	Amount   chains.Amount    `json:"amount"`
	Kind     string           `json:"kind"`
	Transfer string           `json:"transfer,omitempty"`
}

type exploredDoc struct {
	Addresses int              `json:"addresses"`
	Transfers int              `json:"transfers"`
	Hubs      []chains.Address `json:"hubs"`
	Services  []chains.Address `json:"services"`
	Cut       cutDoc           `json:"cut"`
}

// cutDoc counts the transfers that each limit kept out of sight.
type cutDoc struct {
	Hops   int  `json:"hops"`
	Amount int  `json:"amount"`
	Time   int  `json:"time"`
	Work   bool `json:"work"`
}

func (c *pathCmd) doc(ctx context.Context, store graph.Store, p *graphSource, answer *graph.PathsAnswer) (*pathDoc, error) {
	e := answer.Explored
	doc := &pathDoc{
		From: c.From, To: c.To, Answer: answer.Answer, Paths: []onePathDoc{}, Missing: append([]tracer.Missing{}, p.missing...),
		Snapshot: snapshotDocs(p.graph.Snapshot()),
		Explored: exploredDoc{e.Addresses, e.Transfers, addressNames(e.Hubs), addressNames(e.Stops), cutDoc(e.Cut)},
	}
	for _, path := range answer.Paths {
		one := onePathDoc{Bottleneck: path.Bottleneck, Asset: path.Asset}
		txs, err := pathTxs(ctx, store, &path)
		if err != nil {
			return nil, err
		}
		for i, tx := range txs {
			hop := pathHop(&path, i, tx)
			if i > 0 && hop.Chain.Family() == chains.Bitcoin {
				hop.From = one.Hops[i-1].To
			}
			one.Hops = append(one.Hops, hop)
			if err := p.know(hop.Asset); err != nil {
				return nil, err
			}
		}
		doc.Paths = append(doc.Paths, one)
	}
	return doc, nil
}

// pathTxs are the transactions of a path's transfers.
func pathTxs(ctx context.Context, store graph.Store, path *graph.Path) ([]*graph.Tx, error) {
	var at []chains.Position
	for _, t := range path.Transfers {
		at = append(at, t.At)
	}
	txs, err := store.Txs(ctx, path.Transfers[0].Chain, at)
	if err == nil && len(txs) != len(at) {
		err = fmt.Errorf("the graph holds %d of the %d transactions of a path: %w", len(txs), len(at), chains.ErrCorrupt)
	}
	return txs, err
}

func snapshotDocs(s chains.Snapshot) []tracer.SnapshotDoc {
	return []tracer.SnapshotDoc{{Chain: s.Chain, FromHeight: s.From, Height: s.Height, Hash: s.Hash, FinalHeight: s.Final}}
}

// know takes up how people read amounts of an asset.
func (p *graphSource) know(asset chains.Asset) error {
	if _, known := p.units[asset]; known {
		return nil
	}
	token, err := p.token(asset)
	if token != nil {
		p.units.add(*token)
	}
	return err
}

// pathHop is a path's transfer with its transaction.
func pathHop(path *graph.Path, i int, tx *graph.Tx) pathHopDoc {
	t := &path.Transfers[i]
	hop := pathHopDoc{
		Chain: t.Chain, Tx: tx.ID, Height: t.At.Height, Block: tx.Block, Time: tx.Time,
		From: tracer.Endpoint{Tx: tx.ID, Index: t.Index, Address: t.From}, To: tracer.Endpoint{Tx: tx.ID, Index: t.Index, Address: t.To},
		Asset: t.Asset, Amount: t.Amount, Kind: "transfer",
	}
	if i > 0 && path.Transfers[i-1].Asset != t.Asset {
		hop.Kind = "swap"
	}
	if t.Kind != graph.Output {
		hop.Transfer = string(t.Kind)
	} else if i == 0 && path.Origin != nil {
		hop.From = tracer.Endpoint{Tx: path.Origin.Output.Tx, Index: path.Origin.Output.Index, Address: path.Origin.Address}
	}
	return hop
}

func addressNames(addresses []graph.Address) []chains.Address {
	names := []chains.Address{}
	for _, a := range addresses {
		names = append(names, a.Address)
	}
	return names
}

// printPaths writes paths for people.
func printPaths(w io.Writer, d *pathDoc, u units) {
	for _, s := range d.Snapshot {
		fmt.Fprintf(w, "From %s to %s on %s, heights %d to %d\n", d.From, d.To, s.Chain, s.FromHeight, s.Height)
	}
	e := d.Explored
	switch d.Answer {
	case graph.None:
		fmt.Fprintln(w, "There is no path.")
	case graph.NotWithinLimits:
		fmt.Fprintln(w, "No path within the limits. There may be one beyond them.")
	case graph.HubInTheWay:
		fmt.Fprintln(w, "No path that avoids hubs and services. There may be one through them, where nothing tells whose the money is.")
	}
	for i, path := range d.Paths {
		fmt.Fprintf(w, "\nPath %d: %s may have come the whole way\n", i+1, u.people(path.Bottleneck, path.Asset))
		for _, hop := range path.Hops {
			fmt.Fprintf(w, "  %s  %s\n    from %s\n    to   %s\n    in %s, block %d, %s\n", hop.Kind, u.people(hop.Amount, hop.Asset), hop.From.Address, hop.To.Address, hop.Tx, hop.Height, when(hop.Time))
		}
	}
	fmt.Fprintf(w, "\nLooked at %d transfers, followed %d addresses; met %d hubs and %d services.\n", e.Transfers, e.Addresses, len(e.Hubs), len(e.Services))
	if cut := e.Cut; cut.Hops+cut.Amount+cut.Time > 0 || cut.Work {
		fmt.Fprintf(w, "Not followed: %d transfers for --max-hops; left out: %d for --min-amount, %d for --after and --before", cut.Hops, cut.Amount, cut.Time)
		if cut.Work {
			fmt.Fprint(w, "; --work was used up")
		}
		fmt.Fprintln(w, ".")
	}
	for _, m := range d.Missing {
		fmt.Fprintf(w, "missing: %s at heights %s: %s\n", m.What, m.Range, m.Reason)
	}
}
