package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"tsuiseki/chains"
	"tsuiseki/graph"
	"tsuiseki/tracer"
	"tsuiseki/tracer/cluster"
)

// pathDoc is the answer to a question for paths.
type pathDoc struct {
	From     string               `json:"from"`
	To       string               `json:"to"`
	FromIs   endDoc               `json:"from_is"`
	ToIs     endDoc               `json:"to_is"`
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

	FromChain chains.Chain      `json:"from_chain,omitempty"` // of a hop over a bridge: where it came from
	Swapped   *pathSwapped      `json:"swapped,omitempty"`    // likewise: all that went in
	Bridge    *tracer.BridgeDoc `json:"bridge,omitempty"`     // likewise: what joins the two
}

// pathSwapped is what went into a bridge for what a hop says came out.
type pathSwapped struct {
	Asset  chains.Asset  `json:"asset"`
	Amount chains.Amount `json:"amount"`
}

// Kinds of ends of a path.
const (
	endAddress = "address"
	endEntity  = "entity"
	endCase    = "case"
	endLabel   = "label"
)

// endDoc tells what an end of a path is taken for, and by what.
type endDoc struct {
	Kind      string       `json:"kind"`
	Chain     chains.Chain `json:"chain,omitempty"`
	Addresses int          `json:"addresses,omitempty"` // how many

	Entity     chains.Address    `json:"entity,omitempty"`
	Heuristics []endHeuristicDoc `json:"heuristics,omitempty"` // by which addresses are of the entity

	Case      graph.CaseID `json:"case,omitempty"`
	Rule      string       `json:"rule,omitempty"`
	Digest    string       `json:"digest,omitempty"` // of the case's trace
	Transfers int          `json:"transfers,omitempty"`

	Concept string `json:"concept,omitempty"` // of labels
}

// endHeuristicDoc is a heuristic, and of an account's deposit address what fired.
type endHeuristicDoc struct {
	cluster.Heuristic
	Parameters map[string]string `json:"parameters,omitempty"`
	Address    chains.Address    `json:"address,omitempty"`
	Txs        []chains.TxID     `json:"txs,omitempty"` // in which the account paid it
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

func (c *pathCmd) doc(ctx context.Context, store graph.Store, w *pathWorld, ends *pathEnds, answer *graph.PathsAnswer) (*pathDoc, error) {
	e := answer.Explored
	doc := &pathDoc{
		From: c.From, To: c.To, FromIs: ends.from.endDoc, ToIs: ends.to.endDoc, Answer: answer.Answer, Paths: []onePathDoc{},
		Snapshot: []tracer.SnapshotDoc{}, Missing: append([]tracer.Missing{}, ends.missing...),
		Explored: exploredDoc{e.Addresses, e.Transfers, w.names(e.Hubs), w.names(e.Stops), cutDoc(e.Cut)},
	}
	for _, path := range answer.Paths {
		one, err := w.path(ctx, store, &path)
		if err != nil {
			return nil, err
		}
		doc.Paths = append(doc.Paths, *one)
	}
	for _, chain := range slices.Sorted(maps.Keys(w.sources)) {
		p := w.sources[chain]
		doc.Snapshot = append(doc.Snapshot, snapshotDocs(p.graph.Snapshot())...)
		doc.Missing = append(doc.Missing, p.missing...)
	}
	for _, what := range slices.Sorted(maps.Keys(w.missing)) {
		doc.Missing = append(doc.Missing, w.missing[what])
	}
	return doc, nil
}

// path is one path with every hop's evidence.
func (w *pathWorld) path(ctx context.Context, store graph.Store, path *graph.Path) (*onePathDoc, error) {
	one := &onePathDoc{Bottleneck: path.Bottleneck, Asset: path.Asset}
	txs, err := pathTxs(ctx, store, path)
	if err != nil {
		return nil, err
	}
	for i, tx := range txs {
		hop := pathHop(path, i, tx)
		t := &path.Transfers[i]
		switch bridged := slices.Contains(path.Bridged, i); {
		case bridged:
			before := &path.Transfers[i-1]
			joined := w.joined[joint{before.Key, t.Key}]
			if joined == nil {
				return nil, fmt.Errorf("nothing says what joins %s to the transaction before: %w", tx.ID, chains.ErrCorrupt)
			}
			hop.Kind, hop.From, hop.FromChain, hop.Bridge = "bridge", one.Hops[i-1].To, before.Chain, &joined.Doc
			hop.Swapped = &pathSwapped{before.Asset, joined.In}
		case i > 0 && t.Kind == graph.Output:
			hop.From = one.Hops[i-1].To
		}
		one.Hops = append(one.Hops, hop)
		if err := w.sources[t.Chain].know(t.Asset); err != nil {
			return nil, err
		}
	}
	return one, nil
}

// pathTxs are the transactions of a path's transfers.
func pathTxs(ctx context.Context, store graph.Store, path *graph.Path) (txs []*graph.Tx, err error) {
	for rest := path.Transfers; len(rest) > 0; {
		chain := rest[0].Chain
		var at []chains.Position
		for len(rest) > 0 && rest[0].Chain == chain {
			at = append(at, rest[0].At)
			rest = rest[1:]
		}
		held, err := store.Txs(ctx, chain, at)
		if err == nil && len(held) != len(at) {
			err = fmt.Errorf("the graph holds %d of the %d transactions of a path on %s: %w", len(held), len(at), chain, chains.ErrCorrupt)
		}
		if err != nil {
			return nil, err
		}
		txs = append(txs, held...)
	}
	return txs, nil
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

// names are how addresses are written: those of other chains than the first with theirs.
func (w *pathWorld) names(addresses []graph.Address) []chains.Address {
	names := []chains.Address{}
	for _, a := range addresses {
		if a.Chain != w.chain {
			a.Address = chains.Address(a.Chain) + ":" + a.Address
		}
		names = append(names, a.Address)
	}
	return names
}

// units are how people read the amounts of all chains.
func (w *pathWorld) units() units {
	all := units{}
	for _, p := range w.sources {
		maps.Copy(all, p.units)
	}
	return all
}
