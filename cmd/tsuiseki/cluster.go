package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"tsuiseki/chains"
	"tsuiseki/tracer/cluster"
	"tsuiseki/tracer/entity"
	"tsuiseki/tracer/label"
)

type clusterCmd struct {
	Show   clusterShowCmd   `cmd:"" help:"Show which addresses have one owner with an address, and by what that is inferred."`
	Why    clusterWhyCmd    `cmd:"" help:"Show the chain of transactions that joins two addresses, or what keeps them apart."`
	Verify clusterVerifyCmd `cmd:"" help:"Hold the files of the clusters against their checksums and against each other."`
}

// clusterFlags say of which clusters an answer is.
type clusterFlags struct {
	chainFlag
	executionFlags
	labelFlags
	AsOf        *uint64  `help:"Height as of which to answer; the index's tip by default." placeholder:"H"`
	Without     []string `help:"Switch heuristics off: co-spend, change-agreement, or a rule of change by its id; on account chains those of deposit addresses." placeholder:"HEURISTIC"`
	Limit       int      `help:"Addresses, accounts and parts to list; 0 is no limit." default:"1000"`
	ExtendLimit int      `help:"Transactions to look at for the extended cluster; 0 is no limit." default:"10000"`
	JSON        bool     `name:"json" help:"Print one JSON document."`
}

// chain finds the chain that is meant, and refuses what cannot be asked of it.
func (f clusterFlags) chain(s *session) (chains.Chain, error) {
	if f.Limit < 0 || f.ExtendLimit < 0 {
		return "", usagef("a limit cannot be negative; 0 is no limit")
	}
	chain, err := f.resolve(s.data)
	if err == nil && chain.Family() != chains.Ethereum {
		err = f.check()
	}
	return chain, err
}

// check refuses heuristics that are none.
func (f clusterFlags) check() error {
	known := []string{cluster.CoSpending.ID, cluster.Agreement.ID}
	for _, rule := range cluster.ChangeRules() {
		known = append(known, rule.ID)
	}
	for _, id := range f.Without {
		if !slices.Contains(known, id) {
			return usagef("heuristic %.80q is unknown: use one of %s", id, strings.Join(known, ", "))
		}
	}
	return nil
}

// open opens the clusters of a chain in Bitcoin's format.
func (f clusterFlags) open(s *session, chain chains.Chain) (*opened, error) {
	view, err := openView(s, chain, f.AsOf, f.labelFlags)
	if err != nil {
		return nil, err
	}
	if err := view.withClusters(s); err != nil {
		return nil, errors.Join(err, view.Close())
	}
	return view, nil
}

// switched is the view without what --without names.
func (f clusterFlags) switched(view *opened) *entity.View {
	if slices.Contains(f.Without, cluster.CoSpending.ID) {
		return view.clusters.Apart()
	}
	return view.clusters
}

func (f clusterFlags) extend(view *opened, address chains.Address) (*entity.Extended, error) {
	return f.switched(view).Extend(surroundings{view}, address, entity.ExtendOptions{Limit: f.ExtendLimit, Without: f.Without})
}

// answerClusters writes the document that answers a question about clusters; of
// account chains, accounts does.
func answerClusters[D interface{ incomplete() error }](
	s *session, f clusterFlags, accounts func(*session, chains.Chain) error, document func(*opened) (D, error), write func(io.Writer, D),
) (err error) {
	chain, err := f.chain(s)
	if err != nil {
		return err
	}
	if chain.Family() == chains.Ethereum {
		return accounts(s, chain)
	}
	view, err := f.open(s, chain)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, view.Close()) }()
	doc, err := document(view)
	if err != nil {
		return err
	}
	if f.JSON {
		err = printJSON(s.out, doc)
	} else {
		write(s.out, doc)
	}
	return errors.Join(err, doc.incomplete())
}

type clusterShowCmd struct {
	clusterFlags
	Address string `arg:"" help:"Address, or script name such as multisig:…"`
}

// Run shows an address's cluster.
func (c *clusterShowCmd) Run(s *session) error {
	return answerClusters(s, c.clusterFlags, c.showAccounts, c.document, printCluster)
}

func (c *clusterShowCmd) document(view *opened) (*clusterDoc, error) {
	address, key, err := view.network.AddressKey(c.Address)
	if err != nil {
		return nil, usageError{err}
	}
	if err := appears(view, address, key); err != nil {
		return nil, err
	}
	found, err := view.clusters.Cluster(address)
	if err != nil {
		return nil, err
	}
	doc := &clusterDoc{
		Chain: view.Snapshot().Chain, Address: address, Entity: found.Entity, Size: found.Size, Services: append([]string{}, found.Services...),
		Conflicts: []conflictDoc{}, Withheld: []mergeDoc{}, clusterSource: newClusterSource(view),
	}
	if doc.Addresses, err = found.Addresses(c.Limit); err != nil {
		return nil, err
	}
	doc.More = doc.Size - len(doc.Addresses)
	if err := c.control(doc, found); err != nil {
		return nil, err
	}
	if doc.Labels, err = clusterLabels(view, address); err != nil {
		return nil, err
	}
	x, err := c.extend(view, address)
	if err != nil {
		return nil, err
	}
	doc.Extended = newExtendedDoc(x, c.clusterFlags, c.Limit)
	if len(c.Without) > 0 {
		doc.Without = c.without(doc)
	}
	return doc, err
}

