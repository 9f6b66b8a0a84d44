package chains

import (
	"context"
	"fmt"
	"iter"
)

// Ordered fetches blocks concurrently and yields them in order, each checked to
// be the parent of the next: Source.Blocks for a source that is asked block by
// block. At most workers blocks are held ahead of the reader.
func Ordered(ctx context.Context, from, to uint64, workers int, fetch func(context.Context, uint64) (*Block, error)) iter.Seq2[*Block, error] {
	type result struct {
		block *Block
		err   error
	}
	return func(yield func(*Block, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		pending := make(chan chan result, workers)
		done := make(chan struct{})
		go func() {
			defer close(done)
			defer close(pending)
			for height := from; height <= to; height++ {
				slot := make(chan result, 1)
				select {
				case pending <- slot:
				case <-ctx.Done():
					return
				}
				go func() {
					block, err := fetch(ctx, height)
					if err == nil {
						block.Height = height
						for i := range block.Txs {
							block.Txs[i].Block = block.BlockRef
						}
					}
					slot <- result{block, err}
				}()
			}
		}()
		defer func() {
			cancel()
			for slot := range pending {
				<-slot
			}
			<-done
		}()

		var parent *Block
		for slot := range pending {
			r := <-slot
			if r.err == nil && parent != nil && r.block.Parent != parent.Hash {
				r.err = fmt.Errorf("block %s is not the parent of %s: %w", parent.BlockRef, r.block.BlockRef, ErrReorg)
			}
			if r.err != nil {
				yield(nil, r.err)
				return
			}
			if parent = r.block; !yield(r.block, nil) {
				return
			}
		}
		if err := ctx.Err(); err != nil {
			yield(nil, err)
		}
	}
}
