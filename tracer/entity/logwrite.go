package entity

import (
	"errors"
	"os"
	"path/filepath"

	"tsuiseki/tracer/folder"
)

// pending is how many bytes wait to be committed.
func (l *chainLog) pending() int { return len(l.newKeys) + len(l.newLinks) + len(l.newRows) }

// commit writes what was added, whole blocks only, and then the manifest. After an
// error nothing of it counts, and it may be tried again.
func (l *chainLog) commit(m *manifest) error {
	keys := l.newKeys[:int(l.whole.Addresses-l.saved.Addresses)*keySize]
	links := l.newLinks[:int(l.whole.Links-l.saved.Links)*linkSize]
	for _, f := range []struct {
		name, kind string
		at         int64
		data       []byte
	}{
		{addressesName, addressesKind, int64(l.saved.Addresses) * keySize, keys},
		{linksName, linksKind, int64(l.saved.Links) * linkSize, links},
		{blocksName, blocksKind, int64(l.committed) * blockSize, l.newRows},
	} {
		if err := writeLog(filepath.Join(l.dir, f.name), f.kind, f.at, f.data); err != nil {
			return err
		}
	}
	if err := folder.Sync(l.dir); err != nil {
		return err
	}
	next := *m
	next.Blocks, next.Addresses, next.Links = l.blocks(), l.whole.Addresses, l.whole.Links
	if err := next.write(l.dir); err != nil {
		return err
	}
	*m = next
	known := l.unchecked == nil
	if err := l.remap(m); err != nil {
		return err
	}
	if known {
		l.unchecked = nil // all was held against its checksums, or written by ourselves
	}
	return nil
}

// writeLog writes where the committed part of a file ends. What may lie there was
// never committed, or has been cut off.
func writeLog(path, kind string, at int64, data []byte) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o640)
	if err != nil {
		return err
	}
	_, err = file.WriteAt(head(kind), 0)
	if err == nil {
		_, err = file.WriteAt(data, headSize+at)
	}
	return errors.Join(err, file.Truncate(headSize+at+int64(len(data))), file.Sync(), file.Close())
}

// cut takes the blocks above a number of blocks off, in the manifest: the files
// follow with the next commit. A state of more blocks goes with them.
func (l *chainLog) cut(m *manifest, blocks int) error {
	kept := l.before(blocks)
	if l.err != nil {
		return l.err
	}
	next := *m
	if next.Blocks, next.Addresses, next.Links = blocks, kept.Addresses, kept.Links; m.State != nil && m.State.Blocks > blocks {
		next.State = nil
	}
	if err := next.write(l.dir); err != nil {
		return err
	}
	*m = next
	return l.remap(m)
}
