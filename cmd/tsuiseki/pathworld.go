package main

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"maps"
	"slices"
	"time"

	"tsuiseki/chains"
	"tsuiseki/chains/index"
	"tsuiseki/graph"
	"tsuiseki/tracer"
	"tsuiseki/tracer/bridge"
)

// pathWorld is the chain on which a path begins, and those to which bridges, or the
// ends of the path, lead. They are opened when something first leads there.
type pathWorld struct {
	*world
	chain   chains.Chain // on which it begins
	source  *graphSource // of that
	sources map[chains.Chain]*graphSource
	bridges *tracer.Bridges
	single  bool // bridges are not followed

	joined  map[joint]*tracer.Crossing
	missing map[string]tracer.Missing // by what
	last    *chains.Tx                // read last, and its chain
	lastOf  chains.Chain
}

// joint is a payment into a bridge and a payment that answers it.
type joint struct{ in, out graph.Key }

var _ graph.Bridges = (*pathWorld)(nil)

func (c *pathCmd) world(s *session, home *graphSource) (*pathWorld, error) {
	chain := home.graph.Snapshot().Chain
	w := &pathWorld{
		chain: chain, source: home, sources: map[chains.Chain]*graphSource{chain: home}, single: c.NoCross,
		joined: map[joint]*tracer.Crossing{}, missing: map[string]tracer.Missing{},
	}
	if g, is := home.graph.(outputGraph); is {
		if err := g.reachThroughClusters(s, new(tracer.Params)); err != nil { // as on chains to which bridges lead
			return nil, err
		}
		home.stops = g.labels
	}
	side := &tracedSide{view: home.view, deposits: tracer.SideDeposits{Side: home.side}}
	w.world = newWorld(s, &traceFlags{labelFlags: c.labelFlags, AsOf: c.AsOf}, []*tracedSide{side}, time.Time{})
	if c.AsOf != nil {
		var err error
		if w.until, err = tipTime(home.view); err != nil {
			return nil, err
		}
	}
	w.bridges = tracer.NewBridges(w)
	return w, nil
}

// Close closes the chains that were opened on the way.
func (w *pathWorld) Close() error {
	var errs []error
	for _, p := range w.sources {
		if p != w.source {
			errs = append(errs, p.tip.Close())
		}
	}
	return errors.Join(append(errs, w.world.Close())...)
}

// Side implements tracer.World, and keeps what it opens as a source.
func (w *pathWorld) Side(code string) (*tracer.Side, string, error) {
	side, why, err := w.world.Side(code)
	if err != nil || side == nil || w.sources[chainOf(side)] != nil {
		return side, why, err
	}
	var p *graphSource
	switch view := side.Accounts.(type) {
	case *openedAccounts:
		p, err = accountSource(w.session, view)
	default:
		p, err = outputSource(w.session, side.Outputs.(*opened))
	}
	if err != nil {
		return nil, "", err
	}
	p.side = side // the same, whoever asks
	w.sources[chainOf(side)] = p
	return side, why, nil
}

func chainOf(side *tracer.Side) chains.Chain {
	if side.Outputs != nil {
		return side.Outputs.Snapshot().Chain
	}
	return side.Accounts.Snapshot().Chain
}

// on is the source of a chain.
func (w *pathWorld) on(chain chains.Chain) (*graphSource, error) {
	if p := w.sources[chain]; p != nil {
		return p, nil
	}
	if w.single {
		return nil, usagef("no path leads from %s to %s without bridges: leave out --no-cross", w.chain, chain)
	}
	side, why, err := w.Side(bridge.Code(chain, bitcoinCoin(chain)))
	if err != nil {
		return nil, err
	}
	if side == nil || chainOf(side) != chain {
		return nil, usagef("no path can be followed from %s to %s: %s", w.chain, chain, cmp.Or(why, "no bridge between them is known"))
	}
	return w.sources[chain], nil
}

// Index implements graph.Bridges.
func (w *pathWorld) Index(chain chains.Chain) graph.Chain {
	if p := w.sources[chain]; p != nil {
		return p.graph
	}
	return nil
}

// tx is the transaction that moved a transfer.
func (w *pathWorld) tx(t *graph.Transfer) (p *graphSource, tx *chains.Tx, err error) {
	if p, err = w.on(t.Chain); err != nil {
		return nil, nil, err
	}
	if w.last != nil && w.lastOf == t.Chain && w.last.Position() == t.At {
		return p, w.last, nil
	}
	w.last, err = p.txAt(t.At)
	w.lastOf = t.Chain
	return p, w.last, err
}

func (p *graphSource) txAt(at chains.Position) (*chains.Tx, error) {
	if p.side.Outputs != nil {
		return p.side.Outputs.TxAt(at)
	}
	return p.side.Accounts.TxAt(at)
}