// appears refuses an address that the view does not know.
func appears(view *opened, address chains.Address, key uint64) error {
	for _, err := range view.History(address, key) {
		return err
	}
	snapshot := view.Snapshot()
	return fmt.Errorf("address %s: %w on %s between heights %d and %d", address, chains.ErrNotFound, snapshot.Chain, snapshot.From, snapshot.Height)
}

// control tells what collapse control did.
func (c *clusterShowCmd) control(doc *clusterDoc, found *entity.Cluster) error {
	merges, err := found.Withheld()
	if err != nil {
		return err
	}
	for _, m := range merges {
		doc.Withheld = append(doc.Withheld, mergeDoc{m.Outcome, newStepDoc(m.Step, nil), m.Pairs, newEntityDoc(m.Other)})
	}
	apart, err := found.Split()
	if err != nil {
		return err
	}
	if apart != nil {
		doc.Conflicts = append(doc.Conflicts, conflictDoc{apart, "by links alone their addresses would be one cluster; clusters of different services are kept apart"})
	}
	if len(found.Services) > 1 {
		doc.Conflicts = append(doc.Conflicts, conflictDoc{found.Services, "labels name several services for one address of the cluster; the best label decided"})
	}
	return nil
}

// clusterLabels are an address's own labels, then those of its cluster that hold for
// all of it, each address's best first.
func clusterLabels(view *opened, address chains.Address) ([]labelDoc, error) {
	chain := view.Snapshot().Chain
	docs, err := labelDocs(view.labels.View, chain, string(address))
	if err != nil {
		return nil, err
	}
	tagged, err := view.clusters.Tagged(address)
	if err != nil {
		return nil, err
	}
	for _, other := range tagged {
		if other == address {
			continue
		}
		var entries []label.Entry
		if entries, err = view.labels.View.Defining(chain, other, time.Time{}); err != nil {
			return nil, err
		}
		more, err := newLabelDocs(view.labels.View, entries)
		if err != nil {
			return nil, err
		}
		docs = append(docs, more...)
	}
	return docs, nil
}

func newExtendedDoc(x *entity.Extended, f clusterFlags, limit int) extendedDoc {
	doc := extendedDoc{
		Entity: x.Entity, Size: x.Size, Heuristics: []cluster.Heuristic{}, Without: append([]string{}, f.Without...), Clusters: []entityDoc{},
		Links: []stepDoc{}, Withheld: []mergeDoc{}, Transactions: x.Txs, Complete: x.Complete,
	}
	if !slices.Contains(f.Without, cluster.Agreement.ID) {
		doc.Heuristics = append(doc.Heuristics, cluster.Agreement)
	}
	for i, c := range x.Clusters {
		if limit > 0 && i == limit {
			doc.More = len(x.Clusters) - limit
			break
		}
		doc.Clusters = append(doc.Clusters, newEntityDoc(c))
	}
	for _, l := range x.Links {
		doc.Links = append(doc.Links, newStepDoc(l.Step, l.By))
	}
	for _, l := range x.Withheld {
		doc.Withheld = append(doc.Withheld, mergeDoc{cluster.Held, newStepDoc(l.Step, l.By), 0, newEntityDoc(l.Other)})
	}
	return doc
}

// without tells what the cluster falls into. Co-spending is all that holds it
// together: without it every address stands for itself.
func (c *clusterShowCmd) without(doc *clusterDoc) *withoutDoc {
	d := &withoutDoc{Heuristics: c.Without, Parts: 1, Split: []entityDoc{{doc.Entity, doc.Size, doc.Services}}}
	if !slices.Contains(c.Without, cluster.CoSpending.ID) {
		return d
	}
	d.Parts, d.Split, d.More = doc.Size, []entityDoc{}, doc.More
	for _, a := range doc.Addresses {
		d.Split = append(d.Split, entityDoc{a, 1, []string{}})
	}
	return d
}

type clusterVerifyCmd struct {
	chainFlag
}

// Run verifies the files of a chain's clusters.
func (c *clusterVerifyCmd) Run(s *session) (err error) {
	chain, err := c.resolve(s.data)
	if err != nil {
		return err
	}
	if chain.Family() == chains.Ethereum {
		return fmt.Errorf("%s is a chain of accounts: no clusters of it are kept", chain)
	}
	x, network, err := openIndex(s, chain, true) // whoever has the index has the clusters
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, x.Close()) }()
	store, err := openClusters(s, chain, &network)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	if err := store.Verify(); err != nil {
		return err
	}
	status, err := store.Status()
	printClusterStatus(s.out, status)
	return err
}
