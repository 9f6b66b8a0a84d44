package bitcoin

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"log/slog"
	"os"
	"path/filepath"
	"slices"

	"tsuiseki/chains"
)

// Files is a chains.UTXOSource over block files as bitcoind writes them: records in
// any order, stale blocks among them, obfuscated by xor.dat or not. It serves
// the chain with the most work.
type Files struct {
	network Network
	files   []*blkFile
	first   uint64   // height of best[0]
	best    []record // the chain with the most work, by height
	copies  map[chains.BlockHash][]record
	workers int
}

var _ chains.UTXOSource = (*Files)(nil)

// FilesConfig says which block files to read.
type FilesConfig struct {
	Path     string                // a folder of blk*.dat files, or one such file
	Network  string                // name of the network expected; "" takes what the files hold
	Workers  int                   // blocks decoded at once; 0 means 4
	Log      *slog.Logger          // of what was skipped; nil drops it
	Progress func(file, files int) // called before each file is scanned; may be nil
}

// OpenFiles scans the headers of all records, about 100 bytes of memory a block,
// and picks the chain with the most work. Close it after use. What lies between
// records is reported to the log and skipped.
func OpenFiles(ctx context.Context, cfg FilesConfig) (_ *Files, err error) {
	paths, key, err := findFiles(cfg.Path)
	if err != nil {
		return nil, err
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	f := &Files{workers: orDefault(cfg.Workers, 4)}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.Close())
		}
	}()
	for _, path := range paths {
		file, err := openBlkFile(path, key)
		if err != nil {
			return nil, err
		}
		f.files = append(f.files, file)
	}
	expected, err := f.expectedNetwork(cfg)
	if err != nil {
		return nil, err
	}
	tree := newHeaderTree(expected)
	for i, file := range f.files {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if cfg.Progress != nil {
			cfg.Progress(i, len(f.files))
		}
		if err := file.scan(uint16(i), expected.Magic, tree, cfg.Log); err != nil {
			return nil, err
		}
	}
	if f.best, err = tree.best(); err != nil {
		return nil, fmt.Errorf("block files in %s: %w", cfg.Path, err)
	}
	f.copies = tree.copies
	if err := f.anchor(cfg, expected); err != nil {
		return nil, err
	}
	return f, nil
}

// expectedNetwork is the network whose genesis block stands first, as bitcoind
// writes it; else the one asked for, or one that has the files' magic.
func (f *Files) expectedNetwork(cfg FilesConfig) (Network, error) {
	for _, file := range f.files {
		var head [recordHead + headerSize]byte
		n, err := file.readAt(head[:], 0)
		if err != nil {
			return Network{}, err
		}
		if n < len(head) {
			continue
		}
		hash := blockHash(head[recordHead:])
		if slices.ContainsFunc(Networks(), func(n Network) bool { return n.Genesis == hash }) {
			return resolveNetwork(cfg.Network, hash)
		}
		if cfg.Network != "" {
			return NetworkByName(cfg.Network)
		}
		magic := binary.LittleEndian.Uint32(head[:])
		for _, n := range Networks() {
			if n.Magic == magic {
				return n, nil
			}
		}
		return Network{}, fmt.Errorf("%s starts with %x, which no known network uses: is xor.dat beside it? Else pass --network", file.path, head[:4])
	}
	return Network{}, fmt.Errorf("%s holds no block", cfg.Path)
}

// anchor finds the height of the first block: 0 for a genesis block, else what
// its coinbase states (BIP34), as in the folder of a pruned node.
func (f *Files) anchor(cfg FilesConfig, expected Network) (err error) {
	first, err := f.read(f.best[0])
	if err != nil {
		return err
	}
	if first.Parent == (chains.BlockHash{}) {
		f.network, err = resolveNetwork(cfg.Network, first.Hash)
		return err
	}
	f.network = expected
	f.first, err = coinbaseHeight(f.files[f.best[0].file], f.best[0])
	if err != nil {
		return fmt.Errorf("the block files in %s start at block %s, whose height is unknown: %w", cfg.Path, first.Hash, err)
	}
	return nil
}

// coinbaseHeight reads the height that BIP34 puts in front of a coinbase's script.
func coinbaseHeight(file *blkFile, r record) (uint64, error) {
	raw, err := file.read(r)
	if err != nil {
		return 0, err
	}
	d := decoder{buf: raw, pos: headerSize}
	d.count(minTx)
	d.uint32() // version
	if d.pos < len(d.buf) && d.buf[d.pos] == 0 {
		d.pos += 2 // witness marker and flag
	}
	d.count(minInput)
	d.bytes(36) // prevout
	script := d.bytes(d.varInt())
	if len(script) > 1 && script[0] >= 1 && script[0] <= 5 && int(script[0]) < len(script) {
		var padded [8]byte
		copy(padded[:], script[1:1+script[0]])
		return binary.LittleEndian.Uint64(padded[:]), nil
	}
	return 0, errors.New("its coinbase does not state it (BIP34), and the genesis block is not in the files")
}

