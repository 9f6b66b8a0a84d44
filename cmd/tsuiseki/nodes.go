package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"tsuiseki/chains"
	"tsuiseki/graph"
	"tsuiseki/tracer"
	"tsuiseki/tracer/casebook"
	"tsuiseki/tracer/correlate"
	"tsuiseki/tracer/label"
)

// caseNodes tells a correlation of addresses: from the indexes, labels and clusters as
// they are when it is opened, and from what exchanges disclosed. Of these it holds the
// holders alone, one for each address disclosed.
type caseNodes struct {
	chains    map[chains.Chain]*nodeChain // all that are indexed
	holders   map[graph.Address]correlate.Holder
	disclosed [sha256.Size]byte // of the holders
}

var _ correlate.Nodes = (*caseNodes)(nil)

// nodeChain is an opened index. It serves one goroutine at a time.
type nodeChain struct {
	mu     sync.Mutex
	view   nodeView
	labels label.Stops
}

// nodeView is what is asked of one chain.
type nodeView interface {
	openedView
	// standing says how public an address is, its degree aside.
	standing(address chains.Address) (correlate.Standing, error)
	degree(address chains.Address, limit int) (int, error)
	// behind says who stands behind an address that is no service's.
	behind(address chains.Address) (*correlate.Entity, *correlate.Funder, error)
	unit(chains.Asset) (*chains.Token, error)
	Native() chains.Asset
}

// openNodes opens all indexes, and reads the disclosures of all cases. Clusters are
// brought up to their indexes.
func openNodes(s *session, d *desk) (_ *caseNodes, err error) {
	n := &caseNodes{chains: map[chains.Chain]*nodeChain{}}
	defer func() {
		if err != nil {
			err = errors.Join(err, n.Close())
		}
	}()
	views, err := openChains(s, labelFlags{})
	for _, view := range views {
		n.add(view)
	}
	for _, c := range n.chains {
		if view, is := c.view.(outputNodes); is && err == nil {
			if err = view.withClusters(s); err != nil {
				err = fmt.Errorf("%s: %w", view.Snapshot().Chain, err)
			}
			view.labels.Clusters = view.clusters
			c.labels = view.labels
		}
	}
	if err == nil {
		err = n.readHolders(s, d)
	}
	return n, err
}

func (n *caseNodes) add(view openedView) {
	switch of := view.(type) {
	case *opened:
		n.chains[view.Snapshot().Chain] = &nodeChain{view: outputNodes{of}, labels: of.labels}
	case *openedAccounts:
		n.chains[view.Snapshot().Chain] = &nodeChain{view: accountNodes{of}, labels: of.labels}
	}
}

// readHolders notes whom exchanges named, the answer of the latest date for each address.
func (n *caseNodes) readHolders(s *session, d *desk) error {
	n.holders = map[graph.Address]correlate.Holder{}
	dates := map[graph.Address]string{}
	canonical := canonicalAddresses()
	disclosures := each(func(p casebook.Page) (casebook.List[casebook.Disclosure], error) {
		return d.Disclosures(s.ctx, d.who, "", p)
	})
	for x, err := range disclosures {
		if err != nil {
			return err
		}
		if x.Address == "" || x.Holder == "" {
			continue
		}
		address, err := canonical(chains.Chain(x.Chain), x.Address)
		if err != nil {
			return fmt.Errorf("disclosure %s of case %s: %w: withdraw it and enter it again", x.ID, x.Case, err)
		}
		at := graph.Address{Chain: chains.Chain(x.Chain), Address: address}
		h := correlate.Holder{
			Name: x.Holder, Nationality: x.Nationality, Confidence: int(x.Confidence),
			Source: fmt.Sprintf("%s, disclosure of %s", x.Exchange, x.Date),
		}
		// Of two answers of one day, an order that does not depend on who entered which first.
		if old, known := n.holders[at]; known && (dates[at] > x.Date || dates[at] == x.Date && fmt.Sprint(old) >= fmt.Sprint(h)) {
			continue
		}
		n.holders[at], dates[at] = h, x.Date
	}
	sum := sha256.New()
	for _, at := range slices.SortedFunc(maps.Keys(n.holders), graph.Address.Compare) {
		fmt.Fprintf(sum, "%q %+v\n", at, n.holders[at])
	}
	sum.Sum(n.disclosed[:0])
	return nil
}

