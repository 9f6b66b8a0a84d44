package main

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"tsuiseki/chains"
	"tsuiseki/graph"
	"tsuiseki/tracer"
	"tsuiseki/tracer/cluster"
	"tsuiseki/tracer/entity"
	"tsuiseki/tracer/label"
)

// What an end of a path begins with where it is no address.
const (
	anyOf    = "any:"
	entityOf = "entity:"
	caseOf   = "case:"
)

// pathEnd is what the command line means by one end of a path.
type pathEnd struct {
	endDoc
	addresses []graph.Address
	transfers []graph.Key
	is        func(graph.Address) (bool, error) // where they cannot be listed
}

// pathEnds are both ends of a path, with what could not be told of them.
type pathEnds struct {
	from, to *pathEnd
	missing  []tracer.Missing
}

// ends reads both ends of a path into a query.
func (c *pathCmd) ends(ctx context.Context, s *session, store graph.Store, w *pathWorld, q *graph.Query) (ends *pathEnds, err error) {
	r := &endReader{ctx: ctx, session: s, cmd: c, store: store, world: w}
	ends = new(pathEnds)
	if ends.from, err = r.read(c.From, false); err != nil {
		return nil, fmt.Errorf("from: %w", err)
	}
	if ends.to, err = r.read(c.To, true); err != nil {
		return nil, fmt.Errorf("to: %w", err)
	}
	from, to := ends.from, ends.to
	if from.is != nil && to.is != nil {
		return nil, usagef("both %s and %s stand for addresses that are not listed (a cluster of more than %d is not: see --listed): name one end more closely", c.From, c.To, c.Listed)
	}
	// An address that is of both ends is where the money came from.
	starts := map[graph.Address]bool{}
	for _, a := range from.addresses {
		starts[a] = true
	}
	left := slices.DeleteFunc(slices.Clone(to.addresses), func(a graph.Address) bool { return starts[a] })
	if len(to.addresses) > 0 && len(left) == 0 {
		return nil, usagef("a path leads from one place to another: all of %s is part of %s: it is given twice", c.To, c.From)
	}
	q.From, q.FromTransfers, q.Begins = from.addresses, from.transfers, from.is
	q.To, q.Reaches, q.LeaveHubs = left, to.is, to.Kind == endCase
	ends.missing = r.missing
	return ends, nil
}

// endReader reads the ends of a path.
type endReader struct {
	ctx     context.Context
	session *session
	cmd     *pathCmd
	store   graph.Store
	world   *pathWorld
	missing []tracer.Missing
}

func (r *endReader) read(text string, to bool) (*pathEnd, error) {
	if concept, is := strings.CutPrefix(text, anyOf); is {
		return r.labelled(concept)
	}
	if id, is := strings.CutPrefix(text, caseOf); is {
		if err := r.cmd.see(r.session, graph.CaseID(id)); err != nil {
			return nil, err
		}
		return r.caseEnd(graph.CaseID(id), to)
	}
	name, wantsEntity := strings.CutPrefix(text, entityOf)
	p, a, err := r.address(name)
	if err != nil {
		return nil, err
	}
	if wantsEntity {
		return r.entity(p, a)
	}
	return &pathEnd{endDoc: endDoc{Kind: endAddress, Chain: a.Chain, Addresses: 1}, addresses: []graph.Address{a}}, nil
}

// address reads an address of the chain on which paths begin, or of one that it names.
func (r *endReader) address(text string) (p *graphSource, a graph.Address, err error) {
	p = r.world.source
	if name, rest, is := cutChain(text); is {
		chain, err := chainFlag{name}.resolve(r.session.data)
		if err != nil {
			return nil, a, err
		}
		if p, err = r.world.on(chain); err != nil {
			return nil, a, err
		}
		text = rest
	}
	a.Chain = p.graph.Snapshot().Chain
	if a.Address, err = p.canonical(text); err != nil {
		return nil, a, usageError{fmt.Errorf("%w; an address of another chain is written CHAIN:ADDRESS", err)}
	}
	return p, a, nil
}

// cutChain cuts the chain from an address of one that is named.
func cutChain(text string) (chain, address string, is bool) {
	chain, address, is = strings.Cut(strings.TrimPrefix(text, entityOf), ":")
	family := chains.Chain(chain).Family()
	return chain, address, is && (family == chains.Bitcoin || family == chains.Ethereum)
}

// labelled is whatever a label, or what comes with the program, says is of a kind.
func (r *endReader) labelled(category string) (*pathEnd, error) {
	concept := category
	if plain, is := plainConcepts[category]; is {
		concept = plain
	}
	if !label.KnownConcept(concept) {
		return nil, usagef("any:%s: want a concept of a label's category, such as any:exchange, any:mixer, any:bridge or any:service", category)
	}
	return &pathEnd{endDoc: endDoc{Kind: endLabel, Concept: concept}, is: func(a graph.Address) (bool, error) {
		p, err := r.world.on(a.Chain)
		if err != nil {
			return false, err
		}
		return p.isA(a, concept)
	}}, nil
}

