package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"tsuiseki/chains"
	"tsuiseki/chains/ethereum"
	"tsuiseki/chains/index"
)

// executionFlags say how to reach an execution client.
type executionFlags struct {
	RPC         string `name:"rpc" help:"Execution client's JSON-RPC, http://[user:password@]host:port." env:"TSUISEKI_ETHEREUM_RPC" placeholder:"URL"`
	RPCUser     string `name:"rpc-user" help:"User for --rpc." env:"TSUISEKI_ETHEREUM_RPC_USER"`
	RPCPassword string `name:"rpc-password" help:"Password for --rpc; better set by TSUISEKI_ETHEREUM_RPC_PASSWORD or …_FILE." env:"TSUISEKI_ETHEREUM_RPC_PASSWORD"`
	RPCCert     string `name:"rpc-cert" help:"PEM certificate to trust, for a node with a self-signed one." env:"TSUISEKI_ETHEREUM_RPC_CERT" placeholder:"FILE"`
}

func (f executionFlags) config(s *session, chainID uint64, asset string) ethereum.RPCConfig {
	return ethereum.RPCConfig{
		URL: f.RPC, User: f.RPCUser, Password: f.RPCPassword, CertFile: f.RPCCert, ChainID: chainID, Asset: chains.Asset(asset), Log: s.log,
	}
}

type indexEthereumCmd struct {
	executionFlags
	indexRange
	ETL     string `name:"etl" help:"Folder of files as ethereum-etl writes them (CSV or lines of JSON, .gz or not, in folders or not)." placeholder:"DIR" type:"path"`
	Network uint64 `help:"Chain id: expected of the node, or that of the files, which do not say (1 where left out)." placeholder:"CHAINID"`
	Asset   string `help:"Name of the coin that pays fees; that of the index, or ETH for a new one, where left out."`
	Mixed   bool   `help:"Go on with a source that has parts of blocks which the index holds without; they stay missing."`
}

// ethereumSource is a source of blocks with what the command needs to know of it.
type ethereumSource interface {
	chains.AccountSource
	Network() ethereum.Network
	Close() error
}

// Run indexes, once or until it is interrupted.
func (c *indexEthereumCmd) Run(line *kong.Context, s *session) error {
	if err := oneSource(line, &c.RPC, c.ETL, "--rpc URL (or TSUISEKI_ETHEREUM_RPC), or --etl DIR"); err != nil {
		return err
	}
	if err := c.check(); err != nil {
		return err
	}
	if c.Follow && c.ETL != "" {
		return usagef("files do not grow: --follow needs --rpc")
	}
	bar := newProgress(s.errOut)
	defer bar.close()
	src, first, err := c.openAsIndexed(s, bar)
	if err != nil {
		return err
	}
	defer src.Close()
	x, err := openAccounts(s, src.Chain(), src.Network().Asset, false)
	if err != nil {
		return err
	}
	defer x.Close()
	return c.keepUp(s, func() error { return c.sync(s, x, src, first, bar) },
		func() error { return nil },
		func() error {
			bar.close()
			return summarizeAccounts(s, x)
		})
}

// openAsIndexed opens the source with the coin's name that an index has already,
// where no other is given.
func (c *indexEthereumCmd) openAsIndexed(s *session, bar *progress) (ethereumSource, uint64, error) {
	src, first, err := c.open(s, bar, c.Asset)
	if err != nil || c.Asset != "" {
		return src, first, err
	}
	coin, err := coinOf(s, src.Chain())
	if err == nil && (coin == "" || coin == src.Network().Asset) {
		return src, first, nil
	}
	if err = errors.Join(err, src.Close()); err != nil {
		return nil, 0, err
	}
	return c.open(s, bar, string(coin))
}

// open opens the source, which starts at a height.
func (c *indexEthereumCmd) open(s *session, bar *progress, asset string) (src ethereumSource, first uint64, err error) {
	if c.RPC != "" {
		src, err = ethereum.Dial(s.ctx, c.config(s, c.Network, asset))
		return src, 0, err
	}
	files, err := ethereum.OpenETL(s.ctx, ethereum.ETLConfig{
		Path: c.ETL, Network: ethereum.NewNetwork(c.Network, chains.Asset(asset)), Log: s.log,
		Progress: func(file, files int) { bar.set("reading files", uint64(file), uint64(files)) },
	})
	if err != nil {
		return nil, 0, err
	}
	first = files.First()
	return files, first, nil
}

func (c *indexEthereumCmd) sync(s *session, x *index.Accounts, src ethereumSource, first uint64, bar *progress) error {
	status, err := x.Status(s.ctx)
	if err != nil {
		return err
	}
	opt, err := c.options(x.Chain(), index.Dir(s.data, x.Chain()), first, status.Empty, status.From, bar)
	if err != nil {
		return err
	}
	const healing = 10_000 // blocks, more than a day of the main chain
	if opt.Mixed = c.Mixed; c.RPC != "" {
		opt.Heal = healing
	}
	result, err := x.Sync(s.ctx, src, opt)
	reportSync(s, result)
	if _, mixed := errors.AsType[*index.MixedError](err); mixed {
		err = fmt.Errorf("%w: remove %s to index it anew from this source, or pass --mixed to go on and keep the old blocks as they are, which traces will name as missing", err, index.Dir(s.data, x.Chain()))
	}
	return err
}

// coinOf is the asset in which a chain's index counts fees; empty where there is none.
func coinOf(s *session, chain chains.Chain) (chains.Asset, error) {
	all, err := index.List(s.data)
	if err != nil || !slices.Contains(all, chain) {
		return "", err
	}
	x, err := openAccounts(s, chain, "", true)
	if err != nil {
		return "", err
	}
	return x.Native(), x.Close()
}

func openAccounts(s *session, chain chains.Chain, native chains.Asset, reading bool) (*index.Accounts, error) {
	return index.OpenAccounts(index.Options{Dir: index.Dir(s.data, chain), Chain: chain, Native: native, Log: s.log, Reading: reading})
}

func summarizeAccounts(s *session, x *index.Accounts) error {
	status, err := x.Status(context.WithoutCancel(s.ctx))
	if err != nil {
		return err
	}
	printAccountsStatus(s.out, status)
	for _, m := range status.Missing {
		// No node tells what the genesis block allots.
		if genesis := m.Part == chains.PartRewards && m.Blocks == 1 && status.From == 0 && m.Newest[0].To == 0; !genesis {
			return incompleteError{"the source does not hold all: " + missingParts(status)[0].Reason}
		}
	}
	return nil
}

// missingParts says what is not held, a line for each part of the blocks.
func missingParts(status index.AccountsStatus) (docs []missingDoc) {
	for _, m := range status.Missing {
		var ranges []string
		for _, r := range m.Newest {
			ranges = append(ranges, fmt.Sprintf("%d-%d", r.From, r.To))
		}
		reason := fmt.Sprintf("%s of %d blocks are not held", m.Part, m.Blocks)
		if m.Part == index.PartBlocks {
			reason = fmt.Sprintf("%d blocks are not held", m.Blocks)
		}
		if left := m.Ranges - uint64(len(m.Newest)); left > 0 {
			reason += fmt.Sprintf("; %d earlier ranges are not listed", left)
		}
		docs = append(docs, missingDoc{What: string(m.Part), Range: strings.Join(ranges, ","), Reason: reason})
	}
	return docs
}