// Close closes the files.
func (f *Files) Close() error {
	var errs []error
	for _, file := range f.files {
		errs = append(errs, file.Close())
	}
	return errors.Join(errs...)
}

// Network is the network of the blocks.
func (f *Files) Network() Network { return f.network }

// First is the lowest height that the files hold.
func (f *Files) First() uint64 { return f.first }

// Chain implements chains.Source.
func (f *Files) Chain() chains.Chain { return f.network.Chain() }

// Tip implements chains.Source.
func (f *Files) Tip(context.Context) (chains.BlockRef, error) {
	last := len(f.best) - 1
	return chains.BlockRef{Height: f.first + uint64(last), Hash: f.best[last].hash}, nil
}

// BlockHash implements chains.Source.
func (f *Files) BlockHash(_ context.Context, height uint64) (chains.BlockHash, error) {
	r, err := f.at(height)
	return r.hash, err
}

func (f *Files) at(height uint64) (record, error) {
	if height < f.first || height-f.first >= uint64(len(f.best)) {
		return record{}, fmt.Errorf("height %d: %w: the block files hold heights %d to %d", height, chains.ErrNotFound, f.first, f.first+uint64(len(f.best))-1)
	}
	return f.best[height-f.first], nil
}

// Blocks implements chains.Source.
func (f *Files) Blocks(ctx context.Context, from, to uint64) iter.Seq2[*chains.Block, error] {
	return chains.Ordered(ctx, from, to, f.workers, func(_ context.Context, height uint64) (*chains.Block, error) {
		r, err := f.at(height)
		if err != nil {
			return nil, err
		}
		return f.read(r)
	})
}

// read reads a block, from another record of it where the first is damaged.
func (f *Files) read(r record) (*chains.Block, error) {
	block, err := f.readRecord(r)
	for _, c := range f.copies[r.hash] {
		if !errors.Is(err, chains.ErrCorrupt) {
			break
		}
		if good, copyErr := f.readRecord(c); copyErr == nil {
			return good, nil
		}
	}
	return block, err
}

func (f *Files) readRecord(r record) (*chains.Block, error) {
	file := f.files[r.file]
	raw, err := file.read(r)
	if err != nil {
		return nil, err
	}
	block, err := DecodeBlock(raw)
	if err == nil && block.Hash != r.hash {
		err = corrupt("the file changed while it was read")
	}
	if err != nil {
		return nil, fmt.Errorf("%s at byte %d: %w; restore the file from the node", file.path, r.offset, err)
	}
	return block, nil
}

// Prevouts implements chains.UTXOSource. Files have no lookup by transaction: it knows none.
func (f *Files) Prevouts(_ context.Context, _ chains.BlockRef, outpoints []chains.Outpoint) ([]*chains.Output, error) {
	return make([]*chains.Output, len(outpoints)), nil
}

// findFiles lists the block files of a folder by name, and its obfuscation key.
func findFiles(path string) (paths []string, key [8]byte, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, key, fmt.Errorf("block files: %w; pass the folder that holds blk00000.dat", err)
	}
	dir := path
	if !info.IsDir() {
		dir, paths = filepath.Dir(path), []string{path}
	} else {
		if paths, err = filepath.Glob(filepath.Join(dir, "blk*.dat")); err != nil {
			return nil, key, err
		}
		if len(paths) == 0 {
			return nil, key, fmt.Errorf("%s holds no blk*.dat: pass the blocks folder of a bitcoind data directory", dir)
		}
		slices.Sort(paths)
	}
	xor, err := os.ReadFile(filepath.Join(dir, "xor.dat"))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return paths, key, nil
	case err != nil:
		return nil, key, err
	case len(xor) != len(key):
		return nil, key, fmt.Errorf("%s has %d bytes, want %d", filepath.Join(dir, "xor.dat"), len(xor), len(key))
	}
	return paths, [8]byte(xor), nil
}

// blkFile reads one block file through its obfuscation.
type blkFile struct {
	*os.File
	path string
	size int64
	key  [8]byte
}

func openBlkFile(path string, key [8]byte) (*blkFile, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &blkFile{File: file, path: path, size: info.Size(), key: key}, nil
}

// readAt fills buf from the plain content at an offset; short only at the end.
func (f *blkFile) readAt(buf []byte, offset int64) (int, error) {
	n, err := f.ReadAt(buf, offset)
	if err != nil && !errors.Is(err, io.EOF) {
		return n, fmt.Errorf("%s at byte %d: %w", f.path, offset, err)
	}
	if f.key != [8]byte{} {
		for i := range buf[:n] {
			buf[i] ^= f.key[(offset+int64(i))&7]
		}
	}
	return n, nil
}

func (f *blkFile) read(r record) ([]byte, error) {
	raw := make([]byte, r.size)
	n, err := f.readAt(raw, r.offset)
	if err == nil && n != len(raw) {
		err = fmt.Errorf("%s at byte %d: %w: the file shrank while it was read", f.path, r.offset, chains.ErrCorrupt)
	}
	return raw, err
}