// Onward implements graph.Bridges.
func (w *pathWorld) Onward(ctx context.Context, payments []graph.Transfer) iter.Seq2[graph.Crossing, error] {
	return w.each(ctx, payments, w.onward)
}

// Back implements graph.Bridges.
func (w *pathWorld) Back(ctx context.Context, transfers []graph.Transfer) iter.Seq2[graph.Crossing, error] {
	return w.each(ctx, transfers, w.back)
}

// each asks of one transfer after the other.
func (w *pathWorld) each(ctx context.Context, transfers []graph.Transfer, ask func(*graph.Transfer) ([]graph.Crossing, error)) iter.Seq2[graph.Crossing, error] {
	return func(yield func(graph.Crossing, error) bool) {
		for i := range transfers {
			found, err := ask(&transfers[i])
			if err = errors.Join(err, ctx.Err()); err != nil {
				yield(graph.Crossing{}, err)
				return
			}
			for _, c := range found {
				c.Asked = i
				if !yield(c, nil) {
					return
				}
			}
		}
	}
}

func (w *pathWorld) onward(t *graph.Transfer) ([]graph.Crossing, error) {
	p, tx, err := w.tx(t)
	if err != nil {
		return nil, err
	}
	joined, err := w.bridges.Onward(p.side, tx, t.N)
	if err != nil || joined == nil {
		return nil, err
	}
	if m := joined.Missing; m != nil {
		w.missing[m.What] = *m
	}
	if len(joined.Exits) == 0 {
		return []graph.Crossing{{}}, nil
	}
	var found []graph.Crossing
	for _, exit := range joined.Exits {
		to := w.sources[chainOf(exit.Side)]
		whole, err := to.txAt(exit.Tx.Position())
		if err != nil {
			return nil, err
		}
		out := to.tx(whole)
		w.joined[joint{t.Key, graph.Key{Chain: out.Chain, At: out.At, N: exit.Place}}] = joined
		found = append(found, graph.Crossing{Tx: out, N: exit.Place, In: joined.In})
	}
	return found, nil
}

// back finds the payments into bridges in the transactions that a transfer says it answers.
func (w *pathWorld) back(t *graph.Transfer) (found []graph.Crossing, err error) {
	p, tx, err := w.tx(t)
	if err != nil {
		return nil, err
	}
	for _, id := range w.bridges.Answered(p.side, tx, t.N) {
		held := false
		sides, err := w.all()
		if err != nil {
			return nil, err
		}
		for _, p := range sides {
			txs, err := p.txsOf(id)
			if err != nil {
				return nil, err
			}
			for _, in := range txs {
				held = true
				if found, err = w.payments(p, in, found); err != nil {
					return nil, err
				}
			}
		}
		if !held {
			found = append(found, graph.Crossing{})
			m := tracer.NewMissing(t.Chain, "transaction "+id.String()+", which "+tx.ID.String()+" says it answers",
				chains.Heights{From: t.At.Height, To: t.At.Height}, "it is on no indexed chain that a bridge joins to this one")
			w.missing[m.What] = m
		}
	}
	return found, nil
}

// payments adds those of a transaction that went into a bridge.
func (w *pathWorld) payments(p *graphSource, tx *chains.Tx, found []graph.Crossing) ([]graph.Crossing, error) {
	whole := p.tx(tx)
	for _, t := range whole.Transfers {
		joined, err := w.bridges.Onward(p.side, tx, t.N)
		if err != nil {
			return nil, err
		}
		if joined != nil {
			found = append(found, graph.Crossing{Tx: whole, N: t.N})
		}
	}
	return found, nil
}

// all are the sources of all chains that bridges may join to where the path begins.
func (w *pathWorld) all() (all []*graphSource, err error) {
	names, err := index.List(w.session.data)
	if err != nil {
		return nil, err
	}
	for _, chain := range names {
		code := bridge.Code(chain, bitcoinCoin(chain))
		if w.sources[chain] == nil && code != "" && bridge.Live(chain) == bridge.Live(w.chain) {
			if _, _, err := w.Side(code); err != nil {
				return nil, err
			}
		}
	}
	for _, chain := range slices.Sorted(maps.Keys(w.sources)) {
		all = append(all, w.sources[chain])
	}
	return all, nil
}

// txsOf are the transactions with an id; none where the index holds none.
func (p *graphSource) txsOf(id chains.TxID) (txs []*chains.Tx, err error) {
	switch view := p.graph.(type) {
	case outputGraph:
		txs, err = view.Txs(id)
	case accountGraph:
		txs, err = view.Txs(id)
	}
	if errors.Is(err, chains.ErrNotFound) {
		return nil, nil
	}
	return txs, err
}
