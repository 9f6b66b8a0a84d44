package main

import (
	"errors"
	"fmt"
	"iter"
	"slices"

	"tsuiseki/chains"
	"tsuiseki/chains/index"
	"tsuiseki/tracer"
	"tsuiseki/tracer/entity"
	"tsuiseki/tracer/label"
)

// openClusters opens a chain's clusters.
func openClusters(s *session, chain chains.Chain, scripts chains.Scripts) (*entity.Store, error) {
	return entity.Open(entity.Options{Dir: entity.Dir(s.data, chain), Chain: chain, Scripts: scripts, Log: s.log})
}

// syncClusters brings clusters up to the index's last block.
func syncClusters(s *session, x *index.Index, store *entity.Store, bar *progress) (err error) {
	tip, err := x.View(s.ctx, nil)
	if errors.Is(err, index.ErrEmpty) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, tip.Close()) }()
	result, err := store.Sync(s.ctx, tip, func(p entity.Progress) { bar.set("clustering", p.Height, p.Target) })
	if result.Added > 0 {
		s.log.Info("clustered", "blocks", result.Added, "transactions", result.Txs, "new addresses", result.Addresses, "new links", result.Links,
			"prevouts remembered", result.Cached, "looked up", result.Fetched)
	}
	return err
}

// withClusters opens the clusters of an opened index as of its view, and brings them
// up to it where they lag. They come with the labels that define clusters.
func (o *opened) withClusters(s *session) error { return o.openClusters(s, true) }

func (o *opened) openClusters(s *session, sync bool) error {
	if o.clusters != nil {
		return nil
	}
	chain := o.Snapshot().Chain
	tags, err := clusterTags(o.labels.View, chain)
	if err != nil {
		return err
	}
	if o.store == nil { // else it was behind, a call ago
		store, err := openClusters(s, chain, &o.network)
		if err != nil {
			return err
		}
		o.store = store
	}
	if sync {
		bar := newProgress(s.errOut)
		defer bar.close()
		if err := syncClusters(s, o.index, o.store, bar); err != nil {
			return err
		}
	}
	o.clusters, err = o.store.View(o.View, tags)
	return err
}

// clusterTags are the services that labels name.
func clusterTags(view *label.View, chain chains.Chain) (tags []entity.Tag, err error) {
	definers, err := view.Definers(chain)
	for _, d := range definers {
		for _, service := range d.Services {
			tags = append(tags, entity.Tag{Address: d.Address, Service: service})
		}
	}
	return tags, err
}

// briefDoc is what is inferred of an address's owner.
type briefDoc struct {
	entityDoc
	Labels []labelDoc `json:"labels"` // of its other addresses, which hold for all of it
}

// brief tells of an address's cluster, unless the clusters lag behind the index:
// nobody who asks for an address should wait for them.
func (o *opened) brief(s *session, address chains.Address) (*briefDoc, error) {
	if err := o.openClusters(s, false); errors.Is(err, entity.ErrBehind) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	found, err := o.clusters.Cluster(address)
	if err != nil {
		return nil, err
	}
	labels, err := clusterLabels(o, address)
	return &briefDoc{newEntityDoc(found), slices.DeleteFunc(labels, func(d labelDoc) bool { return d.Address == address })}, err
}

// reachThroughClusters lets labels that define clusters reach all addresses of
// theirs, where there are such labels.
func (o *opened) reachThroughClusters(s *session, params *tracer.Params) error {
	if o.labels.Clusters == nil {
		tags, err := clusterTags(o.labels.View, o.Snapshot().Chain)
		if err != nil || len(tags) == 0 {
			return err
		}
		if err := o.withClusters(s); err != nil {
			return err
		}
		o.labels.Clusters = o.clusters
	}
	snapshot := o.Snapshot()
	params.Clusters = &tracer.ClustersDoc{Heuristics: entity.Heuristics(), Giant: o.clusters.Giant(), Missing: o.clusters.Missing(), Height: snapshot.Height, Hash: snapshot.Hash}
	return nil
}

// Appearances implements entity.Activity.
func (s surroundings) Appearances(address chains.Address) iter.Seq2[entity.Appearance, error] {
	return func(yield func(entity.Appearance, error) bool) {
		canonical, key, err := s.view.network.AddressKey(string(address))
		if err != nil {
			yield(entity.Appearance{}, fmt.Errorf("address %s: %w", address, err))
			return
		}
		for a, err := range s.view.History(canonical, key) {
			if err != nil {
				yield(entity.Appearance{}, err)
				return
			}
			if !yield(entity.Appearance{At: a.Tx.Position(), Input: a.Input}, nil) {
				return
			}
		}
	}
}

var _ entity.Activity = surroundings{}

// clusterStatus tells what is kept of a chain's clusters. Whoever calls it has the
// chain's index open.
func clusterStatus(s *session, chain chains.Chain, scripts chains.Scripts) (status entity.Status, err error) {
	store, err := openClusters(s, chain, scripts)
	if err != nil {
		return status, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	return store.Status()
}

func newClustersDoc(s entity.Status) *clustersDoc {
	doc := &clustersDoc{Addresses: s.Addresses, Links: s.Links, Guarded: s.Guarded, Missing: s.Missing, DiskBytes: s.DiskBytes}
	if !s.Empty {
		doc.Height, doc.Hash = &s.Tip.Height, &s.Tip.Hash
	}
	return doc
}
