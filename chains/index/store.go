package index

import (
	"cmp"
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

// Options say how to open an index.
type Options struct {
	Dir     string // one chain's folder; created where it is not there
	Chain   chains.Chain
	Scripts chains.Scripts // of a UTXO chain
	Native  chains.Asset   // of an account chain: what fees are paid in
	Log     *slog.Logger
	FS      vfs.FS // nil means the disk
	Memory  bool   // keep nothing on disk: for what is thrown away
	// Reading is set by who will not Sync: files are then left as they are. A
	// question should not wait for the merging that a Sync has left to do.
	Reading bool
	// BatchBytes is how much is gathered in memory before it is written; 0 means 64 MiB.
	BatchBytes int
}

// ErrInUse says that another process has the index open.
var ErrInUse = errors.New("the index is in use by another process")

// store is what indexes of both kinds stand on: one chain's Pebble store.
type store struct {
	db      *pebble.DB
	fs      vfs.FS
	dir     string
	chain   chains.Chain
	log     *slog.Logger
	options *pebble.Options
	limit   int
}

// identity is what a store says of itself. Another's is refused.
type identity struct {
	family string
	format uint64
	native chains.Asset // of accounts
}

// Families of indexes. That of outputs, which was the first, has no row.
const (
	familyUTXO     = "outputs"
	familyAccounts = "accounts"
)

// openStore opens or creates a store. It refuses one of another chain, family or format.
func openStore(opt Options, want identity) (_ *store, err error) {
	s := &store{fs: opt.FS, dir: opt.Dir, chain: opt.Chain, log: opt.Log, limit: opt.BatchBytes}
	switch {
	case s.fs == nil && opt.Memory:
		s.fs = vfs.NewMem()
	case s.fs == nil:
		s.fs = vfs.Default
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.limit == 0 {
		s.limit = 64 << 20
	}
	cache := pebble.NewCache(64 << 20)
	defer cache.Unref()
	s.options = &pebble.Options{
		FS: s.fs, Cache: cache, Logger: pebbleLog{s.log},
		FormatMajorVersion: pebble.FormatNewest,
		MemTableSize:       4 << 20,
		MaxOpenFiles:       500,

		DisableAutomaticCompactions: opt.Reading,
		// Batches come as large sorted files: fewer, larger merges of them suffice.
		L0CompactionThreshold: 8,
		LBaseMaxBytes:         512 << 20,
		TargetFileSizes:       [7]int64{16 << 20},
	}
	s.options.EnsureDefaults()
	if err := s.fs.MkdirAll(opt.Dir, 0o750); err != nil {
		return nil, fmt.Errorf("index folder: %w", err)
	}
	if s.db, err = pebble.Open(opt.Dir, s.options); err != nil {
		if strings.Contains(err.Error(), "temporarily unavailable") || strings.Contains(err.Error(), "lock held") {
			return nil, fmt.Errorf("%s: %w: wait for it, or stop it", opt.Dir, ErrInUse)
		}
		return nil, fmt.Errorf("opening the index in %s: %w", opt.Dir, err)
	}
	if err := errors.Join(s.checkMeta(want), s.removeLeftovers()); err != nil {
		return nil, errors.Join(err, s.db.Close())
	}
	return s, nil
}

// Close closes the index. Views must be closed before.
func (s *store) Close() error { return s.db.Close() }

// Chain is the chain that the index is of.
func (s *store) Chain() chains.Chain { return s.chain }

func metaKey(name string) []byte { return append([]byte{tableMeta}, name...) }

// checkMeta marks a new store, and compares an old one's marks.
func (s *store) checkMeta(want identity) error {
	format, err := s.get(metaKey("format"))
	if errors.Is(err, pebble.ErrNotFound) {
		return s.writeMeta(want)
	}
	if err != nil {
		return err
	}
	family, err := s.meta("family", familyUTXO)
	if err != nil {
		return err
	}
	if family != want.family {
		return fmt.Errorf("the index in %s is one of %s, not of %s: it was made for another kind of chain", s.dir, family, want.family)
	}
	if version, _ := binary.Uvarint(format); version != want.format {
		return fmt.Errorf("the index in %s has format %d, this program reads format %d: remove the folder and index again", s.dir, version, want.format)
	}
	chain, err := s.meta("chain", string(s.chain))
	if err != nil {
		return err
	}
	if chains.Chain(chain) != s.chain {
		return fmt.Errorf("the index in %s is of chain %s, not %s", s.dir, chain, s.chain)
	}
	native, err := s.meta("native", "")
	if err == nil && want.native != "" && chains.Asset(native) != want.native {
		err = fmt.Errorf("the index in %s counts native amounts in %q, not %q: configure the asset with which it was made", s.dir, native, want.native)
	}
	return err
}

func (s *store) writeMeta(id identity) error {
	batch := s.db.NewBatch()
	defer batch.Close()
	rows := map[string][]byte{
		"format": binary.AppendUvarint(nil, id.format),
		"chain":  []byte(s.chain),
	}
	if id.family != familyUTXO {
		rows["family"], rows["native"] = []byte(id.family), []byte(cmp.Or(id.native, "ETH"))
	}
	for name, value := range rows {
		if err := batch.Set(metaKey(name), value, nil); err != nil {
			return err
		}
	}
	return batch.Commit(pebble.Sync)
}

// meta is a row of tableMeta, or what its absence means.
func (s *store) meta(name, absent string) (string, error) {
	value, err := s.get(metaKey(name))
	if errors.Is(err, pebble.ErrNotFound) {
		return absent, nil
	}
	return string(value), err
}

// get reads a copy of one value; pebble.ErrNotFound where there is none.
func (s *store) get(key []byte) ([]byte, error) {
	value, closer, err := s.db.Get(key)
	if err != nil {
		return nil, err
	}
	value = append([]byte(nil), value...)
	return value, closer.Close()
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
