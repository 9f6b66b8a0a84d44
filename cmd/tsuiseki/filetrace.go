package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"tsuiseki/chains"
	"tsuiseki/graph"
	"tsuiseki/tracer"
	"tsuiseki/tracer/entity"
	"tsuiseki/tracer/filing"
	"tsuiseki/tracer/label"
)

// filer puts traces into the graph.
type filer struct {
	session *session
	where   graphFlags
	as      graph.CaseID
}

// filed is a chain of a trace as the graph knows it.
type filed interface {
	graph.Chain
	Txs(id chains.TxID) ([]*chains.Tx, error)
	tx(tx *chains.Tx) *graph.Tx
	said(a graph.Address) ([]graph.Member, []graph.Label, error)
}

// file puts what a trace says into the graph, with the transactions that it speaks
// of. views are all that it looked at.
func (f filer) file(result *tracer.Result, views []any) (err error) {
	sides, indexes := map[chains.Chain]filed{}, map[chains.Chain]graph.Chain{}
	var tips []io.Closer
	defer func() {
		for _, tip := range tips {
			err = errors.Join(err, tip.Close())
		}
	}()
	for _, view := range views {
		side, tip, err := f.side(view)
		if err != nil {
			return err
		}
		if side != nil {
			tips = append(tips, tip)
			sides[side.Snapshot().Chain], indexes[side.Snapshot().Chain] = side, side
		}
	}
	batch, err := filing.File(result, filing.Filing{
		Case: f.as,
		Tx: func(chain chains.Chain, id chains.TxID, height uint64) (*graph.Tx, error) {
			return findFiled(sides[chain], id, height)
		},
		Said: func(a graph.Address) ([]graph.Member, []graph.Label, error) {
			return sides[a.Chain].said(a)
		},
	})
	if err != nil {
		return err
	}
	store, err := f.where.open(f.session.ctx, f.session)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	return graph.Record(f.session.ctx, store, indexes, batch)
}

// side is a view as the graph has it; nil where it is none of a chain.
func (f filer) side(view any) (filed, io.Closer, error) {
	switch view := view.(type) {
	case *opened:
		// Clusters that lag behind the index say nothing.
		if err := view.openClusters(f.session, false); err != nil && !errors.Is(err, entity.ErrBehind) {
			return nil, nil, err
		}
		tip, err := view.index.View(f.session.ctx, nil)
		if err != nil {
			return nil, nil, err
		}
		return outputGraph{view, tip}, tip, nil
	case *openedAccounts:
		tip, err := view.index.View(f.session.ctx, nil)
		if err != nil {
			return nil, nil, err
		}
		return accountGraph{view, tip}, tip, nil
	}
	return nil, nil, nil
}

func findFiled(side filed, id chains.TxID, height uint64) (*graph.Tx, error) {
	if side == nil {
		return nil, errors.New("its chain was not looked at")
	}
	txs, err := side.Txs(id)
	if err != nil {
		return nil, err
	}
	for _, tx := range txs {
		if tx.Block.Height == height {
			return side.tx(tx), nil
		}
	}
	return nil, fmt.Errorf("none at height %d: %w", height, chains.ErrNotFound)
}

// said is what labels, and clusters where they are opened, say of an address.
func (g outputGraph) said(a graph.Address) (members []graph.Member, labels []graph.Label, err error) {
	if labels, err = attributions(g.labels.View, a); err != nil || g.clusters == nil {
		return nil, labels, err
	}
	found, err := g.clusters.Cluster(a.Address)
	if err != nil || found.Lone() {
		return nil, labels, err
	}
	return []graph.Member{{Address: a, Entity: found.Entity, Size: found.Size, Heuristics: clusteredBy()}}, labels, nil
}

// clusteredBy are the heuristics of clusters, id@version.
func clusteredBy() (by []string) {
	for _, h := range entity.Heuristics() {
		by = append(by, versioned(h))
	}
	slices.Sort(by)
	return by
}

// said is what labels say of an account.
func (g accountGraph) said(a graph.Address) ([]graph.Member, []graph.Label, error) {
	labels, err := attributions(g.labels.View, a)
	return nil, labels, err
}

// attributions are what labels say of an address, the best first.
func attributions(view *label.View, a graph.Address) (labels []graph.Label, err error) {
	entries, err := view.Of(a.Chain, string(a.Address), time.Time{})
	for i := range entries {
		e := &entries[i]
		level, _ := e.Confidence.Level()
		concepts := slices.DeleteFunc(append([]string{e.Category, e.Abuse}, e.Concepts...), func(c string) bool { return c == "" })
		slices.Sort(concepts)
		labels = append(labels, graph.Label{
			Address: a, Label: e.Label.Label, Concepts: slices.Compact(concepts), Source: e.Source, Confidence: level, Since: e.Since,
		})
	}
	return labels, err
}
