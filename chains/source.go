package chains

import (
	"context"
	"errors"
	"iter"
)

// Sentinels that every source and the index share; match them with errors.Is.
var (
	// ErrNotFound says that the thing asked for is not there, and would be seen if it were.
	ErrNotFound = errors.New("not found")
	// ErrReorg says that the best chain changed between two answers: ask again from the fork.
	ErrReorg = errors.New("the best chain changed")
	// ErrCorrupt says that bytes from outside are not what they claim to be.
	ErrCorrupt = errors.New("corrupt data")
	// ErrUnavailable says that the source could not be reached or refused to answer.
	ErrUnavailable = errors.New("source unavailable")
)

// Source yields the facts of one chain. It is safe for concurrent use. Answers
// are those of the best chain at the time of asking; nothing pins them, so the
// reader compares parents and starts over on ErrReorg.
type Source interface {
	// Chain names the chain.
	Chain() Chain
	// Tip is the last block of the best chain.
	Tip(ctx context.Context) (BlockRef, error)
	// BlockHash is the hash at a height of the best chain; ErrNotFound above the tip.
	BlockHash(ctx context.Context, height uint64) (BlockHash, error)
	// Blocks yields the blocks from one height to another, both included, in
	// order, each the parent of the next. It stops at the first error: ErrReorg
	// where the best chain changes on the way, ErrNotFound above the tip,
	// ErrCorrupt where a block is not what its hash says.
	Blocks(ctx context.Context, from, to uint64) iter.Seq2[*Block, error]
}

// UTXOSource is a Source whose transactions have inputs and outputs.
type UTXOSource interface {
	Source
	// Prevouts looks up outputs that a block spends, in the order asked for,
	// with nil where the source does not know one. Address and Type are empty.
	Prevouts(ctx context.Context, spender BlockRef, outpoints []Outpoint) ([]*Output, error)
}

// AccountSource is a Source whose transactions have transfers. A source made of
// files may lack blocks: Blocks then leaves them out, and a hash that the files
// do not tell is zero, as is a parent's.
type AccountSource interface {
	Source
	// Final is the last block that can no longer be replaced; ErrNotFound where
	// there is none yet or the source cannot tell.
	Final(ctx context.Context) (BlockRef, error)
	// Tokens asks contracts for their metadata as of a block, in the order asked
	// for, with nil for what is no token or not known.
	Tokens(ctx context.Context, at BlockRef, assets []Asset) ([]*Token, error)
}

// Genesis is asked what the genesis block allots: no transfer shows it.
type Genesis interface {
	// Allotments are amounts of the chain's coin, in the order asked for;
	// ErrUnavailable where the source cannot tell.
	Allotments(ctx context.Context, accounts []Address) ([]Amount, error)
}

// Balances is asked for what an account held when a block ended.
type Balances interface {
	// BalanceAt fails with ErrUnavailable where the state of that block is not
	// held (a node that is no archive).
	BalanceAt(ctx context.Context, account Address, asset Asset, block BlockRef) (Amount, error)
}
