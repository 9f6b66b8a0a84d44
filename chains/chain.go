// Package chains is the ground floor of the domain: the words in which every
// source, index and trace speaks of a chain. It uses the standard library only.
package chains

import (
	"cmp"
	"fmt"
	"strings"
)

// Chain names one chain: its family, and its network or chain id where that is
// not the family's main one ("bitcoin", "bitcoin-regtest", "ethereum", "ethereum-137").
type Chain string

// Families of chains.
const (
	Bitcoin  = "bitcoin"
	Ethereum = "ethereum"
)

// NewChain joins a family and a network; the main network has no suffix.
func NewChain(family, network string) Chain {
	if network == "" || network == "main" {
		return Chain(family)
	}
	return Chain(family + "-" + network)
}

// Family is the part of the name before the network.
func (c Chain) Family() string {
	family, _, _ := strings.Cut(string(c), "-")
	return family
}

// Asset names what an amount is of: "BTC", "ETH", or a token's contract address.
type Asset string

// Address is a place's name as its chain writes it. A Bitcoin script without an
// address has a stable name of the form "type:hash" instead.
type Address string

// Position orders everything on one chain: by height, then by the transaction's
// place in its block.
type Position struct {
	Height uint64
	Tx     uint32
}

// Compare is negative, zero or positive as p comes before, at or after q.
func (p Position) Compare(q Position) int {
	return cmp.Or(cmp.Compare(p.Height, q.Height), cmp.Compare(p.Tx, q.Tx))
}

func (p Position) String() string { return fmt.Sprintf("%d:%d", p.Height, p.Tx) }
