package ethereum

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"math"

	"tsuiseki/chains"
)

// ETL is a chains.AccountSource over files as ethereum-etl writes them: CSV or
// lines of JSON, packed by gzip or not, in one folder or many. Files are known by
// their columns. What an export does not hold of a block is among the block's
// gaps; blocks of which it holds nothing are left out. Contracts say nothing of
// transfers and are not kept.
type ETL struct {
	network Network
	files   []*etlFile
	seen    [etlKinds]bool // kinds of rows that the export has
	temp    *etlTemp
	sorters []*etlSorter // what stayed in memory
	runs    []*etlRun
	first   uint64
	last    uint64
}

var _ chains.AccountSource = (*ETL)(nil)

// ETLConfig says which export to read.
type ETLConfig struct {
	Path     string                // a folder, whatever its folders, or one file
	Network  Network               // of the export, which does not say; zero means the main one
	Workers  int                   // files read and parsed at once; 0 means 2
	Memory   int                   // bytes of rows held while they are sorted; 0 means 64 MiB
	MaxLine  int                   // bytes of the longest line; 0 means 16 MiB
	Temp     string                // the folder to sort in what Memory cannot hold; "" means the system's
	Log      *slog.Logger          // of files and lines that are left out; nil drops it
	Progress func(file, files int) // called before each file is read; may be nil
}

// OpenETL reads the whole export and sorts it by block, whatever the order of its
// rows and files. Beyond what is held in memory it takes about half the export's
// unpacked size of temporary disk space, until Close.
func OpenETL(ctx context.Context, cfg ETLConfig) (_ *ETL, err error) {
	cfg.Workers = orDefault(cfg.Workers, 2)
	cfg.Memory = orDefault(cfg.Memory, 64<<20)
	cfg.MaxLine = orDefault(cfg.MaxLine, 16<<20)
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	files, err := findExport(cfg.Path)
	if err != nil {
		return nil, err
	}
	e := &ETL{network: NewNetwork(cfg.Network.ChainID, cfg.Network.Asset), files: files, temp: &etlTemp{parent: cfg.Temp}}
	defer func() {
		if err != nil {
			err = errors.Join(err, e.Close())
		}
	}()
	for range cfg.Workers {
		e.sorters = append(e.sorters, &etlSorter{limit: cfg.Memory / cfg.Workers, temp: e.temp, first: math.MaxUint64})
	}
	reading := &etlReading{cfg: cfg, files: files}
	if e.seen, err = reading.run(ctx, e.sorters); err != nil {
		return nil, fmt.Errorf("export %s: %w", cfg.Path, err)
	}
	e.first = math.MaxUint64
	for _, s := range e.sorters {
		s.sort()
		for _, level := range s.levels {
			e.runs = append(e.runs, level...)
		}
		e.first, e.last = min(e.first, s.first), max(e.last, s.last)
	}
	if e.first == math.MaxUint64 {
		return nil, fmt.Errorf("export %s: no file holds a row of a block; pass the folder that ethereum-etl wrote", cfg.Path)
	}
	return e, nil
}

func orDefault(value, otherwise int) int {
	if value <= 0 {
		return otherwise
	}
	return value
}

// Close removes the temporary files. Blocks that are still being read fail.
func (e *ETL) Close() error { return e.temp.Close() }

// First is the lowest height of which the export holds something.
func (e *ETL) First() uint64 { return e.first }

// Network is the network that the export was said to be of.
func (e *ETL) Network() Network { return e.network }

// Chain implements chains.Source.
func (e *ETL) Chain() chains.Chain { return e.network.Chain() }

// Tip implements chains.Source.
func (e *ETL) Tip(ctx context.Context) (chains.BlockRef, error) {
	hash, err := e.BlockHash(ctx, e.last)
	return chains.BlockRef{Height: e.last, Hash: hash}, err
}

// Final implements chains.AccountSource. The whole export counts as final: its
// files never change by themselves.
func (e *ETL) Final(ctx context.Context) (chains.BlockRef, error) {
	tip, err := e.Tip(ctx)
	if err == nil && tip.Hash == (chains.BlockHash{}) {
		return chains.BlockRef{}, fmt.Errorf("final block: %w: no file tells the hash of block %d", chains.ErrNotFound, tip.Height)
	}
	return tip, err
}

// BlockHash implements chains.Source.
func (e *ETL) BlockHash(ctx context.Context, height uint64) (chains.BlockHash, error) {
	merge, err := newMerge(e.runs, e.sorters, height)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return chains.BlockHash{}, err
	}
	if height <= e.last && len(merge) > 0 && merge[0].key == height {
		rows := &etlRows{}
		if err := rows.read(&merge); err != nil {
			return chains.BlockHash{}, err
		}
		if err := e.settle(rows); err != nil {
			return chains.BlockHash{}, err
		}
		block, err := e.header(rows)
		if err != nil {
			return chains.BlockHash{}, err
		}
		return block.Hash, nil
	}
	return chains.BlockHash{}, fmt.Errorf("height %d: %w: the export holds some of the heights %d to %d", height, chains.ErrNotFound, e.first, e.last)
}

// Blocks implements chains.Source.
func (e *ETL) Blocks(ctx context.Context, from, to uint64) iter.Seq2[*chains.Block, error] {
	return func(yield func(*chains.Block, error) bool) {
		var parent *chains.Block
		for block, err := range e.made(ctx, from, min(to, e.last)) {
			if err == nil {
				err = e.follows(parent, block)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if parent = block; !yield(block, nil) {
				return
			}
		}
		if to > e.last {
			yield(nil, fmt.Errorf("height %d: %w: the export ends at height %d", to, chains.ErrNotFound, e.last))
		}
	}
}

// follows checks what is told of two blocks in a row.
func (e *ETL) follows(parent, block *chains.Block) error {
	var unknown chains.BlockHash
	if parent == nil || parent.Height+1 != block.Height || parent.Hash == unknown || block.Parent == unknown || block.Parent == parent.Hash {
		return nil
	}
	return corrupt("block %s is not the parent of %s: the export mixes two branches; export both blocks again", parent.BlockRef, block.BlockRef)
}

// assemble makes a block of its rows.
func (e *ETL) assemble(rows *etlRows, join *etlJoin) (*chains.Block, error) {
	if err := e.settle(rows); err != nil {
		return nil, err
	}
	block, err := e.header(rows)
	if err != nil {
		return nil, err
	}
	row := e.blockRow(rows)
	if err := join.join(rows); err != nil {
		return nil, err
	}
	block.System = e.system(rows, row)
	block.Txs = make([]chains.Tx, len(join.txs))
	var lacks etlLacks
	for i, t := range join.txs {
		tx := &block.Txs[i]
		tx.Block, tx.Index, tx.Time = block.BlockRef, uint32(t.index), block.Time
		block.Freezes = append(block.Freezes, t.fill(tx, row, e.network.Asset, &lacks)...)
		if tx.Failed && len(t.logs)+len(t.transfers) > 0 {
			return nil, corrupt("block %d: transaction %s of %s failed and has logs; keep the rows that are right", rows.height, tx.ID, e.at(t.etlSource))
		}
		if t.row == nil {
			lacks.rows++
		}
	}
	block.Gaps = e.gaps(join, row, &lacks, block)
	return block, nil
}
