package main

import (
	"fmt"

	"tsuiseki/chains"
)

func (c *clusterShowCmd) showAccounts(_ *session, chain chains.Chain) error {
	return fmt.Errorf("%s is a chain of accounts: no clusters are built of it yet", chain)
}

func (c *clusterWhyCmd) whyAccounts(_ *session, chain chains.Chain) error {
	return fmt.Errorf("%s is a chain of accounts: no clusters are built of it yet", chain)
}
