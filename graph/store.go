package graph

import (
	"context"
	"iter"

	"tsuiseki/chains"
)

// Store keeps the graph. Answers come in the order of what was asked, then in chain
// order; they see what was written before the question, and end with ctx's error
// once ctx is done. It is safe for concurrent use.
type Store interface {
	// Write adds a batch, all of it or nothing, and keeps it when it returns.
	// Writing the same again changes nothing. A batch with a trace that contradicts
	// itself is refused whole, with an ErrBadTrace.
	Write(ctx context.Context, b *Batch) error
	// Undo removes a chain's transactions and anchors from a height on; what is whole
	// is so up to the height below at most; traces that hold as of a block of that
	// chain at the height or above become stale. On an error some may be left, of which
	// nothing is whole and nothing stated: it is to be called again.
	Undo(ctx context.Context, chain chains.Chain, from uint64) error

	// Anchors are a chain's, the highest first.
	Anchors(ctx context.Context, chain chains.Chain) iter.Seq2[chains.BlockRef, error]
	// Coverage tells how far each address is whole; false where it is not at all.
	Coverage(ctx context.Context, addresses []Address) ([]Through, error)
	// Sent yields what accounts paid.
	Sent(ctx context.Context, spans []Span) iter.Seq2[Step, error]
	// Received yields what reached addresses.
	Received(ctx context.Context, spans []Span) iter.Seq2[Step, error]
	// Followers yields the outputs of the transactions that spend outputs.
	Followers(ctx context.Context, outputs []Key) iter.Seq2[Step, error]
	// Sources yields the inputs of the transactions that made outputs.
	Sources(ctx context.Context, outputs []Key) iter.Seq2[Source, error]
	// Degree counts the transactions up to a height that touch each address, to limit+1.
	Degree(ctx context.Context, addresses []Address, asOf uint64, limit int) ([]int, error)
	// Txs are a chain's transactions at places, in the order asked for, without those
	// that the graph does not hold.
	Txs(ctx context.Context, chain chains.Chain, at []chains.Position) ([]*Tx, error)

	Close() error
}

// Through is a height, where Whole.
type Through struct {
	Whole  bool
	Height uint64
}
