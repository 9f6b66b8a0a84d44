package main

import "tsuiseki/chains"

type clusterCmd struct {
	Show clusterShowCmd `cmd:"" help:"Show what belongs together with an address, and by what evidence."`
	Why  clusterWhyCmd  `cmd:"" help:"Show the evidence that joins two addresses."`
}

// clusterFlags are those of all commands that ask for clusters.
type clusterFlags struct {
	chainFlag
	executionFlags
	labelFlags
	heuristicFlags
	AsOf  *uint64 `help:"Height up to which to look; the index's tip by default." placeholder:"H"`
	Limit int     `help:"Accounts to look at and to list; 0 is no limit." default:"200"`
	JSON  bool    `name:"json" help:"Print one JSON document."`
}

type clusterShowCmd struct {
	clusterFlags
	Address string `arg:"" help:"Address."`
}

type clusterWhyCmd struct {
	clusterFlags
	A string `arg:"" help:"Address."`
	B string `arg:"" help:"Address."`
}

// Run shows an address's cluster.
func (c *clusterShowCmd) Run(s *session) error {
	chain, err := c.resolveAccounts(s)
	if err != nil {
		return err
	}
	return c.showAccounts(s, chain)
}

// Run shows what joins two addresses.
func (c *clusterWhyCmd) Run(s *session) error {
	chain, err := c.resolveAccounts(s)
	if err != nil {
		return err
	}
	return c.whyAccounts(s, chain)
}

func (f *clusterFlags) resolveAccounts(s *session) (chains.Chain, error) {
	if f.Limit < 0 {
		return "", usagef("--limit cannot be negative; 0 is no limit")
	}
	chain, err := f.resolve(s.data)
	if err == nil && chain.Family() != chains.Ethereum {
		err = usagef("clusters of %s cannot be shown yet", chain)
	}
	return chain, err
}
