package main

import (
	"fmt"
	"time"

	"tsuiseki/chains"
	"tsuiseki/tracer/cluster"
	"tsuiseki/tracer/entity"
)

// clusterDoc is a cluster. Entity, size and addresses are those of all heuristics
// but change; what is inferred from change is in extended.
type clusterDoc struct {
	Chain     chains.Chain     `json:"chain"`
	Address   chains.Address   `json:"address"`
	Entity    chains.Address   `json:"entity"`
	Size      int              `json:"size"`
	Addresses []chains.Address `json:"addresses"` // those that were linked first
	More      int              `json:"more"`      // that are not listed
	Services  []string         `json:"services"`  // that cluster-defining labels name
	Extended  extendedDoc      `json:"extended"`
	Labels    []labelDoc       `json:"labels"`    // of the address, and cluster-defining ones of its cluster
	Conflicts []conflictDoc    `json:"conflicts"` // of services in what would be one cluster
	Withheld  []mergeDoc       `json:"withheld"`  // merges that collapse control held back
	Without   *withoutDoc      `json:"without,omitempty"`
	clusterSource
}

// extendedDoc is a cluster with what change leads to.
type extendedDoc struct {
	Entity       chains.Address      `json:"entity"`
	Size         int                 `json:"size"`
	Heuristics   []cluster.Heuristic `json:"heuristics"`
	Without      []string            `json:"without"`
	Clusters     []entityDoc         `json:"clusters"`
	More         int                 `json:"more"` // clusters that are not listed
	Links        []stepDoc           `json:"links"`
	Withheld     []mergeDoc          `json:"withheld"`
	Transactions int                 `json:"transactions"` // looked at
	Complete     bool                `json:"complete"`     // false where --extend-limit stopped it
}

type entityDoc struct {
	Entity   chains.Address `json:"entity"`
	Size     int            `json:"size"`
	Services []string       `json:"services"`
}

func newEntityDoc(c *entity.Cluster) entityDoc {
	return entityDoc{c.Entity, c.Size, append([]string{}, c.Services...)}
}

// stepDoc is a link between two addresses.
type stepDoc struct {
	cluster.Heuristic
	Tx         chains.TxID      `json:"tx"`
	From       chains.Address   `json:"from"`
	To         chains.Address   `json:"to"`
	Confidence int              `json:"confidence"`
	Height     uint64           `json:"height"`
	Block      chains.BlockHash `json:"block"`
	Time       time.Time        `json:"time"`
	By         []string         `json:"by,omitempty"` // rules of change that agree
}

func newStepDoc(s entity.Step, by []string) stepDoc {
	return stepDoc{s.Heuristic, s.Tx, s.From, s.To, s.Confidence, s.Block.Height, s.Block.Hash, s.Time, by}
}

// mergeDoc is a merge that did not happen: the first link to another cluster.
type mergeDoc struct {
	Outcome cluster.Outcome `json:"outcome"` // conflict: of two services; held: of two giants, or by change with what is not open
	stepDoc
	Pairs int       `json:"pairs,omitempty"` // of addresses that such links name
	Other entityDoc `json:"other"`
}

// conflictDoc says that services meet in what would be one cluster without labels.
type conflictDoc struct {
	Services []string `json:"services"`
	Reason   string   `json:"reason"`
}

// withoutDoc is what the cluster falls into when heuristics are switched off.
type withoutDoc struct {
	Heuristics []string    `json:"heuristics"`
	Parts      int         `json:"parts"`
	Split      []entityDoc `json:"split"`
	More       int         `json:"more"` // parts that are not listed
}

// clusterSource is what an answer rests on.
type clusterSource struct {
	Heuristics []cluster.Heuristic `json:"heuristics"`
	Giant      int                 `json:"giant"`
	Labels     string              `json:"labels,omitempty"` // digest of the labels used
	Snapshot   chainDoc            `json:"snapshot"`
	Missing    []missingDoc        `json:"missing"`
}

type chainDoc struct {
	Chain      chains.Chain     `json:"chain"`
	FromHeight uint64           `json:"from_height"`
	Height     uint64           `json:"height"`
	Hash       chains.BlockHash `json:"hash"`
}

func newClusterSource(view *opened) clusterSource {
	snapshot := view.Snapshot()
	doc := clusterSource{
		Heuristics: entity.Heuristics(), Giant: view.clusters.Giant(), Labels: view.labels.View.Digest(),
		Snapshot: chainDoc{snapshot.Chain, snapshot.From, snapshot.Height, snapshot.Hash}, Missing: []missingDoc{},
	}
	if n := view.clusters.Missing(); n > 0 {
		doc.Missing = append(doc.Missing, missingDoc{
			What: "links", Range: fmt.Sprintf("%d-%d", snapshot.From, snapshot.Height),
			Reason: fmt.Sprintf("of %d transactions with several inputs not all spent outputs are known: clusters may be larger; index from a lower height, or from a node with -txindex", n),
		})
	}
	return doc
}

// incomplete is the error of an answer that lacks something, nil else.
func (d *clusterSource) incomplete() error {
	if len(d.Missing) == 0 {
		return nil
	}
	return incompleteError{d.Missing[0].Reason}
}
