package main

import (
	"errors"
	"fmt"
	"time"

	"tsuiseki/chains"
	"tsuiseki/chains/index"
)

type indexStatusCmd struct {
	JSON bool `name:"json" help:"Print one JSON document."`
}

// statusDoc is what an index holds; what it does not count is null.
type statusDoc struct {
	Chain       chains.Chain      `json:"chain"`
	FromHeight  *uint64           `json:"from_height"`
	Height      *uint64           `json:"height"`
	Hash        *chains.BlockHash `json:"hash"`
	Time        *time.Time        `json:"time"`
	FinalHeight *uint64           `json:"final_height,omitempty"`
	Blocks      *uint64           `json:"blocks,omitempty"` // held, where some between the heights are not
	Txs         uint64            `json:"transactions"`
	Outputs     *uint64           `json:"outputs,omitempty"`
	Spends      *uint64           `json:"spends,omitempty"`
	Transfers   *uint64           `json:"transfers,omitempty"`
	DiskBytes   uint64            `json:"disk_bytes"`
	Missing     []missingDoc      `json:"missing"`
	Clusters    *clustersDoc      `json:"clusters,omitempty"` // where the chain has outputs
}

// clustersDoc is what is kept of a chain's clusters; without a height nothing is yet.
type clustersDoc struct {
	Height    *uint64           `json:"height"`
	Hash      *chains.BlockHash `json:"hash"`
	Addresses uint32            `json:"addresses"` // that links join to others
	Links     uint32            `json:"links"`
	Guarded   uint32            `json:"guarded"` // transactions that the guard against CoinJoins stopped
	Missing   uint32            `json:"missing"` // transactions of which not all spent outputs are known
	DiskBytes uint64            `json:"disk_bytes"`
}

type missingDoc struct {
	What   string `json:"what"`
	Range  string `json:"range"`
	Reason string `json:"reason"`
}

// Run prints the state of every index in the data folder.
func (c *indexStatusCmd) Run(s *session) error {
	all, err := index.List(s.data)
	if err != nil {
		return err
	}
	docs := []statusDoc{}
	for _, chain := range all {
		status := c.outputsStatus
		if chain.Family() == chains.Ethereum {
			status = c.accountsStatus
		}
		doc, err := status(s, chain)
		if err != nil {
			return err
		}
		docs = append(docs, doc)
	}
	if c.JSON {
		return printJSON(s.out, map[string]any{"indexes": docs})
	}
	if len(all) == 0 {
		fmt.Fprintf(s.out, "nothing is indexed in %s\n", s.data)
	}
	return nil
}

// outputsStatus reads, and for people prints, the state of an index of outputs.
func (c *indexStatusCmd) outputsStatus(s *session, chain chains.Chain) (doc statusDoc, err error) {
	x, network, err := openIndex(s, chain, true)
	if err != nil {
		return doc, err
	}
	status, err := x.Status(s.ctx)
	clusters, clusterErr := clusterStatus(s, chain, &network)
	if err = errors.Join(err, clusterErr, x.Close()); err != nil {
		return doc, err
	}
	if !c.JSON {
		printStatus(s.out, status)
		printClusterStatus(s.out, clusters)
	}
	doc = statusDoc{
		Chain: status.Chain, Txs: status.Txs, Outputs: &status.Outputs, Spends: &status.Spends,
		DiskBytes: status.DiskBytes, Missing: []missingDoc{}, Clusters: newClustersDoc(clusters),
	}
	if !status.Empty {
		doc.setTip(status.From, status.Tip)
	}
	if status.MissingPrevouts > 0 {
		doc.Missing = append(doc.Missing, missingDoc{
			What: "prevouts", Range: fmt.Sprintf("0-%d", status.From-1), Reason: missingPrevouts(status),
		})
	}
	return doc, nil
}

// accountsStatus reads, and for people prints, the state of an index of accounts.
func (c *indexStatusCmd) accountsStatus(s *session, chain chains.Chain) (doc statusDoc, err error) {
	x, err := openAccounts(s, chain, "", true)
	if err != nil {
		return doc, err
	}
	status, err := x.Status(s.ctx)
	if err = errors.Join(err, x.Close()); err != nil {
		return doc, err
	}
	if !c.JSON {
		printAccountsStatus(s.out, status)
	}
	doc = statusDoc{
		Chain: status.Chain, Blocks: &status.Blocks, Txs: status.Txs, Transfers: &status.Transfers,
		DiskBytes: status.DiskBytes, Missing: append([]missingDoc{}, missingParts(status)...),
	}
	if !status.Empty {
		doc.setTip(status.From, status.Tip)
	}
	if status.Final != (chains.BlockRef{}) {
		doc.FinalHeight = &status.Final.Height
	}
	return doc, nil
}

func (d *statusDoc) setTip(from uint64, tip chains.Header) {
	d.FromHeight, d.Height, d.Hash, d.Time = &from, &tip.Height, &tip.Hash, &tip.Time
}