// isA reports whether an address is of a concept: by a label of its own, by one that
// holds for all of its cluster, or by what comes with the program.
func (p *graphSource) isA(a graph.Address, concept string) (bool, error) {
	says := func(e label.Entry) bool { return e.Is(concept) }
	entries, err := p.stops.View.Of(a.Chain, string(a.Address), time.Time{})
	if known, comes := p.stops.Known.Of(a.Address); err != nil || slices.ContainsFunc(entries, says) || comes && knownConcepts[known.Kind] == concept {
		return err == nil, err
	}
	if p.stops.Clusters == nil {
		return false, nil
	}
	tagged, err := p.stops.Clusters.Tagged(a.Address)
	for _, other := range tagged {
		if entries, err = p.stops.View.Defining(a.Chain, other, time.Time{}); err != nil || slices.ContainsFunc(entries, says) {
			return err == nil, err
		}
	}
	return false, err
}

// plainConcepts are short words for concepts of the taxonomy.
var plainConcepts = map[string]string{"mixer": "mixing_service", "bridge": "defi_bridge"}

// knownConcepts are the concepts of what comes with the program.
var knownConcepts = map[tracer.EndKind]string{tracer.EndMixer: "mixing_service", tracer.EndBridge: "defi_bridge"}

// entity is an address with those that belong to the same holder.
func (r *endReader) entity(p *graphSource, a graph.Address) (*pathEnd, error) {
	if g, is := p.graph.(accountGraph); is {
		return r.holder(g.openedAccounts, a)
	}
	view := p.graph.(outputGraph).opened
	if err := view.withClusters(r.session); err != nil {
		return nil, err
	}
	found, err := view.clusters.Cluster(a.Address)
	if err != nil {
		return nil, err
	}
	end := &pathEnd{endDoc: endDoc{Kind: endEntity, Chain: a.Chain, Entity: found.Entity, Addresses: found.Size, Heuristics: []endHeuristicDoc{}}}
	for _, h := range entity.Heuristics() {
		end.Heuristics = append(end.Heuristics, endHeuristicDoc{Heuristic: h})
	}
	if found.Size > r.cmd.Listed {
		end.is = func(other graph.Address) (bool, error) {
			if other.Chain != a.Chain {
				return false, nil
			}
			of, err := view.clusters.Cluster(other.Address)
			return err == nil && of.Entity == found.Entity, err
		}
		return end, nil
	}
	names, err := found.Addresses(0)
	for _, name := range names {
		end.addresses = append(end.addresses, graph.Address{Chain: a.Chain, Address: name})
	}
	return end, err
}

// holder is an account with the deposit addresses at exchanges that it pays: who pays
// one pays the account's holder there.
func (r *endReader) holder(view *openedAccounts, a graph.Address) (*pathEnd, error) {
	end := &pathEnd{
		endDoc:    endDoc{Kind: endEntity, Chain: a.Chain, Entity: a.Address, Addresses: 1, Heuristics: []endHeuristicDoc{}},
		addresses: []graph.Address{a},
	}
	snapshot := view.Snapshot()
	miss := func(what, reason string) {
		r.missing = append(r.missing, tracer.NewMissing(a.Chain, what, chains.Heights{From: snapshot.From, To: snapshot.Height}, reason))
	}
	if len(view.heuristics.deposits) == 0 {
		miss("deposit addresses of "+string(a.Address), "no labels are known: no account is known to be an exchange's")
		return end, nil
	}
	party, err := depositChain{view}.Party(a.Address, time.Time{})
	if err != nil || party.Known {
		return end, err // a service's accounts lead to nobody in particular
	}
	used, err := cluster.FindUsedDeposits(depositChain{view}, a.Address, view.heuristics.deposits, view.heuristics.params, math.MaxInt)
	if err != nil {
		return nil, err
	}
	for _, m := range missingUsed(view, used) {
		miss(m.What, m.Reason)
	}
	for _, use := range used.Uses {
		end.addresses = append(end.addresses, graph.Address{Chain: a.Chain, Address: use.Address})
		h := endHeuristicDoc{Address: use.Address}
		if best := use.Best(); best != nil {
			h.Heuristic, h.Parameters = best.Heuristic, best.Parameters
			for _, p := range use.Payments {
				h.Txs = append(h.Txs, p.Tx)
			}
		}
		end.Heuristics = append(end.Heuristics, h)
	}
	end.Addresses = len(end.addresses)
	return end, nil
}
