package main

import (
	"slices"

	"tsuiseki/chains"
	"tsuiseki/tracer/cluster"
	"tsuiseki/tracer/entity"
)

type clusterWhyCmd struct {
	clusterFlags
	A string `arg:"" help:"Address."`
	B string `arg:"" help:"Address."`
}

// whyDoc is the chain of links between two addresses. Where the chain has links by
// change, they are joined in the extended cluster only.
type whyDoc struct {
	Chain    chains.Chain   `json:"blockchain"`
	From     chains.Address `json:"from"`
	To       chains.Address `json:"to"`
	Joined   bool           `json:"joined"`   // one cluster
	Extended *bool          `json:"extended"` // one extended cluster; null where --extend-limit stopped the search for it
	Steps    []stepDoc      `json:"chain"`
	Withheld []mergeDoc     `json:"withheld"` // merges of just these two clusters that were held back
	Met      []metDoc       `json:"met"`      // transactions that spend from both and join nothing
	// Looked is how many transactions of the first address were looked at for met;
	// Complete is false where there are more.
	Looked   int  `json:"looked"`
	Complete bool `json:"complete"`
	clusterSource
}

// metDoc is a transaction that spends from both addresses, and what keeps it from
// joining them.
type metDoc struct {
	Tx     chains.TxID      `json:"tx"`
	Height uint64           `json:"height"`
	Block  chains.BlockHash `json:"block"`
	Signs  []cluster.Sign   `json:"signs"`
}

// mostMeetings is how many transactions are looked at, mostMet how many of them named.
const (
	mostMeetings = 10_000
	mostMet      = 10
)

// Run tells what joins two addresses.
func (c *clusterWhyCmd) Run(s *session) error {
	return answerClusters(s, c.clusterFlags, c.whyAccounts, c.document, printWhy)
}

func (c *clusterWhyCmd) document(view *opened) (*whyDoc, error) {
	doc := &whyDoc{
		Chain: view.Snapshot().Chain, Steps: []stepDoc{}, Withheld: []mergeDoc{}, Met: []metDoc{}, Complete: true, clusterSource: newClusterSource(view),
	}
	for _, end := range []struct {
		text string
		into *chains.Address
	}{{c.A, &doc.From}, {c.B, &doc.To}} {
		address, key, err := view.network.AddressKey(end.text)
		if err != nil {
			return nil, usageError{err}
		}
		if err := appears(view, address, key); err != nil {
			return nil, err
		}
		*end.into = address
	}
	steps, joined, err := c.switched(view).Why(doc.From, doc.To)
	if err != nil {
		return nil, err
	}
	doc.Joined = joined
	if joined {
		doc.Extended = &joined
	} else if steps, err = c.apart(view, doc); err != nil {
		return nil, err
	}
	for _, step := range steps {
		doc.Steps = append(doc.Steps, newStepDoc(step, nil))
	}
	return doc, nil
}

// apart tells what leads from one address to another which is not in its cluster,
// and what keeps the clusters apart.
func (c *clusterWhyCmd) apart(view *opened, doc *whyDoc) ([]entity.Step, error) {
	clusters := c.switched(view)
	one, err := clusters.Cluster(doc.From)
	if err != nil {
		return nil, err
	}
	other, err := clusters.Cluster(doc.To)
	if err != nil {
		return nil, err
	}
	merges, err := one.Withheld()
	if err != nil {
		return nil, err
	}
	for _, m := range merges {
		same, err := m.Other.Same(other)
		if err != nil {
			return nil, err
		}
		if same {
			doc.Withheld = append(doc.Withheld, mergeDoc{m.Outcome, newStepDoc(m.Step, nil), m.Pairs, newEntityDoc(m.Other)})
		}
	}
	if err := c.met(view, doc); err != nil {
		return nil, err
	}
	x, err := c.extend(view, doc.From)
	if err != nil {
		return nil, err
	}
	steps, joined, err := x.Why(doc.From, doc.To)
	if joined || x.Complete {
		doc.Extended = &joined
	}
	return steps, err
}

// met looks for transactions that spend from both addresses: those that join nothing
// are why the two are apart.
func (c *clusterWhyCmd) met(view *opened, doc *whyDoc) error {
	seen := map[chains.Position]bool{}
	for a, err := range (surroundings{view}).Appearances(doc.From) {
		if err != nil {
			return err
		}
		if !a.Input || seen[a.At] {
			continue
		}
		if doc.Looked == mostMeetings || len(doc.Met) == mostMet {
			doc.Complete = false
			return nil
		}
		seen[a.At] = true
		doc.Looked++
		tx, err := view.TxAt(a.At)
		if err != nil {
			return err
		}
		tx = cluster.Describe(tx, &view.network)
		both := slices.ContainsFunc(tx.Inputs, func(in chains.Input) bool { return in.Spent != nil && in.Spent.Address == doc.To })
		if both && cluster.DoNotCluster(tx) != cluster.No {
			doc.Met = append(doc.Met, metDoc{tx.ID, tx.Block.Height, tx.Block.Hash, cluster.JointSigns(tx)})
		}
	}
	return nil
}
