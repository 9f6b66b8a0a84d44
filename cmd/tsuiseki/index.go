package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tsuiseki/chains"
	"tsuiseki/chains/bitcoin"
	"tsuiseki/chains/index"
)

type indexCmd struct {
	Bitcoin indexBitcoinCmd `cmd:"" help:"Index a chain in Bitcoin's format from a node or from block files."`
	Status  indexStatusCmd  `cmd:"" help:"Show which blocks of which chains are indexed."`
}

type indexBitcoinCmd struct {
	nodeFlags
	Network string        `help:"Network expected: main, test, testnet4, signet, regtest, simnet. Found by asking where left out."`
	Blocks  string        `help:"Folder of blk*.dat files as bitcoind writes them, or one such file." placeholder:"DIR" type:"path"`
	From    *uint64       `help:"Height at which a new index starts; the first that the source has by default." placeholder:"H"`
	To      *uint64       `help:"Last height to index; the source's tip by default." placeholder:"H"`
	Follow  bool          `help:"Stay, and add blocks as they come."`
	Poll    time.Duration `help:"How often --follow looks for new blocks." default:"5s"`
}

// bitcoinSource is a source of blocks with what the command needs to know of it.
type bitcoinSource interface {
	chains.UTXOSource
	Network() bitcoin.Network
	Close() error
}

// Run indexes, once or until it is interrupted.
func (c *indexBitcoinCmd) Run(s *session) error {
	if (c.RPC == "") == (c.Blocks == "") {
		return usagef("name one source: --rpc URL (or TSUISEKI_BITCOIN_RPC), or --blocks DIR")
	}
	if c.From != nil && c.To != nil && *c.From > *c.To {
		return usagef("--from %d is above --to %d", *c.From, *c.To)
	}
	if c.Follow && c.To != nil {
		return usagef("--follow and --to contradict each other")
	}
	bar := newProgress(s.errOut)
	defer bar.close()
	src, err := c.open(s, bar)
	if err != nil {
		return err
	}
	defer func() { src.Close() }()
	x, _, err := openIndex(s, src.Chain())
	if err != nil {
		return err
	}
	defer x.Close()
	for {
		err := c.sync(s, x, src, bar)
		switch {
		case c.Follow && s.ctx.Err() != nil: // the usual way to end it
			return c.summary(s, x)
		case c.Follow && errors.Is(err, chains.ErrUnavailable):
			s.log.Warn("the source did not answer; trying again", "error", err)
		case err != nil:
			return err
		case !c.Follow:
			bar.close()
			return c.summary(s, x)
		}
		select {
		case <-s.ctx.Done():
		case <-time.After(c.Poll):
			if src, err = c.reopen(s, src); err != nil {
				return err
			}
		}
	}
}

func (c *indexBitcoinCmd) open(s *session, bar *progress) (bitcoinSource, error) {
	if c.RPC != "" {
		return bitcoin.DialNode(s.ctx, c.config(s), c.Network)
	}
	return bitcoin.OpenFiles(s.ctx, bitcoin.FilesConfig{
		Path: c.Blocks, Network: c.Network, Log: s.log,
		Progress: func(file, files int) { bar.set("reading headers", uint64(file), uint64(files)) },
	})
}

// reopen looks at block files anew; a node always answers with its newest.
func (c *indexBitcoinCmd) reopen(s *session, src bitcoinSource) (bitcoinSource, error) {
	if c.RPC != "" {
		return src, nil
	}
	fresh, err := c.open(s, newProgress(nil))
	if err != nil {
		return src, err
	}
	return fresh, src.Close()
}

func (c *indexBitcoinCmd) sync(s *session, x *index.Index, src bitcoinSource, bar *progress) error {
	opt := index.SyncOptions{To: c.To, Progress: func(p index.Progress) {
		bar.set("indexing", p.Height, p.Target)
	}}
	first := uint64(0)
	if files, ok := src.(*bitcoin.Files); ok {
		first = files.First()
	}
	opt.From = first
	if c.From != nil {
		opt.From = *c.From
	}
	if opt.From < first {
		return usagef("the block files start at height %d: --from %d is below it", first, opt.From)
	}
	status, err := x.Status(s.ctx)
	if err != nil {
		return err
	}
	if c.From != nil && !status.Empty && status.From != *c.From {
		return usagef("the index of %s already starts at height %d: leave --from out, or remove %s to start at %d",
			x.Chain(), status.From, index.Dir(s.data, x.Chain()), *c.From)
	}
	result, err := x.Sync(s.ctx, src, opt)
	if result.Undone > 0 {
		fmt.Fprintf(s.errOut, "%d blocks were replaced by a branch with more work, and undone\n", result.Undone)
	}
	if err == nil && result.Behind {
		fmt.Fprintf(s.errOut, "the source is behind: its tip is block %s; nothing was undone\n", result.SourceTip)
	}
	return err
}

func (c *indexBitcoinCmd) summary(s *session, x *index.Index) error {
	status, err := x.Status(context.WithoutCancel(s.ctx))
	if err != nil {
		return err
	}
	printStatus(s.out, status)
	if status.MissingPrevouts > 0 {
		return incompleteError{missingPrevouts(status)}
	}
	return nil
}

func missingPrevouts(status index.Status) string {
	return fmt.Sprintf("%d inputs spend outputs from before height %d that the source did not have: index from a lower height, or from a node with -txindex",
		status.MissingPrevouts, status.From)
}

type indexStatusCmd struct {
	JSON bool `name:"json" help:"Print one JSON document."`
}

type statusDoc struct {
	Chain      chains.Chain      `json:"chain"`
	FromHeight *uint64           `json:"from_height"`
	Height     *uint64           `json:"height"`
	Hash       *chains.BlockHash `json:"hash"`
	Time       *time.Time        `json:"time"`
	Txs        uint64            `json:"transactions"`
	Outputs    uint64            `json:"outputs"`
	Spends     uint64            `json:"spends"`
	DiskBytes  uint64            `json:"disk_bytes"`
	Missing    []missingDoc      `json:"missing"`
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
		status, err := statusOf(s, chain)
		if err != nil {
			return err
		}
		docs = append(docs, newStatusDoc(status))
		if !c.JSON {
			printStatus(s.out, status)
		}
	}
	if c.JSON {
		return printJSON(s.out, map[string]any{"indexes": docs})
	}
	if len(all) == 0 {
		fmt.Fprintf(s.out, "nothing is indexed in %s\n", s.data)
	}
	return nil
}

func statusOf(s *session, chain chains.Chain) (index.Status, error) {
	x, _, err := openIndex(s, chain)
	if err != nil {
		return index.Status{}, err
	}
	status, err := x.Status(s.ctx)
	return status, errors.Join(err, x.Close())
}

func newStatusDoc(status index.Status) statusDoc {
	doc := statusDoc{
		Chain: status.Chain, Txs: status.Txs, Outputs: status.Outputs, Spends: status.Spends,
		DiskBytes: status.DiskBytes, Missing: []missingDoc{},
	}
	if !status.Empty {
		doc.FromHeight, doc.Height, doc.Hash, doc.Time = &status.From, &status.Tip.Height, &status.Tip.Hash, &status.Tip.Time
	}
	if status.MissingPrevouts > 0 {
		doc.Missing = append(doc.Missing, missingDoc{
			What: "prevouts", Range: fmt.Sprintf("0-%d", status.From-1), Reason: missingPrevouts(status),
		})
	}
	return doc
}
