package ethereum

import (
	"context"
	"iter"
	"sync"

	"tsuiseki/chains"
)

// etlWork is what one block is made in; it is used again for a later one.
type etlWork struct {
	rows  etlRows
	join  etlJoin
	block *chains.Block
	err   error
	made  chan struct{} // gets an item when block and err are there
}

// made reads blocks in order, and makes as many at once as there are workers.
func (e *ETL) made(ctx context.Context, from, to uint64) iter.Seq2[*chains.Block, error] {
	return func(yield func(*chains.Block, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		workers := len(e.sorters)
		free, pending := make(chan *etlWork, workers+1), make(chan *etlWork, workers+1)
		for range workers + 1 {
			free <- &etlWork{join: etlJoin{etl: e, byIndex: map[uint64]*etlTx{}, byHash: map[[32]byte]*etlTx{}}, made: make(chan struct{}, 1)}
		}
		var all sync.WaitGroup
		all.Go(func() {
			defer close(pending)
			e.makeAll(ctx, from, to, free, pending, &all)
		})
		defer func() {
			cancel()
			for range pending {
				continue // what was read ahead
			}
			all.Wait()
		}()
		for work := range pending {
			<-work.made
			if !yield(work.block, work.err) || work.err != nil {
				return
			}
			free <- work
		}
	}
}

// makeAll sends each block's work in order; it is done when its channel says so.
func (e *ETL) makeAll(ctx context.Context, from, to uint64, free, pending chan *etlWork, all *sync.WaitGroup) {
	merge, err := newMerge(e.runs, e.sorters, from)
	for err != nil || (len(merge) > 0 && merge[0].key <= to) {
		var work *etlWork
		select {
		case work = <-free:
		case <-ctx.Done(): // the reader stopped, or learns of it below
			work = &etlWork{made: make(chan struct{}, 1)}
		}
		if err == nil {
			err = ctx.Err()
		}
		if err == nil {
			err = work.rows.read(&merge)
		}
		pending <- work
		if work.block, work.err = nil, err; err != nil {
			work.made <- struct{}{}
			return
		}
		all.Go(func() {
			work.block, work.err = e.assemble(&work.rows, &work.join)
			work.made <- struct{}{}
		})
	}
}