// Close closes what was opened.
func (n *caseNodes) Close() error {
	var errs []error
	for _, c := range n.chains {
		errs = append(errs, c.view.Close())
	}
	return errors.Join(errs...)
}

// with lends the chain of an address; of one that is not indexed nothing is known.
func (n *caseNodes) with(ctx context.Context, a graph.Address, use func(*nodeChain) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c := n.chains[a.Chain]
	if c == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := use(c); err != nil {
		return fmt.Errorf("%s on %s: %w", a.Address, a.Chain, err)
	}
	return nil
}

// Identities implements correlate.Nodes.
func (n *caseNodes) Identities(ctx context.Context, addresses []graph.Address) ([]correlate.Identity, error) {
	list := make([]correlate.Identity, len(addresses))
	for i, a := range addresses {
		err := n.with(ctx, a, func(c *nodeChain) (err error) {
			if list[i].Holder, err = c.holder(a); err != nil {
				return err
			}
			is, err := c.view.standing(a.Address)
			if err != nil || is.Stops != "" || is.Exchange != "" {
				return err // what a service's addresses have in common is the service
			}
			list[i].Entity, list[i].Funder, err = c.view.behind(a.Address)
			return err
		})
		if err != nil {
			return nil, err
		}
		if h, told := n.holders[a]; told {
			list[i].Holder = &h
		}
	}
	return list, nil
}

// holder is whom a label names as the customer behind an address.
func (c *nodeChain) holder(a graph.Address) (*correlate.Holder, error) {
	entries, err := c.labels.View.Of(a.Chain, string(a.Address), time.Time{})
	for i := range entries {
		e := &entries[i]
		if e.Holder.Name == "" {
			continue
		}
		level, _ := e.Confidence.Level()
		return &correlate.Holder{Name: e.Holder.Name, Nationality: e.Holder.Nationality, Source: e.Source, Confidence: level}, err
	}
	return nil, err
}

// Standings implements correlate.Nodes.
func (n *caseNodes) Standings(ctx context.Context, addresses []graph.Address, limit int) ([]correlate.Standing, error) {
	list := make([]correlate.Standing, len(addresses))
	for i, a := range addresses {
		err := n.with(ctx, a, func(c *nodeChain) (err error) {
			if list[i], err = c.view.standing(a.Address); err != nil {
				return err
			}
			list[i].Degree, err = c.view.degree(a.Address, limit)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return list, nil
}

// Changed implements correlate.Nodes. Whatever a chain grows by, or a label says, may
// reach far: into clusters, and into what exchanges swept. So anything new has all asked
// again; only where nothing is, and cases alone came, what was told before stands.
func (n *caseNodes) Changed(_ context.Context, since string) (correlate.Changes, error) {
	sum := sha256.New()
	fmt.Fprintf(sum, "%s\n%x\n", tracer.Version, n.disclosed)
	for _, chain := range slices.Sorted(maps.Keys(n.chains)) {
		c := n.chains[chain]
		at := c.view.Snapshot()
		fmt.Fprintf(sum, "%s %d %d %s %s\n", chain, at.From, at.Height, at.Hash, c.labels.View.Digest())
	}
	mark := "sha256:" + hex.EncodeToString(sum.Sum(nil))
	return correlate.Changes{Mark: mark, AllIdentities: mark != since, AllStandings: mark != since}, nil
}

// units are how people read the assets of evidence. What accounts of one person have in
// common is of no chain: there any chain indexed may tell.
func (n *caseNodes) units(evidence []correlate.Evidence) (units, error) {
	u := units{}
	for i := range evidence {
		e := &evidence[i]
		for _, chain := range slices.Sorted(maps.Keys(n.chains)) {
			if e.Chain != "" && e.Chain != chain {
				continue
			}
			for _, amounts := range e.Amounts {
				if err := n.chains[chain].addUnits(u, amounts); err != nil {
					return nil, err
				}
			}
		}
	}
	return u, nil
}

func (c *nodeChain) addUnits(u units, amounts []correlate.AssetAmount) error {
	for _, a := range amounts {
		if _, known := u[a.Asset]; known {
			continue
		}
		token, err := c.view.unit(a.Asset)
		if err != nil {
			return err
		}
		if token != nil {
			u.add(*token)
		}
		if a.Asset == c.view.Native() {
			u.of(c.view.Snapshot().Chain, a.Asset)
		}
	}
	return nil
}
