// Package index keeps one chain's facts on disk, so that who spends an output
// and where a script appears is answered without asking a node. It holds an
// unbroken range of blocks and says which.
package index

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"tsuiseki/chains"
)

// formatVersion changes with every change of keys or records on disk.
const formatVersion = 1

// Index is one chain's index. Reading is safe beside one Sync.
type Index struct {
	db      *pebble.DB
	fs      vfs.FS
	dir     string
	chain   chains.Chain
	scripts chains.Scripts
	log     *slog.Logger
	options *pebble.Options
	limit   int
}

// Options say how to open an index.
type Options struct {
	Dir     string // one chain's folder; created where it is not there
	Chain   chains.Chain
	Scripts chains.Scripts
	Log     *slog.Logger
	FS      vfs.FS // nil means the disk
	// BatchBytes is how much is gathered in memory before it is written; 0 means 64 MiB.
	BatchBytes int
}

// ErrInUse says that another process has the index open.
var ErrInUse = errors.New("the index is in use by another process")

// Open opens or creates an index. It refuses one of another chain or format.
func Open(opt Options) (_ *Index, err error) {
	x := &Index{fs: opt.FS, dir: opt.Dir, chain: opt.Chain, scripts: opt.Scripts, log: opt.Log, limit: opt.BatchBytes}
	if x.fs == nil {
		x.fs = vfs.Default
	}
	if x.log == nil {
		x.log = slog.New(slog.DiscardHandler)
	}
	if x.limit == 0 {
		x.limit = 64 << 20
	}
	cache := pebble.NewCache(64 << 20)
	defer cache.Unref()
	x.options = &pebble.Options{
		FS: x.fs, Cache: cache, Logger: pebbleLog{x.log},
		FormatMajorVersion: pebble.FormatNewest,
		MemTableSize:       4 << 20,
		MaxOpenFiles:       500,
		// Batches come as large sorted files: fewer, larger merges of them suffice.
		L0CompactionThreshold: 8,
		LBaseMaxBytes:         512 << 20,
		TargetFileSizes:       [7]int64{16 << 20},
	}
	x.options.EnsureDefaults()
	if err := x.fs.MkdirAll(opt.Dir, 0o750); err != nil {
		return nil, fmt.Errorf("index folder: %w", err)
	}
	if x.db, err = pebble.Open(opt.Dir, x.options); err != nil {
		if strings.Contains(err.Error(), "temporarily unavailable") || strings.Contains(err.Error(), "lock held") {
			return nil, fmt.Errorf("%s: %w: wait for it, or stop it", opt.Dir, ErrInUse)
		}
		return nil, fmt.Errorf("opening the index in %s: %w", opt.Dir, err)
	}
	if err := errors.Join(x.checkMeta(), x.removeLeftovers()); err != nil {
		return nil, errors.Join(err, x.db.Close())
	}
	return x, nil
}

// Close closes the index. Views must be closed before.
func (x *Index) Close() error { return x.db.Close() }

// Chain is the chain that the index is of.
func (x *Index) Chain() chains.Chain { return x.chain }

func metaKey(name string) []byte { return append([]byte{tableMeta}, name...) }

// checkMeta marks a new index with format and chain, and compares an old one's.
func (x *Index) checkMeta() error {
	format, err := x.get(metaKey("format"))
	if errors.Is(err, pebble.ErrNotFound) {
		batch := x.db.NewBatch()
		defer batch.Close()
		if err := batch.Set(metaKey("format"), binary.AppendUvarint(nil, formatVersion), nil); err != nil {
			return err
		}
		if err := batch.Set(metaKey("chain"), []byte(x.chain), nil); err != nil {
			return err
		}
		return batch.Commit(pebble.Sync)
	}
	if err != nil {
		return err
	}
	if version, _ := binary.Uvarint(format); version != formatVersion {
		return fmt.Errorf("the index in %s has format %d, this program reads format %d: remove the folder and index again", x.dir, version, formatVersion)
	}
	chain, err := x.get(metaKey("chain"))
	if err == nil && chains.Chain(chain) != x.chain {
		err = fmt.Errorf("the index in %s is of chain %s, not %s", x.dir, chain, x.chain)
	}
	return err
}

// get reads a copy of one value; pebble.ErrNotFound where there is none.
func (x *Index) get(key []byte) ([]byte, error) {
	value, closer, err := x.db.Get(key)
	if err != nil {
		return nil, err
	}
	value = append([]byte(nil), value...)
	return value, closer.Close()
}

// Status is what an index holds.
type Status struct {
	Chain           chains.Chain
	Empty           bool
	From            uint64        // lowest height held
	Tip             chains.Header // highest block held
	Txs             uint64
	Outputs         uint64
	Spends          uint64 // inputs but coinbases'
	MissingPrevouts uint64 // inputs whose prevout lies before From and was not to be had
	DiskBytes       uint64
}

// Status reads what the index holds.
func (x *Index) Status(ctx context.Context) (Status, error) {
	s := Status{Chain: x.chain, DiskBytes: x.db.Metrics().DiskSpaceUsage()}
	view, err := x.View(ctx, nil)
	if errors.Is(err, ErrEmpty) {
		s.Empty = true
		return s, nil
	}
	if err != nil {
		return s, err
	}
	defer view.Close()
	s.From = view.from
	header, _, sums, err := view.block(view.asOf.Height)
	s.Tip, s.Txs, s.Outputs, s.Spends, s.MissingPrevouts = header, sums.Txs, sums.Outputs, sums.Spends, sums.MissingPrevouts
	return s, err
}

// List names the chains that have an index under a data folder.
func List(dataDir string) ([]chains.Chain, error) {
	entries, err := os.ReadDir(filepath.Join(dataDir, "index"))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	var found []chains.Chain
	for _, entry := range entries {
		if entry.IsDir() {
			found = append(found, chains.Chain(entry.Name()))
		}
	}
	return found, err
}

// Dir is the folder of a chain's index under a data folder.
func Dir(dataDir string, chain chains.Chain) string {
	return filepath.Join(dataDir, "index", string(chain))
}

// pebbleLog passes Pebble's complaints on and keeps its chatter back.
type pebbleLog struct{ log *slog.Logger }

func (l pebbleLog) Infof(format string, args ...any)  { l.log.Debug(fmt.Sprintf(format, args...)) }
func (l pebbleLog) Errorf(format string, args ...any) { l.log.Error(fmt.Sprintf(format, args...)) }
func (l pebbleLog) Fatalf(format string, args ...any) {
	l.log.Error(fmt.Sprintf(format, args...))
	panic("pebble: " + fmt.Sprintf(format, args...))
}
