package graph

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"iter"
	"reflect"
	"slices"

	"tsuiseki/chains"
)

// Archive is a Store that can be read whole.
type Archive interface {
	Store
	Statements
	// Chains are those of which the graph holds something, by name.
	Chains(ctx context.Context) ([]chains.Chain, error)
	// All yields a chain's transactions in chain order.
	All(ctx context.Context, chain chains.Chain) iter.Seq2[*Tx, error]
	// Wholes yields how far a chain's addresses are whole, by name.
	Wholes(ctx context.Context, chain chains.Chain) iter.Seq2[Coverage, error]
}

// Copied is what Copy did of one chain, or of the traces, which are of several.
type Copied struct {
	Chain     chains.Chain // empty for the traces
	Txs       uint64
	Addresses uint64 // whole
	Traces    uint64
	Same      bool // both graphs say the same of it, by their digests
}

// copyTxs is how many transactions are written at once.
const copyTxs = 2_000

// Copy writes all that one graph holds into another, and compares them: chain by
// chain, then the traces where there are any. Stopped midway and begun again, it
// passes quickly over what was copied. What the other holds besides stays, and makes
// it differ.
func Copy(ctx context.Context, from, to Archive, progress func(Copied)) (all []Copied, err error) {
	names, err := from.Chains(ctx)
	if err != nil {
		return nil, err
	}
	for _, chain := range names {
		done, err := copyChain(ctx, from, to, chain, false, progress)
		if err == nil && !done.Same {
			// What it passed over may be another's.
			done, err = copyChain(ctx, from, to, chain, true, progress)
		}
		if err != nil {
			return nil, fmt.Errorf("copying %s: %w", chain, err)
		}
		all = append(all, done)
	}
	done, err := copyTraces(ctx, from, to, false, progress)
	if err == nil && !done.Same {
		done, err = copyTraces(ctx, from, to, true, progress)
	}
	if err != nil {
		return nil, fmt.Errorf("copying traces: %w", err)
	}
	if done.Traces > 0 || !done.Same {
		all = append(all, done)
	}
	return all, nil
}

func copyChain(ctx context.Context, from, to Archive, chain chains.Chain, everything bool, progress func(Copied)) (done Copied, err error) {
	done.Chain = chain
	batch := &Batch{}
	write := func() error {
		if n := len(batch.Txs); n > 0 && !everything {
			last := &batch.Txs[n-1]
			held, err := to.Txs(ctx, chain, []chains.Position{last.At})
			if err != nil {
				return err
			}
			if len(held) == 1 && reflect.DeepEqual(held[0], last) {
				batch.Txs = nil // batches are written whole, in this order
			}
		}
		err := to.Write(ctx, batch)
		*batch = Batch{}
		if progress != nil {
			progress(done)
		}
		return err
	}
	for tx, err := range from.All(ctx, chain) {
		if err != nil {
			return done, err
		}
		batch.Txs = append(batch.Txs, *tx)
		if done.Txs++; len(batch.Txs) == copyTxs {
			if err := write(); err != nil {
				return done, err
			}
		}
	}
	if err := write(); err != nil {
		return done, err
	}
	// Only what is held can be whole.
	for whole, err := range from.Wholes(ctx, chain) {
		if err != nil {
			return done, err
		}
		batch.Whole = append(batch.Whole, whole)
		if done.Addresses++; len(batch.Whole) == copyTxs {
			if err := write(); err != nil {
				return done, err
			}
		}
	}
	for anchor, err := range from.Anchors(ctx, chain) {
		if err != nil {
			return done, err
		}
		batch.Anchors = append(batch.Anchors, Anchor{chain, anchor})
	}
	if err := write(); err != nil {
		return done, err
	}
	source, err := Digest(ctx, from, chain)
	if err != nil {
		return done, err
	}
	target, err := Digest(ctx, to, chain)
	done.Same = source == target
	return done, err
}

// Digest is a SHA-256 over all that a graph holds of a chain.
func Digest(ctx context.Context, a Archive, chain chains.Chain) (string, error) {
	sum := sha256.New()
	for tx, err := range a.All(ctx, chain) {
		if err != nil {
			return "", err
		}
		fmt.Fprintf(sum, "%v\n", *tx)
	}
	for whole, err := range a.Wholes(ctx, chain) {
		if err != nil {
			return "", err
		}
		fmt.Fprintf(sum, "%v\n", whole)
	}
	var anchors []string
	for anchor, err := range a.Anchors(ctx, chain) {
		if err != nil {
			return "", err
		}
		anchors = append(anchors, anchor.String())
	}
	slices.Sort(anchors)
	fmt.Fprintln(sum, anchors)
	return hex.EncodeToString(sum.Sum(nil)), nil
}
