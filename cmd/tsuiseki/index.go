package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/alecthomas/kong"

	"tsuiseki/chains"
	"tsuiseki/chains/bitcoin"
	"tsuiseki/chains/index"
	"tsuiseki/tracer/entity"
)

type indexCmd struct {
	Bitcoin  indexBitcoinCmd  `cmd:"" help:"Index a chain in Bitcoin's format from a node or from block files."`
	Ethereum indexEthereumCmd `cmd:"" help:"Index an Ethereum chain from a node or from files of ethereum-etl."`
	Status   indexStatusCmd   `cmd:"" help:"Show which blocks of which chains are indexed."`
}

// indexRange says which blocks to index.
type indexRange struct {
	From   *uint64       `help:"Height at which a new index starts; the first that the source has by default." placeholder:"H"`
	To     *uint64       `help:"Last height to index; the source's tip by default." placeholder:"H"`
	Follow bool          `help:"Stay, and add blocks as they come."`
	Poll   time.Duration `help:"How often --follow looks for new blocks." default:"5s"`
}

func (r indexRange) check() error {
	if r.From != nil && r.To != nil && *r.From > *r.To {
		return usagef("--from %d is above --to %d", *r.From, *r.To)
	}
	if r.Follow && r.To != nil {
		return usagef("--follow and --to contradict each other")
	}
	return nil
}

// oneSource checks that one source is named. Files are, before a node that only the
// environment names.
func oneSource(line *kong.Context, rpc *string, files, choices string) error {
	if files != "" && !typed(line, "rpc") {
		*rpc = ""
	}
	if (*rpc == "") == (files == "") {
		return usagef("name one source: %s", choices)
	}
	return nil
}

// options are those of a Sync from a source that starts at a height into an index,
// which is empty or holds from another one on.
func (r indexRange) options(chain chains.Chain, dir string, first uint64, empty bool, held uint64, bar *progress) (index.SyncOptions, error) {
	opt := index.SyncOptions{To: r.To, From: first, Progress: func(p index.Progress) { bar.set("indexing", p.Height, p.Target) }}
	if r.From == nil {
		return opt, nil
	}
	if opt.From = *r.From; opt.From < first {
		return opt, usagef("the files start at height %d: --from %d is below it", first, opt.From)
	}
	if !empty && held != opt.From {
		return opt, usagef("the index of %s already starts at height %d: leave --from out, or remove %s to start at %d", chain, held, dir, opt.From)
	}
	return opt, nil
}

// keepUp syncs once, or until it is interrupted.
func (r indexRange) keepUp(s *session, sync, refresh, summary func() error) error {
	for {
		err := sync()
		switch {
		case r.Follow && s.ctx.Err() != nil: // the usual way to end it
			return summary()
		case r.Follow && errors.Is(err, chains.ErrUnavailable):
			s.log.Warn("the source did not answer; trying again", "error", err)
		case err != nil:
			return err
		case !r.Follow:
			return summary()
		}
		select {
		case <-s.ctx.Done():
		case <-time.After(r.Poll):
			if err := refresh(); err != nil {
				return err
			}
		}
	}
}

// reportSync tells what a Sync did beyond adding blocks, and logs those.
func reportSync(s *session, result index.Result) {
	if result.Added > 0 {
		s.log.Info("indexed", "blocks", result.Added, "source tip", result.SourceTip.Height)
	}
	if result.Undone > 0 {
		fmt.Fprintf(s.errOut, "%d blocks were replaced by a branch with more work, and undone\n", result.Undone)
	}
	if result.Reread > 0 {
		fmt.Fprintf(s.errOut, "%d blocks were read anew: the source now tells what it did not before\n", result.Reread)
	}
	if result.Behind {
		fmt.Fprintf(s.errOut, "the source is behind: its tip is block %s; nothing was undone\n", result.SourceTip)
	}
}

type indexBitcoinCmd struct {
	nodeFlags
	indexRange
	Network    string `help:"Network expected: main, test, testnet4, signet, regtest, simnet. Found by asking where left out."`
	NoClusters bool   `help:"Do not bring the clusters up to the index; the first question that needs them will."`
	Blocks     string `help:"Folder of blk*.dat files as bitcoind writes them, or one such file." placeholder:"DIR" type:"path"`
}

// bitcoinSource is a source of blocks with what the command needs to know of it.
type bitcoinSource interface {
	chains.UTXOSource
	Network() bitcoin.Network
	Close() error
}

// Run indexes, once or until it is interrupted.
func (c *indexBitcoinCmd) Run(line *kong.Context, s *session) error {
	if err := oneSource(line, &c.RPC, c.Blocks, "--rpc URL (or TSUISEKI_BITCOIN_RPC), or --blocks DIR"); err != nil {
		return err
	}
	if err := c.check(); err != nil {
		return err
	}
	bar := newProgress(s.errOut)
	defer bar.close()
	src, err := c.open(s, bar)
	if err != nil {
		return err
	}
	defer func() { src.Close() }()
	x, network, err := openIndex(s, src.Chain(), false)
	if err != nil {
		return err
	}
	defer x.Close()
	clusters, err := openClusters(s, src.Chain(), &network)
	if err != nil {
		return err
	}
	defer clusters.Close()
	return c.keepUp(s, func() error {
		if err := c.sync(s, x, src, bar); err != nil || c.NoClusters {
			return err
		}
		return syncClusters(s, x, clusters, bar)
	},
		func() error {
			var err error
			src, err = c.reopen(s, src)
			return err
		},
		func() error {
			bar.close()
			return c.summary(s, x, clusters)
		})
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
	first := uint64(0)
	if files, ok := src.(*bitcoin.Files); ok {
		first = files.First()
	}
	status, err := x.Status(s.ctx)
	if err != nil {
		return err
	}
	opt, err := c.options(x.Chain(), index.Dir(s.data, x.Chain()), first, status.Empty, status.From, bar)
	if err != nil {
		return err
	}
	result, err := x.Sync(s.ctx, src, opt)
	reportSync(s, result)
	return err
}

func (c *indexBitcoinCmd) summary(s *session, x *index.Index, clusters *entity.Store) error {
	status, err := x.Status(context.WithoutCancel(s.ctx))
	if err != nil {
		return err
	}
	printStatus(s.out, status)
	clustered, err := clusters.Status()
	if err != nil {
		return err
	}
	printClusterStatus(s.out, clustered)
	if status.MissingPrevouts > 0 {
		return incompleteError{missingPrevouts(status)}
	}
	return nil
}

func missingPrevouts(status index.Status) string {
	return fmt.Sprintf("%d inputs spend outputs from before height %d that the source did not have: index from a lower height, or from a node with -txindex",
		status.MissingPrevouts, status.From)
}
