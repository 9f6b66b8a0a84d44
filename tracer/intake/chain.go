package intake

import (
	"context"
	"iter"
	"time"

	"tsuiseki/chains"
)

// Chain is asked what is true of the rows, all as of one block. It serves one
// goroutine at a time.
type Chain interface {
	// Snapshot is what the answers can see.
	Snapshot() chains.Snapshot
	// Native is the chain's own coin.
	Native() chains.Asset
	// Txs is every transaction with the id, in chain order, its outputs with their
	// addresses; chains.ErrNotFound where there is none.
	Txs(ctx context.Context, id chains.TxID) ([]*chains.Tx, error)
	// Paying yields transactions that pay an address between two times, in chain
	// order, their outputs with their addresses.
	Paying(ctx context.Context, address chains.Address, from, to time.Time) iter.Seq2[*chains.Tx, error]
	// Token is what a token's contract says of itself, and whether it says anything.
	Token(ctx context.Context, asset chains.Asset) (chains.Token, bool, error)
}

// Pool is a Chain that also knows of transactions outside of blocks.
type Pool interface {
	// Pending tells of a transaction that no block holds.
	Pending(ctx context.Context, id chains.TxID) (Pending, error)
}

// Pending is what is known of a transaction that no block holds. The zero value is nothing.
type Pending struct {
	Waiting bool         // a node holds it for a coming block
	By      *chains.TxID // another took its place
}

// Known tells what a case already holds.
type Known interface {
	// Deposit names the case's deposit at a place; empty where there is none.
	Deposit(ctx context.Context, place Place) (string, error)
}

// Coins' decimal places, by family.
const (
	bitcoinPlaces  = 8
	ethereumPlaces = 18
)

func nativePlaces(c chains.Chain) int {
	if c.Family() == chains.Bitcoin {
		return bitcoinPlaces
	}
	return ethereumPlaces
}

// DefaultTokens are the contracts that symbols stand for, by chain. A symbol that is
// not here is never taken from a contract's own word: look-alikes have it too.
func DefaultTokens() map[chains.Chain]map[string]chains.Asset {
	return map[chains.Chain]map[string]chains.Asset{
		chains.Ethereum: {
			"USDT": "0xdac17f958d2ee523a2206206994597c13d831ec7",
			"USDC": "0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48",
			"DAI":  "0x6b175474e89094c44da98b954eedeac495271d0f",
			"WETH": "0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2",
			"WBTC": "0x2260fac5e5542a773aa44fbcfedf7c193bc2c599",
		},
	}
}
