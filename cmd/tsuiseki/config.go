package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"tsuiseki/chains"
	"tsuiseki/chains/bitcoin"
	"tsuiseki/chains/index"
	"tsuiseki/tracer"
	"tsuiseki/tracer/label"
)

func defaultDataDir() string {
	if dir := os.Getenv("XDG_DATA_HOME"); dir != "" {
		return filepath.Join(dir, "tsuiseki")
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "tsuiseki-data"
	}
	return filepath.Join(home, ".local", "share", "tsuiseki")
}

// secretFiles lets any setting come from a file: where NAME is a flag's
// variable, NAME_FILE names a file that holds the value.
func secretFiles(getenv func(string) string) kong.Resolver {
	return kong.ResolverFunc(func(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
		for _, name := range flag.Envs {
			path := getenv(name + "_FILE")
			if path == "" || getenv(name) != "" {
				continue
			}
			content, err := os.ReadFile(path)
			if err != nil {
				return nil, fmt.Errorf("%s_FILE: %w", name, err)
			}
			return strings.TrimRight(string(content), "\r\n"), nil
		}
		return nil, nil
	})
}

// typed reports whether a flag stands on the command line itself, and did not
// come from the environment.
func typed(line *kong.Context, flag string) bool {
	return slices.ContainsFunc(line.Path, func(p *kong.Path) bool { return p.Flag != nil && p.Flag.Name == flag && !p.Resolved })
}

// nodeFlags say how to reach a Bitcoin node.
type nodeFlags struct {
	RPC         string `name:"rpc" help:"Node's JSON-RPC, http://[user:password@]host:port." env:"TSUISEKI_BITCOIN_RPC" placeholder:"URL"`
	RPCUser     string `name:"rpc-user" help:"User for --rpc." env:"TSUISEKI_BITCOIN_RPC_USER"`
	RPCPassword string `name:"rpc-password" help:"Password for --rpc; better set by TSUISEKI_BITCOIN_RPC_PASSWORD or …_FILE." env:"TSUISEKI_BITCOIN_RPC_PASSWORD"`
	RPCCookie   string `name:"rpc-cookie" help:"Node's .cookie file, in place of user and password." env:"TSUISEKI_BITCOIN_RPC_COOKIE" placeholder:"FILE"`
	RPCCert     string `name:"rpc-cert" help:"PEM certificate to trust, for a node with a self-signed one." env:"TSUISEKI_BITCOIN_RPC_CERT" placeholder:"FILE"`
}

func (f nodeFlags) config(s *session) bitcoin.RPCConfig {
	return bitcoin.RPCConfig{URL: f.RPC, User: f.RPCUser, Password: f.RPCPassword, CookieFile: f.RPCCookie, CertFile: f.RPCCert, Log: s.log}
}

// chainFlag picks one of the chains indexed.
type chainFlag struct {
	Chain string `help:"Chain, or family where only one of it is indexed; not needed where one chain is." placeholder:"NAME"`
}

// resolve finds the indexed chain that is meant.
func (f chainFlag) resolve(data string) (chains.Chain, error) {
	all, err := index.List(data)
	if err != nil {
		return "", err
	}
	if len(all) == 0 {
		return "", fmt.Errorf("nothing is indexed in %s: run tsuiseki index bitcoin or tsuiseki index ethereum first, or name the data folder with --data", data)
	}
	var candidates []chains.Chain
	for _, chain := range all {
		if string(chain) == f.Chain {
			return chain, nil
		}
		if f.Chain == "" || chain.Family() == f.Chain {
			candidates = append(candidates, chain)
		}
	}
	switch len(candidates) {
	case 0:
		return "", usagef("chain %q is not indexed; indexed are: %s", f.Chain, join(all))
	case 1:
		return candidates[0], nil
	}
	return "", usagef("several chains are indexed: name one with --chain: %s", join(candidates))
}

func join(names []chains.Chain) string {
	var text []string
	for _, n := range names {
		text = append(text, string(n))
	}
	return strings.Join(text, ", ")
}

// opened is an index with the network it is of, and a view on it.
type opened struct {
	*index.View
	index   *index.Index
	network bitcoin.Network
	labels  label.Stops

	asksDeposits bool
	inferred     map[chains.Address]tracer.Inference // by address asked
}

var _ tracer.Stopper = (*opened)(nil)

// openView opens an index of outputs as of a height, or of its tip.
func openView(s *session, chain chains.Chain, asOf *uint64, known labelFlags) (_ *opened, err error) {
	o := new(opened)
	if o.labels, err = known.open(s, chain); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, o.labels.View.Close())
		}
	}()
	if o.index, o.network, err = openIndex(s, chain, true); err != nil {
		return nil, err
	}
	if o.View, err = o.index.View(s.ctx, asOf); err != nil {
		return nil, errors.Join(err, o.index.Close())
	}
	err = o.withHeuristics(heuristicFlags{})
	return o, err
}

// Close closes the view, the index and the labels.
func (o *opened) Close() error {
	return errors.Join(o.View.Close(), o.index.Close(), o.labels.View.Close())
}

// Stop implements tracer.Stopper.
func (o *opened) Stop(address chains.Address, at time.Time) (tracer.Stop, bool, error) {
	return o.labels.Stop(address, at)
}

func openIndex(s *session, chain chains.Chain, reading bool) (*index.Index, bitcoin.Network, error) {
	network, err := bitcoin.NetworkByChain(chain)
	if err != nil {
		return nil, network, err
	}
	x, err := index.Open(index.Options{Dir: index.Dir(s.data, chain), Chain: chain, Scripts: &network, Log: s.log, Reading: reading})
	return x, network, err
}
